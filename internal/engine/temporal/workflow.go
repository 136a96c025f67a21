// Package temporal carries out a plan on many machines, by a Temporal server. The plan is computed once and kept in the depot; the
// workflow walks it, and decides nothing. A step is an activity, which is what engine.Worker does on one machine. Results travel
// through the depot; what the server sees are digests, numbers and the film's slug.
package temporal

import (
	"fmt"
	"strconv"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

// The names under which the server knows what we do. A change that a running workflow could not be replayed with counts them up.
const (
	publishWorkflow = "filmpress-publish-2"
	groupWorkflow   = "filmpress-group-1"
	stepActivity    = "filmpress-step-1"
	doneQuery       = "done"
)

// Order is a workflow's input.
type Order struct {
	Plan       string        `json:"plan"`            // digest of the plan in the depot
	Queue      string        `json:"queue"`           // the name that all queues begin with
	Capability string        `json:"capability"`      // of the workers that can do it; see Capability
	Groups     []Group       `json:"groups"`          // as Outline gives them
	Silence    time.Duration `json:"silence"`         // a worker that does not tell of a step for so long has lost it
	Trace      string        `json:"trace,omitempty"` // see Job
}

// Part is a child workflow's input: one of the order's groups.
type Part struct {
	Order
	Group Group `json:"group"`
}

// Job is an activity's input.
type Job struct {
	Plan string `json:"plan"`
	Step int    `json:"step"` // its place in the plan
	// Trace is the publish's traceparent, so that steps on many machines are parts of one trace; "" is none.
	Trace string `json:"trace,omitempty"`
}

// Done is a step that is done.
type Done struct {
	Step  int      `json:"step"`
	Kept  bool     `json:"kept,omitempty"`  // the result was there before
	Notes []string `json:"notes,omitempty"` // lines for the user
}

// queueFor is where steps of an order wait for a worker.
func (o Order) queueFor(heavy bool) string { return stepQueue(o.Queue, o.Capability, heavy) }

func stepQueue(queue, capability string, heavy bool) string {
	if heavy {
		return queue + "-" + capability + "-heavy"
	}
	return queue + "-" + capability
}

// options are how a step is done. What a step itself is to blame for is not tried again (see failure); the rest is, for as long as it may
// take to mend a bucket or a line.
//
// What needs other steps goes before what begins a film (PriorityKey 3 unless told; servers that know no priorities leave it out). Otherwise
// the last steps of the first of many films stand behind the first steps of all, and no film is done until nearly all are.
func (o Order) options(step int, g Group) workflow.ActivityOptions {
	var priority temporal.Priority
	if len(g.After) > 0 {
		priority.PriorityKey = 2
	}
	return workflow.ActivityOptions{
		ActivityID:          strconv.Itoa(step),
		TaskQueue:           o.queueFor(g.Heavy),
		StartToCloseTimeout: 7 * 24 * time.Hour, // what hangs is noticed in other ways: see step.Worker, and beat
		HeartbeatTimeout:    o.Silence,
		RetryPolicy:         &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: time.Minute, MaximumAttempts: 200},
		Priority:            priority,
	}
}

// publish does the steps of a plan, each group when those that it needs are done.
func publish(ctx workflow.Context, o Order) ([]Done, error) {
	done, err := collect(ctx)
	if err != nil {
		return nil, err
	}
	ctx, cancel := workflow.WithCancel(ctx)
	ended := make([]workflow.Future, len(o.Groups))
	set := make([]workflow.Settable, len(o.Groups))
	for g := range o.Groups {
		ended[g], set[g] = workflow.NewFuture(ctx)
	}
	for g, group := range o.Groups {
		workflow.Go(ctx, func(ctx workflow.Context) {
			for _, needed := range group.After {
				if err := ended[needed].Get(ctx, nil); err != nil {
					set[g].SetError(err)
					return
				}
			}
			part, err := o.do(ctx, g)
			done.add(part...)
			set[g].Set(nil, err)
		})
	}
	failed := make([]error, 0, 1)
	wait := workflow.NewSelector(ctx)
	for g := range ended {
		wait.AddFuture(ended[g], func(f workflow.Future) {
			if err := f.Get(ctx, nil); err != nil {
				failed = append(failed, err)
			}
		})
	}
	for range ended {
		if wait.Select(ctx); len(failed) > 0 {
			cancel()
			return nil, failed[0]
		}
	}
	return done.all, nil
}

// do does one group: a single step here, several in a workflow of their own.
func (o Order) do(ctx workflow.Context, g int) ([]Done, error) {
	group := o.Groups[g]
	if len(group.Steps) == 1 {
		var d Done
		err := workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, o.options(group.Steps[0], group)), stepActivity, Job{o.Plan, group.Steps[0], o.Trace}).Get(ctx, &d)
		if err != nil {
			return nil, err
		}
		return []Done{d}, nil
	}
	info := workflow.GetInfo(ctx)
	ctx = workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{WorkflowID: childID(info.WorkflowExecution.ID, info.OriginalRunID, g), WaitForCancellation: false})
	part := Part{Order: o, Group: group}
	part.Groups = nil
	var all []Done
	err := workflow.ExecuteChildWorkflow(ctx, groupWorkflow, part).Get(ctx, &all)
	return all, err
}

// childID is how the server calls the workflow of a group. No slug holds a slash, so no film is ever called that; and the run is in it, as the children of
// one that was just ended may still be there when the film is published anew.
func childID(publish, run string, g int) string { return fmt.Sprintf("%s/%s/%d", publish, run, g) }

// doGroup does the steps of a group side by side.
func doGroup(ctx workflow.Context, p Part) ([]Done, error) {
	done, err := collect(ctx)
	if err != nil {
		return nil, err
	}
	var failed error
	wait := workflow.NewSelector(ctx)
	ctx, cancel := workflow.WithCancel(ctx)
	for _, step := range p.Group.Steps {
		f := workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, p.options(step, p.Group)), stepActivity, Job{p.Plan, step, p.Trace})
		wait.AddFuture(f, func(f workflow.Future) {
			var d Done
			if failed = f.Get(ctx, &d); failed == nil {
				done.add(d)
			}
		})
	}
	for range p.Group.Steps {
		if wait.Select(ctx); failed != nil {
			cancel()
			return nil, failed
		}
	}
	return done.all, nil
}

// collect gives a list of what is done, which can be asked for while the workflow runs.
func collect(ctx workflow.Context) (*list, error) {
	done := &list{all: []Done{}}
	return done, workflow.SetQueryHandler(ctx, doneQuery, func() ([]Done, error) { return done.all, nil })
}
