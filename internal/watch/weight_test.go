package watch

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// gzipped serves text the way a release is stored.
func gzipped(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, ext := range []string{".html", ".js", ".css", ".m3u8", ".vtt"} {
			if strings.HasSuffix(r.URL.Path, ext) {
				w.Header().Set("Content-Encoding", "gzip")
				z := gzip.NewWriter(w)
				defer z.Close()
				r.Header.Del("Range")
				h.ServeHTTP(&gzipWriter{w, z}, r)
				return
			}
		}
		h.ServeHTTP(w, r)
	})
}

type gzipWriter struct {
	http.ResponseWriter
	z *gzip.Writer
}

func (w *gzipWriter) WriteHeader(code int) {
	w.Header().Del("Content-Length")
	w.ResponseWriter.WriteHeader(code)
}
func (w *gzipWriter) Write(p []byte) (int, error) { return w.z.Write(p) }

func packed(t *testing.T, data []byte) int {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Len()
}

// TestWeight: what a viewer loads before the player, as it is sent: the page of a film of twenty minutes in two languages.
func TestWeight(t *testing.T) {
	p := samplePage()
	p.Assets = sampleAssets()
	words := strings.Fields("the road van bread flour winter pass morning nobody spoke frozen sister country story drive heat slow river stone light under over again never always village border mother bakery")
	for i := range p.Tracks {
		p.Tracks[i].Lines = nil
		for n := range 240 { // twelve a minute
			var text []string
			for k := range 9 {
				text = append(text, words[(n*7+k*k*13+n*n*k+i)%len(words)])
			}
			at := time.Duration(n) * 5 * time.Second
			p.Tracks[i].Lines = append(p.Tracks[i].Lines, Line{at, at + 4*time.Second, "", strings.Join(text, " ") + fmt.Sprint(n)})
		}
	}
	page := render(t, p)
	sent := packed(t, page)
	t.Logf("%d bytes, %d as sent", len(page), sent)
	if sent > 60_000 {
		t.Errorf("the page has %d bytes as it is sent, 60 kB are allowed", sent)
	}
}
