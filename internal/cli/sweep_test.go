package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"filmpress/internal/audit"
	"filmpress/internal/report"
)

// oneRung is the smallest pipeline that still makes a whole release.
const oneRung = `segment: 2
gop: 1
video: {chunk: 60, preset: ultrafast, crf: 26, threads: 1, ladder: [{width: 320, height: 180, max: 2000}]}
audio: {bitrate: 64, loudness: -16, true-peak: -1.5}
mp4: {height: 720}
pictures: {interval: 2, width: 80}
subtitles: {segment: 2}
`

// sweepLimit is the size, in bytes, up to which clips are published.
const sweepLimit = 8 << 20

// TestEveryClip publishes all clips of the collection up to 8 MB: each gives a sound release that shows the film's own
// pictures at their times, or one sentence and nothing else. It takes minutes, so it is a part of `make campaign`.
func TestEveryClip(t *testing.T) {
	if os.Getenv("FILMPRESS_CAMPAIGN") == "" {
		t.Skip("skipped: it takes minutes; FILMPRESS_CAMPAIGN=1 runs it")
	}
	needFFmpeg(t)
	root := filepath.Dir(clip(t, "MANIFEST.tsv"))
	manifest, err := os.ReadFile(filepath.Join(root, "MANIFEST.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	taken, refused := 0, 0
	for line := range strings.Lines(string(manifest)) {
		name, _, _ := strings.Cut(strings.TrimSpace(line), "\t")
		path := filepath.Join(root, filepath.FromSlash(name))
		if info, err := os.Stat(path); err != nil || info.IsDir() || info.Size() > sweepLimit {
			continue
		}
		t.Run(name, func(t *testing.T) {
			if sweep(t, path) {
				taken++
			} else {
				refused++
			}
		})
	}
	t.Logf("%d clips were published, %d were refused", taken, refused)
	if os.Getenv("FILMPRESS_CLIPS") != "" && taken < 50 {
		t.Errorf("only %d clips were published", taken)
	}
}

// sweep publishes one clip, and says whether it was taken.
func sweep(t *testing.T, film string) bool {
	dir := t.TempDir()
	pipe, library := filepath.Join(dir, "one.yml"), filepath.Join(dir, "library")
	if err := os.WriteFile(pipe, []byte(oneRung), 0o644); err != nil {
		t.Fatal(err)
	}
	var out, story bytes.Buffer
	code := Main(t.Context(), []string{"publish", "--json", "--pipeline", pipe, "--kept", filepath.Join(dir, "kept"), "--language", "en", "--to", library, "--", film}, strings.NewReader(""), &out, &story)
	if code != exitFine {
		refusal(t, code, out.String(), story.String(), library)
		return false
	}
	var r published
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	for _, f := range audit.Release(t.Context(), inFolder(library), filepath.ToSlash(r.Master)) {
		if f.Severity == report.Error { // the warnings are about the tiny pipeline
			t.Error(f)
		}
	}
	for _, f := range r.Findings {
		t.Logf("it says: %s", f.Text)
		if f.Severity == report.Error {
			t.Errorf("published in spite of an error: %v", f)
		}
	}
	own := filepath.Join(filepath.Dir(r.Master), "film.mp4")
	if found := under(t, library, "film.mp4"); len(found) == 1 {
		own = found[0]
	}
	t.Logf("%dx%d, %.3f a second, %.2f s, %s", r.Renditions[0].Width, r.Renditions[0].Height, r.Renditions[0].FrameRate, r.Duration, r.Renditions[0].Codecs)
	looksLike(t, film, own, r)
	return true
}

// refusal wants one sentence, exit code 3, and nothing published.
func refusal(t *testing.T, code int, out, story, library string) {
	t.Logf("refused: %s", strings.TrimSpace(story))
	if code != exitFindings || strings.Count(story, ": error: ") != 1 {
		t.Errorf("exit code %d, and %d complaints", code, strings.Count(story, ": error: "))
	}
	if out != "" {
		t.Errorf("a refusal wrote to stdout: %s", out)
	}
	if files := under(t, library, ""); len(files) > 0 {
		t.Errorf("a refusal left %v", files)
	}
}

// under lists the files of a folder whose names end so.
func under(t *testing.T, dir, suffix string) (list []string) {
	filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && strings.HasSuffix(path, suffix) {
			list = append(list, path)
		}
		return nil
	})
	return list
}

// looksLike compares pictures of the film and of the release at three times, in grey and at a small size.
func looksLike(t *testing.T, film, own string, r published) {
	start := startOf(t, film)
	for _, part := range []float64{0.1, 0.5, 0.9} {
		at := math.Floor(part*r.Duration*r.Renditions[0].FrameRate) / r.Renditions[0].FrameRate
		want, got := pictureAt(t, film, start+at), pictureAt(t, own, at)
		if want == nil || got == nil {
			t.Logf("at %.2f s there is nothing to compare", at)
			continue
		}
		if d := meanDifference(want, got); d > 20 {
			t.Errorf("at %.2f s the picture differs by %.1f of 255", at, d)
		}
	}
}

const looks = 32 // pixels a side

// pictureAt decodes all up to a time, so that no index is trusted, and gives the picture that is shown then.
func pictureAt(t *testing.T, path string, at float64) []byte {
	out, _ := exec.Command("ffmpeg", "-v", "quiet", "-nostdin", "-copyts", "-i", "file:"+path, "-map", "0:V:0", "-vf",
		fmt.Sprintf("trim=end=%.4f,scale=%d:%d:flags=area,format=gray", at+0.005, looks, looks), "-fps_mode", "passthrough", "-f", "rawvideo", "-").Output()
	if len(out) < looks*looks {
		return nil
	}
	return out[len(out)-looks*looks:]
}

func startOf(t *testing.T, path string) float64 {
	out, err := exec.Command("ffprobe", "-v", "quiet", "-show_entries", "format=start_time", "-of", "csv=p=0", "file:"+path).Output()
	start, bad := strconv.ParseFloat(strings.TrimSpace(string(out)), 64)
	if err != nil || bad != nil {
		return 0
	}
	return start
}

func meanDifference(a, b []byte) float64 {
	sum := 0
	for i := range a {
		sum += max(int(a[i])-int(b[i]), int(b[i])-int(a[i]))
	}
	return float64(sum) / float64(len(a))
}
