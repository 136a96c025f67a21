// Package site is the library: what stands above the films of a place and leads to them. It reads and writes films.json, and renders the
// page, the feed and the sitemap from it. It does no I/O, and looks at no clock: the same films give the same bytes on any day.
package site

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/text/language"

	"filmpress/internal/store"
	"filmpress/internal/watch"
)

// The library's own objects, at the root of a place.
const (
	FilmsName   = "films.json"
	IndexName   = "index.html"
	FeedName    = "feed.xml"
	SitemapName = "sitemap.xml"
	ThemeName   = "theme.json"
)

// Names are all of them. FilmsName comes first, since the others are made of it.
var Names = []string{FilmsName, ThemeName, IndexName, FeedName, SitemapName}

// Mark stands in the page, the feed and the sitemap. Whatever of these names lacks it was made by others, and is never written over.
const Mark = "made of films.json"

// MaxBytes bounds films.json: 10,000 films have about 8 MB.
const MaxBytes = 16 << 20

const format = 1

// Library is films.json.
type Library struct {
	Site  Site   `json:"site"`
	Films []Film `json:"films"` // the newest date first, those without one last, by slug
}

// Site is what is said of the library itself. Who publishes without a setting keeps what stands there.
type Site struct {
	URL      string `json:"url,omitempty"`      // where viewers open the library, with a slash at its end; "" is not known
	Title    string `json:"title,omitempty"`    // "" is the word for "films"
	Language string `json:"language,omitempty"` // BCP 47, of the page; "" is that of most films
}

// Over gives s with the fields that more has in their places.
func (s Site) Over(more Site) Site {
	return Site{cmp.Or(more.URL, s.URL), cmp.Or(more.Title, s.Title), cmp.Or(more.Language, s.Language)}
}

// Film is one film of the library, as its current release tells of it. Paths are below <slug>/.
type Film struct {
	Slug        string   `json:"slug"`
	Release     string   `json:"release"`
	Title       string   `json:"title"`
	Language    string   `json:"language"` // BCP 47
	Description string   `json:"description,omitempty"`
	Date        string   `json:"date,omitempty"` // 2026-11-23, 2026-11 or 2026, as its front matter says; never a day of publishing
	Duration    float64  `json:"duration"`       // seconds
	Subtitles   []string `json:"subtitles"`      // languages
	Width       int      `json:"width,omitempty"`
	Height      int      `json:"height,omitempty"`
	Poster      string   `json:"poster,omitempty"`
	MP4         string   `json:"mp4,omitempty"`
	Size        int64    `json:"size,omitempty"` // of the MP4, bytes
	Tracks      []Track  `json:"tracks,omitempty"`
	Chapters    string   `json:"chapters,omitempty"` // podcast chapters as JSON
}

// Track is a subtitle track of a film as a whole WebVTT file.
type Track struct {
	Language string `json:"language"`
	Kind     string `json:"kind"` // "subtitles" or "captions"
	Path     string `json:"path"`
}

// Set puts a film in its place, instead of the one with its slug.
func (l *Library) Set(f Film) {
	l.Remove(f.Slug)
	l.Films = append(l.Films, f)
	l.sort()
}

// readable gives the library as pages may show it: a title must not turn the words around it.
func (l Library) readable() Library {
	l.Site.Title = watch.Readable(l.Site.Title)
	l.Films = slices.Clone(l.Films)
	for i := range l.Films {
		f := &l.Films[i]
		f.Title, f.Description = watch.Readable(f.Title), watch.Readable(f.Description)
	}
	return l
}

// Remove takes a film away.
func (l *Library) Remove(slug string) {
	l.Films = slices.DeleteFunc(slices.Clone(l.Films), func(f Film) bool { return f.Slug == slug })
}

// Find gives the film of a slug.
func (l Library) Find(slug string) (Film, bool) {
	i := slices.IndexFunc(l.Films, func(f Film) bool { return f.Slug == slug })
	if i < 0 {
		return Film{}, false
	}
	return l.Films[i], true
}

func (l *Library) sort() {
	slices.SortFunc(l.Films, func(a, b Film) int { return cmp.Or(cmp.Compare(b.Date, a.Date), cmp.Compare(a.Slug, b.Slug)) })
}

// Bytes is films.json: a film a line, so that two of them can be compared by eye.
func (l Library) Bytes() []byte {
	l.Films = slices.Clone(l.Films)
	l.sort()
	var b bytes.Buffer
	line := func(v any) {
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		if err := e.Encode(v); err != nil {
			panic(err) // plain structs; a duration that is no number is refused by Parse, and no film has one
		}
		b.Truncate(b.Len() - 1)
	}
	fmt.Fprintf(&b, `{"format":%d,"site":`, format)
	line(l.Site)
	b.WriteString(`,"films":[`)
	for i, f := range l.Films {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('\n')
		line(f)
	}
	b.WriteString("\n]}\n")
	return b.Bytes()
}

// Parse reads films.json. What is not ours, or was changed so that it could mislead viewers, is an error as a whole: half a list would lose
// films.
func Parse(b []byte) (Library, error) {
	var raw struct {
		Format int `json:"format"`
		Library
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&raw); err != nil {
		return Library{}, fmt.Errorf("it is no list of films: %w", err)
	}
	if _, err := d.Token(); err != io.EOF {
		return Library{}, errors.New("something follows the JSON")
	}
	if raw.Format != format {
		return Library{}, fmt.Errorf("it has format %d, this program knows %d", raw.Format, format)
	}
	if err := raw.Site.check(); err != nil {
		return Library{}, err
	}
	seen := map[string]bool{}
	for _, f := range raw.Films {
		if err := f.check(); err != nil {
			return Library{}, fmt.Errorf("of the film %.40q: %w", f.Slug, err)
		}
		if seen[f.Slug] {
			return Library{}, fmt.Errorf("the film %q stands in it twice", f.Slug)
		}
		seen[f.Slug] = true
	}
	raw.Library.sort()
	return raw.Library, nil
}

func (s Site) check() error {
	if err := CheckURL(s.URL); err != nil {
		return fmt.Errorf("the site's address %w", err)
	}
	return firstOf(short(s.Title, 300), tag(s.Language))
}

// CheckURL refuses what cannot be the address of a library; "" is none.
func CheckURL(address string) error {
	if address == "" {
		return nil
	}
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		return errors.New("must be a URL that begins with http:// or https://")
	case u.User != nil || u.RawQuery != "" || u.Fragment != "" || strings.HasSuffix(address, "?") || strings.HasSuffix(address, "#"):
		return errors.New("must not hold a name, a password, ? or #")
	}
	return nil
}

var dateForm = regexp.MustCompile(`^\d{4}(-\d\d(-\d\d)?)?$`)

func (f Film) check() error {
	switch {
	case store.CheckName(f.Slug) != nil || strings.Contains(f.Slug, "/"):
		return errors.New("its slug is not possible")
	case !hexOf(f.Release, 20):
		return errors.New("it names no release")
	case f.Date != "" && !dateForm.MatchString(f.Date):
		return fmt.Errorf("its date %.20q is not possible", f.Date)
	case math.IsNaN(f.Duration) || f.Duration < 0 || f.Duration > 1e7 || f.Width < 0 || f.Height < 0 || f.Size < 0:
		return errors.New("its length, picture or size is not possible")
	case len(f.Subtitles) > 500 || len(f.Tracks) > 500:
		return errors.New("it has more than 500 subtitles")
	}
	err := firstOf(short(f.Title, 5000), short(f.Description, 50_000), tag(f.Language), below(f.Poster), below(f.MP4), below(f.Chapters))
	for _, s := range f.Subtitles {
		err = firstOf(err, tag(s))
	}
	for _, t := range f.Tracks {
		if t.Kind != "subtitles" && t.Kind != "captions" {
			err = firstOf(err, fmt.Errorf("subtitles of the kind %.20q are not known", t.Kind))
		}
		err = firstOf(err, tag(t.Language), below(t.Path))
	}
	return err
}

// below refuses paths that lead out of the film's folder.
func below(path string) error {
	if path == "" || store.CheckName(path) == nil && (strings.HasPrefix(path, "o/") || strings.HasPrefix(path, "r/")) {
		return nil
	}
	return fmt.Errorf("the path %.60q is not possible", path)
}

func tag(s string) error {
	if s == "" {
		return nil
	}
	if _, err := language.Parse(s); err != nil || len(s) > 60 {
		return fmt.Errorf("%.20q is not a language tag", s)
	}
	return nil
}

func short(s string, most int) error {
	if len(s) > most {
		return fmt.Errorf("a text of %d bytes is too long", len(s))
	}
	return nil
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func hexOf(s string, n int) bool {
	return len(s) == n && !strings.ContainsFunc(s, func(r rune) bool { return !(r >= '0' && r <= '9' || r >= 'a' && r <= 'f') })
}

// address is a path below the library as a URL reference: base is "" for one that is relative to the library.
func address(base string, parts ...string) string {
	for i, p := range parts {
		segments := strings.Split(p, "/")
		for j := range segments {
			segments[j] = url.PathEscape(segments[j])
		}
		parts[i] = strings.Join(segments, "/")
	}
	return base + strings.Join(parts, "/")
}
