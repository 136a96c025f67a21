package watch

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// attacks are texts that must stay texts wherever they stand on the page. What runs calls pwn(), asks for /canary or
// leads there.
var attacks = []string{
	`<script>pwn()</script>`, `<SCRIPT SRC=/canary></SCRIPT>`, `</script><script>pwn()</script>`, `</title><script>pwn()</script>`,
	`</style><script>pwn()</script>`, `</textarea><script>pwn()</script>`, `</noscript><script>pwn()</script>`, `</video><script>pwn()</script>`,
	`--><script>pwn()</script><!--`, `]]><script>pwn()</script>`, `<!--<script>pwn()//-->`, `<scr<script>ipt>pwn()</scr</script>ipt>`,
	`<img src=x onerror=pwn()>`, `"><img src=/canary>`, `' onmouseover='pwn()`, `" autofocus onfocus="pwn()`, "` onload=`pwn()", `<img src="x" onerror="pwn()" alt="`,
	`<svg onload=pwn()>`, `<svg><script>pwn()</script></svg>`, `<svg><animate onbegin=pwn() attributeName=x dur=1s>`, `<svg><use href="data:image/svg+xml,<svg id=x onload=pwn()>#x"/>`,
	`<math><mtext><table><mglyph><style><img src=x onerror=pwn()>`, `<iframe src=/canary></iframe>`, `<iframe srcdoc="<script>parent.pwn()</script>">`, `<object data=/canary></object>`,
	`<embed src=/canary>`, `<meta http-equiv=refresh content="0;url=/canary">`, `<base href="https://evil.example/">`, `<link rel=stylesheet href=/canary>`,
	`<link rel=prefetch href=/canary>`, `<style>body{background:url(/canary)}</style>`, `<style>@import "/canary";</style>`, `<div style="background:url(/canary)">x</div>`,
	`"style="background-image:url(/canary)`, `<form action=/canary><input autofocus onfocus=pwn()></form>`, `<details open ontoggle=pwn()>x</details>`, `<video src=/canary autoplay onerror=pwn()></video>`,
	`<audio src=x onerror=pwn()>`, `<track src=/canary default>`, `<body onload=pwn()>`, `<marquee onstart=pwn()>x</marquee>`,
	`<a href="javascript:pwn()">x</a>`, `javascript:pwn()`, `data:text/html,<script>pwn()</script>`, `<template><script>pwn()</script></template>`,
	`{"@context":"x"}</script><script>pwn()</script>`, `"}</script><script>pwn()//`, `\u003c/script\u003e\u003cscript\u003epwn()`, `\"};pwn();//`,
	`${pwn()}`, `{{.Film}}{{printf "%s" "x"}}`, `{{template "player" .}}`, `<% pwn() %>`,
	"a\u2028b<script>pwn()</script>", "a\u2029pwn()", "nul\x00l<scr\x00ipt>pwn()</script>", "bell\x07 and \x1b[31mred\x1b[0m",
	"name \u202etxt.exe\u202c end", "\u202e\u202e\u202e turned and never turned back", "\u2066isolated and left open", "\u202bright\u202d left", "zero\u200bwidth mark",
	`-o $(touch x)`, "`touch x`; rm -rf /", `../../../../etc/passwd`, `&lt;script&gt;pwn()&lt;/script&gt;`, `&#60;script&#62;pwn()`, `%3Cscript%3Epwn()%3C/script%3E`, `＜script＞pwn()＜/script＞`,
	"\xf0\x9f\x91\xa9\u200d\xf0\x9f\x9a\x80 family", strings.Repeat("long ", 80), `="../../o/x" data-master="/canary`, `<!DOCTYPE html><html><script>pwn()</script>`, `<plaintext>`, `<xmp><script>pwn()</script>`,
}

// articleAttacks are articles, and what a reader must still read of each.
var articleAttacks = [][2]string{
	{"Before <script>pwn()</script> after", "after"}, {"[press me](javascript:pwn())", "press me"}, {"[press me](JaVaScRiPt:pwn())", "press me"},
	{"[press me](java\tscript:pwn())", "press me"}, {"[press me](&#106;avascript:pwn())", "press me"}, {"[press me](data:text/html,<script>pwn()</script>)", "press me"},
	{"[press me](vbscript:pwn())", "press me"}, {"[press me](//evil.example/canary)", "press me"}, {"![a picture](/canary)", "a picture"}, {"![x](x\" onerror=\"pwn())", "x"},
	{"<javascript:pwn()>", "pwn()"}, {"[a]\n\n[a]: javascript:pwn()", "a"}, {"text\n\n<iframe src=/canary></iframe>\n\nmore", "more"}, {"<svg onload=pwn()>\n\nmore", "more"},
	{"<meta http-equiv=refresh content=0;url=/canary>\n\nmore", "more"}, {"```html\n</code></pre><script>pwn()</script>\n```", "pwn()"}, {"`</code><script>pwn()</script>`", "pwn()"},
	{"|a|b|\n|-|-|\n|<img src=x onerror=pwn()>|c|", "c"}, {"## x\" onclick=\"pwn()", "onclick"}, {"note[^1]\n\n[^1]: said <script>pwn()</script>", "said"},
	{"[x](https://a.example/\"onmouseover=\"pwn())", "x"}, {"<style>@import '/canary'</style>\n\nmore", "more"}, {"words \u202e turned and &#x202e; again", "again"}, {"a &lt;script&gt;pwn()&lt;/script&gt; b", "pwn()"},
}

// everywhere puts a text into every place that takes words from others.
func everywhere(p Page, text string) Page {
	f := &p.Film
	f.Title, f.Description, f.Date, f.Licence, f.Notice = text, text, text, text, text
	f.Credits, f.Links = []Credit{{text, text}}, []Link{{text, "https://example.org/" + strings.Repeat("x", 3)}}
	p.Chapters = []Chapter{{0, text}, {sampleSecond, text}}
	p.Audio = []AudioTrack{{Language: "ru", Name: text}, {Language: "en", Name: text + "2"}}
	p.Downloads[0].Label = text
	for i := range p.Tracks {
		t := &p.Tracks[i]
		t.Name, t.Lines = text, []Line{{0, sampleSecond, text, text + "\n" + text}}
	}
	return p
}

const sampleSecond = filmLength / 24

// TestAttacks opens a page for each attack in a browser: nothing runs, nothing is asked for, and the words are still there.
func TestAttacks(t *testing.T) {
	t.Parallel()
	player, chromium := needBrowser(t)
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "o"), 0o755); err != nil {
		t.Fatal(err)
	}
	assets := player.Assets(func(name string) string { return "o/" + name })
	var trials []trial
	put := func(name string, data []byte) {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range player.Files() {
		put("o/"+f.Name, f.Data)
	}
	for i, text := range attacks {
		p := everywhere(samplePage(), text)
		p.Assets, p.Poster = assets, ""
		name := fmt.Sprintf("t%d.html", i)
		put(name, render(t, p))
		trials = append(trials, trial{File: name, Title: strings.Join(strings.Fields(readable(text)), " ")})
	}
	for i, c := range articleAttacks {
		a, _ := ParseArticle("film.md", []byte(c[0]))
		p := samplePage()
		p.Assets, p.Poster, p.Film.ArticleHTML = assets, "", a.HTML
		name := fmt.Sprintf("a%d.html", i)
		put(name, render(t, p))
		trials = append(trials, trial{File: name, Holds: c[1]})
	}
	if worked := try(t, chromium, dir, trials); len(worked) > 0 {
		t.Errorf("on these pages an attack did something: %s", worked)
	}
	if len(trials) < 60 {
		t.Errorf("only %d attacks", len(trials))
	}
}

// TestAttackIsSeen: the browser's watch would notice each attack that worked.
func TestAttackIsSeen(t *testing.T) {
	t.Parallel()
	_, chromium := needBrowser(t)
	dir := t.TempDir()
	var trials []trial
	for i, body := range []string{"<script>pwn()</script>", "<img src=/canary>", "<h1>\u202eturned</h1>", "<p>the title is gone</p>", "<script>alert(1)</script>", "<a href='javascript:pwn()'>x</a>", "<meta http-equiv=refresh content='0;url=/canary'>",
		// These work some time after the page is there.
		"<script>setTimeout(pwn, 100)</script>", "<script>requestAnimationFrame(() => requestAnimationFrame(pwn))</script>", "<script>addEventListener('load', () => requestIdleCallback(pwn))</script>",
		"<input autofocus onfocus=pwn()>", "<details open ontoggle=pwn()>x</details>", "<svg><animate onbegin=pwn() attributeName=x dur=1s></svg>", "<video src=data:, autoplay onerror=pwn()></video>", "<script>setTimeout(() => open('/canary'), 50)</script>"} {
		one := trial{File: fmt.Sprintf("x%d.html", i), Title: "turned"}
		if i == 3 {
			one.Title = "the whole title"
		}
		if err := os.WriteFile(filepath.Join(dir, one.File), []byte("<!doctype html><h1>turned</h1>"+body), 0o644); err != nil {
			t.Fatal(err)
		}
		trials = append(trials, one)
	}
	noticed := try(t, chromium, dir, trials)
	for _, one := range trials {
		if !slices.Contains(noticed, one.File) {
			t.Errorf("%s was not noticed", one.File)
		}
	}
}

// trial is one page that is opened.
type trial struct {
	File  string `json:"file"`
	Title string `json:"title"` // the words that the heading must hold; "" is not asked
	Holds string `json:"holds"` // words that the article must hold
}

// try opens the pages of a folder in the browser, and gives those on which an attack did something or words are missing.
func try(t *testing.T, chromium, dir string, trials []trial) (noticed []string) {
	t.Helper()
	server := httptest.NewServer(serve(dir))
	defer server.Close()
	data, err := json.Marshal(trials)
	if err != nil {
		t.Fatal(err)
	}
	list := filepath.Join(t.TempDir(), "trials.json")
	if err := os.WriteFile(list, data, 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("node", "../../testdata/browser/attacks.mjs", "--url", server.URL, "--trials", list)
	cmd.Env = append(os.Environ(), "CHROMIUM="+chromium)
	cmd.Stderr = os.Stderr
	out, failed := cmd.Output()
	var story struct {
		Opened int
		Failed []struct{ File string }
	}
	if err := json.Unmarshal(out, &story); err != nil || story.Opened != len(trials) || (failed != nil) != (len(story.Failed) > 0) {
		t.Fatalf("%v, %v: %s", err, failed, out)
	}
	for _, f := range story.Failed {
		noticed = append(noticed, f.File)
	}
	t.Logf("%s", out)
	return noticed
}
