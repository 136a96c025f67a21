package foreign

import (
	"cmp"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"filmpress/internal/report"
	"filmpress/internal/subtitle"
)

func sortedKeys(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }

// maxParts bounds the pieces that one paragraph is cut into by the times of its parts. What all pieces of a file hold together is
// bounded too, by maxGrowth times its size: their text repeats.
const maxParts, maxGrowth = 2000, 8

// finish makes cues of the paragraphs, in the order of their times.
func (r *ttmlReader) finish(t *subtitle.Track) {
	d := r.defaults()
	type made struct {
		subtitle.Cue
		offset int
		noEnd  bool
	}
	var cues []made
	for _, p := range r.paragraphs {
		for i, c := range r.cues(p, d) {
			if i > 0 {
				c.ID = ""
			}
			line, _ := r.place(p.offset)
			r.SetLine(&c, line+1)
			cues = append(cues, made{c, p.offset, c.End < 0})
		}
	}
	slices.SortStableFunc(cues, func(a, b made) int { return cmp.Compare(a.Start, b.Start) })
	next := time.Duration(-1) // where the next cue that begins later begins
	for i := len(cues) - 1; i >= 0; i-- {
		c := &cues[i]
		if i+1 < len(cues) && cues[i+1].Start > c.Start {
			next = cues[i+1].Start
		}
		if !c.noEnd {
			continue
		}
		if c.End = c.Start + 5*time.Second; next > c.Start {
			c.End = min(c.End, next)
		}
		r.complain(report.Warn, "ttml-end", c.offset, "this paragraph has no end; it ends where the next one begins, after 5 seconds at the latest", "give it an end or a dur")
	}
	ids := map[string]bool{"": true}
	for _, c := range cues {
		if ids[c.ID] || countedID.MatchString(c.ID) {
			c.ID = ""
		}
		ids[c.ID] = true
		t.Cues = append(t.Cues, c.Cue)
	}
}

// countedID is an xml:id that a program counted up: "p12", "subtitle_3". It names nothing, and is not kept.
var countedID = regexp.MustCompile(`^[A-Za-z_.-]*[0-9]+$`)

// defaults counts which looks most of the text has.
func (r *ttmlReader) defaults() ttmlDefaults {
	colors, grounds, rests := map[string]int{}, map[string]int{}, map[string]int{}
	for _, p := range r.paragraphs {
		for _, run := range p.runs {
			if n := len(strings.TrimSpace(run.text)); n > 0 {
				colors[run.style.colorKey(p.region, "color")] += n
				grounds[run.style.colorKey(p.region, "backgroundColor")] += n
				rests[run.style.rest(p.region)] += n
			}
		}
	}
	return ttmlDefaults{mostOf(colors), mostOf(grounds), mostOf(rests)}
}

func mostOf(counts map[string]int) string {
	best := ""
	for _, k := range slices.Sorted(maps.Keys(counts)) {
		if counts[k] > counts[best] {
			best = k
		}
	}
	return best
}

// cues makes cues of a paragraph: one, or several where parts of it have their own times. An end below 0 is not known.
func (r *ttmlReader) cues(p *ttmlParagraph, d ttmlDefaults) []subtitle.Cue {
	runs := collapse(p.runs)
	words := strings.TrimSpace(plainOf(runs))
	switch {
	case p.picture && words == "":
		r.complain(report.Error, "ttml-picture", p.offset, "this subtitle is a picture, not text; it is left out", "ask for a file with text, or read it with an OCR program")
		return nil
	case words == "":
		if strings.TrimSpace(plainOf(p.runs)) != "" {
			r.complain(report.Warn, "ttml-hidden", p.offset, "this text is hidden by its style, so no player shows it; it is left out", "")
		}
		return nil // an empty paragraph shows nothing
	case p.bad != "":
		r.complain(report.Error, "ttml-time", p.offset, p.bad+"; the text is lost", "write it as 00:01:02.345")
		return nil
	case !p.timed && !slices.ContainsFunc(runs, func(run ttmlRun) bool { return run.begin > 0 || !math.IsInf(run.end, 1) }):
		r.complain(report.Error, "ttml-time", p.offset, "this paragraph has no times, so its text is lost", "give it a begin and an end")
		return nil
	case p.end <= p.begin:
		r.complain(report.Warn, "cue-end-after-start", p.offset, "this paragraph does not end after it begins, so no player shows it; it is left out", "correct the times")
		return nil
	}
	lost := map[string]string{}
	settings := r.settings(p, lost)
	var out []subtitle.Cue
	for _, span := range r.spans(p, runs) {
		m := markup{}
		for _, run := range runs {
			if run.begin <= span[0] && run.end >= span[1] {
				m.run(p.lookOf(run, d, lost), run.text)
			}
		}
		raw := m.payload(r.voice(p.agent))
		if !m.shown {
			continue
		}
		start, ok1 := milliseconds(span[0])
		end, ok2 := milliseconds(span[1])
		switch {
		case !ok1 || !ok2 && !math.IsInf(span[1], 1):
			r.complain(report.Error, "ttml-time", p.offset, "this time is too large for a film, so the text is lost", "write it as 00:01:02.345")
			continue
		case !ok2:
			end = -1
		}
		if n := len(out); n > 0 && out[n-1].Raw == raw && out[n-1].End == start {
			out[n-1].End = end
			continue
		}
		c := newCue(start, end, raw)
		c.ID = p.id
		c.SetSettings(settings)
		out = append(out, c)
	}
	if len(out) == 0 && words != "" {
		r.complain(report.Warn, "ttml-hidden", p.offset, "the times of this text leave it no moment to be shown; it is left out", "correct the times")
	}
	r.complainLost(p, lost)
	return out
}

// voice is the name of an agent, or its identifier where it has no name.
func (r *ttmlReader) voice(agent string) string {
	if name := strings.TrimSpace(r.agents[agent]); name != "" {
		return name
	}
	return agent
}

// spans cuts the time of a paragraph wherever a part of it begins or ends (TTML2 11.3, intermediate synchronic documents).
func (r *ttmlReader) spans(p *ttmlParagraph, runs []ttmlRun) [][2]float64 {
	at := []float64{p.begin, p.end}
	for _, run := range runs {
		if strings.TrimSpace(run.text) != "" {
			at = append(at, min(max(run.begin, p.begin), p.end), max(min(run.end, p.end), p.begin))
		}
	}
	slices.Sort(at)
	at = slices.Compact(at)
	r.spent += len(at) * (len(plainOf(runs)) + 20*len(runs))
	if len(at) > 2 && (len(at) > maxParts || r.spent > maxGrowth*len(r.text)+1<<20) {
		r.complain(report.Error, "ttml-time", p.offset, "this paragraph has too many parts with their own times; they are shown all the time", "make paragraphs of them")
		for i := range runs {
			runs[i].begin, runs[i].end = p.begin, p.end
		}
		return [][2]float64{{p.begin, p.end}}
	}
	var out [][2]float64
	for i := range len(at) - 1 {
		out = append(out, [2]float64{at[i], at[i+1]})
	}
	return out
}

// collapse runs xml:space="default" (TTML2 8.2.6): blanks and line ends become one blank, and none stands beside a <br>.
// Hidden runs are left out.
func collapse(runs []ttmlRun) []ttmlRun {
	var out []ttmlRun
	blank := true // a blank here would be the first of its line
	for _, run := range runs {
		switch {
		case run.hidden:
			continue
		case run.text == "\n" && !run.preserve:
			if n := len(out); n > 0 && !out[n-1].preserve {
				out[n-1].text = strings.TrimRight(out[n-1].text, " ")
			}
			blank = true
		case !run.preserve:
			var b strings.Builder
			for _, c := range run.text {
				if c == ' ' || c == '\t' || c == '\n' || c == '\r' {
					if !blank {
						b.WriteByte(' ')
					}
					blank = true
					continue
				}
				blank = false
				b.WriteRune(c)
			}
			run.text = b.String()
		default:
			blank = strings.HasSuffix(run.text, "\n")
		}
		if run.text != "" {
			out = append(out, run)
		}
	}
	return out
}

func plainOf(runs []ttmlRun) string {
	var b strings.Builder
	for _, run := range runs {
		b.WriteString(run.text)
	}
	return b.String()
}

// settings is where a paragraph stands. The bottom or the top in the middle is the player's place for it; every other region is
// kept in per cent.
func (r *ttmlReader) settings(p *ttmlParagraph, lost map[string]string) subtitle.Settings {
	s := subtitle.DefaultSettings()
	get := func(name string) string { return p.style.over(p.region, name) }
	switch mode := get("writingMode"); {
	case mode == "tbrl" || mode == "tb":
		s.Vertical = subtitle.VerticalRL
	case mode == "tblr":
		s.Vertical = subtitle.VerticalLR
	}
	align := get("textAlign")
	s.Align = map[string]subtitle.Align{"left": subtitle.AlignLeft, "right": subtitle.AlignRight, "start": subtitle.AlignStart, "end": subtitle.AlignEnd,
		"center": subtitle.AlignCenter}[align]
	w, h, sized := r.lengths(get("extent"))
	x, y, placed := r.lengths(get("origin"))
	if !placed && get("position") != "" && sized {
		x, y, placed = ttmlPosition(get("position"), w, h)
		if !placed {
			lost["position"] = "this place on the picture is written in a way that is not read here; the text goes to the bottom"
		}
	}
	if align == "" && !placed {
		s.Align = subtitle.AlignCenter
	}
	if s.Vertical != subtitle.Horizontal {
		return s
	}
	if !placed || !sized {
		return ttmlRow(s, get("displayAlign"), p.region != nil)
	}
	centred := s.Align == subtitle.AlignCenter && math.Abs(x+w/2-50) <= 2
	display := get("displayAlign")
	switch {
	case centred && display == "after" && y+h >= 80:
		return subtitle.DefaultSettings()
	case centred && display != "center" && display != "after" && y <= 20:
		return subtitle.Keypad(8)
	}
	s.SnapToLines, s.Size = false, percentOf(w)
	switch display {
	case "after":
		s.Line, s.LineAlign = subtitle.Offset{Set: true, N: percentOf(y + h)}, subtitle.AlignEnd
	case "center":
		s.Line, s.LineAlign = subtitle.Offset{Set: true, N: percentOf(y + h/2)}, subtitle.AlignCenter
	default:
		s.Line = subtitle.Offset{Set: true, N: percentOf(y)}
	}
	s.Position, s.PositionAlign = subtitle.Offset{Set: true, N: percentOf(x)}, subtitle.AlignLineLeft
	return s
}

// ttmlRow is the row of a region without a place: TTML begins at the top, but files that say nothing at all mean the bottom.
func ttmlRow(s subtitle.Settings, display string, region bool) subtitle.Settings {
	an := 2
	switch {
	case display == "before" && region:
		an = 8
	case display == "center":
		an = 5
	}
	row := subtitle.Keypad(an)
	row.Align = s.Align
	return row
}

func percentOf(n float64) float64 { return math.Round(min(max(n, 0), 100)*100) / 100 }

// lengths reads two lengths in per cent of the picture: "10% 80%", "64px 36px" where the picture's size is said, "4c 12c".
func (r *ttmlReader) lengths(s string) (x, y float64, ok bool) {
	parts := strings.Fields(s)
	if len(parts) != 2 {
		return 0, 0, false
	}
	var out [2]float64
	for i, p := range parts {
		digits := strings.TrimRight(p, "%pxcrwvh")
		n, err := strconv.ParseFloat(digits, 64)
		if err != nil || math.IsNaN(n) || math.Abs(n) > 1e6 {
			return 0, 0, false
		}
		switch unit := p[len(digits):]; {
		case unit == "%", unit == "rw" && i == 0, unit == "rh" && i == 1:
		case unit == "px" && r.root[i] > 0:
			n = n / r.root[i] * 100
		case unit == "c":
			n = n / r.cells[i] * 100
		default:
			return 0, 0, false
		}
		out[i] = n
	}
	return out[0], out[1], true
}

// ttmlPosition reads the simple forms of tts:position (TTML2 10.2.35): two words or percentages.
func ttmlPosition(s string, w, h float64) (x, y float64, ok bool) {
	parts := strings.Fields(s)
	if len(parts) == 1 {
		parts = append(parts, "center")
	}
	if len(parts) != 2 {
		return 0, 0, false
	}
	if parts[0] == "top" || parts[0] == "bottom" || parts[1] == "left" || parts[1] == "right" {
		parts[0], parts[1] = parts[1], parts[0]
	}
	words := map[string]float64{"left": 0, "top": 0, "center": 50, "right": 100, "bottom": 100}
	var at [2]float64
	for i, p := range parts {
		n, known := words[p]
		if !known {
			var err error
			if n, err = strconv.ParseFloat(strings.TrimSuffix(p, "%"), 64); err != nil || !strings.HasSuffix(p, "%") || math.IsNaN(n) {
				return 0, 0, false
			}
		}
		at[i] = n / 100
	}
	return at[0] * (100 - w), at[1] * (100 - h), true
}
