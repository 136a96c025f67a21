package local

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"filmpress/internal/engine"
	"filmpress/internal/filestamp"
	"filmpress/internal/plan"
	"filmpress/internal/report"
)

// joiner is a worker whose result is its inputs' texts in order, and its own name.
type joiner struct {
	mu   sync.Mutex
	did  []string
	fail map[string]error
	hold map[string]chan struct{} // a step waits here, after it wrote
}

func (j *joiner) Do(ctx context.Context, s plan.Step, in map[string]string, out string, sink report.Sink) error {
	j.mu.Lock()
	j.did = append(j.did, s.ID)
	j.mu.Unlock()
	sink(report.Event{Kind: report.StepStarted})
	text := s.ID
	for _, input := range s.Inputs {
		path := in[input.Name]
		if input.Step != "" {
			path = filepath.Join(path, "sub", "text")
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		text += "(" + string(b) + ")"
	}
	if err := os.MkdirAll(filepath.Join(out, "sub"), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(out, "sub", "text"), []byte(text), 0o644); err != nil {
		return err
	}
	sink(report.Event{Kind: report.FileReady, Path: "sub/text"})
	if c := j.hold[s.ID]; c != nil {
		select {
		case <-c:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return j.fail[s.ID]
}

func chain() plan.Plan {
	return plan.Plan{Steps: []plan.Step{
		{ID: "a", Digest: "da", Inputs: []plan.Input{{Name: "film", Source: "f", Digest: "f"}}},
		{ID: "b", Digest: "db", Inputs: []plan.Input{{Name: "film", Source: "f", Digest: "f"}}},
		{ID: "c", Digest: "dc", Inputs: []plan.Input{{Name: "x", Step: "a"}, {Name: "y", Step: "b"}}},
	}}
}

func setUp(t *testing.T) (*Kept, map[string]engine.Source) {
	film := filepath.Join(t.TempDir(), "film")
	if err := os.WriteFile(film, []byte("F"), 0o644); err != nil {
		t.Fatal(err)
	}
	kept, err := OpenKept(filepath.Join(t.TempDir(), "kept"))
	if err != nil {
		t.Fatal(err)
	}
	stamp, err := filestamp.At(film)
	if err != nil {
		t.Fatal(err)
	}
	return kept, map[string]engine.Source{"f": {Path: film, Stamp: stamp}}
}

func textOf(t *testing.T, r engine.Result) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(r.Dir, "sub", "text"))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestRunKeepsWhatItDid(t *testing.T) {
	kept, sources := setUp(t)
	w := &joiner{}
	first, err := Run(t.Context(), chain(), sources, w, kept, report.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if got := textOf(t, first["c"]); got != "c(a(F))(b(F))" {
		t.Errorf("c holds %q", got)
	}
	again, err := Run(t.Context(), chain(), sources, w, kept, report.Discard)
	if err != nil {
		t.Fatal(err)
	}
	for id, r := range again {
		if !r.Kept || first[id].Kept {
			t.Errorf("%s: kept %v at first and %v again", id, first[id].Kept, r.Kept)
		}
	}
	if len(w.did) != 3 {
		t.Errorf("steps done: %v", w.did)
	}
	if left, _ := filepath.Glob(filepath.Join(kept.Dir(), "work-*")); len(left) > 0 {
		t.Errorf("work folders left behind: %v", left)
	}
}

func TestRunRedoesWhatIsDamaged(t *testing.T) {
	for name, damage := range map[string]func(dir string) error{
		"cut file":      func(dir string) error { return os.Truncate(filepath.Join(dir, "da", "sub", "text"), 1) },
		"missing file":  func(dir string) error { return os.Remove(filepath.Join(dir, "da", "sub", "text")) },
		"no record":     func(dir string) error { return os.Remove(filepath.Join(dir, "da.json")) },
		"broken record": func(dir string) error { return os.WriteFile(filepath.Join(dir, "da.json"), []byte("[{"), 0o644) },
		"record outside": func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "da.json"), []byte(`[{"path":"../dc.json","size":1}]`), 0o644)
		},
		"link for a file": func(dir string) error {
			p := filepath.Join(dir, "da", "sub", "text")
			return errors.Join(os.Rename(p, p+"2"), os.Symlink(p+"2", p))
		},
	} {
		t.Run(name, func(t *testing.T) {
			kept, sources := setUp(t)
			w := &joiner{}
			if _, err := Run(t.Context(), chain(), sources, w, kept, report.Discard); err != nil {
				t.Fatal(err)
			}
			if err := damage(kept.Dir()); err != nil {
				t.Fatal(err)
			}
			w.did = nil
			got, err := Run(t.Context(), chain(), sources, w, kept, report.Discard)
			if err != nil || strings.Join(w.did, "") != "a" || textOf(t, got["a"]) != "a(F)" {
				t.Errorf("redone: %v, %v", w.did, err)
			}
		})
	}
}

func TestRunStopsAtAFailureAndGoesOnFromIt(t *testing.T) {
	kept, sources := setUp(t)
	broken := errors.New("no luck")
	w := &joiner{fail: map[string]error{"c": broken}}
	_, err := Run(t.Context(), chain(), sources, w, kept, report.Discard)
	var se *engine.StepError
	if !errors.As(err, &se) || se.Step.ID != "c" || !errors.Is(err, broken) {
		t.Fatalf("got %v", err)
	}
	if _, ok := kept.Look("dc"); ok {
		t.Error("a failed step's result is kept")
	}
	w.did, w.fail = nil, nil
	if _, err := Run(t.Context(), chain(), sources, w, kept, report.Discard); err != nil || strings.Join(w.did, "") != "c" {
		t.Errorf("the next run did %v, %v", w.did, err)
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	kept, sources := setUp(t)
	ctx, cancel := context.WithCancel(t.Context())
	w := &joiner{hold: map[string]chan struct{}{"a": make(chan struct{})}}
	_, err := Run(ctx, chain(), sources, w, kept, func(e report.Event) {
		if e.Kind == report.FileReady && e.Step == "a" {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if _, ok := kept.Look("da"); ok {
		t.Error("a cancelled step's result is kept")
	}
}

// TestRunEndsWhileItWaits: who waits for another publisher's step hears of the end; who waits longer gets its turn.
func TestRunEndsWhileItWaits(t *testing.T) {
	kept, sources := setUp(t)
	free, err := kept.Exclusive(t.Context(), "da")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	run := func(ctx context.Context) {
		_, err := Run(ctx, chain(), sources, &joiner{}, kept, report.Discard)
		ended <- err
	}
	go run(ctx)
	time.AfterFunc(20*time.Millisecond, cancel)
	select {
	case err := <-ended:
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("it does not hear")
	}
	go run(t.Context())
	time.AfterFunc(20*time.Millisecond, free)
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestTwoRunsDoAStepOnce(t *testing.T) {
	kept, sources := setUp(t)
	w := &joiner{}
	var group sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		group.Go(func() { _, errs[i] = Run(t.Context(), chain(), sources, w, kept, report.Discard) })
	}
	group.Wait()
	if err := errors.Join(errs...); err != nil || len(w.did) != 3 {
		t.Errorf("did %v, %v", w.did, err)
	}
}

func TestSweepLeavesLiveWorkAlone(t *testing.T) {
	kept, _ := setUp(t)
	live, release, err := kept.Work()
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	dead := filepath.Join(kept.Dir(), "work-dead")
	if err := os.MkdirAll(filepath.Join(dead, "out"), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenKept(kept.Dir()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dead); !errors.Is(err, os.ErrNotExist) {
		t.Error("the dead run's folder is still there")
	}
	if _, err := os.Stat(live); err != nil {
		t.Error("the live run's folder is gone")
	}
}

// TestFilesAreToldAsTheyLie follows a file from FileReady to StepDone.
func TestFilesAreToldAsTheyLie(t *testing.T) {
	kept, sources := setUp(t)
	var mu sync.Mutex
	var seen []string
	_, err := Run(t.Context(), chain(), sources, &joiner{}, kept, func(e report.Event) {
		mu.Lock()
		defer mu.Unlock()
		if e.Step != "a" {
			return
		}
		path := filepath.Join(e.Dir, "sub", "text")
		_, err := os.Stat(path)
		seen = append(seen, fmt.Sprint(e.Kind, " ", e.Digest, " ", err == nil))
	})
	want := "[step-started da false file-ready da true step-done da true]"
	if err != nil || fmt.Sprint(seen) != want {
		t.Errorf("got %v, want %s, %v", seen, want, err)
	}
}

// panicking is a worker with a bug in one step.
type panicking struct {
	joiner
	at string
}

func (p *panicking) Do(ctx context.Context, s plan.Step, in map[string]string, out string, sink report.Sink) error {
	if s.ID == p.at {
		panic("index out of range")
	}
	return p.joiner.Do(ctx, s, in, out, sink)
}

// TestWorkerPanics: a bug in a worker comes back as one, with its place; nothing of its step is kept.
func TestWorkerPanics(t *testing.T) {
	kept, sources := setUp(t)
	_, err := Run(t.Context(), chain(), sources, &panicking{at: "b"}, kept, func(report.Event) {})
	bug, ok := errors.AsType[*report.Bug](err)
	if !ok || !strings.Contains(string(bug.Stack), "panicking") {
		t.Fatalf("%v", err)
	}
	if _, ok := kept.Look("db"); ok {
		t.Error("the step's result is kept")
	}
}

// TestSourcesAreThoseThatWereJudged: what is changed after it was looked at is not read, and nothing of it is kept under the digest of what was.
func TestSourcesAreThoseThatWereJudged(t *testing.T) {
	change := func(t *testing.T, path, text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	refused := func(t *testing.T, kept *Kept, err error, film string) {
		t.Helper()
		if changed, ok := errors.AsType[*engine.ChangedError](err); !ok || changed.Path != film {
			t.Errorf("got %v", err)
		}
		for _, digest := range []string{"da", "db", "dc"} {
			if _, ok := kept.Look(digest); ok {
				t.Errorf("%s is kept", digest)
			}
		}
	}
	t.Run("a small file", func(t *testing.T) {
		kept, sources := setUp(t)
		path := sources["f"].Path
		sources["f"] = engine.Source{Path: path, Data: []byte("judged")}
		change(t, path, "a name")
		got, err := Run(t.Context(), chain(), sources, &joiner{}, kept, report.Discard)
		if err != nil || textOf(t, got["c"]) != "c(a(judged))(b(judged))" {
			t.Errorf("%v", err)
		}
	})
	t.Run("a film, before", func(t *testing.T) {
		kept, sources := setUp(t)
		change(t, sources["f"].Path, "N")
		w := &joiner{}
		_, err := Run(t.Context(), chain(), sources, w, kept, report.Discard)
		refused(t, kept, err, sources["f"].Path)
		if len(w.did) > 0 {
			t.Errorf("did %v", w.did)
		}
	})
	t.Run("a film, with its time set back", func(t *testing.T) {
		kept, sources := setUp(t)
		path := sources["f"].Path
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(20 * time.Millisecond) // a tick of the file system's clock
		change(t, path, "N")
		if err := os.Chtimes(path, info.ModTime(), info.ModTime()); err != nil {
			t.Fatal(err)
		}
		_, err = Run(t.Context(), chain(), sources, &joiner{}, kept, report.Discard)
		refused(t, kept, err, path)
	})
	t.Run("a film, while a step reads it", func(t *testing.T) {
		kept, sources := setUp(t)
		path := sources["f"].Path
		time.Sleep(20 * time.Millisecond)
		one := plan.Plan{Steps: chain().Steps[:1]}
		var told []report.Kind
		_, err := Run(t.Context(), one, sources, &joiner{}, kept, func(e report.Event) {
			if e.Kind == report.StepStarted {
				change(t, path, "N")
			}
			told = append(told, e.Kind)
		})
		refused(t, kept, err, path)
		if slices.Contains(told, report.FileReady) || slices.Contains(told, report.StepDone) {
			t.Errorf("of what was made of it was told: %v", told)
		}
	})
}

// TestDamageIsNotJoined: what a disk lost of a kept result does not go into what is made of it, nor stay in what was.
func TestDamageIsNotJoined(t *testing.T) {
	kept, sources := setUp(t)
	w := &joiner{}
	if _, err := Run(t.Context(), chain(), sources, w, kept, report.Discard); err != nil {
		t.Fatal(err)
	}
	rot := filepath.Join(kept.Dir(), "da", "sub", "text")
	if err := errors.Join(kept.Drop("dc"), os.WriteFile(rot, []byte("x(F)"), 0o644)); err != nil { // as long as before
		t.Fatal(err)
	}
	w.did = nil
	var notes []string
	got, err := Run(t.Context(), chain(), sources, w, kept, func(e report.Event) {
		if e.Kind == report.Note {
			notes = append(notes, e.Text)
		}
	})
	if err != nil || textOf(t, got["c"]) != "c(a(F))(b(F))" || strings.Join(w.did, "") != "ac" || len(notes) != 1 {
		t.Errorf("%v, did %v, told %v", err, w.did, notes)
	}
	if err := kept.DropWith(chain(), "db"); err != nil {
		t.Fatal(err)
	}
	for digest, want := range map[string]bool{"da": true, "db": false, "dc": false} {
		if _, ok := kept.Look(digest); ok != want {
			t.Errorf("%s: kept is %v", digest, ok)
		}
	}
}

// partial reads one file alone of other results, and so it does not matter what else is in them.
type partial struct{ joiner }

func (p *partial) Only(s plan.Step) (string, bool) { return "sub/text", s.ID == "c" }

func TestOnlyWhatIsReadMustBeWhole(t *testing.T) {
	kept, sources := setUp(t)
	w := &partial{}
	if _, err := Run(t.Context(), chain(), sources, w, kept, report.Discard); err != nil {
		t.Fatal(err)
	}
	r, _ := kept.Look("da")
	r.Files = append(r.Files, engine.File{Path: "more", Size: 4, SHA256: "not this"})
	raw, err := json.Marshal(r.Files)
	if err := errors.Join(err, kept.Drop("dc"), os.WriteFile(filepath.Join(r.Dir, "more"), []byte("more"), 0o644), os.WriteFile(filepath.Join(kept.Dir(), "da.json"), raw, 0o600)); err != nil {
		t.Fatal(err)
	}
	w.did = nil
	if _, err := Run(t.Context(), chain(), sources, w, kept, report.Discard); err != nil || strings.Join(w.did, "") != "c" {
		t.Errorf("%v, did %v", err, w.did)
	}
}

// TestKeptIsPrivate: results and logs are nobody else's to look at before they are published, and logs do not stay for ever.
func TestKeptIsPrivate(t *testing.T) {
	kept, sources := setUp(t)
	if _, err := Run(t.Context(), chain(), sources, &joiner{}, kept, report.Discard); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"", "da", "da.json", "da.lock"} {
		info, err := os.Stat(filepath.Join(kept.Dir(), name))
		if err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%q: %v %v", name, info.Mode(), err)
		}
	}
	if err := os.Mkdir(kept.LogDir(), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, age := range map[string]time.Duration{"old.log": 15 * 24 * time.Hour, "new.log": 13 * 24 * time.Hour, "old.txt": 15 * 24 * time.Hour} {
		path, at := filepath.Join(kept.LogDir(), name), time.Now().Add(-age)
		if err := errors.Join(os.WriteFile(path, nil, 0o600), os.Chtimes(path, at, at)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := OpenKept(kept.Dir()); err != nil {
		t.Fatal(err)
	}
	left, _ := filepath.Glob(filepath.Join(kept.LogDir(), "*"))
	if len(left) != 2 || filepath.Base(left[0]) != "new.log" || filepath.Base(left[1]) != "old.txt" {
		t.Errorf("left: %v", left)
	}
}
