package foreign

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"filmpress/internal/report"
	"filmpress/internal/subtitle"
)

// The blocks of an EBU STL file (EBU Tech 3264-E): one of general information, then one or more for each subtitle.
const stlGeneral, stlBlock = 1024, 128

// stlReader reads EBU STL.
type stlReader struct {
	name    string
	rate    float64
	start   int64 // TCP, the time code at which the programme begins, in frames
	rows    int   // MNR, the rows that a picture has
	charset stlCharset
	found   []report.Finding
}

// stlCue is a subtitle as its blocks say it. Times are in frames, as in the file.
type stlCue struct {
	number     int
	in, out    int64
	row, align byte
	text       []byte
	offset     int
	lines      int
}

func (r *stlReader) complain(sev report.Severity, rule string, offset int, text, hint string) {
	r.found = append(r.found, report.Finding{Pos: report.Pos{File: r.name, Offset: int64(offset)}, Severity: sev, Rule: rule, Text: text, Hint: hint})
}

func readSTL(name string, data []byte, opt Options) (subtitle.Track, []report.Finding) {
	t := subtitle.Track{Name: name, Format: subtitle.STL, Language: opt.Language}
	r := &stlReader{name: name}
	const again = "copy or export the file again"
	switch {
	case len(data) > subtitle.MaxBytes:
		r.complain(report.Error, "file-too-large", 0, fmt.Sprintf("the file is larger than %d MiB; subtitles of a long film are under 1 MiB", subtitle.MaxBytes>>20), "check that this is a subtitle file")
		return t, r.found
	case len(data) < stlGeneral:
		r.complain(report.Error, "stl-truncated", 0, "the file ends inside its first block, before the first subtitle", again)
		return t, r.found
	}
	r.general(data[:stlGeneral], opt, &t)
	body := data[stlGeneral:]
	if rest := len(body) % stlBlock; rest != 0 {
		r.complain(report.Error, "stl-truncated", len(data)-rest, "the file ends inside a block, so its last subtitle is lost", again)
		body = body[:len(body)-rest]
	}
	if said, ok := number(data[238:243]); ok && said != len(body)/stlBlock && said < 99999 {
		sev := report.Warn
		if said > len(body)/stlBlock {
			sev = report.Error
		}
		r.complain(sev, "stl-count", 238, fmt.Sprintf("the file says that it has %d blocks, but it has %d", said, len(body)/stlBlock), again)
	}
	r.cues(&t, r.blocks(body))
	if len(t.Cues) == 0 && !slices.ContainsFunc(r.found, func(f report.Finding) bool { return f.Severity == report.Error }) {
		r.complain(report.Error, "file-no-cues", 0, "the file has no subtitles in it", "export it again from the program it was made in")
	}
	return t, r.found
}

// number reads a field of digits.
func number(field []byte) (int, bool) {
	n, err := strconv.Atoi(string(bytes.Trim(field, " \x00")))
	return n, err == nil && n >= 0
}

// general reads the block of general information (Tech 3264, 4.3).
func (r *stlReader) general(b []byte, opt Options, t *subtitle.Track) {
	frames, ok := number(b[6:8])
	switch {
	case opt.FrameRate > 0:
		r.rate = opt.FrameRate
	case !ok || frames < 20 || frames > 60:
		r.rate = 25
		r.complain(report.Warn, "stl-rate", 3, "the file does not say how many frames a second has; 25 were taken", "name them with --fps")
	case frames == 23 || frames == 29 || frames == 59: // not in the specification, and found
		r.rate = float64(frames+1) * 1000 / 1001
	default:
		r.rate = float64(frames)
	}
	if r.charset, ok = stlCharsets[string(b[12:14])]; !ok {
		r.charset = stlCharsets["00"]
		r.complain(report.Error, "stl-charset", 12, fmt.Sprintf("the table of characters %q is not known; letters outside ASCII may be wrong", b[12:14]), "export the file again with the Latin or the Cyrillic table")
	}
	if opt.Charset != "" {
		if c, ok := stlNamed(opt.Charset); ok {
			r.charset = c
		} else {
			r.complain(report.Error, "enc-unknown", 12, fmt.Sprintf("EBU STL has no table of characters called %q", oneLine(opt.Charset)), "use iso6937, iso-8859-5, iso-8859-6, iso-8859-7 or iso-8859-8")
		}
	}
	t.Charset = r.charset.name
	if t.Language == "" {
		t.Language = stlLanguages[strings.ToUpper(string(b[14:16]))]
	}
	r.rows = 23
	if n, ok := number(b[253:255]); ok && n > 0 && b[11] != '1' && b[11] != '2' {
		r.rows = n
	}
	var code [4]int
	for i := range code {
		code[i], _ = number(b[256+2*i : 258+2*i])
	}
	r.start = r.frames(code[0], code[1], code[2], code[3])
}

// frames is a time code as a number of frames.
func (r *stlReader) frames(h, m, s, f int) int64 {
	return int64(h*3600+m*60+s)*int64(r.rate+0.5) + int64(f)
}

// blocks joins the blocks of each subtitle (Tech 3264, 4.4). Comments and the data of other programs are no text for viewers.
func (r *stlReader) blocks(body []byte) []*stlCue {
	var cues []*stlCue
	var open *stlCue
	comments, cumulative := 0, false
	for at := 0; at < len(body); at += stlBlock {
		b := body[at : at+stlBlock]
		switch {
		case b[3] == 0xfe: // user data
			continue
		case b[15] != 0:
			comments++
			continue
		}
		cumulative = cumulative || b[4] != 0
		n := int(b[1]) | int(b[2])<<8
		if open == nil || open.number != n {
			open = &stlCue{number: n, row: b[13], align: b[14], offset: stlGeneral + at,
				in: r.frames(int(b[5]), int(b[6]), int(b[7]), int(b[8])), out: r.frames(int(b[9]), int(b[10]), int(b[11]), int(b[12]))}
			cues = append(cues, open)
		}
		text := b[16:]
		for len(text) > 0 && text[len(text)-1] == 0x8f { // bytes that are not used
			text = text[:len(text)-1]
		}
		open.text = append(open.text, text...)
		if b[3] == 0xff { // the last block of a subtitle
			open = nil
		}
	}
	if open != nil {
		r.complain(report.Error, "stl-truncated", open.offset, fmt.Sprintf("the text of subtitle %d goes on in a block that is not there", open.number), "copy or export the file again")
	}
	if comments > 0 {
		r.complain(report.Info, "stl-comment", 0, fmt.Sprintf("%d blocks are comments that are not shown; they are left out", comments), "")
	}
	if cumulative {
		r.complain(report.Warn, "lossy-cumulative", 0, "some subtitles are to be added to those on the picture; each is taken alone, with its own times", "look at the ones that follow one another closely")
	}
	return cues
}

// cues makes cues of the subtitles.
func (r *stlReader) cues(t *subtitle.Track, list []*stlCue) {
	zero := int64(0)
	if r.start > 0 && len(list) > 0 && !slices.ContainsFunc(list, func(c *stlCue) bool { return c.in < r.start }) {
		zero = r.start
		at, _ := milliseconds(float64(zero) / r.rate)
		r.complain(report.Info, "stl-start", 256, "times are counted from the begin of the programme, "+subtitle.FormatTime(at, '.'), "")
	}
	for _, c := range list {
		l := stlText{reader: r}
		raw := l.read(c)
		start, ok1 := milliseconds(float64(c.in-zero) / r.rate)
		end, ok2 := milliseconds(float64(c.out-zero) / r.rate)
		switch {
		case !l.out.shown:
			r.complain(report.Warn, "cue-empty", c.offset, fmt.Sprintf("subtitle %d has no text; it is left out", c.number), "")
			continue
		case !ok1 || !ok2:
			r.complain(report.Error, "stl-time", c.offset, fmt.Sprintf("the times of subtitle %d lie before the begin of the programme, so its text is lost: %s", c.number, oneLine(raw)), "correct the times")
			continue
		case end <= start:
			r.complain(report.Warn, "cue-end-after-start", c.offset, fmt.Sprintf("subtitle %d does not end after it starts, so no player shows it; it is left out: %s", c.number, oneLine(raw)), "correct the times")
			continue
		}
		cue := newCue(start, end, raw)
		cue.SetSettings(subtitle.Keypad(r.place(c)))
		t.Cues = append(t.Cues, cue)
	}
	slices.SortStableFunc(t.Cues, func(a, b subtitle.Cue) int { return cmp.Compare(a.Start, b.Start) })
}

// place is the third of the picture in which the rows of a subtitle lie, and its side, as on a numeric keypad.
func (r *stlReader) place(c *stlCue) int {
	row, column := 0, 2
	switch first, last := int(c.row), int(c.row)+c.lines-1; {
	case last*3 >= r.rows*2:
	case first*3 <= r.rows:
		row = 6
	default:
		row = 3
	}
	switch c.align {
	case 1:
		column = 1
	case 3:
		column = 3
	}
	return row + column
}

// stlText reads the text field of a subtitle: codes for italics, underlining and the colours of teletext between the characters.
type stlText struct {
	reader *stlReader
	look   look
	plain  []byte
	blank  bool
	out    markup
}

// stlColors are the colours of the codes 0 to 7 (ETS 300 706, 12.2). White is how text is without one.
var stlColors = [8]string{"black", "red", "lime", "yellow", "blue", "magenta", "cyan", ""}

func (p *stlText) read(c *stlCue) string {
	wrong := 0
	p.blank = true
	c.lines = 1
	for _, b := range c.text {
		switch {
		case b == 0x8a:
			p.flush(&wrong)
			if p.out.shown {
				p.out.run(p.look, "\n")
				c.lines++
			}
			p.look.color, p.blank = "", true // a row of teletext begins white
			continue
		case b < 8:
			p.flush(&wrong)
			p.look.color = stlColors[b]
		case b >= 0x80 && b <= 0x83:
			p.flush(&wrong)
			if b < 0x82 {
				p.look.italic = b == 0x80
			} else {
				p.look.underline = b == 0x82
			}
			continue
		case b >= 0x84 && b < 0xa0:
			continue // boxes, and codes that are not used
		}
		if b <= ' ' { // every code of teletext takes a blank's place
			if !p.blank {
				p.plain = append(p.plain, ' ')
			}
			p.blank = true
			continue
		}
		p.plain, p.blank = append(p.plain, b), false
	}
	p.flush(&wrong)
	raw := p.out.payload("")
	if wrong > 0 {
		p.reader.complain(report.Error, "chr-replacement", c.offset, fmt.Sprintf("%d bytes of subtitle %d have no meaning in %s; the characters are lost", wrong, c.number, p.reader.charset.name),
			"name another table with --charset: iso6937, iso-8859-5, iso-8859-7")
	}
	return raw
}

func (p *stlText) flush(wrong *int) {
	text := p.reader.charset.decode(p.plain)
	*wrong += strings.Count(text, "\uFFFD")
	p.out.run(p.look, text)
	p.plain = p.plain[:0]
}

// stlFrame is a time as a number of frames, rounded to the nearest.
func stlFrame(d time.Duration, rate int64) int64 { return (d.Milliseconds()*rate + 500) / 1000 }
