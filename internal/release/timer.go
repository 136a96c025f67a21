package release

import (
	"context"
	"math"
	"time"
)

// Timer is how this machine's time is told, and waited. The zero value is the real one.
type Timer struct {
	Now    func() time.Time     // the time of day, which goes on while the machine sleeps
	Passed func() time.Duration // since some moment, whoever sets the time of day
	Wait   func(ctx context.Context, d time.Duration) error
}

// Today is the time of day.
func (t Timer) Today() time.Time {
	if t.Now != nil {
		return t.Now()
	}
	return time.Now().Round(0)
}

// Moment is one of this machine's.
type Moment struct {
	day    time.Time
	passed time.Duration
}

// Moment is the present one.
func (t Timer) Moment() Moment { return Moment{t.Today(), t.passed()} }

// Since is how long a moment is past, at the most. The time of day may be set meanwhile, and the machine may sleep, so the longer of two clocks
// counts. Where the time of day went back, nobody knows, and it is very long.
func (t Timer) Since(m Moment) time.Duration {
	day := t.Today().Sub(m.day)
	if day < 0 {
		return math.MaxInt64
	}
	return max(day, t.passed()-m.passed)
}

func (t Timer) passed() time.Duration {
	if t.Passed != nil {
		return t.Passed()
	}
	return passed()
}

// Pause waits.
func (t Timer) Pause(ctx context.Context, d time.Duration) error {
	if t.Wait != nil {
		return t.Wait(ctx, d)
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
