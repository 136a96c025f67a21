package watch

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"golang.org/x/net/html"
)

func render(t *testing.T, p Page) []byte {
	t.Helper()
	out, err := Render(p)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func sampleAssets() Assets {
	return Assets{JS: Asset{"../../o/p/player.js", "sha384-js"}, HLS: Asset{"../../o/p/hls.js", "sha384-hls"}, CSS: Asset{"../../o/p/player.css", "sha384-css"}}
}

// count parses a page and counts elements by name, and collects every URI of src, href, poster and data-*.
func parse(t *testing.T, page []byte) (elements map[string]int, uris []string) {
	t.Helper()
	elements = map[string]int{}
	z := html.NewTokenizer(bytes.NewReader(page))
	for z.Next() != html.ErrorToken {
		token := z.Token()
		if token.Type != html.StartTagToken && token.Type != html.SelfClosingTagToken {
			continue
		}
		elements[token.Data]++
		for _, a := range token.Attr {
			if strings.HasPrefix(a.Key, "on") || a.Key == "style" {
				t.Errorf("<%s %s=%q> is active or styled inline", token.Data, a.Key, a.Val)
			}
			switch a.Key {
			case "src", "href", "poster", "data-master", "data-storyboard", "data-hls":
				uris = append(uris, a.Val)
			}
		}
	}
	return elements, uris
}

func TestRenderBothPlaces(t *testing.T) {
	p := samplePage()
	p.Assets = sampleAssets()
	for _, c := range []struct {
		base string
		want []string
	}{
		{"", []string{"master.m3u8", "../../o/mp4/film.mp4", "../../o/pictures/poster.jpg", "../../o/pictures/storyboard.vtt", "../../o/en/track.vtt", "../../o/p/player.js", "../../o/p/player.css"}},
		{"r/one/", []string{"r/one/master.m3u8", "o/mp4/film.mp4", "o/pictures/poster.jpg", "o/pictures/storyboard.vtt", "o/en/track.vtt", "o/p/player.js", "o/p/player.css"}},
	} {
		p.Base = c.base
		page := render(t, p)
		_, uris := parse(t, page)
		for _, want := range c.want {
			if !strings.Contains("\n"+strings.Join(uris, "\n")+"\n", "\n"+want+"\n") {
				t.Errorf("base %q: no %q in %q", c.base, want, uris)
			}
		}
		if len(page) > 60_000 {
			t.Errorf("the page has %d bytes, 60 kB are allowed", len(page))
		}
		if again := render(t, p); !bytes.Equal(page, again) {
			t.Error("the same page gave other bytes")
		}
	}
}

func TestResolve(t *testing.T) {
	for _, c := range []struct{ base, ref, want string }{
		{"", "../../o/a", "../../o/a"}, {"r/1/", "../../o/a", "o/a"}, {"r/1/", "master.m3u8", "r/1/master.m3u8"}, {"r/1/", "", ""},
		{"r/1/", "https://x.org/a//b", "https://x.org/a//b"}, {"r/1/", "../../o/a.vtt?x=../y#z", "o/a.vtt?x=../y#z"}, {"../film/r/1/", "../../o/a", "../film/o/a"},
	} {
		if got := (Page{Base: c.base}).resolve(c.ref); got != c.want {
			t.Errorf("%q under %q: %q, want %q", c.ref, c.base, got, c.want)
		}
	}
}

// TestRenderParts: what is in the data stands on the page, and what is not leaves no empty section.
func TestRenderParts(t *testing.T) {
	p := samplePage()
	p.Assets = sampleAssets()
	full := string(render(t, p))
	for _, want := range []string{
		"<h1 dir=\"auto\">The Long Road to Osh</h1>", "<time datetime=\"2026-11-23\"><bdi>23 November 2026</bdi></time>", "Szabó Réka", "https://example.org/road", "1.2\u00a0MB",
		`<ol lang="ru" dir="ltr"`, `<li data-end="8.5"><a href="#t=5">0:05</a><span dir="auto"><b>Aizada</b> The road was still frozen,<br>and nobody spoke.</span></li>`,
		`integrity="sha384-js"`, `integrity="sha384-css"`, `<track kind="subtitles" srclang="ru" label="русский" src="../../o/ru/track.vtt">`,
		`<meta name="referrer" content="no-referrer">`, `data-hls-integrity="sha384-hls"`, `<i class="mark" data-at="10">`,
		`<meta property="og:image" content="../../o/pictures/poster.jpg">`, `<meta property="og:video" content="../../o/mp4/film.mp4">`, "This page sets no cookies",
		`<meta property="og:title" content="The Long Road to Osh">`, "Bread &amp; salt, three loaves &lt; four.",
	} {
		if !strings.Contains(full, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	p.Audio = append(p.Audio, AudioTrack{Language: "ru", Name: "русский (AD)", Describes: true})
	p.Tracks[1].Kind, p.Tracks[1].Name = "captions", "русский (SDH)"
	for _, want := range []string{`<span>русский <small lang="en">with audio description</small></span>`, `data-value="ru&#43;captions" data-name="русский (SDH)" lang="ru" dir="auto"><span>русский <small lang="en">for the deaf and hard of hearing</small></span>`} {
		if page := string(render(t, p)); !strings.Contains(page, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	bare := Page{Film: Film{Title: "A"}, MP4: "a.mp4", Width: 16, Height: 9, Duration: time.Hour}
	elements, _ := parse(t, render(t, bare))
	if elements["section"] != 0 || elements["article"] != 0 || elements["button"] != 0 || elements["track"] != 0 || elements["video"] != 1 {
		t.Errorf("a bare page has %v", elements)
	}
}

// TestBegins: the article asks for a language, and the track that is on at first is the best in it.
func TestBegins(t *testing.T) {
	tracks := []Track{{Language: "en", Kind: "subtitles", Forced: true}, {Language: "en", Kind: "captions"}, {Language: "en-GB", Kind: "subtitles"}, {Language: "en", Kind: "subtitles"},
		{Language: "ru", Kind: "captions"}}
	for lang, want := range map[string]string{"": "", "en": "en", "en-GB": "en-GB", "en-US": "en-GB", "ru": "ru+captions", "hu": ""} {
		if got := Begins(tracks, lang); got != want {
			t.Errorf("%q: %q, want %q", lang, got, want)
		}
	}
	p := samplePage()
	p.Captions = "ru"
	page := string(render(t, p))
	if !strings.Contains(page, `data-captions="ru"`) || strings.Count(page, ` data-on="1"`) != 1 || !strings.Contains(page, `data-track="русский" data-kind="subtitles" data-on="1"`) {
		t.Error("the page does not begin with the Russian track")
	}
}

// TestOurWords: on a page in a language that we have no words in, each of ours says which language it is in, for those who have the page read to them.
// On the others none does, and the words are that language's own.
func TestOurWords(t *testing.T) {
	for tag, lang := range map[string]string{"en": "en", "ru": "ru", "ky": "ky", "hu-HU": "hu", "ar": "en", "kk": "en"} {
		p := samplePage()
		p.Assets, p.Film.Language = sampleAssets(), tag
		p.Tracks[0].Kind = "captions"
		root, err := html.Parse(bytes.NewReader(render(t, p)))
		if err != nil {
			t.Fatal(err)
		}
		ours := map[string]bool{} // whether it was met
		w, _ := wordsFor(tag)
		for _, text := range []string{w.Chapters, w.Transcript, w.Embed, w.Credits, w.Downloads, w.Links, w.Private, w.Search, w.ForDeaf, w.Offline, w.TextFile, w.Licence + ":", w.Notice,
			w.Subtitles, w.HowSubtitles, w.HowKey, w.LocalFile, w.date(p.Film.Date), w.Fullscreen, w.Off} {
			ours[text] = false
		}
		var walk func(n *html.Node, lang string)
		walk = func(n *html.Node, in string) {
			texts := []string{n.Data}
			for _, a := range n.Attr {
				switch a.Key {
				case "lang":
					in = a.Val
				case "aria-label", "placeholder":
					texts = append(texts, a.Val)
				}
			}
			for _, text := range texts {
				text = strings.TrimSpace(text)
				if _, known := ours[text]; !known {
					text = strings.TrimSuffix(text, ":") // before a value
				}
				if _, known := ours[text]; known && (n.Type == html.TextNode || len(texts) > 1) {
					ours[text] = true
					if base, _, _ := strings.Cut(in, "-"); base != lang {
						t.Errorf("%s: %q is said to be in %q", tag, text, in)
					}
				}
			}
			for c := range n.ChildNodes() {
				walk(c, in)
			}
		}
		walk(root, "")
		for text, met := range ours {
			if !met {
				t.Errorf("%s: the page lacks %q", tag, text)
			}
		}
	}
}

// TestOpenTranscript: who reads the page can read the transcript that is open, where there is one in that language.
func TestOpenTranscript(t *testing.T) {
	for language, want := range map[string]string{"": "English", "en": "English", "ru": "русский", "ky": "English"} {
		p := samplePage()
		p.Film.Language = language
		_, after, _ := strings.Cut(string(render(t, p)), `<details name="fp-transcript" open>`)
		if summary, _, _ := strings.Cut(after, "</summary>"); !strings.Contains(summary, ">"+want+"<") {
			t.Errorf("on a page in %q %q is open", language, summary)
		}
	}
}

func TestRenderForcedIsNoChoice(t *testing.T) {
	p := samplePage()
	p.Tracks[0].Forced = true
	p.Tracks[1].Kind = "captions"
	page := string(render(t, p))
	if strings.Contains(page, "English") || !strings.Contains(page, `kind="captions" srclang="ru" label="русский (CC)"`) {
		t.Error("a forced track is offered, or captions are not told from subtitles")
	}
}

// hostile is text that must stay text wherever it stands.
const hostile = `</script></style></title><script>alert(1)</script><img src=x onerror=alert(1)>"'><svg onload=alert(1)>{{.}}&lt;--`

func TestRenderHostileText(t *testing.T) {
	p := samplePage()
	p.Assets = sampleAssets()
	calm, _ := parse(t, render(t, p))
	p.Film.Title, p.Film.Description, p.Film.Date = hostile, hostile, hostile
	p.Film.Credits = []Credit{{hostile, hostile}, {hostile, hostile}, {hostile, hostile}}
	p.Film.Links = []Link{{hostile, "javascript:alert(1)"}}
	p.Film.Slug, p.Captions, p.PublicURL = hostile, hostile, "javascript:alert(1)"
	p.Downloads[0].Label, p.Chapters[1].Title, p.Audio = hostile, hostile, []AudioTrack{{Language: hostile, Name: hostile}}
	for i := range p.Tracks {
		p.Tracks[i].Name = hostile
		for j := range p.Tracks[i].Lines {
			p.Tracks[i].Lines[j].Speaker, p.Tracks[i].Lines[j].Text = hostile, hostile
		}
	}
	page := render(t, p)
	elements, uris := parse(t, page)
	for _, name := range []string{"script", "style", "title", "img", "svg"} {
		if elements[name] != calm[name] {
			t.Errorf("%d <%s> instead of %d", elements[name], name, calm[name])
		}
	}
	for _, uri := range uris {
		if strings.HasPrefix(strings.ToLower(uri), "javascript:") {
			t.Errorf("%s came through", uri)
		}
	}
}

func TestPolicyNamesWhatIsInline(t *testing.T) {
	page := string(render(t, samplePage()))
	for tag, directive := range map[string]string{"style": "style-src", "script": "script-src"} {
		text := regexp.MustCompile(`(?s)<` + tag + `>(.*?)</` + tag + `>`).FindStringSubmatch(page)[1]
		if !strings.Contains(policy, directive+" 'self' "+cspHash(text)) {
			t.Errorf("the policy does not name the inline %s as it stands in the page", tag)
		}
	}
	if strings.Contains(policy, "unsafe") || strings.Contains(policy, "http") {
		t.Errorf("the policy is open: %s", policy)
	}
}

func TestStructured(t *testing.T) {
	p := samplePage()
	p.PublicURL, p.Base, p.Film.Title = "https://films.example/the-long-road/", "r/one/", "A </script> film"
	page := string(render(t, p))
	text := regexp.MustCompile(`(?s)<script type="application/ld\+json">(.*?)</script>`).FindStringSubmatch(page)[1]
	var got map[string]any
	if err := json.Unmarshal([]byte(text), &got); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	for key, want := range map[string]any{
		"@type": "VideoObject", "name": "A </script> film", "duration": "PT24S", "uploadDate": "2026-11-23",
		"contentUrl": "https://films.example/the-long-road/o/mp4/film.mp4", "thumbnailUrl": "https://films.example/the-long-road/o/pictures/poster.jpg",
	} {
		if got[key] != want {
			t.Errorf("%s is %v, want %v", key, got[key], want)
		}
	}
	if len(got["caption"].([]any)) != 2 || len(got["hasPart"].([]any)) != 2 {
		t.Errorf("captions %v, clips %v", got["caption"], got["hasPart"])
	}
}

func TestBundle(t *testing.T) {
	if _, ok := bundle(fstest.MapFS{"dist/.gitkeep": {}, "dist/player.js": {Data: []byte("x")}}); ok {
		t.Error("half a bundle is taken for a whole one")
	}
	p, ok := bundle(fstest.MapFS{"dist/player.js": {Data: []byte("abc")}, "dist/hls.js": {}, "dist/player.css": {}, "dist/notices.txt": {}})
	if !ok || p.JS.Name != "player-ba7816bf8f01cfea.js" || p.JS.Integrity != "sha384-ywB1P0WjXou1oD1pmsZQBycsMqsO3tFjGotgWkP/W+2AhgcroefMI1i67KE0yCWn" {
		t.Errorf("%v %+v", ok, p.JS)
	}
}

// TestRenderMuch: a title of 400 characters and 500 chapters give a whole page.
func TestRenderMuch(t *testing.T) {
	p := samplePage()
	p.Assets, p.Film.Title = sampleAssets(), strings.Repeat("Ж", 400)
	p.Chapters = nil
	for i := range 500 {
		p.Chapters = append(p.Chapters, Chapter{time.Duration(i) * time.Second, "A chapter"})
	}
	page := render(t, p)
	if elements, _ := parse(t, page); strings.Count(string(page), "A chapter</span>") != 500 || elements["h1"] != 1 || !bytes.HasSuffix(bytes.TrimSpace(page), []byte("</html>")) {
		t.Error("chapters are missing, or the page is not whole")
	}
}

func TestLicenceURL(t *testing.T) {
	for text, want := range map[string]string{
		"CC BY-SA 4.0": "https://creativecommons.org/licenses/by-sa/4.0/", "CC-BY-4.0": "https://creativecommons.org/licenses/by/4.0/", "CC BY-NC-ND 3.0": "https://creativecommons.org/licenses/by-nc-nd/3.0/",
		"CC0 1.0": "https://creativecommons.org/publicdomain/zero/1.0/", "all rights reserved": "", "": "", "CC BY-SA 4.0/../x": "",
	} {
		if got := (view{Page: Page{Film: Film{Licence: text}}}).LicenceURL(); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// TestClean: what turns a text around is taken out, and what Arabic needs stays.
func TestClean(t *testing.T) {
	for in, want := range map[string]string{"a\u202eb\u202c": "ab", "\u2066a\u2069": "a", "a\x00\x1bb": "ab", "a\u200fb": "a\u200fb", "a\nb\tc": "a\nb\tc", "a\u2028b": "a\nb", "\u200c\u200d": "\u200c\u200d"} {
		if got := readable(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
