package theme

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/png"
	"strings"
	"testing"

	"filmpress/internal/report"
)

func TestCSS(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"", ""},
		{":root { --ink: #123; }\n@media (prefers-color-scheme: dark) { a[href^=\"http\"] { color: red } }\n", ""},
		{"a { background: url(data:image/png;base64,AAAA) } b { fill: url( '#g' ) }", ""},
		{"a::before { content: '\\201C' }", ""},
		{"/* url(https://evil.example/x) */ a { }", ""},
		{"a {}\nb { background: url(https://evil.example/x.png) }", "t.css:2:17: error: url(https://evil.example/x.png) would ask"},
		{"b { background: URL( \"//evil.example/x.png\" ) }", "t.css:1:17: error: url(//evil.example/x.png) would ask"},
		{"b { background: url(x.png) }", "t.css:1:17: error: url(x.png) would ask"},
		{"b { background: u\\72l(x.png) }", "t.css:1:18: error: an escape outside of a string"},
		{"@import 'x.css';", "t.css:1:1: error: @import is not for themes"},
		{"@IMPORT url(data:image/x);", "t.css:1:1: error: @import is not for themes"},
		{"@font-face { src: local(x) }", "t.css:1:1: error: @font-face is not for themes"},
		{"a { background: image-set('https://evil.example/x' 1x) }", "t.css:1:17: error: image-set() is not for themes"},
		{"a { color: red", "t.css:1:3: error: this \"{\" is never closed"},
		{"a { color: red }}", "t.css:1:17: error: this \"}\" closes nothing"},
		{"a { width: calc(1px }", "t.css:1:21: error: this \"}\" closes nothing"},
		{"a { content: 'x\n' }", "t.css:1:14: error: this string does not end on its line"},
		{"/* no end", "t.css:1:1: error: this comment never ends"},
		{"</style><script>alert(1)</script>", "t.css:1:1: error: markup does not belong"},
		{"/* </style> */", "t.css:1:1: error: </ could end"},
		{"a { content: '</style>' }", "t.css:1:14: error: </ could end"},
		{"a { background: url(", "never closed"},
		{`a{fill:url("#a"</style><meta http-equiv="refresh" content="0;url=https://evil.example/"><link rel="preconnect" href="https://evil.example">)}`, "t.css:1:16: error: between what url( names"},
		{"a{fill:url('#a' x)}", "t.css:1:16: error: between what url( names"}, {"a{fill:url('#a'\nx)}", "t.css:1:16: error: between what url( names"},
		{"a{fill:url('#a'/*)*/)}", "t.css:1:16: error: between what url( names"}, {"a { fill: url('#a'\n ) }", ""},
		{"@media (width < 600px) {}", "t.css:1:15: error: < could end"}, {"/* <b */", "t.css:1:4: error: < could end"}, {"a { content: '<' }", "t.css:1:15: error: < could end"},
	} {
		var got []string
		for _, f := range checkCSS("t.css", c.in) {
			got = append(got, f.String())
		}
		if all := strings.Join(got, "\n"); c.want == "" && all != "" || !strings.Contains(all, c.want) {
			t.Errorf("%q:\n got %s\nwant %s", c.in, all, c.want)
		}
	}
}

func TestSVG(t *testing.T) {
	for _, c := range []struct{ in, want, bad string }{
		{`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><path d="M0 0"/></svg>`, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><path d="M0 0"></path></svg>`, ""},
		{`<?xml version="1.0"?><!-- by Anna --><svg xmlns="http://www.w3.org/2000/svg" xmlns:s="http://sodipodi" s:docname="/home/anna/logo.svg"><metadata>Anna</metadata><s:view/><style>@import "x"</style><g id="a"/></svg>`,
			`<svg xmlns="http://www.w3.org/2000/svg"><g id="a"></g></svg>`, ""},
		{`<svg><title>by Anna</title><g><desc>Osh</desc><path d="M0 0"/></g></svg>`, `<svg xmlns="http://www.w3.org/2000/svg"><g><path d="M0 0"></path></g></svg>`, ""},
		{`<svg data-name="by Anna" aria-label="Anna"><use href="#Anna_s_lake"/><g id="Anna_s_lake" fill="url( #Osh )" style="mask:url(#Anna_s_lake);clip-path:url(#%D0%9E%D1%88)"/><mask id="Osh"/><g id="Ош"/></svg>`,
			`<svg xmlns="http://www.w3.org/2000/svg"><use href="#a"></use><g id="a" fill="url( #b )" style="mask:url(#a);clip-path:url(#c)"></g><mask id="b"></mask><g id="c"></g></svg>`, ""},
		{"<svg>\n<script>alert(1)</script></svg>", "", "logo.svg:2:1: error: the logo holds a script"},
		{`<svg onload="alert(1)"/>`, "", "logo.svg:1:1: error: the logo holds onload="},
		{`<svg><use href="https://evil.example/x#y"/></svg>`, "", "refers to https://evil.example"},
		{`<svg><rect fill="url(https://evil.example/x)"/></svg>`, "", "refers to another place"},
		{`<svg><rect fill="url(#a)" style="background:url (//x)"/></svg>`, "", "refers to another place"},
		{`<!DOCTYPE svg [<!ENTITY a "b">]><svg/>`, "", "defines entities"},
		{`<html/>`, "", "no SVG"}, {`<svg>`, "", "cannot be read"}, {``, "", "empty"},
	} {
		got, bad := cleanSVG("logo.svg", []byte(c.in))
		if c.bad == "" && (got != c.want || len(bad) > 0) || c.bad != "" && (len(bad) != 1 || !strings.Contains(bad[0].String(), c.bad)) {
			t.Errorf("%s:\n got %s %v\nwant %s %s", c.in, got, bad, c.want, c.bad)
		}
	}
}

// TestManyIDs: each id of a large drawing keeps a name of its own.
func TestManyIDs(t *testing.T) {
	seen := map[string]bool{}
	ids := renamed{}
	for i := range 2000 {
		seen[ids.in("id", fmt.Sprint("Layer_", i))] = true
	}
	if len(seen) != 2000 || !seen["z"] || !seen["aa"] || !seen["zz"] || !seen["aaa"] {
		t.Errorf("%d names for 2000 ids", len(seen))
	}
}

func starter(t *testing.T) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	for _, name := range []string{CSSName, SVGName, FooterName} {
		data, err := Starter.ReadFile("starter/" + name)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = data
	}
	return files
}

func TestRead(t *testing.T) {
	got, found := Read("mine", starter(t))
	if len(found) > 0 || got.CSS == "" || !strings.HasPrefix(got.Logo, "data:image/svg+xml;base64,") || !strings.Contains(string(got.FooterHTML()), "films@example.org") {
		t.Fatalf("the starter: %+v %v", got, found)
	}
	if back, err := Parse(Bytes(got)); err != nil || back != got {
		t.Errorf("%v\n%+v", err, back)
	}
	var picture bytes.Buffer
	if err := png.Encode(&picture, image.NewGray(image.Rect(0, 0, 2, 2))); err != nil {
		t.Fatal(err)
	}
	told := append(bytes.Clone(picture.Bytes()[:33]), append([]byte("\x00\x00\x00\x0btEXtAuthor\x00Anna\xd7\x2f\x27\x8b"), picture.Bytes()[33:]...)...)
	if got, _ := Read("mine", map[string][]byte{PNGName: told}); got.Logo != "" {
		if plain, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(got.Logo, "data:image/png;base64,")); err != nil || bytes.Contains(plain, []byte("Anna")) {
			t.Error("the logo tells who made it")
		}
	}
	for name, files := range map[string]map[string][]byte{
		"theme-file":      {},
		"theme-css-url":   {CSSName: []byte("a { background: url(x) }")},
		"theme-logo":      {SVGName: []byte("<svg onclick='x'/>")},
		"theme-file ":     {PNGName: []byte("no picture")},
		"theme-file  ":    {CSSName: []byte(strings.Repeat(" ", maxPart+1))},
		"theme-file   ":   {CSSName: []byte("\xff")},
		"theme-file     ": {PNGName: hugePNG()},
		"theme-file    ":  {SVGName: []byte("<svg/>"), PNGName: picture.Bytes()},
	} {
		got, found := Read("mine", files)
		if got != (Theme{}) || len(found) == 0 || found[0].Rule != strings.TrimSpace(name) || found[0].Severity != report.Error {
			t.Errorf("%s: %+v %v", name, got, found)
		}
	}
}

// hugePNG is a file of some dozen bytes that says it has 2^40 pixels, and begins with the first of them.
func hugePNG() []byte {
	var pixels bytes.Buffer
	z := zlib.NewWriter(&pixels)
	z.Write(make([]byte, 100))
	z.Close()
	b := []byte("\x89PNG\r\n\x1a\n")
	for _, chunk := range []string{"IHDR\x00\x10\x00\x00\x00\x10\x00\x00\x10\x06\x00\x00\x00", "IDAT" + pixels.String()} {
		b = binary.BigEndian.AppendUint32(b, uint32(len(chunk)-4))
		b = binary.BigEndian.AppendUint32(append(b, chunk...), crc32.ChecksumIEEE([]byte(chunk)))
	}
	return b
}

func TestParseRefuses(t *testing.T) {
	for _, in := range []string{``, `[]`, `{"x":1}`, `{"css":"@import 'x'"}`, `{"css":"</style>"}`, `{"css":"a{fill:url('#a'</style><p>)}"}`, `{"logo":"https://evil.example/x.png"}`, `{"logo":"data:text/html;base64,x"}`} {
		if got, err := Parse([]byte(in)); err == nil {
			t.Errorf("%s: %+v", in, got)
		}
	}
}

// FuzzCSS: nothing panics, places lie inside the file, and what passes cannot leave the style element or load.
func FuzzCSS(f *testing.F) {
	for _, seed := range []string{"a{}", "url(", "'\\", "/*", "@import", "a{b:url('x\\", "u\\72l(x)", "a\x00{}", "a{b:url('#c'</style>)}"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		found := checkCSS("t.css", in)
		for _, x := range found {
			if x.Pos.Line < 1 || x.Pos.Line > strings.Count(in, "\n")+1 || x.Pos.Col < 1 {
				t.Errorf("%q: %+v", in, x)
			}
		}
		if len(found) == 0 && strings.Contains(strings.ToLower(in), "</style") {
			t.Errorf("%q passes", in)
		}
	})
}

// FuzzSVG: what passes has no script, no handler and no reference to another place.
func FuzzSVG(f *testing.F) {
	f.Add([]byte(`<svg xmlns="http://www.w3.org/2000/svg"><a href="x"/><use href="#a"/></svg>`))
	f.Fuzz(func(t *testing.T, in []byte) {
		got, bad := cleanSVG("logo.svg", in)
		if low := strings.ToLower(got); len(bad) == 0 && (strings.Contains(low, "<script") || strings.Contains(low, "<foreignobject")) {
			t.Errorf("%q gives %q", in, got)
		}
	})
}
