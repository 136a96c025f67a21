package cli

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
	"time"

	"filmpress/internal/config"
	"filmpress/internal/missing"
	"filmpress/internal/subtitle/rules"
	"filmpress/internal/ui"
)

// TestFilmFacts looks at a film of two cuts with a tone in place of speech, and looks again without decoding it anew.
func TestFilmFacts(t *testing.T) {
	ffmpeg, err := exec.LookPath("ffmpeg")
	if err != nil {
		missing.Tool(t, "ffmpeg is not installed")
	}
	dir := t.TempDir()
	film := filepath.Join(dir, "film.mp4")
	out, err := exec.Command(ffmpeg, "-v", "error", "-f", "lavfi", "-i", "color=red:s=320x180:r=25:d=2[a];color=white:s=320x180:r=25:d=1[b];testsrc2=s=320x180:r=25:d=3[c];[a][b][c]concat=n=3",
		"-f", "lavfi", "-i", "sine=1000:d=6", "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac", film).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	a := &app{config: config.Config{Kept: filepath.Join(dir, "kept")}, ui: ui.New(ui.Options{Out: io.Discard, Now: time.Now})}
	look := filmLook{path: film, speech: true, cuts: true}
	first, findings, err := a.filmFacts(t.Context(), look)
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
	again, _, err := a.filmFacts(t.Context(), look)
	if err != nil || !slices.Equal(again.Cuts, []time.Duration{time.Second}) {
		t.Errorf("what is kept was not used: %+v, %v", again, err)
	}
	few, _, err := a.filmFacts(t.Context(), filmLook{path: film})
	if want := (rules.Film{Duration: first.Duration, FrameRate: 25}); err != nil || !reflect.DeepEqual(few, want) {
		t.Errorf("what nobody asked for was looked at: %+v, %v", few, err)
	}

	if _, findings, err := a.filmFacts(t.Context(), filmLook{path: "film_facts_test.go", speech: true}); err != nil || len(findings) != 1 || findings[0].Rule != "film-text" || findings[0].Pos.File != "film_facts_test.go" {
		t.Errorf("a text file: %v, %v", findings, err)
	}
}
