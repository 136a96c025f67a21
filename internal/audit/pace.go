package audit

import "math"

// pace follows how long the samples of a rendition last. The last one of a run is left out where there are others: it lasts what was left.
type pace struct {
	last        uint32 // ticks; is counted when another one comes
	samples     int64  // of the run
	ticks       uint64
	least, most uint32

	steady float64 // samples a second, where all last alike
	fast   float64 // of the shortest, or of the quickest run
	varies bool
}

// sample counts one. Those that last nothing have no rate.
func (p *pace) sample(d uint32) {
	if d == 0 {
		return
	}
	if p.last > 0 {
		p.count(p.last)
	}
	p.last = d
}

func (p *pace) count(d uint32) {
	if p.samples == 0 {
		p.least, p.most = d, d
	}
	p.least, p.most = min(p.least, d), max(p.most, d)
	p.samples++
	p.ticks += uint64(d)
}

// end ends a run, whose ticks are parts of a second.
func (p *pace) end(timescale uint32) {
	if p.samples == 0 && p.last > 0 {
		p.count(p.last)
	}
	if p.samples > 0 {
		rate := float64(p.samples) * float64(timescale) / float64(p.ticks)
		rounded := p.least >= 10 && p.most-p.least == 1 // 33 and 34 ms, for one
		if p.most != p.least && !rounded {
			p.varies = true
			p.fast = max(p.fast, float64(timescale)/float64(p.least))
		}
		if p.steady > 0 && math.Abs(p.steady-rate) > rateSlack {
			p.varies = true
		}
		p.steady, p.fast = max(p.steady, rate), max(p.fast, rate)
	}
	*p = pace{steady: p.steady, fast: p.fast, varies: p.varies}
}

// rateSlack is how much FRAME-RATE, which has three decimals, may be off.
const rateSlack = 0.002

// usual is the rate of a rendition's pictures: the one that all have, or the average where they differ.
func (t *track) usual() float64 {
	if t.pace.varies || t.pace.steady == 0 {
		return t.rate()
	}
	return t.pace.steady
}

// mayRate says whether FRAME-RATE is right: the highest rate of the pictures (RFC 8216, 4.3.4.2). Where they do not all last alike
// it is not said over which time that is measured, so anything from the average to the shortest picture will do.
func (t *track) mayRate(declared float64) bool {
	average := t.rate()
	if t.pace.varies {
		return declared >= average-rateSlack && declared <= t.pace.fast+rateSlack
	}
	return math.Abs(declared-average) <= rateSlack || math.Abs(declared-t.pace.steady) <= rateSlack
}
