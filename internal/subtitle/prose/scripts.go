package prose

import (
	"unicode"
	"unicode/utf8"
)

func firstRune(s string) rune { r, _ := utf8.DecodeRuneInString(s); return r }
func lastRune(s string) rune  { r, _ := utf8.DecodeLastRuneInString(s); return r }

// spaceless tells of the scripts that write no spaces between words. The marks are those of Chinese and Japanese.
func spaceless(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar) ||
		'\u3000' <= r && r <= '\u303f' || '\uff01' <= r && r <= '\uff60' || r == 'ー'
}
