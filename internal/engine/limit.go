package engine

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"filmpress/internal/plan"
	"filmpress/internal/report"
)

// Limit is a worker that has w do at most n of the plan's heavy steps at once. Of those that wait, the one that comes
// first in the plan is next: so a film is encoded from its beginning, and its first segments are sent soon. Other
// steps do not wait.
func Limit(w Worker, p plan.Plan, n int, heavy func(plan.Step) bool) Worker {
	l := &limit{Worker: w, free: n, heavy: map[string]int{}, waiting: map[int]chan struct{}{}}
	for i, s := range p.Steps {
		if heavy(s) {
			l.heavy[s.ID] = i
		}
	}
	return l
}

// settling is how long a step waits before it gets a free place: those that are ready at once come in any order, within
// some milliseconds, and a long one that has to go last leaves the other cores idle.
const settling = 20 * time.Millisecond

type limit struct {
	Worker
	heavy map[string]int // place in the plan, by step ID

	mu      sync.Mutex
	free    int
	waiting map[int]chan struct{} // by place in the plan; closed when it is the step's turn
}

func (l *limit) Do(ctx context.Context, s plan.Step, in map[string]string, out string, sink report.Sink) error {
	place, heavy := l.heavy[s.ID]
	if !heavy {
		return l.Worker.Do(ctx, s, in, out, sink)
	}
	if err := l.acquire(ctx, place); err != nil {
		return err
	}
	defer l.release()
	return l.Worker.Do(ctx, s, in, out, sink)
}

func (l *limit) acquire(ctx context.Context, place int) error {
	l.mu.Lock()
	turn := make(chan struct{})
	l.waiting[place] = turn
	if l.free > 0 {
		time.AfterFunc(settling, l.turn)
	}
	l.mu.Unlock()
	select {
	case <-turn:
		return nil
	case <-ctx.Done():
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, still := l.waiting[place]; !still { // it was given a turn meanwhile
		l.free++
		l.next()
	}
	delete(l.waiting, place)
	return ctx.Err()
}

func (l *limit) release() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.free++
	l.next()
}

// turn is next for who does not hold the lock.
func (l *limit) turn() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.next()
}

// next gives turns to those who wait, as many as are free.
func (l *limit) next() {
	for l.free > 0 && len(l.waiting) > 0 {
		first := slices.Min(slices.Collect(maps.Keys(l.waiting)))
		close(l.waiting[first])
		delete(l.waiting, first)
		l.free--
	}
}
