package hls

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
)

// Variables are the values that EXT-X-DEFINE gives to names (rfc8216bis, 4.3 and 4.4.2.3).
type Variables map[string]string

// Bounds on variables. A value may hold other variables, so without them a few lines could grow without end.
const (
	maxVariables = 1000
	maxValue     = 64 << 10 // bytes of one value, and of what it is filled into: more than any address
	maxFilled    = 16 << 20 // bytes of all that is filled in: as long as a playlist may be
)

// defineAttrs is EXT-X-DEFINE as it is written. None of its attributes is required by itself: which ones are depends on the others.
type defineAttrs struct{ name, value, imported, query string }

var defineFields = []field[defineAttrs]{
	{"NAME", false, func(d *defineAttrs) any { return &d.name }},
	{"VALUE", false, func(d *defineAttrs) any { return &d.value }},
	{"IMPORT", false, func(d *defineAttrs) any { return &d.imported }},
	{"QUERYPARAM", false, func(d *defineAttrs) any { return &d.query }},
}

var (
	variableForm  = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)
	referenceForm = regexp.MustCompile(`\{\$([A-Za-z0-9_-]+)\}`)
)

// undefine complains about a variable. Players must refuse such a playlist as a whole.
func (s *scanner) undefine(col, width int, text, hint string) {
	s.broken = true
	s.find(col, width, "m3u8-define", text, hint)
}

// define reads an EXT-X-DEFINE. imports are the variables of the multivariant playlist; nil where this is one itself.
func (s *scanner) define(tag, rest string, imports Variables, master bool) {
	var d defineAttrs
	before := len(s.findings)
	read(s, defineFields, tag, rest, &d)
	s.defined = s.defined || d.name != "" || d.imported != ""
	s.queried = s.queried || d.query != ""
	if len(s.findings) > before {
		s.broken = true
		return
	}
	var name, value string
	given := 0
	for _, n := range []string{d.name, d.imported, d.query} {
		if n != "" {
			name = n
			given++
		}
	}
	if given != 1 || !variableForm.MatchString(name) {
		s.undefine(0, len(tag), "EXT-X-DEFINE needs one of NAME, IMPORT and QUERYPARAM, of letters, digits, - and _", "")
		return
	}
	if _, twice := s.variables[name]; twice || len(s.variables) == maxVariables {
		s.undefine(0, len(s.line()), fmt.Sprintf("the variable %s is defined twice, or there are more than %d", name, maxVariables), "")
		return
	}
	known := true
	switch {
	case d.name != "" && !hasAttr(rest, "VALUE"):
		s.undefine(0, len(tag), "EXT-X-DEFINE with NAME needs VALUE", "")
		known = false
	case d.name != "":
		value = d.value
	case d.imported != "" && master:
		s.undefine(0, len(tag), "a multivariant playlist has nothing to IMPORT from", "")
		known = false
	case d.imported != "":
		if value, known = imports[name]; !known {
			s.undefine(0, len(s.line()), fmt.Sprintf("the multivariant playlist does not define %s", name), "")
		}
	default:
		value, known = s.query(name)
	}
	if !known {
		return
	}
	if s.variables == nil {
		s.variables = Variables{}
	}
	s.variables[name] = value
}

// hasAttr says whether an attribute list that was read without complaint has an attribute; its value may be empty.
func hasAttr(rest, name string) bool {
	return strings.HasPrefix(rest, name+"=") || strings.Contains(rest, ","+name+"=")
}

// query is the parameter of the playlist's own address. Files in a folder have no address with parameters: what stands there
// depends on the server, and is not known.
func (s *scanner) query(name string) (string, bool) {
	u, err := url.Parse(s.name)
	if err != nil || u.Scheme == "" {
		s.unknown = name
		return "", false
	}
	value := u.Query().Get(name)
	if value == "" {
		s.undefine(0, len(s.line()), fmt.Sprintf("the playlist's address has no parameter %s", name), "")
	}
	return value, value != ""
}

// fill puts in the variables' values. What it gives is never filled again: a value that holds a reference was filled when it was
// defined. col is where text stands in the line, for complaints.
func (s *scanner) fill(text string, col int) string {
	if !strings.Contains(text, "{$") || s.filled > maxFilled { // which is told
		return text
	}
	var b strings.Builder
	at := 0
	for _, m := range referenceForm.FindAllStringSubmatchIndex(text, -1) {
		s.defined = true
		name := text[m[2]:m[3]]
		value, known := s.variables[name]
		switch {
		case !known && s.unknown == "":
			s.undefine(col+m[0], m[1]-m[0], fmt.Sprintf("no EXT-X-DEFINE above gives a value to %s", name), "")
			return text
		case !known:
			return text
		}
		b.WriteString(text[at:m[0]])
		at = m[1]
		if s.filled += int64(len(value)); b.Len()+len(value) > maxValue || s.filled > maxFilled {
			s.undefine(col, len(text), "variables make this longer than any address, or the playlist longer than any is", "")
			return text
		}
		b.WriteString(value)
	}
	if at == 0 {
		return text
	}
	b.WriteString(text[at:])
	return b.String()
}

// fillURI fills a line that is an address. One that is none any more stays as it is.
func (s *scanner) fillURI(line string) string {
	filled := s.fill(line, 0)
	if filled != line && (filled == "" || filled[0] == '#' || blank(filled)) {
		s.undefine(0, len(line), "with its variables filled in this is no address", "")
		return line
	}
	return filled
}

// use is what the playlist made of variables.
func (s *scanner) use() Use {
	u := Use{Broken: s.broken, Unknown: s.unknown}
	if s.defined {
		u.Version = 8
	}
	if s.queried {
		u.Version = 11
	}
	return u
}
