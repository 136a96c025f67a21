package subtitle

import (
	"fmt"
	"strings"

	"filmpress/internal/report"
)

// LossyAs says what would be lost if the track were written in a format: one lossy-* finding a cue and kind of loss.
func (t Track) LossyAs(f Format) []report.Finding {
	var found []report.Finding
	add := func(p report.Pos, rule, text string) {
		found = append(found, report.Finding{Pos: p, Severity: report.Warn, Rule: rule, Text: text})
	}
	if f == SRT {
		for _, b := range t.Blocks {
			if b.Kind != Stray {
				add(b.Pos, "lossy-"+string(b.Kind), "SRT has no "+string(b.Kind)+" blocks; this one is left out")
			}
		}
		if len(t.Header) > 0 && strings.Join(t.Header, "\n") != "WEBVTT" {
			add(report.Pos{File: t.Name, Line: 1}, "lossy-header", "SRT has no header; what stands in it is left out")
		}
	}
	for i, c := range t.Cues {
		if c.Markup == f {
			continue
		}
		for _, what := range c.lost(f, i) {
			add(t.posOf(i), what.rule, what.text)
		}
	}
	report.Sort(found)
	return found
}

type loss struct{ rule, text string }

// lost is what a cue, the i-th from 0, loses in a format that is not its own.
func (c Cue) lost(f Format, i int) []loss {
	var out []loss
	if f == SRT {
		if c.ID != "" && c.ID != fmt.Sprint(i+1) {
			out = append(out, loss{"lossy-id", fmt.Sprintf("SRT counts its cues; the identifier %q is left out", c.ID)})
		}
		if an := c.Settings().alignment(); c.Settings() != alignedSettings(an) {
			out = append(out, loss{"lossy-position", fmt.Sprintf("SRT knows nine places only; the position becomes {\\an%d}", an)})
		}
	}
	seen := map[string]bool{}
	c.Tree().Walk(func(n *Node) {
		if l, lost := n.lost(f); lost && !seen[l.rule] {
			seen[l.rule] = true
			out = append(out, l)
		}
	})
	return out
}

// lost says whether the other format has nothing for a node.
func (n *Node) lost(f Format) (loss, bool) {
	if f == WebVTT {
		switch {
		case n.Kind == Strike:
			return loss{"lossy-strike", "WebVTT has no struck-out text; the text is kept"}, true
		case n.Kind == Font && colorClass(n.Value) == "":
			return loss{"lossy-color", "WebVTT has no class for this font; the text is kept"}, true
		}
		return loss{}, false
	}
	switch {
	case n.Kind == Voice:
		return loss{"lossy-voice", fmt.Sprintf("SRT has no voices; %q is left out", n.Value)}, true
	case n.Kind == Timestamp:
		return loss{"lossy-timestamp", "SRT has no times inside a cue; they are left out"}, true
	case n.Kind == Ruby || n.Kind == RubyText:
		return loss{"lossy-ruby", "SRT has no ruby; its text follows the word"}, true
	case n.Kind == Lang:
		return loss{"lossy-lang", "SRT has no language spans; the text is kept"}, true
	case n.Kind == Class && len(n.Classes) == 1 && n.srtColor() != "": // becomes <font>
	case n.Kind == Class || len(n.Classes) > 0:
		return loss{"lossy-class", "SRT has no classes; " + strings.Join(n.Classes, ", ") + " is left out"}, true
	}
	return loss{}, false
}
