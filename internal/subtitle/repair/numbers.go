package repair

import (
	"slices"
	"strconv"
	"strings"

	"filmpress/internal/subtitle"
)

// indexes numbers the cues 1, 2, 3. Where times of other cues cannot be read, it waits for them: they have numbers, too.
func indexes(w *work) int {
	if w.lostCues() {
		return 0
	}
	n := 0
	for i, b := range w.cues() {
		if !numbered(b, i+1) {
			l := w.new(strconv.Itoa(i + 1))
			if len(b.id) > 0 {
				l.End = b.id[0].End
			}
			b.id = []line{l}
			n++
		}
	}
	return n
}

// numbered says whether the cue has a number, right above its timing line.
func numbered(b *block, n int) bool {
	if len(b.id) != 1 {
		return false
	}
	v, err := strconv.Atoi(strings.Trim(b.id[0].Text, " \t\ufeff\u200b\u200e\u200f\u00a0"))
	return err == nil && v == n
}

// lostCues says whether the times of some cue cannot be read.
func (w *work) lostCues() bool {
	return slices.ContainsFunc(w.blocks, func(b *block) bool {
		return b.kind == stray && slices.ContainsFunc(b.lines, func(l line) bool { return lost(l.Text) })
	})
}

// keepingNumbers runs a change after which other cues stand in other places, and numbers those of an SRT file anew
// where they were right before.
func (w *work) keepingNumbers(change func()) {
	right := w.track.Format == subtitle.SRT
	for i, b := range w.cues() {
		right = right && numbered(b, i+1)
	}
	change()
	if right {
		indexes(w)
	}
}
