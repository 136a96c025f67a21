package foreign

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"filmpress/internal/report"
	"filmpress/internal/subtitle"
)

// losses collects what a format cannot hold of a track.
type losses struct {
	track  *subtitle.Track
	format subtitle.Format
	found  []report.Finding
}

// names are the formats as people call them.
var names = map[subtitle.Format]string{subtitle.SRT: "SRT", subtitle.WebVTT: "WebVTT", subtitle.ASS: "ASS", subtitle.TTML: "TTML", subtitle.STL: "EBU STL",
	subtitle.SCC: "SCC", subtitle.Teletext: "teletext"}

// Name is a format as people call it: "EBU STL".
func Name(f subtitle.Format) string { return names[f] }

// add adds a loss of cue i.
func (l *losses) add(i int, rule, text string) {
	l.found = append(l.found, l.track.AtTiming(i, report.Finding{Severity: report.Warn, Rule: "lossy-" + rule, Text: text}))
}

func (l *losses) findings() []report.Finding {
	report.Sort(l.found)
	return l.found
}

// times takes out the cues that lie outside the clock of a format, and cuts those that lie partly so.
func (l *losses) times(limit time.Duration) {
	last := limit - time.Second
	if !slices.ContainsFunc(l.track.Cues, func(c subtitle.Cue) bool { return c.Start < 0 || c.End < 0 || c.Start >= last || c.End > last }) {
		return
	}
	kept := make([]subtitle.Cue, 0, len(l.track.Cues))
	blocks, b := slices.Clone(l.track.Blocks), 0
	for i, c := range l.track.Cues {
		for ; b < len(blocks) && blocks[b].Before <= i; b++ {
			blocks[b].Before = len(kept)
		}
		switch {
		case c.End <= 0 && c.Start < 0:
			l.add(i, "time", "this cue would end before the film begins; it is left out")
			continue
		case c.Start >= last:
			l.add(i, "time", fmt.Sprintf("%s has no times from %d hours on; this cue is left out", names[l.format], int(limit.Hours())))
			continue
		case c.Start < 0:
			l.add(i, "time", "this cue would begin before the film; it begins at 0")
			c.Start = 0
		case c.End > last:
			l.add(i, "time", fmt.Sprintf("%s has no times from %d hours on; this cue ends there", names[l.format], int(limit.Hours())))
			c.End = last
		}
		c.End = max(c.End, 0)
		kept = append(kept, c)
	}
	for ; b < len(blocks); b++ {
		blocks[b].Before = len(kept)
	}
	l.track.Cues, l.track.Blocks = kept, blocks
}

// look names what is not times.
func (l *losses) look() {
	if l.format == subtitle.SRT || l.format == subtitle.WebVTT {
		l.found = append(l.found, l.track.LossyAs(l.format)...)
		return
	}
	l.blocks()
	for i := range l.track.Cues {
		c := &l.track.Cues[i]
		if c.Markup == subtitle.WebVTT && c.ID != "" && c.ID != strconv.Itoa(i+1) && !(l.format == subtitle.TTML && isID(c.ID)) {
			l.add(i, "id", fmt.Sprintf("%s has no place for the identifier %q; it is left out", names[l.format], oneLine(c.ID)))
		}
		if text := l.position(c.Settings()); text != "" {
			l.add(i, "position", text)
		}
		l.text(i, c)
	}
}

// blocks names the parts of a WebVTT file that are no cues.
func (l *losses) blocks() {
	at := func(p report.Pos, rule, what string) {
		l.found = append(l.found, report.Finding{Pos: p, Severity: report.Warn, Rule: "lossy-" + rule,
			Text: fmt.Sprintf("%s has no place for a %s of WebVTT; it is left out", names[l.format], what)})
	}
	if len(l.track.Header) > 0 && strings.Join(l.track.Header, "\n") != "WEBVTT" {
		at(report.Pos{File: l.track.Name, Line: 1}, "header", "header")
	}
	for _, b := range l.track.Blocks {
		if b.Kind != subtitle.Stray {
			at(b.Pos, string(b.Kind), string(b.Kind)+" block")
		}
	}
}

// position says what is lost of a place on the picture, "" where nothing is.
func (l *losses) position(s subtitle.Settings) string {
	an, exact := s.Keypad()
	if exact {
		return ""
	}
	nearest := fmt.Sprintf("the cue goes to the nearest of nine places, %d on a numeric keypad", an)
	switch {
	case l.format == subtitle.STL:
		return "EBU STL has rows only; " + nearest
	case s.Region != nil:
		return names[l.format] + " has no regions of WebVTT; " + nearest
	case s.SnapToLines && s.Line.Set && s.Line.N != 0 && s.Line.N != -1:
		return names[l.format] + " counts no lines of text from the edge; " + nearest
	case l.format == subtitle.TTML:
		return ""
	case s.Vertical != subtitle.Horizontal:
		return "ASS writes no columns; the text is written in lines"
	case s.Size != 100:
		return fmt.Sprintf("ASS has no width of a cue; %s %% is left out", strconv.FormatFloat(s.Size, 'f', -1, 64))
	}
	return ""
}

// text names what is lost inside a cue's text, each kind once.
func (l *losses) text(i int, c *subtitle.Cue) {
	seen := map[string]bool{}
	once := func(rule, text string) {
		if !seen[rule] {
			seen[rule] = true
			l.add(i, rule, text)
		}
	}
	name := names[l.format]
	voices := 0
	tree := c.Tree()
	tree.Walk(func(n *subtitle.Node) {
		if len(n.Classes) > 0 {
			l.classes(n.Classes, once)
		}
		switch n.Kind {
		case subtitle.Timestamp:
			once("timestamp", name+" files of ours have no times inside a cue; they are left out")
		case subtitle.Voice:
			voices++
			if l.format == subtitle.STL {
				once("voice", fmt.Sprintf("EBU STL has no speakers; %q is left out", oneLine(n.Value)))
			} else if voices > 1 || len(tree.Children) > 1 {
				once("voice", name+" names one speaker for a whole cue; the first is kept")
			}
		}
		if l.format == subtitle.TTML {
			return
		}
		switch n.Kind {
		case subtitle.Ruby:
			once("ruby", name+" has no ruby; its text follows the word")
		case subtitle.Lang:
			once("lang", name+" has no languages inside a cue; the text is kept")
		case subtitle.Bold, subtitle.Strike:
			if l.format == subtitle.STL {
				once("bold", "EBU STL has italics and underlining only; the text is kept")
			}
		case subtitle.Font:
			if l.format == subtitle.STL {
				once("color", "EBU STL for open subtitles has no colours; the text is kept")
			} else if _, ok := rgbOf(n.Value); !ok {
				once("color", fmt.Sprintf("%q is no colour that is known here; the text is kept", oneLine(n.Value)))
			}
		}
	})
}

// classes names the classes that are lost.
func (l *losses) classes(classes []string, once func(rule, text string)) {
	for _, class := range classes {
		ground, isGround := strings.CutPrefix(class, "bg_")
		switch {
		case subtitle.ColorClass(class) == class:
			if l.format == subtitle.STL {
				once("color", "EBU STL for open subtitles has no colours; the text is kept")
			}
		case isGround && subtitle.ColorClass(ground) == ground:
			if l.format != subtitle.TTML {
				once("background", names[l.format]+" has no colour behind a part of the text; the text is kept")
			}
		default:
			once("class", fmt.Sprintf("%s has no classes; %q is left out", names[l.format], oneLine(class)))
		}
	}
}
