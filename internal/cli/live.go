package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"filmpress/internal/release"
	"filmpress/internal/store"
	"filmpress/internal/theme"
	"filmpress/internal/watch"
)

// The addresses of serve's own, which no published object can have: names that begin with a dot are not served.
const (
	liveEvents = "/.filmpress/events"
	liveScript = "/.filmpress/reload.js"
)

// liveJS reloads the page at each event. It is added by serve alone, and never part of what is published.
const liveJS = `new EventSource("` + liveEvents + `").onmessage = () => location.reload();` + "\n"

// mostPages is how many open pages are told: each holds a connection.
const mostPages = 200

// live tells open pages that something was published.
type live struct {
	mu    sync.Mutex
	pages map[chan struct{}]bool
}

func newLive() *live { return &live{pages: map[chan struct{}]bool{}} }

// tell tells all open pages.
func (l *live) tell() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for page := range l.pages {
		select {
		case page <- struct{}{}:
		default: // it was told already and has not come to it
		}
	}
}

// serves answers for serve's own addresses.
func (l *live) serves(w http.ResponseWriter, r *http.Request) bool {
	switch r.URL.Path {
	case liveScript:
		w.Header().Set("Content-Type", store.TypeOf(liveScript))
		w.Header().Set("Cache-Control", "no-store")
		io.WriteString(w, liveJS)
	case liveEvents:
		l.events(w, r)
	default:
		return false
	}
	return true
}

// events is a stream of Server-Sent Events that lasts as long as the page is open.
func (l *live) events(w http.ResponseWriter, r *http.Request) {
	page := make(chan struct{}, 1)
	l.mu.Lock()
	full := len(l.pages) >= mostPages
	if !full {
		l.pages[page] = true
	}
	l.mu.Unlock()
	if full {
		http.Error(w, "too many pages are open", http.StatusServiceUnavailable)
		return
	}
	defer func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.pages, page)
	}()
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	flush := http.NewResponseController(w).Flush
	for fmt.Fprint(w, ": here\n\n"); flush() == nil; fmt.Fprint(w, "data: published\n\n") {
		select {
		case <-r.Context().Done():
			return
		case <-page:
		}
	}
}

// add puts the script into a page, and lets the page's policy run it and ask this server.
func (l *live) add(page []byte) []byte {
	const runs, asks = "script-src ", "connect-src "
	if !bytes.Contains(page, []byte(runs+"&#39;self&#39;")) {
		page = bytes.Replace(page, []byte(runs), []byte(runs+"&#39;self&#39; "), 1)
	}
	if !bytes.Contains(page, []byte(asks)) {
		page = bytes.Replace(page, []byte(runs), []byte(asks+"&#39;self&#39;; "+runs), 1)
	}
	return bytes.Replace(page, []byte("</head>"), []byte(`<script src="`+liveScript+`"></script></head>`), 1)
}

// send answers with a page and the script in it. It is not kept by browsers, whose copies would outlive this server.
func (l *live) send(w http.ResponseWriter, r *http.Request, name string, f io.Reader) {
	page, err := io.ReadAll(f)
	if err != nil {
		http.Error(w, "the page cannot be read", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", store.TypeOf(name))
	w.Header().Set("Cache-Control", "no-store")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(l.add(page)))
}

// republish publishes the film into the folder, now and whenever a file beside it or the theme changes, until ctx ends. What goes wrong is told, and the
// pages stay as they are.
func (a *app) republish(ctx context.Context, folder string, o publishOptions, l *live, every time.Duration) {
	own := *a
	own.config.To, own.out = folder, io.Discard
	before, done := "", ""
	for ctx.Err() == nil {
		now := sources(o.name, o.film.subs, a.config.Theme)
		if now == before && now != done { // it changed, and is at rest
			done = now
			if err := own.publish(ctx, o); ctx.Err() != nil {
				return
			} else if err != nil {
				own.tellUnpublished(err)
			} else {
				l.tell()
			}
		}
		before = now
		if (release.Timer{}).Pause(ctx, every) != nil {
			return
		}
	}
}

// tellUnpublished tells why a publish failed while serve goes on.
func (a *app) tellUnpublished(err error) {
	text := a.tell(err)
	a.ui.Close()
	a.ui.Note(text + "; the pages stay as they are until it is mended")
}

// sources tells the state of the film, of the files beside it, and of the theme, by size and time: whether bytes changed, the digests of a publish decide.
func sources(film string, subs []string, look string) string {
	paths := []string{film}
	stem := strings.TrimSuffix(filepath.Base(film), filepath.Ext(film))
	if entries, err := os.ReadDir(filepath.Dir(film)); err == nil {
		for _, e := range entries {
			if strings.HasPrefix(e.Name(), stem+".") || watch.IsPicture(e.Name()) { // one of the pictures can be its poster
				paths = append(paths, filepath.Join(filepath.Dir(film), e.Name()))
			}
		}
	}
	for _, arg := range subs {
		_, path, _ := strings.Cut(arg, "=")
		paths = append(paths, path)
	}
	if look != "" && look != "none" {
		for _, name := range theme.Names {
			paths = append(paths, filepath.Join(look, name))
		}
	}
	slices.Sort(paths)
	var b strings.Builder
	for _, path := range slices.Compact(paths) {
		if info, err := os.Stat(path); err == nil {
			fmt.Fprintf(&b, "%s %d %d\n", path, info.Size(), info.ModTime().UnixNano())
		} else if !errors.Is(err, fs.ErrNotExist) {
			fmt.Fprintf(&b, "%s %v\n", path, err)
		}
	}
	return b.String()
}
