package rules

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// lookAlikes are letters that look the same in Latin and in Cyrillic, in most fonts (Unicode Technical Standard 39,
// confusables).
const (
	latinLike    = "aceopxyijsABEKMHOPCTXIJS"
	cyrillicLike = "асеорхуіјѕАВЕКМНОРСТХІЈЅ"
)

var toCyrillic, toLatin = func() (c, l map[rune]rune) {
	c, l = map[rune]rune{}, map[rune]rune{}
	cyr := []rune(cyrillicLike)
	for i, r := range []rune(latinLike) {
		c[r], l[cyr[i]] = cyr[i], r
	}
	return c, l
}()

// mixedWord is a word in letters of both scripts.
type mixedWord struct{ cue, from, to int }

// maxMixed is how long a word may be, in bytes; longer ones are no words.
const maxMixed = 300

func (j *judge) mixedWord(i, from, to int, raw string) {
	if len(j.chars.mixed) < maxKept && to-from <= maxMixed {
		j.chars.mixed = append(j.chars.mixed, mixedWord{i, from, to})
	}
}

func (j *judge) resolveMixed() {
	for _, m := range j.chars.mixed {
		word := j.t.Cues[m.cue].Raw[m.from:m.to]
		mended, wrong, ok := oneScript(word, j.chars.cyrillic)
		if !ok {
			continue
		}
		f, ok := j.finding("chr-homoglyph", fmt.Sprintf("the word %q has Latin and Cyrillic letters: %s", word, wrong),
			fmt.Sprintf("type it again as %q, in one keyboard layout", mended))
		j.atText(m.cue, m.from, m.to, f, ok)
	}
}

// oneScript writes a word in one script, where all its letters of the other one look like it. A word that really mixes
// the two is none of these: a Latin name with a Cyrillic ending ("iPhoneом"). wrong names the letters that change.
func oneScript(word string, cyrillicTrack bool) (mended, wrong string, ok bool) {
	latins, cyrillics := 0, 0
	canC, canL := true, true
	for _, r := range word {
		if _, like := toCyrillic[r]; r < 0x400 {
			latins++
			canC = canC && like
		} else if _, like := toLatin[r]; true {
			cyrillics++
			canL = canL && like
		}
	}
	if canL && !canC && cyrillicTrack && ending(word) {
		return "", "", false
	}
	var table map[rune]rune
	switch {
	case canC && canL:
		if table = toLatin; cyrillicTrack || cyrillics > latins {
			table = toCyrillic
		}
	case canC:
		table = toCyrillic
	case canL:
		table = toLatin
	default:
		return "", "", false
	}
	var odd []string
	mended = strings.Map(func(r rune) rune {
		if to, other := table[r]; other {
			odd = append(odd, string(r))
			return to
		}
		return r
	}, word)
	script := "Latin"
	if table[rune('а')] != 0 {
		script = "Cyrillic"
	}
	verb := "is"
	if len(odd) > 1 {
		verb = "are"
	}
	return mended, strings.Join(odd, ", ") + " " + verb + " " + script, true
}

// ending says whether a word is a Latin one with a Cyrillic ending of up to three letters, as Russian puts on foreign
// names: "NASAе", "VIPа".
func ending(word string) bool {
	stem := strings.TrimRightFunc(word, func(r rune) bool { return r >= 0x400 })
	tail := word[len(stem):]
	return utf8.RuneCountInString(stem) >= 2 && utf8.RuneCountInString(tail) <= 3 && tail != "" && !strings.ContainsFunc(stem, func(r rune) bool { return r >= 0x400 })
}
