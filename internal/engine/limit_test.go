package engine

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"filmpress/internal/plan"
	"filmpress/internal/report"
)

// gauge is a worker that notes what it does and how much of it at once.
type gauge struct {
	mu        sync.Mutex
	now, most int
	order     []string
	hold      chan struct{}
}

func (g *gauge) Do(ctx context.Context, s plan.Step, _ map[string]string, _ string, _ report.Sink) error {
	g.mu.Lock()
	g.order = append(g.order, s.ID)
	if s.Kind == "heavy" {
		g.now++
		g.most = max(g.most, g.now)
	}
	g.mu.Unlock()
	if s.Kind != "heavy" {
		return nil
	}
	select {
	case <-g.hold:
	case <-ctx.Done():
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.now--
	return ctx.Err()
}

func heavy(s plan.Step) bool { return s.Kind == "heavy" }

// TestLimit: at most n heavy steps at once, in the plan's order however they come; light ones do not wait.
func TestLimit(t *testing.T) { synctest.Test(t, testLimit) }

func testLimit(t *testing.T) {
	var p plan.Plan
	for i := range 12 {
		p.Steps = append(p.Steps, plan.Step{ID: fmt.Sprintf("h%02d", i), Kind: "heavy"})
	}
	g := &gauge{hold: make(chan struct{})}
	w := new(Turns).Limit(g, p, 2, heavy)
	var all sync.WaitGroup
	do := func(s plan.Step) {
		all.Go(func() {
			if err := w.Do(t.Context(), s, nil, "", report.Discard); err != nil {
				t.Error(err)
			}
		})
	}
	started := func(n int) {
		t.Helper()
		time.Sleep(2 * settling)
		synctest.Wait()
		if len(g.order) != n {
			t.Fatalf("not %d steps began, but %v", n, g.order)
		}
	}
	do(p.Steps[0])
	do(p.Steps[1])
	started(2)
	for _, s := range slices.Backward(p.Steps[2:]) {
		do(s)
	}
	do(plan.Step{ID: "light", Kind: "light"})
	started(3)
	waiting := func() int {
		turns := w.(*limit).turns
		turns.mu.Lock()
		defer turns.mu.Unlock()
		return len(turns.waiting)
	}
	if n := waiting(); n != 10 {
		t.Fatalf("%d steps wait", n)
	}
	for n := 4; n <= 13; n++ {
		g.hold <- struct{}{} // one of the two ends, and one begins
		started(n)
	}
	close(g.hold)
	all.Wait()
	rest := slices.DeleteFunc(g.order[2:], func(id string) bool { return id == "light" })
	if !slices.IsSorted(rest) || g.most != 2 || len(rest) != 10 {
		t.Errorf("%d at once, in the order %v", g.most, g.order)
	}
}

// TestLimitSettles: of steps that are ready at once, those that stand first in the plan begin, in whatever order they come.
func TestLimitSettles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := plan.Plan{Steps: []plan.Step{{ID: "a", Kind: "heavy"}, {ID: "b", Kind: "heavy"}, {ID: "c", Kind: "heavy"}, {ID: "d", Kind: "heavy"}}}
		g := &gauge{hold: make(chan struct{})}
		w := new(Turns).Limit(g, p, 2, heavy)
		var all sync.WaitGroup
		for _, s := range slices.Backward(p.Steps) {
			all.Go(func() { w.Do(t.Context(), s, nil, "", report.Discard) })
			time.Sleep(settling / 5)
		}
		time.Sleep(settling)
		synctest.Wait()
		slices.Sort(g.order)
		if !slices.Equal(g.order, []string{"a", "b"}) {
			t.Errorf("%v began", g.order)
		}
		close(g.hold)
		all.Wait()
		if len(g.order) != 4 {
			t.Errorf("%v were done", g.order)
		}
	})
}

// TestTurns: films that are made side by side keep the machine as busy as one. The first goes first, and beside steps of a heavier film there are as few as
// that one allows.
func TestTurns(t *testing.T) {
	for _, c := range []struct {
		most   []int // of each film, how many the machine carries
		atWork []int // at first, and each time when one has ended
	}{{[]int{3, 2}, []int{3, 3, 2, 2, 2, 2, 2, 1, 0}}, {[]int{2, 3}, []int{2, 2, 2, 2}}} {
		synctest.Test(t, func(t *testing.T) {
			g := &gauge{hold: make(chan struct{})}
			var turns Turns
			var all sync.WaitGroup
			for film, most := range c.most {
				var p plan.Plan
				for i := range 4 {
					p.Steps = append(p.Steps, plan.Step{ID: fmt.Sprint(film, "-", i), Kind: "heavy"})
				}
				w := turns.Limit(g, p, most, heavy)
				for _, s := range p.Steps {
					all.Go(func() { w.Do(t.Context(), s, nil, "", report.Discard) })
				}
			}
			time.Sleep(2 * settling)
			synctest.Wait()
			atWork := []int{g.now}
			for range len(c.atWork) - 1 {
				g.hold <- struct{}{}
				synctest.Wait()
				atWork = append(atWork, g.now)
			}
			slices.Sort(g.order[:c.most[0]]) // these began at once
			if !slices.IsSorted(g.order) || !slices.Equal(atWork, c.atWork) {
				t.Errorf("they began in the order %v, and at work were %v, want %v", g.order, atWork, c.atWork)
			}
			close(g.hold)
			all.Wait()
		})
	}
}

// TestLimitCancelled: a step that is told to stop while it waits gives no turn away.
func TestLimitCancelled(t *testing.T) {
	p := plan.Plan{Steps: []plan.Step{{ID: "a", Kind: "heavy"}, {ID: "b", Kind: "heavy"}, {ID: "c", Kind: "heavy"}}}
	g := &gauge{hold: make(chan struct{})}
	w := new(Turns).Limit(g, p, 1, heavy)
	done := make(chan error, 3)
	do := func(ctx context.Context, s plan.Step) { done <- w.Do(ctx, s, nil, "", report.Discard) }
	go do(t.Context(), p.Steps[0])
	ctx, cancel := context.WithCancel(t.Context())
	go do(ctx, p.Steps[1])
	cancel()
	if err := <-done; err == nil {
		t.Error("a step that was told to stop was done")
	}
	go do(t.Context(), p.Steps[2])
	g.hold <- struct{}{}
	g.hold <- struct{}{}
	for range 2 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}
