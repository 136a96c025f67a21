package rules

import (
	"strings"
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/graphemes"
	"golang.org/x/text/width"

	"filmpress/internal/subtitle"
)

// visible is what a viewer sees of a cue: its lines without tags, and how long they are.
type visible struct {
	buf   []byte
	lines []visibleLine // without those that show nothing
	chars float64       // of all lines together, as reading speed counts them
	plain bool          // nothing was taken out: bytes of buf are bytes of Raw
}

// visibleLine is one line of the text.
type visibleLine struct {
	from, to int     // bytes of buf, without spaces at the ends
	number   int     // of the line in the cue, from 0, lines that show nothing counted
	long     float64 // its length
}

// widths are what a letter of half the width counts: 1, or 0.5 where a language counts by wide letters.
type widths struct{ line, speed float64 }

func (v *visible) text(l visibleLine) []byte { return v.buf[l.from:l.to] }

// read takes a cue. Nothing of the cue before is kept.
func (v *visible) read(c *subtitle.Cue, w widths) {
	if strings.Contains(c.Raw, "<rt") { // what is read beside a word is not read in its line
		v.buf = appendBase(v.buf[:0], c.Tree())
	} else {
		v.buf = c.AppendPlain(v.buf[:0])
	}
	v.plain = string(v.buf) == c.Raw
	v.lines, v.chars = v.lines[:0], 0
	for from, number := 0, 0; from <= len(v.buf); number++ {
		to := from
		for to < len(v.buf) && v.buf[to] != '\n' {
			to++
		}
		v.line(from, to, number, w)
		from = to + 1
	}
}

func (v *visible) line(from, to, number int, w widths) {
	for from < to && isSpace(v.buf[from]) {
		from++
	}
	for from < to && isSpace(v.buf[to-1]) {
		to--
	}
	if from == to {
		return
	}
	n := length(v.buf[from:to], w.line)
	if n == 0 {
		return
	}
	v.lines = append(v.lines, visibleLine{from, to, number, n})
	if w.speed != w.line {
		n = length(v.buf[from:to], w.speed)
	}
	v.chars += n
}

// words counts what stands between spaces.
func (v *visible) words() int {
	n := 0
	for _, l := range v.lines {
		n++
		for at := l.from + 1; at < l.to; at++ { // neither end is a space
			if isSpace(v.buf[at]) && !isSpace(v.buf[at-1]) {
				n++
			}
		}
	}
	return n
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v' }

// appendBase is the plain text without ruby text.
func appendBase(b []byte, n *subtitle.Node) []byte {
	switch n.Kind {
	case subtitle.RubyText:
		return b
	case subtitle.TextNode:
		return append(b, n.Value...)
	}
	for _, c := range n.Children {
		b = appendBase(b, c)
	}
	return b
}

// length counts what people see as characters: grapheme clusters (Unicode Standard Annex 29) without those that show
// nothing. narrow is what one of half the width counts.
func length(b []byte, narrow float64) float64 {
	if narrow != 1 {
		return wideLength(b, narrow)
	}
	n := 0
	for i := 0; i < len(b); {
		if b[i] < utf8.RuneSelf {
			i++
			n++
			continue
		}
		r, size := utf8.DecodeRune(b[i:])
		if !alone(r) {
			return clusters(b)
		}
		i += size
		n++
	}
	return float64(n)
}

// alone says whether a character is always a cluster of its own among others of which this is true. Most letters are,
// and telling so is much faster than the rules of clusters.
func alone(r rune) bool {
	switch {
	case r < 0x300:
		return r != 0xAD && r >= 0xA0
	case r < 0x530:
		return r >= 0x370 && (r < 0x483 || r > 0x489)
	case r < 0x2000:
		return 0x1E00 <= r
	case r < 0x2030:
		return 0x2010 <= r && r < 0x2028
	case r < 0x203C:
		return true
	case r < 0xAC00:
		return 0x4E00 <= r && r < 0xA000 || 0x3000 <= r && r < 0x302A || 0x3041 <= r && r < 0x3097 || 0x30A0 <= r && r < 0x3100
	}
	return 0xFF01 <= r && r < 0xFF9E
}

// clusters counts by the rules.
func clusters(b []byte) float64 {
	n := 0
	for it := graphemes.FromBytes(b); it.Next(); {
		if r, _ := utf8.DecodeRune(it.Value()); !hidden(r) {
			n++
		}
	}
	return float64(n)
}

func wideLength(b []byte, narrow float64) float64 {
	n := 0.0
	for it := graphemes.FromBytes(b); it.Next(); {
		switch r, _ := utf8.DecodeRune(it.Value()); {
		case hidden(r):
		case r < 0x1100 || !isWide(r):
			n += narrow
		default:
			n++
		}
	}
	return n
}

func isWide(r rune) bool {
	if 0x2010 <= r && r < 0x2030 || r >= 0x1F000 { // marks and pictures that stand in a whole square among such letters
		return true
	}
	k := width.LookupRune(r).Kind()
	return k == width.EastAsianWide || k == width.EastAsianFullwidth
}

// hidden says whether a character shows nothing and takes no room.
func hidden(r rune) bool {
	switch {
	case r < 0xAD:
		return r < ' ' || 0x7F <= r && r < 0xA0
	case r < 0x200B:
		return r == 0xAD || r == 0x61C || r == 0x180E
	case r < 0x2070:
		return r <= 0x200F || 0x202A <= r && r <= 0x202E || 0x2060 <= r
	}
	return r == 0xFEFF
}
