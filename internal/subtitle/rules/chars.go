package rules

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// charPass is what the rules on characters keep from cue to cue.
type charPass struct {
	cyrillic   bool // the track is written in Cyrillic
	ellipses   int  // cues with three full stops
	ellipsisAt [3]int
	mixed      []mixedWord
	garbled    []garbledWord
}

// maxKept is how many words are kept for later.
const maxKept = 2 * maxPerRule

// characters judges the letters of a cue, in the payload as it is written. Tags and entities are of ASCII, so they
// hide nothing.
func (j *judge) characters(i int, raw string) {
	high := false
	for k := 0; k < len(raw); k++ {
		switch c := raw[k]; {
		case c >= utf8.RuneSelf:
			high = true
		case c == '.' && k+2 < len(raw) && raw[k+1] == '.' && raw[k+2] == '.':
			to := k + 3
			for to < len(raw) && raw[to] == '.' {
				to++
			}
			if j.chars.ellipses++; j.chars.ellipses == 1 {
				j.chars.ellipsisAt = [3]int{i, k, to}
			}
			k = to - 1
		case c < ' ' && c != '\n' && c != '\t' || c == 0x7F:
			j.control(i, k, rune(c))
		}
	}
	if high {
		j.highCharacters(i, raw)
	}
}

func (j *judge) control(i, at int, r rune) {
	if !j.listed("chr-control") {
		return
	}
	f, ok := j.finding("chr-control", fmt.Sprintf("here stands the control character U+%04X, which no player shows", r), "take it out")
	j.atText(i, at, at+utf8.RuneLen(r), f, ok)
}

// scripts of the letters of a word, as bits.
const (
	latin = 1 << iota
	cyrillic
)

// highCharacters looks at each character of a payload that has some outside ASCII.
func (j *judge) highCharacters(i int, raw string) {
	var last rune
	from, word := 0, 0 // where a word of letters begins, and the scripts in it
	bidi, garbled, accented := false, false, 0
	for at := 0; at < len(raw); {
		r, n := rune(raw[at]), 1
		if r >= utf8.RuneSelf {
			r, n = utf8.DecodeRuneInString(raw[at:])
		}
		script := 0
		switch {
		case 'a' <= r|0x20 && r|0x20 <= 'z':
			script = latin
		case r < utf8.RuneSelf:
		case r < 0x250: // Latin and its marks
			if r < 0xA0 {
				j.control(i, at, r)
			}
			if r >= 0xC0 && r != 0xD7 && r != 0xF7 {
				script = latin
				accented++
			}
			if r == 0xAD {
				j.zeroWidth(i, at, r, last, raw[at+n:])
			}
			garbled = garbled || continues1252(last, r)
		case 0x400 <= r && r < 0x530:
			script = cyrillic
			garbled = garbled || continues1251(last, r)
		case r == utf8.RuneError:
			j.replacement(i, at, n)
		default:
			garbled = garbled || continues1252(last, r) || continues1251(last, r)
			bidi = bidi || isBidi(r)
			if invisible(r) {
				j.zeroWidth(i, at, r, last, raw[at+n:])
			} else if unicode.Is(unicode.Latin, r) {
				script = latin
			}
		}
		if script == 0 {
			if word == latin|cyrillic {
				j.mixedWord(i, from, at, raw)
			}
			word = 0
		} else {
			if word == 0 {
				from = at
			}
			word |= script
		}
		last = r
		at += n
	}
	if word == latin|cyrillic {
		j.mixedWord(i, from, len(raw), raw)
	}
	if bidi {
		j.bidi(i, raw)
	}
	if garbled || accented >= minAccented {
		j.mojibake(i, raw, garbled)
	}
}

func (j *judge) replacement(i, at, n int) {
	if n == 1 { // broken bytes: the reader has replaced them, so that there are none
		return
	}
	f, ok := j.finding("chr-replacement", "a letter was lost here: this is the character that stands for what could not be read (U+FFFD)",
		"type the letter again, or go back to the file from before the damage")
	if !ok {
		return
	}
	if len(j.broken) == 0 || !j.broken[j.t.AtText(i, at, at+n, f).Pos.Line] {
		j.atText(i, at, at+n, f, ok)
	}
}

// invisible says whether a character shows nothing, marks of direction excepted: those have their own rule, and two of
// them, U+200E and U+200F, are right wherever text of both directions meets.
func invisible(r rune) bool {
	switch r {
	case 0xAD, 0x180E, 0x200B, 0x200C, 0x200D, 0x2060, 0x2061, 0x2062, 0x2063, 0x2064, 0xFEFF:
		return true
	}
	return false
}

// zeroWidth judges an invisible character between last and rest.
func (j *judge) zeroWidth(i, at int, r, last rune, rest string) {
	next, _ := utf8.DecodeRuneInString(rest)
	if r == 0xFEFF {
		f, ok := j.finding("enc-bom", "a byte order mark stands inside the text", "take it out; mostly two files were put together here")
		j.atText(i, at, at+3, f, ok)
		return
	}
	if zeroWidthRight(r, last, next) || !j.listed("chr-zero-width") {
		return
	}
	f, ok := j.finding("chr-zero-width", fmt.Sprintf("an invisible character stands here (U+%04X, %s)", r, zeroWidthNames[r]), "take it out")
	j.atText(i, at, at+utf8.RuneLen(r), f, ok)
}

var zeroWidthNames = map[rune]string{0xAD: "soft hyphen", 0x180E: "Mongolian vowel separator", 0x200B: "zero width space", 0x200C: "zero width non-joiner",
	0x200D: "zero width joiner", 0x2060: "word joiner", 0x2061: "function application", 0x2062: "invisible times", 0x2063: "invisible separator", 0x2064: "invisible plus"}

// zeroWidthRight says whether an invisible character has a task between its neighbours.
func zeroWidthRight(r, last, next rune) bool {
	switch r {
	case 0x200C: // between letters of scripts that join them; German printers have it, too, but no keyboard
		return joining(last) || joining(next)
	case 0x200D: // the same, and pictures made of several
		return joining(last) || joining(next) || last >= 0x2190 || last == 0xFE0F
	case 0x180E:
		return unicode.Is(unicode.Mongolian, last) || unicode.Is(unicode.Mongolian, next)
	case 0x200B: // where words are written without spaces, a line may be broken there
		return breaking(last) || breaking(next)
	case 0x2060: // keeps a tag or an entity from being read, where text looks like one
		return !unicode.IsLetter(last) || !unicode.IsLetter(next)
	}
	return false
}

// joining says whether a character is of a script whose letters join: Arabic, Indic and their relatives.
func joining(r rune) bool {
	return 0x600 <= r && r < 0x860 || 0x8A0 <= r && r < 0xE00 || 0xE80 <= r && r < 0x10A0 || 0x1780 <= r && r < 0x18B0 || 0xFB50 <= r && r < 0xFE00 || 0xFE70 <= r && r < 0xFEFF ||
		0xA8E0 <= r && r < 0xAC00 || 0x10A00 <= r && r < 0x12000
}

// breaking says whether a character is of a script that puts no spaces between words.
func breaking(r rune) bool {
	return 0xE00 <= r && r < 0x10A0 || 0x1780 <= r && r < 0x1800 || 0x1950 <= r && r < 0x1AB0 || 0x2E80 <= r && r < 0xA4D0 || 0xAC00 <= r && r < 0xD7B0
}

func isBidi(r rune) bool { return 0x202A <= r && r <= 0x202E || 0x2066 <= r && r <= 0x2069 }

// bidi finds marks of direction that nothing closes on their line, which ends them all (UAX 9, P1).
func (j *judge) bidi(i int, raw string) {
	for from := 0; from <= len(raw); {
		to := strings.IndexByte(raw[from:], '\n') + from
		if to < from {
			to = len(raw)
		}
		j.bidiLine(i, from, raw[from:to])
		from = to + 1
	}
}

func (j *judge) bidiLine(i, from int, line string) {
	type mark struct {
		r  rune
		at int
	}
	var open []mark
	const hint = "close the mark (U+202C, or U+2069 after an isolate), or take it out"
	for at, r := range line {
		isolate := r == 0x2069
		switch {
		case !isBidi(r):
		case r != 0x202C && r != 0x2069:
			open = append(open, mark{r, at})
		case len(open) > 0 && (open[len(open)-1].r >= 0x2066) == isolate:
			open = open[:len(open)-1]
		default:
			f, ok := j.finding("chr-bidi", fmt.Sprintf("this mark of direction (U+%04X) closes nothing on its line", r), "take it out")
			j.atText(i, from+at, from+at+3, f, ok)
		}
	}
	start := len(line) - len(strings.TrimLeft(line, "-–— \u200e\u200f"))
	if strings.HasPrefix(line[start:], "<") {
		start += strings.IndexByte(line[start:], '>') + 1
	}
	for _, m := range open {
		level := j.finding
		if m.at <= start {
			level = j.milder // it holds the whole line, which ends it: editors write it so
		}
		if !j.listed("chr-bidi") {
			continue
		}
		f, ok := level("chr-bidi", fmt.Sprintf("this mark of direction (U+%04X) is not closed on its line", m.r), hint)
		j.atText(i, from+m.at, from+m.at+3, f, ok)
	}
}

// resolveChars finds what can be judged only when the whole track was seen.
func (j *judge) resolveChars() {
	if n := j.chars.ellipses; n > 0 {
		text := "three full stops stand for an ellipsis"
		if n > 1 {
			text += fmt.Sprintf(", here and at %d more places", n-1)
		}
		f, ok := j.finding("chr-ellipsis", text, "write … (U+2026)")
		at := j.chars.ellipsisAt
		j.atText(at[0], at[1], at[2], f, ok)
	}
	j.resolveMixed()
	j.resolveGarbled()
}
