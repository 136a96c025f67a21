// Package local carries out a plan on this machine. Results are kept in a folder by their digest, so that what
// was done once, by whichever run, is not done again.
package local

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"filmpress/internal/engine"
	"filmpress/internal/plan"
	"filmpress/internal/report"
)

// Run does the steps whose results are not kept and gives all results by step ID. sources maps a source file's
// digest to its path. Steps that do not need each other run side by side. The first failure ends the run; what
// was finished stays kept. Errors are *engine.StepError, or ctx's.
func Run(ctx context.Context, p plan.Plan, sources map[string]string, w engine.Worker, kept *Kept, sink report.Sink) (map[string]engine.Result, error) {
	dir, release, err := kept.Work()
	if err != nil {
		return nil, fmt.Errorf("a work folder for the steps: %w", err)
	}
	defer release()
	r := &run{sources: sources, worker: w, kept: kept, work: dir, sink: sink, done: map[string]chan struct{}{}, results: map[string]*engine.Result{}}
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

type run struct {
	sources map[string]string
	worker  engine.Worker
	kept    *Kept
	work    string
	sink    report.Sink
	done    map[string]chan struct{}
	results map[string]*engine.Result // an entry is written before its done is closed, and read after
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
		var err error
		if result, err = r.make(ctx, s, in); err != nil {
			return err
		}
	}
	*r.results[s.ID] = result
	r.sink(report.Event{Kind: report.StepDone, Step: s.ID, Digest: s.Digest, Sort: s.Kind, Text: s.About, Kept: result.Kept, Total: result.Size(), Dir: result.Dir})
	close(r.done[s.ID])
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
	if err := os.MkdirAll(out, 0o755); err != nil {
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
