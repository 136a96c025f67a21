package hls

import (
	"fmt"
	"strings"
	"testing"

	"filmpress/internal/report"
)

const defining = "#EXTM3U\n#EXT-X-VERSION:11\n"

// TestVariables fills in what EXT-X-DEFINE says, in addresses and in quoted strings, and nowhere else.
func TestVariables(t *testing.T) {
	m, findings := ParseMaster("https://example.org/film/m.m3u8?token=a%2Fb&x=1", []byte(defining+
		`#EXT-X-DEFINE:NAME="p",VALUE="pictures"
#EXT-X-DEFINE:NAME="all",VALUE="{$p}/all"
#EXT-X-DEFINE:NAME="none",VALUE=""
#EXT-X-DEFINE:QUERYPARAM="token"
# {$nobody}
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a{$p}",NAME="{$ p}",URI="{$all}.m3u8?{$none}"
#EXT-X-STREAM-INF:BANDWIDTH=1,AUDIO="apictures"
{$all}/{$p}.m3u8?t={$token}
`))
	if len(findings) > 0 || m.Use != (Use{Version: 11}) {
		t.Fatalf("%v, %+v", findings, m.Use)
	}
	if r := m.Renditions[0]; r.Group != "apictures" || r.Name != "{$ p}" || r.URI != "pictures/all.m3u8?" {
		t.Errorf("%+v", r)
	}
	if got := m.Variants[0].URI; got != "pictures/all/pictures.m3u8?t=a/b" {
		t.Errorf("%q", got)
	}
	list, findings := ParseMedia("https://example.org/v.m3u8", []byte(defining+
		`#EXT-X-TARGETDURATION:6
#EXT-X-DEFINE:IMPORT="p"
#EXT-X-MAP:URI="{$p}.mp4"
#EXTINF:6,{$nobody}
{$p}/0.m4s
`), m.Variables)
	if len(findings) > 0 || list.Segments[0].URI != "pictures/0.m4s" || list.Segments[0].Map.URI != "pictures.mp4" || list.Use.Version != 8 {
		t.Errorf("%v, %+v", findings, list)
	}
}

func TestBrokenVariables(t *testing.T) {
	const a = `#EXT-X-DEFINE:NAME="a",VALUE="b"` + "\n"
	const variant = "#EXT-X-STREAM-INF:BANDWIDTH=1\n"
	for _, c := range []struct{ text, want string }{
		{a + variant + "{$b}\n", "5:1 m3u8-define"},
		{variant + "{$a}\n" + a, "4:1 m3u8-define"}, // only what stands above counts
		{a + a + variant + "v\n", "4:1 m3u8-define"},
		{`#EXT-X-DEFINE:NAME="a"` + "\n" + variant + "v\n", "3:1 m3u8-define"},
		{`#EXT-X-DEFINE:VALUE="a"` + "\n" + variant + "v\n", "3:1 m3u8-define"},
		{`#EXT-X-DEFINE:NAME="a b",VALUE="c"` + "\n" + variant + "v\n", "3:1 m3u8-define"},
		{`#EXT-X-DEFINE:NAME="a",VALUE="c",IMPORT="b"` + "\n" + variant + "v\n", "3:1 m3u8-define"},
		{`#EXT-X-DEFINE:IMPORT="a"` + "\n" + variant + "v\n", "3:1 m3u8-define"},
		{`#EXT-X-DEFINE:QUERYPARAM="a"` + "\n" + variant + "v\n", "3:1 m3u8-define"},
		{`#EXT-X-DEFINE:QUERYPARAM="line"` + "\n" + variant + "v{$line}\n", "5:1 m3u8-define"},
		{`#EXT-X-DEFINE:NAME="a",VALUE=b` + "\n" + variant + "v\n", "3:30 m3u8-attribute"},
		{`#EXT-X-DEFINE:NAME="a",VALUE=""` + "\n" + variant + "{$a}\n", "5:1 m3u8-define"},
		{`#EXT-X-DEFINE:NAME="a",VALUE="#"` + "\n" + variant + "{$a}\n", "5:1 m3u8-define"},
	} {
		m, findings := ParseMaster("https://example.org/m.m3u8?line=a%0Ab", []byte(defining+c.text))
		if got := places(findings); got != c.want || !m.Use.Broken {
			t.Errorf("%q: %s, want %s; %+v", c.text, got, c.want, m.Use)
		}
		m.Bytes() // which panics on an address that is none
	}
	// In a folder addresses have no parameters: what would stand there is not known, and that is no fault.
	m, findings := ParseMaster("film/m.m3u8", []byte(defining+`#EXT-X-DEFINE:QUERYPARAM="a"`+"\n"+variant+"{$a}\n"))
	if len(findings) > 0 || m.Use != (Use{Version: 11, Unknown: "a"}) {
		t.Errorf("%v, %+v", findings, m.Use)
	}
	if _, findings := ParseMedia("v", []byte("#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXT-X-DEFINE:IMPORT=\"a\"\n"), Variables{"b": ""}); places(findings) != "3:1 m3u8-define" {
		t.Error(findings)
	}
}

func places(findings []report.Finding) string {
	var out []string
	for _, f := range findings {
		out = append(out, fmt.Sprintf("%d:%d %s", f.Pos.Line, f.Pos.Col, f.Rule))
	}
	return strings.Join(out, ",")
}

// TestVariablesAreBounded: values of values of values, and a long value in every line, are refused before they fill the memory.
func TestVariablesAreBounded(t *testing.T) {
	doubling := defining + `#EXT-X-DEFINE:NAME="v0",VALUE="0123456789"` + "\n"
	for i := range 900 {
		doubling += fmt.Sprintf("#EXT-X-DEFINE:NAME=\"v%d\",VALUE=\"{$v%d}{$v%d}\"\n", i+1, i, i)
	}
	long := defining + `#EXT-X-DEFINE:NAME="a",VALUE="` + strings.Repeat("a", 60_000) + "\"\n"
	many := defining
	for i := range 5_000 {
		many += fmt.Sprintf("#EXT-X-DEFINE:NAME=\"v%d\",VALUE=\"\"\n", i)
	}
	for name, text := range map[string]string{
		"doubled": doubling + "#EXT-X-STREAM-INF:BANDWIDTH=1\n{$v900}\n",
		"lines":   long + strings.Repeat("#EXT-X-STREAM-INF:BANDWIDTH=1\n{$a}\n", 20_000),
		"a line":  long + "#EXT-X-STREAM-INF:BANDWIDTH=1\n" + strings.Repeat("{$a}", 100_000) + "\n",
		"many":    many,
		"endless": defining + `#EXT-X-DEFINE:NAME="a",VALUE="{$a}"` + "\n",
	} {
		m, findings := ParseMaster("m", []byte(text))
		size := 0
		for _, v := range m.Variants {
			size += len(v.URI)
		}
		if !m.Use.Broken || len(findings) == 0 || size > 2*maxFilled {
			t.Errorf("%s: %d findings, addresses of %d bytes", name, len(findings), size)
		}
	}
}
