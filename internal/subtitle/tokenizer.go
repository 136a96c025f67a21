package subtitle

import (
	"html"
	"strings"
	"time"
)

type tokenKind uint8

const (
	textToken tokenKind = iota
	startTag
	endTag
	timestampTag
)

// token is what the WebVTT cue text tokenizer emits (WebVTT 6.5), with its place in the payload.
type token struct {
	kind       tokenKind
	value      string // the text, the tag's name or the timestamp tag's value
	classes    []string
	annotation string
	from, to   int
	open       bool // a tag that no > ended
}

// time is the timestamp tag's time; ok is false where the whole value is not a timestamp.
func (t token) time() (time.Duration, bool) {
	p := scan{s: t.value}
	d, why := p.timestamp()
	return d, why == "" && p.i == len(t.value)
}

// tokenizer cuts a payload into tokens. The specification's states are the methods.
type tokenizer struct {
	in string
	i  int
}

// next is the next token; it may be called while i < len(in).
func (t *tokenizer) next() token {
	from := t.i
	var tok token
	if t.in[t.i] == '<' {
		t.i++
		tok = t.tag()
	} else {
		end := strings.IndexByte(t.in[t.i:], '<')
		if end < 0 {
			end = len(t.in) - t.i
		}
		tok = token{value: unescape(t.in[t.i : t.i+end])}
		t.i += end
	}
	tok.from, tok.to = from, t.i
	return tok
}

// tag is everything from the WebVTT tag state on. Every state ends at > or at the end of the input.
func (t *tokenizer) tag() token {
	body, open := t.in[t.i:], true
	if end := strings.IndexByte(body, '>'); end >= 0 {
		body, open = body[:end], false
	}
	t.i += len(body)
	if !open {
		t.i++
	}
	switch {
	case body == "":
		return token{kind: startTag, open: open}
	case body[0] == '/':
		return token{kind: endTag, value: body[1:], open: open}
	case isDigit(body[0]):
		return token{kind: timestampTag, value: body, open: open}
	}
	head, annotation := body, ""
	if end := strings.IndexAny(body, "\t\n\f "); end >= 0 {
		head, annotation = body[:end], body[end:]
	}
	tok := token{kind: startTag, value: head, open: open}
	if name, classes, ok := strings.Cut(head, "."); ok {
		tok.value, tok.classes = name, strings.Split(classes, ".")
	}
	if annotation != "" {
		tok.annotation = strings.Join(fields(unescape(annotation)), " ")
	}
	return tok
}

// fields splits on ASCII whitespace only; strings.Fields would eat no-break spaces.
func fields(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r < 0x80 && isSpace(byte(r)) })
}

// unescape replaces character references by HTML's rules, outside attributes (HTML 13.2.5.72).
func unescape(s string) string { return mapReferences(s, reference) }

// mapReferences replaces what may be a character reference, each & with what follows it, by what f makes of it.
func mapReferences(s string, f func(string) string) string {
	if strings.IndexByte(s, '&') < 0 {
		return s
	}
	var b strings.Builder
	for {
		amp := strings.IndexByte(s, '&')
		if amp < 0 {
			b.WriteString(s)
			return b.String()
		}
		b.WriteString(s[:amp])
		n := referenceLen(s[amp:])
		b.WriteString(f(s[amp : amp+n]))
		s = s[amp+n:]
	}
}

// referenceLen is the length of what may be a character reference at the start of s, the & included.
func referenceLen(s string) int {
	n := 1
	if n < len(s) && s[n] == '#' {
		n++
	}
	for n < len(s) && isAlnum(s[n]) {
		n++
	}
	if n < len(s) && s[n] == ';' {
		n++
	}
	return n
}

func isAlnum(c byte) bool { return isDigit(c) || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }

// reference decodes one candidate. The standard library knows the names and the rules, but its numbers overflow
// ("&#4294967361;" would be "A"), and it makes a character of "&#x;", which has no number.
func reference(s string) string {
	if !strings.HasPrefix(s, "&#") {
		return html.UnescapeString(s)
	}
	digits, isDigit := s[2:], isDigit
	if digits != "" && digits[0]|0x20 == 'x' {
		digits, isDigit = digits[1:], isHex
	}
	if digits == "" || !isDigit(digits[0]) {
		return s
	}
	digits = strings.TrimLeft(digits, "0")
	n := 0
	for n < len(digits) && isDigit(digits[n]) {
		n++
	}
	if n > 7 { // over U+10FFFF in either base
		return "\uFFFD" + strings.TrimPrefix(digits[n:], ";")
	}
	return html.UnescapeString(s)
}

func isHex(c byte) bool { return isDigit(c) || 'a' <= c|0x20 && c|0x20 <= 'f' }
