package compare

import (
	"cmp"
	"slices"
	"time"
)

const (
	near       = 50 * time.Millisecond // how closely cues must agree on a shift
	minAgreed  = 3                     // how many have to, at the least
	furthest   = 90 * time.Second      // of a shift that is looked for without texts
	resolution = 20 * time.Millisecond
)

// commonShift is by how much most of the second track is later. Anchors vote for it with the difference of their
// starts; where there are too few of them, as between two languages, all starts within furthest vote.
func (m *matcher) commonShift(anchors [][2]int) time.Duration {
	if len(anchors) < minAgreed || 5*len(anchors) < min(len(m.a), len(m.b)) {
		return m.shiftByTimes()
	}
	votes := make([]time.Duration, len(anchors))
	for i, p := range anchors {
		votes[i] = m.b[p[1]].start - m.a[p[0]].start
	}
	return agreed(votes, len(votes))
}

// agreed is the difference that over half of the voters agree on; else 0.
func agreed(votes []time.Duration, voters int) time.Duration {
	if len(votes) < minAgreed {
		return 0
	}
	slices.Sort(votes)
	median := votes[len(votes)/2]
	votes = slices.DeleteFunc(votes, func(d time.Duration) bool { return d < median-near || d > median+near })
	if 2*len(votes) <= voters {
		return 0
	}
	return settled(votes)
}

// settled is the one difference of a sorted list that nearly agrees: the one that most have, to the millisecond. Where
// none stands out it is the median, and none at all where that is small: times that were rounded, or set by hand, are
// not shifted.
func settled(sorted []time.Duration) time.Duration {
	most, n := mostOften(sorted)
	switch median := sorted[len(sorted)/2]; {
	case 2*n > len(sorted):
		return most
	case median.Abs() <= near:
		return 0
	case 5*n > len(sorted):
		return most
	default:
		return median
	}
}

// mostOften is the value that a sorted list has most often, the one nearest to 0 of those, and how often that is.
func mostOften(sorted []time.Duration) (best time.Duration, most int) {
	for i := 0; i < len(sorted); {
		n := i
		for n < len(sorted) && sorted[n] == sorted[i] {
			n++
		}
		if n-i > most || n-i == most && sorted[i].Abs() < best.Abs() {
			best, most = sorted[i], n-i
		}
		i = n
	}
	return best, most
}

// shiftByTimes finds the difference that the most cues have from one of the other track. It must be had by over half of
// the cues, and by half as many again as stand together without any shift: by chance some always fit.
func (m *matcher) shiftByTimes() time.Duration {
	fewer := min(len(m.a), len(m.b))
	if fewer < 2*minAgreed || len(m.a) > 20_000 || len(m.b) > 20_000 {
		return 0
	}
	votes := map[time.Duration][]time.Duration{} // by tens of milliseconds
	first := 0
	for _, a := range m.a {
		for first < len(m.b) && m.b[first].start < a.start-furthest {
			first++
		}
		for k := first; k < min(len(m.b), first+200) && m.b[k].start <= a.start+furthest; k++ {
			d := m.b[k].start - a.start
			votes[d/resolution] = append(votes[d/resolution], d)
		}
	}
	around := func(bin time.Duration) []time.Duration {
		var all []time.Duration
		for d := bin - 1; d <= bin+1; d++ {
			all = append(all, votes[d]...)
		}
		return all
	}
	bins := make([]time.Duration, 0, len(votes))
	for bin := range votes {
		bins = append(bins, bin)
	}
	size := func(bin time.Duration) int { return len(votes[bin-1]) + len(votes[bin]) + len(votes[bin+1]) }
	slices.SortFunc(bins, func(p, q time.Duration) int {
		return cmp.Or(cmp.Compare(size(q), size(p)), cmp.Compare(p.Abs(), q.Abs()), cmp.Compare(p, q))
	})
	if len(bins) == 0 || 2*size(bins[0]) <= fewer || 2*size(bins[0]) < 3*size(0) {
		return 0
	}
	best := around(bins[0])
	slices.Sort(best)
	return settled(best)
}
