package temporal

import (
	"context"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"filmpress/internal/engine"
	"filmpress/internal/engine/depot"
	"filmpress/internal/engine/local"
	"filmpress/internal/engine/temporal/temporaltest"
	"filmpress/internal/plan"
	"filmpress/internal/report"
	"filmpress/internal/store"
	"filmpress/internal/store/storetest"
	"filmpress/internal/store/storetest/faults"
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

// counts are how often each of some things happened.
type counts struct {
	mu sync.Mutex
	of map[string]int64
}

func (c *counts) add(what string, n int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.of == nil {
		c.of = map[string]int64{}
	}
	c.of[what] += n
}

// each tells how often for one of n, what was most first.
func (c *counts) each(n int) (text string) {
	for _, what := range slices.SortedFunc(maps.Keys(c.of), func(a, b string) int { return int(c.of[b] - c.of[a]) }) {
		text += fmt.Sprintf("%s %.1f, ", what, float64(c.of[what])/float64(n))
	}
	return text
}

// counting is a store that counts requests.
type counting struct {
	store.Store
	counts
}

func (c *counting) Put(ctx context.Context, name string, b store.Body, m store.Meta, i store.If) (store.Object, error) {
	c.add("puts", 1)
	return c.Store.Put(ctx, name, b, m, i)
}

func (c *counting) Get(ctx context.Context, name string) (io.ReadCloser, store.Object, error) {
	c.add("gets", 1)
	return c.Store.Get(ctx, name)
}

func (c *counting) Stat(ctx context.Context, name string) (store.Object, error) {
	c.add("stats", 1)
	return c.Store.Stat(ctx, name)
}

// dialCounting is a cluster that counts its requests to the server.
func dialCounting(t *testing.T, address string) (*Cluster, *counts) {
	asked := &counts{}
	count := func(ctx context.Context, method string, request, reply any, c *grpc.ClientConn, invoke grpc.UnaryInvoker, o ...grpc.CallOption) error {
		err := invoke(ctx, method, request, reply, c, o...)
		what := path.Base(method)
		if err != nil {
			what += " " + status.Code(err).String()
		}
		asked.add(what, 1)
		if r, ok := reply.(*workflowservice.PollActivityTaskQueueResponse); ok && err == nil && len(r.TaskToken) > 0 {
			asked.add("steps given", 1)
		}
		return err
	}
	c, err := client.Dial(client.Options{HostPort: address, Logger: silent{}, ConnectionOptions: client.ConnectionOptions{DialOptions: []grpc.DialOption{grpc.WithChainUnaryInterceptor(count)}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return &Cluster{client: c, address: address, namespace: "default", queue: "simulation"}, asked
}

// TestSimulationServer has a real server carry out plans of films of three hours in parts of a minute, whose steps only sleep, all published at once and followed as
// publishers do: what one film takes of the server and the bucket, and whether any healthy step is tried again. FILMPRESS_TEST_SERVER_FILMS is how many;
// FILMPRESS_TEST_MACHINES, how many workers (8), with FILMPRESS_TEST_SLOTS of heavy steps each (8).
func TestSimulationServer(t *testing.T) {
	films, machines, slots := faults.Times("FILMPRESS_TEST_SERVER_FILMS", 0), faults.Times("FILMPRESS_TEST_MACHINES", 8), faults.Times("FILMPRESS_TEST_SLOTS", 8)
	if films == 0 {
		t.Skip("skipped: set FILMPRESS_TEST_SERVER_FILMS, as make simulate-cluster does")
	}
	server := temporaltest.Start(t, "--dynamic-config-value", "matching.useNewMatcher=true")
	place, steps := &counting{Store: storetest.Memory()}, &sleeper{}
	d := &depot.Depot{Store: place, Facts: "facts.json"}
	workers, byWorkers := dialCounting(t, server.Address)
	ctx, stop := context.WithCancel(t.Context())
	var serving errgroup.Group
	for range machines {
		kept, err := local.OpenKept(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		w := &Worker{Steps: func(plan.Plan) engine.Worker { return steps }, Depot: d, Kept: kept, FactsOnly: factsOnly, Elsewhere: func(error) bool { return false }, Sink: report.Discard}
		serving.Go(func() error {
			return w.Serve(ctx, workers, "x", Slots{Heavy: slots, Light: max(1, slots/4)}, func(context.Context) error { return nil })
		})
	}
	idle, _, _, err := server.Taken()
	if err != nil {
		t.Fatal(err)
	}
	publishers, byPublishers := dialCounting(t, server.Address)
	p := filmPlan("film", 180)
	began := time.Now()
	ends := make([]time.Duration, films)
	published := make([]Publish, films)
	var following errgroup.Group
	for i := range films {
		p := filmPlan(fmt.Sprint("film", i), 180)
		digest, err := d.SavePlan(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		o := Order{Plan: digest, Capability: "x", Groups: Outline(p, isHeavy), Silence: 2 * time.Minute}
		if published[i], err = publishers.Start(t.Context(), fmt.Sprint("film", i), o, Memo{Plan: digest}); err != nil {
			t.Fatalf("film %d: %v", i, err)
		}
		w := &watch{c: publishers, p: published[i], plan: p, sink: report.Discard, started: map[int]bool{}, done: map[int]bool{}, heard: map[string]int64{}, fetch: func(Done) {}}
		following.Go(func() error {
			err := w.follow(t.Context())
			ends[i] = time.Since(began)
			if len(w.done) != len(p.Steps) {
				t.Errorf("%s: %d steps done", w.p.Slug, len(w.done))
			}
			return err
		})
	}
	queued := time.Since(began)
	if err := following.Wait(); err != nil {
		t.Fatal(err)
	}
	took := slices.Max(ends)
	cores, memory, database, err := server.Taken()
	if err != nil {
		t.Fatal(err)
	}
	var h histories
	for _, one := range published {
		h.read(t, workers, one)
	}
	stop()
	if err := serving.Wait(); err != nil {
		t.Error(err)
	}
	n, all := float64(films), float64(films*len(p.Steps))
	slices.Sort(h.waits)
	slices.Sort(ends)
	t.Logf("%d films of %d steps in %v: %.1f steps a second; begun within %v", films, len(p.Steps), took.Round(time.Second), all/took.Seconds(), queued.Round(100*time.Millisecond))
	t.Logf("the first film was done after %v, the middle one after %v", ends[0].Round(time.Second), middle(ends).Round(time.Second))
	t.Logf("the server: %.1f ms of a core a step, %d MB of memory at most, %.2f MB of database a film", (cores-idle).Seconds()*1000/all, memory>>20, float64(database)/n/(1<<20))
	t.Logf("a film: %d histories, %.0f events, %.0f kB, of these %.0f kB of payloads; the largest history %d events and %d kB, the largest payload %d bytes",
		h.count/films, float64(h.events)/n, float64(h.bytes)/n/1000, float64(h.payloads)/n/1000, h.longest, h.largest/1000, h.payload)
	t.Logf("steps waited %v in the middle, %v at most", middle(h.waits).Round(time.Millisecond), h.waits[len(h.waits)-1].Round(time.Millisecond))
	t.Logf("requests to the bucket a film: %s", place.each(films))
	t.Logf("requests of workers to the server a film: %s", byWorkers.each(films))
	t.Logf("requests of publishers to the server a film: %s", byPublishers.each(films))
	t.Logf("%d steps were given out anew: they, or the word that they were done, were lost between server and worker", h.retried)
	if again := steps.again.Load(); again > 0 {
		t.Errorf("%d healthy steps were done again", again)
	}
	if h.longest > 2000 || h.largest > 4<<20 {
		t.Errorf("a history is too long")
	}
	w := walk(t, p)
	if least, most := w.events(); h.activities != films*w.steps || h.count != films*(w.children+1) || h.events < films*least || h.events > films*most {
		t.Errorf("the server has %d activities, %d histories and %d events of %d films; the walk of one has %d, %d, and %d to %d", h.activities, h.count, h.events, films, w.steps, w.children+1, least, most)
	}
}

// histories is what the server keeps of publishes.
type histories struct {
	count, activities, retried, events, longest int
	bytes, largest                              int64
	payloads, payload                           int // bytes of all, and of the largest
	waits                                       []time.Duration
}

// read adds the histories of one publish.
func (h *histories) read(t *testing.T, c *Cluster, p Publish) {
	o, err := c.Order(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	ids := []string{p.id}
	for g, group := range o.Groups {
		if len(group.Steps) > 1 {
			ids = append(ids, childID(p.id, p.run, g))
		}
	}
	for _, id := range ids {
		info, err := c.client.DescribeWorkflowExecution(t.Context(), id, "")
		if err != nil {
			t.Fatal(err)
		}
		length, bytes := int(info.WorkflowExecutionInfo.HistoryLength), info.WorkflowExecutionInfo.HistorySizeBytes
		h.count++
		h.events, h.longest = h.events+length, max(h.longest, length)
		h.bytes, h.largest = h.bytes+bytes, max(h.largest, bytes)
		scheduled := map[int64]time.Time{}
		for history := c.client.GetWorkflowHistory(t.Context(), id, "", false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT); history.HasNext(); {
			e, err := history.Next()
			if err != nil {
				t.Fatal(err)
			}
			for _, payloads := range []*commonpb.Payloads{ // of the one that the event has
				e.GetWorkflowExecutionStartedEventAttributes().GetInput(), e.GetWorkflowExecutionCompletedEventAttributes().GetResult(),
				e.GetStartChildWorkflowExecutionInitiatedEventAttributes().GetInput(), e.GetChildWorkflowExecutionCompletedEventAttributes().GetResult(),
				e.GetActivityTaskScheduledEventAttributes().GetInput(), e.GetActivityTaskCompletedEventAttributes().GetResult(),
			} {
				h.payloads, h.payload = h.payloads+proto.Size(payloads), max(h.payload, proto.Size(payloads))
			}
			if e.GetActivityTaskScheduledEventAttributes() != nil {
				h.activities++
				scheduled[e.EventId] = e.EventTime.AsTime()
			}
			if a := e.GetActivityTaskStartedEventAttributes(); a != nil {
				h.waits = append(h.waits, e.EventTime.AsTime().Sub(scheduled[a.ScheduledEventId]))
				if a.Attempt > 1 {
					h.retried++
				}
			}
		}
	}
}
