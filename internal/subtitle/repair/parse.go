package repair

import (
	"slices"
	"strings"

	"filmpress/internal/subtitle"
)

// parse cuts the file's lines into blocks, by the places of the cues that the reader found.
func (w *work) parse() {
	p := parser{lines: w.track.Lines(), srt: w.track.Format == subtitle.SRT, kinds: map[int]blockKind{}}
	for _, b := range w.track.Blocks {
		switch b.Kind {
		case subtitle.Note:
			p.kinds[b.Pos.Line-1] = note
		case subtitle.Style, subtitle.Regions:
			p.kinds[b.Pos.Line-1] = setting
		default:
			p.kinds[b.Pos.Line-1] = stray
		}
	}
	if !p.srt {
		p.header(&w.track)
	}
	for i := range w.track.Cues {
		p.cue(&w.track.Cues[i])
	}
	p.others(len(p.lines))
	w.blocks, w.tail = p.blocks, p.above
}

// parser goes down the lines.
type parser struct {
	lines  []line
	srt    bool
	at     int    // the next line
	above  []line // blank lines just passed
	kinds  map[int]blockKind
	blocks []*block
}

// blank says whether a line ends a block in the file's format.
func (p *parser) blank(i int) bool {
	if p.srt {
		return subtitle.Blank(p.lines[i].Text)
	}
	return p.lines[i].Text == ""
}

// add ends a block of the given kind with the lines up to one.
func (p *parser) add(b *block, to int) {
	b.above, p.above = p.above, nil
	b.lines = slices.Clone(p.lines[p.at:to])
	p.at = to
	p.blocks = append(p.blocks, b)
}

// header is the lines that the reader takes for one (subtitle's vttReader.header).
func (p *parser) header(t *subtitle.Track) {
	n := len(t.Header)
	if t.Refused && strings.Contains(strings.ToUpper(p.lines[0].Text), "WEBVTT") {
		for n = 1; n < len(p.lines) && p.lines[n].Text != "" && !strings.Contains(p.lines[n].Text, "-->"); n++ {
		}
	}
	if n > 0 {
		p.add(&block{kind: header}, n)
	}
}

// others makes blocks of the lines down to a cue, or to the end.
func (p *parser) others(to int) {
	for p.at < to {
		if p.blank(p.at) {
			p.above = append(p.above, p.lines[p.at])
			p.at++
			continue
		}
		kind, known := p.kinds[p.at]
		if !known {
			kind = stray
		}
		end := p.at + 1
		for end < to && !p.blank(end) {
			if _, begins := p.kinds[end]; begins {
				break
			}
			end++
		}
		p.add(&block{kind: kind}, end)
	}
}

// cue makes a block of a cue: its head, its timing line, and as many lines as its text has.
func (p *parser) cue(c *subtitle.Cue) {
	timing := c.Line() - 1
	head := timing
	if c.ID != "" {
		for head--; head > p.at && p.blank(head); head-- {
		}
	}
	p.others(head)
	b := &block{kind: cueOf, cue: c, id: slices.Clone(p.lines[head:timing]), timing: p.lines[timing]}
	text := 0
	if c.Raw != "" {
		text = strings.Count(c.Raw, "\n") + 1
	}
	if c.TextOnTimingLine() {
		text--
	}
	p.at = timing + 1
	end := p.at
	for ; text > 0; end++ {
		if !p.blank(end) {
			text--
		}
	}
	p.add(b, end)
}

// raw is the cue's text as it stands in the lines under its timing line.
func (b *block) raw() string {
	texts := make([]string, len(b.lines))
	for i, l := range b.lines {
		texts[i] = l.Text
	}
	return strings.Join(texts, "\n")
}

// setRaw replaces the cue's text. Lines that are blank now, and would end the cue, are left out.
func (w *work) setRaw(b *block, raw string) {
	srt := w.track.Format == subtitle.SRT
	kept := srt && slices.ContainsFunc(b.lines, func(l line) bool { return subtitle.Blank(l.Text) }) // are there to stay
	old := b.lines
	b.lines = nil
	for i, text := range strings.Split(raw, "\n") {
		if text == "" && !srt || srt && !kept && subtitle.Blank(text) {
			continue
		}
		l := w.new(text)
		if i < len(old) && old[i].End != "" {
			l.End = old[i].End
		}
		b.lines = append(b.lines, l)
	}
}

// text is the cue as it stands in the lines, for who looks at its pieces or its tree.
func (b *block) text() subtitle.Cue {
	return subtitle.Cue{Start: b.cue.Start, End: b.cue.End, Markup: b.cue.Markup, Raw: b.raw()}
}

// cues are the blocks that hold cues.
func (w *work) cues() []*block {
	var out []*block
	for _, b := range w.blocks {
		if b.kind == cueOf {
			out = append(out, b)
		}
	}
	return out
}
