package gather

import (
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
	"time"

	"filmpress/internal/media/ffmpeg"
	"filmpress/internal/missing"
	"filmpress/internal/report"
	"filmpress/internal/subtitle/rules"
)

// TestFilmFacts looks at a film of two cuts with a tone in place of speech, and looks again without decoding it anew.
func TestFilmFacts(t *testing.T) {
	program, err := exec.LookPath("ffmpeg")
	if err != nil {
		missing.Tool(t, "ffmpeg is not installed")
	}
	dir := t.TempDir()
	film := filepath.Join(dir, "film.mp4")
	out, err := exec.Command(program, "-v", "error", "-f", "lavfi", "-i", "color=red:s=320x180:r=25:d=2[a];color=white:s=320x180:r=25:d=1[b];testsrc2=s=320x180:r=25:d=3[c];[a][b][c]concat=n=3",
		"-f", "lavfi", "-i", "sine=1000:d=6", "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac", film).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	tools, err := ffmpeg.Find(t.Context(), "ffmpeg", "ffprobe")
	if err != nil {
		t.Fatal(err)
	}
	facts := func(look FilmLook) (rules.Film, []report.Finding, error) {
		return Facts(t.Context(), tools, filepath.Join(dir, "kept"), look, report.Discard)
	}
	look := FilmLook{Path: film, Speech: true, Cuts: true}
	first, findings, err := facts(look)
	if err != nil || len(findings) > 0 {
		t.Fatal(findings, err)
	}
	if want := []time.Duration{2 * time.Second, 3 * time.Second}; !slices.Equal(first.Cuts, want) || first.Speech != nil || first.FrameRate != 25 || (first.Duration-6*time.Second).Abs() > 100*time.Millisecond {
		t.Errorf("got %+v", first)
	}

	kept, err := filepath.Glob(filepath.Join(dir, "kept", "facts-*-cuts-*.json"))
	if err != nil || len(kept) != 1 {
		t.Fatalf("kept: %v, %v", kept, err)
	}
	if err := os.WriteFile(kept[0], []byte("[1000000000]"), 0o644); err != nil {
		t.Fatal(err)
	}
	again, _, err := facts(look)
	if err != nil || !slices.Equal(again.Cuts, []time.Duration{time.Second}) {
		t.Errorf("what is kept was not used: %+v, %v", again, err)
	}
	few, _, err := facts(FilmLook{Path: film})
	if want := (rules.Film{Duration: first.Duration, FrameRate: 25}); err != nil || !reflect.DeepEqual(few, want) {
		t.Errorf("what nobody asked for was looked at: %+v, %v", few, err)
	}

	if _, findings, err := facts(FilmLook{Path: "facts_test.go", Speech: true}); err != nil || len(findings) != 1 || findings[0].Rule != "film-text" || findings[0].Pos.File != "facts_test.go" {
		t.Errorf("a text file: %v, %v", findings, err)
	}
}
