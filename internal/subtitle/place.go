package subtitle

import (
	"strings"
	"unicode/utf8"

	"filmpress/internal/report"
)

// AtTiming puts a finding on the timing line of cue i: its place, its line and how much of it is underlined.
func (t *Track) AtTiming(i int, f report.Finding) report.Finding {
	f.Pos = t.posOf(i)
	if n := f.Pos.Line; n > 0 {
		f.Source = t.src.line(n - 1)
		f.Width = utf8.RuneCountInString(f.Source)
	}
	return f
}

// AtText puts a finding on the bytes [from, to) of the Raw of cue i.
func (t *Track) AtText(i, from, to int, f report.Finding) report.Finding {
	c := &t.Cues[i]
	if t.Format > WebVTT { // the lines of Raw are not those of the file
		return t.AtTiming(i, f)
	}
	if t.src == nil || c.line == 0 {
		f.Pos = report.Pos{File: t.Name}
		return f
	}
	line, b := t.src.place(c, from)
	f.Source = t.src.line(line)
	b = min(b, len(f.Source)) // the cue's text may have been changed since it was read
	f.Pos = t.src.pos(line, b)
	f.Width = utf8.RuneCountInString(f.Source[b:max(b, min(b+to-from, len(f.Source)))])
	return f
}

// posOf is the place of cue i's timing line; of a track that was not read from lines, the whole file.
func (t *Track) posOf(i int) report.Pos {
	if c := t.Cues[i]; t.src != nil && c.line > 0 {
		return t.src.pos(int(c.line)-1, 0)
	}
	return report.Pos{File: t.Name}
}

// place is the line (from 0) and the byte in it of a byte of the cue's Raw. Blank lines, which an SRT payload has not,
// are passed over; where the payload begins behind the times, its place in the timing line is found.
func (s *source) place(c *Cue, at int) (line, b int) {
	line, raw := int(c.text)-1, c.Raw
	for {
		end := strings.IndexByte(raw, '\n')
		if end < 0 || at <= end {
			break
		}
		raw, at = raw[end+1:], at-end-1
		for line++; c.Markup == SRT && line < s.count()-1 && blank(s.line(line)); line++ {
		}
	}
	line = min(line, s.count()-1)
	if line == int(c.line)-1 {
		head, _, _ := strings.Cut(raw, "\n")
		at += max(strings.Index(s.line(line), head), 0)
	}
	return line, at
}
