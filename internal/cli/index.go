package cli

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"net/url"
	"time"

	"filmpress/internal/release"
	"filmpress/internal/store"
	"filmpress/internal/ui"
)

// listed is one film of the folder.
type listed struct {
	URL, Title, Language, Length string
}

// index answers with the folder's films: those that have a release.
func (l library) index(w http.ResponseWriter, r *http.Request) {
	entries, err := fs.ReadDir(l.root.FS(), ".")
	if err != nil {
		http.Error(w, "the folder cannot be read", http.StatusInternalServerError)
		return
	}
	var films []listed
	for _, e := range entries {
		if !e.IsDir() || hidden(e.Name()) {
			continue
		}
		if film, ok := look(r.Context(), l.films, e.Name()); ok {
			films = append(films, film)
		}
	}
	var page bytes.Buffer
	if err := indexPage.Execute(&page, films); err != nil {
		panic(err) // our own template and plain structs
	}
	h := w.Header()
	h.Set("Content-Type", store.TypeOf("index.html"))
	h.Set("Cache-Control", store.Revalidate)
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(page.Bytes()))
}

// look reads what the current release of a film says of it. A film whose manifest cannot be read is listed by its
// slug: its page may still play.
func look(ctx context.Context, films store.Store, slug string) (listed, bool) {
	pointer, _, err := release.ReadPointer(ctx, films, slug)
	if err != nil {
		return listed{}, false
	}
	film := listed{URL: url.PathEscape(slug) + "/", Title: slug}
	manifest, err := release.ReadManifest(ctx, films, slug, pointer.Release)
	var s filmSummary
	if err != nil || json.Unmarshal(manifest.Summary, &s) != nil {
		return film, true
	}
	film.Title, film.Language = cmp.Or(s.Title, slug), s.Language
	film.Length = ui.Clock(time.Duration(s.Duration * float64(time.Second)))
	for i, tag := range s.Subtitles {
		film.Length += fmt.Sprintf("%s%s", map[bool]string{true: " · ", false: ", "}[i == 0], tag)
	}
	return film, true
}

var indexPage = template.Must(template.New("index").Parse(`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Films</title>
<style>
:root { color-scheme: light dark }
body { max-width: 40rem; margin: 3rem auto; padding: 0 1rem; font: 1.1rem/1.5 system-ui, sans-serif }
li { margin-block: .5rem }
small { opacity: .7 }
</style>
<h1>Films</h1>
{{with .}}<ul>{{range .}}
<li><a href="{{.URL}}"{{with .Language}} lang="{{.}}"{{end}}>{{.Title}}</a> <small>{{.Length}}</small></li>{{end}}
</ul>{{else}}<p>No film is published in this folder yet.</p>{{end}}
</html>
`))
