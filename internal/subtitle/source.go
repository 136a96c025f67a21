package subtitle

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"filmpress/internal/report"
)

// Caps on what Read looks at. Subtitles of a long film stay under 300 kB; a caller need read no more than
// MaxBytes+1 bytes from disk.
const (
	MaxBytes = 10 << 20
	MaxLine  = 100_000 // bytes in one line
)

// maxFindings is how many findings one file can have; a file with more is broken in one way many times over.
const maxFindings = 1000

// span is a line without its line ending, as byte offsets into the file.
type span struct{ from, to int32 }

// source is a file cut into lines, and the findings on it. Lines are decoded when they are asked for, so that
// every offset is that of the file as it lies on disk.
type source struct {
	name  string
	raw   []byte
	codec codec
	text  string // the whole file where it is valid UTF-8: lines are parts of it
	nul   bool   // NUL characters become U+FFFD (WebVTT 6.1 step 1)
	lines []span
	eol   string // the line ending where all are the same, else "\n"
	flat  bool   // lines joined by \n stand so in text
	open  bool   // the last line has no line ending

	found []report.Finding
	more  int // findings over maxFindings
	worst report.Severity
}

// split cuts the file into lines at CRLF, LF and CR, from a byte offset on. It reports false, with a finding,
// where a line is over MaxLine.
func (s *source) split(from int) bool {
	unit, end := s.codec.unit, len(s.raw)
	eols := map[string]bool{}
	start := from
	cut := func(to, next int, eol string) {
		s.lines = append(s.lines, span{int32(start), int32(to)})
		eols[eol] = true
		start = next
	}
	for i := from; i+unit <= end; i += unit {
		switch s.codec.ascii(s.raw[i:]) {
		case '\n':
			cut(i, i+unit, "\n")
		case '\r':
			if next := i + unit; next+unit <= end && s.codec.ascii(s.raw[next:]) == '\n' {
				cut(i, next+unit, "\r\n")
				i = next
			} else {
				cut(i, next, "\r")
			}
		}
		if i-start >= MaxLine {
			s.lines = append(s.lines, span{int32(start), int32(min(start+MaxLine, end))})
			s.add(report.Finding{
				Pos: report.Pos{File: s.name, Line: len(s.lines), Offset: int64(start)}, Severity: report.Error, Rule: "line-too-long",
				Text: fmt.Sprintf("line %d is longer than %d bytes; this is not a subtitle file", len(s.lines), MaxLine),
				Hint: "export the subtitles again from the program they were made in"})
			return false
		}
	}
	if start < end {
		s.lines, s.open = append(s.lines, span{int32(start), int32(end)}), true
	}
	s.eol = "\n"
	if len(eols) == 1 {
		for e := range eols {
			s.eol = e
		}
	}
	s.flat = s.text != "" && len(eols) <= 1 && s.eol == "\n"
	return true
}

// line is line i (from 0), decoded.
func (s *source) line(i int) string { return s.decode(s.lines[i]) }

func (s *source) decode(l span) string {
	var text string
	if s.text != "" {
		text = s.text[l.from:l.to]
	} else {
		text = s.codec.decode(s.raw[l.from:l.to])
	}
	if s.nul {
		text = strings.ReplaceAll(text, "\x00", "\uFFFD")
	}
	return text
}

// joined is the lines [from, to) joined by \n. In the common file it costs no copy.
func (s *source) joined(from, to int) string {
	switch {
	case from >= to:
		return ""
	case to == from+1 || s.flat:
		return s.decode(span{s.lines[from].from, s.lines[to-1].to})
	}
	parts := make([]string, 0, to-from)
	for i := from; i < to; i++ {
		parts = append(parts, s.line(i))
	}
	return strings.Join(parts, "\n")
}

// pos is the place of byte b of the decoded line i.
func (s *source) pos(i, b int) report.Pos {
	p := report.Pos{File: s.name, Line: i + 1, Col: 1, Offset: int64(s.lines[i].from)}
	if b > 0 {
		before := s.line(i)
		before = before[:min(b, len(before))]
		p.Col += utf8.RuneCountInString(before)
		p.Offset += int64(s.codec.size(before))
	}
	return p
}

// complain adds a finding on bytes [b, e) of the decoded line i.
func (s *source) complain(sev report.Severity, rule string, i, b, e int, text, hint string) {
	if s.full(sev) {
		return
	}
	line := s.line(i)
	b = min(b, len(line))
	e = max(b, min(e, len(line)))
	s.add(report.Finding{Pos: s.pos(i, b), Severity: sev, Rule: rule, Text: text, Hint: hint,
		Source: line, Width: utf8.RuneCountInString(line[b:e])})
}

// complainFile adds a finding on the whole file.
func (s *source) complainFile(sev report.Severity, rule, text, hint string) {
	s.add(report.Finding{Pos: report.Pos{File: s.name}, Severity: sev, Rule: rule, Text: text, Hint: hint})
}

func (s *source) add(f report.Finding) {
	if !s.full(f.Severity) {
		s.found = append(s.found, f)
	}
}

// full counts a finding that there is no more room for.
func (s *source) full(sev report.Severity) bool {
	if len(s.found) < maxFindings {
		return false
	}
	s.more++
	s.worst = max(s.worst, sev)
	return true
}

// findings is everything found, in the file's order.
func (s *source) findings() []report.Finding {
	if s.more > 0 {
		s.found = append(s.found, report.Finding{Pos: report.Pos{File: s.name}, Severity: s.worst, Rule: "file-findings",
			Text: fmt.Sprintf("%d more findings are not listed", s.more), Hint: "mend the first ones and check again"})
		s.more = 0
	}
	report.Sort(s.found)
	return s.found
}

func blank(line string) bool { return strings.TrimLeft(line, " \t\f\v\u00a0\u200b\ufeff") == "" }
