package ffmpeg

import (
	"container/heap"
	"math"
	"slices"

	"filmpress/internal/media"
)

// natural are the frame rates that films have (HLS authoring specification, 1.18), and the doubled ones of
// slow motion that are halved later.
var natural = []media.Rational{
	{Num: 24000, Den: 1001}, {Num: 24, Den: 1}, {Num: 25, Den: 1}, {Num: 30000, Den: 1001}, {Num: 30, Den: 1}, {Num: 50, Den: 1},
	{Num: 60000, Den: 1001}, {Num: 60, Den: 1}, {Num: 100, Den: 1}, {Num: 120000, Den: 1001}, {Num: 120, Den: 1}, {Num: 240000, Den: 1001}, {Num: 240, Den: 1},
}

// How near two rates must be to be taken for the same. 24 and 23.976 are 0.1 % apart.
const (
	same    = 0.0004 // written in other numbers: 2997/100, 1000000/33333
	near    = 0.01   // measured on a short film with times in milliseconds
	slowest = 23     // below, no natural rate is meant
	fastest = 61     // above, a container names the clock of its times rather than a rate
)

// snap gives the rate that a film was meant to have, from the measured one and the one its container names. From
// 23 a second on that is always a natural one; slower ones stay what they are.
func snap(measured float64, nominal media.Rational, variable bool) media.Rational {
	n := nominal.Float()
	switch {
	case variable && n >= measured*(1-near) && n <= fastest:
		// ffprobe's nominal rate is the grid on which all pictures lie: on it none is lost, and time runs even.
		measured = n
	case variable && measured < slowest:
		return media.Rational{Num: int64(math.Max(1, math.Round(measured))), Den: 1}
	case n > 0 && math.Abs(n/measured-1) < near:
		measured = n
	default:
		nominal = media.Rational{}
	}
	if r, ok := naturalNear(measured, same); ok || measured >= slowest && measured <= fastest {
		return r
	}
	if nominal.Num > 0 && nominal.Num < 1e6 {
		return nominal
	}
	if whole := math.Round(measured); whole >= 1 && math.Abs(measured/whole-1) < near/2 {
		return media.Rational{Num: int64(whole), Den: 1}
	}
	num := max(1, int64(math.Round(measured*1000)))
	g := gcd(num, 1000)
	return media.Rational{Num: num / g, Den: 1000 / g}
}

// naturalNear is the natural rate nearest to f, if it is within the tolerance.
func naturalNear(f, tolerance float64) (media.Rational, bool) {
	best := slices.MinFunc(natural, func(a, b media.Rational) int {
		da, db := math.Abs(math.Log(a.Float()/f)), math.Abs(math.Log(b.Float()/f))
		switch {
		case da < db:
			return -1
		case da > db:
			return 1
		}
		return 0
	})
	return best, math.Abs(best.Float()/f-1) <= tolerance
}

// reorder is how many packets wait to be put in the order of their display: more than H.264's 16.
const reorder = 32

// timing gathers the times of one stream's packets in constant memory.
type timing struct {
	base       float64
	packets    int64 // that are shown
	bytes      int64
	first, end float64 // seconds; meaningful where timed
	timed      bool
	waiting    ticks
	former     int64
	started    bool
	spacing    map[int64]int64 // ticks between two pictures: how often
	origin     int64           // time of the first picture in the order of display
	pictures   int64           // in the order of display
	off        [len(pulled)]stray
}

// pulled are the rates of films that are shown for two fields and three in turn (pulldown 2:3), as on DVD: 59.94 and 60 fields a second.
var pulled = [...]media.Rational{{Num: 24000, Den: 1001}, {Num: 24, Den: 1}}

// stray is how far pictures lie from even places, in pictures: how much too early at most, and too late.
type stray struct{ early, late float64 }

// mostStray is less than a picture, so that each is sure of its place. Pulldown makes a fifth of it, and three fifths where only some packets
// tell when they are shown, and others when they are decoded; the rest is room for a cadence that was cut.
const mostStray = 0.8

// maxSpacings bounds the histogram; a film with more different spacings has no rate to speak of.
const maxSpacings = 4096

func (t *timing) add(p packet) {
	t.bytes += p.size
	if p.discard {
		return
	}
	t.packets++
	at := p.pts
	if at == noTime {
		at = p.dts
	}
	if at == noTime {
		return
	}
	start, end := float64(at)*t.base, float64(at+p.duration)*t.base
	if !t.timed || start < t.first {
		t.first = start
	}
	if !t.timed || end > t.end {
		t.end = end
	}
	t.timed = true
	heap.Push(&t.waiting, at)
	if len(t.waiting) > reorder {
		t.shown(heap.Pop(&t.waiting).(int64))
	}
}

// shown takes the next picture in the order of display.
func (t *timing) shown(at int64) {
	if t.started {
		d := at - t.former
		if d <= 0 {
			return
		}
		if _, ok := t.spacing[d]; ok || len(t.spacing) < maxSpacings {
			t.spacing[d]++
		}
	} else {
		t.origin = at
	}
	t.started, t.former = true, at
	for i, rate := range pulled {
		away := float64(at-t.origin)*t.base*rate.Float() - float64(t.pictures)
		t.off[i].early, t.off[i].late = min(t.off[i].early, away), max(t.off[i].late, away)
	}
	t.pictures++
}

// even tells of a film that is not evenly timed, yet has a picture for each place of an even rate, all through: the rate, and where the places
// lie, in seconds. To be asked behind pace.
func (t *timing) even() (rate media.Rational, from float64, ok bool) {
	least := mostStray
	for i, r := range pulled {
		if o := t.off[i]; t.pictures >= leastPulled && o.late-o.early < least {
			least, ok = o.late-o.early, true
			rate, from = r, float64(t.origin)*t.base+(o.early+o.late)/2/r.Float()
		}
	}
	return rate, from, ok
}

// leastPulled is how many pictures are needed: those of other rates have strayed farther by then.
const leastPulled = 48

// pace is a stream's measured frame rate; 0 where it has too few times. variable says that its pictures are not
// evenly spaced.
func (t *timing) pace() (rate float64, variable bool) {
	for len(t.waiting) > 0 {
		t.shown(heap.Pop(&t.waiting).(int64))
	}
	var count, ticks int64
	var steps []int64
	for d, n := range t.spacing {
		count, ticks = count+n, ticks+d*n
		steps = append(steps, d)
	}
	if count == 0 || ticks == 0 {
		return 0, false
	}
	slices.Sort(steps)
	median, seen := int64(0), int64(0)
	for _, d := range steps {
		if seen += t.spacing[d]; seen*2 >= count {
			median = d
			break
		}
	}
	var even, regular, regularTicks int64
	for _, d := range steps {
		off := math.Abs(float64(d - median))
		if off <= math.Max(1, 0.03*float64(median)) {
			even += t.spacing[d]
		}
		if off <= math.Max(1, 0.25*float64(median)) {
			regular, regularTicks = regular+t.spacing[d], regularTicks+d*t.spacing[d]
		}
	}
	variable = even*100 < count*98
	// Dropped pictures and invisible reference frames (VP8) do not change the rate a film was made at.
	if regular*4 >= count*3 {
		return float64(regular) / (float64(regularTicks) * t.base), variable
	}
	return float64(count) / (float64(ticks) * t.base), variable
}

// ticks is a heap, the earliest first.
type ticks []int64

func (h ticks) Len() int           { return len(h) }
func (h ticks) Less(i, j int) bool { return h[i] < h[j] }
func (h ticks) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *ticks) Push(x any)        { *h = append(*h, x.(int64)) }
func (h *ticks) Pop() any {
	old := *h
	x := old[len(old)-1]
	*h = old[:len(old)-1]
	return x
}
