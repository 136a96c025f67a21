package temporal

import (
	"context"
	"sync"
	"testing"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"filmpress/internal/plan"
)

// walked is what the workflows of a plan asked a server for.
type walked struct {
	steps, children int
	length          time.Duration // from the first step's beginning to the last one's end
}

// events are what a server writes for it: three each for a step (scheduled, started, completed) and for a child (initiated, started, completed), two for each history, and
// three for each time that a workflow is told of something and goes on: at least at its beginning and its end, at most for each step that is done
// and each child that is begun or done.
func (w walked) events() (least, most int) {
	written := 3*w.steps + 3*w.children + 2*(w.children+1)
	return written + 3*2*(w.children+1), written + 3*(w.children+1+w.steps+2*w.children)
}

// walk carries out a plan by the workflows' real code, in the SDK's environment for tests: no server, a slot for each step, and a clock that skips what they
// take. Each step needs to find its inputs done.
func walk(t *testing.T, p plan.Plan) (w walked) {
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(silent{})
	env := suite.NewTestWorkflowEnvironment()
	env.SetTestTimeout(10 * time.Minute)
	env.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{&lasting{plan: p}}, DeadlockDetectionTimeout: time.Minute}) // this machine may be busy with other things
	env.RegisterWorkflowWithOptions(publish, workflow.RegisterOptions{Name: publishWorkflow})
	env.RegisterWorkflowWithOptions(doGroup, workflow.RegisterOptions{Name: groupWorkflow})
	var mu sync.Mutex
	done := map[string]bool{}
	do := func(_ context.Context, j Job) (Done, error) { // when what it takes has passed
		mu.Lock()
		defer mu.Unlock()
		for _, in := range p.Steps[j.Step].Inputs {
			if in.Step != "" && !done[in.Step] {
				t.Errorf("%s was done before %s", p.Steps[j.Step].ID, in.Step)
			}
		}
		done[p.Steps[j.Step].ID] = true
		w.steps++
		return Done{Step: j.Step}, nil
	}
	env.RegisterActivityWithOptions(do, activity.RegisterOptions{Name: stepActivity})
	env.SetOnChildWorkflowStartedListener(func(*workflow.Info, workflow.Context, converter.EncodedValues) { w.children++ })
	began := env.Now()
	env.ExecuteWorkflow(publishWorkflow, Order{Plan: "plan", Capability: "x", Groups: Outline(p, isHeavy), Silence: 2 * time.Minute})
	var all []Done
	if err := env.GetWorkflowResult(&all); err != nil || len(all) != len(p.Steps) {
		t.Errorf("%d of %d steps are done, %v", len(all), len(p.Steps), err)
	}
	w.length = env.Now().Sub(began)
	return w
}

// lasting has each step take its time on the clock of a walk, before it is done at once.
type lasting struct {
	interceptor.WorkerInterceptorBase
	interceptor.WorkflowInboundInterceptorBase
	interceptor.WorkflowOutboundInterceptorBase
	plan plan.Plan
}

func (l *lasting) InterceptWorkflow(_ workflow.Context, next interceptor.WorkflowInboundInterceptor) interceptor.WorkflowInboundInterceptor {
	one := &lasting{plan: l.plan}
	one.WorkflowInboundInterceptorBase.Next = next
	return one
}

func (l *lasting) Init(next interceptor.WorkflowOutboundInterceptor) error {
	l.WorkflowOutboundInterceptorBase.Next = next
	return l.WorkflowInboundInterceptorBase.Next.Init(l)
}

func (l *lasting) ExecuteActivity(ctx workflow.Context, name string, args ...any) workflow.Future {
	f, set := workflow.NewFuture(ctx)
	takes := taking[l.plan.Steps[args[0].(Job).Step].Kind]
	workflow.Go(ctx, func(ctx workflow.Context) {
		if err := workflow.Sleep(ctx, takes); err != nil {
			set.SetError(err)
			return
		}
		set.Chain(l.WorkflowOutboundInterceptorBase.ExecuteActivity(ctx, name, args...))
	})
	return f
}

// TestWalk: the workflows do each step of a plan once, when what it needs is done; and the model of many machines has them in the same order.
func TestWalk(t *testing.T) {
	for _, chunks := range []int{1, 51, 180} {
		p := filmPlan("f", chunks)
		w := walk(t, p)
		m := model(1, p, Slots{Heavy: 1000, Light: 1000}, true)
		if w.steps != len(p.Steps) || m.steps != len(p.Steps) {
			t.Errorf("%d chunks: of %d steps %d were walked, %d modelled", chunks, len(p.Steps), w.steps, m.steps)
		}
		if w.length != m.ends[0] {
			t.Errorf("%d chunks: %v when walked, %v in the model", chunks, w.length, m.ends[0])
		}
	}
}
