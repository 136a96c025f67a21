package temporal

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"syscall"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"filmpress/internal/engine"
	"filmpress/internal/engine/depot"
	"filmpress/internal/engine/local"
	"filmpress/internal/plan"
	"filmpress/internal/report"
	"filmpress/internal/store"
)

// Worker does steps for a Temporal server.
type Worker struct {
	Steps func(plan.Plan) engine.Worker // who does those of a plan; asked once for each plan, or a few times
	Depot *depot.Depot
	Kept  *local.Kept // this machine's cache
	Room  int64       // bytes that the cache may take; 0 is no limit
	// FactsOnly tells of steps that read nothing of other results but their facts (depot.Depot.Facts).
	FactsOnly func(plan.Step) bool
	// Elsewhere tells whether what a step failed with may be this machine's fault, so that it is tried again.
	Elsewhere func(error) bool
	Sink      report.Sink // what this worker does

	client client.Client
	ill    chan error // one that says why this machine had better take no steps

	mu    sync.Mutex
	plans map[string]planned // by digest; a worker sees a few
}

// planned is a plan, and who does its steps.
type planned struct {
	plan.Plan
	steps engine.Worker
}

// The types of failures, as the server keeps them.
const (
	failedStep  = "step"  // the step itself: not tried again
	failedHere  = "here"  // this machine, the line or the bucket
	failedStore = "store" // a place that does not keep what it should: not tried again
)

// do does one step of a plan, unless the depot has its result.
func (w *Worker) do(ctx context.Context, job Job) (Done, error) {
	d, err := w.attempt(ctx, job)
	if err == nil {
		return d, nil
	}
	if ctx.Err() != nil || errors.Is(err, errTakenAway) { // this worker was told to end, or has lost the step: nothing is wrong with either
		return d, temporal.NewApplicationError("the worker ended", failedHere)
	}
	if isHere(err) || w.Elsewhere(err) {
		select {
		case w.ill <- err:
		default:
		}
		return d, temporal.NewApplicationError(discreet(err, w.Kept.Dir()), failedHere, job.Step)
	}
	kind := failedStep
	if errors.Is(err, store.ErrNotFound) || errors.Is(err, store.ErrDamaged) {
		kind = failedStore
	}
	return d, temporal.NewNonRetryableApplicationError(discreet(plain(err), w.Kept.Dir()), kind, nil, job.Step)
}

// labelled is a sink to which each event says what it is about. How long a step waited, the server knows; of one that is tried again,
// its clock counts the earlier attempts, too, so that is not told.
func labelled(sink report.Sink, s plan.Step, trace string, info activity.Info) report.Sink {
	return func(e report.Event) {
		e.Step, e.Digest, e.Sort, e.Trace = s.ID, s.Digest, s.Kind, trace
		if e.Kind == report.StepStarted {
			e.Waited = 0
			if info.Attempt == 1 {
				e.Waited = max(0, info.StartedTime.Sub(info.ScheduledTime).Milliseconds())
			}
		}
		sink(e)
	}
}

// isHere tells of what ails a machine and not a step: it has no room, or its way to the bucket is closed.
func isHere(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, store.ErrUnreachable) || errors.Is(err, store.ErrRefused) || errors.Is(err, store.ErrFull)
}

// plain is an error without the step's name, which the publisher knows.
func plain(err error) error {
	if step, ok := errors.AsType[*engine.StepError](err); ok {
		return step.Err
	}
	return err
}

func (w *Worker) attempt(ctx context.Context, job Job) (d Done, err error) {
	d.Step = job.Step
	p, err := w.plan(ctx, job.Plan)
	if err != nil {
		return d, err
	}
	if job.Step >= len(p.Steps) {
		return d, errors.New("the plan has no such step")
	}
	s := p.Steps[job.Step]
	told := &teller{private: w.Kept.Dir(), sink: labelled(w.Sink, s, job.Trace, activity.GetInfo(ctx))}
	if activity.GetInfo(ctx).Attempt > 1 {
		told.take(report.Event{Kind: report.StepRetried, Text: s.About})
	}
	whole := ctx
	defer func() {
		if err != nil {
			why := err
			if whole.Err() != nil || errors.Is(err, errTakenAway) {
				why = context.Canceled
			}
			told.take(report.Event{Kind: report.StepFailed, Text: s.About, Err: why})
		}
	}()
	if ok, err := w.Depot.Has(ctx, s.Digest); ok || err != nil {
		if d.Kept = ok; ok {
			told.take(report.Event{Kind: report.StepDone, Text: s.About, Kept: true})
		}
		return d, err
	}
	ctx, stop := w.beat(ctx, told)
	defer stop()
	if err := w.make(ctx, p.steps, s, told.take); err != nil {
		if cause := context.Cause(ctx); cause != nil && ctx.Err() != nil {
			err = cause
		}
		return d, err
	}
	d.Notes = told.lines()
	return d, nil
}

// make brings a step's inputs here, does it, and sends its result.
func (w *Worker) make(ctx context.Context, steps engine.Worker, s plan.Step, sink report.Sink) error {
	if result, release, ok := w.Kept.Use(ctx, s.Digest); ok { // made before, and not sent
		err := w.Depot.Send(ctx, result, w.Kept)
		release()
		if err == nil {
			sink(report.Event{Kind: report.StepDone, Text: s.About, Kept: true})
		}
		if err == nil || !errors.Is(err, store.ErrDamaged) || w.Kept.Whole(result) {
			return err
		}
		if err := w.Kept.Drop(s.Digest); err != nil { // else it would be sent again each time, and never be taken
			return err
		}
	}
	work, swept, err := w.Kept.Work()
	if err != nil {
		return err
	}
	defer swept()
	in, release, err := w.inputs(ctx, s, work)
	defer release()
	if err != nil {
		return err
	}
	if _, err = w.Kept.Make(ctx, s, in, work, steps, sink); err != nil {
		return err
	}
	result, free, ok := w.Kept.Use(ctx, s.Digest)
	if !ok {
		return errors.New("the result went from the cache as soon as it was there; give it more room")
	}
	defer free()
	if err := w.Depot.Send(ctx, result, w.Kept); err != nil {
		return err
	}
	sink(report.Event{Kind: report.StepDone, Text: s.About, Total: result.Size()})
	return w.trim()
}

// inputs brings what a step reads; release is never nil.
func (w *Worker) inputs(ctx context.Context, s plan.Step, work string) (in map[string]string, release func(), err error) {
	var held []func()
	release = func() {
		for _, free := range held {
			free()
		}
	}
	in = map[string]string{}
	if err := w.trim(); err != nil {
		return nil, release, err
	}
	for _, input := range s.Inputs {
		var free func()
		switch {
		case input.Step == "":
			in[input.Name], free, err = w.Depot.FetchSource(ctx, input.Source, w.Kept)
		case w.FactsOnly(s):
			in[input.Name] = filepath.Join(work, "facts", input.Digest)
			err = w.Depot.FetchFacts(ctx, input.Digest, in[input.Name])
		default:
			var r engine.Result
			r, free, err = w.fetch(ctx, input.Digest)
			in[input.Name] = r.Dir
		}
		if err != nil {
			return nil, release, err
		}
		if free != nil {
			held = append(held, free)
		}
	}
	return in, release, nil
}

// fetch brings a result that a step will read. One that is here already is read through first: of a film that is joined and not decoded nobody would
// notice what a disk has lost since.
func (w *Worker) fetch(ctx context.Context, digest string) (r engine.Result, release func(), err error) {
	if r, release, ok := w.Kept.Use(ctx, digest); ok {
		if w.Kept.Whole(r) {
			return r, release, nil
		}
		release()
		if err := w.Kept.Drop(digest); err != nil {
			return r, nil, err
		}
	}
	return w.Depot.Fetch(ctx, digest, w.Kept)
}

func (w *Worker) trim() error {
	if w.Room == 0 {
		return nil
	}
	return w.Kept.Trim(w.Room)
}

// plan gives a plan, which is read once.
func (w *Worker) plan(ctx context.Context, digest string) (planned, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if p, ok := w.plans[digest]; ok {
		return p, nil
	}
	p, err := w.Depot.Plan(ctx, digest)
	if err != nil {
		return planned{}, err
	}
	if len(w.plans) > 16 || w.plans == nil {
		w.plans = map[string]planned{}
	}
	w.plans[digest] = planned{p, w.Steps(p)}
	return w.plans[digest], nil
}

// register tells a worker of the SDK what we know how to do.
func (w *Worker) activityOptions() activity.RegisterOptions {
	return activity.RegisterOptions{Name: stepActivity}
}
