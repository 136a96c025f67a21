package subtitle

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// WebVTT writes the track as a WebVTT file. A WebVTT track that was read without findings comes out byte for byte
// as it was; an SRT track keeps its times, its text, italics, bold, underline, the eight colours that WebVTT has
// classes for, and the positions of {\an1} to {\an9}. Its index numbers are not kept: they name nothing, and players
// that drop cues with an identifier they know would lose text where numbers repeat.
func (t Track) WebVTT() []byte {
	w := writer{eol: t.eolFor(WebVTT)}
	if t.BOM && t.Format == WebVTT {
		w.WriteString("\ufeff")
	}
	if len(t.Header) == 0 {
		w.line("WEBVTT")
	}
	for _, line := range t.Header {
		w.line(line)
	}
	t.blocks(func(b *Block, c *Cue) {
		if b != nil {
			w.blanks(b.gap)
			w.lines(b.Text)
			return
		}
		w.blanks(int(c.gap))
		if id := c.vttID(); id != "" {
			w.line(id)
		}
		w.line(c.vttTiming())
		w.lines(c.vttPayload())
	})
	return w.end(t, WebVTT)
}

// SRT writes the track as an SRT file, its cues counted from 1. LossyAs says what is lost by it.
func (t Track) SRT() []byte {
	w := writer{eol: t.eolFor(SRT)}
	if t.BOM && t.Format == SRT {
		w.WriteString("\ufeff")
	}
	for i := range t.Cues {
		c := &t.Cues[i]
		if i > 0 || c.Markup == SRT && c.gap > 0 {
			w.blanks(int(c.gap))
		}
		w.line(fmt.Sprint(i + 1))
		w.line(c.srtTiming())
		w.lines(c.srtPayload())
	}
	return w.end(t, SRT)
}

// blocks visits blocks and cues in their order in the file; one of the two is nil.
func (t Track) blocks(visit func(*Block, *Cue)) {
	b := 0
	for i := 0; i <= len(t.Cues); i++ {
		for ; b < len(t.Blocks) && (t.Blocks[b].Before <= i || i == len(t.Cues)); b++ {
			visit(&t.Blocks[b], nil)
		}
		if i < len(t.Cues) {
			visit(nil, &t.Cues[i])
		}
	}
}

// eolFor keeps the line ending of a file that is written in its own format; others get \n.
func (t Track) eolFor(f Format) string {
	if t.Format != f || t.layout.eol == "" {
		return "\n"
	}
	return t.layout.eol
}

// writer writes lines.
type writer struct {
	strings.Builder
	eol string
}

func (w *writer) line(s string) { w.WriteString(s); w.WriteString(w.eol) }

// lines writes text that is joined by \n; none where it is empty.
func (w *writer) lines(text string) {
	for text != "" {
		var line string
		line, text, _ = strings.Cut(text, "\n")
		w.line(line)
	}
}

// blanks writes the blank lines between two blocks: as many as there were, at least one.
func (w *writer) blanks(n int) {
	for range max(n, 1) {
		w.WriteString(w.eol)
	}
}

// end is the whole file, with the end of the one that was read where it is of the same format.
func (w *writer) end(t Track, f Format) []byte {
	if t.Format != f {
		return []byte(w.String())
	}
	for range t.layout.tail {
		w.WriteString(w.eol)
	}
	out := w.String()
	if t.layout.noEnd {
		out = strings.TrimSuffix(out, w.eol)
	}
	return []byte(out)
}

func (c Cue) vttID() string {
	if c.Markup == SRT {
		return ""
	}
	return c.ID
}

// vttTiming is the timing line, as it was written in the file where it still says the same.
func (c Cue) vttTiming() string {
	if c.Markup == WebVTT && c.timing != "" {
		p := scan{s: c.timing}
		p.space()
		start, _ := p.timestamp()
		p.space()
		p.i += len("-->")
		p.space()
		end, _ := p.timestamp()
		kept := parseSettings(c.timing[p.i:], only(c.Settings().Region), func(string, word, string) {})
		if start == c.Start && end == c.End && kept == c.Settings() {
			return c.timing
		}
	}
	line := FormatTime(c.Start, '.') + " --> " + FormatTime(c.End, '.')
	if s := c.Settings().String(); s != "" {
		line += " " + s
	}
	return line
}

// only is the one region that a cue needs to be read with.
func only(r *Region) map[string]*Region {
	if r == nil {
		return nil
	}
	return map[string]*Region{r.ID: r}
}

func (c Cue) srtTiming() string {
	line := FormatTime(c.Start, ',') + " --> " + FormatTime(c.End, ',')
	if c.Markup == SRT && strings.TrimRight(c.timing, " \t") == line {
		return c.timing
	}
	return line
}

// vttPayload is the text in WebVTT's syntax.
func (c Cue) vttPayload() string {
	if c.Markup == WebVTT {
		return c.Raw
	}
	var b strings.Builder
	c.Tree().writeVTT(&b)
	text := keepLines(b.String(), func(line string) bool { return line != "" })
	return strings.ReplaceAll(text, "-->", "--&gt;") // here, since a tag left out may have stood inside
}

// srtPayload is the text in SRT's syntax, with its position where SRT has one for it.
func (c Cue) srtPayload() string {
	if c.Markup == SRT {
		return breakArrows(c.Raw)
	}
	var b strings.Builder
	if an := c.Settings().alignment(); an != 2 {
		fmt.Fprintf(&b, `{\an%d}`, an)
	}
	c.Tree().writeSRT(&b)
	return breakArrows(keepLines(b.String(), func(line string) bool { return !blank(line) }))
}

// breakArrows keeps lines of text from being read as timing lines.
func breakArrows(text string) string {
	if !strings.ContainsAny(text, ">＞→") {
		return text
	}
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if parseSRTTiming(line).arrow {
			lines[i] = arrowBreaker.Replace(line)
		}
	}
	return strings.Join(lines, "\n")
}

var arrowBreaker = strings.NewReplacer(">", wordJoiner+">", "＞", wordJoiner+"＞", "→", wordJoiner+"→")

// keepLines takes out the lines that would end the cue.
func keepLines(s string, keep func(string) bool) string {
	lines := strings.Split(s, "\n")
	return strings.Join(slices.DeleteFunc(lines, func(line string) bool { return !keep(line) }), "\n")
}

var vttEscaper = strings.NewReplacer("&", "&amp;", "<", "&lt;")

// wordJoiner is an invisible character that keeps text from being read as something else.
const wordJoiner = "\u2060"

func (n *Node) writeVTT(b *strings.Builder) {
	tag, open := tagNames[min(int(n.Kind), len(tagNames)-1)], ""
	switch n.Kind {
	case TextNode:
		b.WriteString(vttEscaper.Replace(n.Value))
		return
	case Timestamp:
		b.WriteString("<" + FormatTime(n.Time, '.') + ">")
		return
	case Italic, Bold, Underline, Ruby, RubyText:
		open = tag + n.vttClasses()
	case Class:
		if len(n.Classes) > 0 {
			open = tag + n.vttClasses()
		}
	case Voice, Lang:
		if open = tag + n.vttClasses(); n.Value != "" {
			open += " " + annotationEscaper.Replace(n.Value)
		}
	case Font:
		if class := colorClass(n.Value); class != "" {
			tag, open = "c", "c."+class
		}
	}
	if open != "" {
		b.WriteString("<" + open + ">")
	}
	for _, c := range n.Children {
		c.writeVTT(b)
	}
	if open != "" {
		b.WriteString("</" + tag + ">")
	}
}

// vttClasses are the node's classes as they stand behind its tag's name.
func (n *Node) vttClasses() string {
	if len(n.Classes) == 0 {
		return ""
	}
	return "." + strings.Join(n.Classes, ".")
}

var annotationEscaper = strings.NewReplacer("&", "&amp;", ">", "&gt;", "<", "&lt;")

func (n *Node) writeSRT(b *strings.Builder) {
	tag := ""
	switch n.Kind {
	case TextNode:
		b.WriteString(srtText(n.Value))
		return
	case Italic, Bold, Underline, Strike:
		tag = tagNames[n.Kind]
	}
	if tag != "" {
		b.WriteString("<" + tag + ">")
	}
	if value := n.srtColor(); value != "" && tag == "" {
		tag = "font"
		b.WriteString(`<font color="` + value + `">`)
	}
	for _, c := range n.Children {
		c.writeSRT(b)
	}
	if tag != "" {
		b.WriteString("</" + tag + ">")
	}
}

// srtColor is the colour of a class span (WebVTT 5.1) or of a font, as SRT writes it: "#rrggbb", or a name; "" where there is none that players know.
func (n *Node) srtColor() string {
	switch n.Kind {
	case Class:
		for _, class := range n.Classes {
			for value, name := range colorNames {
				if name == class {
					return "#" + value
				}
			}
		}
	case Font:
		if value := strings.ToLower(n.Value); fontColors.MatchString(value) {
			return value
		}
	}
	return ""
}

// fontColors are the colours that players of SRT files know: hexadecimal ones, and the first names of the web.
var fontColors = regexp.MustCompile(`^(?:#?(?:[0-9a-f]{3}|[0-9a-f]{6}|[0-9a-f]{8})|aqua|black|blue|brown|cyan|fuchsia|gold|gr[ae]y|green|lime|magenta|maroon|navy|olive|orange|pink|purple|red|silver|teal|violet|white|yellow)$`)

// srtText is text that SRT readers, ours among them, take as text. SRT has no escapes: where the text holds what looks
// like a tag, an entity or an escape, a word joiner is put into it.
func srtText(s string) string {
	if !strings.ContainsAny(s, srtMarks) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		b.WriteByte(s[i])
		if s[i] == '<' && srtTagLen(s[i:]) > 0 || srtOverrideLen(s[i:]) > 0 || srtReferenceLen(s[i:]) > 0 ||
			s[i] == '\\' && (i+1 == len(s) || strings.IndexByte("Nnh", s[i+1]) >= 0) { // at the end another node may follow
			b.WriteString(wordJoiner)
		}
	}
	return b.String()
}

// colorClass is the WebVTT class (WebVTT 5.1) of an SRT colour, "" where there is none.
func colorClass(color string) string {
	color = strings.ToLower(strings.TrimPrefix(color, "#"))
	if name, ok := colorNames[color]; ok {
		return name
	}
	for _, name := range colorNames {
		if name == color {
			return name
		}
	}
	return ""
}

// colorNames are the classes by their values.
var colorNames = map[string]string{"ffffff": "white", "00ff00": "lime", "00ffff": "cyan", "ff0000": "red",
	"ffff00": "yellow", "ff00ff": "magenta", "0000ff": "blue", "000000": "black"}

// alignment is the place on the numeric keypad that comes nearest to the settings; 2 is the usual one.
func (s Settings) alignment() int {
	row, column := 0, 2
	if s.Line.Set && s.Vertical == Horizontal {
		switch n := s.Line.N; {
		case s.SnapToLines && n >= 0 && n < 5, !s.SnapToLines && n < 34:
			row = 6
		case s.SnapToLines && n >= 0 && n < 10, !s.SnapToLines && n < 67:
			row = 3
		}
	}
	switch {
	case s.Align == AlignLeft || s.Align == AlignStart:
		column = 1
	case s.Align == AlignRight || s.Align == AlignEnd:
		column = 3
	}
	return row + column
}

// Payload is the cue's text in the syntax of a format, its lines joined by \n, none of them empty.
func (c Cue) Payload(f Format) string {
	if f == SRT {
		return c.srtPayload()
	}
	return c.vttPayload()
}
