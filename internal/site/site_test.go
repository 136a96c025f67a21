package site

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"filmpress/internal/theme"
)

const id = "0123456789abcdef0123"

// sample is a library with what makes trouble in texts: markup, right-to-left titles, dates of three forms and none.
func sample() Library {
	film := func(slug, title, lang, date string) Film {
		return Film{Slug: slug, Release: id, Title: title, Language: lang, Date: date, Duration: 754, Subtitles: []string{"en", "ru"}, Width: 640, Height: 360,
			Poster: "o/a/poster.jpg", MP4: "o/b/film.mp4", Size: 1234, Description: "About " + title,
			Tracks: []Track{{"en", "subtitles", "o/c/track.vtt"}}, Chapters: "r/" + id + "/chapters.json"}
	}
	l := Library{Site: Site{URL: "https://films.example.org/", Title: "Our <films> & more"}}
	for _, f := range []Film{
		film("zeta", "No date", "en", ""), film("alpha", `<script>alert(1)</script> "quoted" & 'more'`, "ru", ""), film("month", "A month", "ky", "2026-11"),
		film("day", "الطريق الطويل", "ar", "2026-11-23"), film("year", "\x01\u202eturned]]>", "hu", "2026"), film("older", "Older", "en", "2025-12-31"),
	} {
		l.Set(f)
	}
	return l
}

func TestOrder(t *testing.T) {
	var got []string
	for _, f := range sample().Films {
		got = append(got, f.Slug)
	}
	if want := "day month year older alpha zeta"; strings.Join(got, " ") != want {
		t.Errorf("got %v, want %s", got, want)
	}
}

// TestRoundTrip: what is written reads back, and is written the same, in whatever order films came.
func TestRoundTrip(t *testing.T) {
	l := sample()
	b := l.Bytes()
	back, err := Parse(b)
	if err != nil || !bytes.Equal(back.Bytes(), b) {
		t.Fatalf("%v\n%s\n%s", err, b, back.Bytes())
	}
	var other Library
	other.Site = l.Site
	for i := range l.Films {
		other.Set(l.Films[len(l.Films)-1-i])
	}
	if !bytes.Equal(other.Bytes(), b) || !bytes.Equal(other.Index(theme.Theme{}), l.Index(theme.Theme{})) || !bytes.Equal(other.Feed(), l.Feed()) {
		t.Error("the order in which films came shows in the bytes")
	}
	if n := bytes.Count(b, []byte("\n")); n != len(l.Films)+2 {
		t.Errorf("%d lines", n)
	}
}

func TestParseRefuses(t *testing.T) {
	film := func(change string) string {
		return `{"format":1,"site":{},"films":[{"slug":"a","release":"` + id + `","title":"A","language":"en","duration":1,"subtitles":[]` + change + `}]}`
	}
	if _, err := Parse([]byte(film(""))); err != nil {
		t.Fatal(err)
	}
	for in, want := range map[string]string{
		``:                       "no list of films",
		`[]`:                     "no list of films",
		`{"format":2}`:           "format 2",
		`{"format":1,"extra":1}`: "unknown field",
		`{"format":1}{}`:         "something follows",
		`{"format":1,"site":{"url":"javascript:alert(1)"}}`:             "must be a URL",
		`{"format":1,"site":{"url":"https://me:pw@example.org/"}}`:      "must not hold",
		`{"format":1,"films":[{"slug":"../x"}]}`:                        "slug is not possible",
		`{"format":1,"films":[{"slug":"a","release":"x"}]}`:             "names no release",
		film(`,"poster":"../../evil.jpg"`):                              "is not possible",
		film(`,"poster":"https://evil.example/x.jpg"`):                  "is not possible",
		film(`,"date":"yesterday"`):                                     "date",
		film(`,"width":-1`):                                             "not possible",
		film(`,"tracks":[{"language":"en","kind":"x","path":"o/a/b"}]`): "kind",
		film(`,"language":"not a tag"`):                                 "unexpected",
	} {
		_, err := Parse([]byte(in))
		if err == nil || want != "unexpected" && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", in, err, want)
		}
	}
	twice := film("")
	twice = strings.Replace(twice, `"films":[`, `"films":[`+twice[strings.Index(twice, `{"slug"`):strings.LastIndex(twice, "]}")]+",", 1)
	if _, err := Parse([]byte(twice)); err == nil || !strings.Contains(err.Error(), "twice") {
		t.Error(err)
	}
}

// FuzzParse: nothing panics, and what is taken can be rendered and read again.
func FuzzParse(f *testing.F) {
	f.Add(sample().Bytes())
	f.Add([]byte(`{"format":1,"site":{"url":"http://a"},"films":[{"slug":"a","release":"` + id + `","duration":1e6,"title":"\u0000"}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		l, err := Parse(b)
		if err != nil {
			return
		}
		if again, err := Parse(l.Bytes()); err != nil || !bytes.Equal(again.Bytes(), l.Bytes()) {
			t.Errorf("%v\n%q", err, l.Bytes())
		}
		inert(t, l.Index(theme.Theme{}))
		for _, doc := range [][]byte{l.Feed(), l.Sitemap()} {
			if doc != nil && xml.Unmarshal(doc, new(struct{})) != nil {
				t.Errorf("no XML: %q", doc)
			}
		}
	})
}

// inert fails where a page runs anything but its own script, or loads anything from elsewhere.
func inert(t *testing.T, page []byte) (elements map[string]int) {
	t.Helper()
	elements = map[string]int{}
	for z := html.NewTokenizer(bytes.NewReader(page)); z.Next() != html.ErrorToken; {
		token := z.Token()
		if token.Type != html.StartTagToken {
			continue
		}
		elements[token.Data]++
		for _, a := range token.Attr {
			loads := a.Key == "src" || a.Key == "srcset" || a.Key == "href" && token.Data == "link" && token.Attr[0].Val != "canonical"
			if strings.HasPrefix(a.Key, "on") || a.Key == "style" || loads && (strings.Contains(a.Val, "://") || strings.HasPrefix(a.Val, "//")) {
				t.Errorf("<%s %s=%q>", token.Data, a.Key, a.Val)
			}
		}
	}
	if elements["script"] != 1 || elements["iframe"]+elements["object"] > 0 {
		t.Errorf("%v", elements)
	}
	return elements
}

func TestIndex(t *testing.T) {
	l := sample()
	page := string(l.Index(theme.Theme{}))
	elements := inert(t, []byte(page))
	if elements["li"] != 6 || elements["img"] != 6 || elements["option"] != 6 {
		t.Errorf("%v", elements)
	}
	for _, want := range []string{
		`<bdi class="title" lang="ar" dir="rtl">الطريق الطويل</bdi>`, `&lt;script&gt;alert(1)&lt;/script&gt;`, `<a href="day/index.html"`, `src="day/o/a/poster.jpg"`,
		`<h1>Our &lt;films&gt; &amp; more</h1>`, `<time datetime="2026-11-23">23 November 2026</time>`, `12:34`, `data-langs="ar en ru"`,
		`<link rel="alternate" type="application/rss+xml" href="feed.xml"`, "<!-- " + Mark + " -->",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("no %s in\n%s", want, page)
		}
	}
	for what, text := range map[string]string{"page": page, "feed": string(l.Feed()), "sitemap": string(l.Sitemap())} {
		if strings.Contains(text, "\u202e") || strings.Count(text, "About turned]]") != 1 {
			t.Errorf("the %s lets a title turn what follows it around, or lacks its words", what)
		}
	}
	l.Site = Site{}
	if page := string(l.Index(theme.Theme{})); strings.Contains(page, "feed.xml") || strings.Contains(page, "canonical") || !strings.Contains(page, "<h1>Films</h1>") {
		t.Error("a library without an address names one, or has no title")
	}
	if page := string(Library{}.Index(theme.Theme{})); !strings.Contains(page, "No film is published here yet.") || strings.Contains(page, "<form") {
		t.Errorf("an empty library:\n%s", page)
	}
	l.Site.Language = "ar" // no words for it, so the page is English, from left to right
	if page := string(l.Index(theme.Theme{})); !strings.Contains(page, `<html lang="en" dir="ltr">`) {
		t.Error("the page's language")
	}
	l.Site.Language = "ru-KG"
	if page := string(l.Index(theme.Theme{})); !strings.Contains(page, `<html lang="ru-KG" dir="ltr">`) || !strings.Contains(page, "<h1>Фильмы</h1>") {
		t.Error("the page's language")
	}
}

func TestLanguageOfMostFilms(t *testing.T) {
	for langs, want := range map[string]string{"": "en", "ru": "ru", "ru en": "en", "ru-KG ru en": "ru", "ar ar en": "en", "ar": "en", "ky ky ru": "ky"} {
		var l Library
		for i, lang := range strings.Fields(langs) {
			l.Set(Film{Slug: fmt.Sprint(i), Language: lang})
		}
		if _, got := l.words(); got != want {
			t.Errorf("%q: %s, want %s", langs, got, want)
		}
	}
}

func TestWordsAreWhole(t *testing.T) {
	for lang, w := range dictionary() {
		v := reflect.ValueOf(w)
		for i := range v.NumField() {
			if v.Field(i).String() == "" {
				t.Errorf("%s has no %s", lang, v.Type().Field(i).Name)
			}
		}
	}
	if len(dictionary()) < 4 {
		t.Error(len(dictionary()))
	}
}

func TestFeed(t *testing.T) {
	l := sample()
	feed := string(l.Feed())
	var doc struct {
		Channel struct {
			Items []struct {
				Title   string `xml:"title"`
				PubDate string `xml:"pubDate"`
				Media   struct {
					URL    string `xml:"url,attr"`
					Length int64  `xml:"length,attr"`
					Type   string `xml:"type,attr"`
				} `xml:"enclosure"`
				Transcript struct {
					URL string `xml:"url,attr"`
				} `xml:"https://podcastindex.org/namespace/1.0 transcript"`
				Chapters struct {
					URL string `xml:"url,attr"`
				} `xml:"https://podcastindex.org/namespace/1.0 chapters"`
				HLS struct {
					Source struct {
						URI string `xml:"uri,attr"`
					} `xml:"https://podcastindex.org/namespace/1.0 source"`
				} `xml:"https://podcastindex.org/namespace/1.0 alternateEnclosure"`
			} `xml:"item"`
		} `xml:"channel"`
	}
	if err := xml.Unmarshal([]byte(feed), &doc); err != nil {
		t.Fatal(err, feed)
	}
	items := doc.Channel.Items
	if len(items) != 6 {
		t.Fatal(feed)
	}
	day := items[0]
	base := "https://films.example.org/day/"
	if day.Title != "الطريق الطويل" || day.PubDate != "Mon, 23 Nov 2026 00:00:00 +0000" || day.Media.URL != base+"o/b/film.mp4" || day.Media.Length != 1234 ||
		day.Media.Type != "video/mp4" || day.Transcript.URL != base+"o/c/track.vtt" || day.Chapters.URL != base+"r/"+id+"/chapters.json" || day.HLS.Source.URI != base+"master.m3u8" {
		t.Errorf("%+v", day)
	}
	if items[1].PubDate != "" || items[4].PubDate != "" || items[2].Title != "turned]]>" {
		t.Errorf("%+v", items)
	}
	l.Site.URL = ""
	if l.Feed() != nil || l.Sitemap() != nil {
		t.Error("a feed without an address")
	}
}

func TestSitemap(t *testing.T) {
	sitemap := string(sample().Sitemap())
	if err := xml.Unmarshal([]byte(sitemap), new(struct{})); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"<loc>https://films.example.org/index.html</loc>", "<loc>https://films.example.org/day/index.html</loc>",
		"<video:thumbnail_loc>https://films.example.org/day/o/a/poster.jpg</video:thumbnail_loc>", "<video:player_loc>https://films.example.org/day/embed.html</video:player_loc>",
		"<video:duration>754</video:duration>", "<video:publication_date>2026-11-23</video:publication_date>",
	} {
		if !strings.Contains(sitemap, want) {
			t.Errorf("no %s", want)
		}
	}
	if n := strings.Count(sitemap, "publication_date>"); n != 4 {
		t.Errorf("%d dates, of which only the whole ones count", n)
	}
}
