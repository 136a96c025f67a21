package repair

import (
	"strings"
	"unicode/utf8"

	"filmpress/internal/report"
	"filmpress/internal/subtitle"
	"filmpress/internal/subtitle/rules"
)

type line = subtitle.SourceLine

// work is a file while it is mended.
type work struct {
	opt     Options
	name    string
	charset string // that the file is still to be written in
	bom     string // the byte order marks before text
	text    string // everything else
	eol     string // of new lines
	track   subtitle.Track
	reader  []report.Finding // on text, by the reader alone
	found   []report.Finding // on text, by the reader and the rules
	flagged map[string]bool  // the rules in found
	notes   []report.Finding // on how the file was read
	blocks  []*block
	tail    []line          // blank lines under the last block
	undone  map[string]bool // fixes that the guard took back: they would be again
}

type blockKind uint8

const (
	header  blockKind = iota // WebVTT: the signature and the lines under it
	cueOf                    // a cue
	note                     // WebVTT: a comment
	setting                  // WebVTT: STYLE or REGION
	stray                    // what no reader reads: text outside cues, cues whose times cannot be read
)

// block is some lines of the file that belong together. All lines of a file are in one of its blocks or the tail.
type block struct {
	kind   blockKind
	above  []line // blank lines above it
	id     []line // of a cue: its index or identifier, and in SRT blank lines under that
	timing line   // of a cue
	lines  []line // of a cue: its text, in SRT perhaps with blank lines; of others: all lines
	cue    *subtitle.Cue
}

// begin reads a file, or says why it must be left alone.
func begin(name string, data []byte, opt Options) (*work, []report.Finding) {
	w := &work{opt: opt, name: name, undone: map[string]bool{}}
	track, found := subtitle.Read(name, data, opt.Read)
	if opt.Read.Charset != "" && track.Charset != "utf-8" && !strings.HasPrefix(track.Charset, "utf-") && utf8.Valid(data) && !ascii(data) {
		opt.Read.Charset = ""
		track, found = subtitle.Read(name, data, opt.Read)
		w.notes = []report.Finding{{Pos: report.Pos{File: name}, Severity: report.Warn, Rule: "enc-not-utf8",
			Text: "the file is UTF-8 already, and was read so, not as --charset says", Hint: "leave --charset out"}}
	}
	if why := refuse(track, found); why != nil {
		return nil, why
	}
	if track.Charset != "utf-8" && !w.opt.wants(fixes[0]) {
		return nil, []report.Finding{{Pos: report.Pos{File: name}, Severity: report.Error, Rule: "enc-not-utf8",
			Text: "the file is in " + track.Charset + ", and only UTF-8 is written here", Hint: "mend enc-not-utf8 with the rest"}}
	}
	if track.BOM {
		w.bom = "\ufeff"
	}
	w.charset = track.Charset
	lines := track.Lines() // at least one: an empty file was refused
	if w.eol = lines[0].End; w.eol == "" {
		w.eol = "\n"
	}
	for strings.HasPrefix(lines[0].Text, "\ufeff") { // a second mark
		w.bom += "\ufeff"
		lines[0].Text = lines[0].Text[len("\ufeff"):]
	}
	var b strings.Builder
	for _, l := range lines {
		b.WriteString(l.Text + l.End)
	}
	if again, found := w.read(b.String()); again.Format != track.Format || again.Charset != "utf-8" || len(again.Cues) != len(track.Cues) {
		return nil, []report.Finding{{Pos: report.Pos{File: name}, Severity: report.Error, Rule: "enc-unknown",
			Text: "the file reads otherwise once it is UTF-8, so its encoding is not certain", Hint: "save it as UTF-8, or name its encoding with --charset"}}
	} else {
		w.take(b.String(), again, found)
	}
	return w, nil
}

func ascii(data []byte) bool {
	for _, b := range data {
		if b >= 0x80 {
			return false
		}
	}
	return true
}

// refuse gives the findings because of which a file is left alone: it is no subtitle file, or some of its letters are
// not known.
func refuse(t subtitle.Track, found []report.Finding) []report.Finding {
	doubtful := t.Format == 0 || len(t.Cues) == 0 && t.Charset != "utf-8"
	for _, f := range found {
		switch f.Rule {
		case "enc-unknown", "chr-replacement":
			doubtful = true
		case "enc-not-utf8":
			doubtful = doubtful || f.Severity == report.Error
		}
	}
	if doubtful {
		return found
	}
	return nil
}

func (w *work) read(text string) (subtitle.Track, []report.Finding) { return w.readAs(w.name, text) }

func (w *work) readAs(name, text string) (subtitle.Track, []report.Finding) {
	return subtitle.Read(name, []byte(text), subtitle.Options{Language: w.opt.Read.Language})
}

// take makes a text the file's, as it was read.
func (w *work) take(text string, t subtitle.Track, found []report.Finding) {
	w.text, w.track, w.reader = text, t, found
	w.found = rules.Check(&w.track, found, w.opt.Rules)
	w.flagged = map[string]bool{}
	for _, f := range w.found {
		w.flagged[f.Rule] = true
	}
	w.parse()
}

// run applies a fix and gives how many places it mended.
func (w *work) run(f fix) int {
	if !w.opt.wants(f) || f.format != 0 && f.format != w.track.Format || w.undone[f.rule] || !f.unasked && !w.flagged[f.rule] && !w.flagged[f.also] {
		return 0
	}
	bom, charset := w.bom, w.charset
	n := f.apply(w)
	if n == 0 {
		return 0
	}
	text := strings.TrimLeft(w.render(), "\ufeff") // one would be taken for a mark
	if text == w.text {
		if w.bom != bom || w.charset != charset {
			return n
		}
		w.parse()
		return 0
	}
	track, found := w.read(text)
	if !kept(&w.track, &track, w.reader, found, f) {
		w.undone[f.rule] = true
		w.parse()
		return 0
	}
	w.take(text, track, found)
	return n
}

// left is what is wrong with the file still.
func (w *work) left() []report.Finding {
	left := append(w.notes, w.found...)
	report.Sort(left)
	return left
}

// render gives the text of the blocks. Every line but the last has an end.
func (w *work) render() string {
	var b strings.Builder
	open := false
	put := func(lines ...line) {
		for _, l := range lines {
			if open {
				b.WriteString(w.eol)
			}
			b.WriteString(l.Text)
			b.WriteString(l.End)
			open = l.End == ""
		}
	}
	for _, k := range w.blocks {
		put(k.above...)
		if k.kind == cueOf {
			put(k.id...)
			put(k.timing)
		}
		put(k.lines...)
	}
	put(w.tail...)
	return b.String()
}

// new is a line that the file does not have yet.
func (w *work) new(text string) line { return line{Text: text, End: w.eol} }
