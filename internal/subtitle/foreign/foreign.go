// Package foreign reads and writes the subtitle formats that are neither SRT nor WebVTT: ASS and SSA, TTML (IMSC, DFXP,
// EBU-TT), EBU STL, SCC and teletext. It does no I/O. Cues come out in WebVTT's markup.
//
// Of all these, go-astisub v0.34.0 reads teletext only here. Each of its other readers was tried and lost text without
// a word: SSA loses every line whose fields it cannot read and takes any encoding for UTF-8; TTML panics on a <p> with dur and
// without end, drops nested spans and refuses the file for one unknown style; STL knows the Latin table alone (no Cyrillic),
// shows comments as cues, cuts text that goes on in a further block, and divides by zero at an unknown frame rate. SCC it
// does not know. The readers here are small, tell the place of what they skip, and are held to a count of their own.
package foreign

import (
	"bytes"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"filmpress/internal/report"
	"filmpress/internal/subtitle"
)

// Options is what a caller knows of a file before it is read.
type Options struct {
	subtitle.Options
	// FrameRate is how many frames a second times in frames (STL, SCC, TTML) are counted in, instead of what the file
	// says; 0 is what the file says.
	FrameRate float64
}

// reader reads one format. It may panic: see guarded.
type reader func(name string, data []byte, opt Options) (subtitle.Track, []report.Finding)

var readers = map[subtitle.Format]reader{
	subtitle.ASS: readASS, subtitle.TTML: readTTML, subtitle.STL: readSTL, subtitle.SCC: readSCC, subtitle.Teletext: readTeletext,
}

// Read reads a subtitle file of any format; SRT, WebVTT and what is not known here are subtitle.Read's. It takes any bytes: what
// is wrong with them is in the findings. An Error means that text would be lost or nothing could be read. What the file says
// beyond what a Track holds (fonts, effects, drawings) is a lossy-* Warn, one for each cue and kind.
func Read(name string, data []byte, opt Options) (subtitle.Track, []report.Finding) {
	read := readers[Sniff(name, data)]
	if read == nil {
		return subtitle.Read(name, data, opt.Options)
	}
	return guarded(read, name, data, opt)
}

// guarded turns a panic into a finding: one broken file must not end a run over many.
func guarded(read reader, name string, data []byte, opt Options) (t subtitle.Track, found []report.Finding) {
	defer func() {
		if bug := recover(); bug != nil {
			t = subtitle.Track{Name: name, Language: opt.Language}
			found = []report.Finding{{Pos: report.Pos{File: name}, Severity: report.Error, Rule: "file-unreadable",
				Text: fmt.Sprintf("the file broke our reader (%v); nothing of it was read", bug),
				Hint: "export it again from the program it was made in, or save it as SRT there"}}
		}
	}()
	return read(name, data, opt)
}

// byExtension are the formats that a file's name may say.
var byExtension = map[string]subtitle.Format{
	".srt": subtitle.SRT, ".vtt": subtitle.WebVTT, ".webvtt": subtitle.WebVTT, ".ass": subtitle.ASS, ".ssa": subtitle.ASS, ".ttml": subtitle.TTML, ".dfxp": subtitle.TTML,
	".xml": subtitle.TTML, ".imsc": subtitle.TTML, ".itt": subtitle.TTML, ".stl": subtitle.STL, ".scc": subtitle.SCC,
	".ts": subtitle.Teletext, ".m2t": subtitle.Teletext,
}

// FormatOf is the format that a file's name says; 0 is none.
func FormatOf(name string) subtitle.Format { return byExtension[strings.ToLower(path.Ext(name))] }

// FormatNamed is the format of a word such as "srt", "webvtt" or "imsc"; 0 is none.
func FormatNamed(word string) subtitle.Format {
	return byExtension["."+strings.TrimPrefix(strings.ToLower(strings.TrimSpace(word)), ".")]
}

// Sniff tells the format from the content, and from the name where the content does not say; 0 is none.
func Sniff(name string, data []byte) subtitle.Format {
	switch {
	case len(data) > 11 && string(data[3:6]) == "STL" && data[8] == '.':
		return subtitle.STL
	case len(data) >= 2*packetSize && data[0] == 0x47 && data[packetSize] == 0x47:
		return subtitle.Teletext
	}
	head := beginning(data)
	switch {
	case strings.HasPrefix(head, "[script info]"), strings.HasPrefix(head, "[v4"), strings.HasPrefix(head, "[events]"):
		return subtitle.ASS
	case strings.HasPrefix(head, "scenarist_scc"):
		return subtitle.SCC
	case strings.HasPrefix(head, "<?xml"), strings.HasPrefix(head, "<tt"), strings.HasPrefix(head, "<!--"):
		return subtitle.TTML
	case strings.HasPrefix(head, "webvtt"):
		return subtitle.WebVTT
	}
	f := FormatOf(name)
	if f == subtitle.STL || f == subtitle.Teletext { // binary, and not by their marks
		return 0
	}
	return f
}

// beginning is the first text of a file in lower case, whatever its encoding: blanks, marks and the NUL halves of
// UTF-16 are left out.
func beginning(data []byte) string {
	data = data[:min(len(data), 512)]
	data = bytes.TrimLeft(bytes.ReplaceAll(data, []byte{0}, nil), "\xef\xbb\xbf\xff\xfe \t\r\n")
	return strings.ToLower(string(data[:min(len(data), 64)]))
}

// known are the formats that can be written, as --to takes them.
var known = []subtitle.Format{subtitle.SRT, subtitle.WebVTT, subtitle.ASS, subtitle.TTML, subtitle.STL}

// Writable are the formats that Write takes.
func Writable() []subtitle.Format { return slices.Clone(known) }

// WriteOptions is what a format needs beyond the track.
type WriteOptions struct {
	// FrameRate is the frames a second of STL: 24, 25 or 30; 0 is 25. Other formats have no frames.
	FrameRate float64
}

// Write writes a track in a format of Writable. The findings are what it cannot hold: one lossy-* Warn for each cue
// and kind. A cue that the format cannot hold at all is left out, and its finding says so.
//
// Times are rounded to what the format counts in: milliseconds, hundredths of a second in ASS, frames in STL. Both ends of a cue
// and the end of the one before go the same way, so no gap opens or closes. That moves a time by half a unit at most and is no
// loss. What lies outside the clock of the format is lossy-time.
func Write(t subtitle.Track, f subtitle.Format, o WriteOptions) ([]byte, []report.Finding) {
	lost := &losses{track: &t, format: f}
	lost.times(limits[f])
	lost.look()
	switch f {
	case subtitle.SRT:
		return t.SRT(), lost.findings()
	case subtitle.WebVTT:
		return t.WebVTT(), lost.findings()
	case subtitle.ASS:
		return writeASS(&t), lost.findings()
	case subtitle.TTML:
		return writeTTML(&t), lost.findings()
	case subtitle.STL:
		return writeSTL(&t, o, lost), lost.findings()
	}
	panic(fmt.Sprintf("format %d is not written", f))
}

// limits are the ends of each format's clock; its last second is not used, so that no rounding goes over it. Times below 0 none can show.
var limits = map[subtitle.Format]time.Duration{
	subtitle.SRT: 100 * time.Hour, subtitle.WebVTT: 1 << 62, subtitle.ASS: 100 * time.Hour, subtitle.TTML: 100 * time.Hour, subtitle.STL: 24 * time.Hour,
}

// oneLine makes a text of the file fit for one line of a message.
func oneLine(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > 60 {
		at := 60
		for !utf8.RuneStart(s[at]) {
			at--
		}
		s = s[:at] + "…"
	}
	return s
}
