package repair

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// controls takes out control characters. Those of 0x80 to 0x9F are letters and quotes of windows-1252 that were read
// as ISO 8859-1; they are taken for what they are, as browsers take &#146;.
func controls(w *work) int {
	return w.eachProse(func(text string) []edit {
		return eachRune(text, func(r rune, _, _ string) (string, bool) {
			switch {
			case r == '\n' || r == '\t' || !unicode.IsControl(r):
				return "", false
			case r == '\v' || r == '\f':
				return " ", true
			case r >= 0x80:
				return withoutC1(string(r)), true
			}
			return "", true
		})
	})
}

// fromC1 is the windows-1252 character of a C1 control; -1 where it has none.
func fromC1(r rune) rune {
	if c := charmap.Windows1252.DecodeByte(byte(r)); !unicode.IsControl(c) && c != utf8.RuneError {
		return c
	}
	return -1
}

// withoutC1 is a text with its C1 controls as characters, those left out that are none.
func withoutC1(s string) string {
	if !strings.ContainsFunc(s, func(r rune) bool { return r >= 0x80 && r < 0xA0 }) {
		return s
	}
	return strings.Map(func(r rune) rune {
		if r >= 0x80 && r < 0xA0 {
			return fromC1(r)
		}
		return r
	}, s)
}

// zeroWidths takes out characters that nobody sees, which keep words from being found and lines from being broken. They
// stay where a script needs them: between Arabic, Indic and other letters that join, where lines of Thai or Khmer may break,
// and in emoji.
func zeroWidths(w *work) int {
	return w.eachProse(func(text string) []edit {
		return eachRune(text, func(r rune, before, after string) (string, bool) {
			if strings.ContainsRune(zeroWidth, r) {
				l, _ := utf8.DecodeLastRuneInString(strings.TrimRight(before, zeroWidth))
				n, _ := utf8.DecodeRuneInString(strings.TrimLeft(after, zeroWidth))
				if r == '\u2060' && !(unicode.IsLetter(l) && unicode.IsLetter(n)) {
					return "", false // keeps text from being read as a tag
				}
				return "", plainScript(l) && plainScript(n)
			}
			return "", false
		})
	})
}

const zeroWidth = "\u00ad\u180e\u200b\u200c\u200d\u2060\u2061\u2062\u2063\u2064"

// plainScript says whether a character needs no invisible ones beside it.
func plainScript(r rune) bool {
	if r == utf8.RuneError { // the text's end
		return true
	}
	return r < 0x80 || unicode.In(r, unicode.Latin, unicode.Cyrillic, unicode.Greek, unicode.P, unicode.Zs)
}

// ellipses makes three dots the one character … (Netflix, Timed Text Style Guide, Russian, 4).
func ellipses(w *work) int {
	return w.eachProse(func(text string) []edit {
		var edits []edit
		for at := 0; at < len(text); {
			i := strings.Index(text[at:], "...")
			if i < 0 {
				break
			}
			from := at + i
			to := from + len(text[from:]) - len(strings.TrimLeft(text[from:], "."))
			if to-from == 3 && !strings.HasSuffix(text[:from], "…") && !strings.HasPrefix(text[to:], "…") {
				edits = append(edits, edit{from, to, "…"})
			}
			at = to
		}
		return edits
	})
}
