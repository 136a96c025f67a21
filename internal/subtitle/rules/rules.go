// Package rules is the catalogue of what can be wrong with a subtitle track, and the judge that applies it: structure,
// characters, readability, the film, another track. It does no I/O.
//
// What only the reader of a file can see, package subtitle finds while it reads; those findings have rules here, too, so
// that each can be explained, and set to another level.
package rules

import (
	"time"
)

// Level is how much a rule's findings weigh; Off leaves them out.
type Level int8

const (
	Off Level = iota
	Info
	Warn
	Error
)

// String is the word that SetLevel takes.
func (l Level) String() string { return levelWords[l] }

var levelWords = [...]string{"off", "info", "warn", "error"}

// Rule is one entry of the catalogue.
type Rule struct {
	ID    string // stable, in lower case with hyphens: "cue-overlap"
	Group string // "Structure", "Encoding and characters", "Readability"
	Level Level  // where nobody says otherwise

	// Lesser is the level of the milder cases, where a rule has two: text that is lost is an error, text that was read
	// tolerantly a warning. It is Off where all cases weigh the same. The reader, or the check, decides which case it
	// is. A level that a user or a profile sets replaces both: who says off, or error, means the whole rule.
	Lesser Level
	When   string // which cases are the milder ones: "where the times could be read all the same"

	Title   string // one sentence, no full stop
	Why     string // what a viewer would meet
	Source  string // specification and section, or guideline; "our own" where there is none
	Bad     string // a short file, or a part of one, that breaks the rule
	Good    string // the same, mended
	Mend    string
	Fixable bool // `filmpress subs fix` mends it
	Params  []Param
}

// Param is a threshold of a rule: "max" of "cue-cps".
type Param struct {
	Name    string
	Default float64
	Unit    string // "characters a second", "ms", "frames"

	// ByLanguage has the languages, by their base ("zh"), whose threshold is another one.
	ByLanguage map[string]float64
	Meaning    string // where the name and the unit do not say it
}

// Film is what the rules need to know of a film.
type Film struct {
	Duration  time.Duration
	FrameRate float64         // frames a second
	Speech    []Span          // where somebody speaks, in order; nil where that was not looked at
	Cuts      []time.Duration // shot changes, in order; nil where they were not looked at
}

// Span is a stretch of time.
type Span struct{ Start, End time.Duration }
