package temporal

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"go.temporal.io/sdk/testsuite"

	"filmpress/internal/engine"
	"filmpress/internal/engine/depot"
	"filmpress/internal/engine/local"
	"filmpress/internal/plan"
	"filmpress/internal/report"
	"filmpress/internal/store/storetest"
)

// TestNotesFit: what steps tell the user stays far below the 2 MB that the server takes, however much it is, and what is left out is told.
func TestNotesFit(t *testing.T) {
	step := func(lines int, line string) []string {
		told := &teller{sink: report.Discard}
		for range lines {
			told.take(report.Event{Kind: report.Note, Text: line})
		}
		return told.lines()
	}
	if got := step(3, "short"); len(got) != 3 {
		t.Errorf("three lines became %q", got)
	}
	for _, c := range []struct {
		lines, long int
		last        string
	}{{100, 10, "and 80 more, "}, {6, 1000, "and 2 more, "}, {1, 1e7, "and 1 more, "}} {
		got := step(c.lines, strings.Repeat("x", c.long))
		if last := got[len(got)-1]; !strings.HasPrefix(last, c.last) || len(strings.Join(got, "")) > mostBytes+100 {
			t.Errorf("%d lines of %d bytes became %d lines, the last of them %q", c.lines, c.long, len(got), last)
		}
	}
	publish := &list{}
	for group := range 72 { // a film of thirty hours
		part := &list{}
		for i := range groupSize {
			part.add(Done{Step: group*groupSize + i, Notes: step(20, strings.Repeat("<", 200))})
		}
		publish.add(part.all...)
	}
	raw, err := json.Marshal(publish.all)
	if err != nil || len(raw) > 2<<20 || len(publish.all) != 72*groupSize {
		t.Errorf("%d bytes of %d steps, %v", len(raw), len(publish.all), err)
	}
	if n := strings.Count(string(raw), "more notes than the server takes"); n != 1 {
		t.Errorf("it is told %d times that there are more", n)
	}
}

// TestQuickStepIsSilent: a step that is done before it would have to say that it goes on says nothing to the server; this worker has none.
func TestQuickStepIsSilent(t *testing.T) {
	kept, err := local.OpenKept(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	p, d := filmPlan("f", 1), &depot.Depot{Store: storetest.Memory(), Facts: "facts.json"}
	digest, err := d.SavePlan(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	w := &Worker{Steps: func(plan.Plan) engine.Worker { return &sleeper{} }, Depot: d, Kept: kept, FactsOnly: factsOnly, Elsewhere: func(error) bool { return false }, Sink: report.Discard}
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(silent{})
	env := suite.NewTestWorkflowEnvironment()
	env.SetWorkflowRunTimeout(time.Hour)
	env.RegisterActivityWithOptions(w.do, w.activityOptions())
	env.ExecuteWorkflow(publish, Order{Plan: digest, Groups: Outline(p, isHeavy)[:1], Silence: 10 * time.Minute})
	var all []Done
	if err := env.GetWorkflowResult(&all); err != nil || len(all) != 1 {
		t.Errorf("%v is done, %v", all, err)
	}
}
