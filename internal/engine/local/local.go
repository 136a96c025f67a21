// Package local carries out a plan on this machine. Results are kept in a folder by their digest, so that what
// was done once, by whichever run, is not done again.
package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"filmpress/internal/engine"
	"filmpress/internal/plan"
	"filmpress/internal/report"
)

// Run does the steps whose results are not kept and gives all results by step ID. sources are the files that steps read, by their digest: a step
// reads the bytes that were judged, or fails. Steps that do not need each other run side by side. The first failure ends the run; what
// was finished stays kept. A kept result that turns out damaged when a step is to read it is made once more, and what was made of it. Errors are
// *engine.StepError, or ctx's.
func Run(ctx context.Context, p plan.Plan, sources map[string]engine.Source, w engine.Worker, kept *Kept, sink report.Sink) (map[string]engine.Result, error) {
	for again := false; ; again = true {
		results, err := once(ctx, p, sources, w, kept, sink)
		damaged, ok := errors.AsType[*damagedError](err)
		if !ok || again {
			return results, err
		}
		sink(report.Event{Kind: report.Note, Text: "a kept result is damaged; it is made again"})
		if err := kept.DropWith(p, damaged.digest); err != nil {
			return nil, err
		}
	}
}

// damagedError is a kept result whose bytes are not what they were when it was kept.
type damagedError struct{ digest string }

func (e *damagedError) Error() string { return "the kept result " + e.digest + " is damaged" }

// once is Run, and fails with *damagedError.
func once(ctx context.Context, p plan.Plan, sources map[string]engine.Source, w engine.Worker, kept *Kept, sink report.Sink) (map[string]engine.Result, error) {
	dir, release, err := kept.Work()
	if err != nil {
		return nil, fmt.Errorf("a work folder for the steps: %w", err)
	}
	defer release()
	paths, err := copies(sources, filepath.Join(dir, "sources"))
	if err != nil {
		return nil, fmt.Errorf("a copy of what lies beside the film: %w", err)
	}
	r := &run{sources: paths, worker: engine.Steady(w, sources), kept: kept, work: dir, sink: sink, done: map[string]chan struct{}{}, results: map[string]*engine.Result{},
		sound: map[string]func() error{}}
	for _, s := range p.Steps { // all entries are made before any step runs: the maps themselves never change under them
		r.done[s.ID], r.results[s.ID] = make(chan struct{}), &engine.Result{}
	}
	group, gctx := errgroup.WithContext(ctx)
	for _, s := range p.Steps {
		group.Go(func() error { return report.Caught(func() error { return r.step(gctx, s) }) })
	}
	err = group.Wait()
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		return nil, err
	}
	results := map[string]engine.Result{}
	for id, result := range r.results {
		results[id] = *result
	}
	return results, nil
}

// copies writes what is held of the sources below dir, and gives the path of each source by its digest.
func copies(sources map[string]engine.Source, dir string) (paths map[string]string, err error) {
	paths = map[string]string{}
	for digest, s := range sources {
		paths[digest] = s.Path
		if s.Data != nil {
			if paths[digest], err = s.Copy(filepath.Join(dir, digest)); err != nil {
				return nil, err
			}
		}
	}
	return paths, nil
}

type run struct {
	sources map[string]string // by digest, where steps read them
	worker  engine.Worker
	kept    *Kept
	work    string
	sink    report.Sink
	done    map[string]chan struct{}
	results map[string]*engine.Result // an entry is written before its done is closed, and read after

	mu    sync.Mutex
	sound map[string]func() error // by what was looked at: whether it is whole; found out once
}

// step waits for a step's inputs, then finds its result or makes it.
func (r *run) step(ctx context.Context, s plan.Step) error {
	in := map[string]string{}
	for _, input := range s.Inputs {
		if input.Step == "" {
			in[input.Name] = r.sources[input.Source]
			continue
		}
		select {
		case <-r.done[input.Step]:
			in[input.Name] = r.results[input.Step].Dir
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	result, ok := r.kept.Look(s.Digest)
	if !ok {
		err := r.whole(s)
		if err != nil {
			return err
		}
		if result, err = r.make(ctx, s, in); err != nil {
			return err
		}
	}
	*r.results[s.ID] = result
	r.sink(report.Event{Kind: report.StepDone, Step: s.ID, Digest: s.Digest, Sort: s.Kind, Text: s.About, Kept: result.Kept, Total: result.Size(), Dir: result.Dir})
	close(r.done[s.ID])
	return nil
}

// whole says whether what a step is about to read of results that were kept before is what was kept. A disk may have lost some of it since, and of a
// film that is joined and not decoded nobody would notice.
func (r *run) whole(s plan.Step) error {
	only, _ := engine.Only(r.worker, s)
	for _, input := range s.Inputs {
		if input.Step == "" || !r.results[input.Step].Kept {
			continue
		}
		result, key := *r.results[input.Step], input.Step+"/"+only
		r.mu.Lock()
		look, known := r.sound[key]
		if !known {
			look = sync.OnceValue(func() error {
				same, err := result.Same(only)
				if err == nil && !same {
					err = &damagedError{result.Digest}
				}
				return err
			})
			r.sound[key] = look
		}
		r.mu.Unlock()
		if err := look(); err != nil {
			return &engine.StepError{Step: s, Err: err}
		}
	}
	return nil
}

// make does a step in the run's work folder.
func (r *run) make(ctx context.Context, s plan.Step, in map[string]string) (engine.Result, error) {
	result, err := r.kept.Make(ctx, s, in, r.work, r.worker, r.sink)
	if err != nil {
		why := err
		if ctx.Err() != nil { // whatever it broke, the step was told to end
			why = ctx.Err()
		}
		r.sink(report.Event{Kind: report.StepFailed, Step: s.ID, Digest: s.Digest, Sort: s.Kind, Text: s.About, Err: why})
	}
	return result, err
}

// Make does a step in a folder that Work gave, and keeps its result. Another process that does the same step is waited for, and its
// result taken. Errors are *engine.StepError.
func (k *Kept) Make(ctx context.Context, s plan.Step, in map[string]string, work string, w engine.Worker, sink report.Sink) (engine.Result, error) {
	result, err := k.attempt(ctx, s, in, filepath.Join(work, s.ID, "out"), w, sink)
	if err != nil {
		return engine.Result{}, &engine.StepError{Step: s, Err: err}
	}
	return result, nil
}

func (k *Kept) attempt(ctx context.Context, s plan.Step, in map[string]string, out string, w engine.Worker, sink report.Sink) (engine.Result, error) {
	ready := time.Now()
	unlock, err := k.lock(ctx, s.Digest)
	if err != nil {
		return engine.Result{}, err
	}
	defer unlock()
	if result, ok := k.Look(s.Digest); ok {
		return result, nil
	}
	if err := os.MkdirAll(out, 0o700); err != nil {
		return engine.Result{}, err
	}
	err = w.Do(ctx, s, in, out, func(e report.Event) {
		e.Step, e.Digest, e.Sort = s.ID, s.Digest, s.Kind
		switch e.Kind {
		case report.FileReady:
			e.Dir = out
		case report.StepStarted:
			e.Waited = time.Since(ready).Milliseconds()
		}
		sink(e)
	})
	if err == nil {
		err = ctx.Err() // a step that was told to stop is not trusted to have finished
	}
	if err != nil {
		return engine.Result{}, err
	}
	return k.keep(s.Digest, out)
}
