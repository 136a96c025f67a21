package watch

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"golang.org/x/net/html"
)

func TestArticleFindings(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"", ""},
		{"Only *text*.\n", ""},
		{"---\ntitle: A\n---\nText\n", ""},
		{"---\ntitel: A\n---\n", `film.md:2:1: error: unknown key "titel" (yaml-key)`},
		{"---\ntitle: A\ncredits:\n  - role: Director\n    nmae: B\n---\n", `film.md:5:5: error: unknown key "nmae" (yaml-key)`},
		{"---\ntitle: A\n", "film.md:1:1: error: the front matter does not end (article-front-matter)"},
		{"---\nslug: The Road\n---\n", `film.md:2:7: error: "slug": a slug is made of a-z, 0-9 and single hyphens, at most 100 of them, as in "the-long-road" (yaml-value)`},
		{"---\ndate: 23.11.2026\n---\n", `film.md:2:7: error: "date": a date is written 2026-11-23, 2026-11 or 2026 (yaml-value)`},
		{"---\ndate: 2026-13-01\n---\n", `film.md:2:7: error: "date": a date is written 2026-11-23, 2026-11 or 2026 (yaml-value)`},
		{"---\nlanguage: english please\n---\n", `film.md:2:11: error: "language": "english please" is not a language tag; write en, ru, ky or pt-BR (BCP 47) (yaml-value)`},
		{"---\nlinks:\n  - title: x\n    url: javascript:alert(1)\n---\n", `film.md:4:10: error: "links[0].url": "javascript:alert(1)" cannot be linked to; write a whole address that begins with https:// (yaml-value)`},
		{"---\ntitle: [a\n---\n", "film.md:2: error"},
		{"---\ntitle: A\n---\nText\n\n<script>alert(1)</script>\n", "film.md:6:1: warn: HTML in the article is left out (article-html)"},
		{"Text with <b>marks</b>\n", "film.md:1:11: warn: HTML in the article is left out (article-html)"},
		{"See [here](javascript:alert(1))\n", "film.md:1:6: warn: this link leads nowhere and was made plain text (article-link)"},
		{"Люди: [тут](data:text/html,x)\n", "film.md:1:8: warn: this link leads nowhere and was made plain text (article-link)"},
		{"![A van](van.jpg)\n", "film.md:1:3: warn: pictures in the article are not published; its description is shown instead (article-image)"},
		{"---\nlicense: x\n---\n", `film.md:2:1: error: unknown key "license" (yaml-key)`},
		{"---\nnotice: [a]\n---\n", "yaml-"},
		{"---\nposter: film.gif\n---\n", "yaml-"},
		{"---\nposter: 1:2:3:4\n---\n", "yaml-"},
		{"---\nposter: -3\n---\n", "yaml-"},
		{"---\nlanguage: qqq-99999999999\n---\n", `film.md:2:11: error: "language": "qqq-99999999999" is not a language tag; write en, ru, ky or pt-BR (BCP 47) (yaml-value)`},
		{strings.Repeat("a", 10<<20), "film.md: error: the article has more than 1024 kB (article-size)"},
		{"\xff\xfe", "film.md: error: the article is not text in UTF-8 (article-encoding)"},
		{strings.Repeat("a", maxArticle+1), "film.md: error: the article has more than 1024 kB (article-size)"},
	} {
		_, findings := ParseArticle("film.md", []byte(c.in))
		var got []string
		for _, f := range findings {
			got = append(got, f.String())
		}
		all := strings.Join(got, "\n")
		if all != c.want && (c.want == "" || c.want != "film.md:2: error" && c.want != "yaml-" || !strings.Contains(all, c.want)) {
			t.Errorf("%.60q:\n got %s\nwant %s", c.in, all, c.want)
		}
	}
}

func TestArticleFields(t *testing.T) {
	a, findings := ParseArticle("film.md", []byte("\ufeff---\r\ntitle: \"Road: one\"\r\nslug: road-1\r\ndescription: d\r\ndate: 2026-11-23\r\nlanguage: pt-br\r\nsubtitles: EN-gb\r\n"+
		"credits:\r\n  - role: Director\r\n    name: A\r\nlinks:\r\n  - title: T\r\n    url: https://example.org/\r\nlicence: CC0 1.0\r\nnotice: Take care\r\n---\r\n# Top\r\n\r\n> said\r\n"))
	if len(findings) > 0 {
		t.Fatal(findings)
	}
	got := fmt.Sprintf("%q %q %q %q %q %q %v %v %q %q %q", a.Title, a.Slug, a.Description, a.Date, a.Language, a.Subtitles, a.Credits, a.Links, a.Licence, a.Notice, a.HTML)
	want := `"Road: one" "road-1" "d" "2026-11-23" "pt-BR" "en-GB" [{Director A}] [{T https://example.org/}] "CC0 1.0" "Take care" "<h2 id=\"top\">Top</h2>\n<blockquote>\n<p>said</p>\n</blockquote>\n"`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestArticleHTML(t *testing.T) {
	for _, c := range []struct{ in, title, want string }{
		{"# The Road\n\nText", "The Road", "<p>Text</p>\n"},
		{"# A *fine* road\n", "A fine road", ""},
		{"Text\n\n# Later", "", "<p>Text</p>\n<h2 id=\"later\">Later</h2>\n"},
		{"###### deep", "", "<h2 id=\"deep\">deep</h2>\n"},
		{"## a\n#### b\n### c\n# d\n## e", "", "<h2 id=\"a\">a</h2>\n<h3 id=\"b\">b</h3>\n<h3 id=\"c\">c</h3>\n<h2 id=\"d\">d</h2>\n<h3 id=\"e\">e</h3>\n"},
		{"a [b](https://x.org) c", "", `<p>a <a href="https://x.org" rel="noopener noreferrer">b</a> c</p>` + "\n"},
		{"a [b](#c)", "", `<p>a <a href="#c">b</a></p>` + "\n"},
		{"a [**b** c](vbscript:x)", "", "<p>a b c</p>\n"},
		{"a <javascript:alert(1)>", "", "<p>a javascript:alert(1)</p>\n"},
		{"![<b>](x.jpg)", "", "<p></p>\n"},
		{"a <b>c</b>\n\n<script>x</script>\n\n<!-- y -->\n\nd", "", "<p>a c</p>\n<p>d</p>\n"},
		{"![a < b](x.jpg)", "", "<p>a &lt; b</p>\n"},
		{"[x](//evil.example/y)", "", "<p>x</p>\n"},
		{"\"quoted\" -- text", "", "<p>&quot;quoted&quot; -- text</p>\n"},
	} {
		a, _ := ParseArticle("film.md", []byte(c.in))
		if a.Title != c.title || string(a.HTML) != c.want {
			t.Errorf("%q: title %q, %q; want %q, %q", c.in, a.Title, a.HTML, c.title, c.want)
		}
	}
}

// FuzzParseArticle: nothing panics, the places lie inside the file, and nothing active comes through.
func FuzzParseArticle(f *testing.F) {
	for _, seed := range []string{"---\ntitle: a\nlinks:\n- url: https://a.b\n---\n# x\n", "[a](javascript:x)", "<a href=x onclick=y>", "![x](y)", "---\n---",
		"[^1]\n\n[^1]: note", "|a|b|\n|-|-|\n|1|2|", "<http://x.y>", "www.example.org", "[a]: javascript:x\n\n[a]", "```html\n<script>\n```", "&#106;avascript:", "[a](&#106;avascript&colon;x)"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		a, findings := ParseArticle("film.md", data)
		lines := strings.Count(string(data), "\n") + 1
		for _, x := range findings {
			if x.Pos.Line < 0 || x.Pos.Line > lines || x.Rule == "" || x.Text == "" {
				t.Errorf("a finding outside of %d lines: %+v", lines, x)
			}
		}
		if !utf8.ValidString(string(a.HTML)) {
			t.Error("the article's HTML is not UTF-8")
		}
		harmless(t, string(a.HTML))
	})
}

// harmless fails where HTML holds anything that runs, loads or leads to a scheme that is not for reading.
func harmless(t *testing.T, text string) {
	t.Helper()
	allowed := []string{"http:", "https:", "mailto:", "tel:", "#"}
	for z := html.NewTokenizer(strings.NewReader(text)); z.Next() != html.ErrorToken; {
		token := z.Token()
		if token.Type != html.StartTagToken && token.Type != html.SelfClosingTagToken {
			continue
		}
		if slices.Contains([]string{"script", "style", "iframe", "object", "embed", "img", "svg", "form", "base", "link", "meta", "video", "audio"}, token.Data) {
			t.Errorf("<%s> came through: %q", token.Data, text)
		}
		for _, a := range token.Attr {
			value := strings.ToLower(strings.TrimSpace(a.Val))
			relative := !strings.Contains(value[:strings.IndexAny(value+"/", "/?#")], ":") && !strings.HasPrefix(value, "//")
			if a.Key == "href" && !relative && !slices.ContainsFunc(allowed, func(p string) bool { return strings.HasPrefix(value, p) }) {
				t.Errorf("href=%q came through", a.Val)
			}
			if strings.HasPrefix(a.Key, "on") || a.Key == "src" {
				t.Errorf("%s=%q came through: %q", a.Key, a.Val, text)
			}
		}
	}
}

func TestPoster(t *testing.T) {
	for text, want := range map[string]time.Duration{"83": 83 * time.Second, "1:23": 83 * time.Second, "1:23.5": 83500 * time.Millisecond, "1:02:03": time.Hour + 2*time.Minute + 3*time.Second, "0": 0} {
		a, findings := ParseArticle("film.md", []byte("---\nposter: "+text+"\n---\n"))
		if len(findings) > 0 || a.Poster.At == nil || *a.Poster.At != want || a.Poster.File != "" {
			t.Errorf("%s: %v, %v", text, a.Poster, findings)
		}
	}
	if a, _ := ParseArticle("film.md", []byte("---\ntitle: A\n---\n")); a.Poster != (Poster{}) {
		t.Errorf("nobody asked for the poster at %v", a.Poster)
	}
	for _, name := range []string{"poster.jpg", "Плакат 100%.PNG", "-i.jpeg", "..png", "a%03d.jpg"} {
		if a, findings := ParseArticle("film.md", []byte("---\nposter: '"+name+"'\n---\n")); len(findings) > 0 || a.Poster != (Poster{File: name}) {
			t.Errorf("%s: %+v, %v", name, a.Poster, findings)
		}
	}
	for _, name := range []string{"1:2:3:4", "poster.gif", "poster", "film.mp4", "../poster.jpg", "/etc/poster.jpg", `a\b.jpg`, "pictures/poster.jpg", "https://example.org/poster.jpg", "-1"} {
		a, findings := ParseArticle("film.md", []byte("---\ntitle: A\nposter: '"+name+"'\n---\n"))
		if len(findings) != 1 || findings[0].Pos.Line != 3 || !strings.Contains(findings[0].Text, "poster.jpg") || a.Poster != (Poster{}) {
			t.Errorf("%s: %+v, %v", name, a.Poster, findings)
		}
	}
}

// TestChaptersOfTheFilm: they are on the page unless the article says no.
func TestChaptersOfTheFilm(t *testing.T) {
	for in, want := range map[string]bool{"title: A": false, "chapters: none": true, "chapters: film": false} {
		if a, findings := ParseArticle("film.md", []byte("---\n"+in+"\n---\n")); len(findings) > 0 || a.NoChapters != want {
			t.Errorf("%s: %v, %v", in, a.NoChapters, findings)
		}
	}
	if _, findings := ParseArticle("film.md", []byte("---\nchapters: some\n---\n")); len(findings) != 1 || findings[0].Pos.Line != 2 || !strings.Contains(findings[0].Text, "none") {
		t.Errorf("%v", findings)
	}
}
