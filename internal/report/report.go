// Package report is how the program speaks. Findings are complaints about a user's file: data with a
// place, never Go errors. Events are what happens while a plan is carried out. Nothing in this package
// writes to a terminal; that is the business of package ui.
package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Pos is a place in a user's file. Line and Col count from 1, Col in runes; 0 means "the whole file" or
// "the whole line". Offset is in bytes from the start of the file as it lies on disk.
type Pos struct {
	File   string `json:"file"`
	Line   int    `json:"line,omitempty"`
	Col    int    `json:"col,omitempty"`
	Offset int64  `json:"offset,omitempty"`
}

// String gives file:line:col, without the parts that are 0.
func (p Pos) String() string {
	switch {
	case p.Line == 0:
		return p.File
	case p.Col == 0:
		return fmt.Sprintf("%s:%d", p.File, p.Line)
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Col)
}

// Severity orders findings; an Error stops a publish before anything is encoded.
type Severity int

const (
	Info Severity = iota
	Warn
	Error
)

func (s Severity) String() string { return [...]string{"info", "warn", "error"}[s] }

// MarshalText writes a severity as its word, in JSON too.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads the words of String.
func (s *Severity) UnmarshalText(b []byte) error {
	i := slices.Index([]string{"info", "warn", "error"}, string(b))
	if i < 0 {
		return fmt.Errorf("severity is info, warn or error, not %q", b)
	}
	*s = Severity(i)
	return nil
}

// Finding is one complaint about a user's file, with its place, a stable rule ID, and the mend.
type Finding struct {
	Pos      Pos      `json:"pos"`
	Severity Severity `json:"severity"`
	Rule     string   `json:"rule"`             // stable: "vtt-signature", "film-truncated"
	Text     string   `json:"text"`             // what is wrong: one sentence, no full stop
	Hint     string   `json:"hint,omitempty"`   // the mend
	Source   string   `json:"source,omitempty"` // the offending line as text, for the caret; "" where there is none
	Width    int      `json:"width,omitempty"`  // runes to underline from Col on; 0 is one
}

// String is the finding without its snippet: "film.en.srt:3:14: error: text (rule)".
func (f Finding) String() string {
	s := fmt.Sprintf("%s: %s: %s", f.Pos, f.Severity, f.Text)
	if f.Rule != "" {
		s += " (" + f.Rule + ")"
	}
	return s
}

// maxSnippet is how many runes of a long line a snippet shows.
const maxSnippet = 100

// Snippet is the offending line with a caret under the place, or "" where the finding has no line.
// A long line is cut around the caret; tabs and control characters become spaces, so that the caret stands right.
func (f Finding) Snippet() string {
	if f.Source == "" || f.Pos.Line == 0 {
		return ""
	}
	line := []rune(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, f.Source))
	col := max(f.Pos.Col, 1) - 1
	from := 0
	if len(line) > maxSnippet {
		from = max(0, min(col-maxSnippet/2, len(line)-maxSnippet))
		line = line[from:min(from+maxSnippet, len(line))]
	}
	col = min(max(col-from, 0), len(line))
	width := min(max(f.Width, 1), max(len(line)-col, 1))
	num := fmt.Sprint(f.Pos.Line)
	return fmt.Sprintf("  %s | %s\n  %s | %s%s", num, string(line), strings.Repeat(" ", len(num)),
		strings.Repeat(" ", col), strings.Repeat("^", width))
}

// Sort orders findings by file, place and rule, so that the same input gives the same report.
func Sort(fs []Finding) {
	slices.SortStableFunc(fs, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Pos.File, b.Pos.File), cmp.Compare(a.Pos.Line, b.Pos.Line),
			cmp.Compare(a.Pos.Col, b.Pos.Col), cmp.Compare(a.Rule, b.Rule))
	})
}

// Worst is the highest severity among findings; ok is false where there are none.
func Worst(fs []Finding) (s Severity, ok bool) {
	for _, f := range fs {
		s, ok = max(s, f.Severity), true
	}
	return s, ok
}

// Blocks says whether findings stop what they are about: one of them at least is an error.
func Blocks(fs []Finding) bool {
	worst, ok := Worst(fs)
	return ok && worst == Error
}
