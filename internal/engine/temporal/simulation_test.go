package temporal

import (
	"context"
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.temporal.io/api/enums/v1"

	"filmpress/internal/engine"
	"filmpress/internal/engine/depot"
	"filmpress/internal/engine/local"
	"filmpress/internal/engine/temporal/temporaltest"
	"filmpress/internal/plan"
	"filmpress/internal/report"
	"filmpress/internal/store"
	"filmpress/internal/store/storetest"
)

// sleeper does steps by sleeping, a thousandth of what the real ones take, and writes a small file.
type sleeper struct {
	asked sync.Map // by digest: how often it was begun
	again atomic.Int64
}

func (w *sleeper) Do(ctx context.Context, s plan.Step, _ map[string]string, out string, sink report.Sink) error {
	if _, seen := w.asked.LoadOrStore(s.Digest, true); seen {
		w.again.Add(1)
	}
	pause := 5 * time.Millisecond
	if isHeavy(s) {
		pause = time.Duration(40+rand.IntN(40)) * time.Millisecond
	}
	time.Sleep(pause)
	return os.WriteFile(filepath.Join(out, "facts.json"), []byte(s.Digest), 0o644)
}

// counting is a store that counts requests.
type counting struct {
	store.Store
	puts, gets, others atomic.Int64
}

func (c *counting) Put(ctx context.Context, name string, b store.Body, m store.Meta, i store.If) (store.Object, error) {
	c.puts.Add(1)
	return c.Store.Put(ctx, name, b, m, i)
}

func (c *counting) Get(ctx context.Context, name string) (io.ReadCloser, store.Object, error) {
	c.gets.Add(1)
	return c.Store.Get(ctx, name)
}

func (c *counting) Stat(ctx context.Context, name string) (store.Object, error) {
	c.others.Add(1)
	return c.Store.Stat(ctx, name)
}

func (c *counting) List(ctx context.Context, prefix string) iter.Seq2[store.Object, error] {
	c.others.Add(1)
	return c.Store.List(ctx, prefix)
}

// TestSimulation has a server carry out plans of films of three hours in parts of a minute, whose steps only sleep: what one film takes of the server and the
// bucket, and whether any healthy step is tried again. FILMPRESS_FILMS is how many (2); FILMPRESS_SLOTS, how many steps at once (64).
func TestSimulation(t *testing.T) {
	if os.Getenv("FILMPRESS_FILMS") == "" {
		t.Skip("skipped: set FILMPRESS_FILMS, as make simulate-cluster does")
	}
	number := func(name string, or int) int {
		if n, err := strconv.Atoi(os.Getenv(name)); err == nil {
			return n
		}
		return or
	}
	films, slots, chunks := number("FILMPRESS_FILMS", 2), number("FILMPRESS_SLOTS", 64), number("FILMPRESS_CHUNKS", 180)
	server := temporaltest.Start(t)
	c, err := Dial(t.Context(), Options{Address: server.Address, Queue: "simulation"})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	kept, err := local.OpenKept(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	place := &counting{Store: storetest.Memory()}
	d := &depot.Depot{Store: place, Facts: "facts.json"}
	steps := &sleeper{}
	w := &Worker{Steps: func(plan.Plan) engine.Worker { return steps }, Depot: d, Kept: kept, FactsOnly: func(plan.Step) bool { return true }, Elsewhere: func(error) bool { return false }, Sink: report.Discard}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- w.Serve(ctx, c, "x", Slots{Heavy: slots, Light: slots / 4}, func(context.Context) error { return nil })
	}()
	began := time.Now()
	started := make([]Publish, films)
	for i := range films {
		p := filmPlan(fmt.Sprint("film", i), chunks)
		digest, err := d.SavePlan(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		o := Order{Plan: digest, Capability: "x", Groups: Outline(p, isHeavy), Silence: 2 * time.Minute}
		if started[i], err = c.Start(t.Context(), fmt.Sprint("film", i), o, Memo{Plan: digest}); err != nil {
			t.Fatalf("film %d: %v", i, err)
		}
	}
	queued := time.Since(began)
	var events, bytes []int64
	for _, p := range started {
		var all []Done
		if err := c.client.GetWorkflow(t.Context(), p.id, p.run).Get(t.Context(), &all); err != nil {
			t.Fatalf("%s: %v", p.Slug, err)
		}
		if len(all) != 2*chunks+8 {
			t.Errorf("%s: %d steps done", p.Slug, len(all))
		}
	}
	took := time.Since(began)
	one := started[0]
	ids := []string{one.id}
	o, err := c.Order(t.Context(), one)
	if err != nil {
		t.Fatal(err)
	}
	for g, group := range o.Groups {
		if len(group.Steps) > 1 {
			ids = append(ids, childID(one.id, one.run, g))
		}
	}
	var waits []time.Duration
	retried := 0
	for _, id := range ids {
		info, err := c.client.DescribeWorkflowExecution(t.Context(), id, "")
		if err != nil {
			t.Fatal(err)
		}
		events, bytes = append(events, info.WorkflowExecutionInfo.HistoryLength), append(bytes, info.WorkflowExecutionInfo.HistorySizeBytes)
		scheduled := map[int64]time.Time{}
		for history := c.client.GetWorkflowHistory(t.Context(), id, "", false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT); history.HasNext(); {
			e, err := history.Next()
			if err != nil {
				t.Fatal(err)
			}
			if e.GetActivityTaskScheduledEventAttributes() != nil {
				scheduled[e.EventId] = e.EventTime.AsTime()
			}
			if a := e.GetActivityTaskStartedEventAttributes(); a != nil {
				waits = append(waits, e.EventTime.AsTime().Sub(scheduled[a.ScheduledEventId]))
				if a.Attempt > 1 {
					retried++
				}
			}
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	slices.Sort(waits)
	n := int64(films)
	t.Logf("%d films of %d steps in %v (%.0f steps a second), begun in %v", films, 2*chunks+8, took.Round(time.Second), float64(films*(2*chunks+8))/took.Seconds(), queued.Round(time.Second))
	t.Logf("histories of the first: events %v, bytes %v", events, bytes)
	t.Logf("its steps waited %v in the middle, %v at most", waits[len(waits)/2].Round(time.Millisecond), waits[len(waits)-1].Round(time.Millisecond))
	t.Logf("requests to the bucket a film: %d puts, %d gets, %d others", place.puts.Load()/n, place.gets.Load()/n, place.others.Load()/n)
	if again := steps.again.Load(); again > 0 || retried > 0 {
		t.Errorf("%d healthy steps were done again, %d of the first film's were tried again", again, retried)
	}
	if slices.Max(events) > 2000 || slices.Max(bytes) > 4<<20 {
		t.Errorf("a history is too long")
	}
}
