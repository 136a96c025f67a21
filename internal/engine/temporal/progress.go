package temporal

import (
	"context"
	"strconv"

	"go.temporal.io/api/enums/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/sdk/converter"
)

// Progress is how far a publish is.
type Progress struct {
	Steps   int       `json:"steps"`
	Done    int       `json:"done"`
	Working []Working `json:"working,omitempty"` // steps that are being done, or wait
}

// Working is a step that is not done.
type Working struct {
	Step    int    `json:"step"`           // its place in the plan
	Name    string `json:"name,omitempty"` // and its ID there; "" where the plan is not at hand
	Running bool   `json:"running"`
	Worker  string `json:"worker,omitempty"` // the last that had it
	Attempt int    `json:"attempt"`          // from 1
	Failure string `json:"failure,omitempty"`
	Pulse   `json:"progress"`
}

// Waiting counts the steps that no worker has taken yet.
func (p Progress) Waiting() (n int) {
	for _, w := range p.Working {
		if !w.Running && w.Attempt <= 1 {
			n++
		}
	}
	return n
}

// Look asks how far a publish is, and leaves the steps' names to who has the plan. Steps that wait for others are told of in the numbers alone.
func (c *Cluster) Look(ctx context.Context, p Publish) (Progress, error) {
	var at Progress
	d, err := c.client.DescribeWorkflowExecution(ctx, p.id, p.run)
	if err != nil {
		return at, c.explain(err)
	}
	o, err := c.Order(ctx, p)
	if err != nil {
		return at, err
	}
	for _, g := range o.Groups {
		at.Steps += len(g.Steps)
	}
	if p.State == Finished {
		at.Done = at.Steps
		return at, nil
	}
	at.Done += c.counted(ctx, p.id, p.run)
	at.Working = working(d.GetPendingActivities())
	for _, child := range d.GetPendingChildren() {
		at.Done += c.counted(ctx, child.GetWorkflowId(), child.GetRunId())
		if part, err := c.client.DescribeWorkflowExecution(ctx, child.GetWorkflowId(), child.GetRunId()); err == nil {
			at.Working = append(at.Working, working(part.GetPendingActivities())...)
		}
	}
	return at, nil
}

// counted is how many steps a workflow says it has done; 0 where no worker is there to answer.
func (c *Cluster) counted(ctx context.Context, id, run string) int {
	var all []Done
	if answer, err := c.client.QueryWorkflow(ctx, id, run, doneQuery); err != nil || answer.Get(&all) != nil {
		return 0
	}
	return len(all)
}

func working(all []*workflowpb.PendingActivityInfo) (out []Working) {
	for _, a := range all {
		w := Working{Running: a.GetState() == enums.PENDING_ACTIVITY_STATE_STARTED, Worker: a.GetLastWorkerIdentity(), Attempt: int(a.GetAttempt()),
			Failure: a.GetLastFailure().GetMessage()}
		w.Step, _ = strconv.Atoi(a.GetActivityId())
		if converter.GetDefaultDataConverter().FromPayloads(a.GetHeartbeatDetails(), &w.Pulse) != nil {
			w.Pulse = Pulse{}
		}
		out = append(out, w)
	}
	return out
}

// Order is what a publish was begun with.
func (c *Cluster) Order(ctx context.Context, p Publish) (o Order, err error) {
	first, err := c.client.GetWorkflowHistory(ctx, p.id, p.run, false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT).Next()
	if err != nil {
		return o, c.explain(err)
	}
	return o, converter.GetDefaultDataConverter().FromPayloads(first.GetWorkflowExecutionStartedEventAttributes().GetInput(), &o)
}
