package repair

import (
	"cmp"
	"slices"
	"time"

	"filmpress/internal/subtitle"
)

// emptyCues takes out cues that show nothing. A file of nothing else is left as it is: somebody will fill it in.
func emptyCues(w *work) int {
	cues := w.cues()
	empty := func(b *block) bool { return subtitle.Blank(b.cue.Raw) }
	if !slices.ContainsFunc(cues, func(b *block) bool { return !empty(b) }) {
		return 0
	}
	return w.remove(func(b *block) bool { return b.kind == cueOf && empty(b) })
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
			twice[b] = nameless(b)
		case a != nil && b.cue.Start == a.cue.Start:
			twice[a] = nameless(a)
			last[k] = b
		default:
			last[k] = b
		}
	}
	return w.remove(func(b *block) bool { return twice[b] })
}

// nameless says whether a cue has no name of its own, by which a page may know it.
func nameless(b *block) bool { return b.cue.ID == "" || digits(b.cue.ID) }

// remove takes out blocks, with the blank lines between each and its neighbour.
func (w *work) remove(out func(*block) bool) int {
	n := 0
	w.keepingNumbers(func() {
		var rest []*block
		var above []line // of a block that was taken out at the top
		for _, b := range w.blocks {
			if out(b) {
				if n++; len(rest) == 0 && above == nil {
					above = append([]line{}, b.above...)
				}
				continue
			}
			if len(rest) == 0 && above != nil {
				b.above = above
			}
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
