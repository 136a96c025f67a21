package watch

import (
	"encoding/json"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"filmpress/internal/missing"
)

// needBrowser skips where the page cannot be tried in a browser, and says what is missing.
func needBrowser(t *testing.T) (Player, string) {
	t.Helper()
	if testing.Short() {
		t.Skip("skipped: -short")
	}
	chromium := os.Getenv("CHROMIUM")
	if chromium == "" {
		chromium = "/usr/bin/chromium"
	}
	for _, tool := range []string{chromium, "node", "ffmpeg"} {
		if _, err := exec.LookPath(tool); err != nil {
			missing.Tool(t, "%s is not installed", tool)
		}
	}
	if _, err := os.Stat("player/node_modules/playwright-core"); err != nil {
		missing.Tool(t, "run npm ci --ignore-scripts in internal/watch/player")
	}
	player, ok := Bundle()
	if !ok {
		missing.Tool(t, "the player is not built; run npm run build in internal/watch/player")
	}
	return player, chromium
}

// needFirefox skips where there is none: it is a second browser of 70 MB, which make test does not install.
func needFirefox(t *testing.T) {
	t.Helper()
	firefox := os.Getenv("FIREFOX")
	if firefox == "" {
		firefox = "/usr/bin/firefox-esr"
	}
	if _, err := exec.LookPath(firefox); err != nil {
		t.Skipf("skipped: %s is not installed", firefox)
	}
	if _, err := os.Stat("../../testdata/browser/node_modules/puppeteer-core"); err != nil {
		t.Skip("skipped: run npm ci --ignore-scripts in testdata/browser")
	}
}

// publish writes the presentation and both pages, the release's and the entrance.
func publish(t *testing.T, dir string, player Player) {
	t.Helper()
	page := fixture(t, dir)
	put := func(name string, data []byte) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, file := range player.Files() {
		put("o/"+file.Name, file.Data)
	}
	page.Assets = player.Assets(func(name string) string { return "../../o/" + name })
	put("r/one/index.html", render(t, page))
	page.Base = "r/one/"
	put("index.html", render(t, page))
	page.Film.Language, page.Film.Title, page.Film.Description = "ar", "الطريق الطويل إلى أوش", "ثلاث أخوات يعبرن الجبال في شاحنة خبز."
	page.Tracks[1].Kind, page.Tracks[1].Name = "captions", "русский (SDH)"
	put("ar.html", render(t, page))
}

func TestInBrowser(t *testing.T) {
	player, chromium := needBrowser(t)
	dir := t.TempDir()
	publish(t, dir, player)
	server := httptest.NewServer(serve(dir))
	t.Cleanup(server.Close) // the parallel subtests outlive this function
	expect := filepath.Join(t.TempDir(), "expect.json")
	wanted, err := json.Marshal(map[string]any{"tracks": 2, "expect": []map[string]any{
		{"lang": "en", "time": 2, "text": "We left before sunrise."},
		{"lang": "en", "time": 16.4, "text": "Then the pass opened."},
		{"lang": "en", "time": 11, "text": "Bread &amp; salt, three loaves &lt; four."},
		{"lang": "ru", "time": 6, "text": "Дорога ещё была мёрзлой, и все молчали."},
		{"lang": "ru", "time": 13, "text": "Хлеб и соль, три буханки."},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(expect, wanted, 0o644); err != nil {
		t.Fatal(err)
	}
	run := func(name, script string, after func(*testing.T), args ...string) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if script == "firefox.mjs" {
				needFirefox(t)
			}
			cmd := exec.Command("node", append([]string{filepath.Join("../../testdata/browser", script)}, args...)...)
			cmd.Env = append(os.Environ(), "CHROMIUM="+chromium)
			cmd.Stderr = os.Stderr
			if out, err := cmd.Output(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			after(t)
		})
	}
	printed := filepath.Join(t.TempDir(), "page.pdf")
	nothing := func(*testing.T) {}
	run("entrance and release", "watch.mjs", nothing, "--url", server.URL+"/index.html", "--size", "1280x900", "--url", server.URL+"/r/one/index.html", "--size", "390x844", "--expect", expect)
	run("features", "features.mjs", func(t *testing.T) { readsInPrint(t, printed) }, "--url", server.URL+"/index.html", "--print", printed, "--shots", os.Getenv("FILMPRESS_TEST_SHOTS"))
	run("firefox", "firefox.mjs", nothing, "--url", server.URL+"/index.html", "--expect", expect)
	run("file", "file.mjs", nothing, "--page", filepath.Join(dir, "index.html"), "--expect", expect)
}

// readsInPrint reads a printed page back: the article, who made the film, and what is said in it, in all languages.
func readsInPrint(t *testing.T, pdf string) {
	t.Helper()
	if _, err := exec.LookPath("pdftotext"); err != nil {
		missing.Tool(t, "pdftotext is not installed")
	}
	out, err := exec.Command("pdftotext", "-layout", pdf, "-").Output()
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Join(strings.Fields(string(out)), " ")
	for _, want := range []string{"The Long Road to Osh", "We left before sunrise.", "Then the pass opened.", "И тут открылся перевал.", "CC BY-SA 4.0"} {
		if !strings.Contains(text, want) {
			t.Errorf("print lacks %q: %s", want, text)
		}
	}
}
