package subtitle

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"
	"unsafe"

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

func (l span) empty() bool { return l.from == l.to }

// source is a file cut into lines, and the findings on it. Lines are decoded when they are asked for, so that
// every offset is that of the file as it lies on disk.
type source struct {
	name   string
	raw    []byte
	codec  codec
	text   string  // the whole file where it is valid UTF-8: lines are parts of it
	nul    bool    // NUL characters become U+FFFD (WebVTT 6.1 step 1)
	starts []int32 // where lines begin, and where the last one ends
	eol    string  // the line ending where all are the same, else "\n"
	flat   bool    // lines joined by \n stand so in text
	open   bool    // the last line has no line ending
	long   bool    // lines may be longer than MaxLine: an XML file is often one line

	tags  []openTag // room for those of a cue that is judged
	found []report.Finding
	more  int // findings over maxFindings
	worst report.Severity
}

// split cuts the file into lines at CRLF, LF and CR, from a byte offset on. It reports false, with a finding,
// where a line is over MaxLine.
func (s *source) split(from int) bool {
	s.starts = make([]int32, 1, (bytes.Count(s.raw, []byte("\n"))+bytes.Count(s.raw, []byte("\r")))/s.codec.unit+2)
	s.starts[0] = int32(from)
	cr := bytes.IndexByte(s.raw, '\r') >= 0
	mixed := false
	for start := from; start < len(s.raw); {
		end, next := s.lineEnd(start, cr)
		s.starts = append(s.starts, int32(next))
		eol := s.eolAt(end, next)
		s.open = eol == ""
		if end-start > MaxLine && !s.long {
			s.add(report.Finding{
				Pos: report.Pos{File: s.name, Line: s.count(), Offset: int64(start)}, Severity: report.Error, Rule: "line-too-long",
				Text: fmt.Sprintf("line %d is longer than %d bytes; this is not a subtitle file", s.count(), MaxLine),
				Hint: "export the subtitles again from the program they were made in"})
			return false
		}
		if s.eol == "" {
			s.eol = eol
		}
		mixed = mixed || eol != s.eol && eol != ""
		start = next
	}
	if mixed || s.eol == "" {
		s.eol = "\n"
	}
	s.flat = s.text != "" && !mixed && s.eol == "\n"
	return true
}

// lineEnd finds the end of the line that begins at a byte, and the beginning of the next.
func (s *source) lineEnd(from int, cr bool) (end, next int) {
	unit := s.codec.unit
	if unit == 1 && !cr {
		if n := bytes.IndexByte(s.raw[from:], '\n'); n >= 0 {
			return from + n, from + n + 1
		}
		return len(s.raw), len(s.raw)
	}
	for i := from; i+unit <= len(s.raw); i += unit {
		c := s.codec.ascii(s.raw[i:])
		if c == '\r' && i+2*unit <= len(s.raw) && s.codec.ascii(s.raw[i+unit:]) == '\n' {
			return i, i + 2*unit
		}
		if c == '\n' || c == '\r' {
			return i, i + unit
		}
	}
	return len(s.raw), len(s.raw)
}

// eolAt is the line ending on the bytes [end, next), "" at the end of the file.
func (s *source) eolAt(end, next int) string {
	switch {
	case end == next:
		return ""
	case next-end > s.codec.unit:
		return "\r\n"
	case s.codec.ascii(s.raw[end:]) == '\r':
		return "\r"
	}
	return "\n"
}

// count is how many lines there are.
func (s *source) count() int { return max(len(s.starts)-1, 0) }

// span is line i, from 0.
func (s *source) span(i int) span {
	from, to, unit := s.starts[i], s.starts[i+1], int32(s.codec.unit)
	if s.open && i == s.count()-1 {
		return span{from, to}
	}
	to -= unit
	if to-from >= unit && s.codec.ascii(s.raw[to:]) == '\n' && s.codec.ascii(s.raw[to-unit:]) == '\r' {
		to -= unit
	}
	return span{from, to}
}

// line is line i (from 0), decoded.
func (s *source) line(i int) string { return s.decode(s.span(i)) }

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
		return s.decode(span{s.starts[from], s.span(to - 1).to})
	}
	parts := make([]string, 0, to-from)
	for i := from; i < to; i++ {
		parts = append(parts, s.line(i))
	}
	return strings.Join(parts, "\n")
}

// pos is the place of byte b of the decoded line i.
func (s *source) pos(i, b int) report.Pos {
	p := report.Pos{File: s.name, Line: i + 1, Col: 1, Offset: int64(s.starts[i])}
	if b > 0 {
		before := s.line(i)
		before = before[:min(b, len(before))]
		p.Col += utf8.RuneCountInString(before)
		p.Offset = min(p.Offset+int64(s.codec.size(before)), int64(s.span(i).to)) // broken characters are longer in text
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

// blank says whether a line shows nothing.
func blank(line string) bool {
	if line == "" {
		return true
	}
	if c := line[0]; c > ' ' && c < 0x80 { // nearly every other line
		return false
	}
	return strings.TrimLeft(line, " \t\f\v\u00a0\u200b\ufeff") == ""
}

// alias is the bytes as a string, without a copy of the file.
func alias(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
