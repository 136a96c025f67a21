package repair

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"time"

	"filmpress/internal/subtitle"
)

// place is where on the picture a cue stands: cues of one place hide or move each other.
type place struct {
	region         *subtitle.Region
	vertical       subtitle.Vertical
	line, position subtitle.Offset
}

func placeOf(c *subtitle.Cue) place {
	s := c.Settings()
	return place{s.Region, s.Vertical, s.Line, s.Position}
}

// overlaps ends a cue where the next begins, where they are shown in one place. Where a cue lies wholly within another, or
// would leave it too little time, or less than half of its own, it is not known which of the two is wrong.
func overlaps(w *work) int {
	least := w.milliseconds("cue-min-duration", "min")
	last := map[place]*block{}
	n := 0
	for _, next := range w.shown() {
		if strings.Contains(next.cue.Raw, `\pos(`) {
			continue
		}
		at := placeOf(next.cue)
		if b := last[at]; b != nil && b.cue.End > next.cue.Start && next.cue.End >= b.cue.End &&
			next.cue.Start-b.cue.Start >= max(least, (b.cue.End-b.cue.Start)/2) && b.setEnd(next.cue.Start) {
			n++
		}
		last[at] = next
	}
	return n
}

// smallGaps makes gaps under two frames, at which the picture flickers, two frames.
func smallGaps(w *work) int {
	least, few := w.milliseconds("cue-min-duration", "min"), w.value("cue-min-gap", "frames")
	return w.eachGap(func(b, next *block, frames float64) bool {
		end := w.endBefore(next)
		return frames < few && end-b.cue.Start >= least && b.setEnd(end)
	})
}

// bridges closes gaps from three frames to under half a second to two frames (Netflix Timed Text Style Guide, timing),
// where the cue does not become too long by it.
func bridges(w *work) int {
	few, most := w.value("cue-gap-bridge", "min"), w.milliseconds("cue-gap-bridge", "max")
	longest := w.milliseconds("cue-max-duration", "max")
	return w.eachGap(func(b, next *block, frames float64) bool {
		end := w.endBefore(next)
		return frames >= few && next.cue.Start-b.cue.End < most && end-b.cue.Start <= longest && b.setEnd(end)
	})
}

// endBefore is the time at which a cue ends before the next, with the least gap that is seen as one, in the whole
// milliseconds of a timing line.
func (w *work) endBefore(next *block) time.Duration {
	gap := time.Duration(w.value("cue-min-gap", "frames") / w.frameRate() * float64(time.Second))
	return (next.cue.Start - gap).Truncate(time.Millisecond)
}

// eachGap calls change for every gap in which nothing is shown, with the cues around it and its length in frames, to
// the nearest whole one: a file that was made at another frame rate has its own two frames.
func (w *work) eachGap(change func(b, next *block, frames float64) bool) int {
	var b *block // the one that ends last
	n := 0
	for _, next := range w.shown() {
		if b != nil && b.cue.End < next.cue.Start &&
			change(b, next, math.Round((next.cue.Start-b.cue.End).Seconds()*w.frameRate())) {
			n++
		}
		if b == nil || next.cue.End > b.cue.End {
			b = next
		}
	}
	return n
}

// shown are the cues that are shown at all, in the order of their starts.
func (w *work) shown() []*block {
	cues := slices.DeleteFunc(w.cues(), func(b *block) bool { return b.cue.End <= b.cue.Start || subtitle.Blank(b.cue.Raw) })
	slices.SortStableFunc(cues, func(a, b *block) int { return cmp.Compare(a.cue.Start, b.cue.Start) })
	return cues
}

// value is a threshold of a rule, for the file's language.
func (w *work) value(rule, param string) float64 {
	return w.opt.Rules.Value(rule, param, w.track.Language)
}

func (w *work) milliseconds(rule, param string) time.Duration {
	return time.Duration(w.value(rule, param) * float64(time.Millisecond))
}

// frameRate is that of the settings, or the one that rules measure by where there is none.
func (w *work) frameRate() float64 { return cmp.Or(w.opt.Rules.FrameRate, 24) }
