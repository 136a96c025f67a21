package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"filmpress/internal/missing"
	"filmpress/internal/store"
)

// needBrowser skips where no page can be opened in a browser, and says what is missing. It gives the environment that names the browser.
func needBrowser(t *testing.T) (env string) {
	t.Helper()
	chromium := os.Getenv("CHROMIUM")
	if chromium == "" {
		chromium = "/usr/bin/chromium"
	}
	for _, tool := range []string{chromium, "node"} {
		if _, err := exec.LookPath(tool); err != nil {
			missing.Tool(t, "%s is not installed", tool)
		}
	}
	if _, err := os.Stat("../../internal/watch/player/node_modules/playwright-core"); err != nil {
		missing.Tool(t, "run make player")
	}
	return "CHROMIUM=" + chromium
}

// needPlayer skips where the program holds no player.
func needPlayer(t *testing.T) {
	t.Helper()
	if _, err := os.Stat("../../internal/watch/dist/player.js"); err != nil {
		missing.Tool(t, "run make player")
	}
}

// at runs commands for a test, with a home and kept results of the test's own.
type at struct {
	t   *testing.T
	dir string
	env []string // more of it, as a bucket's keys
}

func (a at) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Env = append(append(os.Environ(), a.env...), "FILMPRESS_KEPT="+filepath.Join(a.dir, "kept"), "HOME="+a.dir)
	return cmd
}

// run gives what a command prints; one that fails ends the test with its complaints.
func (a at) run(name string, args ...string) string {
	a.t.Helper()
	cmd := a.command(name, args...)
	var complaints strings.Builder
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil {
		a.t.Fatalf("%s %q: %v\n%s", name, args, err, complaints.String())
	}
	return string(out)
}

// inBrowser runs a script of testdata/browser; one that complains fails the test.
func inBrowser(t *testing.T, browser, script string, args ...string) {
	t.Helper()
	cmd := exec.Command("node", append([]string{"../../testdata/browser/" + script}, args...)...)
	cmd.Env = append(os.Environ(), browser)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	t.Logf("%s", out)
}

// casesInBrowser has a script of testdata/browser try cases, one after another in one browser, and gives each a test of its own. A case is what the
// script's first lines say, with a "name".
func casesInBrowser(t *testing.T, browser, script string, cases []map[string]string, args ...string) {
	t.Helper()
	list, err := json.Marshal(cases)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("node", append([]string{"../../testdata/browser/" + script, "--cases", string(list)}, args...)...)
	cmd.Env = append(os.Environ(), browser)
	cmd.Stderr = os.Stderr
	out, failed := cmd.Output()
	var told struct {
		OK    bool
		Cases []struct {
			Name   string
			OK     bool
			Reason string
		}
	}
	if err := json.Unmarshal(out, &told); err != nil || len(told.Cases) != len(cases) || told.OK != (failed == nil) {
		t.Fatalf("%v, %v\n%s", failed, err, out)
	}
	t.Logf("%s", out)
	for i, c := range told.Cases {
		t.Run(c.Name, func(t *testing.T) {
			if c.Name != cases[i]["name"] || !c.OK {
				t.Error(c.Reason)
			}
		})
	}
}

// serving gives a library's address on a server that names types as a bucket does.
func serving(t *testing.T, library string) (url string) {
	files := http.FileServer(http.Dir(library))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, "/") {
			w.Header().Set("Content-Type", store.TypeOf(r.URL.Path))
		}
		files.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL
}
