package clean_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
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

// first is a scene as it begins. Each test has a copy, since there are thousands of them, and each publish proves and renders anew.
var first = sync.OnceValues(func() (scene, error) {
	ctx := context.Background()
	s := scene{clock: releasetest.NewClock()}
	s.st = storetest.MemoryAt(s.clock.Now)
	for _, v := range []string{"one", "two", "three"} {
		if _, err := releasetest.Publish(ctx, s.st, v); err != nil {
			return s, err
		}
		s.clock.Go(time.Minute)
	}
	if r, err := s.clean(ctx, s.st); err != nil || r.Ripe().Objects != 0 || r.Films[0].Unreferenced.Objects != 8 {
		return s, fmt.Errorf("%+v, %w", r, err)
	}
	s.clock.Go(grace)
	return s, nil
})

func newScene(t testing.TB) scene {
	t.Helper()
	f, err := first()
	if err != nil {
		t.Fatal(err)
	}
	s := scene{clock: releasetest.NewClock()}
	s.clock.Go(f.clock.Now().Sub(s.clock.Now()))
	s.st = storetest.Clone(f.st, s.clock.Now)
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

// schedule is an order in which commands take turns: which of them does how many operations, one stretch after the other, and
// how much time passes before each. Behind the last stretch, each goes on to his end in the order of their numbers.
type schedule []stretch

type stretch struct {
	actor, ops int // whole is all that are left
	jump       time.Duration
}

const whole = 1 << 20

// next follows the schedule.
func (p schedule) next(clock *releasetest.Clock) func([]int) int {
	at, done := 0, -1
	return func(waiting []int) int {
		for ; at < len(p); at++ {
			if done < 0 {
				clock.Go(p[at].jump)
				done = 0
			}
			if done < p[at].ops && slices.Contains(waiting, p[at].actor) {
				done++
				return p[at].actor
			}
			done = -1
		}
		return waiting[0]
	}
}

// play lets commands take turns: a publisher, a cleaner, and another cleaner where the schedule has one. At the end, the
// film is whole, and where the publisher succeeded it is his version.
func play(t *testing.T, p schedule, other func(scene) func(context.Context, store.Store) error) {
	playAs(t, p, other, false)
}

// playAs is play with cleaners whose deletions may be done twice.
func playAs(t *testing.T, p schedule, other func(scene) func(context.Context, store.Store) error, stutters bool) {
	s := newScene(t)
	do := other(s)
	var published error
	cleaned := make([]error, 2)
	cleaner := func(i int) func(func()) {
		return func(wait func()) {
			a := s.actor(t, 30*time.Second, wait)
			a.Stutters = stutters
			_, cleaned[i] = s.clean(t.Context(), a)
		}
	}
	commands := []func(func()){func(wait func()) { published = do(t.Context(), s.actor(t, 15*time.Minute, wait)) }, cleaner(0), cleaner(1)}
	if !slices.ContainsFunc(p, func(s stretch) bool { return s.actor == 2 }) {
		commands = commands[:2]
	}
	turns := releasetest.Turns{Next: p.next(s.clock)}
	turns.Run(commands...)
	version := "three"
	if published == nil {
		version = "one"
	} else if p, _, err := release.ReadPointer(t.Context(), s.st, releasetest.Slug); err == nil && p.Sequence > 3 {
		version = "one" // it failed behind the pointer, and its next run finishes
		s.clock.Go(time.Hour)
		if err := do(t.Context(), s.st); err != nil {
			t.Errorf("again: %v", err)
		}
	}
	if err := releasetest.Whole(t.Context(), s.st, version); err != nil {
		t.Error(err)
	}
	// Both again, without haste: everything ends well.
	s.clock.Go(time.Hour)
	if err := s.comeback(t.Context(), s.st); err != nil {
		t.Errorf("published again: %v", err)
	}
	if _, err := s.clean(t.Context(), s.st); err != nil {
		t.Errorf("cleaned again: %v", err)
	}
	if err := releasetest.Whole(t.Context(), s.st, "one"); err != nil {
		t.Errorf("at last: %v", err)
	}
	for _, err := range cleaned {
		if err != nil && !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, store.ErrPrecondition) {
			t.Error(err)
		}
	}
	if t.Failed() {
		t.Fatalf("%+v: published %v, cleaned %v", p, published, cleaned)
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
	if err := other(s)(t.Context(), count(0)); err != nil {
		t.Fatal(err)
	}
	s = newScene(t)
	if _, err := s.clean(t.Context(), count(1)); err != nil {
		t.Fatal(err)
	}
	return n
}

// random gives a source of chance that a failure can be repeated with, and how many times as many orders are tried as usual.
func random(t *testing.T) (*rand.Rand, int) {
	seed, times := uint64(time.Now().UnixNano()), 1
	if text := os.Getenv("FILMPRESS_TEST_TURNS"); text != "" {
		var err error
		if times, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 1)), times
}

// TestInside stops each command behind each of its operations, and lets the other one run from its beginning to its end. A
// third, another cleaner, comes before or after that.
func TestInside(t *testing.T) {
	chance, times := random(t)
	for name, other := range others(t) {
		ops := alone(t, other)
		for outer := range 2 {
			for a := range ops[outer] + 1 {
				for _, before := range jumps {
					if times == 1 && chance.IntN(2) > 0 {
						continue
					}
					for range times {
						after := jumps[chance.IntN(len(jumps))]
						play(t, schedule{{outer, a, 0}, {1 - outer, whole, before}, {outer, whole, after}}, other)
					}
				}
				play(t, schedule{{outer, a, 0}, {2, whole, 0}, {1 - outer, whole, 0}, {outer, whole, 0}}, other)
				play(t, schedule{{outer, a, 0}, {1 - outer, whole, 0}, {2, whole, 0}, {outer, whole, 0}}, other)
			}
		}
		// A cleaner that stands still while another one takes over, and whose last request may come late.
		for a := range 2*ops[1] + 1 {
			playAs(t, schedule{{1, a, 0}, {2, whole, 20 * time.Second}, {0, whole, 0}, {1, whole, 0}}, other, true)
		}
		t.Logf("%s: %d operations against %d of the clean-up", name, ops[0], ops[1])
	}
}

// TestBothStop has a cleaner stop within what a publisher or a rollback interrupted: between two deletions, most of all.
func TestBothStop(t *testing.T) {
	for _, other := range others(t) {
		ops := alone(t, other)
		for a := range 6 {
			for b := range ops[1] {
				play(t, schedule{{0, a, 0}, {1, b, 0}, {0, whole, 2 * time.Minute}}, other)
			}
		}
	}
}

// TestTurns tries random orders with many changes between three commands.
func TestTurns(t *testing.T) {
	chance, times := random(t)
	for _, other := range others(t) {
		for range 300 * times {
			var p schedule
			for range 3 + chance.IntN(12) {
				p = append(p, stretch{chance.IntN(3), chance.IntN(16), jumps[max(0, chance.IntN(2*len(jumps))-len(jumps))]})
			}
			playAs(t, p, other, chance.IntN(2) == 0)
		}
	}
}

// TestSlowJudge: a grace passes between a publisher's look and its switch, and a clean-up makes use of it.
func TestSlowJudge(t *testing.T) {
	s := newScene(t)
	judge := func(ctx context.Context, _ string) error {
		for range 2 {
			if _, err := s.clean(ctx, s.st); err != nil {
				return err
			}
			s.clock.Go(grace)
		}
		return nil
	}
	_, err := release.Publish(t.Context(), s.st, releasetest.Film(s.st, "one"), release.Options{Workers: 1, Timer: s.timer(), Audit: judge}, report.Discard)
	if !errors.Is(err, release.ErrIncomplete) {
		t.Errorf("it was switched to what is gone: %v", err)
	}
	if err := releasetest.Whole(t.Context(), s.st, "three"); err != nil {
		t.Error(err)
	}
}

// TestSleptCleaner: a cleaner that slept behind its announcement, on a machine that was closed, deletes nothing any more.
func TestSleptCleaner(t *testing.T) {
	for _, pause := range []time.Duration{time.Minute, 10 * time.Minute, 2 * grace} {
		s := newScene(t)
		slept := false
		sleep := func(e report.Event) {
			if e.Kind == report.StepStarted && !slept {
				slept = true
				s.clock.Go(pause)
				if err := s.comeback(t.Context(), s.st); err != nil {
					t.Error(err)
				}
			}
		}
		o := clean.Options{Grace: grace, Do: true, Max: clean.Limit{Percent: 100}, Workers: 1, Timer: s.timer()}
		if _, err := clean.Run(t.Context(), s.st, o, sleep); err != nil || !slept {
			t.Errorf("%v: %v", pause, err)
		}
		if err := releasetest.Whole(t.Context(), s.st, "one"); err != nil {
			t.Errorf("%v: %v", pause, err)
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

// TestTakeover: what a dead cleaner may still be deleting stays named until its time is over, even what is gone already, since
// a client that lost an answer asks again.
func TestTakeover(t *testing.T) {
	s := newScene(t)
	old, etag, err := release.ReadTombstone(t.Context(), s.st, releasetest.Slug)
	if err != nil || len(old.Objects) != 8 {
		t.Fatalf("%+v, %v", old, err)
	}
	old.Until = s.clock.Now().Add(2 * time.Minute)
	if _, err := release.WriteTombstone(t.Context(), s.st, releasetest.Slug, old, etag); err != nil {
		t.Fatal(err)
	}
	gone := old.Objects[0].Key
	deleted := false
	for _, name := range storetest.Names(t, s.st, releasetest.Slug+"/") {
		if old.Key(strings.TrimPrefix(name, releasetest.Slug+"/")) == gone {
			deleted = true
			if err := s.st.Delete(t.Context(), name); err != nil {
				t.Fatal(err)
			}
		}
	}
	if !deleted {
		t.Fatal("it names nothing that is there")
	}
	r, err := s.clean(t.Context(), s.st)
	if err != nil || r.Films[0].Deleted.Objects != 7 {
		t.Fatalf("%+v, %v", r, err)
	}
	now, _, err := release.ReadTombstone(t.Context(), s.st, releasetest.Slug)
	if err != nil || !now.Until.Equal(old.Until) || len(now.Objects) != 8 || now.Objects[0].Key != gone {
		t.Errorf("it forgot what the dead one may do: %+v, %v", now, err)
	}
	s.clock.Go(2 * time.Minute)
	only(t, s, 0)
}
