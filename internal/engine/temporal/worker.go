package temporal

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"time"

	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"filmpress/internal/report"
)

// Slots say how much a worker does at once.
type Slots struct {
	Heavy int           // steps that keep several cores busy; 0 takes none
	Light int           // other steps; 0 takes none
	Drain time.Duration // how long steps may go on when the worker is told to end
}

// Capability names workers whose results are the same bytes, so that a queue has steps for them and for no others. parts are what decides:
// the ffmpeg build, the versions of the steps, the player.
func Capability(parts ...string) string {
	hash := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(hash, "%d:", len(p))
		io.WriteString(hash, p)
	}
	return hex.EncodeToString(hash.Sum(nil))[:10]
}

// recovery is how long a worker that is ill waits before it looks whether it is well again.
var recovery = 15 * time.Second

// Serve takes steps until ctx ends, then finishes what it began, for as long as the slots' Drain; what is not done by then goes to
// another worker. While this machine cannot do steps, for its disk is full or it does not reach the bucket, it takes none.
// healthy tells whether it can again.
func (w *Worker) Serve(ctx context.Context, c *Cluster, capability string, slots Slots, healthy func(context.Context) error) error {
	w.client = c.client
	for {
		w.ill = make(chan error, 1)
		end, err := w.start(c, capability, slots)
		if err != nil {
			return c.explain(err)
		}
		select {
		case <-ctx.Done():
			end()
			return nil
		case why := <-w.ill:
			w.Sink(report.Event{Kind: report.Note, Text: fmt.Sprintf("this worker takes no steps for now: %v", why)})
			end()
		}
		for {
			select {
			case <-ctx.Done():
				return nil
			case <-time.After(recovery):
			}
			if healthy(ctx) == nil {
				w.Sink(report.Event{Kind: report.Note, Text: "this worker takes steps again"})
				break
			}
		}
	}
}

// start begins to take steps, and gives what ends it.
func (w *Worker) start(c *Cluster, capability string, slots Slots) (end func(), err error) {
	var running []worker.Worker
	end = func() {
		done := make(chan struct{})
		for _, one := range running { // side by side: each may take as long as Drain
			go func() { one.Stop(); done <- struct{}{} }()
		}
		for range running {
			<-done
		}
	}
	begin := func(queue string, o worker.Options, register func(worker.Worker)) error {
		o.WorkerStopTimeout = slots.Drain
		o.DisableRegistrationAliasing = true
		one := worker.New(c.client, queue, o)
		register(one)
		if err := one.Start(); err != nil {
			end()
			return err
		}
		running = append(running, one)
		return nil
	}
	steps := func(one worker.Worker) { one.RegisterActivityWithOptions(w.do, w.activityOptions()) }
	for _, q := range []struct {
		heavy bool
		n     int
	}{{true, slots.Heavy}, {false, slots.Light}} {
		if q.n == 0 {
			continue
		}
		o := worker.Options{MaxConcurrentActivityExecutionSize: q.n, MaxConcurrentActivityTaskPollers: min(q.n, 2), DisableWorkflowWorker: true}
		if err := begin(stepQueue(c.queue, capability, q.heavy), o, steps); err != nil {
			return nil, err
		}
	}
	// On a machine whose cores all encode, a second of silence is no deadlock, as the SDK takes it for; it would drop the workflow and read its history anew.
	return end, begin(c.queue, worker.Options{LocalActivityWorkerOnly: true, DeadlockDetectionTimeout: time.Minute}, func(one worker.Worker) {
		one.RegisterWorkflowWithOptions(publish, workflow.RegisterOptions{Name: publishWorkflow})
		one.RegisterWorkflowWithOptions(doGroup, workflow.RegisterOptions{Name: groupWorkflow})
	})
}
