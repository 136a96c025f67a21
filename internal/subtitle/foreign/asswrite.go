package foreign

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"filmpress/internal/subtitle"
)

// The picture that places in our ASS files are counted in.
const assWidth, assHeight = 1920, 1080

// assHeader has one style, white on a black outline at the bottom, as players show SRT.
const assHeader = `[Script Info]
ScriptType: v4.00+
WrapStyle: 0
ScaledBorderAndShadow: yes
PlayResX: 1920
PlayResY: 1080

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, Encoding
Style: Default,Arial,60,&H00FFFFFF,&H000000FF,&H00000000,&H80000000,0,0,0,0,100,100,0,0,1,3,1,2,96,96,54,1

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
`

// writeASS writes the track as an ASS script.
func writeASS(t *subtitle.Track) []byte {
	var b strings.Builder
	b.WriteString(assHeader)
	for i := range t.Cues {
		c := &t.Cues[i]
		start, end := centiseconds(c.Start), centiseconds(c.End)
		end = max(end, start+1)
		w := assWriter{}
		w.node(c.Tree(), assLook{})
		fmt.Fprintf(&b, "Dialogue: 0,%s,%s,Default,%s,0,0,0,,%s%s\n", assClock(start), assClock(end), w.voice, assPlace(c.Settings()), w.b.String())
	}
	return []byte(b.String())
}

// centiseconds rounds to what ASS counts in.
func centiseconds(d time.Duration) int64 { return (d.Milliseconds() + 5) / 10 }

func assClock(cs int64) string {
	return fmt.Sprintf("%d:%02d:%02d.%02d", cs/360_000, cs/6000%60, cs/100%60, cs%100)
}

// assPlace is the code for a place that is not the usual one. A cue that names a percentage gets \pos.
func assPlace(s subtitle.Settings) string {
	an, exact := s.Keypad()
	if exact && an == 2 {
		return ""
	}
	if exact || s.SnapToLines || !s.Line.Set || s.Vertical != subtitle.Horizontal || s.Region != nil {
		return fmt.Sprintf(`{\an%d}`, an)
	}
	row := map[subtitle.Align]int{subtitle.AlignStart: 6, subtitle.AlignCenter: 3, subtitle.AlignEnd: 0}[s.LineAlign]
	x, anchor := anchorOf(s)
	column := 1 + int(anchor)/50
	return fmt.Sprintf(`{\an%d\pos(%s,%s)}`, row+column, decimal(x*assWidth/100), decimal(s.Line.N*assHeight/100))
}

// decimal writes a number with two decimals at most.
func decimal(n float64) string {
	return strings.TrimSuffix(strings.TrimRight(strconv.FormatFloat(n, 'f', 2, 64), "0"), ".")
}

// assLook is what is switched on where a node stands.
type assLook struct {
	italic, bold, underline, strike bool
	color                           string // rrggbb; "" is the style's
}

// codes are what has to be written to come from one look to another.
func (l assLook) codes(from assLook) string {
	var b strings.Builder
	for _, c := range []struct {
		code    string
		is, was bool
	}{{"i", l.italic, from.italic}, {"b", l.bold, from.bold}, {"u", l.underline, from.underline}, {"s", l.strike, from.strike}} {
		if c.is != c.was {
			fmt.Fprintf(&b, `\%s%d`, c.code, map[bool]int{true: 1}[c.is])
		}
	}
	if l.color != from.color {
		b.WriteString(`\c`)
		if l.color != "" {
			b.WriteString("&H" + strings.ToUpper(l.color[4:6]+l.color[2:4]+l.color[:2]) + "&")
		}
	}
	if b.Len() == 0 {
		return ""
	}
	return "{" + b.String() + "}"
}

// assWriter writes the text of one cue.
type assWriter struct {
	b     strings.Builder
	look  assLook
	voice string // the first one
}

func (w *assWriter) node(n *subtitle.Node, l assLook) {
	switch n.Kind {
	case subtitle.TextNode:
		if n.Value != "" {
			w.b.WriteString(l.codes(w.look))
			w.look = l
			w.b.WriteString(assEscape(n.Value))
		}
		return
	case subtitle.Italic:
		l.italic = true
	case subtitle.Bold:
		l.bold = true
	case subtitle.Underline:
		l.underline = true
	case subtitle.Strike:
		l.strike = true
	case subtitle.Voice:
		if w.voice == "" {
			w.voice = strings.ReplaceAll(strings.Join(strings.Fields(n.Value), " "), ",", ";") // a comma ends the field
		}
	}
	if c, _, has, _ := nodeColors(n); has {
		l.color = c.hex()
	}
	for _, c := range n.Children {
		w.node(c, l)
	}
}

// assEscape is text that libass shows as it is. ASS has no escape for a backslash: a word joiner, which is not seen,
// keeps it from being read together with the letter behind it.
func assEscape(s string) string {
	var b strings.Builder
	for i := range len(s) {
		switch c := s[i]; {
		case c == '\n':
			b.WriteString(`\N`)
		case c == '{' || c == '}':
			b.WriteString(`\` + s[i:i+1])
		case c == '\\' && (i+1 == len(s) || strings.IndexByte("Nnh{}", s[i+1]) >= 0):
			b.WriteString("\\\u2060")
		case c == '\r':
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}
