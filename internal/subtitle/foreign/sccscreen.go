package foreign

import (
	"math"
	"strings"

	"filmpress/internal/subtitle"
)

// sccPen is how characters are drawn (CEA-608-E 8.4): a colour, or italics in white.
type sccPen struct {
	color             string // a class of WebVTT; "" is white
	italic, underline bool
}

// sccColors are the colours of preambles and mid-row codes.
var sccColors = [7]string{"", "lime", "blue", "cyan", "red", "yellow", "magenta"}

// penOf reads the four bits of colour and underline.
func penOf(bits byte) sccPen {
	p := sccPen{underline: bits&1 != 0}
	if n := bits >> 1 & 7; n == 7 {
		p.italic = true
	} else {
		p.color = sccColors[n]
	}
	return p
}

type cell struct {
	c   rune // 0 is empty
	pen sccPen
}

// screen is the picture of a decoder: 15 rows of 32 columns.
type screen struct {
	rows [15][32]cell
	used uint16 // rows that hold something, a bit each
	line int    // of the file that the last character came from
}

func (s *screen) set(row, column int, c cell) {
	s.rows[row][column] = c
	s.used |= 1 << row
}

func (s *screen) clear() {
	for row := range s.rows {
		if s.used&(1<<row) != 0 {
			clear(s.rows[row][:])
		}
	}
	s.used = 0
}

// span is the columns [from, to) of a row that hold text.
func (s *screen) span(row int) (from, to int) {
	from = -1
	for i, c := range s.rows[row][:] {
		if c.c > ' ' && c.c != '\u00a0' {
			if from < 0 {
				from = i
			}
			to = i + 1
		}
	}
	return from, to
}

func (s *screen) blank() bool {
	for row := range s.rows {
		if s.used&(1<<row) != 0 {
			if from, _ := s.span(row); from >= 0 {
				return false
			}
		}
	}
	return true
}

// cue is the text on the screen and its place.
func (s *screen) cue() (raw string, settings subtitle.Settings) {
	var m markup
	top, bottom, left := -1, 0, -1
	centred, aligned := true, true
	for row := range s.rows {
		if s.used&(1<<row) == 0 {
			continue
		}
		from, to := s.span(row)
		if from < 0 {
			continue
		}
		if top < 0 {
			top, left = row, from
		} else {
			m.run(look{}, "\n")
		}
		bottom = row
		centred = centred && math.Abs(float64(from+to)/2-16) <= 3
		aligned = aligned && from == left
		s.text(&m, row, from, to)
	}
	an := 5
	if bottom >= 10 {
		an = 2
	} else if top < 5 {
		an = 8
	}
	settings = subtitle.Keypad(an)
	if !centred && aligned { // the picture's safe part is four fifths of it
		settings.Align, settings.Position, settings.PositionAlign = subtitle.AlignLeft, subtitle.Offset{Set: true, N: 10 + float64(left)*2.5}, subtitle.AlignLineLeft
	}
	return m.payload(""), settings
}

// text writes the cells [from, to) of a row; runs of blanks become one.
func (s *screen) text(m *markup, row, from, to int) {
	var b strings.Builder
	var pen sccPen
	flush := func() {
		m.run(look{italic: pen.italic, underline: pen.underline, color: pen.color}, b.String())
		b.Reset()
	}
	blank := false
	for _, c := range s.rows[row][from:to] {
		if c.c == 0 || c.c == ' ' {
			blank = true
			continue
		}
		if blank {
			if c.pen != pen { // the blank belongs to neither
				flush()
				pen = sccPen{}
			}
			b.WriteByte(' ')
			blank = false
		}
		if c.pen != pen {
			flush()
			pen = c.pen
		}
		b.WriteRune(c.c)
	}
	flush()
}

// basicChars are the characters 0x20 to 0x7F (CEA-608-E, table 50).
var basicChars = []rune(` !"#$%&'()á+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[é]íóúabcdefghijklmnopqrstuvwxyzç÷Ññ█`)

// specialChars follow the byte 0x11, from 0x30 on; the tenth is a blank that shows the picture.
var specialChars = []rune("®°½¿™¢£♪à\u00a0èâêîôû")

// extendedChars follow 0x12 and 0x13, from 0x20 on (CEA-608-E, tables 5 to 10).
var extendedChars = []rune("ÁÉÓÚÜü‘¡*'—©℠•“”ÀÂÇÈÊËëÎÏïÔÙùÛ«»" + `ÃãÍÌìÒòÕõ{}\^_|~ÄäÖöß¥¤│ÅåØø┌┐└┘`)
