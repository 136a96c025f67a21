package temporal

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"go.temporal.io/api/enums/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"golang.org/x/sync/errgroup"

	"filmpress/internal/engine"
	"filmpress/internal/engine/depot"
	"filmpress/internal/engine/local"
	"filmpress/internal/plan"
	"filmpress/internal/report"
	"filmpress/internal/store"
)

// How often the server is asked, and how long it may be away before that is told.
const (
	askEvery   = 500 * time.Millisecond // at first; a publish of hours is asked less often
	askRarely  = 5 * time.Second
	askIdle    = 30 * time.Second // while no worker is at it: of many films most wait, and each is four or five questions
	tellAfter  = 30 * time.Second
	fetchAhead = 4 // results fetched at once
)

// watch follows one publish, and brings its results here while others are still being made.
type watch struct {
	c       *Cluster
	p       Publish
	plan    plan.Plan
	sink    report.Sink
	started map[int]bool
	done    map[int]bool
	heard   map[string]int64 // by run: how long its history was when it was last asked
	at      bool             // some step was at work when it was last looked at
	fetch   func(Done)
}

// Wait follows a publish until its steps are done, and gives their results as local.Run does; ctx's end leaves the server at it.
// Results stay in kept until release is called. Errors are *engine.StepError, of the server, of the depot, or ctx's.
func (c *Cluster) Wait(ctx context.Context, p Publish, pl plan.Plan, d *depot.Depot, kept *local.Kept, sink report.Sink) (results map[string]engine.Result, release func(), err error) {
	made := make([]engine.Result, len(pl.Steps))
	held := make([]func(), len(pl.Steps))
	release = func() {
		for _, free := range held {
			if free != nil {
				free()
			}
		}
	}
	group, gctx := errgroup.WithContext(ctx)
	group.SetLimit(fetchAhead + 1)
	group.Go(func() error {
		w := &watch{c: c, p: p, plan: pl, sink: sink, started: map[int]bool{}, done: map[int]bool{}, heard: map[string]int64{}}
		w.fetch = func(one Done) {
			group.Go(func() (err error) {
				s := pl.Steps[one.Step]
				for _, note := range one.Notes {
					sink(report.Event{Kind: report.Note, Text: note})
				}
				r, free, err := d.Fetch(gctx, s.Digest, kept)
				if err != nil {
					return err
				}
				r.Kept = one.Kept
				made[one.Step], held[one.Step] = r, free
				sink(report.Event{Kind: report.StepDone, Step: s.ID, Digest: s.Digest, Text: s.About, Kept: one.Kept, Dir: r.Dir})
				return nil
			})
		}
		return w.follow(gctx)
	})
	if err := group.Wait(); err != nil {
		release()
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return nil, nil, err
	}
	results = map[string]engine.Result{}
	for i, s := range pl.Steps {
		if results[s.ID] = made[i]; made[i].Dir == "" {
			release()
			return nil, nil, fmt.Errorf("%w at %s says that all is done, but not %s", ErrServer, c.address, s.ID)
		}
	}
	return results, release, nil
}

// follow asks until the publish ends.
func (w *watch) follow(ctx context.Context) error {
	pause, heard, told := askEvery, time.Now(), false
	for {
		state, err := w.look(ctx)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil && time.Since(heard) > tellAfter && !told:
			w.sink(report.Event{Kind: report.Note, Text: w.c.explain(err).Error() + "; still trying, and the workers go on meanwhile"})
			told = true
		case err == nil:
			if told {
				w.sink(report.Event{Kind: report.Note, Text: "the Temporal server is there again"})
			}
			heard, told = time.Now(), false
			if state != Running {
				return w.end(ctx)
			}
		}
		select {
		case <-time.After(pause):
			pause = w.longer(pause)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// longer is the pause after one.
func (w *watch) longer(pause time.Duration) time.Duration {
	most := askIdle
	if w.at {
		most = askRarely
	}
	return min(pause*21/20, most)
}

// look tells what happened since it was last called.
func (w *watch) look(ctx context.Context) (State, error) {
	d, err := w.c.client.DescribeWorkflowExecution(ctx, w.p.id, w.p.run)
	if err != nil {
		return Running, err
	}
	state := states[d.GetWorkflowExecutionInfo().GetStatus()]
	if state != Running {
		return state, nil
	}
	w.at = false
	w.pending(d.GetPendingActivities())
	w.ask(ctx, d.GetWorkflowExecutionInfo())
	for _, child := range d.GetPendingChildren() {
		part, err := w.c.client.DescribeWorkflowExecution(ctx, child.GetWorkflowId(), child.GetRunId())
		if err != nil {
			continue // it may have ended just now
		}
		w.pending(part.GetPendingActivities())
		w.ask(ctx, part.GetWorkflowExecutionInfo())
	}
	return Running, nil
}

// ask gives what a workflow has done since it was last asked. A worker answers, so one whose history is as it was is left in peace: films wait for
// hours where there are many. That nobody answers is not a failure: there may be no worker just now.
func (w *watch) ask(ctx context.Context, info *workflowpb.WorkflowExecutionInfo) {
	id, run := info.GetExecution().GetWorkflowId(), info.GetExecution().GetRunId()
	if w.heard[run] == info.GetHistoryLength() {
		return
	}
	once, end := context.WithTimeout(ctx, 5*time.Second)
	defer end()
	answer, err := w.c.client.QueryWorkflow(once, id, run, doneQuery)
	var all []Done
	if err == nil && answer.Get(&all) == nil {
		w.heard[run] = info.GetHistoryLength()
		w.take(all)
	}
}

// take fetches what is newly done.
func (w *watch) take(all []Done) {
	for _, d := range all {
		if d.Step < len(w.plan.Steps) && !w.done[d.Step] {
			w.done[d.Step] = true
			w.fetch(d)
		}
	}
}

// pending tells of the steps that are at work.
func (w *watch) pending(all []*workflowpb.PendingActivityInfo) {
	for _, a := range all {
		i, err := strconv.Atoi(a.GetActivityId())
		if err != nil || i >= len(w.plan.Steps) || a.GetState() != enums.PENDING_ACTIVITY_STATE_STARTED {
			continue
		}
		w.at = true
		s := w.plan.Steps[i]
		if !w.started[i] {
			w.started[i] = true
			w.sink(report.Event{Kind: report.StepStarted, Step: s.ID, Digest: s.Digest, Text: s.About})
		}
		var p Pulse
		if converter.GetDefaultDataConverter().FromPayloads(a.GetHeartbeatDetails(), &p) == nil && p.Total > 0 {
			w.sink(report.Event{Kind: report.StepProgress, Step: s.ID, Digest: s.Digest, Text: s.About, Done: p.Done, Total: p.Total, Speed: p.Speed})
		}
	}
}

// end takes what the publish ended with.
func (w *watch) end(ctx context.Context) error {
	var all []Done
	err := w.c.client.GetWorkflow(ctx, w.p.id, w.p.run).Get(ctx, &all)
	if err == nil {
		w.take(all)
		return nil
	}
	if ended := (*temporal.TerminatedError)(nil); temporal.IsCanceledError(err) || errors.As(err, &ended) {
		return &CancelledError{w.p.Slug}
	}
	if failed, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		why := errors.New(failed.Message())
		if failed.Type() == failedStore {
			why = &placeError{failed.Message()}
		}
		var step int
		if failed.HasDetails() && failed.Details(&step) == nil && step < len(w.plan.Steps) {
			return &engine.StepError{Step: w.plan.Steps[step], Err: why}
		}
		return why
	}
	return w.c.explain(err)
}

// placeError is what a worker said of the place of the results.
type placeError struct{ text string }

func (e *placeError) Error() string { return e.text }
func (e *placeError) Unwrap() error { return store.ErrRefused }

// CancelledError is a publish that somebody cancelled.
type CancelledError struct{ Slug string }

func (e *CancelledError) Error() string {
	return fmt.Sprintf("the publish of %s was cancelled; what was finished is kept: publish it again to go on", e.Slug)
}

// Listening tells which queues of an order have nobody who takes steps from them.
func (c *Cluster) Listening(ctx context.Context, o Order) (missing []string, err error) {
	o.Queue = c.queue
	for _, heavy := range []bool{true, false} {
		if !slices.ContainsFunc(o.Groups, func(g Group) bool { return g.Heavy == heavy }) {
			continue
		}
		d, err := c.client.DescribeTaskQueue(ctx, o.queueFor(heavy), enums.TASK_QUEUE_TYPE_ACTIVITY)
		if err != nil {
			return nil, c.explain(err)
		}
		if len(d.GetPollers()) == 0 {
			missing = append(missing, o.queueFor(heavy))
		}
	}
	return missing, nil
}
