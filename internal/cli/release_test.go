package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"filmpress/internal/missing"
	"filmpress/internal/store/storetest/s3server"
	"filmpress/internal/watch"
)

// fast is a pipeline for tests: all that documentary does, on two small rungs and the fastest preset.
const fast = `about: for tests
segment: 6
gop: 2
video: {chunk: 12, preset: ultrafast, crf: 30, ladder: [{width: 416, height: 234, max: 300}, {width: 640, height: 360, max: 900}]}
audio: {bitrate: 96, loudness: -16, true-peak: -1.5}
mp4: {height: 720}
pictures: {interval: 10, width: 96}
subtitles: {segment: 12}
`

// clip gives a real clip, or skips where the collection is not there.
func clip(t *testing.T, name string) string {
	t.Helper()
	dir := os.Getenv("FILMPRESS_TEST_CLIPS")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared", "media")
	}
	path := filepath.Join(dir, filepath.FromSlash(name))
	if _, err := os.Stat(path); err != nil {
		t.Skipf("skipped: the clip %s is not here; FILMPRESS_TEST_CLIPS names their folder", name)
	}
	return path
}

// needFFmpeg skips where no film can be made.
func needFFmpeg(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		missing.Tool(t, "ffmpeg is not installed")
	}
}

// publishing runs publish in a folder of its own and gives its result.
func publishing(t *testing.T, args ...string) published {
	t.Helper()
	dir := t.TempDir()
	pipe := filepath.Join(dir, "fast.yml")
	if err := os.WriteFile(pipe, []byte(fast), 0o644); err != nil {
		t.Fatal(err)
	}
	all := append([]string{"publish", "--json", "--pipeline", pipe, "--kept", filepath.Join(dir, "kept")}, args...)
	var out, story bytes.Buffer
	if code := Main(t.Context(), all, strings.NewReader(""), &out, &story); code != 0 {
		t.Fatalf("exit code %d\n%s", code, story.String())
	}
	var r published
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	return r
}

// verified proves a target with all that verify knows, decoding too, and wants nothing to be found but what was not checked.
func verified(t *testing.T, target string) {
	t.Helper()
	var out, story bytes.Buffer
	code := Main(t.Context(), []string{"verify", target, "--deep", "--fail-on", "warn"}, strings.NewReader(""), &out, &story)
	if code != 0 || out.Len() > 0 || !strings.Contains(story.String(), ": sound (") {
		t.Errorf("verify %s: exit code %d\n%s%s", target, code, out.String(), story.String())
	}
}

// TestRealClipsGiveSoundReleases publishes clips of several kinds, with FILMPRESS_TEST_CAMPAIGN of more, and holds each release against the
// rules of HLS.
func TestRealClipsGiveSoundReleases(t *testing.T) {
	needFFmpeg(t)
	type row struct {
		name, clip string
		pictures   string // sizes of the renditions, as listed
		sound      bool
	}
	rows := []row{
		{"natural 1080p", "svt+encore/test_stereo.mp4", "640x360 416x234", true},
		{"rotated", "PHP-FFMpeg+PHP-FFMpeg/portrait.MOV", "320x568 234x416", true},
		{"no sound", "samdutton+simpl/av1-2018-06_550.webm", "640x266 416x174", false},
	}
	if campaign {
		rows = append(rows, []row{
			{"23.976", "androidx+media/sample.avi", "", true},
			{"portrait", "a-schild+jave2/size2.mp4", "360x636 234x412", true},
			{"29.97", "flutter+packages/Butterfly-209.mp4", "", true},
			{"anamorphic", "WyattBlue+auto-editor/SAR-2by3.mp4", "", true},
			{"black, then action", "debian-libopenshot/sintel_trailer-720p.mp4", "640x360 416x234", true},
		}...)
	}
	for _, c := range rows {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			library := t.TempDir()
			r := publishing(t, clip(t, c.clip), "--to", library, "--language", "en")
			verified(t, library)
			var sizes []string
			for _, v := range r.Renditions {
				sizes = append(sizes, fmt.Sprintf("%dx%d", v.Width, v.Height))
				if strings.Contains(v.Codecs, "mp4a") != c.sound {
					t.Errorf("codecs %s", v.Codecs)
				}
			}
			if got := strings.Join(sizes, " "); c.pictures != "" && got != c.pictures {
				t.Errorf("renditions %s, want %s", got, c.pictures)
			}
		})
	}
}

// sample makes a film of a few seconds with its subtitles in two languages.
func sample(t *testing.T, seconds int) string {
	t.Helper()
	needFFmpeg(t)
	dir := t.TempDir()
	film := filepath.Join(dir, "film.mp4")
	cmd := exec.Command("ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=s=640x360:r=25", "-f", "lavfi", "-i", "sine=440:r=48000",
		"-t", fmt.Sprint(seconds), "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac", "-metadata", "title=secret-title",
		"-metadata", "location=+42.8746+074.5698/", "-metadata:s:a:0", "language=rus", film)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for name, text := range map[string]string{
		"film.en.srt": "1\n00:00:01,000 --> 00:00:05,000\nThe lake <i>freezes</i> & thaws\n\n2\n00:00:11,000 --> 00:00:14,250\nOver the edge of a segment\n",
		"film.ru.vtt": "WEBVTT\n\n00:01.000 --> 00:05.000\nОзеро замерзает\n\n00:11.000 --> 00:14.250\nЧерез край\n",
		"film.md":     "---\ntitle: The Lake\nlanguage: en\ndescription: A winter\n---\n\nAn *article*.\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return film
}

// TestBucket publishes to a real S3 server, plays the page from it in a real browser, and then changes one cue.
func TestBucket(t *testing.T) {
	film := sample(t, 16)
	server := s3server.Start(t)
	t.Setenv("AWS_ACCESS_KEY_ID", server.AccessKey)
	t.Setenv("AWS_SECRET_ACCESS_KEY", server.SecretKey)
	t.Setenv("AWS_ENDPOINT_URL", server.Endpoint)
	t.Setenv("AWS_REGION", "us-east-1")
	target := "s3://" + server.Bucket + "/films/2026"
	kept := t.TempDir()
	first := publishing(t, film, "--to", target, "--kept", kept)

	t.Run("verified", func(t *testing.T) {
		verified(t, target)
		verified(t, first.Page)
	})
	t.Run("headers", func(t *testing.T) { checkHeaders(t, first) })
	t.Run("browser", func(t *testing.T) { watchIn(t, first.Page) })

	before := objects(t, server.Dir)
	srt := filepath.Join(filepath.Dir(film), "film.en.srt")
	text, err := os.ReadFile(srt)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(srt, bytes.Replace(text, []byte("thaws"), []byte("melts"), 1), 0o644); err != nil {
		t.Fatal(err)
	}
	second := publishing(t, film, "--to", target, "--kept", kept)
	if all := first.Steps.Done + first.Steps.Kept; second.Steps != (stepCount{Done: 2, Kept: all - 2}) || all < 8 {
		t.Errorf("after one cue: %+v, of %+v", second.Steps, first.Steps)
	}
	var sent int64
	for name, size := range objects(t, server.Dir) {
		if _, old := before[name]; old {
			continue
		}
		sent += size
		if strings.HasSuffix(name, ".m4s") || strings.HasSuffix(name, ".mp4") || strings.HasSuffix(name, ".jpg") || strings.HasSuffix(name, ".js") {
			t.Errorf("%s was sent again", name)
		}
	}
	if sent == 0 || sent > 200_000 {
		t.Errorf("one cue sent %d bytes", sent)
	}
	page := get(t, second.Page)
	if !strings.Contains(page, "melts") || strings.Contains(page, "thaws") || strings.Contains(page, "secret-title") {
		t.Error("the page does not show the new cue alone")
	}
}

// byHTTP fetches as a viewer does, without credentials.
func byHTTP(ctx context.Context, uri string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, uri, nil)
	if err != nil {
		return nil, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s", uri, res.Status)
	}
	return io.ReadAll(res.Body)
}

func get(t *testing.T, uri string) string {
	t.Helper()
	body, err := byHTTP(t.Context(), uri)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// checkHeaders asks for one object of each kind as a viewer does.
func checkHeaders(t *testing.T, r published) {
	slug := strings.TrimSuffix(r.Master, "master.m3u8")
	playlist := get(t, r.Renditions[0].Playlist)
	uris := strings.FieldsFunc(playlist, func(c rune) bool { return c == '\n' || c == '"' })
	find := func(suffix string) string {
		i := slices.IndexFunc(uris, func(s string) bool { return strings.HasSuffix(s, suffix) })
		if i < 0 {
			t.Fatalf("no %s in the playlist:\n%s", suffix, playlist)
		}
		return slug + strings.TrimPrefix(uris[i], "../../")
	}
	const immutable = "public, max-age=31536000, immutable"
	for _, c := range []struct{ uri, kind, cache string }{
		{r.Page, "text/html; charset=utf-8", "no-cache"},
		{r.Master, "application/vnd.apple.mpegurl", "no-cache"},
		{r.Dash, "application/dash+xml", "no-cache"},
		{slug + "release.json", "application/json", "no-cache"},
		{r.Renditions[0].Playlist, "application/vnd.apple.mpegurl", immutable},
		{find("init.mp4"), "video/mp4", immutable},
		{find(".m4s"), "video/iso.segment", immutable},
		{r.Subtitles[0].File, "text/vtt; charset=utf-8", immutable},
	} {
		res, err := http.Get(c.uri)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if kind, cache := res.Header.Get("Content-Type"), res.Header.Get("Cache-Control"); res.StatusCode != 200 || kind != c.kind || cache != c.cache {
			t.Errorf("%s: %s, %q, %q", c.uri, res.Status, kind, cache)
		}
	}
}

// objects lists the server's files with their sizes, small ones that are replaced left out.
func objects(t *testing.T, dir string) map[string]int64 {
	t.Helper()
	found := map[string]int64{}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			found[path] = info.Size()
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// watchIn opens the page in Chromium: it plays, shows both languages' cues, and speaks to one host only.
func watchIn(t *testing.T, page string) {
	script := filepath.Join("..", "..", "testdata", "browser", "watch.mjs")
	for _, need := range []string{"/usr/bin/chromium", "../watch/player/node_modules/playwright-core"} {
		if _, err := os.Stat(need); err != nil && os.Getenv("CHROMIUM") == "" {
			missing.Tool(t, "%s is not here; make test installs it", need)
		}
	}
	if _, ok := watch.Bundle(); !ok {
		missing.Tool(t, "the player is not built; make player builds it")
	}
	expect := filepath.Join(t.TempDir(), "expect.json")
	const cues = `{"tracks": 2, "expect": [
		{"lang": "en", "time": 2, "text": "The lake <i>freezes</i> &amp; thaws"}, {"lang": "ru", "time": 2.5, "text": "Озеро замерзает"},
		{"lang": "en", "time": 13, "text": "Over the edge of a segment"}, {"lang": "ru", "time": 13.5, "text": "Через край"}]}`
	if err := os.WriteFile(expect, []byte(cues), 0o644); err != nil {
		t.Fatal(err)
	}
	args := []string{script, "--url", page, "--expect", expect}
	if shot := os.Getenv("FILMPRESS_TEST_SHOT"); shot != "" {
		args = append(args, "--shot", shot)
	}
	out, err := exec.Command("node", args...).CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
