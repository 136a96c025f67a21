package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
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
