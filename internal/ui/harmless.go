package ui

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Clean makes a text harmless to show in one line: what would steer a terminal (escape sequences, newlines) or
// turn the order of letters (bidirectional controls, as in a file named "film<RLO>4pm.exe") is written out as
// \x1b, \n, \u202e. Bytes that are not UTF-8 are written as \xff.
func Clean(s string) string {
	if !strings.ContainsFunc(s, steers) && utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case !steers(r):
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < 0x80:
			fmt.Fprintf(&b, `\x%02x`, r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
		i += size
	}
	return b.String()
}

// cleanColumns makes several lines harmless and keeps every column where it is, for a line with a caret below.
func cleanColumns(s string) string {
	return strings.Map(func(r rune) rune {
		if r != '\n' && steers(r) {
			return utf8.RuneError
		}
		return r
	}, s)
}

// steers tells of the characters that do something to a terminal in place of showing: control characters
// (Cc), line and paragraph separators (Zl, Zp), and the format characters (Cf), among them all of Unicode's
// bidirectional controls. The joiners of Arabic, Indic scripts and emoji are Cf too, and harmless.
func steers(r rune) bool {
	if r == '\u200c' || r == '\u200d' {
		return false
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp)
}
