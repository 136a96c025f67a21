package theme

import (
	"fmt"
	"strings"

	"filmpress/internal/report"
)

// sheet scans a style sheet (CSS Syntax 3) as far as safety asks for: comments, strings, functions and brackets. It does not know properties;
// a browser skips what it does not know.
type sheet struct {
	name  string
	text  string
	at    int
	open  []opened
	found []report.Finding
}

type opened struct {
	close byte
	at    int
}

// loading are functions that fetch what their strings name.
var loading = map[string]bool{"src": true, "image": true, "image-set": true, "-webkit-image-set": true, "expression": true}

// checkCSS tells what in a style sheet asks another place for anything, could leave the style element, or is not whole.
func checkCSS(name, text string) []report.Finding {
	s := &sheet{name: name, text: text}
	for s.at < len(text) {
		s.step()
	}
	if at := strings.IndexByte(text, '<'); at >= 0 && len(s.found) == 0 { // whatever the scanner took it for: without one, nothing ends the style element
		s.find(at, "theme-css", "< could end the style sheet of the page", `leave it out: a media query has min-width and max-width, a string \3c, and a drawing can be data:image/svg+xml;base64,`)
	}
	for _, o := range s.open {
		s.find(o.at, "theme-css", fmt.Sprintf("this %q is never closed", text[o.at:o.at+1]), fmt.Sprintf("write the %q that ends it", string(o.close)))
	}
	report.Sort(s.found)
	return s.found
}

func (s *sheet) step() {
	rest := s.text[s.at:]
	switch c := rest[0]; {
	case strings.HasPrefix(rest, "/*"):
		end := strings.Index(rest[2:], "*/")
		if end < 0 {
			s.find(s.at, "theme-css", "this comment never ends", "write */ behind it")
			s.at = len(s.text)
			return
		}
		if strings.Contains(rest[:end+4], "</") {
			s.find(s.at, "theme-css", "</ could end the style sheet of the page", "leave it out")
		}
		s.at += end + 4
	case c == '"' || c == '\'':
		s.quoted(c)
	case strings.HasPrefix(rest, "</"), strings.HasPrefix(rest, "<!--"), strings.HasPrefix(rest, "-->"):
		s.find(s.at, "theme-css", "markup does not belong in a style sheet", "leave it out")
		s.at += 2
	case c == '\\':
		s.find(s.at, "theme-css", "an escape outside of a string can hide a name", "write the character itself")
		s.at++
	case c == '@':
		s.rule()
	case c == '{' || c == '(' || c == '[':
		s.open = append(s.open, opened{map[byte]byte{'{': '}', '(': ')', '[': ']'}[c], s.at})
		s.at++
	case c == '}' || c == ')' || c == ']':
		if n := len(s.open); n == 0 || s.open[n-1].close != c {
			s.find(s.at, "theme-css", fmt.Sprintf("this %q closes nothing", string(c)), "leave it out, or open it before")
		} else {
			s.open = s.open[:n-1]
		}
		s.at++
	case letter(c):
		s.word()
	default:
		s.at++
	}
}

// quoted passes a string, which ends on its line.
func (s *sheet) quoted(quote byte) string {
	began := s.at
	for s.at++; s.at < len(s.text); s.at++ {
		switch c := s.text[s.at]; {
		case c == quote:
			s.at++
			inside := s.text[began+1 : s.at-1]
			if strings.Contains(inside, "</") {
				s.find(began, "theme-css", "</ could end the style sheet of the page", "leave it out")
			}
			return inside
		case c == '\\' && s.at+1 < len(s.text):
			s.at++
		case c == '\n':
			s.find(began, "theme-css", "this string does not end on its line", "write the quote that ends it")
			return ""
		}
	}
	s.find(began, "theme-css", "this string does not end", "write the quote that ends it")
	return ""
}

// rule refuses at-rules that load.
func (s *sheet) rule() {
	began := s.at
	s.at++
	switch name := s.name1(); name {
	case "import", "font-face", "namespace", "charset":
		s.find(began, "theme-css-load", "@"+name+" is not for themes: pages load nothing but what was published with them", "write the rules into theme.css itself, and name fonts that viewers have")
	}
}

// name1 passes a name and gives it in lower case.
func (s *sheet) name1() string {
	began := s.at
	for s.at < len(s.text) && (letter(s.text[s.at]) || s.text[s.at] >= '0' && s.text[s.at] <= '9') {
		s.at++
	}
	return strings.ToLower(s.text[began:s.at])
}

// word passes a name, and judges what a function of it loads.
func (s *sheet) word() {
	began := s.at
	name := s.name1()
	if s.at >= len(s.text) || s.text[s.at] != '(' {
		return
	}
	if loading[name] {
		s.find(began, "theme-css-load", name+"() is not for themes: it loads what it names", "leave it out")
	}
	if name != "url" && name != "url-prefix" && name != "domain" {
		return
	}
	s.at++
	for s.at < len(s.text) && strings.IndexByte(" \t\r\n\f", s.text[s.at]) >= 0 {
		s.at++
	}
	var target string
	if s.at < len(s.text) && (s.text[s.at] == '"' || s.text[s.at] == '\'') {
		target = s.quoted(s.text[s.at])
	} else if end := strings.IndexByte(s.text[s.at:], ')'); end >= 0 {
		target = strings.TrimSpace(s.text[s.at : s.at+end])
		s.at += end
	}
	if end := strings.IndexByte(s.text[s.at:], ')'); end >= 0 {
		if between := s.text[s.at : s.at+end]; strings.Trim(between, " \t\r\n\f") != "" {
			s.find(s.at, "theme-css", "between what url( names and its ) stands something else", "write the ) right behind it")
		}
		s.at += end + 1
	} else {
		s.find(began, "theme-css", "this url( is never closed", "write the ) that ends it")
		s.at = len(s.text)
	}
	low := strings.ToLower(target)
	if !strings.HasPrefix(low, "#") && !strings.HasPrefix(low, "data:image/") || strings.ContainsAny(target, "\\<") {
		s.find(began, "theme-css-url", fmt.Sprintf("url(%.60s) would ask another place for something, and tell it who watches", target), "put the picture into the style sheet as data:image/..., or leave it out")
	}
}

func letter(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '-' || c == '_' || c >= 0x80
}

// find notes a fault with its place.
func (s *sheet) find(at int, rule, text, hint string) {
	s.found = append(s.found, finding(s.name, s.text, at, rule, text, hint))
}

// finding is a fault at a byte of a file.
func finding(name, text string, at int, rule, what, hint string) report.Finding {
	at = min(at, len(text))
	line := strings.Count(text[:at], "\n") + 1
	begin := strings.LastIndexByte(text[:at], '\n') + 1
	end := len(text)
	if i := strings.IndexByte(text[begin:], '\n'); i >= 0 {
		end = begin + i
	}
	f := report.Finding{Pos: report.Pos{File: name, Line: line, Col: len([]rune(text[begin:at])) + 1}, Severity: report.Error, Rule: rule, Text: what, Hint: hint}
	if end-begin <= 300 {
		f.Source = strings.TrimRight(text[begin:end], "\r")
	}
	return f
}
