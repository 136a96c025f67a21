package subtitle

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"filmpress/internal/report"
)

// vttReader runs the WebVTT parser algorithm (WebVTT 6.1) over the lines of a source.
type vttReader struct {
	*source
	t        *Track
	i        int // the line that is read next
	gap      int // blank lines just passed
	seenCue  bool
	regions  map[string]*Region
	ids      map[string]int // first line of each cue identifier; nil while they are numbers that grow, as in most files
	counted  int            // the last of those
	latest   time.Duration  // the latest start so far
	strayGap int
	strays   [2]int // the lines, from and to, of stray blocks that follow each other
}

func (s *source) readVTT(t *Track) {
	r := &vttReader{source: s, t: t, regions: map[string]*Region{}}
	t.Cues = make([]Cue, 0, strings.Count(s.text, "-->"))
	r.header()
	for r.blanks(); r.i < s.count(); r.blanks() {
		r.block()
	}
	r.keepStrays()
	t.layout.tail = r.gap
}

// blanks passes empty lines.
func (r *vttReader) blanks() {
	for r.gap = 0; r.i < r.count() && r.span(r.i).empty(); r.i++ {
		r.gap++
	}
}

// header reads the signature and the lines under it, up to a blank line or a timing line.
func (r *vttReader) header() {
	first := r.line(0)
	if !signed(first) {
		r.refuse(r.t)
		if !strings.Contains(strings.ToUpper(first), "WEBVTT") {
			return
		}
	}
	for r.i = 1; r.i < r.count(); r.i++ {
		line := r.line(r.i)
		if line == "" {
			break
		}
		if strings.Contains(line, "-->") {
			r.complain(report.Warn, "vtt-header-blank", r.i, 0, 0, "there is no blank line between the header and the first cue",
				"put a blank line above this one")
			break
		}
		if strings.HasPrefix(line, "X-TIMESTAMP-MAP") {
			r.complain(report.Warn, "hls-timestamp-map", r.i, 0, len(line), "the file was cut out of a stream; its clock may not be the film's",
				"check the times against the film and take this line out")
		}
	}
	r.t.Header = make([]string, r.i)
	for i := range r.t.Header {
		r.t.Header[i] = r.line(i)
	}
	if r.t.Refused {
		r.t.Header = nil
	}
}

// refuse says that players refuse the file, since its first line is no signature.
func (s *source) refuse(t *Track) {
	const text, mend = "a WebVTT file begins with the line WEBVTT; players refuse this one", "put WEBVTT on the first line and a blank line under it"
	t.Refused = true
	if s.count() == 0 {
		s.complainFile(report.Error, "vtt-signature", text, mend)
		return
	}
	s.complain(report.Error, "vtt-signature", 0, 0, len(s.line(0)), text, mend)
}

// block runs "collect a WebVTT block" and keeps what it gives.
func (r *vttReader) block() {
	begin, gap := r.i, r.gap
	var region, style, arrow bool
	timing := -1 // the timing line of a cue
	var cue Cue
	from := begin // the first line of the buffer
	for ; r.i < r.count(); r.i++ {
		line := r.line(r.i)
		if strings.Contains(line, "-->") {
			if r.i != begin && (r.i != begin+1 || arrow) {
				break // a new block begins without a blank line
			}
			arrow = true
			var ok bool
			if cue, ok = r.timing(line, begin); ok {
				timing, from, r.seenCue = r.i, r.i+1, true
			}
			continue
		}
		if line == "" {
			break
		}
		if r.i == begin+1 && !r.seenCue {
			switch strings.TrimRight(r.line(begin), " \t\f") {
			case "STYLE":
				style = !arrow
			case "REGION":
				region = !arrow
			}
		}
	}
	switch {
	case timing >= 0:
		cue.gap = int32(gap)
		r.cue(cue, from)
	case region:
		def := parseRegion(r.joined(begin+1, r.i))
		r.regions[def.ID] = def
		r.keep(Block{Kind: Regions, Region: def}, begin, gap)
	case style:
		r.keep(Block{Kind: Style}, begin, gap)
	default:
		r.stray(begin, gap, arrow)
	}
	if r.i < r.count() && !r.span(r.i).empty() {
		r.complain(report.Warn, "vtt-arrow-in-text", r.i, 0, 0, "there is no blank line above this timing line; a new cue begins here",
			"put a blank line above it, and above its identifier if it has one")
	}
}

// timing reads a timing line. Where that fails the cue is lost (WebVTT 6.3).
func (r *vttReader) timing(line string, begin int) (Cue, bool) {
	p := scan{s: line}
	fail := func(why string) (Cue, bool) {
		r.complain(report.Error, "vtt-timestamp", r.i, p.i, p.i+1, "this timing line cannot be read, so the cue is lost: "+why,
			"write it as 00:01:02.345 --> 00:01:04.567")
		return Cue{}, false
	}
	p.space()
	start, why := p.timestamp()
	if why != "" {
		return fail(why)
	}
	p.space()
	if !strings.HasPrefix(line[p.i:], "-->") {
		return fail("--> is expected here")
	}
	p.i += len("-->")
	p.space()
	end, why := p.timestamp()
	if why != "" {
		return fail(why)
	}
	c := Cue{Start: start, End: end, Markup: WebVTT, timing: line, line: int32(r.i + 1), text: int32(r.i + 2)}
	if begin < r.i {
		c.ID = r.line(begin)
	}
	if p.i < len(line) {
		c.SetSettings(parseSettings(line[p.i:], r.regions, func(rule string, w word, text string) {
			c.timing = "" // is written anew, without what has no effect
			at := p.i + w.at
			r.complain(report.Warn, rule, r.i, at, at+len(w.text), text, "correct the setting or take it out; the text is shown all the same")
		}))
	}
	return c, true
}

// cue keeps a cue whose payload is the lines from one on, and judges what a reader can tell of it.
func (r *vttReader) cue(c Cue, from int) {
	r.keepStrays()
	c.Raw = r.joined(from, r.i)
	at := int(c.line) - 1
	r.checkTimes(c)
	if c.Start < r.latest {
		r.complain(report.Warn, "vtt-order", at, 0, 0, "this cue begins before the one above it", "put the cues in the order of their times")
	}
	r.latest = max(r.latest, c.Start)
	if first := r.sameID(c.ID, at); first > 0 {
		r.complain(report.Warn, "vtt-id-dup", at-1, 0, len(c.ID), fmt.Sprintf("the identifier %q stands on line %d already", c.ID, first),
			"give every cue its own identifier, or none")
	}
	r.judgeText(c, from)
	r.t.Cues = append(r.t.Cues, c)
}

// sameID is the line on which an identifier stands already, 0 where it is new; from now on it stands on the line given.
func (r *vttReader) sameID(id string, line int) int {
	if id == "" {
		return 0
	}
	if r.ids == nil {
		if n, err := strconv.Atoi(id); err == nil && n > r.counted && id[0] != '0' && id[0] != '+' {
			r.counted = n
			return 0
		}
		r.ids = map[string]int{}
		for _, c := range r.t.Cues {
			if c.ID != "" {
				r.ids[c.ID] = int(c.line) - 1
			}
		}
	}
	first, twice := r.ids[id]
	if !twice {
		r.ids[id] = line
	}
	return first
}

// keep keeps the block of the lines from begin to here.
func (r *vttReader) keep(b Block, begin, gap int) {
	r.keepStrays()
	b.Text, b.Before, b.gap = r.joined(begin, r.i), len(r.t.Cues), gap
	b.Pos = r.pos(begin, 0)
	r.t.Blocks = append(r.t.Blocks, b)
}

// keepStrays makes one block of the strays so far: a file of nothing else would make millions.
func (r *vttReader) keepStrays() {
	from, to := r.strays[0], r.strays[1]
	if r.strays = [2]int{}; to > 0 {
		r.t.Blocks = append(r.t.Blocks, Block{Kind: Stray, Text: r.joined(from, to), Before: len(r.t.Cues), Pos: r.pos(from, 0), gap: r.strayGap})
	}
}

// stray keeps a block that no player reads, and says what is lost by it. A NOTE is meant so.
func (r *vttReader) stray(begin, gap int, arrow bool) {
	line := r.line(begin)
	if rest, ok := strings.CutPrefix(line, "NOTE"); ok && (rest == "" || rest[0] == ' ' || rest[0] == '\t') && !arrow {
		r.keep(Block{Kind: Note}, begin, gap)
		return
	}
	if r.strays[1] == 0 {
		r.strays[0], r.strayGap = begin, gap
	}
	r.strays[1] = r.i
	switch keyword := strings.TrimRight(line, " \t\f"); {
	case arrow: // the timing line has its finding
	case strings.Trim(keyword, "0123456789") == "" && r.i == begin+1:
		r.complain(report.Warn, "vtt-id-blank", begin, 0, len(line), "this number belongs to no cue", "take out the blank line under it, or the number")
	case (keyword == "STYLE" || keyword == "REGION") && r.seenCue:
		r.complain(report.Warn, "vtt-block-late", begin, 0, len(line), keyword+" is ignored after the first cue", "move the block above the first cue")
	case keyword == "STYLE" || keyword == "REGION" || strings.HasPrefix(keyword, "REGION:") || strings.HasPrefix(keyword, "STYLE:"):
		r.complain(report.Warn, "vtt-block", begin, 0, len(line), "this block has an old or an empty form and is ignored",
			"write STYLE or REGION alone on its line, and the settings under it")
	default:
		r.complain(report.Error, "vtt-text-outside", begin, 0, len(line), "this text stands outside every cue and is not shown",
			"give it a timing line, take out the blank line above it, or put NOTE before it")
	}
}
