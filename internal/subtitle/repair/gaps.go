package repair

import (
	"slices"
	"time"

	"filmpress/internal/subtitle"
)

// maxDuration is the longest that a cue becomes when a gap behind it is closed: 7 s, the rule cue-max-duration.
const maxDuration = 7 * time.Second

// overlaps ends a cue where the next begins, where they are shown in one place. A cue that lies wholly within another, or
// would leave it too little time, is left: one of the two is wrong, and it is not known which.
func overlaps(w *work) int {
	return w.eachPair(func(b, next *block, _ bool) bool {
		return b.cue.End > next.cue.Start && next.cue.End >= b.cue.End && next.cue.Start-b.cue.Start >= w.opt.MinDuration &&
			b.setEnd(next.cue.Start)
	})
}

// smallGaps makes gaps under two frames, at which the picture flickers, two frames.
func smallGaps(w *work) int {
	return w.eachPair(func(b, next *block, close bool) bool {
		gap, end := next.cue.Start-b.cue.End, next.cue.Start-w.frames(2)
		return close && gap > 0 && gap < w.frames(2) && end-b.cue.Start >= w.opt.MinDuration && b.setEnd(end)
	})
}

// bridges closes gaps from three frames to under half a second to two frames (Netflix, Timed Text Style Guide).
func bridges(w *work) int {
	return w.eachPair(func(b, next *block, close bool) bool {
		gap, end := next.cue.Start-b.cue.End, next.cue.Start-w.frames(2)
		return close && gap >= w.frames(3) && gap < 500*time.Millisecond && end-b.cue.Start <= maxDuration && b.setEnd(end)
	})
}

// frames is a number of frames, in the whole milliseconds that cues are timed in, rounded up.
func (w *work) frames(n float64) time.Duration {
	d := time.Duration(n / w.opt.FrameRate * float64(time.Second))
	return (d + time.Millisecond - 1).Truncate(time.Millisecond)
}

// eachPair calls change for every cue and the one that is shown next in the same place, and counts what it changed. close
// says that no other cue begins between the two.
func (w *work) eachPair(change func(b, next *block, close bool) bool) int {
	cues := slices.DeleteFunc(w.cues(), func(b *block) bool { return b.cue.End <= b.cue.Start })
	slices.SortStableFunc(cues, func(a, b *block) int { return int(min(max(a.cue.Start-b.cue.Start, -1), 1)) })
	last := map[subtitle.Settings]*block{}
	n := 0
	for i, next := range cues {
		place := next.cue.Settings()
		if b := last[place]; b != nil && change(b, next, cues[i-1] == b) {
			n++
		}
		last[place] = next
	}
	return n
}
