package origin

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"filmpress/internal/audit"
	"filmpress/internal/store"
	"filmpress/internal/store/dir"
	"filmpress/internal/store/storetest"
)

const content = "0123456789abcdef"

// serving is a server and a Web that may speak to it.
func serving(t *testing.T, h http.HandlerFunc, allowed ...string) (*Web, string) {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	u, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	return NewWeb(u, allowed, "test"), server.URL
}

func whole(w http.ResponseWriter, r *http.Request) {
	http.ServeContent(w, r, "", time.Time{}, strings.NewReader(content))
}

// sources are the same bytes in each kind of place.
func sources(t *testing.T) map[string]struct {
	audit.Source
	name string
} {
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "a.m4s"), []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	onDisk, err := dir.New(folder)
	if err != nil {
		t.Fatal(err)
	}
	memory := storetest.Memory()
	b := []byte(content)
	if _, err := memory.Put(t.Context(), "a.m4s", store.Bytes(b), storetest.Meta("a.m4s", b), store.If{}); err != nil {
		t.Fatal(err)
	}
	web, address := serving(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/a.m4s" {
			http.NotFound(w, r)
			return
		}
		whole(w, r)
	})
	type source = struct {
		audit.Source
		name string
	}
	return map[string]source{
		"folder": {Store{Store: onDisk}, ""}, "bucket": {Store{Store: memory, Heads: true}, ""}, "web": {web, address + "/"},
		"files": {Files{"a.m4s": {Size: int64(len(b)), Open: store.Bytes(b).Open}}, ""},
	}
}

// TestSources: every kind of place gives the same answers.
func TestSources(t *testing.T) {
	for kind, s := range sources(t) {
		for _, c := range []struct {
			offset, length, limit int64
			want                  string
			fails                 bool
		}{
			{0, 0, 100, content, false}, {0, 0, 16, content, false}, {0, 0, 15, "", true}, {2, 3, 100, "234", false}, {14, 10, 100, "ef", false}, {100, 10, 100, "", false},
		} {
			f, err := s.Read(t.Context(), audit.Request{URI: s.name + "a.m4s", Offset: c.offset, Length: c.length, Limit: c.limit})
			if string(f.Data) != c.want || (err != nil) != c.fails {
				t.Errorf("%s: %+v: %q, %v", kind, c, f.Data, err)
			}
			if c.length == 0 && err == nil && f.Size != int64(len(content)) {
				t.Errorf("%s: size %d", kind, f.Size)
			}
		}
		r, err := s.Open(t.Context(), s.name+"a.m4s")
		if err != nil {
			t.Fatal(kind, err)
		}
		if b, err := io.ReadAll(r); err != nil || string(b) != content {
			t.Errorf("%s: %q, %v", kind, b, err)
		}
		r.Close()
		if f, err := s.Stat(t.Context(), s.name+"a.m4s"); err != nil || f.Size != int64(len(content)) || (f.Head != nil) != (kind == "bucket" || kind == "web") {
			t.Errorf("%s: %+v, %v", kind, f, err)
		}
		for what, err := range map[string]error{"Read": second(s.Read(t.Context(), audit.Request{URI: s.name + "none", Limit: 9})), "Stat": second(s.Stat(t.Context(), s.name+"none")),
			"Open": second(s.Open(t.Context(), s.name+"none"))} {
			if !errors.Is(err, store.ErrNotFound) || errors.Is(err, store.ErrUnreachable) {
				t.Errorf("%s: %s of what is not there: %v", kind, what, err)
			}
		}
	}
}

func second[T any](_ T, err error) error { return err }

// TestNothingOutside: no kind of place follows an address out of it.
func TestNothingOutside(t *testing.T) {
	all := sources(t)
	for _, c := range []struct{ kind, uri, rule string }{
		{"folder", "../secret", "ref-outside"}, {"folder", "/etc/passwd", "ref-outside"}, {"folder", "..", "ref-outside"},
		{"folder", "file:///etc/passwd", "ref-scheme"}, {"folder", "https://other.example/a", "ref-host"}, {"folder", "//other.example/a", "ref-host"}, {"folder", "data:,a", "ref-scheme"},
		{"bucket", "../secret", "ref-outside"}, {"bucket", "http://169.254.169.254/latest/meta-data", "ref-host"},
		{"files", "../secret", "ref-outside"}, {"web", "http://169.254.169.254/latest/meta-data", "ref-host"}, {"web", "file:///etc/passwd", "ref-scheme"},
		{"web", "gopher://127.0.0.1/", "ref-scheme"}, {"web", "http://127.0.0.1:1/", "ref-host"},
	} {
		_, err := all[c.kind].Read(t.Context(), audit.Request{URI: c.uri, Limit: 100})
		if refused, ok := errors.AsType[*audit.RefusedError](err); !ok || refused.Rule != c.rule {
			t.Errorf("%s, %s: %v, want %s", c.kind, c.uri, err, c.rule)
		}
	}
}

func TestALinkOutOfAFolder(t *testing.T) {
	folder, secret := t.TempDir(), filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("secret"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(secret, filepath.Join(folder, "a.m4s")); err != nil {
		t.Fatal(err)
	}
	st, err := dir.New(folder)
	if err != nil {
		t.Fatal(err)
	}
	if f, err := (Store{Store: st}).Read(t.Context(), audit.Request{URI: "a.m4s", Limit: 100}); err == nil {
		t.Errorf("read %q", f.Data)
	}
}

// TestWebIsNoBrowserOfAStranger: what leaves this machine, and where to.
func TestWebIsNoBrowserOfAStranger(t *testing.T) {
	var asked atomic.Int64
	_, canary := serving(t, func(http.ResponseWriter, *http.Request) { asked.Add(1) })
	other, err := url.Parse(canary)
	if err != nil {
		t.Fatal(err)
	}
	web, address := serving(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization")+r.Header.Get("Cookie") != "" || r.Header.Get("Origin") == "" {
			t.Errorf("headers %v", r.Header)
		}
		http.SetCookie(w, &http.Cookie{Name: "a", Value: "b"})
		http.Redirect(w, r, canary+"/secret", http.StatusFound)
	})
	for _, uri := range []string{address + "/a", canary + "/a", "http://me:secret@" + strings.TrimPrefix(address, "http://") + "/a"} {
		_, err := web.Read(t.Context(), audit.Request{URI: uri, Limit: 100})
		if _, refused := errors.AsType[*audit.RefusedError](err); !refused || strings.Contains(err.Error(), "secret@") {
			t.Errorf("%s: %v", uri, err)
		}
	}
	if asked.Load() > 0 {
		t.Error("the other host was asked")
	}
	web.hosts = append(web.hosts, other.Host)
	if _, err := web.Read(t.Context(), audit.Request{URI: address + "/a", Limit: 100}); err != nil || asked.Load() != 1 {
		t.Errorf("an allowed host is not asked: %v, %d", err, asked.Load())
	}
}

func TestHTTPSStaysHTTPS(t *testing.T) {
	plain := httptest.NewServer(http.HandlerFunc(whole))
	defer plain.Close()
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/down" {
			http.Redirect(w, r, plain.URL, http.StatusFound)
			return
		}
		whole(w, r)
	}))
	defer server.Close()
	u, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	web := NewWeb(u, []string{strings.TrimPrefix(plain.URL, "http://")}, "test")
	if _, err := web.Read(t.Context(), audit.Request{URI: server.URL, Limit: 100}); !errors.Is(err, store.ErrUnreachable) {
		t.Errorf("a certificate of nobody is taken: %v", err)
	}
	web.client.Transport.(*http.Transport).TLSClientConfig = &tls.Config{RootCAs: server.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs}
	if f, err := web.Read(t.Context(), audit.Request{URI: server.URL, Limit: 100}); err != nil || string(f.Data) != content {
		t.Errorf("%q, %v", f.Data, err)
	}
	for _, uri := range []string{plain.URL, server.URL + "/down"} {
		_, err := web.Read(t.Context(), audit.Request{URI: uri, Limit: 100})
		if refused, ok := errors.AsType[*audit.RefusedError](err); !ok || refused.Rule != "ref-scheme" {
			t.Errorf("%s: %v", uri, err)
		}
	}
}

// TestHostileServers end in a sentence, soon.
func TestHostileServers(t *testing.T) {
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	z.Write(make([]byte, 50<<20))
	z.Close()
	for _, c := range []struct {
		name, want string
		unreached  bool
		answer     http.HandlerFunc
	}{
		{"silent in the middle", "breaks off", false, func(w http.ResponseWriter, r *http.Request) {
			w.Write([]byte("begin"))
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		}},
		{"endless", "longer than", false, func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				if _, err := w.Write(make([]byte, 1<<20)); err != nil {
					return
				}
			}
		}},
		{"a bomb", "longer than", false, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			w.Write(bomb.Bytes())
		}},
		{"no gzip", "not gzip", false, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			w.Write([]byte("plain"))
		}},
		{"cut", "breaks off", false, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			w.Write([]byte("short"))
		}},
		{"a circle", "circle", false, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.URL.Path+"a", http.StatusFound) }},
		{"always 500", "500", false, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) }},
		{"hangs up", "cannot be reached", true, func(w http.ResponseWriter, _ *http.Request) {
			c, _, err := w.(http.Hijacker).Hijack()
			if err == nil {
				c.Close()
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			web, address := serving(t, c.answer)
			web.Silence = 2 * time.Second
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			_, err := web.Read(ctx, audit.Request{URI: address + "/a", Limit: 10 << 20})
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") || errors.Is(err, store.ErrUnreachable) != c.unreached {
				t.Errorf("%v", err)
			}
			if ctx.Err() != nil {
				t.Error("it took too long")
			}
		})
	}
}

// TestWebTriesAgain: one bad answer of a server is no finding.
func TestWebTriesAgain(t *testing.T) {
	var n atomic.Int64
	web, address := serving(t, func(w http.ResponseWriter, r *http.Request) {
		if n.Add(1) < attempts {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		whole(w, r)
	})
	if f, err := web.Read(t.Context(), audit.Request{URI: address, Limit: 100}); err != nil || string(f.Data) != content {
		t.Errorf("%q, %v", f.Data, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := web.Read(ctx, audit.Request{URI: address, Limit: 100}); !errors.Is(err, context.Canceled) || errors.Is(err, store.ErrUnreachable) {
		t.Error(err)
	}
}

// TestProbe: what a player on another page is told.
func TestProbe(t *testing.T) {
	web, address := serving(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Origin") != "" && r.Header.Get("Range") == "bytes=0-99" {
			w.Header().Set("Access-Control-Allow-Origin", "*")
			w.Header().Set("Access-Control-Expose-Headers", "ETag")
		}
		whole(w, r)
	})
	got, err := web.Probe(t.Context(), address)
	want := audit.Probe{Status: 206, Range: fmt.Sprintf("bytes 0-15/%d", len(content)), Length: 16, Origin: "*", Exposed: "ETag"}
	if err != nil || got != want {
		t.Errorf("%+v, %v", got, err)
	}
}
