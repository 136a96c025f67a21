package serve

import (
	"bytes"
	"io/fs"
	"net/http"
	"time"

	"filmpress/internal/library"
	"filmpress/internal/site"
	"filmpress/internal/store"
	"filmpress/internal/theme"
)

// index answers with the folder's films where the folder has no library's page: it is empty, or its films were published by an older filmpress.
func (l Folder) index(w http.ResponseWriter, r *http.Request) {
	entries, err := fs.ReadDir(l.Root.FS(), ".")
	var lib site.Library
	if err == nil {
		var slugs []string
		for _, e := range entries {
			if e.IsDir() && !hidden(e.Name()) {
				slugs = append(slugs, e.Name())
			}
		}
		lib, err = library.Gather(r.Context(), l.Films, slugs)
	}
	if err != nil {
		http.Error(w, "the folder cannot be read", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", store.TypeOf(site.IndexName))
	h.Set("Cache-Control", store.Revalidate)
	page := lib.Index(theme.Theme{})
	if l.Live != nil {
		page = l.Live.add(page)
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(page))
}
