package align

import (
	"sort"
	"time"
)

// Within gives those of spans, which are in order and apart, that a stretch of time touches. They are not cut.
func Within(spans []Span, s Span) []Span {
	from := sort.Search(len(spans), func(i int) bool { return spans[i].End > s.Start })
	to := from
	for to < len(spans) && spans[to].Start < s.End {
		to++
	}
	return spans[from:to]
}

// Overlap is how long spans, which are in order and apart, last within a stretch of time.
func Overlap(spans []Span, s Span) (sum time.Duration) {
	for _, o := range Within(spans, s) {
		sum += min(o.End, s.End) - max(o.Start, s.Start)
	}
	return sum
}
