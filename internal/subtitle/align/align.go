// Package align puts the cues of a subtitle track in time with the speech of a film, or with another track. It finds a
// shift, a wrong frame rate and breaks in the middle, and says how sure it is; it does no I/O.
//
// The way: speech is told from other sounds (DetectSpeech); cues and speech become signals of 10 ms steps, whose
// correlation is looked at for every shift and ratio (correlate.go); then the best row of shifts is searched, in which each
// change costs a penalty (breaks.go), and refined by the beginnings of cues and of speech (refine.go).
package align

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"
)

// Ratio is the factor by which a track's times are stretched.
type Ratio struct {
	Num, Den int64
	Name     string // "25/23.976"
}

// Ratios are the factors that arise when a track was timed at another frame rate than the film has. The names are those
// of the field: 23.976 is 24000/1001.
var Ratios = []Ratio{
	{1, 1, "1"},
	{1001, 1000, "24/23.976"}, {1000, 1001, "23.976/24"},
	{25025, 24000, "25/23.976"}, {24000, 25025, "23.976/25"},
	{25, 24, "25/24"}, {24, 25, "24/25"},
}

// Float is the factor.
func (r Ratio) Float() float64 { return float64(r.Num) / float64(r.Den) }

// Options are what a caller may ask for. The zero value is the usual.
type Options struct {
	MaxShift time.Duration // 0 is a minute
	NoBreaks bool          // one shift for the whole track
	NoRatios bool          // the frame rate is right
}

// Piece is a part of the track that is moved by one shift.
type Piece struct {
	From  time.Duration // the start of its first cue, as it stands in the track
	Cues  int
	Shift time.Duration // is added after the stretching; to the millisecond

	Confidence float64 // 0 to 1
}

// Result is how a track lies against its reference. A cue's right time is time x Ratio + Shift of its piece.
type Result struct {
	Ratio      Ratio
	Pieces     []Piece // by From; at least one where anything was found
	Confidence float64 // 0 to 1: how far the timing found stands out from all others
	Doubtful   []Span  // stretches of the track that seem to have a shift of their own, but not surely; they go with a neighbour
	Coverage   float64 // share of the cues during which, at the timing found, somebody speaks
	Why        string  // where Sure is false: the reason, half a sentence
}

// Bar is the confidence from which a result may be acted upon. In the campaign (campaign_test.go), of 240 tracks held
// against sound that is not theirs, the highest came to 0.58, and only among films of two minutes or less to over 0.1.
const Bar = 0.6

// Sure says whether the result may be acted upon.
func (r Result) Sure() bool { return r.Why == "" }

// At is the right time for a time of the track.
func (r Result) At(t time.Duration) time.Duration {
	shift := time.Duration(0)
	for i, p := range r.Pieces {
		if i == 0 || t >= p.From {
			shift = p.Shift
		}
	}
	return r.stretch(t) + shift
}

// stretch is exact to the millisecond, rounded half up, for times of up to a million hours.
func (r Result) stretch(t time.Duration) time.Duration {
	if r.Ratio.Num == r.Ratio.Den || r.Ratio.Den == 0 {
		return t
	}
	ms := t.Milliseconds()*r.Ratio.Num*2 + r.Ratio.Den
	return time.Duration(floorDiv(ms, 2*r.Ratio.Den)) * time.Millisecond
}

func floorDiv(a, b int64) int64 {
	if a < 0 && a%b != 0 {
		return a/b - 1
	}
	return a / b
}

// A short track finds a place by chance in many a film. So many cues have to fit wholly, or more of them partly, before
// anything is believed, and so many before the number is no longer a reason to doubt.
const (
	tooFew = 4.5
	enough = 6
)

// patchwork is how many shifts are too many to be true.
const patchwork = 100

// fewest is how many cues a track needs: with fewer any film fits.
const fewest = 4

// ToSpeech aligns cues with the speech of a film. Cues may stand in any order; those without length are left out.
func ToSpeech(cues []Span, s Speech, o Options) Result {
	switch {
	case s.Duration == 0:
		return Result{Ratio: Ratios[0], Why: "the film has no sound"}
	case len(s.Spans) == 0:
		return Result{Ratio: Ratios[0], Why: "nobody speaks in the film"}
	}
	return align(cues, s.Spans, s.Duration, false, s.Confidence, o)
}

// ToTrack aligns cues with those of another track, which is in time.
func ToTrack(cues, other []Span, o Options) Result {
	other = orderly(other)
	if len(other) < fewest {
		return Result{Ratio: Ratios[0], Why: fmt.Sprintf("the other track has fewer than %d cues", fewest)}
	}
	return align(cues, other, other[len(other)-1].End, true, 1, o)
}

// orderly is the cues that have a length and begin at 0 or later, by their start.
func orderly(cues []Span) []Span {
	out := slices.DeleteFunc(slices.Clone(cues), func(c Span) bool { return c.End <= c.Start || c.Start < 0 || c.Start > longest })
	slices.SortFunc(out, func(a, b Span) int { return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.End, b.End)) })
	return slices.Compact(out) // two lines at the same time are one witness
}

// longest is the latest time that is looked at, so that a typo of 999 hours costs no memory.
const longest = 24 * time.Hour

// ratioCost is by how much, in seconds of agreement, a stretched track must fit better than one as it is.
const ratioCost = 3

func align(cues, ref []Span, length time.Duration, track bool, quality float64, o Options) Result {
	if o.MaxShift <= 0 {
		o.MaxShift = time.Minute
	}
	cues = orderly(cues)
	if len(cues) < fewest {
		return Result{Ratio: Ratios[0], Why: fmt.Sprintf("the track has fewer than %d cues", fewest)}
	}
	cues = within(cues, length+o.MaxShift)
	if len(cues) < fewest {
		return Result{Ratio: Ratios[0], Why: "the track's times lie behind the end"}
	}
	length = min(length, scaled(cues[len(cues)-1].End)+o.MaxShift)
	ratios := Ratios
	if o.NoRatios {
		ratios = ratios[:1]
	}
	sig := newSignals(ref, length, track)
	last := steps(scaled(cues[len(cues)-1].Start)) + longestCue + besides
	sig.widen(last, steps(o.MaxShift))
	x := sig.spectra(last, steps(o.MaxShift))
	var best path
	for _, r := range ratios {
		p := search(newRated(cues, r, sig, o.MaxShift), x, o)
		p.ratio = r
		if r.Num != r.Den {
			p.score -= ratioCost
		}
		if best.rated == nil || p.score > best.score {
			best = p
		}
	}
	return best.result(cues, ref, quality)
}

// within is the cues that can lie before an end at some ratio and shift. The others, with a digit too many perhaps, would
// only cost memory; they move with the cues around them.
func within(cues []Span, end time.Duration) []Span {
	n := len(cues)
	for n > 0 && cues[n-1].Start > scaled(end) {
		n--
	}
	return cues[:n]
}

// scaled is a time as the largest ratio makes it, and a little more.
func scaled(d time.Duration) time.Duration { return d * 105 / 100 }

// result weighs the path, and puts it into words.
func (p path) result(cues, ref []Span, quality float64) Result {
	r := Result{Ratio: p.ratio}
	if len(p.runs) > patchwork {
		r.Why = "only a patchwork of shifts would make it fit"
		return r
	}
	dropped := p.drop()
	p.join()
	for _, run := range p.doubtful(dropped) {
		r.Doubtful = append(r.Doubtful, Span{cues[run.from].Start, cues[run.to-1].End})
	}
	for _, run := range p.runs {
		shift := refine(cues[run.from:run.to], ref, p.ratio, run.shift)
		c := p.rated.confidence(run)
		r.Pieces = append(r.Pieces, Piece{From: cues[run.from].Start, Cues: run.to - run.from, Shift: shift, Confidence: c})
		r.Confidence += c * float64(run.to-run.from) / float64(len(cues)) * math.Sqrt(quality)
	}
	r.Confidence *= ramp(p.fit(p.runs)*float64(len(cues)), tooFew, enough)
	r.Coverage = r.covered(cues, ref)
	switch {
	case len(p.runs) > 1 && len(p.runs)*10 > len(cues):
		r.Why = "only a patchwork of shifts would make it fit"
	case r.Confidence < Bar:
		r.Why = "no timing fits clearly better than all others"
	}
	return r
}

// covered is the share of cues of which at least a third has speech at the timing found.
func (r Result) covered(cues, ref []Span) float64 {
	hit, k := 0, 0
	for _, c := range cues {
		start, end := r.At(c.Start), r.At(c.End)
		for k > 0 && ref[k-1].End > start {
			k--
		}
		for k < len(ref) && ref[k].End <= start {
			k++
		}
		spoken := time.Duration(0)
		for i := k; i < len(ref) && ref[i].Start < end; i++ {
			spoken += min(end, ref[i].End) - max(start, ref[i].Start)
		}
		if spoken*3 >= end-start {
			hit++
		}
	}
	return float64(hit) / float64(len(cues))
}
