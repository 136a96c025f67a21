// Package rules is the catalogue of what can be wrong with a subtitle track, and the judge that applies it: structure,
// characters, readability, the film, another track. It does no I/O.
//
// What only the reader of a file can see, package subtitle finds while it reads; those findings have rules here, too, so
// that each can be explained, and set to another level.
package rules

import (
	"time"

	"filmpress/internal/report"
	"filmpress/internal/subtitle"
)

// Level is how much a rule's findings weigh; Off leaves them out.
type Level int8

const (
	Off Level = iota
	Info
	Warn
	Error
)

// Rule is one entry of the catalogue.
type Rule struct {
	ID      string // stable, in lower case with hyphens: "cue-overlap"
	Group   string // "Structure", "Encoding and characters", "Readability"
	Level   Level  // where nobody says otherwise
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

// Settings are the levels and thresholds in force. The zero value has the catalogue's defaults.
type Settings struct {
	levels map[string]Level
	values map[string]float64 // by "rule.param"
}

// Check judges a track by the rules that need nothing but itself. read is what subtitle.Read found; those findings come
// out at the levels in force, sorted together with the rules' own.
func Check(t *subtitle.Track, read []report.Finding, s Settings) []report.Finding { panic("to be built") }
