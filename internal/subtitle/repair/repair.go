// Package repair mends what is wrong with a subtitle file, where there is only one way to mend it. It does no I/O.
//
// A fix changes the lines it must and leaves all others as they are, bytes and line endings included. After each fix
// the file is read again; a fix after which a cue or a word were missing is taken back (guard.go). So fixing a clean
// file gives the same bytes, and fixing twice gives what fixing once gave.
package repair

import (
	"slices"

	"filmpress/internal/report"
	"filmpress/internal/subtitle"
	"filmpress/internal/subtitle/rules"
)

// Options is what a caller wants mended, and how.
type Options struct {
	Read subtitle.Options // how the file is read

	// Only are the rules to mend; nil is all but those of OnlyAsked, and those that are off in Rules.
	Only []string

	// Rules are what the file is judged by: nothing is mended that they do not find, and what they still find is left.
	Rules rules.Settings
}

// Result is what was done to a file.
type Result struct {
	Out     []byte   // the file, mended; the bytes that were given where nothing was
	Changes []Change // in the order of IDs

	// Left is what was not mended, for a person, in the file's order. Where Refused, it says why.
	Left []report.Finding

	// Refused says that the file was left alone, since it could not be read with certainty.
	Refused bool

	Before, After string // the file's text, decoded and without a byte order mark, for a diff
}

// Change is how often a rule's fix was applied, and what it did.
type Change struct {
	Rule  string
	Count int    // places
	Text  string // "numbered anew": what happened to each
}

// passes is how often the fixes are gone through before whatever still changes is given up; one more than a
// change of one fix can need the other.
const passes = 12

// Fix mends a file. name is the file's name, which findings carry and whose extension helps to tell the format.
// data must not be changed while the result is in use.
func Fix(name string, data []byte, opt Options) Result {
	w, refusal := begin(name, data, opt)
	if refusal != nil {
		return Result{Out: data, Left: refusal, Refused: true}
	}
	res := Result{Before: w.text}
	counts := map[string]int{}
	for range passes {
		again := false
		clear(w.undone)
		for _, f := range fixes {
			if n := w.run(f); n > 0 {
				counts[f.rule] += n
				again = true
			}
		}
		if !again {
			break
		}
	}
	for _, f := range fixes {
		if n := counts[f.rule]; n > 0 {
			res.Changes = append(res.Changes, Change{f.rule, n, f.does})
		}
	}
	res.After = w.text
	if res.Out = data; len(res.Changes) > 0 {
		res.Out = []byte(w.bom + w.text)
	}
	res.Left = w.left()
	return res
}

// IDs are the rules that are mended, in the order in which they are.
func IDs() []string {
	var ids []string
	for _, f := range fixes {
		ids = append(ids, f.rule)
	}
	return ids
}

// OnlyAsked are those of IDs that are mended only where Options.Only names them.
func OnlyAsked() []string {
	var ids []string
	for _, f := range fixes {
		if f.asked {
			ids = append(ids, f.rule)
		}
	}
	return ids
}

// wants says whether a fix was asked for.
func (o Options) wants(f fix) bool {
	if o.Only == nil {
		return !f.asked && o.Rules.Level(f.rule) != rules.Off
	}
	return slices.Contains(o.Only, f.rule)
}
