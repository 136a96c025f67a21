package subtitle

import (
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/language"
)

// Spoken is what language the text of a track seems to be in: the script of its letters, and how well languages whose
// words are known fit it.
type Spoken struct {
	Letters     int     // that were looked at
	Script      string  // ISO 15924, of most letters: "Latn", "Cyrl", "Jpan"; "" where there is none
	ScriptShare float64 // of the letters, 0 to 1
	Words       int     // in that script
	Languages   []Fit   // the best first; only of that script

	arabic string // which of the languages in Arabic letters: "ar", "fa" or "ur"
}

// Fit is how well a text fits a language.
type Fit struct {
	Language string  // the base of a BCP 47 tag: "ru"
	Known    float64 // share of the words that are in the language's list of common words
	Foreign  float64 // share of the letters that the language does not write
}

// Score weighs common words against letters that do not belong: one letter of a hundred is as much as ten words.
func (f Fit) Score() float64 { return f.Known - 10*f.Foreign }

// spokenOnly are tongues that are told by their words, but whose files in legacy encodings are not: see tongues for
// those.
var spokenOnly = []tongue{
	{"ky", nil, "аоыиеукнтрлдйбсгпжмшчөүңзяюэхвфцщъьё", `жана бул да деп эмес бир менен үчүн бар жок мен сен ал биз силер алар эмне кайда качан ким ошол эле дагы керек
		болгон болду бала эч көп аны анын мага сага ага бизге бизди менин сенин биздин кийин азыр мурун бүт ар сиз сизге эмнеге кандай ушул
		жер үй эл жыл күн болсо болот экен го деген`},
	{"kk", nil, "аеыіоуқнтрлдйбсгғпжмшөүұңзәһияюэхвфцщъьёч", `және бұл да деп емес бір мен сен ол біз сіз олар не қайда қашан кім сол ғана тағы керек болды болған бала
		бар жоқ үшін көп оны оның маған саған оған бізге бізді менің сенің біздің кейін қазір бұрын бәрі әр неге қандай осы жер үй ел жыл күн
		болса екен ғой деген`},
	{"nb", nil, "æøåéò", `og det er en et som på i av for med den til ikke jeg du han hun vi de har hadde var om så men hva hvordan når der her kan skal
		vil min din meg deg seg oss fra nå bare eller da alle mye være ble blir noe noen etter også`},
	{"sl", nil, "čšž", `in je na se da so v z s za ne pa ki kot tudi po od do iz pri še že bi bil bila bilo sem si smo ste ni nisem to ta te ti jaz on ona
		mi vi oni kaj kako kje kdo kdaj zakaj ker ko če ali samo zdaj tukaj tam zelo vse nič lahko moram moj tvoj njegov`},
	{"id", nil, "", `yang dan di itu ini tidak dengan untuk dari ke pada adalah saya aku kamu dia kita kami mereka ada sudah akan bisa juga tapi atau jika
		karena apa siapa mana kapan bagaimana seperti lebih sangat hanya lagi semua orang hari tahun rumah bukan jangan`},
	{"ca", nil, "àçèéíïòóúü", `el la els les de del un una i que en no és per amb al als es em et li ho jo tu ell ella nosaltres vosaltres ells aquest aquesta això
		molt més però com quan on què qui si també tot res ser estar ha he hem han va vaig anar fer sense`},
}

// spokenTables are the tongues as bits, so that a word is looked up once for all of them.
type spokenTables struct {
	tags    []string
	script  []string
	words   map[string]uint64
	letters map[rune]uint64 // outside ASCII
}

var spokenLists = sync.OnceValue(func() spokenTables {
	t := spokenTables{words: map[string]uint64{}, letters: map[rune]uint64{}}
	for i, l := range slices.Concat(tongues, spokenOnly) {
		bit := uint64(1) << i
		t.tags = append(t.tags, l.tag)
		script := "Latn"
		if first, _ := utf8.DecodeRuneInString(l.letters); unicode.Is(unicode.Cyrillic, first) {
			script = "Cyrl"
		} else if unicode.Is(unicode.Greek, first) {
			script = "Grek"
		}
		t.script = append(t.script, script)
		for w := range strings.FieldsSeq(l.words) {
			t.words[w] |= bit
		}
		for _, r := range l.letters {
			t.letters[r] |= bit
		}
	}
	return t
})

type script struct {
	name  string // ISO 15924
	table *unicode.RangeTable
}

// scripts are those that letters are counted in. Japanese and Korean mix scripts, so they are put together below.
var scripts = []script{
	{"Latn", unicode.Latin}, {"Cyrl", unicode.Cyrillic}, {"Grek", unicode.Greek}, {"Arab", unicode.Arabic}, {"Hebr", unicode.Hebrew},
	{"Hani", unicode.Han}, {"Kana", unicode.Katakana}, {"Hira", unicode.Hiragana}, {"Hang", unicode.Hangul}, {"Thai", unicode.Thai},
	{"Deva", unicode.Devanagari}, {"Beng", unicode.Bengali}, {"Taml", unicode.Tamil}, {"Telu", unicode.Telugu}, {"Geor", unicode.Georgian},
	{"Armn", unicode.Armenian}, {"Ethi", unicode.Ethiopic}, {"Khmr", unicode.Khmer}, {"Mymr", unicode.Myanmar}, {"Sinh", unicode.Sinhala},
	{"Gujr", unicode.Gujarati}, {"Guru", unicode.Gurmukhi}, {"Knda", unicode.Kannada}, {"Mlym", unicode.Malayalam}, {"Laoo", unicode.Lao},
	{"Tibt", unicode.Tibetan}, {"Mong", unicode.Mongolian},
}

// maxSpoken is how many cues are looked at; they are taken evenly from the whole track.
const maxSpoken = 300

// Spoken finds out what language the track's text seems to be in.
func (t *Track) Spoken() Spoken {
	c := spokenCount{lists: spokenLists(), byScript: make([]int, len(scripts))}
	step := (len(t.Cues) + maxSpoken - 1) / maxSpoken
	var buf []byte
	for i := 0; i < len(t.Cues); i += max(step, 1) {
		buf = t.Cues[i].AppendPlain(buf[:0])
		c.text(buf)
	}
	return c.result()
}

// spokenCount counts what tells languages apart.
type spokenCount struct {
	lists    spokenTables
	byScript []int
	last     int // the script that the letter before had: nearly always that of the next, too
	letters  int
	words    int // between what is no letter
	hits     [64]int
	rare     map[rune]int // letters outside ASCII
	low      []byte
}

func (c *spokenCount) text(b []byte) {
	c.low = c.low[:0]
	for len(b) > 0 {
		r, n := rune(b[0]), 1
		if r >= utf8.RuneSelf {
			r, n = utf8.DecodeRune(b)
		}
		b = b[n:]
		switch {
		case 'A' <= r && r <= 'Z':
			r += 'a' - 'A'
		case 'a' <= r && r <= 'z':
		case r >= utf8.RuneSelf && unicode.IsLetter(r):
			r = unicode.ToLower(r)
		case r >= utf8.RuneSelf && unicode.IsMark(r):
			continue
		default:
			c.word()
			continue
		}
		c.letter(r)
		c.low = utf8.AppendRune(c.low, r)
	}
	c.word()
}

func (c *spokenCount) letter(r rune) {
	c.letters++
	if r < utf8.RuneSelf {
		c.byScript[0]++
		return
	}
	if c.rare == nil {
		c.rare = map[rune]int{}
	}
	c.rare[r]++
	if !unicode.Is(scripts[c.last].table, r) {
		i := slices.IndexFunc(scripts, func(s script) bool { return unicode.Is(s.table, r) })
		if i < 0 {
			return
		}
		c.last = i
	}
	c.byScript[c.last]++
}

// word ends a word.
func (c *spokenCount) word() {
	if len(c.low) == 0 {
		return
	}
	c.words++
	for i, bits := 0, c.lists.words[string(c.low)]; bits != 0; i, bits = i+1, bits>>1 {
		c.hits[i] += int(bits & 1)
	}
	c.low = c.low[:0]
}

func (c *spokenCount) result() Spoken {
	s := Spoken{Letters: c.letters, Words: c.words}
	if c.letters == 0 {
		return s
	}
	by := map[string]int{}
	for i, n := range c.byScript {
		by[scripts[i].name] += n
	}
	// Japanese is written in three scripts at once, Korean and Chinese may hold the signs of the others.
	if kana := by["Kana"] + by["Hira"]; kana > 0 && kana*8 >= by["Hani"] {
		by["Jpan"] = kana + by["Hani"]
	}
	if hang := by["Hang"]; hang > by["Hani"] {
		by["Kore"] = hang + by["Hani"]
	}
	best := 0
	for _, name := range append([]string{"Jpan", "Kore"}, scriptNames()...) {
		if by[name] > best {
			s.Script, best = name, by[name]
		}
	}
	s.ScriptShare = float64(best) / float64(c.letters)
	switch persian, urdu := c.rare['پ']+c.rare['چ']+c.rare['ژ']+c.rare['گ']+c.rare['ک'], c.rare['ٹ']+c.rare['ڈ']+c.rare['ے']+c.rare['ں']; {
	case urdu*50 > c.letters:
		s.arabic = "ur"
	case persian*50 > c.letters:
		s.arabic = "fa"
	default:
		s.arabic = "ar"
	}
	for i, tag := range c.lists.tags {
		if c.lists.script[i] != s.Script {
			continue
		}
		foreign := 0
		for r, n := range c.rare {
			if c.lists.letters[r]&(1<<i) == 0 {
				foreign += n
			}
		}
		s.Languages = append(s.Languages, Fit{tag, float64(c.hits[i]) / float64(max(c.words, 1)), float64(foreign) / float64(c.letters)})
	}
	slices.SortStableFunc(s.Languages, func(a, b Fit) int {
		switch d := b.Score() - a.Score(); {
		case d > 0:
			return 1
		case d < 0:
			return -1
		}
		return 0
	})
	return s
}

func scriptNames() []string {
	var out []string
	for _, s := range scripts {
		out = append(out, s.name)
	}
	return out
}

// sameList are languages that are judged by the list of another.
var sameList = map[string]string{"no": "nb", "nn": "nb", "bs": "hr", "sh": "hr"}

// Fit is how well the text fits a language; ok is false where its words are not known, or it is written in another
// script.
func (s Spoken) Fit(tag string) (f Fit, ok bool) {
	b := baseLanguage(tag)
	if other := sameList[b]; other != "" {
		b = other
	}
	if b == "sr" && s.Script == "Latn" {
		b = "hr"
	}
	for _, f := range s.Languages {
		if f.Language == b {
			return f, true
		}
	}
	return Fit{}, false
}

// soleLanguage is the language that a script is nearly always of, where that decides how text is measured.
var soleLanguage = map[string]string{"Jpan": "ja", "Kore": "ko", "Hani": "zh", "Thai": "th", "Deva": "hi", "Grek": "el", "Hebr": "he"}

// Likely is the language that the text seems to be in, "" where that is not clear.
func (s Spoken) Likely() string {
	if s.ScriptShare < 0.6 {
		return ""
	}
	if sole := soleLanguage[s.Script]; sole != "" {
		return sole
	}
	if s.Script == "Arab" {
		return s.arabic
	}
	if len(s.Languages) > 0 && s.Languages[0].Known >= 0.2 && s.Words >= 5 {
		return s.Languages[0].Language
	}
	return ""
}

// WrittenIn says whether a language is usually written in the script; true where that is not known.
func WrittenIn(tag, script string) bool {
	t, err := language.Parse(tag)
	if err != nil {
		return true
	}
	b, _ := t.Base()
	own, sure := t.Script()
	if own.String() == script || sure == language.No {
		return true
	}
	for _, other := range strings.Fields(otherScripts[b.String()] + " " + parts[own.String()]) {
		if other == script {
			return true
		}
	}
	return false
}

// parts are scripts that are written for another where a text is short.
var parts = map[string]string{"Jpan": "Hani Kana Hira", "Kore": "Hang", "Hans": "Hani", "Hant": "Hani"}

// otherScripts are languages that are written in more than the likeliest script.
var otherScripts = map[string]string{"sr": "Latn Cyrl", "bs": "Latn Cyrl", "uz": "Latn Cyrl Arab", "az": "Latn Cyrl Arab", "kk": "Cyrl Latn Arab", "tk": "Latn Cyrl",
	"ky": "Cyrl Arab Latn", "tg": "Cyrl Latn Arab", "tt": "Cyrl Latn", "mn": "Cyrl Mong", "ku": "Latn Arab Cyrl", "pa": "Guru Arab", "ug": "Arab Cyrl Latn", "ha": "Latn Arab",
	"sd": "Arab Deva", "ks": "Arab Deva", "ms": "Latn Arab", "yi": "Hebr Latn", "ro": "Latn Cyrl", "mo": "Latn Cyrl", "be": "Cyrl Latn", "crh": "Latn Cyrl", "jv": "Latn Java",
	"zh": "Hani", "kmr": "Latn Cyrl", "bho": "Deva", "vi": "Latn Hani"}
