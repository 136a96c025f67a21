package watch

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"html/template"
	"math"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/language"

	"filmpress/internal/report"
	"filmpress/internal/strictyaml"
)

// Article is what the file beside the film (film.md) says. Fields that it leaves out are empty.
type Article struct {
	Title       string
	Slug        string
	Description string
	Date        string // 2026-11-23, 2026-11 or 2026
	Language    string // BCP 47, in canonical form
	Subtitles   string // the language of those that are on until the viewer chooses; BCP 47
	Credits     []Credit
	Links       []Link
	Licence     string // what others may do with the film, "CC BY-SA 4.0"
	Notice      string // what viewers should know before they watch
	Poster      Poster
	NoChapters  bool          // the film's chapters stay out of the page
	HTML        template.HTML // the article, safe to put into a page
}

// Poster is what stands there before anybody presses play. The zero value leaves the choice to filmpress.
type Poster struct {
	At   *time.Duration // a moment of the film, or
	File string         // the name of a picture file beside the article
}

// maxArticle bounds what is parsed, in bytes: a long book chapter is a tenth of it.
const maxArticle = 1 << 20

// ParseArticle reads YAML front matter between two lines of "---", then Markdown (CommonMark with tables, bare
// links and footnotes). Both may be missing. Without a title in the front matter, a level-1 heading that the
// article begins with is the title. It never fails: what is wrong comes back as findings, sorted by place.
func ParseArticle(name string, data []byte) (Article, []report.Finding) {
	whole := func(rule, text, hint string) (Article, []report.Finding) {
		return Article{}, []report.Finding{{Pos: report.Pos{File: name}, Severity: report.Error, Rule: rule, Text: text, Hint: hint}}
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	switch {
	case len(data) > maxArticle:
		return whole("article-size", fmt.Sprintf("the article has more than %d kB", maxArticle>>10), "this does not look like the text of a page; shorten it")
	case !utf8.Valid(data) || bytes.IndexByte(data, 0) >= 0:
		return whole("article-encoding", "the article is not text in UTF-8", "save it as UTF-8")
	}
	front, body, line, closed := split(data)
	if !closed {
		return Article{}, []report.Finding{{Pos: report.Pos{File: name, Line: 1, Col: 1}, Severity: report.Error, Rule: "article-front-matter",
			Text: "the front matter does not end", Hint: "put a line with only --- below its last key", Source: "---", Width: 3}}
	}
	var keys frontMatter
	findings := strictyaml.Decode(name, front, 2, &keys)
	a := keys.article()
	title, html, more := markdown(name, body, line, a.Title == "")
	if a.Title == "" {
		a.Title = title
	}
	a.HTML = html
	findings = append(findings, more...)
	report.Sort(findings)
	return a, findings
}

// split parts the front matter from the article. line is the line on which the article begins.
func split(data []byte) (front, body []byte, line int, closed bool) {
	first, rest, _ := bytes.Cut(data, []byte("\n"))
	if !isFence(first) {
		return nil, data, 1, true
	}
	line = 2
	for at := 0; at < len(rest); line++ {
		end := len(rest)
		if i := bytes.IndexByte(rest[at:], '\n'); i >= 0 {
			end = at + i + 1
		}
		if isFence(rest[at:end]) {
			return rest[:at], rest[end:], line + 1, true
		}
		at = end
	}
	return nil, nil, 0, false
}

func isFence(line []byte) bool { return string(bytes.TrimRight(line, " \t\r\n")) == "---" }

// frontMatter is the front matter as it is written; the types judge their own values.
type frontMatter struct {
	Title       string    `yaml:"title"`
	Slug        slug      `yaml:"slug"`
	Description string    `yaml:"description"`
	Date        isoDate   `yaml:"date"`
	Language    langTag   `yaml:"language"`
	Subtitles   langTag   `yaml:"subtitles"`
	Credits     []Credit  `yaml:"credits"`
	Links       []rawLink `yaml:"links"`
	Licence     string    `yaml:"licence"`
	Notice      string    `yaml:"notice"`
	Poster      poster    `yaml:"poster"`
	Chapters    chapters  `yaml:"chapters"`
}

type rawLink struct {
	Title string  `yaml:"title"`
	URL   linkURL `yaml:"url"`
}

func (f frontMatter) article() Article {
	a := Article{
		Title: strings.TrimSpace(f.Title), Slug: string(f.Slug), Description: strings.TrimSpace(f.Description),
		Date: string(f.Date), Language: string(f.Language), Subtitles: string(f.Subtitles), Credits: f.Credits,
		Licence: strings.TrimSpace(f.Licence), Notice: strings.TrimSpace(f.Notice), Poster: Poster(f.Poster), NoChapters: f.Chapters == noChapters,
	}
	for _, l := range f.Links {
		if l.URL != "" {
			a.Links = append(a.Links, Link{Title: l.Title, URL: string(l.URL)})
		}
	}
	return a
}

type (
	slug    string
	isoDate string
	langTag string
	linkURL string
	poster  Poster

	chapters string
)

// noChapters is the one value of chapters that changes anything.
const noChapters = "none"

func (c *chapters) UnmarshalText(b []byte) error {
	if *c = chapters(b); *c != noChapters && *c != "film" {
		return errors.New("chapters are those of the film; write none to leave them out of the page, or leave this key out")
	}
	return nil
}

var slugForm = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

func (s *slug) UnmarshalText(b []byte) error {
	if !slugForm.Match(b) || len(b) > 100 {
		return errors.New("a slug is made of a-z, 0-9 and single hyphens, at most 100 of them, as in \"the-long-road\"")
	}
	*s = slug(b)
	return nil
}

func (d *isoDate) UnmarshalText(b []byte) error {
	for _, form := range []string{"2006-01-02", "2006-01", "2006"} {
		if _, err := time.Parse(form, string(b)); err == nil {
			*d = isoDate(b)
			return nil
		}
	}
	return errors.New("a date is written 2026-11-23, 2026-11 or 2026")
}

var momentForm = regexp.MustCompile(`^(?:(?:(\d{1,2}):)?(\d{1,2}):)?(\d{1,5}(?:\.\d{1,3})?)$`)

func (p *poster) UnmarshalText(b []byte) error {
	parts := momentForm.FindSubmatch(b)
	if parts == nil {
		return p.file(string(b))
	}
	seconds := 0.0
	for _, part := range parts[1:] {
		value, err := strconv.ParseFloat(cmp.Or(string(part), "0"), 64)
		if err != nil {
			return err
		}
		seconds = 60*seconds + value
	}
	at := time.Duration(math.Round(seconds*1000) * float64(time.Millisecond))
	p.At = &at
	return nil
}

// IsPicture says whether a file of this name can be a poster.
func IsPicture(name string) bool {
	return slices.Contains([]string{".jpg", ".jpeg", ".png"}, strings.ToLower(path.Ext(name)))
}

func (p *poster) file(name string) error {
	if !IsPicture(name) {
		return errors.New("a poster is a moment of the film, written 83, 1:23, 1:23.5 or 1:02:03, or a JPEG or PNG file, written poster.jpg")
	}
	if strings.ContainsAny(name, `/\`) {
		return errors.New("the poster's file lies beside the film and is named without a folder, as in poster.jpg")
	}
	p.File = name
	return nil
}

func (l *langTag) UnmarshalText(b []byte) error {
	tag, err := language.Parse(string(b))
	if err != nil {
		return fmt.Errorf("%q is not a language tag; write en, ru, ky or pt-BR (BCP 47)", b)
	}
	*l = langTag(tag.String())
	return nil
}

func (l *linkURL) UnmarshalText(b []byte) error {
	u, err := url.Parse(string(b))
	if err != nil || !safeScheme(u) || u.Scheme == "" {
		return fmt.Errorf("%q cannot be linked to; write a whole address that begins with https://", b)
	}
	*l = linkURL(b)
	return nil
}

// safeScheme says whether following a link can do no more than open a page, a letter or a call.
func safeScheme(u *url.URL) bool {
	switch strings.ToLower(u.Scheme) {
	case "":
		return u.Host == "" // "//host" would leave the site unseen
	case "http", "https":
		return u.Host != ""
	}
	return strings.EqualFold(u.Scheme, "mailto") || strings.EqualFold(u.Scheme, "tel")
}
