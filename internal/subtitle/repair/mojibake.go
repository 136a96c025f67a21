package repair

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// mojibake decodes lines again that are UTF-8 which was read as windows-1252 or windows-1251 ("Ð¡Ð½ÐµÐ³"): the
// bytes of the one are put together, and must be UTF-8 without an error, in the letters of one script. So what was done
// to the text can be undone exactly. A line with an odd pair of letters or two is no proof; it is decoded only where
// most lines of the file are such.
func mojibake(w *work) int {
	type found struct {
		b     *block
		lines []string // as they are, decoded again where that can be
		n     [2]int   // how many were, by how sure it is
	}
	var all []found
	weak, clean, surplus := 0, 0, 0
	for _, b := range w.cues() {
		f := found{b: b, lines: strings.Split(b.raw(), "\n")}
		for _, text := range f.lines {
			switch _, n := decodeAgain(text); {
			case n == 0 && !ascii([]byte(text)):
				clean++
			case n > 0 && n < proof:
				weak, surplus = weak+1, surplus+n
			case n > 0:
				surplus += n
			}
		}
		all = append(all, f)
	}
	least := proof
	if weak > clean && surplus >= proof {
		least = 1
	}
	n := 0
	for _, f := range all {
		done := 0
		for i, text := range f.lines {
			if again, surplus := decodeAgain(text); surplus >= least {
				f.lines[i] = again
				done++
			}
		}
		if done > 0 {
			w.setRaw(f.b, strings.Join(f.lines, "\n"))
			n += done
		}
	}
	return n
}

// proof is how many characters too many show that a line was decoded wrongly.
const proof = 3

// decodeAgain gives what a line was before it was wrongly decoded, and how many characters it has too many; 0 where it
// was not.
func decodeAgain(text string) (again string, surplus int) {
	for _, m := range []*charmap.Charmap{charmap.Windows1252, charmap.Windows1251} {
		if again, ok := decodeFrom(m, text); ok {
			return again, utf8.RuneCountInString(text) - utf8.RuneCountInString(again)
		}
	}
	return text, 0
}

func decodeFrom(m *charmap.Charmap, text string) (again string, ok bool) {
	raw := make([]byte, 0, len(text))
	for _, r := range text {
		b, ok := m.EncodeRune(r)
		if !ok && r >= 0x80 && r < 0xA0 { // bytes that the encoding leaves open come through as controls
			b, ok = byte(r), true
		}
		if !ok {
			return "", false
		}
		raw = append(raw, b)
	}
	if !utf8.Valid(raw) {
		return "", false
	}
	again = string(raw)
	var scripts [3]int // letters: Latin, Cyrillic, all others
	for _, r := range again {
		switch {
		case r < 0x80:
		case unicode.IsControl(r) || r == utf8.RuneError || unicode.In(r, unicode.Co, phonetic):
			return "", false
		case unicode.Is(unicode.Latin, r):
			scripts[0]++
		case unicode.Is(unicode.Cyrillic, r):
			scripts[1]++
		case unicode.IsLetter(r):
			scripts[2]++
		}
	}
	if scripts[0] > 0 && scripts[1] > 0 || scripts[2] > 0 && (scripts[0]+scripts[1] > 0 || scripts[2] < proof) {
		return "", false
	}
	return again, true
}

// phonetic are Latin letters that texts do not have, but that capital and quotation mark make: É” would be one.
var phonetic = &unicode.RangeTable{R16: []unicode.Range16{{Lo: 0x180, Hi: 0x19F, Stride: 1}, {Lo: 0x1B1, Hi: 0x217, Stride: 1}, {Lo: 0x21C, Hi: 0x2AF, Stride: 1}}}
