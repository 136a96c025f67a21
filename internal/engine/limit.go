package engine

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"filmpress/internal/plan"
	"filmpress/internal/report"
)

// Turns has the heavy steps of films that are made side by side wait for each other: together they keep this machine as busy as one film does. The
// zero value is ready. Its methods may be called from several goroutines at once.
type Turns struct {
	mu      sync.Mutex
	films   int   // that have come
	atWork  []int // of each step that has its turn: how many its film allows at once
	waiting map[place]waiting
}

// place is where a step stands: the film that came first goes first, and in it what comes first in the plan.
type place struct{ film, step int }

func (p place) compare(o place) int {
	return cmp.Or(cmp.Compare(p.film, o.film), cmp.Compare(p.step, o.step))
}

// waiting is a step that waits for its turn.
type waiting struct {
	turn chan struct{} // closed when it has come
	most int           // as in atWork
}

// Limit is a worker that has w do at most n of the plan's heavy steps at once, those of other films counted in: n is how many the machine carries of
// this film's, so beside a heavier film's there are as few as that one allows. Of those that wait, the one that comes first in the plan
// is next: so a film is encoded from its beginning, and its first segments are sent soon. Other steps do not wait.
func (t *Turns) Limit(w Worker, p plan.Plan, n int, heavy func(plan.Step) bool) Worker {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.waiting == nil {
		t.waiting = map[place]waiting{}
	}
	l := &limit{Worker: w, turns: t, most: n, heavy: map[string]place{}}
	for i, s := range p.Steps {
		if heavy(s) {
			l.heavy[s.ID] = place{t.films, i}
		}
	}
	t.films++
	return l
}

// settling is how long a step waits before it gets a free place: those that are ready at once come in any order, within
// some milliseconds, and a long one that has to go last leaves the other cores idle.
const settling = 20 * time.Millisecond

type limit struct {
	Worker
	turns *Turns
	most  int
	heavy map[string]place // by step ID
}

func (l *limit) Do(ctx context.Context, s plan.Step, in map[string]string, out string, sink report.Sink) error {
	at, heavy := l.heavy[s.ID]
	if !heavy {
		return l.Worker.Do(ctx, s, in, out, sink)
	}
	if err := l.turns.acquire(ctx, at, l.most); err != nil {
		return err
	}
	defer l.turns.release(l.most)
	return l.Worker.Do(ctx, s, in, out, sink)
}

// Only passes on what the worker knows; see Partial.
func (l *limit) Only(s plan.Step) (string, bool) { return Only(l.Worker, s) }

func (t *Turns) acquire(ctx context.Context, at place, most int) error {
	t.mu.Lock()
	turn := make(chan struct{})
	t.waiting[at] = waiting{turn, most}
	time.AfterFunc(settling, t.settled)
	t.mu.Unlock()
	select {
	case <-turn:
		return nil
	case <-ctx.Done():
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, still := t.waiting[at]; !still { // it was given a turn meanwhile
		t.leave(most)
	}
	delete(t.waiting, at)
	t.next() // it may have kept lighter ones waiting
	return ctx.Err()
}

func (t *Turns) release(most int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.leave(most)
	t.next()
}

// settled is next for who does not hold the lock.
func (t *Turns) settled() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.next()
}

// leave takes a step away from those at work.
func (t *Turns) leave(most int) {
	i := slices.Index(t.atWork, most)
	t.atWork = slices.Delete(t.atWork, i, i+1)
}

// next gives turns to those who wait, as many as the heaviest at work, and they themselves, allow.
func (t *Turns) next() {
	for len(t.waiting) > 0 {
		first := slices.MinFunc(slices.Collect(maps.Keys(t.waiting)), place.compare)
		one := t.waiting[first]
		if len(t.atWork) >= slices.Min(append(t.atWork, one.most)) {
			return
		}
		close(one.turn)
		delete(t.waiting, first)
		t.atWork = append(t.atWork, one.most)
	}
}
