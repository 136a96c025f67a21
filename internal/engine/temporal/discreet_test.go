package temporal

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filmpress/internal/engine/depot"
	"filmpress/internal/engine/local"
	"filmpress/internal/plan"
	"filmpress/internal/report"
	"filmpress/internal/store/storetest"
)

// TestNoPathsForTheServer: what lies at the server for weeks tells what went wrong, and not whose folders and films these are.
func TestNoPathsForTheServer(t *testing.T) {
	t.Setenv("HOME", "/home/marker anna")
	const cache = "/srv/marker's work/kept"
	for _, c := range []struct{ in, want string }{
		{"ffmpeg failed: file:" + cache + "/source-ab/source.mp4: moov atom not found; all its messages are in " + cache + "/logs/chunk-0-ladder-ab12.log",
			"ffmpeg failed: a file of that worker's: moov atom not found; all its messages are in a file of that worker's"},
		{"open /home/marker anna/.cache/filmpress/x: no space left on device", "open a file of that worker's: no space left on device"},
		{"ffmpeg made no progress for 1m0s and was ended; all its messages are in /var/marker-anna/logs/a.log; it is tried once more", "ffmpeg made no progress for 1m0s and was ended; all its messages are in a file of that worker's; it is tried once more"},
		{`cannot run "/opt/marker-anna/ffmpeg"`, `cannot run "a file of that worker's"`},
		{"between 0:00 and 1:00 the picture is damaged (24000/1001; and/or)", "between 0:00 and 1:00 the picture is damaged (24000/1001; and/or)"},
		{"https://films.example.org/a/b and s3://films/kept cannot be reached", "https://films.example.org/a/b and s3://films/kept cannot be reached"},
	} {
		if got := withoutPaths(c.in, cache); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.in, got, c.want)
		}
	}
	named := fmt.Errorf("the step: %w", &fs.PathError{Op: "open", Path: "/media/disk of marker/a b.mp4", Err: fs.ErrPermission})
	if got := discreet(named, cache); got != "the step: open a file of that worker's: permission denied" {
		t.Error(got)
	}
	told := &teller{sink: report.Discard, private: cache}
	told.take(report.Event{Kind: report.Note, Text: "part 1: " + cache + "/x y: damaged"})
	if got := strings.Join(told.lines(), ""); strings.Contains(got, "marker") {
		t.Error(got)
	}
}

// writer makes a result of its step's name and what it reads.
type writer struct{ did int }

func (w *writer) Do(_ context.Context, s plan.Step, in map[string]string, out string, _ report.Sink) error {
	w.did++
	text := s.ID
	for _, input := range s.Inputs {
		b, err := os.ReadFile(filepath.Join(in[input.Name], "f"))
		if err != nil {
			return err
		}
		text += "(" + string(b) + ")"
	}
	return os.WriteFile(filepath.Join(out, "f"), []byte(text), 0o600)
}

// TestDamagedCacheOfAWorker: what a worker's disk has lost is made, or fetched, anew; it neither fails for ever nor goes into the film.
func TestDamagedCacheOfAWorker(t *testing.T) {
	kept, err := local.OpenKept(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	d := &depot.Depot{Store: storetest.Memory(), Facts: "facts.json"}
	w := &Worker{Depot: d, Kept: kept, FactsOnly: func(plan.Step) bool { return false }}
	steps := &writer{}
	first := plan.Step{ID: "a", Digest: "da"}
	second := plan.Step{ID: "b", Digest: "db", Inputs: []plan.Input{{Name: "x", Step: "a", Digest: "da"}}}
	rot := func() {
		t.Helper()
		if err := os.WriteFile(filepath.Join(kept.Dir(), "da", "f"), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	work, release, err := kept.Work()
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	if _, err := kept.Make(t.Context(), first, nil, work, steps, report.Discard); err != nil { // and then it could not be sent
		t.Fatal(err)
	}
	rot()
	if err := w.make(t.Context(), steps, first, report.Discard); err != nil || steps.did != 2 {
		t.Fatalf("%v, done %d times", err, steps.did)
	}
	rot()
	if err := w.make(t.Context(), steps, second, report.Discard); err != nil {
		t.Fatal(err)
	}
	r, _, err := d.Fetch(t.Context(), "db", kept)
	if err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(filepath.Join(r.Dir, "f")); string(b) != "b(a)" {
		t.Errorf("%q, %v", b, err)
	}
}
