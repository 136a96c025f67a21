package serve

import (
	"bufio"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filmpress/internal/site"
	"filmpress/internal/theme"
)

// TestLivePages: serve adds its script to pages and to what their policy allows, and the published bytes stay as they are.
func TestLivePages(t *testing.T) {
	server, path := serveFolder(t)
	server.Close()
	page := site.Library{}.Index(theme.Theme{})
	if err := os.WriteFile(filepath.Join(path, "index.html"), page, 0o644); err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	l := NewLive()
	server = httptest.NewServer(Folder{Root: root, Live: l})
	t.Cleanup(server.Close)
	_, headers, body := ask(t, server.URL+"/", "GET", "")
	if !strings.Contains(body, `<script src="/.filmpress/reload.js"></script></head>`) || strings.Count(body, "connect-src &#39;self&#39;; ") != 1 || strings.Count(body, "script-src &#39;self&#39; ") != 1 ||
		headers.Get("Cache-Control") != "no-store" {
		t.Errorf("%v\n%s", headers, body)
	}
	for _, policy := range []string{"script-src &#39;self&#39; x; connect-src &#39;self&#39;", "connect-src &#39;self&#39;; script-src x", "script-src x", "script-src &#39;self&#39; x"} {
		if got := string(l.add([]byte(policy))); strings.Count(got, "connect-src &#39;self&#39;") != 1 || strings.Count(got, "script-src &#39;self&#39; x") != 1 {
			t.Errorf("%s becomes %s", policy, got)
		}
	}
	if _, _, js := ask(t, server.URL+liveScript, "GET", ""); js != liveJS {
		t.Errorf("the script is %q", js)
	}
	if now, err := os.ReadFile(filepath.Join(path, "index.html")); err != nil || string(now) != string(page) {
		t.Error("the published page changed")
	}
	r, err := http.NewRequestWithContext(t.Context(), "GET", server.URL+liveEvents, nil)
	if err != nil {
		t.Fatal(err)
	}
	events, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer events.Body.Close()
	lines := bufio.NewScanner(events.Body)
	lines.Scan() // the page is known from here on
	l.Tell()
	told := make(chan bool, 1)
	go func() {
		for lines.Scan() {
			if lines.Text() == "data: published" {
				told <- true
				return
			}
		}
		told <- false
	}()
	select {
	case ok := <-told:
		if !ok {
			t.Error("the stream ended")
		}
	case <-time.After(time.Minute):
		t.Error("the page was not told")
	}
}
