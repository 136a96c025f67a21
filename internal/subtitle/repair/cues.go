package repair

import (
	"cmp"
	"slices"
	"time"

	"filmpress/internal/subtitle"
)

// emptyCues takes out cues that show nothing, unless their text stands where it is not shown: above the timing line, where
// it is taken for an identifier, behind the times, or outside, under a blank line. A file of nothing else is left as it
// is: somebody will fill it in.
func emptyCues(w *work) int {
	empty := map[*block]bool{}
	full := false
	for i, b := range w.blocks {
		switch {
		case b.kind != cueOf:
		case !subtitle.Blank(b.cue.Raw):
			full = true
		case i+1 < len(w.blocks) && w.blocks[i+1].kind == stray:
		default:
			empty[b] = bare(b)
		}
	}
	if !full {
		return 0
	}
	return w.remove(func(b *block) bool { return empty[b] })
}

// duplicates takes out a cue whose text is shown already, in the same place and no shorter.
func duplicates(w *work) int {
	type what struct {
		text  string
		place subtitle.Settings
	}
	twice := map[*block]bool{}
	last := map[what]*block{}
	for _, b := range w.shown() {
		k := what{b.cue.Raw, b.cue.Settings()}
		a := last[k]
		switch {
		case a != nil && b.cue.End <= a.cue.End:
			twice[b] = bare(b)
		case a != nil && b.cue.Start == a.cue.Start:
			twice[a] = bare(a)
			last[k] = b
		default:
			last[k] = b
		}
	}
	return w.remove(func(b *block) bool { return twice[b] })
}

// bare says whether nothing but its times and place is lost with a cue: it has no name, by which a page may know it, but a
// number at most, and there is no text behind its times.
func bare(b *block) bool {
	if b.cue.ID != "" && !digits(b.cue.ID) {
		return false
	}
	at := endTime.FindStringIndex(b.timing.Text)
	return at != nil && settings(b.timing.Text[at[1]:])
}

// remove takes out blocks, and the blank lines under each.
func (w *work) remove(out func(*block) bool) int {
	n := 0
	w.keepingNumbers(func() {
		var rest []*block
		var above []line // of the first of those that were taken out between two
		gone := false
		for _, b := range w.blocks {
			switch {
			case out(b):
				if n++; !gone {
					gone, above = true, b.above
				}
				continue
			case gone && (len(above) > 0 || len(rest) == 0):
				b.above = above
			}
			gone = false
			rest = append(rest, b)
		}
		w.blocks = rest
	})
	return n
}

// order sorts the cues by their starts; those that start together stay as they are. Comments go with the cue under
// them, and lines that no reader reads stay under the cue they are under.
func order(w *work) int {
	var top, end []*block // above the first cue; comments under the last
	type unit struct {
		start  time.Duration
		blocks []*block
	}
	var units []unit
	var notes []*block
	for _, b := range w.blocks {
		switch {
		case b.kind == cueOf:
			units = append(units, unit{b.cue.Start, append(notes, b)})
			notes = nil
		case len(units) == 0 && b.kind != note:
			top = append(append(top, notes...), b)
			notes = nil
		case b.kind == note:
			notes = append(notes, b)
		default:
			u := &units[len(units)-1]
			u.blocks = append(append(u.blocks, notes...), b)
			notes = nil
		}
	}
	end = notes
	moved := 0
	for i, latest := 0, time.Duration(0); i < len(units); i++ {
		if units[i].start < latest {
			moved++
		}
		latest = max(latest, units[i].start)
	}
	if moved == 0 {
		return 0
	}
	w.keepingNumbers(func() {
		firstAbove := units[0].blocks[0].above
		slices.SortStableFunc(units, func(a, b unit) int { return cmp.Compare(a.start, b.start) })
		w.blocks = top
		for i, u := range units {
			if first := u.blocks[0]; i == 0 {
				first.above = firstAbove
			} else if len(first.above) == 0 {
				first.above = []line{w.new("")}
			}
			w.blocks = append(w.blocks, u.blocks...)
		}
		w.blocks = append(w.blocks, end...)
	})
	return moved
}
