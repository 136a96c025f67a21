package s3

import (
	"bytes"
	"errors"
	"slices"
	"strconv"
	"unicode/utf8"
)

// plainXML reads the plainest XML. bad says that it met something else, and then nothing of what was read counts.
type plainXML struct {
	rest []byte
	bad  bool
}

func (p *plainXML) space() { p.rest = bytes.TrimLeft(p.rest, " \t\n") }

// declaration passes over an XML declaration that names UTF-8 or nothing.
func (p *plainXML) declaration() {
	for _, head := range []string{`<?xml version="1.0" encoding="UTF-8"?>`, `<?xml version="1.0" encoding="utf-8"?>`, `<?xml version="1.0"?>`} {
		if rest, found := bytes.CutPrefix(p.rest, []byte(head)); found {
			p.rest = rest
			return
		}
	}
}

// root opens the outermost element, which may name its name space.
func (p *plainXML) root(name string) bool {
	p.space()
	rest, found := bytes.CutPrefix(p.rest, []byte("<"+name))
	tag, rest, closed := bytes.Cut(rest, []byte(">"))
	p.rest = rest
	space, named := bytes.CutPrefix(tag, []byte(` xmlns="`))
	return found && closed && (len(tag) == 0 || named && bytes.HasSuffix(space, []byte(`"`)) && !bytes.ContainsAny(space[:len(space)-1], "\"&<\r") && plainText(space))
}

// tag goes to the next tag, past white space. One that opens and closes at once is not plain.
func (p *plainXML) tag() (name string, opens bool) {
	p.space()
	end := bytes.IndexByte(p.rest, '>')
	if end < 2 || p.rest[0] != '<' {
		p.bad = true
		return "", false
	}
	raw := p.rest[1:end]
	p.rest = p.rest[end+1:]
	if opens = raw[0] != '/'; !opens {
		raw = raw[1:]
	}
	// A name that is one of ours costs no allocation.
	for _, known := range plainNames {
		if string(raw) == known {
			return known, opens
		}
	}
	p.bad = true
	return "", false
}

// plainNames are the elements of a page that List reads, those of an object first, as there are most of them.
var plainNames = []string{"Key", "LastModified", "ETag", "Size", "StorageClass", "Contents", "Owner", "ID", "DisplayName", "ChecksumAlgorithm", "ChecksumType",
	"ListBucketResult", "Name", "Prefix", "KeyCount", "MaxKeys", "IsTruncated", "NextContinuationToken", "ContinuationToken", "StartAfter", "EncodingType"}

// names are the elements that were met, a bit for each of plainNames.
type names uint32

func (n *names) again(name string) bool {
	bit := names(1) << slices.Index(plainNames, name)
	had := *n&bit != 0
	*n |= bit
	return had
}

// text goes past the end of an element that was opened, and gives what stands in it as it was sent.
func (p *plainXML) text(name string) []byte {
	text, rest, found := bytes.Cut(p.rest, []byte("<"))
	tail, found2 := bytes.CutPrefix(rest, []byte("/"))
	tail, found3 := bytes.CutPrefix(tail, []byte(name))
	if !found || !found2 || !found3 || len(tail) == 0 || tail[0] != '>' || !plainText(text) {
		p.bad = true
		return nil
	}
	p.rest = tail[1:]
	return text
}

// value is what stands in an element that was opened.
func (p *plainXML) value(name string) string {
	text := p.text(name)
	if bytes.IndexByte(text, '&') < 0 {
		return string(text)
	}
	value, err := unescape(text)
	p.bad = p.bad || err != nil
	return value
}

// ended tells whether nothing but white space is left.
func (p *plainXML) ended() bool {
	p.space()
	return len(p.rest) == 0
}

// plainText tells whether bytes are UTF-8 without what XML forbids or would change.
func plainText(b []byte) bool {
	ascii := true
	for _, c := range b {
		if c < ' ' && c != '\t' && c != '\n' || c == '>' {
			return false
		}
		ascii = ascii && c < utf8.RuneSelf
	}
	return ascii || utf8.Valid(b) && !bytes.Contains(b, []byte("\uFFFE")) && !bytes.Contains(b, []byte("\uFFFF"))
}

var errEntity = errors.New("an entity that is not XML's own")

// unescape reads XML's five entities and character references (XML 1.0, 4.1 and 4.6).
func unescape(text []byte) (string, error) {
	out := make([]byte, 0, len(text))
	for {
		before, rest, found := bytes.Cut(text, []byte("&"))
		out = append(out, before...)
		if !found {
			return string(out), nil
		}
		entity, after, closed := bytes.Cut(rest, []byte(";"))
		r, known := entities[string(entity)]
		if digits, numeric := bytes.CutPrefix(entity, []byte("#")); numeric {
			r, known = reference(string(digits))
		}
		if !closed || !known {
			return "", errEntity
		}
		out, text = utf8.AppendRune(out, r), after
	}
}

var entities = map[string]rune{"amp": '&', "lt": '<', "gt": '>', "quot": '"', "apos": '\''}

// reference is the character of "38" or "x26". Those that XML forbids are left to the SDK.
func reference(digits string) (rune, bool) {
	base := 10
	if len(digits) > 1 && digits[0] == 'x' {
		digits, base = digits[1:], 16
	}
	n, err := strconv.ParseUint(digits, base, 21)
	r := rune(n)
	return r, err == nil && (r >= ' ' || r == '\t' || r == '\n' || r == '\r') && utf8.ValidRune(r) && r != 0xFFFE && r != 0xFFFF
}
