package watch

import (
	"bytes"
	"encoding/json"
	"errors"
	"html/template"
	"net/url"
	"slices"
	"strings"
)

// What Entrance looks for in a page that Render wrote.
const (
	media      = "../../o/" // how a release's page names media; see Page
	masterAttr = `data-master="`
	dataBegin  = `<script type="application/ld+json">`
	dataEnd    = `</script>`
	styleBegin = `<style>`
	styleEnd   = `</style>`
	headEnd    = `</head>`
	playerMeta = `<meta name="twitter:player:`
	localeMeta = `<meta property="og:locale" content="`
)

// The places of the page that tell its own address. They are written as page.html writes them, so that they are escaped alike.
var (
	addressHTML = template.Must(template.New("address").Parse(`<meta property="og:url" content="{{.PublicURL}}">
<link rel="canonical" href="{{.PublicURL}}">
<link rel="alternate" type="application/json+oembed" href="{{.Beside "oembed.json"}}">
<meta name="twitter:card" content="player">
<meta name="twitter:player" content="{{.Beside "embed.html"}}">
`))
	imageHTML = template.Must(template.New("image").Parse(`<meta property="og:image" content="{{.}}">`))
	videoHTML = template.Must(template.New("video").Parse(`<meta property="og:video" content="{{.}}">`))
	dataHTML  = template.Must(template.New("data").Parse(dataBegin + `{{.}}` + dataEnd))
)

// Entrance turns the page of a release, as Render wrote it with no Base and no PublicURL, into the one that lies at the
// film's entrance: the same bytes that Render writes with them. So a release that was published years ago, by another
// version, can be made current again without its sources. base is "r/<release>/".
func Entrance(page []byte, base, publicURL string) ([]byte, error) {
	_, body, _ := bytes.Cut(page, []byte(headEnd))
	frame := bytes.Contains(body, []byte(embedMark)) // in texts the quotes are escaped
	if !bytes.Contains(body, []byte(masterAttr)) || !frame && !bytes.Contains(page, []byte(dataBegin)) {
		return nil, errors.New("it is no watch page of filmpress")
	}
	// Quotes in texts are escaped, so what follows =" is an attribute's beginning; but for style sheets, whose selectors may look alike.
	page = outsideStyles(page, func(part []byte) []byte { return bytes.ReplaceAll(part, []byte(`="`+media), []byte(`="o/`)) })
	head, body, _ := bytes.Cut(page, []byte(headEnd))
	page = slices.Concat(head, []byte(headEnd), bytes.Replace(body, []byte(masterAttr), []byte(masterAttr+base), 1))
	if frame {
		return page, nil
	}
	address := view{Page: Page{Base: base, PublicURL: publicURL}}
	page, err := address.data(page)
	if err != nil || publicURL == "" {
		return page, err
	}
	return address.metas(page)
}

// outsideStyles changes what stands in a page outside of its style elements.
func outsideStyles(page []byte, change func([]byte) []byte) (out []byte) {
	for {
		before, rest, found := bytes.Cut(page, []byte(styleBegin))
		out = append(out, change(before)...)
		if !found {
			return out
		}
		sheet, after, ended := bytes.Cut(rest, []byte(styleEnd))
		out = slices.Concat(out, []byte(styleBegin), sheet)
		if ended {
			out = append(out, styleEnd...)
		}
		page = after
	}
}

// data brings the film as search engines read it up to the page's place.
func (v view) data(page []byte) ([]byte, error) {
	behind := bytes.Index(page, []byte(headEnd))
	behind = max(bytes.LastIndex(page[:max(behind, 0)], []byte(styleEnd)), 0) // what a style sheet holds is not it
	head, rest, _ := bytes.Cut(page[behind:], []byte(dataBegin))
	head = page[:behind+len(head)]
	text, tail, ok := bytes.Cut(rest, []byte(dataEnd))
	var video map[string]any
	if !ok || json.Unmarshal(text, &video) != nil {
		return nil, errors.New("its description for search engines cannot be read")
	}
	absolute := func(at map[string]any, keys ...string) {
		for _, key := range keys {
			if ref, ok := at[key].(string); ok {
				at[key] = v.Absolute(ref)
			}
		}
	}
	absolute(video, "thumbnailUrl", "contentUrl")
	if ref, ok := video["embedUrl"].(string); ok {
		video["embedUrl"] = v.Beside(ref)
	}
	for _, caption := range maps(video["caption"]) {
		absolute(caption, "contentUrl")
	}
	for _, clip := range maps(video["hasPart"]) {
		if at, ok := clip["url"].(string); ok {
			clip["url"] = v.PublicURL + at
		}
	}
	var out bytes.Buffer
	out.Write(head)
	if err := dataHTML.Execute(&out, video); err != nil {
		return nil, err
	}
	out.Write(tail)
	return out.Bytes(), nil
}

func maps(list any) (out []map[string]any) {
	values, _ := list.([]any)
	for _, v := range values {
		if m, ok := v.(map[string]any); ok {
			out = append(out, m)
		}
	}
	return out
}

// metas writes the page's own address, and makes those of its preview absolute.
func (v view) metas(page []byte) ([]byte, error) {
	at := bytes.Index(page, []byte(localeMeta))
	end := bytes.IndexByte(page[max(at, 0):], '\n')
	if at < 0 || end < 0 {
		return nil, errors.New("it does not say its language")
	}
	at += end + 1
	var out bytes.Buffer
	out.Write(page[:at])
	if err := addressHTML.Execute(&out, v); err != nil {
		return nil, err
	}
	rest := page[at:]
	for range 2 { // the frame's size, which releases of an older filmpress do not tell
		if line := bytes.IndexByte(rest, '\n'); line >= 0 && bytes.HasPrefix(rest, []byte(playerMeta)) {
			out.Write(rest[:line+1])
			rest = rest[line+1:]
		}
	}
	for _, meta := range []struct {
		begins string
		write  *template.Template
	}{{`<meta property="og:image" content="`, imageHTML}, {`<meta property="og:video" content="`, videoHTML}} {
		after, ok := bytes.CutPrefix(rest, []byte(meta.begins))
		if !ok {
			continue
		}
		ref, after, ok := bytes.Cut(after, []byte(`">`))
		base, err := url.Parse(v.PublicURL)
		if !ok || err != nil {
			return nil, errors.New("its preview cannot be read")
		}
		full, err := base.Parse(strings.TrimSpace(string(ref))) // "o/...": nothing in it is escaped
		if err != nil {
			return nil, err
		}
		if err := meta.write.Execute(&out, full.String()); err != nil {
			return nil, err
		}
		rest = after
		if line := bytes.IndexByte(rest, '\n'); line >= 0 {
			out.Write(rest[:line+1])
			rest = rest[line+1:]
		}
	}
	out.Write(rest)
	return out.Bytes(), nil
}
