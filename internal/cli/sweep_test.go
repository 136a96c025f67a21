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
	"slices"
	"strconv"
	"strings"
	"testing"

	"filmpress/internal/report"
)

// oneRung is the smallest pipeline that still makes a whole release.
const oneRung = `segment: 2
gop: 1
video: {chunk: 60, preset: ultrafast, crf: 26, ladder: [{width: 320, height: 180, max: 2000}]}
audio: {bitrate: 64, loudness: -16, true-peak: -1.5}
mp4: {height: 720}
pictures: {interval: 2, width: 80}
subtitles: {segment: 2}
`

// campaign: make campaign runs all rows of the largest tables; make test those that differ most from each other.
var campaign = os.Getenv("FILMPRESS_TEST_CAMPAIGN") != ""

// sweepLimit is the size, in bytes, up to which clips are published.
const sweepLimit = 8 << 20

// TestEveryClip publishes all clips of the collection up to 8 MB: each gives a sound release that shows the film's own
// pictures at their times, or one sentence and nothing else. It takes minutes, so it is a part of `make campaign`.
func TestEveryClip(t *testing.T) {
	if !campaign {
		t.Skip("skipped: it takes minutes; FILMPRESS_TEST_CAMPAIGN=1 runs it")
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
	if taken+refused > 100 && taken < 80 { // all of them, not those that -run chose
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
	out.Reset()
	if code := Main(t.Context(), []string{"verify", library}, strings.NewReader(""), &out, &story); code != exitFine { // warnings are about the tiny pipeline
		t.Errorf("verify ends with %d\n%s", code, out.String())
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

// refusal wants one sentence and nothing published. Damage behind a film's first pictures is met while it is encoded, and
// has another exit code; what was sent until then is media that nothing names.
func refusal(t *testing.T, code int, out, story, library string) {
	lines := strings.Split(strings.TrimSpace(story), "\n")
	complaint := lines[len(lines)-1]
	switch {
	case code == exitFindings && strings.Count(story, ": error: ") == 1:
		for _, line := range lines {
			if strings.Contains(line, ": error: ") {
				complaint = line
			}
		}
		if files := under(t, library, ""); len(files) > 0 {
			t.Errorf("a refusal left %v", files)
		}
	case code == exitFailed && strings.Contains(complaint, "--tolerant"):
		if files := append(under(t, library, "index.html"), under(t, library, ".json")...); len(files) > 0 {
			t.Errorf("a failed publish made %v", files)
		}
	default:
		t.Errorf("exit code %d:\n%s", code, story)
	}
	t.Logf("refused: %s", complaint)
	if out != "" {
		t.Errorf("a refusal wrote to stdout: %s", out)
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
		at := (math.Floor(part*r.Duration*r.Renditions[0].FrameRate) + 0.5) / r.Renditions[0].FrameRate // a frame shows what is nearest to it
		want, got := pictureAt(t, film, start+at), pictureAt(t, own, at)
		if want == nil || got == nil {
			t.Logf("at %.2f s there is nothing to compare", at)
			continue
		}
		limit := 20.0
		if slices.Max(want)-slices.Min(want) < 4 { // one colour: its luma is another in BT.601 and BT.709
			limit = 40
		}
		if d, alike := meanDifference(want, got), correlation(want, got); d > limit && alike < 0.9 { // HDR is lighter than its code values
			t.Errorf("at %.2f s the picture differs by %.1f of 255, and correlates by %.2f", at, d, alike)
		}
	}
}

const looks = 32 // pixels a side

// pictureAt decodes all up to a time, so that no index is trusted, and gives the picture that is shown then.
func pictureAt(t *testing.T, path string, at float64) []byte {
	out, _ := exec.Command("ffmpeg", "-v", "quiet", "-nostdin", "-copyts", "-i", "file:"+path, "-map", "0:V:0", "-vf",
		fmt.Sprintf("trim=end=%.4f,scale=%d:%d:flags=area,format=gray", at, looks, looks), "-fps_mode", "passthrough", "-f", "rawvideo", "-").Output()
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

// correlation is Pearson's, 1 for pictures that differ in brightness and contrast alone.
func correlation(a, b []byte) float64 {
	var x, y, xx, yy, xy float64
	for i := range a {
		p, q := float64(a[i]), float64(b[i])
		x, y, xx, yy, xy = x+p, y+q, xx+p*p, yy+q*q, xy+p*q
	}
	n := float64(len(a))
	return (n*xy - x*y) / (math.Sqrt((n*xx-x*x)*(n*yy-y*y)) + 1e-9)
}

func meanDifference(a, b []byte) float64 {
	sum := 0
	for i := range a {
		sum += max(int(a[i])-int(b[i]), int(b[i])-int(a[i]))
	}
	return float64(sum) / float64(len(a))
}
