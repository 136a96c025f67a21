package hls

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// everyRun is Measure as the standard says it, without any haste.
func everyRun(parts []Part, target int) Rates {
	least, most := time.Duration(target)*time.Second/2, time.Duration(target)*time.Second*3/2
	var all Part
	var r Rates
	for i, p := range parts {
		all.Size += p.Size
		all.Duration += p.Duration
		var run Part
		for _, p := range parts[i:] {
			run.Size += p.Size
			run.Duration += p.Duration
			if run.Duration >= least && run.Duration <= most {
				r.Peak = max(r.Peak, run.rate())
			}
		}
	}
	r.Average = all.rate()
	r.Peak = max(r.Peak, r.Average)
	return r
}

// TestMeasureLooksAtEveryRun: it takes a shorter way to the same rates.
func TestMeasureLooksAtEveryRun(t *testing.T) {
	chance := rand.New(rand.NewPCG(1, 2))
	for range 1000 {
		parts := make([]Part, chance.IntN(20))
		for i := range parts {
			parts[i] = Part{chance.Int64N(1000), time.Duration(chance.IntN(5)) * []time.Duration{0, time.Second, 700 * time.Millisecond}[chance.IntN(3)]}
		}
		target := chance.IntN(8)
		if got, want := Measure(parts, target), everyRun(parts, target); got != want {
			t.Fatalf("%v, target %d: %v, not %v", parts, target, got, want)
		}
	}
}

// TestMeasureEnds: parts that last nothing, and target durations longer than any film, are not looked at one with another.
func TestMeasureEnds(t *testing.T) {
	const n, budget = 10_000, 10_000_000
	nothing := slices.Repeat([]Part{{Size: 1}}, n)
	long := Part{1, time.Hour}
	for what, c := range map[string]struct {
		parts  []Part
		target int
		used   int // at most
	}{
		"nothing lasts":           {nothing, 1 << 30, 0},
		"nothing has to":          {nothing, 0, budget},
		"one lasts, at the end":   {slices.Concat(nothing, []Part{long}), 3600, n + 1},
		"one lasts, in between":   {slices.Concat(nothing[:n/2], []Part{long}, nothing[n/2:]), 3600, budget},
		"too short for a run":     {slices.Repeat([]Part{{1, time.Second}}, n), 1 << 30, 0},
		"a film":                  {slices.Repeat([]Part{{1, 6 * time.Second}}, n), 6, 2 * n},
		"its pictures one by one": {slices.Repeat([]Part{{1, time.Second / 25}}, n), 6, 200 * n},
	} {
		if _, left := measure(c.parts, c.target, budget); budget-left > c.used {
			t.Errorf("%s: %d runs were looked at", what, budget-left)
		}
	}
}
