package subtitle

import (
	"math"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/language"
)

// certain is the certainty from which a guessed encoding is taken without asking.
const certain = 0.9

// maxSample is how many bytes of lines outside ASCII a guess looks at, besides a few lines for each rarer byte.
const maxSample = 8 << 10

// guess is what the bytes of a text seem to be.
type guess struct {
	codec     codec
	language  string
	certainty float64 // 0 to 1
}

// reading is the sample read with one encoding as one language.
type reading struct {
	guess
	text  string
	score float64 // a log-likelihood, in nats, up to a constant
	fit   float64 // share of the characters outside ASCII that the language writes
	known float64 // share of the words that are in its word list
	usual float64 // share of the letters that are in the commoner half of its own, where that is measured
	words int     // in the lines that hold something outside ASCII
	marks int     // characters outside ASCII
}

// rare are encodings that few subtitle files are in, with how much evidence they need before the others.
var rare = map[string]float64{"macintosh": 1, "x-mac-cyrillic": 1, "iso-8859-5": 1, "iso-8859-15": 1, "iso-8859-7": 1}

// guessCharset finds the likeliest one-byte encoding. It compares how well each encoding's text fits each language:
// letters of its alphabet, capitals where capitals stand, common words. Two encodings that give the same text are no
// doubt; a language that is not in the list gives a low certainty, whatever the encoding.
func guessCharset(sample []byte, lang string) guess {
	var readings []reading
	texts := map[string]string{}
	codecs := map[string]codec{}
	for _, lex := range lexicons() {
		for _, name := range lex.charsets {
			c, ok := codecs[name]
			if !ok {
				c, _ = lookupCodec(name) // the names of the table are known
				codecs[name], texts[name] = c, c.decode(sample)
			}
			r := lex.read(texts[name])
			r.codec, r.text = c, texts[name]
			r.score -= rare[name]
			if lang != "" && baseLanguage(lang) == baseLanguage(lex.tag) {
				r.score += 3
			}
			readings = append(readings, r)
		}
	}
	slices.SortStableFunc(readings, func(a, b reading) int {
		switch {
		case a.score > b.score:
			return -1
		case a.score < b.score:
			return 1
		}
		return 0
	})
	best := readings[0]
	best.certainty = best.confidence(readings[1:])
	return best.guess
}

// confidence weighs the best reading against the first one that gives another text, and caps it where the text
// does not look like the language at all.
func (r reading) confidence(others []reading) float64 {
	c := 1.0
	for _, o := range others {
		if o.text != r.text {
			// Neighbouring letters and words are not independent evidence; a third of the difference is honest.
			c = 1 / (1 + math.Exp(-(r.score-o.score)/3))
			break
		}
	}
	switch {
	case r.words < 4 || r.marks < 3 && (r.words < 40 || r.known < 0.2):
		c = min(c, 0.6)
	case r.fit < 0.95:
		c = min(c, 0.5)
	case r.usual < 0.75 && (r.known < 0.1 || r.known < 0.12 && r.words < 60):
		c = min(c, 0.7)
	}
	return c
}

// read measures a decoded sample as text of the language.
func (l lexicon) read(text string) reading {
	r := reading{guess: guess{language: l.tag}}
	letters, common, foreign := 0, 0, 0
	last := ' '
	for _, x := range text {
		switch {
		case x < 0x80:
		case l.isCommon[x]:
			r.marks, letters, common = r.marks+1, letters+1, common+1
			r.score += 0.2
		case l.isLetter[x]:
			r.marks, letters = r.marks+1, letters+1
			if l.isCommon != nil {
				r.score -= 0.5
			}
		case typographic(x):
			r.marks++
			r.score -= 0.3
		default:
			r.marks++
			foreign++
			r.score -= 5
		}
		if x == unicode.ReplacementChar || x >= 0x80 && unicode.IsControl(x) || strings.ContainsRune("€©®§°•·¡¿", x) && unicode.IsLetter(last) {
			r.score -= 10 // no text has these, or has them there
		}
		last = x
	}
	hits := 0.0
	for w := range strings.FieldsFuncSeq(text, func(x rune) bool { return !unicode.IsLetter(x) }) {
		r.words++
		if odd(w) {
			r.score -= 4
		}
		if !l.isWord[strings.ToLower(w)] {
			continue
		}
		if len([]rune(w)) == 1 { // in a wrong encoding every letter is some other letter
			hits += 0.3
			r.score += 0.5
		} else {
			hits++
			r.score += 2
		}
	}
	if r.marks > 0 {
		r.fit = 1 - float64(foreign)/float64(r.marks)
	}
	if letters > 0 {
		r.usual = float64(common) / float64(letters)
	}
	if r.words > 0 {
		r.known = hits / float64(r.words)
	}
	return r
}

// typographic says whether text of any language may hold the character.
func typographic(x rune) bool {
	return strings.ContainsRune("«»„“”‘’‚‹›–—…°§©®™№€•·¡¿\u00a0\u00ad", x)
}

// odd says whether a capital follows a small letter, as when small letters are decoded as capitals, or one word has
// letters of two scripts.
func odd(w string) bool {
	lower, ascii, other := false, false, false
	for _, x := range w {
		if unicode.IsUpper(x) && lower && x >= 0x80 {
			return true
		}
		lower = unicode.IsLower(x)
		ascii = ascii || x < 0x80
		other = other || unicode.In(x, unicode.Cyrillic, unicode.Greek)
	}
	return ascii && other
}

func baseLanguage(tag string) string {
	t, err := language.Parse(tag)
	if err != nil {
		return tag
	}
	base, _ := t.Base()
	return base.String()
}
