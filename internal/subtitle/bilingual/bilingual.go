// Package bilingual makes one subtitle track of two: the first language at the bottom of the picture and the second at the
// top, or both in one block. Pure.
package bilingual

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"filmpress/internal/report"
	"filmpress/internal/subtitle"
)

// Layout is where the two languages stand.
type Layout int

const (
	// Apart has the first at the bottom and the second at the top. Each keeps its own times: the cues overlap, and
	// every one is shown for as long as it was written for. Players of both formats draw overlapping cues in two places.
	Apart Layout = iota
	// Stacked has both in one cue, the first above the second. Cues are cut where one language begins or ends, so that no
	// two overlap: for players that show one cue at a time.
	Stacked
)

// Tracks makes one track in a format of two. No text is lost; what else cannot be carried over is in the findings, as
// Warnings with the place in the file it comes from. An Error says that no track could be made.
func Tracks(first, second subtitle.Track, f subtitle.Format, layout Layout) (subtitle.Track, []report.Finding) {
	out := subtitle.Track{Format: f, Charset: "utf-8"}
	if f == subtitle.WebVTT && first.Format == f && !first.Refused {
		out.Header = first.Header
	}
	if layout == Apart {
		out.Cues, out.Blocks = apart(first, second, f)
		return out, lossy(first, second, f, layout)
	}
	cues, ok := stack(first, second, f)
	if !ok {
		return out, []report.Finding{{Pos: report.Pos{File: first.Name}, Severity: report.Error, Rule: "merge-too-many-at-once",
			Text: "too many cues are shown at once to be put into one block", Hint: "merge without --stacked, or mend the times"}}
	}
	out.Cues = cues
	return out, lossy(first, second, f, layout)
}

// lossy says what of the two tracks the new one cannot hold.
func lossy(first, second subtitle.Track, f subtitle.Format, layout Layout) []report.Finding {
	var found []report.Finding
	blocks := func(t *subtitle.Track, why string) {
		for _, b := range t.Blocks {
			if b.Kind == subtitle.Style || b.Kind == subtitle.Regions || b.Kind == subtitle.Note {
				found = append(found, report.Finding{Pos: b.Pos, Severity: report.Warn, Rule: "lossy-" + string(b.Kind),
					Text: "this " + string(b.Kind) + " block is left out: " + why})
			}
		}
	}
	if layout == Stacked && f == subtitle.WebVTT {
		blocks(&first, "cues of two languages in one block take the place of the old ones")
	}
	if f == subtitle.WebVTT {
		blocks(&second, "it would change the other language, too")
	}
	for n, t := range []subtitle.Track{first, second} {
		kept := n == 0 && layout == Apart
		for _, l := range t.LossyAs(f) {
			if kept || l.Rule != "lossy-position" && l.Rule != "lossy-id" {
				found = append(found, l)
			}
		}
		if lost, any := misplaced(t, layout); any && !kept {
			found = append(found, lost)
		}
	}
	report.Sort(found)
	return found
}

// misplaced says how many cues lose a place of their own, at the first of them.
func misplaced(t subtitle.Track, layout Layout) (f report.Finding, any bool) {
	usual, top := subtitle.DefaultSettings(), subtitle.DefaultSettings()
	top.Line = subtitle.Offset{Set: true, N: 0}
	first, n := 0, 0
	for i := range t.Cues {
		if s := t.Cues[i].Settings(); s != usual && (s != top || layout == Stacked) {
			if n++; n == 1 {
				first = i
			}
		}
	}
	if n == 0 {
		return report.Finding{}, false
	}
	where := map[Layout]string{Apart: "at the top", Stacked: "in the block of both languages"}[layout]
	return t.AtTiming(first, report.Finding{Severity: report.Warn, Rule: "lossy-position",
		Text: fmt.Sprintf("the place of %d cues is left out, the first is here: they stand %s", n, where)}), true
}

// apart puts both tracks' cues in the order of their times, the second ones at the top. Blocks are those of the first track.
func apart(first, second subtitle.Track, f subtitle.Format) ([]subtitle.Cue, []subtitle.Block) {
	type placed struct {
		subtitle.Cue
		from int // index in the first track; -1 in the second
	}
	all := make([]placed, 0, len(first.Cues)+len(second.Cues))
	for i, c := range first.Cues {
		all = append(all, placed{c, i})
	}
	busy := tops(first)
	for _, c := range second.Cues {
		all = append(all, placed{atTop(c, second.Language, f, !busy.meets(c)), -1})
	}
	slices.SortStableFunc(all, func(a, b placed) int { return cmp.Compare(a.Start, b.Start) })
	cues, at := make([]subtitle.Cue, len(all)), make([]int, len(first.Cues)+1)
	at[len(first.Cues)] = len(all)
	for i, p := range all {
		if cues[i] = p.Cue; p.from >= 0 {
			at[p.from] = i
		}
	}
	if f != subtitle.WebVTT {
		return cues, nil
	}
	blocks := slices.Clone(first.Blocks)
	for i := range blocks {
		blocks[i].Before = at[min(blocks[i].Before, len(first.Cues))]
		if k := blocks[i].Kind; k == subtitle.Style || k == subtitle.Regions {
			blocks[i].Before = 0 // players read them above the first cue only
		}
	}
	blocks = slices.DeleteFunc(blocks, func(b subtitle.Block) bool { return b.Kind == subtitle.Stray })
	slices.SortStableFunc(blocks, func(a, b subtitle.Block) int { return cmp.Compare(a.Before, b.Before) })
	return cues, blocks
}

// atTop is a cue of the second language, put at the top of the picture, or at the bottom where the top is taken.
func atTop(c subtitle.Cue, language string, f subtitle.Format, top bool) subtitle.Cue {
	s := subtitle.DefaultSettings()
	if top {
		s.Line = subtitle.Offset{Set: true, N: 0}
	}
	c.ID = "" // it may name a cue of the first track as well
	if c.Markup == subtitle.SRT {
		if c.Raw = unplaced(c.Raw); top {
			c.Raw = `{\an8}` + c.Raw
		}
	} else if f == subtitle.WebVTT {
		c.Raw = spoken(c.Raw, language)
	}
	if c.Markup == subtitle.SRT && f == subtitle.WebVTT {
		c.Raw, c.Markup = spoken(c.Payload(f), language), f
	}
	c.SetSettings(s)
	return c
}

// spoken marks a WebVTT payload with its language, so that screen readers and fonts go by it.
func spoken(payload, language string) string {
	if language == "" || payload == "" || strings.ContainsAny(language, "<>&") {
		return payload
	}
	return "<lang " + language + ">" + payload + "</lang>"
}

// unplaced takes the positions, {\an1} to {\an9} and SSA's {\a1} to {\a11}, out of an SRT payload.
func unplaced(raw string) string {
	var b strings.Builder
	for {
		open := strings.Index(raw, `{\`)
		if open < 0 {
			b.WriteString(raw)
			return b.String()
		}
		end := strings.IndexByte(raw[open:], '}')
		if end < 0 {
			b.WriteString(raw)
			return b.String()
		}
		b.WriteString(raw[:open])
		codes := strings.Split(raw[open+1:open+end], `\`)
		codes = slices.DeleteFunc(codes, func(c string) bool { return subtitle.PlaceCode(strings.TrimSpace(c)) > 0 })
		if len(codes) > 1 {
			b.WriteString("{" + strings.Join(codes, `\`) + "}")
		}
		raw = raw[open+end+1:]
	}
}

// spans are stretches of time in order, none of which overlap.
type spans []span

// tops is when the track's own cues stand at the top of the picture.
func tops(t subtitle.Track) spans {
	var ss spans
	for i := range t.Cues {
		c := &t.Cues[i]
		s := c.Settings()
		high := s.Line.Set && s.Vertical == subtitle.Horizontal && (s.SnapToLines && s.Line.N >= 0 && s.Line.N < 5 || !s.SnapToLines && s.Line.N < 34)
		if high && c.Start < c.End {
			ss = append(ss, span{c.Start, c.End})
		}
	}
	slices.SortFunc(ss, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	var joined spans
	for _, s := range ss {
		if n := len(joined); n > 0 && s.from <= joined[n-1].to {
			joined[n-1].to = max(joined[n-1].to, s.to)
			continue
		}
		joined = append(joined, s)
	}
	return joined
}

func (ss spans) meets(c subtitle.Cue) bool {
	i, _ := slices.BinarySearchFunc(ss, c.Start, func(s span, at time.Duration) int {
		if s.to <= at {
			return -1
		}
		return 1
	})
	return i < len(ss) && ss[i].from < c.End
}
