package step

import (
	"math"
	"testing"
)

func sizes(of ...int64) (segments []Segment) {
	for _, s := range of {
		segments = append(segments, Segment{Size: s, Duration: 6})
	}
	return segments
}

// TestCeiling: with every segment cut to the ceiling, the largest is at most share times the average.
func TestCeiling(t *testing.T) {
	for _, c := range []struct {
		what  string
		sizes []int64
		level bool // something has to be brought down
	}{
		{"even", []int64{60, 60, 60, 60}, false},
		{"one peak", []int64{60, 60, 60, 600, 60}, true},
		{"two peaks", []int64{10, 400, 10, 10, 300, 10, 10, 10}, true},
		{"black, then a film", []int64{1, 1, 600, 600, 500, 650}, false},
		{"mostly nothing", []int64{1, 1, 1, 1, 1, 1, 1, 900}, true},
		{"a single segment", []int64{77}, false},
	} {
		segments := sizes(c.sizes...)
		limit := ceiling(segments, 2, 0)
		var bytes, ticks, peak float64
		for _, s := range segments {
			cut := math.Min(float64(s.Size), limit*float64(s.Duration))
			bytes, ticks, peak = bytes+cut, ticks+float64(s.Duration), math.Max(peak, cut/float64(s.Duration))
		}
		if peak > 2.001*bytes/ticks {
			t.Errorf("%s: peak %.2f, average %.2f", c.what, peak, bytes/ticks)
		}
		if with := ceiling(segments, 2, 5); with <= limit && peak > bytes/ticks {
			t.Errorf("%s: sound should leave the picture more room: %.2f, without %.2f", c.what, with, limit)
		}
		over := false
		for _, s := range segments {
			over = over || float64(s.Size)/float64(s.Duration) > limit*1.001
		}
		if over != c.level {
			t.Errorf("%s: levelled %v, want %v", c.what, over, c.level)
		}
	}
}
