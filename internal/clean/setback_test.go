package clean_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"filmpress/internal/clean"
	"filmpress/internal/release"
	"filmpress/internal/release/releasetest"
	"filmpress/internal/report"
)

// machine is one whose time of day somebody sets, by so much against the true time.
type machine struct {
	scene
	off    time.Duration
	passed bool // it has a clock that nobody sets, too
}

func (m *machine) timer() release.Timer {
	t := release.Timer{Now: func() time.Time { return m.clock.Now().Add(m.off) }, Wait: m.scene.timer().Wait}
	if m.passed {
		start := m.clock.Now()
		t.Passed = func() time.Duration { return m.clock.Now().Sub(start) }
	}
	return t
}

// setBacks are times that pass, and by how much the clock is set back meanwhile.
var setBacks = []struct{ passes, back time.Duration }{{10 * time.Minute, time.Hour}, {10 * time.Minute, 10 * time.Minute}, {2 * time.Minute, 90 * time.Second}, {10 * time.Minute, grace}}

// TestCleanerSetBack: a cleaner whose clock is set back behind its announcement, by more or by less than what has passed, does not go on under a
// lease that is over.
func TestCleanerSetBack(t *testing.T) {
	for _, c := range setBacks {
		for _, passed := range []bool{true, false} {
			if !passed && c.back <= c.passes {
				continue // who has one clock alone, which was set, cannot know
			}
			m := &machine{scene: newScene(t), passed: passed}
			set := false
			back := func(e report.Event) {
				if e.Kind == report.StepStarted && !set {
					set = true
					m.clock.Go(c.passes)
					m.off = -c.back
					if err := m.comeback(t.Context(), m.st); err != nil {
						t.Error(err)
					}
				}
			}
			o := clean.Options{Grace: grace, Do: true, Max: clean.Limit{Percent: 100}, Workers: 1, Timer: m.timer()}
			if _, err := clean.Run(t.Context(), m.st, o, back); err != nil || !set {
				t.Errorf("%+v: %v", c, err)
			}
			if err := releasetest.Whole(t.Context(), m.st, "one"); err != nil {
				t.Errorf("%+v, with a second clock %v: %v", c, passed, err)
			}
		}
	}
}

// TestCleanerSetBackLate: the same between two deletions.
func TestCleanerSetBackLate(t *testing.T) {
	m := &machine{scene: newScene(t)}
	deleted := 0
	a := &releasetest.Actor{Store: m.st, Clock: m.clock, Before: func(_ int, op, _ string) error {
		if op != "delete" {
			return nil
		}
		if deleted++; deleted == 2 {
			m.clock.Go(10 * time.Minute)
			m.off = -time.Hour
			return m.comeback(t.Context(), m.st)
		}
		return nil
	}}
	o := clean.Options{Grace: grace, Do: true, Max: clean.Limit{Percent: 100}, Workers: 1, Timer: m.timer()}
	if _, err := clean.Run(t.Context(), a, o, report.Discard); err == nil || deleted != 2 {
		t.Errorf("%d deletions: %v", deleted, err)
	}
}

// TestPublisherSetBack: a grace passes between a publisher's look and its switch, while its clock is set back.
func TestPublisherSetBack(t *testing.T) {
	for _, passed := range []bool{true, false} {
		m := &machine{scene: newScene(t), passed: passed}
		judge := func(ctx context.Context, _ string) error {
			for range 2 {
				if _, err := m.clean(ctx, m.st); err != nil {
					return err
				}
				m.clock.Go(grace)
			}
			m.off = -3 * grace
			return nil
		}
		_, err := release.Publish(t.Context(), m.st, releasetest.Film(m.st, "one"), release.Options{Workers: 1, Timer: m.timer(), Audit: judge}, report.Discard)
		if !errors.Is(err, release.ErrIncomplete) {
			t.Errorf("it was switched to what is gone: %v", err)
		}
		if err := releasetest.Whole(t.Context(), m.st, "three"); err != nil {
			t.Error(err)
		}
	}
}
