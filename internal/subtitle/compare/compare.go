// Package compare finds what differs between two subtitle tracks, cue by cue. It pairs cues by their text and their
// times, so that it also works where all times are shifted, or where only the times agree (a translation). Pure.
package compare

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"filmpress/internal/subtitle"
)

// Kind is one way in which a cue differs.
type Kind string

const (
	Moved     Kind = "moved"     // shown at another time, for as long as before
	Retimed   Kind = "retimed"   // shown for longer or shorter
	Rewritten Kind = "rewritten" // other words
	Restyled  Kind = "restyled"  // the same words with other tags, or in another place on the picture
	Missing   Kind = "missing"   // only in the first track
	Added     Kind = "added"     // only in the second track
)

// Kinds are all of them, in the order in which they are named.
var Kinds = []Kind{Moved, Retimed, Rewritten, Restyled, Missing, Added}

// Pair is a cue and what became of it.
type Pair struct {
	A, B  int    // indexes in the tracks' Cues; -1 where the cue is missing or added
	Kinds []Kind // none where both are the same
}

// Result is what differs between two tracks.
type Result struct {
	// Shift is by how much the second track as a whole is later than the first; 0 where most cues do not agree on one.
	// Moved and Retimed are said of what remains when it is taken away.
	Shift time.Duration
	Pairs []Pair // every cue of both tracks once, in the order of their times
}

// Same says that there is no difference.
func (r Result) Same() bool {
	return r.Shift == 0 && !slices.ContainsFunc(r.Pairs, func(p Pair) bool { return len(p.Kinds) > 0 })
}

// Tracks compares two tracks. Times that differ by no more than tolerance are taken for the same.
func Tracks(a, b *subtitle.Track, tolerance time.Duration) Result {
	m := matcher{a: entries(a), b: entries(b)}
	m.align()
	pairs := m.pairs()
	r := Result{Shift: m.shift}
	if r.Shift.Abs() <= tolerance { // a whole that is as little off as a cue may be is the same, too
		r.Shift = 0
	}
	for _, p := range pairs {
		r.Pairs = append(r.Pairs, p.judged(a, b, r.Shift, tolerance))
	}
	return r
}

// judged says in which ways the two cues of a pair differ.
func (p Pair) judged(a, b *subtitle.Track, shift, tolerance time.Duration) Pair {
	switch {
	case p.B < 0:
		p.Kinds = []Kind{Missing}
		return p
	case p.A < 0:
		p.Kinds = []Kind{Added}
		return p
	}
	ca, cb := &a.Cues[p.A], &b.Cues[p.B]
	begins, ends := cb.Start-ca.Start-shift, cb.End-ca.End-shift
	switch {
	case begins.Abs() <= tolerance && ends.Abs() <= tolerance:
	case (ends - begins).Abs() > tolerance:
		p.Kinds = append(p.Kinds, Retimed)
	default:
		p.Kinds = append(p.Kinds, Moved)
	}
	ta, tb := ca.Tree(), cb.Tree()
	switch {
	case words(ta.Plain()) != words(tb.Plain()):
		p.Kinds = append(p.Kinds, Rewritten)
	case ta.Dump() != tb.Dump() || !samePlace(ca.Settings(), cb.Settings()):
		p.Kinds = append(p.Kinds, Restyled)
	}
	return p
}

// words is a text without what no viewer sees: spaces at the ends of lines, lines of spaces.
func words(s string) string {
	lines := strings.Split(s, "\n")
	for i := range lines {
		lines[i] = strings.TrimSpace(lines[i])
	}
	return strings.Join(slices.DeleteFunc(lines, func(l string) bool { return l == "" }), "\n")
}

// samePlace compares settings by value: the regions of two files are never the same pointer.
func samePlace(a, b subtitle.Settings) bool {
	if (a.Region == nil) != (b.Region == nil) || a.Region != nil && *a.Region != *b.Region {
		return false
	}
	a.Region, b.Region = nil, nil
	return a == b
}

// entry is a cue as the matcher sees it.
type entry struct {
	index      int // in the track's Cues
	start, end time.Duration
	key        string   // the text in lower case, words parted by one space; "" matches nothing
	grams      []uint64 // its pairs of neighbouring characters, sorted
	mate       int      // position of its partner in the other list; -1 is none
}

// maxGrams keeps a cue of a hundred thousand characters from being compared with a thousand others in full.
const maxGrams = 300

// entries are a track's cues in the order of their times.
func entries(t *subtitle.Track) []entry {
	es := make([]entry, 0, len(t.Cues))
	for i := range t.Cues {
		c := &t.Cues[i]
		key := strings.ToLower(strings.Join(strings.Fields(c.Plain()), " "))
		es = append(es, entry{index: i, start: c.Start, end: c.End, key: key, grams: grams(key), mate: -1})
	}
	slices.SortStableFunc(es, func(a, b entry) int { return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(a.end, b.end)) })
	return es
}

func grams(s string) []uint64 {
	var gs []uint64
	last := ' '
	for _, r := range s {
		if gs = append(gs, uint64(last)<<32|uint64(r)); len(gs) == maxGrams {
			break
		}
		last = r
	}
	slices.Sort(gs)
	return gs
}

// alike is how much two texts have in common, 0 to 1: Dice's coefficient of their pairs of characters.
func alike(a, b *entry) float64 {
	if a.key == b.key {
		return 1
	}
	na, nb := len(a.grams), len(b.grams)
	if na == 0 || nb == 0 || 3*min(na, nb) < max(na, nb) { // could not reach 1/2
		return 0
	}
	both := 0
	for i, k := 0, 0; i < na && k < nb; {
		switch {
		case a.grams[i] < b.grams[k]:
			i++
		case a.grams[i] > b.grams[k]:
			k++
		default:
			both, i, k = both+1, i+1, k+1
		}
	}
	return 2 * float64(both) / float64(na+nb)
}
