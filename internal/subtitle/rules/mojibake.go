package rules

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// A file in UTF-8 that was read in an encoding of one byte a character, and saved so, has two signs or three for each
// letter. The bytes of UTF-8 follow a pattern that other text hardly ever has: a first byte (0xC2 to 0xF4), then bytes
// of 0x80 to 0xBF. So the signs are turned back into bytes and read again.

// high are the bytes of the characters of an encoding that are outside ASCII.
type high map[rune]byte

func newHigh(m *charmap.Charmap) high {
	h := high{}
	for b := 0x80; b < 0x100; b++ {
		if r := m.DecodeByte(byte(b)); r != utf8.RuneError {
			h[r] = byte(b)
		} else {
			h[rune(b)] = byte(b) // programs let a byte without a meaning pass
		}
	}
	return h
}

var cp1252, cp1251 = newHigh(charmap.Windows1252), newHigh(charmap.Windows1251)

// continues1252 says whether a character may be a further byte of UTF-8, read as cp1252, behind a first one.
func continues1252(last, r rune) bool {
	if last < 0xC2 || last > 0xF4 {
		return false
	}
	b := cp1252[r]
	return 0x80 <= b && b < 0xC0
}

// continues1251 is the same for cp1251: behind Р and С, the first bytes of Russian, and в, that of quotes and dashes.
func continues1251(last, r rune) bool {
	switch last {
	case 'Р', 'С', 'Т':
		b := cp1251[r]
		return 0x80 <= b && b < 0xC0
	case 'в':
		return r == 'Ђ'
	}
	return false
}

// garbledWord is a part of a payload that seems to be in a wrong encoding.
type garbledWord struct {
	cue, from, to int
	mended        string
	proof         proof
}

// proof is what speaks for a word's being garbled.
type proof int8

const (
	doubtful proof = iota // other text may have such signs, though hardly ever
	accented              // letters that no language has in such a row, but that may be a name
	sure                  // no other text has them
)

// enoughGarble is how many words make the less certain ones of a track certain.
const enoughGarble = 3

// maxGarbled is how long a word may be, in bytes; longer ones are no words.
const maxGarbled = 300

// minAccented is how many letters of Latin with marks a word has at least whose letters are Cyrillic in truth.
const minAccented = 4

// mojibake looks at each word of a payload.
func (j *judge) mojibake(i int, raw string, pairs bool) {
	from := -1
	for at := 0; at <= len(raw); at++ {
		if at < len(raw) && raw[at] > ' ' && raw[at] != '<' && raw[at] != '>' {
			if from < 0 {
				from = at
			}
			continue
		}
		if from >= 0 {
			j.garbledWord(i, from, at, raw[from:at], pairs)
			from = -1
		}
	}
}

func (j *judge) garbledWord(i, from, to int, word string, pairs bool) {
	if len(word) > maxGarbled {
		return
	}
	w := garbledWord{cue: i, from: from, to: to}
	ok := false
	if pairs {
		for _, h := range []high{cp1252, cp1251} {
			if w.mended, w.proof, ok = ungarble(word, h); ok {
				break
			}
		}
	}
	if !ok {
		if w.mended, ok = cyrillicAsLatin(word); !ok {
			return
		}
		w.proof = accented
	}
	if len(j.chars.garbled) < maxKept {
		j.chars.garbled = append(j.chars.garbled, w)
	}
}

func (j *judge) resolveGarbled() {
	var count [sure + 1]int
	for _, w := range j.chars.garbled {
		count[w.proof]++
	}
	for _, w := range j.chars.garbled {
		switch {
		case w.proof == sure:
		case w.proof == accented && count[accented] >= enoughGarble && count[accented]*4 >= len(j.t.Cues):
		case w.proof == doubtful && count[sure] >= enoughGarble:
		default:
			continue
		}
		f, ok := j.finding("chr-mojibake", fmt.Sprintf("%q is text that was read in a wrong encoding; it was %q", j.t.Cues[w.cue].Raw[w.from:w.to], w.mended),
			"go back to the file from before the damage, or type it again")
		j.atText(w.cue, w.from, w.to, f, ok)
	}
}

// ungarble reads a word's signs as the bytes of UTF-8. ok is false where they are none.
func ungarble(word string, h high) (mended string, p proof, ok bool) {
	raw := make([]byte, 0, len(word))
	for _, r := range word {
		b, in := h[r]
		switch {
		case r < utf8.RuneSelf:
			raw = append(raw, byte(r))
		case !in:
			return "", doubtful, false
		default:
			raw = append(raw, b)
		}
	}
	if !utf8.Valid(raw) || len(raw) == len(word) && utf8.RuneCount(raw) == len(word) {
		return "", doubtful, false
	}
	letters := 0
	for at, r := range string(raw) {
		if r < utf8.RuneSelf {
			continue
		}
		n := utf8.RuneLen(r)
		switch {
		case strings.ContainsRune("‘’‚“”„†•…‹›–—€™\ufeff♪", r):
			p = sure // three signs that never meet
		case 0xA0 <= r && r < 0xC0:
			p = sure // Â and a mark
		case 0xC0 <= r && r < 0x250 || 0x370 <= r && r < 0x600:
			letters++
			if letters >= 2 && !unicode.Is(unicode.Latin, r) || r < 0x100 && !mayMeet(raw[at+n-1]) {
				p = sure
			}
		default:
			return "", doubtful, false // signs that make no text
		}
	}
	return string(raw), p, true
}

// mayMeet says whether a byte is, in cp1252, a mark that may follow any capital: "MAÇÃ…", "IRMÃ”".
func mayMeet(b byte) bool {
	return b == 0x85 || 0x91 <= b && b <= 0x97 || b == 0xBB || b == 0xAB || b == 0xA0 || b == 0x80
}

// cyrillicAsLatin reads a word of accented letters only as Cyrillic in an encoding of one byte, read as cp1252:
// "Ïðèâåò" is "Привет". No language writes such words.
func cyrillicAsLatin(word string) (string, bool) {
	word = strings.Trim(word, ".,!?-:;\"'()")
	n := 0
	raw := make([]byte, 0, len(word))
	for _, r := range word {
		b, in := cp1252[r]
		if !in || b < 0xC0 && b != 0xB8 && b != 0xA8 {
			return "", false
		}
		raw = append(raw, b)
		n++
	}
	if n < minAccented {
		return "", false
	}
	best, most := "", -1
	for _, m := range []*charmap.Charmap{charmap.Windows1251, charmap.KOI8R} {
		var text strings.Builder
		small := 0
		for i, b := range raw {
			r := m.DecodeByte(b)
			text.WriteRune(r)
			if i > 0 && unicode.IsLower(r) {
				small++
			}
		}
		if small > most {
			best, most = text.String(), small
		}
	}
	return best, true
}

// Ungarble reads a word's signs as the bytes of UTF-8, in either encoding, for whoever mends it. ok is false where they
// are none; certain says that no other text has such signs, in any language.
func Ungarble(word string) (mended string, certain, ok bool) {
	for _, h := range []high{cp1252, cp1251} {
		if mended, p, ok := ungarble(word, h); ok {
			return mended, p == sure, true
		}
	}
	return "", false, false
}
