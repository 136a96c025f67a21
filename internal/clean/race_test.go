package clean_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"filmpress/internal/clean"
	"filmpress/internal/release"
	"filmpress/internal/release/releasetest"
	"filmpress/internal/report"
	"filmpress/internal/store"
	"filmpress/internal/store/storetest"
)

const grace = 7 * 24 * time.Hour

// scene is a film with versions of which the oldest can be deleted now: it was noted long ago.
type scene struct {
	st    store.Store
	clock *releasetest.Clock
}

func newScene(t testing.TB) scene {
	s := scene{clock: releasetest.NewClock()}
	s.st = storetest.MemoryAt(s.clock.Now)
	for _, v := range []string{"one", "two", "three"} {
		releasetest.MustPublish(t, s.st, v)
		s.clock.Go(time.Minute)
	}
	if r, err := s.clean(t.Context(), s.st); err != nil || r.Ripe().Objects != 0 || r.Films[0].Unreferenced.Objects != 8 {
		t.Fatalf("%+v, %v", r, err)
	}
	s.clock.Go(grace)
	return s
}

func (s scene) timer() release.Timer {
	return release.Timer{Now: s.clock.Now, Wait: func(_ context.Context, d time.Duration) error { s.clock.Go(d); return nil }}
}

func (s scene) clean(ctx context.Context, st store.Store) (clean.Report, error) {
	return clean.Run(ctx, st, clean.Options{Grace: grace, Do: true, Max: clean.Limit{Percent: 100}, Workers: 1, Timer: s.timer()}, report.Discard)
}

// comeback publishes the oldest version again, which needs what is about to be deleted.
func (s scene) comeback(ctx context.Context, st store.Store) error {
	_, err := release.Publish(ctx, st, releasetest.Film(s.st, "one"), release.Options{Workers: 1, Timer: s.timer()}, report.Discard)
	return err
}

// rollback goes back to the oldest version.
func (s scene) rollback(id string) func(context.Context, store.Store) error {
	return func(ctx context.Context, st store.Store) error {
		_, err := release.Rollback(ctx, st, releasetest.Slug, release.RollbackOptions{To: id, Workers: 1, Timer: s.timer()}, report.Discard)
		return err
	}
}

// actor is the store as a command sees it that takes turns and has a client's patience. A viewer looks behind every change.
func (s scene) actor(t *testing.T, patience time.Duration, wait func()) *releasetest.Actor {
	return &releasetest.Actor{Store: s.st, Clock: s.clock, Patience: patience, Before: func(int, string, string) error { wait(); return nil },
		After: func(_ int, op, name string) error {
			if op == "put" || op == "delete" {
				if _, err := releasetest.Watch(t.Context(), s.st); err != nil {
					t.Errorf("after %s %s a viewer meets: %v", op, name, err)
				}
			}
			return nil
		}}
}

// schedule is an order in which two commands take turns: who begins, how many operations he does before the other goes
// on, and so forth; and how much time passes at each change.
type schedule struct {
	first int
	runs  []int
	jumps []time.Duration
}

// next follows the schedule, and the last one goes on to his end.
func (p schedule) next(clock *releasetest.Clock) func([]int) int {
	actor, run, done := p.first, 0, 0
	return func(waiting []int) int {
		if run < len(p.runs) && done == p.runs[run] {
			if run < len(p.jumps) {
				clock.Go(p.jumps[run])
			}
			actor, run, done = 1-actor, run+1, 0
		}
		done++
		for _, w := range waiting {
			if w == actor {
				return w
			}
		}
		return waiting[0]
	}
}

// play lets a cleaner and another command take turns, and looks at the film as a viewer at every moment. At the end, the
// film is whole, and where the other one succeeded it is his version.
func play(t *testing.T, p schedule, other func(scene) func(context.Context, store.Store) error) {
	s := newScene(t)
	do := other(s)
	var cleaned, published error
	turns := releasetest.Turns{Next: p.next(s.clock)}
	turns.Run(
		func(wait func()) { _, cleaned = s.clean(t.Context(), s.actor(t, 30*time.Second, wait)) },
		func(wait func()) { published = do(t.Context(), s.actor(t, 15*time.Minute, wait)) },
	)
	if t.Failed() {
		t.Logf("%+v: cleaned %v, published %v", p, cleaned, published)
	}
	version := "three"
	if published == nil {
		version = "one"
	} else if p, _, err := release.ReadPointer(t.Context(), s.st, releasetest.Slug); err == nil && p.Sequence > 3 {
		version = "one" // it failed behind the pointer, and its next run finishes
		s.clock.Go(time.Hour)
		if err := do(t.Context(), s.st); err != nil {
			t.Errorf("%+v: again: %v", p, err)
		}
	}
	if err := releasetest.Whole(t.Context(), s.st, version); err != nil {
		t.Errorf("%+v: cleaned %v, published %v: %v", p, cleaned, published, err)
	}
	// Both again, without haste: everything ends well.
	s.clock.Go(time.Hour)
	if err := s.comeback(t.Context(), s.st); err != nil {
		t.Errorf("%+v: published again: %v", p, err)
	}
	if _, err := s.clean(t.Context(), s.st); err != nil {
		t.Errorf("%+v: cleaned again: %v", p, err)
	}
	if err := releasetest.Whole(t.Context(), s.st, "one"); err != nil {
		t.Errorf("%+v: at last: %v", p, err)
	}
	if cleaned != nil && !errors.Is(cleaned, context.DeadlineExceeded) && !errors.Is(cleaned, store.ErrPrecondition) {
		t.Errorf("%+v: cleaned: %v", p, cleaned)
	}
}

// jumps are what may pass while a command stands still: nothing, a bit less than an operation's patience, the time of a sweep,
// that of a publisher's look, and a grace.
var jumps = []time.Duration{0, 29 * time.Second, 2 * time.Minute, 20 * time.Minute, grace}

func others(t *testing.T) map[string]func(scene) func(context.Context, store.Store) error {
	oldest := releasetest.MustPublish(t, storetest.Memory(), "one").Release
	return map[string]func(scene) func(context.Context, store.Store) error{
		"publish":  func(s scene) func(context.Context, store.Store) error { return s.comeback },
		"rollback": func(s scene) func(context.Context, store.Store) error { return s.rollback(oldest) },
	}
}

// alone is how many operations each command takes that nobody disturbs.
func alone(t *testing.T, other func(scene) func(context.Context, store.Store) error) (n [2]int) {
	s := newScene(t)
	count := func(i int) *releasetest.Actor { return s.actor(t, 0, func() { n[i]++ }) }
	if err := other(s)(t.Context(), count(1)); err != nil {
		t.Fatal(err)
	}
	s = newScene(t)
	if _, err := s.clean(t.Context(), count(0)); err != nil {
		t.Fatal(err)
	}
	return n
}

// sampled is how many of all orders are tried where FILMPRESS_TURNS is not "all": one in so many, others each time.
const sampled = 12

// TestTurns tries the orders of a cleaner's and a publisher's operations with up to two changes between them, with time
// passing at each change.
func TestTurns(t *testing.T) {
	every := sampled
	if os.Getenv("FILMPRESS_TURNS") == "all" {
		every = 1
	}
	seed := uint64(time.Now().UnixNano())
	random := rand.New(rand.NewPCG(seed, 0))
	for name, other := range others(t) {
		ops := alone(t, other)
		tried := 0
		for first := range 2 {
			for a := range ops[first] + 1 {
				for b := range ops[1-first] + 1 {
					for i := range len(jumps) * len(jumps) {
						if i%len(jumps) != (a+b)%len(jumps) || random.IntN(every) > 0 { // each jump with each place, not each pair
							continue
						}
						p := schedule{first, []int{a, b}, []time.Duration{jumps[i%len(jumps)], jumps[i/len(jumps)]}}
						play(t, p, other)
						tried++
					}
				}
				if t.Failed() {
					t.Fatalf("%s, seed %d", name, seed)
				}
			}
		}
		t.Logf("%s: %d operations against %d of the clean-up, %d orders", name, ops[1], ops[0], tried)
	}
}

// TestManyTurns tries random orders with many changes.
func TestManyTurns(t *testing.T) {
	orders := 150
	if os.Getenv("FILMPRESS_TURNS") == "all" {
		orders = 5000
	}
	seed := uint64(time.Now().UnixNano())
	random := rand.New(rand.NewPCG(seed, 1))
	for name, other := range others(t) {
		for range orders {
			p := schedule{first: random.IntN(2)}
			for range 3 + random.IntN(12) {
				p.runs = append(p.runs, random.IntN(8))
				p.jumps = append(p.jumps, jumps[max(0, random.IntN(2*len(jumps))-len(jumps))])
			}
			play(t, p, other)
			if t.Failed() {
				t.Fatalf("%s, seed %d", name, seed)
			}
		}
	}
}

// TestCrash ends a cleaner at every operation, before it was done and after. Viewers notice nothing, the next run
// finishes, and a publisher who comes in between waits until nothing of the dead one can happen any more.
func TestCrash(t *testing.T) {
	crash := errors.New("the power went out")
	for _, lost := range []bool{false, true} {
		for _, between := range []bool{false, true} {
			n := 1
			for ; ; n++ {
				s := newScene(t)
				fail := func(i int, op, name string) error {
					if i >= n {
						return fmt.Errorf("%w at %s %s", crash, op, name)
					}
					return nil
				}
				a := &releasetest.Actor{Store: s.st, Clock: s.clock, Before: fail}
				if lost {
					a.Before, a.After = nil, fail
				}
				_, err := s.clean(t.Context(), a)
				if err != nil && !errors.Is(err, crash) {
					t.Fatalf("crash at %d: %v", n, err)
				}
				if broken := releasetest.Whole(t.Context(), s.st, "three"); broken != nil {
					t.Fatalf("lost %v, crash at %d (%v): %v", lost, n, err, broken)
				}
				version := "three"
				if between {
					version = "one"
					if err := s.comeback(t.Context(), s.st); err != nil {
						t.Fatalf("lost %v, crash at %d: publish: %v", lost, n, err)
					}
				}
				if _, err := s.clean(t.Context(), s.st); err != nil {
					t.Fatalf("lost %v, crash at %d: the next run: %v", lost, n, err)
				}
				if broken := releasetest.Whole(t.Context(), s.st, version); broken != nil {
					t.Fatalf("lost %v, crash at %d: after the next run: %v", lost, n, broken)
				}
				if !between {
					only(t, s, n)
				}
				if err == nil {
					break
				}
			}
			if n < 15 {
				t.Errorf("lost %v: only %d operations", lost, n)
			}
		}
	}
}

// only wants nothing of the oldest version to be left, and no note that somebody deletes once that is over.
func only(t *testing.T, s scene, n int) {
	t.Helper()
	for _, name := range storetest.Names(t, s.st, releasetest.Slug+"/o/"+releasetest.Digest("video one")) {
		t.Errorf("crash at %d: %s is left", n, name)
	}
	s.clock.Go(time.Hour)
	if _, err := s.clean(t.Context(), s.st); err != nil {
		t.Fatal(err)
	}
	if tomb, _, err := release.ReadTombstone(t.Context(), s.st, releasetest.Slug); err != nil || !tomb.Until.IsZero() || len(tomb.Objects) > 0 {
		t.Errorf("crash at %d: %+v, %v", n, tomb, err)
	}
}
