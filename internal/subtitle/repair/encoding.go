package repair

import "filmpress/internal/subtitle"

// toUTF8 makes the file UTF-8: it is decoded already, with certainty (see refuse). A mark is of no use then.
func toUTF8(w *work) int {
	if w.charset == "utf-8" {
		return 0
	}
	w.charset, w.bom = "utf-8", ""
	return 1
}

// dropBOM takes byte order marks away: all that stand in a text, where they are left over from two files put together, and
// the one at the beginning of an SRT file. A WebVTT file may have that one (WebVTT 4.1).
func dropBOM(w *work) int {
	n := 0
	bom := ""
	if w.track.Format == subtitle.WebVTT && w.bom != "" {
		bom = mark
	}
	if w.bom != bom {
		w.bom = bom
		n++
	}
	if w.flagged["enc-bom"] {
		n += w.eachProse(func(text string) []edit {
			return eachRune(text, func(r rune, _, _ string) (string, bool) { return "", string(r) == mark })
		})
	}
	return n
}

// mark is the byte order mark.
const mark = "\ufeff"
