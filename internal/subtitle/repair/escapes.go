package repair

import "filmpress/internal/subtitle"

// escapes writes the escapes that a converter from ASS left in an SRT file as what they stand for, which is how they were read already.
func escapes(w *work) int {
	n := 0
	for _, b := range w.cues() {
		if b.cue.TextOnTimingLine() || len(b.lines) == 0 {
			continue
		}
		c := b.text()
		raw, at := "", 0
		for p := range c.Pieces() {
			if text := c.Raw[p.From:p.To]; !p.Tag {
				raw += c.Raw[at:p.From] + subtitle.EscapesSRT(text)
				at = p.To
			}
		}
		if raw += c.Raw[at:]; raw != c.Raw {
			w.setRaw(b, raw)
			n++
		}
	}
	return n
}
