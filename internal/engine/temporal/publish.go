package temporal

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
)

// Publish is a film on the server, while its steps are done and after.
type Publish struct {
	Slug    string
	Memo    Memo
	State   State
	Started time.Time
	Ended   time.Time // zero while it runs

	id, run string
}

// Memo is what the server keeps beside a publish, for whoever attaches to it.
type Memo struct {
	Plan string `json:"plan"` // digest of the plan in the depot
	To   string `json:"to"`   // the bucket that it is published to, as the settings name it; of a folder its last part alone
	// Place is the digest of the folder's whole path in the depot, "" for a bucket.
	Place string `json:"place,omitempty"`
	// Sources are the digests of what was sent to the depot for it.
	Sources []string `json:"sources"`
}

// State is how far a publish is.
type State string

const (
	Running   State = "running"
	Finished  State = "done" // its steps are; the release is the publisher's
	Failed    State = "failed"
	Cancelled State = "cancelled"
	Lost      State = "lost" // the server gave it up
)

var states = map[enums.WorkflowExecutionStatus]State{
	enums.WORKFLOW_EXECUTION_STATUS_RUNNING:    Running,
	enums.WORKFLOW_EXECUTION_STATUS_COMPLETED:  Finished,
	enums.WORKFLOW_EXECUTION_STATUS_FAILED:     Failed,
	enums.WORKFLOW_EXECUTION_STATUS_CANCELED:   Cancelled,
	enums.WORKFLOW_EXECUTION_STATUS_TERMINATED: Cancelled,
}

// ErrNoPublish is a film of which the server knows nothing.
var ErrNoPublish = errors.New("knows no publish of that film")

// OtherError is a publish of the same film, with another plan, that runs already.
type OtherError struct{ Slug string }

func (e *OtherError) Error() string {
	return e.Told(func(words ...string) string { return "filmpress " + strings.Join(words, " ") })
}

// Told is the same with the commands as one gives them who knows their flags.
func (e *OtherError) Told(command func(words ...string) string) string {
	return fmt.Sprintf("another version of %s is being made already; wait for it with %s, or end it with %s", e.Slug, command("attach", e.Slug), command("cancel", e.Slug))
}

// id is how the server calls the publish of a film: one at a time.
func (c *Cluster) id(slug string) string { return c.queue + "/" + slug }

// Free says whether a publish of a film can begin: *OtherError where one of another plan runs.
func (c *Cluster) Free(ctx context.Context, slug, plan string) error {
	p, err := c.Find(ctx, slug)
	if errors.Is(err, ErrNoPublish) {
		return nil
	}
	if err == nil && p.State == Running && p.Memo.Plan != plan {
		return &OtherError{slug}
	}
	return err
}

// Start has the server begin a publish. One of the same plan that runs is taken up; one of another plan is *OtherError.
func (c *Cluster) Start(ctx context.Context, slug string, o Order, m Memo) (Publish, error) {
	o.Queue = c.queue
	_, err := c.client.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: c.id(slug), TaskQueue: c.queue,
		WorkflowIDConflictPolicy: enums.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		WorkflowIDReusePolicy:    enums.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		Memo:                     map[string]any{"filmpress": m},
	}, publishWorkflow, o)
	if err != nil {
		return Publish{}, c.explain(err)
	}
	p, err := c.Find(ctx, slug)
	if err == nil && p.Memo.Plan != m.Plan {
		return p, &OtherError{slug}
	}
	return p, err
}

// Find gives the latest publish of a film.
func (c *Cluster) Find(ctx context.Context, slug string) (Publish, error) {
	d, err := c.client.DescribeWorkflowExecution(ctx, c.id(slug), "")
	if none := (*serviceerror.NotFound)(nil); errors.As(err, &none) {
		return Publish{}, fmt.Errorf("%w at %s %w, %s; filmpress status lists those that it knows", ErrServer, c.address, ErrNoPublish, slug)
	}
	if err != nil {
		return Publish{}, c.explain(err)
	}
	return c.read(d.GetWorkflowExecutionInfo())
}

// List gives the publishes that the server still knows, the latest first.
func (c *Cluster) List(ctx context.Context) (all []Publish, err error) {
	request := &workflowservice.ListWorkflowExecutionsRequest{Namespace: c.namespace, PageSize: 200, Query: fmt.Sprintf("WorkflowType = %q", publishWorkflow)}
	for {
		page, err := c.client.ListWorkflow(ctx, request)
		if err != nil {
			return nil, c.explain(err)
		}
		for _, info := range page.Executions {
			if !strings.HasPrefix(info.GetExecution().GetWorkflowId(), c.id("")) {
				continue
			}
			p, err := c.read(info)
			if err != nil {
				return nil, err
			}
			all = append(all, p)
		}
		if request.NextPageToken = page.NextPageToken; len(request.NextPageToken) == 0 {
			break
		}
	}
	slices.SortStableFunc(all, func(a, b Publish) int { return b.Started.Compare(a.Started) })
	return all, nil
}

// Cancel has the server end a publish at once; its workers hear of it with their next heartbeat. It is terminated and not asked to end, as there
// may be no worker that hears the question, and nothing to clean up.
func (c *Cluster) Cancel(ctx context.Context, p Publish) error {
	return c.explain(c.client.TerminateWorkflow(ctx, p.id, p.run, "filmpress cancel"))
}

// read gives what the server tells of a workflow.
func (c *Cluster) read(info *workflowpb.WorkflowExecutionInfo) (Publish, error) {
	p := Publish{id: info.GetExecution().GetWorkflowId(), run: info.GetExecution().GetRunId(), State: Lost}
	if s, ok := states[info.GetStatus()]; ok {
		p.State = s
	}
	p.Slug = strings.TrimPrefix(p.id, c.id(""))
	p.Started = info.GetStartTime().AsTime()
	if end := info.GetCloseTime(); end != nil {
		p.Ended = end.AsTime()
	}
	payload := info.GetMemo().GetFields()["filmpress"]
	if err := converter.GetDefaultDataConverter().FromPayload(payload, &p.Memo); err != nil {
		return p, fmt.Errorf("%w at %s has a publish of %s that filmpress did not begin", ErrServer, c.address, p.Slug)
	}
	return p, nil
}
