package align

import (
	"regexp"
	"strconv"
	"time"

	"filmpress/internal/subtitle"
)

// Cues are a track's times, in the file's order.
func Cues(t *subtitle.Track) []Span {
	out := make([]Span, len(t.Cues))
	for i, c := range t.Cues {
		out[i] = Span{c.Start, c.End}
	}
	return out
}

// Retime gives a track the right times, those inside WebVTT cues included. early are the cues that would begin well before
// the film: they begin at 0, for a file has no times before it. back are those which now begin before the one above them,
// though they did not: the film lacks the scene of one of the two.
func (r Result) Retime(t *subtitle.Track) (early, back []int) {
	was := Cues(t)
	for i := range t.Cues {
		c := &t.Cues[i]
		c.Start, c.End = r.At(c.Start), r.end(c.Start, c.End)
		if c.Markup == subtitle.WebVTT {
			c.Raw = r.inside(c.Raw, was[i].Start)
		}
		if c.Start < -unseen {
			early = append(early, i)
		}
		if c.Start < 0 {
			c.Start, c.End = 0, max(c.End, time.Millisecond)
		}
		if i > 0 && c.Start < t.Cues[i-1].Start && was[i].Start >= was[i-1].Start {
			back = append(back, i)
		}
	}
	return early, back
}

// unseen is what a cue may lose at its beginning without anybody being told.
const unseen = 500 * time.Millisecond

// end is the right end of a cue: it goes by the piece of its start, so that a break inside a cue does not change its
// length.
func (r Result) end(start, end time.Duration) time.Duration {
	return r.At(start) + r.stretch(end) - r.stretch(start)
}

// inner is a timestamp in a cue's text (WebVTT 3.3).
var inner = regexp.MustCompile(`<(?:(\d{2,5}):)?([0-5]\d):([0-5]\d)\.(\d{3})>`)

// inside moves the times inside a cue's text with the cue.
func (r Result) inside(raw string, start time.Duration) string {
	return inner.ReplaceAllStringFunc(raw, func(tag string) string {
		ms := 0
		for i, part := range inner.FindStringSubmatch(tag)[1:] {
			n, _ := strconv.Atoi(part) // hours may be missing
			ms += n * []int{3600_000, 60_000, 1000, 1}[i]
		}
		return "<" + subtitle.FormatTime(r.end(start, time.Duration(ms)*time.Millisecond), '.') + ">"
	})
}
