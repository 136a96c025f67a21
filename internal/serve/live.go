package serve

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"filmpress/internal/store"
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

// Live tells open pages that something was published, by a script that it puts into them on their way to the browser.
type Live struct {
	mu    sync.Mutex
	pages map[chan struct{}]bool
}

// NewLive knows no open page yet.
func NewLive() *Live { return &Live{pages: map[chan struct{}]bool{}} }

// Tell tells all open pages to reload. It does not wait for them.
func (l *Live) Tell() {
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
func (l *Live) serves(w http.ResponseWriter, r *http.Request) bool {
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
func (l *Live) events(w http.ResponseWriter, r *http.Request) {
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
func (l *Live) add(page []byte) []byte {
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
func (l *Live) send(w http.ResponseWriter, r *http.Request, name string, f io.Reader) {
	page, err := io.ReadAll(f)
	if err != nil {
		http.Error(w, "the page cannot be read", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", store.TypeOf(name))
	w.Header().Set("Cache-Control", "no-store")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(l.add(page)))
}
