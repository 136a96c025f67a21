package watch

import (
	"bytes"
	"testing"
)

// TestEntrance: the entrance that is made of a release's page is the one that Render writes, byte for byte.
func TestEntrance(t *testing.T) {
	bare := samplePage()
	bare.Poster, bare.Storyboard, bare.MP4, bare.Tracks, bare.Chapters, bare.Downloads = "", "", "", nil, nil, nil
	hostile := samplePage()
	hostile.Film.Title = `="../../o/x" data-master=" </script><script type="application/ld+json">{} & more`
	hostile.Film.Description = "a\u2028b <meta property=\"og:locale\" content=\""
	hostile.Film.ArticleHTML = `<p><a href="notes.html">in the same folder</a> and <code>=&#34;../../o/</code></p>`
	themed := samplePage()
	themed.Theme.CSS = `[data-master="x"], [href="../../o/x"] { color: red } /* <script type="application/ld+json">{} <body class="embed"> */`
	played := samplePage()
	played.Assets = Assets{JS: Asset{"../../o/player/p.js", "sha384-x"}, CSS: Asset{"../../o/player/p.css", "sha384-y"}}
	for name, page := range map[string]Page{"sample": samplePage(), "bare": bare, "hostile": hostile, "with the player": played, "with a theme": themed} {
		inside, err := Render(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, url := range []string{"", "https://films.example.org/a%20b/index.html", "https://example.org/x?a=1&b='2'"} {
			page.Base, page.PublicURL = "r/0123456789abcdef0123/", url
			want, err := Render(page)
			if err != nil {
				t.Fatal(err)
			}
			got, err := Entrance(inside, page.Base, url)
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("%s at %q: %v\n got %s\nwant %s", name, url, err, differs(got, want), differs(want, got))
			}
		}
	}
}

// TestEmbedEntrance: the same for what others show the film with.
func TestEmbedEntrance(t *testing.T) {
	hostile := samplePage()
	hostile.Film.Title = `="../../o/x" <body class="embed"> </script><script>alert(1)</script> & 'more'`
	themed := samplePage()
	themed.Theme.CSS = `[data-master="x"], [href="../../o/x"] { color: red }`
	for name, page := range map[string]Page{"sample": samplePage(), "hostile": hostile, "with a theme": themed} {
		frame, err := RenderEmbed(page)
		if err != nil {
			t.Fatal(err)
		}
		response := OEmbed(page)
		page.Base, page.PublicURL = "r/0123456789abcdef0123/", "https://films.example.org/a%20b/index.html"
		want, err := RenderEmbed(page)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := Entrance(frame, page.Base, page.PublicURL); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %v\n got %s\nwant %s", name, err, differs(got, want), differs(want, got))
		}
		if got, err := OEmbedEntrance(response, page.Base, page.PublicURL); err != nil || !bytes.Equal(got, OEmbed(page)) {
			t.Errorf("%s: %v\n%s\n%s", name, err, got, OEmbed(page))
		}
		if got, err := OEmbedEntrance(response, page.Base, ""); err != nil || got != nil {
			t.Errorf("%s: without an address: %s, %v", name, got, err)
		}
	}
}

// differs is where a begins to differ from b.
func differs(a, b []byte) []byte {
	for i := range a {
		if i >= len(b) || a[i] != b[i] {
			return a[max(0, i-60):min(len(a), i+60)]
		}
	}
	return nil
}

// FuzzEntrance: what is no page of ours is refused or passed through, never a panic.
func FuzzEntrance(f *testing.F) {
	page, err := Render(samplePage())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(page, "https://example.org/")
	f.Add([]byte(`data-master="`+dataBegin+`{"caption":[1,{"contentUrl":2}],"hasPart":{}}`+dataEnd+localeMeta+"\n"+`<meta property="og:image" content="`), "https://example.org/")
	f.Add([]byte("<html>"), ":")
	f.Fuzz(func(t *testing.T, page []byte, url string) {
		out, err := Entrance(page, "r/0123456789abcdef0123/", url)
		if err == nil && !bytes.Contains(out, []byte(masterAttr+"r/0123456789abcdef0123/")) {
			t.Errorf("%q", out)
		}
	})
}
