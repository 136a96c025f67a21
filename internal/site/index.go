package site

import (
	"bytes"
	"cmp"
	"embed"
	"html/template"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/text/language"

	"filmpress/internal/subtitle"
	"filmpress/internal/theme"
	"filmpress/internal/watch"
)

//go:embed index.html words/*.yml
var files embed.FS

//go:embed index.css
var indexCSS string

//go:embed index.js
var indexJS string

var indexTemplate = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("index.html").Funcs(template.FuncMap{"dir": watch.Direction, "name": subtitle.NativeName}).ParseFS(files, "index.html"))
})

// words is the page's interface in one language. To add a language, add a file to words/; a test finds what is missing.
type words struct {
	Films     string `yaml:"films"`
	None      string `yaml:"none"`
	Search    string `yaml:"search"`
	Language  string `yaml:"language"`
	All       string `yaml:"all"`
	Nothing   string `yaml:"nothing"`
	Subtitles string `yaml:"subtitles"`
	Private   string `yaml:"private"`
}

// dictionary holds the words of each language that has a file.
var dictionary = watch.Dictionary[words](files)

// words gives the interface of the library, and its language: the one that was set, else that of most films.
func (l Library) words() (words, string) {
	lang := l.Site.Language
	if lang == "" {
		count := map[string]int{}
		for _, f := range l.Films {
			base, _ := language.Make(f.Language).Base()
			count[base.String()]++
		}
		for candidate := range dictionary() {
			if n, best := count[candidate], count[lang]; lang == "" || n > best || n == best && candidate < lang {
				lang = candidate
			}
		}
		if count[lang] == 0 {
			lang = "en"
		}
	}
	base, _ := language.Make(lang).Base()
	if w, ok := dictionary()[base.String()]; ok {
		return w, lang
	}
	return dictionary()["en"], "en"
}

// Index is index.html: all films, which can be searched where scripts run. The theme may be the zero value.
func (l Library) Index(t theme.Theme) []byte {
	l = l.readable()
	w, lang := l.words()
	v := view{Library: l, Words: w, Language: lang, Theme: t, Title: cmp.Or(l.Site.Title, w.Films)}
	for _, f := range l.Films {
		v.Films = append(v.Films, card{f, l.address})
	}
	var out bytes.Buffer
	if err := indexTemplate().Execute(&out, v); err != nil {
		panic(err) // every context of the template is plain text or a URL reference that address made
	}
	return out.Bytes()
}

func (Library) address(parts ...string) string { return address("", parts...) }

// view is what the template sees.
type view struct {
	Library
	Films    []card
	Words    words
	Language string
	Title    string
	Theme    theme.Theme
}

func (view) Mark() template.HTML      { return "<!-- " + Mark + " -->" }
func (view) CSS() template.CSS        { return template.CSS(indexCSS) }
func (view) JS() template.JS          { return template.JS(indexJS) }
func (v view) ThemeCSS() template.CSS { return template.CSS(v.Theme.CSS) }
func (v view) Logo() template.URL     { return template.URL(v.Theme.Logo) }
func (v view) Footer() template.HTML  { return v.Theme.FooterHTML() }
func (v view) Day(date string) string { return watch.Date(v.Language, date) }

// About names the first films, for who finds the page by a search.
func (v view) About() string {
	var titles []string
	for _, f := range v.Films[:min(len(v.Films), 10)] {
		titles = append(titles, f.Title)
	}
	return clip(strings.Join(titles, " · "), 160)
}

// Policy lets the page load pictures from its own place, and run nothing but what lies in it. frame-ancestors would do nothing in a meta. The page asks
// for nothing by itself; connect-src is for who looks for robots.txt from inside of it, as Lighthouse does.
func (v view) Policy() string {
	styles := watch.Hash(indexCSS)
	if v.Theme.CSS != "" {
		styles += " " + watch.Hash(v.Theme.CSS)
	}
	return "default-src 'none'; script-src " + watch.Hash(indexJS) + "; style-src " + styles + "; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'"
}

// Tongues are the languages of films and subtitles, sorted.
func (v view) Tongues() []string {
	var all []string
	for _, f := range v.Films {
		all = append(all, f.Spoken()...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// card is a film on the page.
type card struct {
	Film
	at func(parts ...string) string
}

func (c card) Page() string { return c.at(c.Slug, "index.html") }

// Still is the poster's address; "" is none.
func (c card) Still() string {
	if c.Poster == "" {
		return ""
	}
	return c.at(c.Slug, c.Poster)
}

func (c card) Clock() string { return watch.Clock(time.Duration(c.Duration * float64(time.Second))) }

// Spoken are the languages by which the film can be chosen: its own and those of its subtitles.
func (c card) Spoken() []string {
	var out []string
	for _, tag := range append([]string{c.Language}, c.Subtitles...) {
		if tag != "" && !slices.Contains(out, tag) {
			out = append(out, tag)
		}
	}
	return out
}
