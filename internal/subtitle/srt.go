package subtitle

import (
	"fmt"
	"strconv"
	"strings"

	"filmpress/internal/report"
)

// srtReader reads SRT by its timing lines: each begins a cue, the number above it is its index, and everything
// down to the next one's index is its text. So no text is lost where blank lines are missing or too many.
type srtReader struct {
	*source
	t        *Track
	gap      int // blank lines above the next cue
	index    int // the index that the next cue should have
	restart  int // the one that it should have if the numbers began anew above
	misnamed int // cues with another index, or none
	firstBad int // line of the first of them
}

func (s *source) readSRT(t *Track) {
	r := &srtReader{source: s, t: t, index: 1, restart: -1, firstBad: -1}
	t.Cues = make([]Cue, 0, strings.Count(s.text, "-->"))
	var last srtTiming
	at := -1 // line of the last timing line
	for i := range s.count() {
		line := r.line(i)
		if !strings.Contains(line, ">") && !strings.Contains(line, "→") && !strings.Contains(line, "＞") && !strings.Contains(line, "&gt;") {
			continue
		}
		next := parseSRTTiming(line)
		if !next.arrow {
			continue
		}
		head, id := r.head(i, at)
		r.close(last, at, head)
		r.number(i, head, id)
		if next.why != "" {
			r.complain(report.Error, "srt-timestamp", i, next.at, next.at+1, "this timing line cannot be read, so the cue is lost: "+next.why,
				"write it as 00:01:02,345 --> 00:01:04,567")
		} else {
			r.open(i, next, id)
		}
		last, at = next, i
	}
	r.close(last, at, s.count())
	if r.misnamed > 0 {
		r.complain(report.Warn, "srt-index", r.firstBad, 0, 0, fmt.Sprintf("the cues are not numbered 1, 2, 3 and so on; %d differ, the first is here", r.misnamed),
			"nothing is lost by it; cues are counted anew when the file is written")
	}
}

// head finds where a cue begins: the line of its index, or the timing line itself. at is the timing line before.
func (r *srtReader) head(timing, at int) (head int, id string) {
	above := timing - 1
	for above > at && blank(r.line(above)) {
		above--
	}
	if above <= at {
		return timing, ""
	}
	text := trimMarks(r.line(above))
	n, err := strconv.Atoi(text)
	if err != nil { // "12." and "12)" are what a word processor makes of a list
		n, err = strconv.Atoi(strings.TrimRight(text, ".)"))
		if err != nil || n != r.index {
			return timing, ""
		}
	}
	if n < 0 || len(text) > 9 {
		return timing, ""
	}
	alone := above-1 <= at || blank(r.line(above-1))
	if n == r.index || above == timing-1 && (alone || n == r.restart) {
		return above, text
	}
	if above == timing-1 && n <= 1 {
		r.restart = n + 1 // two files in one, without blank lines: where the next number follows, it is one
	}
	return timing, "" // the last line of the text above
}

// trimMarks takes away spaces and invisible marks round an index.
func trimMarks(line string) string { return strings.Trim(line, " \t\ufeff\u200b\u200e\u200f\u00a0") }

// number follows the index of the cues.
func (r *srtReader) number(timing, head int, id string) {
	n, err := strconv.Atoi(id)
	if err != nil || n != r.index || head != timing-1 {
		if r.misnamed++; r.firstBad < 0 {
			r.firstBad = head
		}
	}
	if err != nil {
		n = r.index
	}
	r.index = n + 1
}

// open begins a cue at its timing line; close gives it its text.
func (r *srtReader) open(i int, t srtTiming, id string) {
	line := r.line(i)
	c := Cue{ID: id, Start: t.start, End: t.end, Markup: SRT, timing: line, line: int32(i + 1), text: int32(i + 2), gap: int32(r.gap)}
	if odd := !t.strict && !(isStrict(line[:t.rest]) && blank(line[t.rest:])); odd {
		c.timing = ""
		read := FormatTime(t.start, ',') + " --> " + FormatTime(t.end, ',')
		r.complain(report.Warn, "srt-timestamp", i, 0, len(line), "this timing line is not in the form of SRT; it was read as "+read, "write it so")
	}
	r.t.Cues = append(r.t.Cues, c)
}

func isStrict(s string) bool { _, ok := strictSRTTiming(s); return ok }

// close gives the lines between a timing line and the next cue's head to the cue that was opened there.
func (r *srtReader) close(t srtTiming, at, head int) {
	from, to := at+1, head
	for from < to && blank(r.line(to-1)) {
		to--
	}
	gap := head - to
	if gap == 0 && at >= 0 && from < to && head < r.count() {
		r.complain(report.Warn, "srt-blank-missing", head, 0, 0, "there is no blank line above this cue", "put a blank line above its number")
	}
	blanks := 0
	for from < to && blank(r.line(from)) {
		from, blanks = from+1, blanks+1
	}
	switch {
	case at < 0 && head == r.count(): // no timing line at all: there is a finding on the file
	case at < 0 && from < to:
		r.complain(report.Error, "srt-text-outside", from, 0, len(r.line(from)), "this text stands above the first cue and is not shown",
			"give it a number and a timing line, or take it out")
	case at < 0:
	case t.why != "":
	default:
		c := &r.t.Cues[len(r.t.Cues)-1]
		c.Raw = r.text(from, to, blanks > 0 && from < to)
		if r.tail(c, t, at) {
			from = at
		}
		c.text = int32(from + 1)
		r.judgeSRT(*c)
	}
	r.gap, r.t.layout.tail = gap, gap
}

// text is the payload on the lines [from, to). Blank lines within would end the cue in other formats.
func (r *srtReader) text(from, to int, blanks bool) string {
	inside := -1
	for i := from; i < to && inside < 0; i++ {
		if blank(r.line(i)) {
			inside = i
		}
	}
	if blanks && inside < 0 {
		inside = from - 1
	}
	if inside < 0 {
		return r.joined(from, to)
	}
	r.complain(report.Warn, "srt-blank-in-cue", inside, 0, 0, "a blank line stands inside this cue; the text under it was read as part of the cue",
		"take the blank line out")
	var lines []string
	for i := from; i < to; i++ {
		if line := r.line(i); !blank(line) {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}

// tail reads what stands behind the times: WebVTT settings are kept, coordinates dropped, and all else is text.
// The position that the text names ({\an8}) becomes the cue's settings. It reports whether there was text.
func (r *srtReader) tail(c *Cue, t srtTiming, at int) bool {
	if an := alignment(c.Raw); an > 0 {
		c.SetSettings(alignedSettings(an))
	}
	rest := strings.TrimSpace(r.line(at)[t.rest:])
	if rest == "" || strings.HasPrefix(rest, "X1:") {
		return false
	}
	odd := false
	s := parseSettings(rest, nil, func(rule string, _ word, _ string) { odd = odd || rule == "vtt-setting-unknown" })
	if !odd {
		c.SetSettings(s)
		return false
	}
	c.Raw = strings.TrimSuffix(rest+"\n"+c.Raw, "\n")
	return true
}
