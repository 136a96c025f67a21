package main

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"filmpress/internal/cli/clitest"
	"filmpress/internal/missing"
)

// modernFilm publishes twelve seconds in two chunks, in H.264 and AV1, and gives the library.
func modernFilm(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("skipped: -short")
	}
	if !clitest.EncodesAV1() {
		missing.Tool(t, "there is no ffmpeg with libsvtav1")
	}
	dir := t.TempDir()
	run := at{t: t, dir: dir}.run
	film := filepath.Join(dir, "film.mp4")
	run("ffmpeg", "-v", "error", "-f", "lavfi", "-i", "mandelbrot=maxiter=200:s=320x180:r=10:end_scale=0.05", "-f", "lavfi", "-i", "sine=f=440", "-t", "12", "-c:v", "libx264", "-preset", "ultrafast",
		"-pix_fmt", "yuv420p", "-c:a", "aac", film)
	if err := os.WriteFile(filepath.Join(dir, "film.en.srt"), []byte("1\n00:00:03,000 --> 00:00:09,800\nSalt & bread.\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	library := filepath.Join(dir, "library")
	run("filmpress", "publish", film, "--pipeline", filepath.Join("testdata", "modern.yml"), "--language", "en", "--to", library)
	return library
}

// TestModern publishes once for all that is looked at.
func TestModern(t *testing.T) {
	t.Parallel()
	library := modernFilm(t)
	t.Run("verified", func(t *testing.T) {
		if out, err := exec.Command("filmpress", "verify", "--deep", library).CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
	})
	t.Run("browser", func(t *testing.T) { browserTakesAV1(t, library) })
	t.Run("again", func(t *testing.T) {
		if os.Getenv("FILMPRESS_TEST_CAMPAIGN") == "" {
			t.Skip("skipped: TestAV1IsTheSameTwice holds the encoder to it; FILMPRESS_TEST_CAMPAIGN=1 publishes all again")
		}
		sameTwice(t, library, modernFilm(t))
	})
}

// browserTakesAV1 plays the page with hls.js: AV1 where the browser shows it well, H.264 everywhere else. Players of DASH can
// play it too.
func browserTakesAV1(t *testing.T, library string) {
	browser := needBrowser(t)
	needPlayer(t)
	url := serving(t, library)
	casesInBrowser(t, browser, "codecs.mjs", []map[string]string{
		{"name": "as it is", "codec": "av01"},
		{"name": "it knows no AV1", "codec": "avc1", "without": "av01"},
		{"name": "AV1 is not smooth", "codec": "avc1", "rough": "av01"},
	}, "--url", url+"/film/")
	expect := filepath.Join(t.TempDir(), "expect.json")
	if err := os.WriteFile(expect, []byte(`{"text": [{"lang": "en", "label": "English", "role": "subtitle"}], "audio": ["en"], "pictures": ["160x90", "320x180"],
		"duration": 12, "from": 5, "past": 6.5, "cues": [{"lang": "en", "text": "Salt"}]}`), 0o644); err != nil {
		t.Fatal(err)
	}
	players := map[string]string{"dashjs": "dashjs"}
	if os.Getenv("FILMPRESS_TEST_CAMPAIGN") != "" { // TestDash has it every time, with H.264
		players["shaka"] = "shaka-player"
	}
	var cases []map[string]string
	for player, pkg := range players {
		if _, err := os.Stat("../../testdata/browser/node_modules/" + pkg); err != nil {
			missing.Tool(t, "run npm ci --ignore-scripts in testdata/browser")
		}
		cases = append(cases, map[string]string{"name": player, "player": player, "url": url + "/film/manifest.mpd"})
	}
	casesInBrowser(t, browser, "dash.mjs", cases, "--expect", expect)
}

// sameTwice: another publisher with nothing kept makes the same release, byte for byte.
func sameTwice(t *testing.T, one, two string) {
	got, want := filesOf(t, two), filesOf(t, one)
	if !maps.Equal(got, want) {
		t.Errorf("the second differs: %s", differing(got, want))
	}
	newer := 0
	for name := range want {
		if strings.Contains(name, "-av1/") {
			newer++
		}
	}
	if newer < 10 {
		t.Errorf("only %d files of AV1", newer)
	}
}
