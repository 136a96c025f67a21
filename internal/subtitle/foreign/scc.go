package foreign

import (
	"cmp"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"filmpress/internal/report"
	"filmpress/internal/subtitle"
)

// sccReader reads Scenarist captions: time codes, and behind each the bytes of CEA-608 that go out from then on, two in each
// frame. It runs the caption decoder of CEA-608 for the first channel (CC1) and makes a cue of each text that stood on the picture.
type sccReader struct {
	*subtitle.Lines
	rate    float64
	line    int // from 0
	from    int // byte in it
	at      int64
	last    uint16 // the control code before, which is sent twice
	other   bool   // bytes are for another channel or for text services
	mode    sccMode
	shown   *screen
	loaded  *screen
	since   int64 // frame from which shown stands there; -1 where it is empty
	first   int   // line on which it was sent
	row     int   // of the cursor, from 0
	column  int
	pen     sccPen
	depth   int // rows of a roll-up
	cues    []subtitle.Cue
	ends    int  // EOC commands that were run
	skipped bool // something for another channel was there
}

type sccMode uint8

const (
	popOn sccMode = iota
	rollUp
	paintOn
)

func readSCC(name string, data []byte, opt Options) (subtitle.Track, []report.Finding) {
	lines, ok := subtitle.OpenLines(name, data, opt.Options, subtitle.SCC, false)
	if !ok {
		return lines.Track(), lines.Findings()
	}
	r := &sccReader{Lines: lines, rate: opt.FrameRate, shown: &screen{}, loaded: &screen{}, since: -1, row: 14}
	if r.rate <= 0 {
		r.rate = 30000.0 / 1001
	}
	for i := range r.Len() {
		r.readLine(i)
	}
	r.finish()
	t := r.Track()
	slices.SortStableFunc(r.cues, func(a, b subtitle.Cue) int { return cmp.Compare(a.Start, b.Start) })
	t.Cues = r.cues
	if counted := countEnds(r.Text()); counted != r.ends {
		r.ComplainFile(report.Error, "scc-count", fmt.Sprintf("the file shows a caption %d times, but %d were read", counted, r.ends), "export it again from the program it was made in")
	}
	judgeCues(r.Lines, &t)
	return t, r.Findings()
}

var (
	sccHeader = regexp.MustCompile(`(?i)^\s*scenarist_scc v1\.0\s*$`)
	sccTime   = regexp.MustCompile(`^\s*(\d\d):(\d\d):(\d\d)([:;.,])(\d\d)(?:\s+|$)`)
	sccEnd    = regexp.MustCompile(`(?i)[\s:;]([19]4[2a]f)\b(\s+[19]4[2a]f\b)?`)
)

// countEnds counts the commands that show a caption by their letters alone; a pair is one command.
func countEnds(text string) int {
	n := 0
	for line := range strings.SplitSeq(text, "\n") {
		if sccTime.MatchString(line) {
			n += len(sccEnd.FindAllStringIndex(line, -1))
		}
	}
	return n
}

// readLine runs the bytes of one line.
func (r *sccReader) readLine(i int) {
	line := r.Line(i)
	if strings.TrimSpace(line) == "" || sccHeader.MatchString(line) {
		return
	}
	m := sccTime.FindStringSubmatchIndex(line)
	if m == nil {
		r.Complain(report.Error, "scc-line", i, 0, len(line), "this line does not begin with a time code, so what is on it is lost", "write it as 00:01:02:03, a tab, and groups of four hexadecimal digits")
		return
	}
	r.line, r.last = i, 0
	r.at = r.frame(line, m)
	for from := m[1]; from < len(line); {
		end := strings.IndexAny(line[from:], " \t")
		if end += from; end < from {
			end = len(line)
		}
		if word := line[from:end]; word != "" {
			r.from = from
			pair, err := strconv.ParseUint(word, 16, 16)
			if err != nil || len(word) != 4 {
				r.Complain(report.Error, "scc-line", i, from, end, "this is no group of four hexadecimal digits; what it stands for is lost", "copy or export the file again")
			} else {
				r.pair(uint16(pair) & 0x7f7f) // without the parity bits
			}
			r.at++
		}
		from = end + 1
	}
}

// frame is the time code of a line as a number of frames. A ; or , before the frames says that the clock drops two numbers a minute.
func (r *sccReader) frame(line string, m []int) int64 {
	var n [5]int64
	for i := range n {
		if i != 3 {
			n[i], _ = strconv.ParseInt(line[m[2+2*i]:m[3+2*i]], 10, 64)
		}
	}
	minutes := n[0]*60 + n[1]
	total := (minutes*60+n[2])*int64(math.Round(r.rate)) + n[4]
	if c := line[m[8]]; (c == ';' || c == ',') && r.rate != math.Round(r.rate) {
		total -= 2 * (minutes - minutes/10) * int64(math.Round(r.rate)) / 30
	}
	return total
}

func (r *sccReader) time(frame int64) time.Duration {
	d, _ := milliseconds(float64(frame) / r.rate)
	return d
}

// pair runs two bytes (CEA-608-E 8).
func (r *sccReader) pair(p uint16) {
	a, b := byte(p>>8), byte(p)
	if a >= 0x10 && a < 0x20 {
		if p == r.last { // control codes are sent twice, for safety
			r.last = 0
			return
		}
		r.last = p
		if r.other = a&8 != 0 || a == 0x15 && b < 0x30; r.other {
			r.skipped = true
			return
		}
		r.control(a, b)
		return
	}
	r.last = 0
	if a > 0 && a < 0x10 { // extended data services
		r.other = true
		return
	}
	for _, c := range []byte{a, b} {
		if c >= 0x20 && !r.other {
			r.put(basicChars[c-0x20])
		}
	}
}

// target is the screen that text goes to.
func (r *sccReader) target() *screen {
	if r.mode == popOn {
		return r.loaded
	}
	return r.shown
}

func (r *sccReader) put(c rune) {
	s := r.target()
	s.set(r.row, r.column, cell{c, r.pen})
	if s == r.shown && r.since < 0 && c != ' ' {
		r.since, r.first = r.at, r.line
	}
	s.line = r.line
	r.column = min(r.column+1, 31)
}

func (r *sccReader) control(a, b byte) {
	switch {
	case b >= 0x40: // preamble: row, and colour or indent
		r.preamble(a, b)
	case a == 0x11 && b >= 0x20 && b < 0x30: // a change of the pen takes a cell
		r.pen = penOf(b & 0x0f)
		r.put(' ')
	case a == 0x11 && b >= 0x30:
		r.put(specialChars[b-0x30])
	case (a == 0x12 || a == 0x13) && b >= 0x20: // stands in place of the character before
		r.column = max(r.column-1, 0)
		r.put(extendedChars[int(a-0x12)*32+int(b-0x20)])
	case a == 0x17 && b >= 0x21 && b <= 0x23:
		r.column = min(r.column+int(b-0x20), 31)
	case a == 0x14:
		r.command(b)
	}
}

// command runs a miscellaneous control code (CEA-608-E, table 52).
func (r *sccReader) command(b byte) {
	switch b {
	case 0x20: // RCL: captions are loaded out of sight
		r.mode = popOn
	case 0x21: // BS
		r.column = max(r.column-1, 0)
		r.target().set(r.row, r.column, cell{})
	case 0x24: // DER
		for c := r.column; c < 32; c++ {
			r.target().set(r.row, c, cell{})
		}
	case 0x25, 0x26, 0x27: // RU2 to RU4
		if r.mode != rollUp {
			r.show()
			r.shown.clear()
			r.row, r.column = 14, 0
		}
		r.mode, r.depth = rollUp, int(b-0x23)
	case 0x29: // RDC: text is painted where it is seen
		r.mode = paintOn
	case 0x2a, 0x2b: // text services
		r.other, r.skipped = true, true
	case 0x2c: // EDM
		r.show()
		r.shown.clear()
	case 0x2d: // CR: the row is done; each is a cue of its own, so that no text comes twice
		if r.mode == rollUp {
			r.show()
			r.shown.clear()
			r.column = 0
		}
	case 0x2e: // ENM
		r.unseen()
		r.loaded.clear()
	case 0x2f: // EOC
		r.ends++
		r.show()
		r.shown.clear()
		r.shown, r.loaded = r.loaded, r.shown
		r.mode = popOn
		if !r.shown.blank() {
			r.since, r.first = r.at, r.shown.line
		}
	}
}

// sccRows are the rows (from 1) of the preambles, by the first byte; the second byte's bit 0x20 adds one.
var sccRows = [8]int{11, 1, 3, 12, 14, 5, 7, 9}

func (r *sccReader) preamble(a, b byte) {
	row := sccRows[a&7] - 1
	if b&0x20 != 0 && a&7 != 0 {
		row++
	}
	if r.mode == rollUp && row != r.row {
		r.show() // the window moves, and takes its text along
		r.shown.clear()
	}
	r.row, r.column = row, 0
	attribute := b & 0x1f
	if attribute >= 0x10 {
		r.column = int(attribute>>1&7) * 4
		attribute = attribute & 1
	}
	r.pen = penOf(attribute)
}

// show makes a cue of what has stood on the picture until now.
func (r *sccReader) show() {
	if r.since >= 0 && !r.shown.blank() {
		start, end := r.time(r.since), r.time(r.at)
		end = max(end, start+time.Millisecond)
		raw, settings := r.shown.cue()
		c := newCue(start, end, raw)
		c.SetSettings(settings)
		r.SetLine(&c, r.first+1)
		r.cues = append(r.cues, c)
	}
	r.since = -1
}

// unseen complains of a text that is about to be dropped before it was shown.
func (r *sccReader) unseen() {
	if !r.loaded.blank() {
		raw, _ := r.loaded.cue()
		r.Complain(report.Warn, "scc-unshown", r.loaded.line, 0, len(r.Line(r.loaded.line)), "a text is sent here but never shown: "+oneLine(raw), "")
	}
}

// finish ends what still stands there.
func (r *sccReader) finish() {
	if r.since >= 0 && !r.shown.blank() {
		r.Complain(report.Warn, "scc-end", r.first, 0, len(r.Line(r.first)), "nothing ends this caption; it ends after 5 seconds", "")
		r.at = max(r.at, r.since+int64(5*r.rate))
		r.show()
	}
	r.unseen()
	if r.skipped {
		r.ComplainFile(report.Warn, "scc-channel", "the file has more than one channel of captions; the first, CC1, was read", "ask for a file of each channel")
	}
}
