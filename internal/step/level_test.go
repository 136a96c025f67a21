package step

import (
	"math"
	"testing"
	"time"

	"filmpress/internal/media"
	"filmpress/internal/plan"
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
		limit := ceiling(segments, 2, 0, 0)
		var bytes, ticks, peak float64
		for _, s := range segments {
			cut := math.Min(float64(s.Size), limit*float64(s.Duration))
			bytes, ticks, peak = bytes+cut, ticks+float64(s.Duration), math.Max(peak, cut/float64(s.Duration))
		}
		if peak > 2.001*bytes/ticks {
			t.Errorf("%s: peak %.2f, average %.2f", c.what, peak, bytes/ticks)
		}
		if with := ceiling(segments, 2, 5, 5); with <= limit && peak > bytes/ticks {
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

// TestByFactor: a segment of AV1 comes to a little less than it may, whatever a step of the rate factor is worth.
func TestByFactor(t *testing.T) {
	const ceiling, ticks = 1000.0, 6
	for _, c := range []struct {
		what  string
		size  int64   // of the segment, at rate factor 30
		step  float64 // the logarithm of what a step of the factor is worth
		first float64 // what coding it a second time is worth by itself
		fits  bool
	}{
		{"a little too much", 6300, 0.05, 0.95, true},
		{"much too much", 15000, 0.05, 0.95, true},
		{"steps are worth less than thought", 15000, 0.035, 1, true},
		{"steps are worth more", 15000, 0.09, 0.8, true},
		{"coding it again is worth much", 6600, 0.06, 0.7, true}, // smaller than it had to be, but the finest there is
		{"no factor does", 900_000, 0.05, 1, false},
		{"it grows", 7000, 0, 1.5, false},
	} {
		l := &leveller{ceiling: ceiling, longest: ticks, rung: plan.Rung{Codec: media.AV1, CRF: 30}}
		turns := 0
		best, data, err := l.byFactor(Segment{Size: c.size, Duration: ticks}, func(_ int64, factor float64) (Segment, []byte, error) {
			turns++
			if factor <= 30 || factor > 63 || factor != math.Trunc(factor) {
				t.Errorf("%s: rate factor %g", c.what, factor)
			}
			n := int64(float64(c.size) * c.first * math.Exp(-c.step*(factor-30)))
			return Segment{Size: n, Duration: ticks}, make([]byte, n), nil
		})
		if err != nil || turns == 0 || turns > levelTurns {
			t.Errorf("%s: %d turns, %v", c.what, turns, err)
		}
		if fits := !l.over(best); fits != c.fits || data != nil && int64(len(data)) != best.Size || fits && data == nil || best.Size > c.size {
			t.Errorf("%s: %d bytes of %d, data of %d", c.what, best.Size, c.size, len(data))
		}
		if least := int64(low*ceiling*ticks) - 400; c.fits && c.first > 0.75 && best.Size < least {
			t.Errorf("%s: %d bytes, less than need be", c.what, best.Size)
		}
	}
}

func TestAround(t *testing.T) {
	r := Rendition{Timescale: 1000, Segments: []Segment{{URI: "a", Duration: 2000}, {URI: "b", Duration: 2000}, {URI: "c", Duration: 6000}}}
	for at, want := range map[time.Duration]string{0: "a 0s", 1999 * time.Millisecond: "a 1.999s", 2 * time.Second: "b 0s", 9 * time.Second: "c 5s"} {
		if segments, into := r.around(at); len(segments) != 1 || segments[0].URI+" "+into.String() != want {
			t.Errorf("%s: %v, %s", at, segments, into)
		}
	}
	// 0:02 of a film of 29.97 frames a second lies behind the beginning of the last frame of its first segment, which is the picture that is meant.
	r = Rendition{Timescale: 30000, Segments: []Segment{{URI: "a", Duration: 60060, Frames: 60}, {URI: "b", Duration: 1001, Frames: 1}}}
	for at, want := range map[time.Duration]string{1960 * time.Millisecond: "a 1.95195s", time.Second: "a 1s", 2 * time.Second: "a 1.95195s", 2010 * time.Millisecond: "b 0s", time.Minute: "b 0s"} {
		if segments, into := r.around(at); len(segments) != 1 || segments[0].URI+" "+into.String() != want {
			t.Errorf("%s: %v, %s", at, segments, into)
		}
	}
}
