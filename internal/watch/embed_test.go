package watch

import (
	"encoding/json"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// TestEmbed: the frame has the player and nothing that runs inline, and forbids no framing.
func TestEmbed(t *testing.T) {
	p := samplePage()
	p.Assets = sampleAssets()
	p.Film.Title = `A <b>bold</b> "film" & more`
	page, err := RenderEmbed(p)
	if err != nil {
		t.Fatal(err)
	}
	elements, uris := parse(t, page)
	all := strings.Join(uris, " ")
	if elements["video"] != 1 || elements["script"] != 1 || elements["article"] != 0 || elements["b"] != 0 || !strings.Contains(all, "master.m3u8") || !strings.Contains(all, " index.html") {
		t.Errorf("%v %v", elements, uris)
	}
	for _, not := range []string{"frame-ancestors", "sandbox", "unsafe", "X-Frame", cspHash(localJS), cspHash(pageCSS)} {
		if strings.Contains(string(page), not) {
			t.Errorf("the frame has %s", not)
		}
	}
	if !strings.Contains(strings.ReplaceAll(string(page), "&#43;", "+"), strings.ReplaceAll(cspHash(embedCSS), "'", "&#39;")) {
		t.Error("the frame's own style is not allowed")
	}
}

// TestTurned: no mark that turns the text around comes into what others show of a film.
func TestTurned(t *testing.T) {
	p := everywhere(samplePage(), "name \u202etxt.exe and \u2066more")
	frame, err := RenderEmbed(p)
	if err != nil {
		t.Fatal(err)
	}
	for what, text := range map[string][]byte{"the frame": frame, "oembed.json": OEmbed(p), "the code": []byte(EmbedCode("a", p.Film.Title, 1, 1)), "chapters": ChaptersJSON(p)} {
		if strings.ContainsAny(string(text), "\u202e\u2066") || strings.Contains(string(text), "u202e") || !strings.Contains(string(text), "name txt.exe and more") {
			t.Errorf("%s: %s", what, text)
		}
	}
}

// TestEmbedCode: the code is one element whose attributes hold what was given, whatever it is.
func TestEmbedCode(t *testing.T) {
	code := EmbedCode("https://films.example.org/a/embed.html?x=1&y=2", `"><script>alert(1)</script>`, 640, 360)
	z := html.NewTokenizer(strings.NewReader(code))
	z.Next()
	token := z.Token()
	attrs := map[string]string{}
	for _, a := range token.Attr {
		attrs[a.Key] = a.Val
	}
	if token.Data != "iframe" || attrs["src"] != "https://films.example.org/a/embed.html?x=1&y=2" || attrs["title"] != `"><script>alert(1)</script>` || attrs["allow"] != "fullscreen; picture-in-picture" ||
		!strings.Contains(attrs["style"], "aspect-ratio:640/360") {
		t.Errorf("%v", token)
	}
	if block := WordPress(code); !strings.HasPrefix(block, "<!-- wp:html -->") || !strings.Contains(block, code) {
		t.Error(block)
	}
}

func TestOEmbed(t *testing.T) {
	p := samplePage()
	p.PublicURL, p.Base = "https://films.example.org/a/index.html", "r/0123456789abcdef0123/"
	var got map[string]any
	if err := json.Unmarshal(OEmbed(p), &got); err != nil {
		t.Fatal(err)
	}
	if got["version"] != "1.0" || got["type"] != "video" || got["title"] != p.Film.Title || got["thumbnail_url"] != "https://films.example.org/a/o/pictures/poster.jpg" ||
		got["thumbnail_width"] != 480.0 || got["thumbnail_height"] != 270.0 || got["width"] != 640.0 ||
		!strings.Contains(got["html"].(string), `src="https://films.example.org/a/embed.html"`) {
		t.Errorf("%v", got)
	}
	head := string(render(t, p))
	for _, want := range []string{`<link rel="alternate" type="application/json&#43;oembed" href="https://films.example.org/a/oembed.json">`,
		`<meta name="twitter:player" content="https://films.example.org/a/embed.html">`, `"embedUrl":"https://films.example.org/a/embed.html"`, `"transcript":`} {
		if !strings.Contains(head, want) && !strings.Contains(head, strings.ReplaceAll(want, "&#43;", "+")) {
			t.Errorf("no %s", want)
		}
	}
	if at := strings.Index(head, "oembed.json"); at > 4096 {
		t.Errorf("the link to oembed.json stands at byte %d", at)
	}
}
