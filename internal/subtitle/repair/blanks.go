package repair

import (
	"slices"
	"strconv"
	"strings"

	"filmpress/internal/subtitle"
)

// blankMissing puts a blank line above cues that stand right under the text of the one above.
func blankMissing(w *work) int {
	n := 0
	cues := false // some have begun above, whether their times can be read or not
	for i, b := range w.blocks {
		if cues && len(b.above) == 0 && len(w.blocks[i-1].lines) > 0 {
			b.above = []line{w.new("")}
			n++
		}
		cues = cues || b.kind == cueOf || slices.ContainsFunc(b.lines, func(l line) bool { return lost(l.Text) })
	}
	return n
}

// blankInCue takes the blank lines out of a cue's text, and from above it.
func blankInCue(w *work) int {
	n := 0
	for _, b := range w.cues() {
		text := slices.DeleteFunc(slices.Clone(b.lines), func(l line) bool { return subtitle.Blank(l.Text) })
		if len(text) < len(b.lines) {
			b.lines = text
			n++
		}
	}
	return n
}

// arrowInText sets cues apart that stand right under another, and writes an arrow that is text as --&gt;: a reader
// takes every line with --> in it for a timing line (WebVTT 6.1), and the text under it is lost.
func arrowInText(w *work) int {
	n := 0
	for i, b := range w.blocks {
		if i == 0 || len(b.above) > 0 || w.blocks[i-1].kind == header {
			continue
		}
		up := w.blocks[i-1]
		if b.kind == stray && up.kind == cueOf && textArrow(b.lines[0].Text) {
			escapeArrows(b.lines)
			n++
			continue
		}
		if b.kind == cueOf {
			takeIdentifier(up, b)
		}
		b.above = []line{w.new("")}
		n++
	}
	return n
}

// textArrow says whether a line with an arrow in it is text.
func textArrow(text string) bool { return strings.Contains(text, "-->") && !clock.MatchString(text) }

func escapeArrows(lines []line) {
	for i := range lines {
		if textArrow(lines[i].Text) {
			lines[i].Text = strings.ReplaceAll(lines[i].Text, "-->", "--&gt;")
		}
	}
}

// takeIdentifier gives a cue the number that was read as the last line of the cue above, where that has the number before.
func takeIdentifier(up, b *block) {
	last := len(up.lines) - 1
	if up.kind != cueOf || last < 1 || len(b.id) > 0 || len(up.id) == 0 {
		return
	}
	n, err := strconv.Atoi(up.id[0].Text)
	if err == nil && up.lines[last].Text == strconv.Itoa(n+1) {
		b.id = []line{up.lines[last]}
		up.lines = up.lines[:last]
	}
}

// idBlank joins a number to the cue under it, which a blank line parted from its timing line.
func idBlank(w *work) int {
	n := 0
	var blocks []*block
	for i, b := range w.blocks {
		number := b.kind == stray && len(b.lines) == 1 && digits(b.lines[0].Text)
		if number && i+1 < len(w.blocks) && w.blocks[i+1].kind == cueOf && len(w.blocks[i+1].id) == 0 {
			next := w.blocks[i+1]
			next.id, next.above = b.lines, b.above
			n++
			continue
		}
		blocks = append(blocks, b)
	}
	w.blocks = blocks
	return n
}
