package serve

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"filmpress/internal/release"
	"filmpress/internal/report"
	"filmpress/internal/store"
	"filmpress/internal/store/dir"
)

// serveFolder serves a folder with a published film and with traps.
func serveFolder(t *testing.T) (server *httptest.Server, path string) {
	t.Helper()
	top := t.TempDir()
	path = filepath.Join(top, "library")
	films, err := dir.New(path)
	if err != nil {
		t.Fatal(err)
	}
	page := release.FromBytes("index.html", []byte("<p>a page that is long enough to be worth zipping, a page, a page</p>"))
	set := release.Set{Slug: "film", Media: []release.File{release.FromBytes("o/0123/a.m4s", []byte("0123456789"))}, Pages: []release.File{page},
		Entrances: func(string) ([]release.File, error) { return []release.File{page}, nil },
		Summary:   []byte(`{"title":"A <b>bold</b> film","language":"ru","duration":61.2,"subtitles":["en","ru"]}`)}
	if _, err := release.Publish(t.Context(), films, set, release.Options{}, report.Discard); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"../secret.txt": "secret", ".hidden": "secret", "film/.hidden/x.txt": "secret", "other/x.vtt": "WEBVTT"} {
		file := filepath.Join(path, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for link, to := range map[string]string{"out": top, "secret": "../secret.txt", "in.vtt": "other/x.vtt"} {
		if err := os.Symlink(to, filepath.Join(path, link)); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo(filepath.Join(path, "pipe.txt"), 0o644); err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(path)
	if err != nil {
		t.Fatal(err)
	}
	server = httptest.NewServer(Folder{Root: root, Films: films, Public: true})
	t.Cleanup(func() { server.Close(); root.Close() })
	return server, path
}

func TestLibrary(t *testing.T) {
	server, _ := serveFolder(t)
	for _, c := range []struct {
		request string // METHOD PATH [HEADER: VALUE]
		status  int
		headers string // NAME=VALUE, separated by |
		body    string // contained; "" must be empty
	}{
		{"GET /", 200, "Content-Type=text/html; charset=utf-8", `<bdi class="title" lang="ru" dir="ltr">A &lt;b&gt;bold&lt;/b&gt; film</bdi></a>`},
		{"GET /film/", 200, "Content-Type=text/html; charset=utf-8|Cache-Control=no-cache|Vary=Accept-Encoding", "a page"},
		{"GET /film", 301, "Location=/film/", ""},
		{"GET /film/o/0123/a.m4s", 200, "Content-Type=video/iso.segment|Accept-Ranges=bytes|Content-Length=10|Cache-Control=" + store.Immutable, "0123456789"},
		{"GET /film/o/0123/a.m4s Range: bytes=2-4", 206, "Content-Range=bytes 2-4/10|Access-Control-Allow-Origin=*", "234"},
		{"GET /film/o/0123/a.m4s Range: bytes=50-", 416, "", "invalid range"},
		{"HEAD /film/o/0123/a.m4s", 200, "Content-Length=10", ""},
		{"GET /film/ Accept-Encoding: gzip", 200, "Content-Encoding=gzip", "\x1f\x8b"},
		{"HEAD /film/ Accept-Encoding: gzip", 200, "Content-Encoding=gzip", ""},
		{"GET /film/ Accept-Encoding: br, gzip;q=0.5", 200, "Content-Encoding=gzip", "\x1f\x8b"},
		{"GET /film/ Accept-Encoding: gzip;q=0", 200, "Content-Encoding=", "a page"},
		{"GET /film/o/0123/a.m4s Accept-Encoding: gzip", 200, "Content-Encoding=", "0123456789"},
		{"GET /in.vtt", 200, "Content-Type=text/vtt; charset=utf-8|X-Content-Type-Options=nosniff", "WEBVTT"},
		{"OPTIONS /film/", 204, "Access-Control-Allow-Headers=Range", ""},
		{"POST /film/", 405, "Allow=GET, HEAD, OPTIONS", "only shows"},
		{"GET /none.html", 404, "", "404"},
		{"GET /other/", 404, "", "404"},
		{"GET /.hidden", 404, "", "404"},
		{"GET /film/.hidden/x.txt", 404, "", "404"},
		{"GET /secret", 404, "", "404"},
		{"GET /out/secret.txt", 404, "", "404"},
		{"GET /..%2fsecret.txt", 404, "", "404"},
		{"GET /film/..%2f..%2fsecret.txt", 404, "", "404"},
		{"GET /pipe.txt", 404, "", "404"},
		{"GET /a%00b", 404, "", "404"},
	} {
		method, rest, _ := strings.Cut(c.request, " ")
		path, header, _ := strings.Cut(rest, " ")
		status, headers, body := ask(t, server.URL+path, method, header)
		if status != c.status || !strings.Contains(body, c.body) || c.body == "" && body != "" && status != 301 {
			t.Errorf("%s: got %d %q, want %d %q", c.request, status, body, c.status, c.body)
		}
		for pair := range strings.SplitSeq(c.headers, "|") {
			if name, want, _ := strings.Cut(pair, "="); name != "" && headers.Get(name) != want {
				t.Errorf("%s: %s is %q, want %q", c.request, name, headers.Get(name), want)
			}
		}
	}
}

// TestOwnMachine: what is served to this machine alone no page of another site can read, by CORS or by a name that leads here.
func TestOwnMachine(t *testing.T) {
	_, path := serveFolder(t)
	root, err := os.OpenRoot(path)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	films, err := dir.New(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		public       bool
		method, host string
		status       int
		origin       string // Access-Control-Allow-Origin
	}{
		{false, "GET", "127.0.0.1:8080", 200, ""}, {false, "GET", "localhost:8080", 200, ""}, {false, "GET", "localhost", 200, ""}, {false, "GET", "[::1]:8080", 200, ""},
		{false, "GET", "[::1]", 200, ""}, {false, "OPTIONS", "localhost:8080", 204, ""},
		{false, "GET", "evil.example", 403, ""}, {false, "GET", "evil.example:8080", 403, ""}, {false, "GET", "localhost.evil.example", 403, ""}, {false, "GET", "192.168.1.2:8080", 403, ""},
		{false, "OPTIONS", "evil.example:8080", 403, ""}, {false, "GET", "", 403, ""},
		{true, "GET", "evil.example", 200, "*"}, {true, "OPTIONS", "films.example", 204, "*"},
	} {
		r := httptest.NewRequest(c.method, "/film/", nil)
		r.Host = c.host
		r.Header.Set("Origin", "https://evil.example")
		w := httptest.NewRecorder()
		Folder{Root: root, Films: films, Public: c.public}.ServeHTTP(w, r)
		if w.Code != c.status || w.Header().Get("Access-Control-Allow-Origin") != c.origin || c.status == 403 && strings.Contains(w.Body.String(), "a page") {
			t.Errorf("%+v: got %d %v", c, w.Code, w.Header())
		}
		if !c.public && (w.Header().Get("Access-Control-Allow-Headers") != "" || c.status != 403 && w.Header().Get("Cross-Origin-Resource-Policy") != "same-origin") {
			t.Errorf("%+v: got %v", c, w.Header())
		}
	}
}

// ask makes one request, without following redirects and without unzipping.
func ask(t *testing.T, url, method, header string) (int, http.Header, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if name, value, ok := strings.Cut(header, ": "); ok {
		r.Header.Set(name, value)
	}
	client := http.Client{Transport: &http.Transport{DisableCompression: true}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, response.Header, string(body)
}

func TestZippedIsTheFile(t *testing.T) {
	server, path := serveFolder(t)
	_, headers, body := ask(t, server.URL+"/film/index.html", "GET", "Accept-Encoding: gzip")
	z, err := gzip.NewReader(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile(filepath.Join(path, "film/index.html"))
	if err != nil || string(got) != string(want) {
		t.Errorf("got %q, want %q (%v)", got, want, err)
	}
	if status, _, _ := ask(t, server.URL+"/film/index.html", "GET", "If-Modified-Since: "+headers.Get("Last-Modified")); status != 304 {
		t.Errorf("asked again: got %d", status)
	}
}

// A film whose manifest is damaged is still listed, by its slug; a folder without a pointer is not.
func TestIndexOfDamagedFilm(t *testing.T) {
	server, path := serveFolder(t)
	manifests, err := filepath.Glob(filepath.Join(path, "film/r/*/manifest.json"))
	if err != nil || len(manifests) != 1 {
		t.Fatal(manifests, err)
	}
	if err := os.WriteFile(manifests[0], []byte("{}"), 0o644); err != nil {
		t.Fatal(err)
	}
	_, _, body := ask(t, server.URL+"/", "GET", "")
	if !strings.Contains(body, `<a href="film/index.html">`) || !strings.Contains(body, ">film</bdi>") || strings.Contains(body, "other/") {
		t.Errorf("got %s", body)
	}
}

func TestLoopback(t *testing.T) {
	for _, c := range []struct {
		addr string
		want bool
	}{{"127.0.0.1:8080", true}, {"[::1]:80", true}, {"localhost:80", true}, {"127.9.9.9:1", true}, {":8080", false}, {"0.0.0.0:80", false},
		{"[::]:80", false}, {"192.168.1.2:80", false}, {"example.org:80", false}, {"localhost.example.org:80", false}} {
		if got := Loopback(c.addr); got != c.want {
			t.Errorf("%s: got %v", c.addr, got)
		}
	}
}
