package repair

import (
	"strings"
	"unicode"

	"golang.org/x/text/language"
)

// twins are Latin and Cyrillic letters that look the same, those of the rule.
const (
	twinsLatin    = "aceopxyijsABEKMHOPCTXIJS"
	twinsCyrillic = "асеорхуіјѕАВЕКМНОРСТХІЈЅ"
)

var latinOf, cyrillicOf = twins()

func twins() (latin, cyrillic map[rune]rune) {
	latin, cyrillic = map[rune]rune{}, map[rune]rune{}
	c := []rune(twinsCyrillic)
	for i, l := range []rune(twinsLatin) {
		latin[c[i]], cyrillic[l] = l, c[i]
	}
	return latin, cyrillic
}

// homoglyphs puts words into one script where a few letters are of another that look the same: screen readers
// stumble over them, and no search finds them. A word of which it is not plain which script it is in stays.
func homoglyphs(w *work) int {
	s := w.scripts()
	return w.eachProse(func(text string) []edit {
		var edits []edit
		from := -1
		for i, r := range text + " " {
			switch {
			case unicode.In(r, unicode.L, unicode.M):
				if from < 0 {
					from = i
				}
			case from >= 0:
				edits = append(edits, s.word(text[from:i], from)...)
				from = -1
			}
		}
		return edits
	})
}

// scripts is what the track is written in.
type scripts struct {
	latin, cyrillic int    // letters
	own             string // Cyrillic letters that the language writes of those which Russian does not
}

func (w *work) scripts() scripts {
	var s scripts
	base, _ := language.Make(w.opt.Read.Language).Base()
	s.own = ownLetters[base.String()]
	for i := range w.track.Cues {
		for _, r := range w.track.Cues[i].Plain() {
			switch {
			case r < 0x80:
				if r|0x20 >= 'a' && r|0x20 <= 'z' {
					s.latin++
				}
			case unicode.Is(unicode.Cyrillic, r):
				s.cyrillic++
			}
		}
	}
	return s
}

// word gives the edits that put a word, which begins at a byte of the prose, into one script.
func (s scripts) word(word string, at int) []edit {
	var latin, cyrillic, ownLatin, ownCyrillic bool // own letters look like none of the other script
	for _, r := range word {
		switch {
		case unicode.Is(unicode.Latin, r):
			latin = true
			ownLatin = ownLatin || cyrillicOf[r] == 0
		case unicode.Is(unicode.Cyrillic, r):
			cyrillic = true
			ownCyrillic = ownCyrillic || latinOf[r] == 0
		}
	}
	if !latin || !cyrillic || ownLatin && ownCyrillic {
		return nil
	}
	toCyrillic := ownCyrillic || !ownLatin && s.cyrillic > s.latin
	if toCyrillic && (!s.writes(word) || numeral(word)) || !toCyrillic && suffixed(word) && s.cyrillic > s.latin {
		return nil
	}
	to := latinOf
	if toCyrillic {
		to = cyrillicOf
	}
	return eachRuneAt(word, at, to)
}

func eachRuneAt(word string, at int, to map[rune]rune) []edit {
	var edits []edit
	for i, r := range word {
		if with := to[r]; with != 0 {
			edits = append(edits, edit{at + i, at + i + len(string(r)), string(with)})
		}
	}
	return edits
}

// ownLetters are the twins і, ј and ѕ where a language writes them. Elsewhere a Latin i is a slip of another kind.
var ownLetters = map[string]string{"uk": "іІ", "be": "іІ", "kk": "іІ", "sr": "јЈ", "mk": "јЈѕЅ"}

// writes says whether the track's language has the Cyrillic letters that a word would get.
func (s scripts) writes(word string) bool {
	for _, r := range word {
		if to := cyrillicOf[r]; strings.ContainsRune("іІјЈѕЅ", to) && to != 0 && !strings.ContainsRune(s.own, to) {
			return false
		}
	}
	return true
}

// numeral says whether a word begins with a Roman numeral, as Russian writes centuries: ХХв with two Latin letters.
func numeral(word string) bool {
	rest := strings.TrimLeft(word, "IVXLCDM")
	return len(word)-len(rest) >= 2 && rest == strings.ToLower(rest)
}

// suffixed says whether a Latin word ends in Cyrillic letters, as a name with a Russian ending does.
func suffixed(word string) bool {
	seen := false
	for _, r := range word {
		switch {
		case unicode.Is(unicode.Cyrillic, r):
			seen = true
		case seen:
			return false
		}
	}
	return seen
}
