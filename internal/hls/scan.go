package hls

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"filmpress/internal/report"
)

// scanner walks a playlist line by line and collects what is wrong with it. It never stops at the first
// complaint, and what can be understood is understood.
type scanner struct {
	name     string
	lines    []string
	at       int // index of the current line
	offset   int64
	next     int64
	seen     map[string]bool // tags that may appear only once
	findings []report.Finding

	variables Variables
	filled    int64  // bytes that variables put in
	defined   bool   // a variable is defined, or used
	queried   bool   // a variable comes from the address
	broken    bool   // a variable is wrong, which is told
	unknown   string // a variable whose value nobody can know here
}

func newScanner(name string, b []byte) *scanner {
	s := &scanner{name: name, lines: strings.SplitAfter(string(b), "\n"), at: -1, seen: map[string]bool{}}
	switch {
	case strings.HasPrefix(s.lines[0], "\uFEFF"):
		s.lines[0] = strings.TrimPrefix(s.lines[0], "\uFEFF")
		s.next = int64(len("\uFEFF"))
		s.find(0, 0, "m3u8-encoding", "the playlist begins with a byte order mark", "save it as UTF-8 without one")
	case !utf8.Valid(b):
		s.find(0, 0, "m3u8-encoding", "the playlist is not UTF-8", "")
	}
	if s.line() != "#EXTM3U" {
		s.find(0, 0, "m3u8-header", "the first line is not #EXTM3U", "this may not be a playlist at all")
	}
	return s
}

// scan moves to the next line that is neither blank nor a comment. tag is "" for a URI line; rest is what
// follows the tag's colon, or the URI.
func (s *scanner) scan() (tag, rest string, ok bool) {
	for {
		s.offset = s.next
		s.at++
		if s.at >= len(s.lines) {
			return "", "", false
		}
		s.next += int64(len(s.lines[s.at]))
		line := strings.TrimRight(s.line(), " \t")
		switch {
		case line == "":
		case line[0] != '#':
			if blank(line) {
				s.find(0, len(line), "m3u8-space", "a URI with white space or control characters", "write it percent-encoded")
			}
			return "", s.fillURI(strings.TrimSpace(line)), true
		case strings.HasPrefix(line, "#EXT"):
			tag, rest, _ = strings.Cut(line, ":")
			return tag, rest, true
		}
	}
}

// blank says whether a URI line holds what RFC 8216, 4.1 forbids there.
func blank(line string) bool {
	return strings.ContainsFunc(line, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) })
}

// line is the current line without its end.
func (s *scanner) line() string {
	if s.at < 0 || s.at >= len(s.lines) {
		return strings.TrimRight(s.lines[max(0, min(s.at, len(s.lines)-1))], "\r\n")
	}
	return strings.TrimRight(s.lines[s.at], "\r\n")
}

// maxFindings bounds the complaints about one playlist; more of them help nobody.
const maxFindings = 100

func (s *scanner) add(f report.Finding) {
	if len(s.findings) < maxFindings {
		s.findings = append(s.findings, f)
	}
}

// find complains about width bytes from byte col of the current line; a negative col is the whole line.
func (s *scanner) find(col, width int, rule, text, hint string) {
	line := s.line()
	f := report.Finding{Pos: report.Pos{File: s.name, Line: max(s.at, 0) + 1, Offset: s.offset}, Severity: report.Error,
		Rule: rule, Text: text, Hint: hint, Source: line}
	if col >= 0 && col <= len(line) {
		f.Pos.Col = utf8.RuneCountInString(line[:col]) + 1
		f.Pos.Offset += int64(col)
		f.Width = utf8.RuneCountInString(line[col:min(col+max(width, 0), len(line))])
	}
	s.add(f)
}

// whole complains about the playlist as a whole.
func (s *scanner) whole(rule, text, hint string) {
	s.add(report.Finding{Pos: report.Pos{File: s.name}, Severity: report.Error, Rule: rule, Text: text, Hint: hint})
}

// once complains where a tag that may appear once comes again.
func (s *scanner) once(tag string) {
	if s.seen[tag] {
		s.find(0, len(tag), "m3u8-duplicate", tag+" appears twice", "")
	}
	s.seen[tag] = true
}

// number reads a tag's whole number.
func (s *scanner) number(tag, rest string) int64 {
	n, err := strconv.ParseInt(rest, 10, 64)
	if err != nil || n < 0 || rest[0] == '+' {
		s.find(len(tag)+1, len(rest), "m3u8-number", fmt.Sprintf("%s needs a whole number, not %q", tag, rest), "")
		return 0
	}
	return n
}

// attr is one attribute as it stands in the line; col and at are bytes from the line's start.
type attr struct {
	name, value string
	quoted      bool
	col, at     int // of the name, of the value
}

// attrs cuts an attribute list (RFC 8216, 4.2) at its commas, quotes respected.
func (s *scanner) attrs(tag, rest string) []attr {
	var list []attr
	for at := len(tag) + 1; rest != ""; {
		name, after, ok := strings.Cut(rest, "=")
		if !ok || !nameForm.MatchString(strings.TrimSpace(name)) {
			s.find(at, len(rest), "m3u8-attribute", "here an attribute such as NAME=value was due", "")
			return list
		}
		a := attr{name: strings.TrimSpace(name), col: at, at: at + len(name) + 1}
		var value string
		if strings.HasPrefix(after, `"`) {
			end := strings.Index(after[1:], `"`)
			if end < 0 {
				s.find(a.at, len(after), "m3u8-attribute", "the quotation mark of "+a.name+" is never closed", "")
				return list
			}
			a.value, a.quoted = s.fill(after[1:end+1], a.at+1), true
			value = after[:end+2]
		} else {
			value, _, _ = strings.Cut(after, ",")
			a.value = value
			if !enumForm.MatchString(value) {
				s.find(a.at, len(value), "m3u8-attribute", fmt.Sprintf("%q is no value for %s", value, a.name), "")
			}
		}
		list = append(list, a)
		at += len(name) + 1 + len(value)
		rest = after[len(value):]
		if rest == "" {
			break
		}
		if rest[0] != ',' || rest == "," {
			s.find(at, len(rest), "m3u8-attribute", "after the value of "+a.name+" a comma and another attribute were due", "")
			return list
		}
		rest, at = rest[1:], at+1
	}
	return list
}

// read fills v from a tag's attribute list. Attributes that the fields do not know are ignored, as section 4.2 demands.
func read[T any](s *scanner, fields []field[T], tag, rest string, v *T) {
	given := map[string]bool{}
	list := s.attrs(tag, rest)
	for _, a := range list {
		if given[a.name] {
			s.find(a.col, len(a.name), "m3u8-attribute", a.name+" is given twice", "")
		}
		given[a.name] = true
		for _, f := range fields {
			if f.name != a.name {
				continue
			}
			if due := readValue(f.at(v), a.value, a.quoted); due != "" {
				s.find(a.at, len(a.value), "m3u8-attribute", fmt.Sprintf("%s needs %s, not %q", a.name, due, a.value), "")
			}
		}
	}
	for _, f := range fields {
		if f.required && !given[f.name] {
			s.find(0, len(tag), "m3u8-required", tag+" lacks "+f.name, "")
		}
	}
}
