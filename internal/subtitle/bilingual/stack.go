package bilingual

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"filmpress/internal/subtitle"
)

// span is a stretch of time.
type span struct{ from, to time.Duration }

// Times of the two languages that differ by no more than snap are made one, and no cue is cut shorter than short: a line
// that stands alone for a blink before the other joins it is only unrest.
const (
	snap  = 400 * time.Millisecond
	short = 250 * time.Millisecond
)

// shown is one language's cue as it is stacked.
type shown struct {
	span
	text   string
	second bool
	order  int // within its track
}

// maxAtOnce is how many cues may be shown at once on average. It keeps files whose cues all last the whole film from
// growing without bound.
const maxAtOnce = 8

// stack cuts the cues of both tracks into stretches in which the same cues are shown, and makes a cue of each. ok is false
// where too many are shown at once.
func stack(first, second subtitle.Track, f subtitle.Format) (cues []subtitle.Cue, ok bool) {
	a, b := shownIn(first, f, false), shownIn(second, f, true)
	snapTo(b, edges(a))
	all := append(a, b...)
	slices.SortStableFunc(all, func(x, y shown) int { return cmp.Compare(x.from, y.from) })
	pieces, ok := cut(all)
	for _, p := range joinShort(pieces) {
		cues = append(cues, p.cue(f))
	}
	return cues, ok
}

// shownIn are a track's cues with a text. One that is never shown, since it ends before it begins, is kept as it stands.
func shownIn(t subtitle.Track, f subtitle.Format, second bool) []shown {
	out := make([]shown, 0, len(t.Cues))
	for i, c := range t.Cues {
		if c.Markup == subtitle.SRT {
			c.Raw = unplaced(c.Raw)
		}
		c.SetSettings(subtitle.DefaultSettings())
		text := closed(c.Payload(f), f)
		if second && f == subtitle.WebVTT {
			text = spoken(text, t.Language)
		}
		if strings.TrimSpace(text) != "" {
			out = append(out, shown{span{c.Start, c.End}, text, second, i})
		}
	}
	return out
}

// edges are the times at which cues begin or end, sorted.
func edges(ss []shown) []time.Duration {
	var at []time.Duration
	for _, s := range ss {
		at = append(at, s.from, s.to)
	}
	slices.Sort(at)
	return slices.Compact(at)
}

// snapTo moves starts and ends to the nearest edge within snap, never so far that a cue is left without time.
func snapTo(ss []shown, edges []time.Duration) {
	nearest := func(at time.Duration) time.Duration {
		i, _ := slices.BinarySearch(edges, at)
		best, least := at, snap+1
		for _, k := range []int{i - 1, i} {
			if k >= 0 && k < len(edges) && (edges[k]-at).Abs() < least {
				best, least = edges[k], (edges[k] - at).Abs()
			}
		}
		return best
	}
	for i := range ss {
		s := &ss[i]
		if from, to := nearest(s.from), nearest(s.to); to-from >= short || to-from >= s.to-s.from {
			s.from, s.to = from, to
		}
	}
}

// piece is a stretch of time and the cues shown in it.
type piece struct {
	span
	shown []shown
}

// cut makes the pieces of cues that are sorted by their starts.
func cut(all []shown) (pieces []piece, ok bool) {
	at := edges(all)
	next, sum := 0, 0
	var now []shown
	for i := 0; i < len(at); i++ {
		now = slices.DeleteFunc(now, func(s shown) bool { return s.to <= at[i] })
		for ; next < len(all) && all[next].from == at[i]; next++ {
			if all[next].to <= all[next].from {
				pieces = append(pieces, piece{all[next].span, []shown{all[next]}})
				continue
			}
			now = append(now, all[next])
		}
		if sum += len(now); sum > maxAtOnce*(len(at)+1) {
			return nil, false
		}
		if len(now) > 0 {
			pieces = append(pieces, piece{span{at[i], at[i+1]}, slices.Clone(now)})
		}
	}
	return pieces, true
}

// joinShort gives the time of a piece that is too short to be read to a neighbour that shows all that it shows.
func joinShort(pieces []piece) []piece {
	var out []piece
	for i := range pieces {
		p := pieces[i]
		if length := p.to - p.from; length > 0 && length < short {
			if n := len(out); n > 0 && out[n-1].to == p.from && out[n-1].shows(p) {
				out[n-1].to = p.to
				continue
			}
			if i+1 < len(pieces) && pieces[i+1].from == p.to && pieces[i+1].shows(p) {
				pieces[i+1].from = p.from
				continue
			}
		}
		out = append(out, p)
	}
	return out
}

func (p piece) shows(q piece) bool {
	return !slices.ContainsFunc(q.shown, func(s shown) bool {
		return !slices.ContainsFunc(p.shown, func(o shown) bool { return o.second == s.second && o.order == s.order })
	})
}

// cue is the piece as a cue: the first language above the second.
func (p piece) cue(f subtitle.Format) subtitle.Cue {
	slices.SortStableFunc(p.shown, func(a, b shown) int {
		if a.second != b.second {
			if b.second {
				return -1
			}
			return 1
		}
		return cmp.Compare(a.order, b.order)
	})
	texts := make([]string, len(p.shown))
	for i, s := range p.shown {
		texts[i] = s.text
	}
	return subtitle.Cue{Start: p.from, End: p.to, Raw: strings.Join(texts, "\n"), Markup: f}
}
