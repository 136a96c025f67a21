package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"filmpress/internal/missing"
)

// dashFilm publishes twelve seconds in two chunks, with subtitles in two languages, and gives the library.
func dashFilm(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("skipped: -short")
	}
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		missing.Tool(t, "ffmpeg is not installed")
	}
	dir := t.TempDir()
	run := at{t: t, dir: dir}.run
	tiny, err := os.ReadFile(filepath.Join("testdata", "tiny.yml"))
	if err != nil {
		t.Fatal(err)
	}
	const chunk, rung = "chunk: 60", "- {width: 160, height: 90, max: 100}"
	if !strings.Contains(string(tiny), chunk) || !strings.Contains(string(tiny), rung) {
		t.Fatal("tiny.yml is not what this test builds upon")
	}
	parts := strings.NewReplacer(chunk, "chunk: 6", rung, rung+"\n    - {width: 320, height: 180, max: 300}").Replace(string(tiny))
	for name, text := range map[string]string{
		"parts.yml":   parts,
		"film.en.srt": "1\n00:00:03,000 --> 00:00:09,800\nSalt & bread.\n",
		"film.ru.srt": "1\n00:00:03,000 --> 00:00:09,800\nХлеб и соль.\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	film := filepath.Join(dir, "film.mp4")
	run("ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=10:d=12", "-f", "lavfi", "-i", "sine=f=440:d=12", "-c:v", "libx264", "-preset", "ultrafast",
		"-pix_fmt", "yuv420p", "-c:a", "aac", film)
	library := filepath.Join(dir, "library")
	run("filmpress", "publish", film, "--pipeline", filepath.Join(dir, "parts.yml"), "--language", "en", "--to", library)
	return library
}

// manifests are the entrance and the release's own.
func manifests(t *testing.T, library string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(library, "film", "r", "*", "manifest.mpd"))
	if err != nil || len(found) != 1 {
		t.Fatalf("%v, %v", found, err)
	}
	return append(found, filepath.Join(library, "film", "manifest.mpd"))
}

// TestDash publishes once for all that read it.
func TestDash(t *testing.T) {
	t.Parallel()
	library := dashFilm(t)
	t.Run("ffmpeg", func(t *testing.T) { ffmpegReadsDash(t, library) })
	t.Run("players", func(t *testing.T) { playersPlayDash(t, library) })
}

// playersPlayDash has players of others play the manifest, in a browser.
func playersPlayDash(t *testing.T, library string) {
	browser := needBrowser(t)
	players := map[string]string{"dashjs": "dashjs", "shaka": "shaka-player"}
	for player, pkg := range players {
		if _, err := os.Stat("../../testdata/browser/node_modules/" + pkg); err != nil {
			missing.Tool(t, "%s is not installed; run npm ci --ignore-scripts in testdata/browser", player)
		}
	}
	url := serving(t, library)
	wanted, err := json.Marshal(map[string]any{
		"text":  []map[string]string{{"lang": "en", "label": "English", "role": "subtitle"}, {"lang": "ru", "label": "русский", "role": "subtitle"}},
		"audio": []string{"en"}, "pictures": []string{"160x90", "320x180"}, "duration": 12, "from": 5, "past": 6.5,
		"cues": []map[string]string{{"lang": "en", "text": "Salt"}, {"lang": "ru", "text": "Хлеб и соль."}},
	})
	if err != nil {
		t.Fatal(err)
	}
	expect := filepath.Join(t.TempDir(), "expect.json")
	if err := os.WriteFile(expect, wanted, 0o644); err != nil {
		t.Fatal(err)
	}
	var cases []map[string]string
	for i, manifest := range manifests(t, library) {
		for player := range players {
			if i == 0 && player != "dashjs" { // the release's own has other addresses and nothing else; one player will do
				continue
			}
			path, err := filepath.Rel(library, manifest)
			if err != nil {
				t.Fatal(err)
			}
			cases = append(cases, map[string]string{"name": player + " " + path, "player": player, "url": url + "/" + filepath.ToSlash(path)})
		}
	}
	casesInBrowser(t, browser, "dash.mjs", cases, "--expect", expect)
}

// ffmpegReadsDash counts frames through ffmpeg's own DASH demuxer. By default it opens no .vtt on a disk, hence the option; and it
// ends all streams with the first that ends, so each is read by itself.
func ffmpegReadsDash(t *testing.T, library string) {
	for _, manifest := range manifests(t, library) {
		for stream, want := range map[string]string{"v:0": "120", "v:1": "120", "a:0": "563", "s:0": "1", "s:1": "1"} { // 120 pictures; 562.5 times 1024 samples at 48 kHz
			out, err := exec.Command("ffprobe", "-v", "error", "-allowed_extensions", "ALL", "-count_packets", "-select_streams", stream,
				"-show_entries", "stream=nb_read_packets:format=duration", "-of", "json", manifest).CombinedOutput()
			var got struct {
				Streams []struct {
					Packets string `json:"nb_read_packets"`
				} `json:"streams"`
				Format struct {
					Duration string `json:"duration"`
				} `json:"format"`
			}
			if err != nil || json.Unmarshal(out, &got) != nil || len(got.Streams) != 1 {
				t.Errorf("%s, %s: %v\n%s", manifest, stream, err, out)
				continue
			}
			if got.Streams[0].Packets != want || got.Format.Duration != "12.000000" {
				t.Errorf("%s, %s: %s packets in %s s, want %s in 12 s", manifest, stream, got.Streams[0].Packets, got.Format.Duration, want)
			}
		}
	}
}
