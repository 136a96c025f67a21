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

// mostInRun bounds the neighbours that are looked at together: with a thousand in a run, each would last milliseconds. A stranger's may.
const mostInRun = 1000

// Measure gives a media playlist's rates as rfc8216bis defines them (section 4.1): the average over all; the peak
// segment bit rate, which is the largest of any run of neighbours that lasts 0.5 to 1.5 target durations. A film
// too short for such a run has its average as its peak. target is in seconds.
func Measure(parts []Part, target int) Rates {
	least, most := time.Duration(target)*time.Second/2, time.Duration(target)*time.Second*3/2
	var all Part
	var peak int64
	for i, p := range parts {
		all.Size += p.Size
		all.Duration += p.Duration
		var run Part
		for _, p := range parts[i:min(i+mostInRun, len(parts))] {
			run.Size += p.Size
			run.Duration += p.Duration
			if run.Duration > most {
				break
			}
			if run.Duration >= least {
				peak = max(peak, run.rate())
			}
		}
	}
	r := Rates{Peak: peak, Average: all.rate()}
	r.Peak = max(r.Peak, r.Average)
	return r
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
