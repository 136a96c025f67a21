package align

import (
	"math"
	"slices"
	"time"
)

// refine finds a shift to the millisecond: by how much the beginnings of cues miss those of the reference near them, in
// the middle of all.
func refine(cues, ref []Span, r Ratio, shift int) time.Duration {
	const near = 150 * time.Millisecond
	at := time.Duration(shift) * tick
	for range 3 {
		var miss []float64
		for _, c := range cues {
			start := time.Duration(math.Round(float64(c.Start)*r.Float())) + at
			k, _ := slices.BinarySearchFunc(ref, start, func(s Span, t time.Duration) int { return int(max(-1, min(1, s.Start-t))) })
			d := near + 1
			for i := max(0, k-1); i < min(len(ref), k+1); i++ {
				if e := ref[i].Start - start; e.Abs() < d.Abs() {
					d = e
				}
			}
			if d.Abs() <= near {
				miss = append(miss, float64(d))
			}
		}
		if len(miss) < fewest {
			break
		}
		at += time.Duration(middle(miss))
	}
	return at.Round(time.Millisecond)
}

// middle is the median where most values are one and the same; else the mean of those around it, which is finer than the
// steps that speech is told in.
func middle(v []float64) float64 {
	slices.Sort(v)
	m := v[len(v)/2]
	sum, n, same := 0.0, 0, 0
	for _, x := range v {
		if d := math.Abs(x - m); d <= float64(50*time.Millisecond) {
			sum += x
			n++
			if d <= float64(2*time.Millisecond) {
				same++
			}
		}
	}
	if same*2 >= len(v) {
		return m
	}
	return sum / float64(n)
}
