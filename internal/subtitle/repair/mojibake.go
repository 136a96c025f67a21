package repair

import (
	"strings"

	"filmpress/internal/subtitle/rules"
)

// enoughSure is how many words that are surely wrong make the doubtful ones of a file wrong, too, as for the rule.
const enoughSure = 3

// mojibake decodes words again that are UTF-8 which was read as windows-1252 or windows-1251 ("Ð¡Ð½ÐµÐ³"): the bytes of
// the one are put together, and must be UTF-8 without an error. So what was done to the text can be undone exactly. Cyrillic
// that was read as windows-1252 without having been UTF-8 ("Ñíåã") is left: it is not known which encoding it was in.
func mojibake(w *work) int {
	cues := w.cues()
	sure, doubtful := 0, 0
	for _, b := range cues {
		ungarbled(b.raw(), func(_ string, isSure bool) bool {
			if isSure {
				sure++
			} else {
				doubtful++
			}
			return false
		})
	}
	all := sure >= enoughSure || sure == 0 && doubtful >= enoughSure && doubtful*4 >= len(cues)
	n := 0
	for _, b := range cues {
		raw, done := ungarbled(b.raw(), func(_ string, isSure bool) bool { return all || isSure })
		if done > 0 {
			w.setRaw(b, raw)
			n += done
		}
	}
	return n
}

// ungarbled gives a payload with the words decoded again that take wants, and how many.
func ungarbled(raw string, take func(mended string, sure bool) bool) (out string, done int) {
	if ascii([]byte(raw)) {
		return raw, 0
	}
	var b strings.Builder
	for raw != "" {
		end := strings.IndexFunc(raw, func(r rune) bool { return r <= ' ' || r == '<' || r == '>' })
		if end < 0 {
			end = len(raw)
		}
		word := raw[:end]
		if mended, sure, ok := rules.Ungarble(word); ok && take(mended, sure) {
			word = mended
			done++
		}
		b.WriteString(word)
		if end < len(raw) {
			b.WriteByte(raw[end])
			end++
		}
		raw = raw[end:]
	}
	return b.String(), done
}
