package temporal

import (
	"context"
	"testing"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/enums/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"

	"filmpress/internal/report"
)

// film is a server that knows one film, and counts how often a worker is asked what is done of it.
type film struct {
	client.Client
	events int64
	steps  []*workflowpb.PendingActivityInfo
	asked  int
}

func (f *film) DescribeWorkflowExecution(context.Context, string, string) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
	return &workflowservice.DescribeWorkflowExecutionResponse{PendingActivities: f.steps, WorkflowExecutionInfo: &workflowpb.WorkflowExecutionInfo{
		Execution: &commonpb.WorkflowExecution{WorkflowId: "film", RunId: "run"}, Status: enums.WORKFLOW_EXECUTION_STATUS_RUNNING, HistoryLength: f.events}}, nil
}

func (f *film) QueryWorkflow(context.Context, string, string, string, ...any) (converter.EncodedValue, error) {
	f.asked++
	nothing, err := converter.GetDefaultDataConverter().ToPayloads([]Done{})
	return client.NewValue(nothing), err
}

// TestIdleFilms: a film that waits costs little. Workers are asked of it only when something happened, and the server rarely while nothing is at work.
func TestIdleFilms(t *testing.T) {
	f := &film{}
	w := &watch{c: &Cluster{client: f}, plan: filmPlan("f", 1), sink: report.Discard, started: map[int]bool{}, done: map[int]bool{}, heard: map[string]int64{}}
	pauses := func() time.Duration {
		pause := askEvery
		for range 200 {
			if _, err := w.look(t.Context()); err != nil {
				t.Fatal(err)
			}
			pause = w.longer(pause)
		}
		return pause
	}
	f.events = 5
	if pause := pauses(); pause != askIdle || f.asked != 1 {
		t.Errorf("a film that waits is looked at every %v, and a worker asked %d times", pause, f.asked)
	}
	f.events, f.steps = 8, []*workflowpb.PendingActivityInfo{{ActivityId: "0", State: enums.PENDING_ACTIVITY_STATE_STARTED}}
	if pause := pauses(); pause != askRarely || f.asked != 2 {
		t.Errorf("a film that is made is looked at every %v, and a worker asked %d times", pause, f.asked)
	}
}
