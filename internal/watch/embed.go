package watch

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"html/template"
	"net/url"
	"strings"
	"sync"
)

// The objects beside the page by which others show the film on theirs.
const (
	EmbedName  = "embed.html"
	OEmbedName = "oembed.json"
)

//go:embed embed.html
var embedHTML string

//go:embed embed.css
var embedCSS string

var embedTemplate = sync.OnceValue(func() *template.Template { return template.Must(parsed().New(EmbedName).Parse(embedHTML)) })

// embedMark is how Entrance knows the page for frames.
const embedMark = `<body class="embed">`

// RenderEmbed is the page that fills a frame of somebody else's page: the same player, and a link to the film's own page. It never names its own
// address, so in its two places it differs by references alone.
func RenderEmbed(p Page) ([]byte, error) {
	v := framed{view{Page: p.clean()}}
	v.Words, v.WordsLanguage = wordsFor(p.Film.Language)
	var out bytes.Buffer
	if err := embedTemplate().Execute(&out, v); err != nil {
		return nil, fmt.Errorf("the page for embedding cannot be written: %w", err)
	}
	return out.Bytes(), nil
}

// framed is what the template of the frame sees.
type framed struct{ view }

func (framed) CSS() template.CSS { return template.CSS(embedCSS) }

// Policy is the page's, with the frame's own style. Nothing in it forbids framing: frame-ancestors would have no effect in a meta.
func (f framed) Policy() string {
	own := strings.NewReplacer(cspHash(pageCSS), cspHash(embedCSS), " "+cspHash(localJS), "").Replace(policy)
	return themed(own, embedCSS, f.Theme)
}

// Beside is the address of an object in the page's own folder: absolute where the page's address is known.
func (v view) Beside(name string) string {
	if base, err := url.Parse(v.PublicURL); err == nil && v.PublicURL != "" {
		if at, err := base.Parse(name); err == nil {
			return at.String()
		}
	}
	return name
}

// EmbedCode is what others paste into their pages. It names the frame's page without an address, which the player fills in: the same page lies
// in its release and at its entrance.
func (v view) EmbedCode() string { return EmbedCode(EmbedName, v.Film.Title, v.Width, v.Height) }

// EmbedCode is an HTML frame for the page at address. It keeps the picture's form at any width, and gives the frame no more rights than full screen
// and a small window.
func EmbedCode(address, title string, width, height int) string {
	if width <= 0 || height <= 0 {
		width, height = 16, 9
	}
	return fmt.Sprintf(`<iframe src="%s" title="%s" width="%d" height="%d" style="inline-size:100%%;block-size:auto;aspect-ratio:%d/%d;border:0" loading="lazy" referrerpolicy="no-referrer" allow="fullscreen; picture-in-picture" allowfullscreen></iframe>`,
		html.EscapeString(address), html.EscapeString(readable(title)), width, height, width, height)
}

// WordPress is the frame as a block of WordPress's editor, to be pasted into its code view.
func WordPress(code string) string {
	return "<!-- wp:html -->\n<figure class=\"wp-block-embed is-type-video\"><div class=\"wp-block-embed__wrapper\">" + code + "</div></figure>\n<!-- /wp:html -->\n"
}

// oEmbed is a response of the kind "video" (oembed.com, section 2.3.4.2).
type oEmbed struct {
	Version         string `json:"version"`
	Type            string `json:"type"`
	Title           string `json:"title"`
	Width           int    `json:"width"`
	Height          int    `json:"height"`
	HTML            string `json:"html"`
	ThumbnailURL    string `json:"thumbnail_url,omitempty"`
	ThumbnailWidth  int    `json:"thumbnail_width,omitempty"`
	ThumbnailHeight int    `json:"thumbnail_height,omitempty"`
}

// OEmbed is oembed.json: what a site that is given the page's address needs to embed the film.
func OEmbed(p Page) []byte {
	p = p.clean()
	v := view{Page: p}
	o := oEmbed{Version: "1.0", Type: "video", Title: p.Film.Title, Width: p.Width, Height: p.Height,
		HTML: EmbedCode(v.Beside(EmbedName), p.Film.Title, p.Width, p.Height)}
	if p.Poster != "" {
		o.ThumbnailURL, o.ThumbnailWidth, o.ThumbnailHeight = v.Absolute(p.Poster), p.PosterWidth, p.PosterHeight
	}
	return o.bytes()
}

func (o oEmbed) bytes() []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(o); err != nil {
		panic(err) // strings and numbers
	}
	return b.Bytes()
}

// OEmbedEntrance turns a release's oembed.json into the one that lies beside the film's page, as Entrance does. It is nil where nobody knows the
// page's address: then there is nothing that others could be given.
func OEmbedEntrance(b []byte, base, publicURL string) ([]byte, error) {
	var o oEmbed
	if err := json.Unmarshal(b, &o); err != nil || o.Type != "video" {
		return nil, errors.New("it is no oEmbed response of filmpress")
	}
	if publicURL == "" {
		return nil, nil
	}
	v := view{Page: Page{Base: base, PublicURL: publicURL}}
	o.HTML = EmbedCode(v.Beside(EmbedName), o.Title, o.Width, o.Height)
	o.ThumbnailURL = v.Absolute(o.ThumbnailURL)
	return o.bytes(), nil
}

// ChaptersJSON are the chapters as podcast apps read them (podcast namespace, JSON chapters 1.2.0); nil where there are none.
func ChaptersJSON(p Page) []byte {
	if len(p.Chapters) == 0 {
		return nil
	}
	type chapter struct {
		Start float64 `json:"startTime"` // seconds
		Title string  `json:"title"`
	}
	doc := struct {
		Version  string    `json:"version"`
		Chapters []chapter `json:"chapters"`
	}{Version: "1.2.0"}
	for _, c := range p.clean().Chapters {
		doc.Chapters = append(doc.Chapters, chapter{c.Start.Seconds(), c.Title})
	}
	b, err := json.Marshal(doc)
	if err != nil {
		panic(err) // strings and numbers
	}
	return append(b, '\n')
}
