package subtitle

import (
	"iter"
	"time"
)

// SourceLine is one line of a file as it stands there: what package repair does not mend, it gives back as it was.
type SourceLine struct {
	Text string // decoded; NUL characters are still in it
	End  string // "\n", "\r\n", "\r", or "" at the end of the file
}

// Lines gives the decoded lines of the file that the track was read from, without the byte order mark; nil where it was
// not read from lines.
func (t *Track) Lines() []SourceLine {
	if t.src == nil {
		return nil
	}
	s := *t.src
	s.nul = false
	out := make([]SourceLine, s.count())
	for i := range s.count() {
		l := s.span(i)
		out[i] = SourceLine{Text: s.decode(l), End: s.eolAt(int(l.to), int(s.starts[i+1]))}
	}
	return out
}

// Line is the number, from 1, of the cue's timing line in the file it was read from; 0 where it was not.
func (c *Cue) Line() int { return int(c.line) }

// TextOnTimingLine says whether an SRT cue's text begins behind its times, on the same line.
func (c *Cue) TextOnTimingLine() bool { return c.line > 0 && c.text == c.line }

// Blank says whether a line shows nothing: SRT readers end a cue at it. A WebVTT reader ends one at an empty line only.
func Blank(line string) bool { return blank(line) }

// Timing is a timing line that was read tolerantly.
type Timing struct {
	Start, End time.Duration
	Rest       int // byte offset of what stands behind the times
}

// ReadTiming reads a timing line as tolerantly as SRT files are read: ',' or '.', short milliseconds, no hours, an
// arrow of another form. ok is false where the line is none, or cannot be understood.
func ReadTiming(line string) (tm Timing, ok bool) {
	t := parseSRTTiming(line)
	return Timing{t.start, t.end, t.rest}, t.arrow && t.why == ""
}

// ParseSettings reads WebVTT cue settings. ok is false where a word of them has no effect, a region among them.
func ParseSettings(text string) (s Settings, ok bool) {
	ok = true
	s = parseSettings(text, nil, func(string, word, string) { ok = false })
	return s, ok
}

// Keypad is the place of SRT's {\an1} to {\an9} that comes nearest to the settings, 2 being the usual one. exact says
// that it is the same place, for text that runs from left to right.
func (s Settings) Keypad() (an int, exact bool) {
	an = s.alignment()
	near := alignedSettings(an)
	switch s.Align {
	case AlignStart:
		s.Align = AlignLeft
	case AlignEnd:
		s.Align = AlignRight
	}
	return an, s == near
}

// Piece is a part of a cue's payload, as byte offsets into Raw: text, or a tag with what stands in it.
type Piece struct {
	From, To int
	Tag      bool
	Open     bool // a WebVTT tag that no > ends
}

// Pieces cuts the payload into text and tags the way the cue's format is read. A < that begins no tag of SRT is text.
func (c *Cue) Pieces() iter.Seq[Piece] {
	return func(yield func(Piece) bool) {
		if c.Markup == SRT {
			for p := range srtPieces(c.Raw) {
				if !yield(Piece{From: p.from, To: p.to, Tag: p.tag || p.override}) {
					return
				}
			}
			return
		}
		t := tokenizer{in: c.Raw}
		for t.i < len(t.in) {
			tok := t.next()
			if !yield(Piece{From: tok.from, To: tok.to, Tag: tok.kind != textToken, Open: tok.open}) {
				return
			}
		}
	}
}

// Unescape decodes the character references of a WebVTT text.
func Unescape(text string) string { return unescape(text) }

// MapReferences replaces what may be a character reference in a WebVTT text, each & with what follows it, by what f makes
// of it.
func MapReferences(text string, f func(string) string) string { return mapReferences(text, f) }
