package subtitle

import (
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/encoding/unicode"
)

// codec decodes one character encoding, a line at a time.
type codec struct {
	name   string              // the WHATWG name, lower case: "utf-8", "windows-1251"
	unit   int                 // bytes in which a line ending stands: 1, or 2 and 4 in UTF-16 and UTF-32
	big    bool                // the most significant byte comes first
	table  *[256]rune          // of an encoding with one byte a character
	multi  func(string) string // of any other
	encode func(string) int    // how many bytes the text takes
}

var utf8Codec = codec{name: "utf-8", unit: 1}

// encodingUTF8 replaces broken bytes the way browsers do.
var encodingUTF8 = unicode.UTF8

func utf16Codec(big bool) codec {
	return codec{name: "utf-16" + endian(big), unit: 2, big: big}
}

func utf32Codec(big bool) codec {
	return codec{name: "utf-32" + endian(big), unit: 4, big: big}
}

func endian(big bool) string {
	if big {
		return "be"
	}
	return "le"
}

// lookupCodec finds an encoding by any of its names in the WHATWG or the IANA list ("cp1251", "KOI8-R").
func lookupCodec(name string) (codec, error) {
	key := strings.ToLower(strings.TrimSpace(name))
	switch key {
	case "utf-8", "utf8":
		return utf8Codec, nil
	case "utf-16", "utf-16le":
		return utf16Codec(false), nil
	case "utf-16be":
		return utf16Codec(true), nil
	case "utf-32", "utf-32le":
		return utf32Codec(false), nil
	case "utf-32be":
		return utf32Codec(true), nil
	}
	if e, err := htmlindex.Get(key); err == nil {
		if canonical, err := htmlindex.Name(e); err == nil && canonical != "replacement" && canonical != "x-user-defined" {
			return newCodec(canonical, e), nil
		}
	} else if e, err := ianaindex.IANA.Encoding(key); err == nil && e != nil {
		return newCodec(key, e), nil
	}
	return codec{}, fmt.Errorf("no character encoding is called %q", name)
}

// CharsetName gives the standard name of a character encoding ("cp1251" is "windows-1251"), or an error that says
// it is not known.
func CharsetName(name string) (string, error) {
	c, err := lookupCodec(name)
	return c.name, err
}

func newCodec(name string, e encoding.Encoding) codec {
	c := codec{name: name, unit: 1}
	if m, ok := e.(*charmap.Charmap); ok {
		c.table = new([256]rune)
		for b := range c.table {
			c.table[b] = m.DecodeByte(byte(b))
		}
		return c
	}
	c.multi = func(s string) string {
		text, err := e.NewDecoder().String(s)
		if err != nil { // these decoders write U+FFFD and do not fail
			return strings.ToValidUTF8(s, "\uFFFD")
		}
		return text
	}
	c.encode = func(s string) int {
		b, err := encoding.ReplaceUnsupported(e.NewEncoder()).String(s)
		if err != nil {
			return len(s)
		}
		return len(b)
	}
	return c
}

// ascii is the ASCII character at the start of b, or 0xFF where there is none. b holds a whole unit.
func (c codec) ascii(b []byte) byte {
	switch c.unit {
	case 1:
		return b[0]
	case 2:
		return low(uint32(c.u16(b)))
	}
	return low(c.u32(b))
}

func low(v uint32) byte { return byte(min(v, 0xFF)) }

func (c codec) u16(b []byte) uint16 {
	if c.big {
		return uint16(b[0])<<8 | uint16(b[1])
	}
	return uint16(b[1])<<8 | uint16(b[0])
}

func (c codec) u32(b []byte) uint32 {
	if c.big {
		return uint32(c.u16(b))<<16 | uint32(c.u16(b[2:]))
	}
	return uint32(c.u16(b[2:]))<<16 | uint32(c.u16(b))
}

// decode gives the text of bytes that hold whole characters; what has no meaning becomes U+FFFD.
func (c codec) decode(b []byte) string {
	var out strings.Builder
	out.Grow(len(b) + len(b)/2)
	switch {
	case c.multi != nil:
		return c.multi(string(b))
	case c.table != nil:
		for _, x := range b {
			out.WriteRune(c.table[x])
		}
	case c.unit == 1:
		return decodeUTF8(b)
	case c.unit == 2:
		units := make([]uint16, 0, len(b)/2)
		for ; len(b) >= 2; b = b[2:] {
			units = append(units, c.u16(b))
		}
		for _, r := range utf16.Decode(units) {
			out.WriteRune(r)
		}
	default:
		for ; len(b) >= 4; b = b[4:] {
			out.WriteRune(rune(min(c.u32(b), utf8.MaxRune+1)))
		}
	}
	if len(b) > 0 && c.unit > 1 { // half a character
		out.WriteRune(utf8.RuneError)
	}
	return out.String()
}

// decodeUTF8 is UTF-8 decode of the Encoding Standard: one U+FFFD for the longest start of a character that breaks
// off, as browsers do.
func decodeUTF8(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	s, err := encodingUTF8.NewDecoder().Bytes(b)
	if err != nil { // it writes U+FFFD and does not fail
		return strings.ToValidUTF8(string(b), "\uFFFD")
	}
	return string(s)
}

// size is how many bytes the text takes in the file. It is exact for text that decode gave, except where
// characters were broken.
func (c codec) size(text string) int {
	switch {
	case c.encode != nil:
		return c.encode(text)
	case c.table != nil:
		return utf8.RuneCountInString(text)
	case c.unit == 1:
		return len(text)
	case c.unit == 2:
		n := 0
		for _, r := range text {
			n += 2 * utf16.RuneLen(r)
		}
		return n
	}
	return 4 * utf8.RuneCountInString(text)
}
