package align

import (
	"cmp"
	"math"
	"slices"
)

// splitCost is what a change of the shift costs, in seconds of agreement: a cue or two that by chance fit better elsewhere
// must not be moved.
const splitCost = 6

// unfit is the confidence below which a run does not stand by itself.
const unfit = 0.2

// elsewhere is from how many steps of difference on two shifts are not the same.
const elsewhere = 50

// cells bounds the work and the memory of a search: a bit each.
const cells = 64 << 20

// run is cues [from, to) at one shift, in steps.
type run struct{ from, to, shift int }

// path is the best row of runs at a ratio.
type path struct {
	*rated
	ratio Ratio
	runs  []run
	score float64
}

// search finds the row of shifts with the highest score. Of the shifts that all cues may have, the whole correlation
// gives the best; where the track has breaks, dynamic programming goes through the cues, and notes for each shift whether
// the best row up to there kept it or came from another.
func search(r *rated, x *spectra, o Options) path {
	whole := r.whole(x)
	best := 0
	for i, v := range whole {
		if v > whole[best] {
			best = i
		}
	}
	p := path{rated: r, runs: []run{{0, len(r.cues), best - r.reach}}, score: whole[best]}
	if o.NoBreaks {
		return p
	}
	stride := 1
	for len(r.cues)*(2*r.reach/stride+1) > cells {
		stride++
	}
	runs := r.rows(stride)
	for i := range runs {
		runs[i].shift = r.climb(runs[i], stride)
	}
	score := -splitCost * float64(len(runs)-1)
	for _, run := range runs {
		score += r.sumOf(run, run.shift)
	}
	if score > p.score {
		p.runs, p.score = runs, score
	}
	return p
}

// rows is the dynamic programming.
func (r *rated) rows(stride int) []run {
	width := 2*r.reach/stride + 1
	shiftOf := func(k int) int { return k*stride - r.reach }
	now, from := make([]float64, width), make([]int, len(r.cues)) // from: the best shift of the row before
	came := make([]uint64, (len(r.cues)*width+63)/64)             // bits: the row came from there
	for i := range r.cues {
		top := 0
		for k, v := range now {
			if v > now[top] {
				top = k
			}
		}
		from[i] = top
		jump := now[top] - splitCost
		for k := range now {
			if i > 0 && jump > now[k] {
				now[k] = jump
				bit := i*width + k
				came[bit/64] |= 1 << (bit % 64)
			}
			now[k] += r.of(i, shiftOf(k))
		}
	}
	k := 0
	for i, v := range now {
		if v > now[k] {
			k = i
		}
	}
	var back []run
	end := len(r.cues)
	for i := len(r.cues) - 1; i >= 0; i-- {
		bit := i*width + k
		if i == 0 || came[bit/64]&(1<<(bit%64)) != 0 {
			back = append(back, run{i, end, shiftOf(k)})
			end, k = i, from[i]
		}
	}
	slices.Reverse(back)
	return back
}

// climb is the best shift near a run's own, which was found in strides.
func (r *rated) climb(run run, stride int) int {
	best, at := math.Inf(-1), run.shift
	for s := max(-r.reach, run.shift-stride); s <= min(r.reach, run.shift+stride); s++ {
		if v := r.sumOf(run, s); v > best {
			best, at = v, s
		}
	}
	return at
}

// fit is how well runs agree with the reference: 1 where each cue begins and ends with speech and no other is near, about
// 0 by chance.
func (r *rated) fit(runs []run) float64 {
	got, ideal := 0.0, 0.0
	for _, run := range runs {
		got += r.sumOf(run, run.shift)
		for _, q := range r.cues[run.from:run.to] {
			outside := float64(q.start-q.before+q.after-q.end) / 100
			inside := float64(q.tail-q.start) / 100
			ideal += inside*(1-r.mean) + outside*(1+r.mean) + startWeight + endWeight
		}
	}
	return got / ideal
}

func (r *rated) sumOf(run run, shift int) float64 {
	sum := 0.0
	for i := run.from; i < run.to; i++ {
		sum += r.of(i, shift)
	}
	return sum
}

// drop gives runs that are too short or too unsure to stand by themselves to the neighbour that suits them better, and
// tells which.
func (p *path) drop() (dropped []run) {
	sure := make([]float64, len(p.runs))
	for i, run := range p.runs {
		sure[i] = p.standing(run)
	}
	for len(p.runs) > 1 {
		worst := 0
		for i, c := range sure {
			if c < sure[worst] {
				worst = i
			}
		}
		if sure[worst] >= unfit {
			break
		}
		out := p.runs[worst]
		into := worst - 1
		if worst == 0 || worst+1 < len(p.runs) && p.sumOf(out, p.runs[worst+1].shift) > p.sumOf(out, p.runs[worst-1].shift) {
			into = worst + 1
		}
		dropped = append(dropped, out)
		p.runs[into].from, p.runs[into].to = min(p.runs[into].from, out.from), max(p.runs[into].to, out.to)
		sure[into] = p.standing(p.runs[into])
		p.runs, sure = slices.Delete(p.runs, worst, worst+1), slices.Delete(sure, worst, worst+1)
	}
	return dropped
}

// standing is a run's confidence where it has cues enough to stand by itself.
func (p *path) standing(r run) float64 {
	if r.to-r.from < fewest {
		return 0
	}
	return p.confidence(r)
}

// doubtful are the dropped runs of some cues that did not end up near their own shift, in order and apart.
func (p *path) doubtful(dropped []run) []run {
	var out []run
	slices.SortFunc(dropped, func(a, b run) int { return cmp.Or(a.from-b.from, b.to-a.to) })
	for _, d := range dropped {
		i := slices.IndexFunc(p.runs, func(r run) bool { return d.from < r.to })
		off := p.runs[i].shift - d.shift
		if d.to-d.from < fewest || max(off, -off) < elsewhere {
			continue
		}
		if n := len(out); n > 0 && d.from < out[n-1].to {
			out[n-1].to = max(out[n-1].to, d.to)
			continue
		}
		out = append(out, d)
	}
	return out
}

// join makes one of neighbours whose shifts hardly differ: people are no more exact.
func (p *path) join() {
	for i := 1; i < len(p.runs); i++ {
		a, b := p.runs[i-1], p.runs[i]
		if off := a.shift - b.shift; max(off, -off) >= elsewhere/2 {
			continue
		}
		if b.to-b.from > a.to-a.from {
			a.shift = b.shift
		}
		p.runs[i-1] = run{a.from, b.to, a.shift}
		p.runs[i-1].shift = p.climb(p.runs[i-1], elsewhere/2)
		p.runs = slices.Delete(p.runs, i, i+1)
		i--
	}
}

// confidence is how far a run's shift stands out from all others within reach: above the second best, and above
// their spread.
func (r *rated) confidence(run run) float64 {
	const apart = 100 // steps from the best at which another shift is another
	stride := len(r.cues)*2*r.reach/cells + 1
	best := r.sumOf(run, run.shift)
	second, sum, squares, n := math.Inf(-1), 0.0, 0.0, 0.0
	for s := -r.reach; s <= r.reach; s += stride {
		v := r.sumOf(run, s)
		sum, squares, n = sum+v, squares+v*v, n+1
		if s < run.shift-apart || s > run.shift+apart {
			second = max(second, v)
		}
	}
	mean := sum / n
	spread := math.Sqrt(max(squares/n-mean*mean, 1e-9))
	if best <= mean {
		return 0
	}
	margin := (best - second) / (best - mean)
	z := (best - mean) / spread
	return ramp(margin, 0.05, 0.45) * ramp(z, 3, 6) * ramp(float64(run.to-run.from), 2, 8)
}

// ramp goes from 0 at low to 1 at high.
func ramp(v, low, high float64) float64 { return min(max((v-low)/(high-low), 0), 1) }
