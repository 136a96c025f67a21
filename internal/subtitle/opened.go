package subtitle

import (
	"bytes"

	"filmpress/internal/report"
)

// Lines is a text file of a format that package foreign reads, decoded, capped and cut into lines with the same care as
// an SRT file. What is wrong with it is collected here, with its place.
type Lines struct {
	s     *source
	track Track
}

// OpenLines decodes a file. ok is false where it is no text or too large; the findings say so. long allows lines
// over MaxLine, which XML has; the file as a whole is held to MaxBytes in any case.
func OpenLines(name string, data []byte, opt Options, f Format, long bool) (l *Lines, ok bool) {
	s := &source{name: name, raw: data, long: long}
	l = &Lines{s: s, track: Track{Name: name, Format: f, Language: opt.Language, src: s}}
	if !s.admit() {
		return l, false
	}
	bom, after := s.charset(opt)
	if s.codec.unit == 1 && s.binary() || !s.split(bom) {
		return l, false
	}
	l.track.BOM, l.track.Charset = bom > 0, s.codec.name
	s.nul = bytes.IndexByte(data, 0) >= 0
	s.flat = s.flat && !s.nul
	after()
	return l, true
}

// Len is the number of lines.
func (l *Lines) Len() int { return l.s.count() }

// Line is line i, from 0.
func (l *Lines) Line(i int) string { return l.s.line(i) }

// Text is all lines, joined by \n.
func (l *Lines) Text() string { return l.s.joined(0, l.s.count()) }

// Track is an empty track of this file.
func (l *Lines) Track() Track { return l.track }

// Complain adds a finding on bytes [from, to) of line i, from 0. A line over MaxLine is named without a column and
// without its text: what shows it would take longer than reading the file.
func (l *Lines) Complain(sev report.Severity, rule string, i, from, to int, text, hint string) {
	if span := l.s.span(i); int(span.to-span.from) > MaxLine {
		l.s.add(report.Finding{Pos: report.Pos{File: l.s.name, Line: i + 1, Offset: int64(span.from)}, Severity: sev, Rule: rule, Text: text, Hint: hint})
		return
	}
	l.s.complain(sev, rule, i, from, to, text, hint)
}

// ComplainFile adds a finding on the whole file.
func (l *Lines) ComplainFile(sev report.Severity, rule, text, hint string) {
	l.s.complainFile(sev, rule, text, hint)
}

// Findings is everything found so far, in the file's order.
func (l *Lines) Findings() []report.Finding { return l.s.findings() }

// SetLine says on which line (from 1) of its file a cue of package foreign stands. A line over MaxLine is not taken:
// a finding on it could not show it.
func (l *Lines) SetLine(c *Cue, line int) {
	if span := l.s.span(line - 1); int(span.to-span.from) <= MaxLine {
		c.line, c.text = int32(line), int32(line)
	}
}

// Keypad gives the settings of a place on the numeric keypad, as ASS and SRT files name places ({\an8}): 1 2 3 at the
// bottom, 4 5 6 in the middle, 7 8 9 at the top.
func Keypad(an int) Settings { return alignedSettings(an) }

// ColorClass is the WebVTT class (WebVTT 5.1: white, lime, cyan, red, yellow, magenta, blue, black) of a colour given as
// that name or as rrggbb in hexadecimal; "" where WebVTT has none.
func ColorClass(color string) string { return colorClass(color) }
