package foreign

import (
	"math"
	"strconv"
	"strings"

	"filmpress/internal/subtitle"
)

// assText reads the text of one event: override blocks in braces, and the escapes \N \n \h.
type assText struct {
	r       *assReader
	in      string
	style   *assStyle // of the event, or of the last \r
	base    *assStyle
	own     *assStyle // of the event
	look    look
	drawing bool
	an      int         // from \an, 0 is the style's
	pos     *[2]float64 // from \pos, in the script's picture
	lost    map[string]string
	out     markup
}

func newASSText(r *assReader, e assEvent, base *assStyle) *assText {
	style := r.styleOf(e.style)
	p := &assText{r: r, in: e.text, style: style, own: style, base: base, lost: map[string]string{}}
	p.reset(style)
	if e.effect != "" {
		p.lost["effect"] = "the effect " + strconv.Quote(oneLine(e.effect)) + " is left out"
	}
	if e.margins {
		p.lost["position"] = "the margins of this line are left out"
	}
	return p
}

// reset takes the look of a style.
func (p *assText) reset(s *assStyle) {
	p.style, p.look = s, s.look
	p.paint(s.color)
	p.strike(s.strike)
}

// paint sets the colour of the letters. That of the base style is the player's.
func (p *assText) paint(c rgb) {
	p.look.color = ""
	if c == p.base.color {
		return
	}
	if p.look.color = c.class(); p.look.color == "" {
		p.lost["color"] = "the colour #" + c.hex() + " is none of the eight that WebVTT has a name for; the text is kept"
	}
}

func (p *assText) strike(on bool) {
	if on {
		p.lost["strike"] = "WebVTT has no struck-out text; the text is kept"
	}
}

func (p *assText) parse() {
	s, from := p.in, 0
	last := strings.LastIndexByte(s, '}') // a { that nothing closes is text
	for i := 0; i < len(s); {
		switch {
		case s[i] == '\\' && i+1 < len(s): // \{ is a brace
			i += 2
		case s[i] == '{' && i < last:
			p.text(s[from:i])
			end := i + strings.IndexByte(s[i:], '}')
			p.block(s[i+1 : end])
			i, from = end+1, end+1
		default:
			i++
		}
	}
	p.text(s[from:])
}

// text writes a piece of text without blocks.
func (p *assText) text(s string) {
	if p.drawing {
		if strings.TrimSpace(s) != "" {
			p.lost["drawing"] = "this line has a drawing in it, which no other format holds; its text is kept"
		}
		return
	}
	l := p.look
	l.bold = l.bold && !p.base.look.bold // where all is bold, it is the film's look and tells nothing
	escapes := assEscapes
	if p.r.keepSoftBreaks {
		escapes = assEscapesHard
	}
	p.out.run(l, escapes.Replace(s))
}

// What the escapes of ASS stand for; \n breaks a line in files that wrap none by themselves.
var (
	assEscapes     = strings.NewReplacer(`\N`, "\n", `\n`, " ", `\h`, "\u00a0", `\{`, "{", `\}`, "}")
	assEscapesHard = strings.NewReplacer(`\N`, "\n", `\n`, "\n", `\h`, "\u00a0", `\{`, "{", `\}`, "}")
)

// block runs the codes of an override block. What stands before the first backslash is a comment.
func (p *assText) block(s string) {
	for {
		at := strings.IndexByte(s, '\\')
		if at < 0 {
			return
		}
		s = s[at+1:]
		end, depth := 0, 0
		for end < len(s) && (s[end] != '\\' || depth > 0) {
			switch s[end] {
			case '(':
				depth++
			case ')':
				depth--
			}
			end++
		}
		p.code(strings.TrimSpace(s[:end]))
		s = s[end:]
	}
}

// lossyCodes are the codes that WebVTT has nothing for, by the beginnings of their names; longer names stand first.
var lossyCodes = []struct{ code, kind, text string }{
	{"fn", "font", "fonts and their sizes are left out"}, {"fs", "font", "fonts and their sizes are left out"}, {"fe", "font", "fonts and their sizes are left out"},
	{"k", "karaoke", "the times of karaoke are left out; the text is kept"}, {"K", "karaoke", "the times of karaoke are left out; the text is kept"},
	{"fad", "effect", "fades are left out"}, {"move", "effect", "the movement is left out; the text stands where it begins"},
	{"t(", "effect", "changes of the look while the text is shown are left out"}, {"clip", "effect", "the text is shown whole, not clipped"},
	{"iclip", "effect", "the text is shown whole, not clipped"}, {"fr", "effect", "the text is not turned"}, {"fa", "effect", "the text is not slanted"},
	{"2c", "color", "colours of outlines and shadows are left out"}, {"3c", "color", "colours of outlines and shadows are left out"},
	{"4c", "color", "colours of outlines and shadows are left out"}, {"alpha", "effect", "the transparency is left out"}, {"1a", "effect", "the transparency is left out"},
	{"2a", "effect", "the transparency is left out"}, {"3a", "effect", "the transparency is left out"}, {"4a", "effect", "the transparency is left out"},
	{"bord", "effect", "outlines and shadows are left out"}, {"xbord", "effect", "outlines and shadows are left out"}, {"ybord", "effect", "outlines and shadows are left out"},
	{"shad", "effect", "outlines and shadows are left out"}, {"xshad", "effect", "outlines and shadows are left out"}, {"yshad", "effect", "outlines and shadows are left out"},
	{"blur", "effect", "the blur is left out"}, {"be", "effect", "the blur is left out"}, {"org", "", ""}, {"pbo", "", ""}, {"q", "", ""},
}

// code runs one code, without its backslash: "i1", "an8", "pos(10,20)".
func (p *assText) code(s string) {
	name, arg := s, ""
	if at := strings.IndexByte(s, '('); at >= 0 {
		name, arg = s[:at], strings.Trim(s[at:], "()")
	}
	if p.place(name, arg) {
		return
	}
	for _, l := range lossyCodes {
		if strings.HasPrefix(s, l.code) {
			if l.kind != "" {
				p.lost[l.kind] = l.text
			}
			return
		}
	}
	if s == "" {
		return
	}
	switch value := s[1:]; s[0] {
	case 'i':
		p.look.italic = onOr(value, p.style.look.italic)
	case 'u':
		p.look.underline = onOr(value, p.style.look.underline)
	case 's':
		p.strike(onOr(value, p.style.strike))
	case 'b':
		if p.look.bold = p.style.look.bold; value != "" {
			p.look.bold = assBold(value)
		}
	case 'p':
		n, err := strconv.Atoi(value)
		p.drawing = err == nil && n > 0
	case 'r':
		style := p.own
		if s := p.r.styles[strings.ToLower(value)]; s != nil {
			style = s
		}
		p.reset(style)
	case 'c', '1':
		value, isColor := strings.CutPrefix(strings.TrimPrefix(s, "1"), "c")
		if !isColor {
			return
		}
		if c, ok := assColor(value); ok {
			p.paint(c)
		} else {
			p.paint(p.style.color)
		}
	}
}

func onOr(value string, otherwise bool) bool {
	if n, err := strconv.Atoi(value); err == nil {
		return n != 0
	}
	return otherwise
}

// place runs the codes that say where the text stands. ok is false where it is none of them.
func (p *assText) place(name, arg string) (ok bool) {
	digits := strings.TrimLeft(name, "an")
	n, err := strconv.Atoi(digits)
	switch {
	case err == nil && name == "an"+digits:
		if p.an == 0 { // the first one counts
			p.an = keypadOf(n, false)
		}
	case err == nil && name == "a"+digits:
		if p.an == 0 {
			p.an = keypadOf(n, true)
		}
	case name == "pos" || name == "move":
		if name == "move" {
			p.lost["effect"] = "the movement is left out; the text stands where it begins"
		}
		parts := strings.Split(arg, ",")
		if len(parts) < 2 || p.pos != nil {
			return true
		}
		x, err1 := strconv.ParseFloat(strings.TrimSpace(parts[0]), 64)
		y, err2 := strconv.ParseFloat(strings.TrimSpace(parts[1]), 64)
		if err1 == nil && err2 == nil && !math.IsNaN(x+y) {
			p.pos = &[2]float64{x, y}
		}
	default:
		return false
	}
	return true
}

// settings is where the cue stands.
func (p *assText) settings() subtitle.Settings {
	an := p.an
	if an == 0 {
		an = p.own.an
	}
	if p.pos == nil {
		return subtitle.Keypad(an)
	}
	row, column := (an-1)/3, (an-1)%3
	s := subtitle.DefaultSettings()
	s.SnapToLines = false
	s.Line = subtitle.Offset{Set: true, N: p.percent(p.pos[1], p.r.resY)}
	s.LineAlign = []subtitle.Align{subtitle.AlignEnd, subtitle.AlignCenter, subtitle.AlignStart}[row]
	s.Position = subtitle.Offset{Set: true, N: p.percent(p.pos[0], p.r.resX)}
	s.PositionAlign = []subtitle.Align{subtitle.AlignLineLeft, subtitle.AlignCenter, subtitle.AlignLineRight}[column]
	s.Align = []subtitle.Align{subtitle.AlignLeft, subtitle.AlignCenter, subtitle.AlignRight}[column]
	return s
}

// percent is a place in the script's picture in per cent, with two decimals.
func (p *assText) percent(at, of float64) float64 {
	n := math.Round(at/of*10000) / 100
	if n < 0 || n > 100 {
		p.lost["position"] = "the text stands outside the picture; it goes to the edge"
	}
	return min(max(n, 0), 100)
}
