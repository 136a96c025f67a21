package foreign

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"filmpress/internal/report"
	"filmpress/internal/subtitle"
)

// assReader reads ASS and SSA by what libass does, which nearly every player uses; no specification says all of it.
// What comes out is the events: Dialogue lines with the looks that WebVTT knows.
type assReader struct {
	*subtitle.Lines
	section        string
	styleFields    []string
	eventFields    []string
	resX, resY     float64 // PlayResX, PlayResY: what \pos is counted in
	keepSoftBreaks bool    // WrapStyle 2: \n breaks a line
	styles         map[string]*assStyle
	events         []assEvent
	comments       int
	heard          int // Dialogue lines that became an event or a finding
}

// assStyle is a line of a styles section.
type assStyle struct {
	name   string
	line   int // from 0
	look   look
	strike bool
	color  rgb
	an     int    // place on the numeric keypad
	rest   string // what WebVTT has nothing for: font, size, outline...
	used   int
}

// assEvent is a Dialogue line.
type assEvent struct {
	line, from   int // of its text
	start, end   time.Duration
	style, voice string
	effect       string
	margins      bool
	text         string
}

var (
	assStyleFields = []string{"name", "fontname", "fontsize", "primarycolour", "secondarycolour", "outlinecolour", "backcolour", "bold", "italic", "underline",
		"strikeout", "scalex", "scaley", "spacing", "angle", "borderstyle", "outline", "shadow", "alignment", "marginl", "marginr", "marginv", "encoding"}
	assEventFields = []string{"layer", "start", "end", "style", "name", "marginl", "marginr", "marginv", "effect", "text"}
)

func readASS(name string, data []byte, opt Options) (subtitle.Track, []report.Finding) {
	lines, ok := subtitle.OpenLines(name, data, opt.Options, subtitle.ASS, false)
	if !ok {
		return lines.Track(), lines.Findings()
	}
	r := &assReader{Lines: lines, styleFields: assStyleFields, eventFields: assEventFields, resX: 384, resY: 288, styles: map[string]*assStyle{}}
	for i := range r.Len() {
		r.line(i, strings.TrimSpace(r.Line(i)))
	}
	t := r.Track()
	r.finish(&t)
	if counted := countDialogues(r.Text()); counted != r.heard {
		r.ComplainFile(report.Error, "ass-count", fmt.Sprintf("the file has %d lines of dialogue, but %d were read", counted, r.heard),
			"open it in Aegisub and save it again")
	}
	if r.comments > 0 {
		r.ComplainFile(report.Info, "ass-comment", fmt.Sprintf("%d comment lines are shown by no player; they are left out", r.comments), "")
	}
	judgeCues(r.Lines, &t)
	return t, r.Findings()
}

// judgeCues says that a file has no cues, where nothing else says why.
func judgeCues(l *subtitle.Lines, t *subtitle.Track) {
	if worst, any := report.Worst(l.Findings()); len(t.Cues) == 0 && !(any && worst == report.Error) {
		l.ComplainFile(report.Error, "file-no-cues", "the file has no subtitles in it", "export it again from the program it was made in")
	}
}

// countDialogues counts the lines that are dialogue by their first word alone.
func countDialogues(text string) int {
	n := 0
	for line := range strings.SplitSeq(text, "\n") {
		line = strings.TrimSpace(line)
		if len(line) >= 9 && strings.EqualFold(line[:9], "dialogue:") {
			n++
		}
	}
	return n
}

func (r *assReader) line(i int, line string) {
	if strings.HasPrefix(line, "[") && strings.HasSuffix(line, "]") {
		r.section = strings.ToLower(line)
		return
	}
	key, value, ok := strings.Cut(line, ":")
	if !ok {
		return
	}
	key, value = strings.ToLower(key), strings.TrimSpace(value)
	styles := strings.Contains(r.section, "styles")
	switch {
	case key == "dialogue":
		r.dialogue(i)
	case key == "comment":
		r.comments++
	case key == "format" && styles:
		r.styleFields = fieldsOf(value)
	case key == "format":
		r.eventFields = fieldsOf(value)
	case key == "style" && styles:
		r.style(i, value)
	case key == "playresx":
		r.resX = positive(value, r.resX)
	case key == "playresy":
		r.resY = positive(value, r.resY)
	case key == "wrapstyle":
		r.keepSoftBreaks = value == "2"
	}
}

func fieldsOf(format string) []string {
	fields := strings.Split(strings.ToLower(format), ",")
	for i := range fields {
		fields[i] = strings.TrimSpace(fields[i])
	}
	return fields
}

func positive(s string, otherwise float64) float64 {
	if n, err := strconv.ParseFloat(s, 64); err == nil && n >= 1 && n < 1e6 {
		return n
	}
	return otherwise
}

// style reads a Style line; what is missing in it is as in the Default style of the format.
func (r *assReader) style(i int, value string) {
	s := &assStyle{line: i, an: 2, color: 0xffffff}
	parts := strings.SplitN(value, ",", len(r.styleFields))
	var rest []string
	for k, part := range parts {
		part = strings.TrimSpace(part)
		switch r.styleFields[k] {
		case "name":
			s.name = strings.TrimPrefix(part, "*")
		case "bold":
			s.look.bold = assBold(part)
		case "italic":
			s.look.italic = assTrue(part)
		case "underline":
			s.look.underline = assTrue(part)
		case "strikeout":
			s.strike = assTrue(part)
		case "primarycolour":
			if c, ok := assColor(part); ok {
				s.color = c
			}
		case "alignment":
			if n, err := strconv.Atoi(part); err == nil {
				s.an = keypadOf(n, strings.Contains(r.section, "v4 "))
			}
		case "encoding":
		default:
			rest = append(rest, part)
		}
	}
	s.rest = strings.Join(rest, ",")
	r.styles[strings.ToLower(s.name)] = s
}

func assTrue(s string) bool { n, err := strconv.Atoi(s); return err == nil && n != 0 }

// assBold reads 0, 1, -1 or a weight such as 700.
func assBold(s string) bool {
	n, err := strconv.Atoi(s)
	return err == nil && (n == 1 || n == -1 || n > 400)
}

// keypadOf gives the place on the numeric keypad. SSA and the code \a number them 1 2 3 at the bottom, 5 6 7 at the top, 9 10 11
// in the middle.
func keypadOf(n int, ssa bool) int {
	if ssa && (n == 4 || n == 8) { // are none, and libass takes them for 5, as VSFilter did
		n = 5
	}
	if ssa {
		row := map[int]int{0: 0, 1: 6, 2: 3}[n>>2&3]
		n = row + n&3
	}
	if n < 1 || n > 9 {
		return 2
	}
	return n
}

// assColor reads &HAABBGGRR& with or without its marks, and SSA's decimal number.
func assColor(s string) (rgb, bool) {
	s = strings.Trim(strings.TrimSpace(s), "&")
	base := 10
	if hex := strings.TrimLeft(s, "hH"); hex != s {
		s, base = hex, 16
	}
	n, err := strconv.ParseInt(s, base, 64)
	if err != nil {
		return 0, false
	}
	return rgb(n&0xff<<16 | n&0xff00 | n>>16&0xff), true
}

// dialogue reads line i as a Dialogue line.
func (r *assReader) dialogue(i int) {
	r.heard++
	line := r.Line(i)
	from := strings.IndexByte(line, ':') + 1
	e := assEvent{line: i}
	for k, field := range r.eventFields {
		value, next := line[from:], len(line)
		if k < len(r.eventFields)-1 {
			comma := strings.IndexByte(value, ',')
			if comma < 0 {
				r.Complain(report.Error, "ass-dialogue", i, 0, len(line),
					fmt.Sprintf("this line has %d fields, but %d are said to be on it, so its text is lost", k+1, len(r.eventFields)),
					"write the fields that the Format line names, with a comma after each but the last")
				return
			}
			value, next = value[:comma], from+comma+1
		}
		if (field == "start" || field == "end") && !r.eventTime(&e, field, from, value) {
			return
		}
		switch word := strings.TrimSpace(value); field {
		case "style":
			e.style = strings.ToLower(strings.TrimPrefix(word, "*"))
		case "name", "actor":
			e.voice = word
		case "marginl", "marginr", "marginv":
			n, err := strconv.Atoi(word)
			e.margins = e.margins || err == nil && n != 0
		case "effect":
			e.effect = word
		case "text":
			e.text, e.from = value, from
		}
		from = next
	}
	r.events = append(r.events, e)
}

// eventTime reads the time that stands at byte from.
func (r *assReader) eventTime(e *assEvent, field string, from int, value string) bool {
	at, ok := assTime(strings.TrimSpace(value))
	if !ok {
		r.Complain(report.Error, "ass-time", e.line, from, from+len(value), "this is no time, so the text of the line is lost", "write it as 0:01:02.34")
		return false
	}
	if field == "start" {
		e.start = at
	} else {
		e.end = at
	}
	return true
}

// assTime reads h:mm:ss.cc; one digit where two are due, a comma for the point and one to three decimals are taken too.
func assTime(s string) (time.Duration, bool) {
	parts := strings.FieldsFunc(s, func(r rune) bool { return r == ':' || r == '.' || r == ',' })
	if len(parts) != 4 || len(parts[3]) > 3 || strings.Count(s, ":") < 2 {
		return 0, false
	}
	var n [4]int
	for i, p := range parts {
		v, err := strconv.ParseUint(p, 10, 20)
		if err != nil || i < 3 && v > 999 {
			return 0, false
		}
		n[i] = int(v)
	}
	if n[1] > 59 || n[2] > 59 {
		return 0, false
	}
	for range 3 - len(parts[3]) {
		n[3] *= 10
	}
	return time.Duration((n[0]*3600+n[1]*60+n[2])*1000+n[3]) * time.Millisecond, true
}

// finish makes cues of the events, in the order of their times: ASS files need not keep one.
func (r *assReader) finish(t *subtitle.Track) {
	for _, e := range r.events {
		r.styleOf(e.style).used++
	}
	base := r.base()
	for _, s := range r.sortedStyles() {
		if s != base && s.used > 0 && s.rest != base.rest {
			r.Complain(report.Warn, "lossy-style", s.line, 0, len(r.Line(s.line)),
				fmt.Sprintf("the style %q has a font, size or outline of its own; only its italics, bold, colour and place are kept", oneLine(s.name)), "")
		}
	}
	for _, e := range r.events {
		r.event(t, e, base)
	}
	slices.SortStableFunc(t.Cues, func(a, b subtitle.Cue) int { return cmp.Compare(a.Start, b.Start) })
}

// defaultStyle is the style of events whose own is not in the file.
var defaultStyle = assStyle{name: "Default", an: 2, color: 0xffffff}

func (r *assReader) styleOf(name string) *assStyle {
	for _, n := range []string{name, "default"} {
		if s := r.styles[n]; s != nil {
			return s
		}
	}
	s := defaultStyle
	r.styles["default"] = &s
	return &s
}

// base is the style that most lines have. What it looks like is the look of the whole film, for which a player has a
// setting; only what differs from it tells the viewer something.
func (r *assReader) base() *assStyle {
	best := r.styleOf("default")
	for _, s := range r.sortedStyles() {
		if s.used > best.used {
			best = s
		}
	}
	return best
}

func (r *assReader) sortedStyles() []*assStyle {
	var all []*assStyle
	for _, s := range r.styles {
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b *assStyle) int { return cmp.Or(cmp.Compare(a.line, b.line), cmp.Compare(a.name, b.name)) })
	return all
}

// event makes a cue of an event, or says why not.
func (r *assReader) event(t *subtitle.Track, e assEvent, base *assStyle) {
	to := len(r.Line(e.line))
	if e.end <= e.start {
		r.Complain(report.Warn, "cue-end-after-start", e.line, 0, to, "this line does not end after it starts, so no player shows it; it is left out", "correct the times")
		return
	}
	p := newASSText(r, e, base)
	p.parse()
	raw := p.out.payload(e.voice)
	if !p.out.shown {
		rule, text := "cue-empty", "this line has no text; it is left out"
		if p.lost["drawing"] != "" {
			rule, text = "lossy-drawing", "this line is a drawing, which no other format holds; it is left out"
		}
		r.Complain(report.Warn, rule, e.line, e.from, to, text, "")
		return
	}
	settings := p.settings() // may lose something, too
	for _, kind := range slices.Sorted(maps.Keys(p.lost)) {
		r.Complain(report.Warn, "lossy-"+kind, e.line, e.from, to, p.lost[kind], "")
	}
	c := newCue(e.start, e.end, raw)
	c.SetSettings(settings)
	r.SetLine(&c, e.line+1)
	t.Cues = append(t.Cues, c)
}
