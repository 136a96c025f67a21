// Package serve shows a folder of published films to browsers, the way a bucket would: right types, byte ranges, text gzipped, nothing outside the folder.
// It can reload open pages when something was published, and tells when a film's files changed.
package serve

import (
	"compress/gzip"
	"context"
	"errors"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path"
	"strings"
	"time"

	"filmpress/internal/store"
)

// Folder answers for the files of one folder: GET, HEAD and OPTIONS of names in it, 404 for all that is not there or not to be seen. os.Root keeps it
// inside: neither .. nor a symbolic link leads out.
type Folder struct {
	Root  *os.Root
	Films store.Store // the same folder, for what release knows to read in it
	Live  *Live       // tells open pages of changes; nil is not to
	// Public says that it is meant for others: pages of other sites may read it, by whatever name it is asked for. Else a film that nobody
	// published yet is for this machine's user alone, whatever else is open in the browser.
	Public bool
}

// Until shows the folder to whoever asks at the listener, which it closes, until ctx ends. What is still being sent a second later is cut off.
func (l Folder) Until(ctx context.Context, listener net.Listener) error {
	server := &http.Server{Handler: l, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute}
	stopped := make(chan struct{})
	defer context.AfterFunc(ctx, func() {
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		if server.Shutdown(grace) != nil {
			server.Close() // a browser that keeps a download going does not keep us
		}
		close(stopped)
	})()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	<-stopped
	return nil
}

// ServeHTTP answers one request.
func (l Folder) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	switch {
	case l.Public:
		h.Set("Access-Control-Allow-Origin", "*") // a page elsewhere may embed the film, as with a public bucket
		h.Set("Access-Control-Expose-Headers", "Content-Length, Content-Range, ETag")
	case !ownHost(r.Host): // a site whose name leads here would be of the same origin as these pages
		http.Error(w, "this server is for this machine alone; filmpress serve --public is for others", http.StatusForbidden)
		return
	default:
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
	}
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		l.get(w, r)
	case http.MethodOptions:
		if l.Public {
			h.Set("Access-Control-Allow-Methods", "GET, HEAD")
			h.Set("Access-Control-Allow-Headers", "Range")
		}
		w.WriteHeader(http.StatusNoContent)
	default:
		h.Set("Allow", "GET, HEAD, OPTIONS")
		http.Error(w, "this server only shows films", http.StatusMethodNotAllowed)
	}
}

// ownHost says whether a browser of this machine asked for this machine.
func ownHost(host string) bool {
	if _, _, err := net.SplitHostPort(host); err != nil { // without a port it is that of http
		host = net.JoinHostPort(strings.Trim(host, "[]"), "80")
	}
	return Loopback(host)
}

// Loopback tells whether only this machine reaches an address, host:port. A name counts only if it is localhost: what
// another name means is for others to decide.
func Loopback(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	ip := net.ParseIP(host)
	return err == nil && (host == "localhost" || ip != nil && ip.IsLoopback())
}

func (l Folder) get(w http.ResponseWriter, r *http.Request) {
	if l.Live != nil && l.Live.serves(w, r) {
		return
	}
	name := strings.TrimPrefix(r.URL.Path, "/")
	folder := name == "" || strings.HasSuffix(name, "/")
	if folder {
		name += "index.html"
	}
	if !fs.ValidPath(name) || hidden(name) {
		http.NotFound(w, r)
		return
	}
	f, info, err := l.open(name)
	switch {
	case err == nil && info.IsDir():
		f.Close()
		http.Redirect(w, r, "./"+path.Base(name)+"/", http.StatusMovedPermanently)
	case err == nil:
		defer f.Close()
		if l.Live != nil && path.Ext(name) == ".html" {
			l.Live.send(w, r, name, f)
			return
		}
		send(w, r, name, f, info)
	case name == "index.html" && errors.Is(err, fs.ErrNotExist):
		l.index(w, r)
	default: // whether it is missing, a link that leads out or not readable is nobody's business
		http.NotFound(w, r)
	}
}

// hidden tells of names of which a part begins with a dot: locks, unfinished files, and what is private by custom.
func hidden(name string) bool {
	return strings.HasPrefix(name, ".") || strings.Contains(name, "/.")
}

// open opens a file or a folder; anything else, a pipe for example, is refused before it could block.
func (l Folder) open(name string) (*os.File, fs.FileInfo, error) {
	info, err := l.Root.Stat(name)
	if err != nil {
		return nil, nil, err
	}
	if !info.Mode().IsRegular() && !info.IsDir() {
		return nil, nil, fs.ErrPermission
	}
	f, err := l.Root.Open(name)
	return f, info, err
}

// send answers with a file, gzipped where it is text and the browser takes that. Ranges count in plain bytes, so a
// request for one gets plain bytes.
func send(w http.ResponseWriter, r *http.Request, name string, f *os.File, info fs.FileInfo) {
	kind := store.TypeOf(name)
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Cache-Control", cacheControl(name))
	if !store.Compressible(kind) {
		http.ServeContent(w, r, name, info.ModTime(), f)
		return
	}
	h.Set("Vary", "Accept-Encoding")
	if r.Header.Get("Range") != "" || !takesGzip(r) {
		http.ServeContent(w, r, name, info.ModTime(), f)
		return
	}
	h.Set("Last-Modified", info.ModTime().UTC().Format(http.TimeFormat))
	if since, err := http.ParseTime(r.Header.Get("If-Modified-Since")); err == nil && !info.ModTime().Truncate(1e9).After(since) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Encoding", "gzip")
	if r.Method == http.MethodHead {
		return
	}
	z := gzip.NewWriter(w)
	if _, err := io.Copy(z, f); err == nil {
		z.Close()
	}
}

func takesGzip(r *http.Request) bool {
	for coding := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		name, quality, _ := strings.Cut(strings.TrimSpace(coding), ";")
		if name == "gzip" && strings.Trim(strings.TrimPrefix(strings.TrimSpace(quality), "q="), "0.") != "" || name == "gzip" && quality == "" {
			return true
		}
	}
	return false
}

// cacheControl is what release gives the same object in a bucket: forever for names that hold a digest.
func cacheControl(name string) string {
	if parts := strings.Split(name, "/"); len(parts) > 3 && (parts[1] == "o" || parts[1] == "r") {
		return store.Immutable
	}
	return store.Revalidate
}
