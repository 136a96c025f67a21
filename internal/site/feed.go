package site

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"strconv"
	"strings"
	"time"
)

// rss is RSS 2.0 with the elements of the podcast namespace (podcastindex.org/namespace/1.0).
type rss struct {
	XMLName xml.Name `xml:"rss"`
	Version string   `xml:"version,attr"`
	Atom    string   `xml:"xmlns:atom,attr"`
	Podcast string   `xml:"xmlns:podcast,attr"`
	Channel channel  `xml:"channel"`
}

type channel struct {
	Title       string `xml:"title"`
	Link        string `xml:"link"`
	Description string `xml:"description"` // required by RSS 2.0
	Language    string `xml:"language"`
	Self        self   `xml:"atom:link"`
	Items       []item `xml:"item"`
}

type self struct {
	Href string `xml:"href,attr"`
	Rel  string `xml:"rel,attr"`
	Type string `xml:"type,attr"`
}

type item struct {
	Title       string       `xml:"title"`
	Link        string       `xml:"link"`
	GUID        string       `xml:"guid"` // the page's address, so it is a permalink
	Description string       `xml:"description,omitempty"`
	PubDate     string       `xml:"pubDate,omitempty"`
	Enclosure   *enclosure   `xml:"enclosure"`
	Transcripts []transcript `xml:"podcast:transcript"`
	Chapters    *chapters    `xml:"podcast:chapters"`
	HLS         alternate    `xml:"podcast:alternateEnclosure"`
}

type enclosure struct {
	URL    string `xml:"url,attr"`
	Length int64  `xml:"length,attr"`
	Type   string `xml:"type,attr"`
}

type transcript struct {
	URL      string `xml:"url,attr"`
	Type     string `xml:"type,attr"`
	Language string `xml:"language,attr"`
	Rel      string `xml:"rel,attr"`
}

type chapters struct {
	URL  string `xml:"url,attr"`
	Type string `xml:"type,attr"`
}

type alternate struct {
	Type   string `xml:"type,attr"`
	Height int    `xml:"height,attr,omitempty"`
	Source source `xml:"podcast:source"`
}

type source struct {
	URI string `xml:"uri,attr"`
}

// Feed is feed.xml; nil where the library's address is not known, since a feed is read elsewhere and needs whole addresses.
func (l Library) Feed() []byte {
	base := l.Site.URL
	if base == "" {
		return nil
	}
	l = l.readable()
	words, lang := l.words()
	title := cmp.Or(l.Site.Title, words.Films)
	c := channel{Title: title, Link: base + IndexName, Description: title, Language: lang, Self: self{base + FeedName, "self", "application/rss+xml"}}
	for _, f := range l.Films {
		page := address(base, f.Slug, "index.html")
		it := item{Title: f.Title, Link: page, GUID: page, Description: f.Description, PubDate: pubDate(f.Date),
			HLS: alternate{"application/vnd.apple.mpegurl", f.Height, source{address(base, f.Slug, "master.m3u8")}}}
		if f.MP4 != "" {
			it.Enclosure = &enclosure{address(base, f.Slug, f.MP4), f.Size, "video/mp4"}
		}
		for _, t := range f.Tracks {
			it.Transcripts = append(it.Transcripts, transcript{address(base, f.Slug, t.Path), "text/vtt", t.Language, "captions"})
		}
		if f.Chapters != "" {
			it.Chapters = &chapters{address(base, f.Slug, f.Chapters), "application/json+chapters"}
		}
		c.Items = append(c.Items, it)
	}
	return document(rss{Version: "2.0", Atom: "http://www.w3.org/2005/Atom", Podcast: "https://podcastindex.org/namespace/1.0", Channel: c})
}

// pubDate is a whole date as RSS writes it; of a month or a year no day is made up.
func pubDate(date string) string {
	day, err := time.Parse(time.DateOnly, date)
	if err != nil {
		return ""
	}
	return day.Format(time.RFC1123Z)
}

// urlset is a sitemap (sitemaps.org 0.9) with Google's video extension 1.1.
type urlset struct {
	XMLName xml.Name `xml:"urlset"`
	NS      string   `xml:"xmlns,attr"`
	Video   string   `xml:"xmlns:video,attr"`
	URLs    []place  `xml:"url"`
}

type place struct {
	Loc   string `xml:"loc"`
	Video *video `xml:"video:video"`
}

type video struct {
	Thumbnail   string `xml:"video:thumbnail_loc"`
	Title       string `xml:"video:title"`
	Description string `xml:"video:description"` // required: the title where there is none
	Content     string `xml:"video:content_loc"`
	Player      string `xml:"video:player_loc"`
	Duration    string `xml:"video:duration,omitempty"`
	Published   string `xml:"video:publication_date,omitempty"`
}

// Sitemap is sitemap.xml; nil where the library's address is not known.
func (l Library) Sitemap() []byte {
	base := l.Site.URL
	if base == "" {
		return nil
	}
	set := urlset{NS: "http://www.sitemaps.org/schemas/sitemap/0.9", Video: "http://www.google.com/schemas/sitemap-video/1.1", URLs: []place{{Loc: base + IndexName}}}
	for _, f := range l.readable().Films {
		p := place{Loc: address(base, f.Slug, "index.html")}
		if f.Poster != "" && f.MP4 != "" {
			p.Video = &video{Thumbnail: address(base, f.Slug, f.Poster), Title: clip(f.Title, 100), Description: clip(cmp.Or(f.Description, f.Title), 2048),
				Content: address(base, f.Slug, f.MP4), Player: address(base, f.Slug, "embed.html")}
			if s := int(f.Duration + 0.5); s >= 1 && s <= 28_800 { // what the extension allows
				p.Video.Duration = strconv.Itoa(s)
			}
			if len(f.Date) == len(time.DateOnly) {
				p.Video.Published = f.Date
			}
		}
		set.URLs = append(set.URLs, p)
	}
	return document(set)
}

// clip shortens a text to a number of characters.
func clip(s string, most int) string {
	r := []rune(s)
	if len(r) <= most {
		return s
	}
	return strings.TrimSpace(string(r[:most-1])) + "…"
}

// document writes XML with our mark. encoding/xml turns what XML 1.0 cannot hold into U+FFFD.
func document(v any) []byte {
	var b bytes.Buffer
	b.WriteString(xml.Header + "<!-- " + Mark + " -->\n")
	e := xml.NewEncoder(&b)
	e.Indent("", " ")
	if err := e.Encode(v); err != nil {
		panic(err) // plain structs
	}
	b.WriteByte('\n')
	return b.Bytes()
}
