package hls

import (
	"math/bits"
	"time"
)

// Part is one segment, or one I-frame's range, as it was measured.
type Part struct {
	Size     int64 // bytes
	Duration time.Duration
}

// Rates are measured bit rates in bit/s, rounded up.
type Rates struct{ Peak, Average int64 }

// Add is the rates of two renditions that are played together.
func (r Rates) Add(o Rates) Rates { return Rates{r.Peak + o.Peak, r.Average + o.Average} }

// Max takes the larger of each rate.
func (r Rates) Max(o Rates) Rates { return Rates{max(r.Peak, o.Peak), max(r.Average, o.Average)} }

// maxRuns bounds the runs that Measure looks at: a hundred thousand parts, of which six hundred last as long as a run may be longer or shorter.
// What has more, such as segments that last nothing, is no film, and the peak is that of the runs looked at.
const maxRuns = 1 << 26

// Measure gives a media playlist's rates as rfc8216bis defines them (section 4.1): the average over all; the peak
// segment bit rate, which is the largest of any run of neighbours that lasts 0.5 to 1.5 target durations. A film
// too short for such a run has its average as its peak. target is in seconds.
func Measure(parts []Part, target int) Rates {
	r, _ := measure(parts, target, maxRuns)
	return r
}

// measure is Measure for as many runs as are left, and gives how many are left then.
func measure(parts []Part, target, left int) (Rates, int) {
	least, most := time.Duration(target)*time.Second/2, time.Duration(target)*time.Second*3/2
	var all Part
	for _, p := range parts {
		all.Size += p.Size
		all.Duration += p.Duration
	}
	r := Rates{Average: all.rate()}
	var head Part // the shortest run from i on that lasts long enough, without its last part
	for i, end := 0, 0; i < len(parts) && left > 0; i++ {
		for ; end < len(parts) && head.Duration+parts[end].Duration < least; end++ {
			head.Size += parts[end].Size
			head.Duration += parts[end].Duration
		}
		if end == len(parts) {
			break // nor do those behind it
		}
		run := head
		for _, p := range parts[end:] {
			run.Size += p.Size
			run.Duration += p.Duration
			if left--; run.Duration > most || left == 0 {
				break
			}
			r.Peak = max(r.Peak, run.rate())
		}
		if end > i {
			head.Size -= parts[i].Size
			head.Duration -= parts[i].Duration
		} else {
			end++
		}
	}
	r.Peak = max(r.Peak, r.Average)
	return r, left
}

// rate is in bit/s, rounded up; 0 where nothing lasts.
func (p Part) rate() int64 {
	if p.Duration <= 0 || p.Size <= 0 {
		return 0
	}
	hi, lo := bits.Mul64(uint64(p.Size), 8*uint64(time.Second))
	if hi >= uint64(p.Duration) {
		return 1 << 62
	}
	q, rest := bits.Div64(hi, lo, uint64(p.Duration))
	if rest > 0 {
		q++
	}
	return int64(min(q, 1<<62))
}
