package compare

import (
	"cmp"
	"slices"
	"time"
)

// matcher pairs the cues of two tracks. It goes from what is certain to what is likely: texts that each track has once;
// their equal neighbours; then, between them, what fits best by text and time; at last what was taken to a far place.
type matcher struct {
	a, b  []entry
	shift time.Duration
}

func (m *matcher) align() {
	anchors := m.anchors()
	m.shift = m.commonShift(anchors)
	from := [2]int{}
	for _, p := range append(anchors, [2]int{len(m.a), len(m.b)}) {
		m.gap(from, p)
		if p[0] < len(m.a) && p[1] < len(m.b) {
			m.pair(p[0], p[1])
		}
		from = [2]int{p[0] + 1, p[1] + 1}
	}
	m.carried()
}

func (m *matcher) pair(i, k int) { m.a[i].mate, m.b[k].mate = k, i }

// anchors are the pairs of cues whose text each track has once, as many of them as stand in the same order in both.
func (m *matcher) anchors() [][2]int {
	inB := once(m.b)
	var pairs [][2]int
	for key, i := range once(m.a) {
		if k, ok := inB[key]; ok {
			pairs = append(pairs, [2]int{i, k})
		}
	}
	slices.SortFunc(pairs, func(p, q [2]int) int { return cmp.Compare(p[0], q[0]) })
	return rising(pairs)
}

// once gives the position of every text that a track has once.
func once(es []entry) map[string]int {
	at := make(map[string]int, len(es))
	for i, e := range es {
		if _, twice := at[e.key]; twice {
			at[e.key] = -1
		} else {
			at[e.key] = i
		}
	}
	delete(at, "")
	for key, i := range at {
		if i < 0 {
			delete(at, key)
		}
	}
	return at
}

// rising is the longest part of pairs, sorted by their first number, in which the second one rises, too.
func rising(pairs [][2]int) [][2]int {
	tails := []int{}                  // tails[n]: the pair that ends the best row of n+1
	before := make([]int, len(pairs)) // the pair before it in its row
	for i, p := range pairs {
		n, _ := slices.BinarySearchFunc(tails, p[1], func(t, k int) int { return cmp.Compare(pairs[t][1], k) })
		before[i] = -1
		if n > 0 {
			before[i] = tails[n-1]
		}
		if n == len(tails) {
			tails = append(tails, i)
		} else {
			tails[n] = i
		}
	}
	row := make([][2]int, len(tails))
	if len(tails) == 0 {
		return row
	}
	for n, i := len(tails)-1, tails[len(tails)-1]; n >= 0; n, i = n-1, before[i] {
		row[n] = pairs[i]
	}
	return row
}

// gap pairs the cues of two stretches between anchors, [from[0], to[0]) with [from[1], to[1]).
func (m *matcher) gap(from, to [2]int) {
	for from[0] < to[0] && from[1] < to[1] && m.equal(from[0], from[1]) {
		m.pair(from[0], from[1])
		from[0], from[1] = from[0]+1, from[1]+1
	}
	for from[0] < to[0] && from[1] < to[1] && m.equal(to[0]-1, to[1]-1) {
		to[0], to[1] = to[0]-1, to[1]-1
		m.pair(to[0], to[1])
	}
	na, nb := to[0]-from[0], to[1]-from[1]
	switch {
	case na == 0 || nb == 0:
	case na*nb <= maxCells:
		m.best(from, na, nb)
	default:
		m.byTime(from, to)
	}
}

// equal says that two cues have one text, and one time at least in part: a word like "Yes" comes often.
func (m *matcher) equal(i, k int) bool {
	return m.a[i].key == m.b[k].key && m.overlap(&m.a[i], &m.b[k]) > 0
}

// maxCells is how large a stretch may be that is searched for its best pairing; a larger one is paired by time alone. It
// keeps two files that have nothing in common from taking minutes.
const maxCells = 1 << 18

// fit is how well two cues fit each other; 0 is not at all.
func (m *matcher) fit(a, b *entry) float32 {
	text, time := alike(a, b), m.overlap(a, b)
	if text >= 0.6 || time >= 0.5 || text >= 0.3 && text+time >= 0.6 {
		return float32(text + time)
	}
	return 0
}

// overlap is the share of the shorter cue in which both are shown, the shift taken away, 0 to 1. Cues that are never
// shown overlap when they begin together.
func (m *matcher) overlap(a, b *entry) float64 {
	bs, be := b.start-m.shift, b.end-m.shift
	shorter := min(a.end-a.start, be-bs)
	if shorter <= 0 {
		if a.start == bs {
			return 1
		}
		return 0
	}
	return max(0, float64(min(a.end, be)-max(a.start, bs))/float64(shorter))
}

// best pairs two stretches so that the sum of the fits is the largest, in the order of both (Needleman and Wunsch).
func (m *matcher) best(from [2]int, na, nb int) {
	width := nb + 1
	sum := make([]float32, (na+1)*width) // of the rest from (i, k) on
	fits := make([]float32, na*nb)
	for i := na - 1; i >= 0; i-- {
		for k := nb - 1; k >= 0; k-- {
			f := m.fit(&m.a[from[0]+i], &m.b[from[1]+k])
			fits[i*nb+k] = f
			s := max(sum[(i+1)*width+k], sum[i*width+k+1])
			if f > 0 {
				s = max(s, f+sum[(i+1)*width+k+1])
			}
			sum[i*width+k] = s
		}
	}
	for i, k := 0, 0; i < na && k < nb; {
		f, s := fits[i*nb+k], sum[i*width+k]
		switch {
		case f > 0 && s == f+sum[(i+1)*width+k+1]:
			m.pair(from[0]+i, from[1]+k)
			i, k = i+1, k+1
		case s == sum[(i+1)*width+k]:
			i++
		default:
			k++
		}
	}
}

// byTime pairs two stretches by the cues that are shown at the same time.
func (m *matcher) byTime(from, to [2]int) {
	for i, k := from[0], from[1]; i < to[0] && k < to[1]; {
		a, b := &m.a[i], &m.b[k]
		switch {
		case m.fit(a, b) > 0:
			m.pair(i, k)
			i, k = i+1, k+1
		case a.start < b.start-m.shift:
			i++
		default:
			k++
		}
	}
}

// carried pairs cues that have not found a partner in their place by their text: they were taken to another.
func (m *matcher) carried() {
	left := func(es []entry) []entry {
		return slices.DeleteFunc(slices.Clone(es), func(e entry) bool { return e.mate >= 0 })
	}
	places := func(es []entry) map[int]int {
		at := make(map[int]int, len(es))
		for i, e := range es {
			at[e.index] = i
		}
		return at
	}
	la, lb := left(m.a), left(m.b)
	if len(la) == 0 || len(lb) == 0 {
		return
	}
	inA, inB, inLeft := places(m.a), places(m.b), once(lb)
	for key, i := range once(la) {
		if k, ok := inLeft[key]; ok {
			m.pair(inA[la[i].index], inB[lb[k].index])
		}
	}
}

// pairs are all cues, each once, in the order of their times, with a shift taken away.
func (m *matcher) pairs() []Pair {
	type timed struct {
		Pair
		at time.Duration
	}
	all := make([]timed, 0, max(len(m.a), len(m.b)))
	for _, e := range m.a {
		p := Pair{A: e.index, B: -1}
		if e.mate >= 0 {
			p.B = m.b[e.mate].index
		}
		all = append(all, timed{p, e.start})
	}
	for _, e := range m.b {
		if e.mate < 0 {
			all = append(all, timed{Pair{A: -1, B: e.index}, e.start - m.shift})
		}
	}
	slices.SortStableFunc(all, func(p, q timed) int { return cmp.Compare(p.at, q.at) })
	out := make([]Pair, len(all))
	for i, p := range all {
		out[i] = p.Pair
	}
	return out
}
