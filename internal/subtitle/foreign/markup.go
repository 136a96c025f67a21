package foreign

import (
	"strings"
	"time"

	"filmpress/internal/subtitle"
)

// look is how a run of text is shown, as far as WebVTT can say it.
type look struct {
	italic, bold, underline bool
	color, ground           string // the names of WebVTT's classes (WebVTT 5.1); "" is what the player does
	lang                    string // BCP 47; "" is the track's
	ruby                    int    // 1 in <ruby>, 2 in <rt>
}

// tags are the tags of a look, the outer ones first.
func (l look) tags() []string {
	var out []string
	add := func(yes bool, tag string) {
		if yes {
			out = append(out, tag)
		}
	}
	add(l.ruby > 0, "ruby")
	add(l.ruby > 1, "rt")
	add(l.lang != "", "lang "+l.lang)
	classes := ""
	if l.color != "" {
		classes = "." + l.color
	}
	if l.ground != "" {
		classes += ".bg_" + l.ground
	}
	add(classes != "", "c"+classes)
	add(l.bold, "b")
	add(l.italic, "i")
	add(l.underline, "u")
	return out
}

// markup builds a cue's payload in WebVTT's syntax.
type markup struct {
	b      strings.Builder
	open   []string
	blanks string // to be written before the next text
	shown  bool   // something other than blanks was written
}

// run adds text in a look. Lines are separated by \n. Blanks look the same in every tag and are put between two.
func (m *markup) run(l look, text string) {
	if strings.TrimSpace(strings.Map(visible, text)) == "" {
		m.blanks += text
		return
	}
	m.shown = true
	m.turn(l.tags())
	m.b.WriteString(escaper.Replace(strings.Map(visible, text)))
}

// visible takes out control characters: nobody sees them, and a short file that holds some is taken for a binary one.
func visible(r rune) rune {
	if r < ' ' && r != '\n' && r != '\t' || r == 0x7f {
		return -1
	}
	return r
}

// escaper makes text of what WebVTT would read as markup; a > alone could end a cue as a part of -->.
var escaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// turn closes the open tags that are not wanted, and opens the others.
func (m *markup) turn(want []string) {
	same := 0
	for same < len(want) && same < len(m.open) && want[same] == m.open[same] {
		same++
	}
	for i := len(m.open) - 1; i >= same; i-- {
		name, _, _ := strings.Cut(m.open[i], " ")
		name, _, _ = strings.Cut(name, ".")
		m.b.WriteString("</" + name + ">")
	}
	m.b.WriteString(m.blanks)
	m.blanks = ""
	m.open = append(m.open[:same], want[same:]...)
	for _, tag := range want[same:] {
		m.b.WriteString("<" + tag + ">")
	}
}

// payload is the finished text: blanks at the ends of lines and blank lines, which no cue can hold, are taken out.
func (m *markup) payload(voice string) string {
	m.turn(nil)
	lines := strings.Split(m.b.String(), "\n")
	kept := lines[:0]
	for _, line := range lines {
		if line = strings.Trim(line, " \t"); line != "" {
			kept = append(kept, line)
		}
	}
	raw := strings.Join(kept, "\n")
	if voice = strings.Join(strings.Fields(voice), " "); voice != "" && raw != "" {
		raw = "<v " + escaper.Replace(voice) + ">" + raw // need not be closed where it holds the whole cue (WebVTT 4.2.2)
	}
	return raw
}

// newCue is a cue of a payload in WebVTT's markup.
func newCue(start, end time.Duration, raw string) subtitle.Cue {
	return subtitle.Cue{Start: start, End: end, Raw: raw, Markup: subtitle.WebVTT}
}

// milliseconds is a number of seconds as a time that is exact to the millisecond. ok is false where it is no time at
// all: a clock of subtitles does not go over a thousand hours.
func milliseconds(seconds float64) (d time.Duration, ok bool) {
	if !(seconds >= 0 && seconds < 1000*3600) {
		return 0, false
	}
	return time.Duration(seconds*1000+0.5) * time.Millisecond, true
}
