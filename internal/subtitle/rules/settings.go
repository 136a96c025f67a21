package rules

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/text/language"

	"filmpress/internal/subtitle"
)

// Settings are the levels and thresholds in force, and what is known of the track besides its text. The zero value has
// the catalogue's defaults.
type Settings struct {
	Kind      subtitle.Kind // what the track is for: the sound rules and the reading speed go by it
	Children  bool          // the viewers are children, who read more slowly
	FrameRate float64       // frames a second, for thresholds in frames; 0 is not known, and is taken as 24

	// AsRead leaves findings of the reader at the severity that it gave them, where nobody set another: an Error is what
	// would be lost, a Warn what was read tolerantly. Without it the catalogue says, which holds a file to its format.
	AsRead bool

	levels map[string]Level
	values map[string]float64 // by "rule.param", and "rule.param@language" for what a profile says of one language
}

// usualFrameRate is that of films, for thresholds in frames.
const usualFrameRate = 24

func (s Settings) frameRate() float64 {
	if s.FrameRate > 0 {
		return s.FrameRate
	}
	return usualFrameRate
}

// Level is the level in force for a rule; Off for one that is not in the catalogue. Of a rule with milder cases it is
// the level of the others.
func (s Settings) Level(rule string) Level {
	if l, set := s.levels[rule]; set {
		return l
	}
	r, _ := Lookup(rule)
	return r.Level
}

// lesser is the level in force for a rule's milder cases.
func (s Settings) lesser(rule string) Level {
	if l, set := s.levels[rule]; set {
		return l
	}
	if r, _ := Lookup(rule); r.Lesser != Off {
		return r.Lesser
	}
	return s.Level(rule)
}

// SetLevel sets a rule to error, warn, info or off. The error names the nearest rule that there is.
func (s *Settings) SetLevel(rule, word string) error {
	if _, known := Lookup(rule); !known {
		return fmt.Errorf("no rule is called %q; the nearest is %s", rule, nearest(rule, ids()))
	}
	l := slices.Index(levelWords[:], word)
	if l < 0 {
		return fmt.Errorf("a rule is set to error, warn, info or off, not to %q; the nearest is %s", word, nearest(word, levelWords[:]))
	}
	if s.levels == nil {
		s.levels = map[string]Level{}
	}
	s.levels[rule] = Level(l)
	return nil
}

// SetValue sets a threshold, "cue-cps.max" to "20", for every language. The error names the nearest one that there is.
func (s *Settings) SetValue(key, value string) error {
	if !slices.Contains(keys(), key) {
		return fmt.Errorf("no threshold is called %q; the nearest is %s", key, nearest(key, keys()))
	}
	n, err := strconv.ParseFloat(value, 64)
	if err != nil || math.IsNaN(n) || math.IsInf(n, 0) || n < 0 && key != "dialog-hyphen.space" {
		return fmt.Errorf("%s is set to a number of 0 or more, not to %q", key, value)
	}
	if s.values == nil {
		s.values = map[string]float64{}
	}
	maps.DeleteFunc(s.values, func(k string, _ float64) bool { return strings.HasPrefix(k, key+"@") })
	s.values[key] = n
	return nil
}

// Value is the threshold in force of a rule for a language (BCP 47; "" where it is not known). It is 0 for a threshold
// that is not in the catalogue.
func (s Settings) Value(rule, param, lang string) float64 {
	lang = base(lang)
	key := rule + "." + param
	if v, set := s.values[key+"@"+lang]; set {
		return v
	}
	if v, set := s.values[key]; set {
		return v
	}
	r, _ := Lookup(rule)
	for _, p := range r.Params {
		if p.Name == param {
			if v, other := p.ByLanguage[lang]; other {
				return v
			}
			return p.Default
		}
	}
	return 0
}

// base is the base of a language tag, in its shortest form: "en" of "en-GB" and of "eng"; "" of what is no tag.
func base(tag string) string {
	if len(tag) == 2 || tag == "" {
		return strings.ToLower(tag)
	}
	t, err := language.Parse(tag)
	if err != nil || t == language.Und {
		return ""
	}
	b, _ := t.Base()
	return b.String()
}

// keys are the names of all thresholds.
func keys() []string {
	var out []string
	for _, r := range Catalogue() {
		for _, p := range r.Params {
			out = append(out, r.ID+"."+p.Name)
		}
	}
	return out
}

func ids() []string {
	var out []string
	for _, r := range Catalogue() {
		out = append(out, r.ID)
	}
	return out
}

// nearest is the one of the names that takes the fewest changes of a letter, the first of several.
func nearest(name string, names []string) string {
	best, least := "", math.MaxInt
	for _, n := range names {
		if d := distance(strings.ToLower(name), n); d < least {
			best, least = n, d
		}
	}
	return best
}

// distance is how many letters have to be put in, taken out or changed to make b of a (Levenshtein).
func distance(a, b string) int {
	a = a[:min(len(a), 100)] // a name, not a file
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(diagonal+cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
