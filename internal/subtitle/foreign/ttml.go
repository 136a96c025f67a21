package foreign

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"slices"
	"sort"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/language"

	"filmpress/internal/report"
	"filmpress/internal/subtitle"
)

// maxElements is how deeply elements may stand in one another; real files have about eight levels.
const maxElements = 200

// ttmlReader reads TTML (https://www.w3.org/TR/ttml2/) with the standard library's XML reader, which expands no entities of the
// file's own. Times are those of section 12, looks those that WebVTT knows.
type ttmlReader struct {
	*subtitle.Lines
	text       string
	lineStarts []int
	clock      ttmlClock
	cells      [2]float64 // ttp:cellResolution
	root       [2]float64 // tts:extent of tt in pixels; 0 is not said
	lang       string
	styles     map[string]*ttmlStyleDef
	regions    map[string]ttmlStyle
	agents     map[string]string
	stack      []*ttmlElement
	at         int // byte at which the current tag begins
	open       *ttmlParagraph
	paragraphs []*ttmlParagraph
	seen       int // <p> tags
	spent      int // bytes of text in the pieces of paragraphs so far
	stray      bool
}

// ttmlElement is an open element.
type ttmlElement struct {
	name       string
	begin, end float64 // seconds of the film; end may be +Inf
	sequence   bool    // timeContainer="seq": children follow one another
	next       float64 // where the next child of a sequence begins
	style      ttmlStyle
	region     string
	lang       string
	agent      string
	preserve   bool // xml:space
	silent     bool // metadata: its text is not shown
	id         string
}

// ttmlParagraph is a <p>: a cue, or several where parts of it have times of their own.
type ttmlParagraph struct {
	offset     int
	id         string
	begin, end float64
	timed      bool // it or an element around it has a time
	bad        string
	style      ttmlStyle
	region     ttmlStyle
	agent      string
	runs       []ttmlRun
	picture    bool
}

// ttmlRun is a piece of text with one look.
type ttmlRun struct {
	text       string // "\n" for <br>
	begin, end float64
	style      ttmlStyle
	lang       string
	preserve   bool
	hidden     bool
}

func readTTML(name string, data []byte, opt Options) (subtitle.Track, []report.Finding) {
	if opt.Charset == "" {
		opt.Charset = declaredCharset(data)
	}
	lines, ok := subtitle.OpenLines(name, data, opt.Options, subtitle.TTML, true)
	if !ok {
		return lines.Track(), lines.Findings()
	}
	r := &ttmlReader{Lines: lines, clock: newTTMLClock(opt.FrameRate), cells: [2]float64{32, 15}, styles: map[string]*ttmlStyleDef{},
		regions: map[string]ttmlStyle{}, agents: map[string]string{}}
	r.text = strings.Map(func(c rune) rune {
		if c < ' ' && c != '\t' && c != '\n' {
			return ' ' // XML has no control characters, and its reader would stop at one
		}
		return c
	}, r.Text())
	r.lineStarts = append(r.lineStarts, 0)
	for i := range len(r.text) {
		if r.text[i] == '\n' {
			r.lineStarts = append(r.lineStarts, i+1)
		}
	}
	r.read()
	t := r.Track()
	if t.Language == "" {
		t.Language = r.lang
	}
	r.finish(&t)
	if counted := countParagraphs(r.text); counted != r.seen {
		r.ComplainFile(report.Error, "ttml-count", fmt.Sprintf("the file has %d paragraphs (<p>), but %d were read", counted, r.seen),
			"mend the XML where the first complaint says, or export the file again")
	}
	judgeCues(r.Lines, &t)
	return t, r.Findings()
}

// declaredCharset is the encoding that the XML declaration names, where the bytes do not say better.
func declaredCharset(data []byte) string {
	m := xmlEncoding.FindSubmatch(data[:min(len(data), 200)])
	if m == nil || utf8.Valid(data) {
		return ""
	}
	name, err := subtitle.CharsetName(string(m[1]))
	if err != nil || strings.HasPrefix(name, "utf-") {
		return ""
	}
	return name
}

var (
	xmlEncoding  = regexp.MustCompile(`^<\?xml[^>]*encoding=["']([A-Za-z0-9._:-]+)["']`)
	xmlComment   = regexp.MustCompile(`(?s)<!--.*?(?:-->|$)|<!\[CDATA\[.*?(?:\]\]>|$)`)
	xmlParagraph = regexp.MustCompile(`<(?:[\w.-]+:)?p[\s/>]`)
)

// countParagraphs counts the <p> tags without reading the XML.
func countParagraphs(text string) int {
	return len(xmlParagraph.FindAllStringIndex(xmlComment.ReplaceAllString(text, ""), -1))
}

// place is the line (from 0) of a byte of the text, and the byte in it.
func (r *ttmlReader) place(at int) (line, b int) {
	line = sort.SearchInts(r.lineStarts, at+1) - 1
	return line, at - r.lineStarts[line]
}

// complain adds a finding on the tag that begins at a byte of the text.
func (r *ttmlReader) complain(sev report.Severity, rule string, at int, text, hint string) {
	line, b := r.place(min(at, len(r.text)))
	line = min(line, r.Len()-1)
	to := b + 1
	if end := strings.IndexAny(r.text[min(at, len(r.text)):min(at+300, len(r.text))], ">\n"); end >= 0 {
		to = b + end + 1
	}
	r.Complain(sev, rule, line, b, to, text, hint)
}

// read goes through the tags and the text.
func (r *ttmlReader) read() {
	d := xml.NewDecoder(strings.NewReader(r.text))
	d.Strict = false
	d.Entity = xml.HTMLEntity
	d.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil } // it is decoded already
	for {
		r.at = int(d.InputOffset())
		token, err := d.RawToken()
		if err != nil {
			if syntax, ok := errors.AsType[*xml.SyntaxError](err); ok {
				r.complain(report.Error, "ttml-syntax", int(d.InputOffset()), "the XML is broken here, and what follows cannot be read: "+syntax.Msg,
					"mend it, or export the file again from the program it was made in")
			}
			break
		}
		switch token := token.(type) {
		case xml.StartElement:
			if len(r.stack) >= maxElements {
				r.complain(report.Error, "ttml-nesting", r.at, "elements stand too deep in one another here; what follows was not read", "export the file again")
				r.closeParagraph()
				return
			}
			r.start(token)
		case xml.EndElement:
			r.end(token.Name.Local)
		case xml.CharData:
			r.chars(string(token))
		}
	}
	r.closeParagraph()
	if worst, any := report.Worst(r.Findings()); len(r.stack) > 0 && !(any && worst == report.Error) {
		r.complain(report.Error, "ttml-syntax", len(r.text), "the file ends before <"+r.stack[0].name+"> is closed, so its end is missing", "copy or export the file again")
	}
}

// parent is the element that is open.
func (r *ttmlReader) parent() *ttmlElement {
	if len(r.stack) == 0 {
		return &ttmlElement{end: math.Inf(1)}
	}
	return r.stack[len(r.stack)-1]
}

// metadata are elements whose text is about the file (TTML2 14).
var metadata = []string{"metadata", "title", "desc", "copyright", "agent", "name", "actor", "item"}

// resources are elements of the head whose content is no text (TTML2 9).
var resources = []string{"image", "audio", "font", "data"}

func (r *ttmlReader) start(token xml.StartElement) {
	up := r.parent()
	e := &ttmlElement{name: token.Name.Local, region: up.region, lang: up.lang, agent: up.agent, preserve: up.preserve,
		silent: up.silent || slices.Contains(metadata, token.Name.Local) || r.open == nil && slices.Contains(resources, token.Name.Local)}
	a := ttmlAttributes(token.Attr)
	if e.name == "tt" {
		r.document(a)
		if r.lang == "" {
			r.lang = canonical(a["xml:lang"])
		}
		e.lang = r.lang
	} else if a["xml:lang"] != "" {
		e.lang = canonical(a["xml:lang"])
	}
	e.id = a["xml:id"]
	e.preserve = a["xml:space"] == "preserve" || e.preserve && a["xml:space"] != "default"
	if a["region"] != "" {
		e.region = a["region"]
	}
	if a["agent"] != "" {
		e.agent = a["agent"]
	}
	bad := r.timing(e, up, a)
	r.define(e, up, a)
	e.style = r.computed(up.style, a, e.name)
	r.stack = append(r.stack, e)
	switch {
	case e.silent:
	case e.name == "p":
		r.seen++
		if r.open == nil {
			r.open = &ttmlParagraph{offset: r.at, id: e.id, begin: e.begin, end: e.end, style: e.style, region: r.regions[e.region], agent: e.agent, bad: bad, timed: r.timedAbove(a)}
		}
		r.open.picture = r.open.picture || a["backgroundImage"] != ""
	case r.open != nil && bad != "":
		r.complain(report.Error, "ttml-time", r.at, bad, "correct the time")
	case e.name == "div":
		if a["backgroundImage"] != "" {
			r.complain(report.Error, "ttml-picture", r.at, "this subtitle is a picture, not text; it is left out", "ask for a file with text, or read it with an OCR program")
		}
	case e.name == "br" && r.open != nil:
		r.open.runs = append(r.open.runs, ttmlRun{text: "\n", begin: up.begin, end: up.end, style: up.style})
	case e.name == "set" && r.open != nil:
		r.complain(report.Warn, "lossy-effect", r.at, "changes of the look while the text is shown are left out", "")
	}
	if up.sequence {
		up.next = e.end
	}
}

// timedAbove says whether an element or one around it has a time.
func (r *ttmlReader) timedAbove(a map[string]string) bool {
	if a["begin"] != "" || a["end"] != "" || a["dur"] != "" {
		return true
	}
	for _, e := range r.stack {
		if e.begin > 0 || !math.IsInf(e.end, 1) {
			return true
		}
	}
	return false
}

// end closes the nearest open element of a name; an end tag that closes nothing is passed over.
func (r *ttmlReader) end(name string) {
	at := len(r.stack) - 1
	for at >= 0 && r.stack[at].name != name {
		at--
	}
	if at < 0 {
		return
	}
	inside := slices.ContainsFunc(r.stack[:at], func(e *ttmlElement) bool { return e.name == "p" })
	closes := slices.ContainsFunc(r.stack[at:], func(e *ttmlElement) bool { return e.name == "p" })
	r.stack = r.stack[:at]
	if closes && !inside {
		r.closeParagraph()
	}
}

func (r *ttmlReader) closeParagraph() {
	if r.open != nil {
		r.paragraphs = append(r.paragraphs, r.open)
		r.open = nil
	}
}

// chars takes a piece of text.
func (r *ttmlReader) chars(text string) {
	e := r.parent()
	switch {
	case e.silent && e.name == "name":
		for _, up := range r.stack {
			if up.name == "agent" && up.id != "" && len(r.agents[up.id]) < 200 {
				r.agents[up.id] += text
			}
		}
	case e.silent:
	case r.open != nil:
		lang := e.lang
		if lang == r.lang {
			lang = ""
		}
		hidden := e.style["display"] == "none" || e.style["visibility"] == "hidden"
		r.open.runs = append(r.open.runs, ttmlRun{text: text, begin: e.begin, end: e.end, style: e.style, lang: lang, preserve: e.preserve, hidden: hidden})
	case !r.stray && strings.TrimSpace(text) != "" && r.inside("body"):
		r.stray = true
		r.complain(report.Warn, "ttml-stray", r.at+len(text)-len(strings.TrimLeft(text, " \t\n")), "this text stands outside a paragraph (<p>), so no player shows it",
			"put it into a <p> with times, or take it out")
	}
}

func (r *ttmlReader) inside(name string) bool {
	return slices.ContainsFunc(r.stack, func(e *ttmlElement) bool { return e.name == name })
}

// ttmlAttributes are the attributes by their local names; those of XML itself keep their prefix.
func ttmlAttributes(list []xml.Attr) map[string]string {
	a := make(map[string]string, len(list))
	for _, at := range list {
		name := at.Name.Local
		switch at.Name.Space {
		case "xml":
			name = "xml:" + name
		case "xmlns":
			continue
		}
		a[name] = strings.TrimSpace(at.Value)
	}
	return a
}

// canonical is a language tag in its canonical form, "" for what is none.
func canonical(tag string) string {
	t, err := language.Parse(tag)
	if err != nil || t == language.Und {
		return ""
	}
	return t.String()
}
