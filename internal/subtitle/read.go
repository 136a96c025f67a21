package subtitle

import (
	"bytes"
	"fmt"
	"path"
	"strings"

	"filmpress/internal/report"
)

// Options is what a caller knows of a file before it is read.
type Options struct {
	Charset  string // any name of an encoding; "" is found out
	Language string // BCP 47; becomes Track.Language and helps to find out the encoding
}

// Read reads a subtitle file. It takes any bytes: what is wrong with them is in the findings, in the file's order.
// An Error means that the file cannot be used as it is or that text of it would be lost; what was read tolerantly is
// a Warn. data must not be changed afterwards: the track's texts are parts of it. The format is told from the content, and from the extension of name where the content does not say.
func Read(name string, data []byte, opt Options) (Track, []report.Finding) {
	s := &source{name: name, raw: data}
	t := Track{Name: name, Language: opt.Language, src: s}
	if !s.admit() {
		return t, s.findings()
	}
	bom, after := s.charset(opt)
	if s.codec.unit == 1 && !signed(string(data[bom:min(len(data), bom+7)])) && s.binary() || !s.split(bom) {
		return t, s.findings()
	}
	if s.count() == 0 { // a byte order mark and nothing else
		s.empty()
		return t, s.findings()
	}
	t.BOM, t.Charset = bom > 0, s.codec.name
	s.nul = bytes.IndexByte(data, 0) >= 0
	s.flat = s.flat && !s.nul
	after()
	t.layout = layout{eol: s.eol, noEnd: s.open}
	switch t.Format = s.format(); t.Format {
	case WebVTT:
		s.readVTT(&t)
	case SRT:
		s.readSRT(&t)
	default:
		return t, s.findings()
	}
	if len(t.Cues) == 0 && !s.failed() {
		s.complainFile(report.Error, "file-no-cues", "the file has no subtitles in it", "export it again from the program it was made in")
	}
	return t, s.findings()
}

// failed says whether an Error was found.
func (s *source) failed() bool {
	worst, ok := report.Worst(s.found)
	return ok && worst == report.Error
}

// magics are the beginnings of files that are something else.
var magics = []struct {
	at    int
	magic string
	what  string
}{
	{4, "ftyp", "a film (MP4 or MOV)"}, {4, "moov", "a film (MOV)"}, {4, "mdat", "a film (MOV)"}, {0, "\x1aE\xdf\xa3", "a film (Matroska or WebM)"},
	{0, "RIFF", "a film or sound (RIFF)"}, {0, "OggS", "a film or sound (Ogg)"}, {0, "FLV\x01", "a film (FLV)"}, {0, "ID3", "a sound file (MP3)"},
	{0, "\x00\x00\x01\xba", "a film (MPEG)"}, {0, "0&\xb2u", "a film (ASF or WMV)"}, {0, "PK\x03\x04", "a ZIP archive or an office document"},
	{0, "\x1f\x8b", "a gzip archive"}, {0, "Rar!", "a RAR archive"}, {0, "7z\xbc\xaf", "a 7z archive"}, {0, "%PDF", "a PDF document"},
	{0, "{\\rtf", "an RTF document"}, {0, "\x89PNG", "a picture (PNG)"}, {0, "\xff\xd8\xff", "a picture (JPEG)"}, {0, "\x7fELF", "a program"},
	{0, "\xd0\xcf\x11\xe0", "an old office document"},
}

// admit refuses what is no text or too large before anything else is done.
func (s *source) admit() bool {
	for _, m := range magics {
		if len(s.raw) > m.at && bytes.HasPrefix(s.raw[m.at:], []byte(m.magic)) {
			s.complainFile(report.Error, "not-a-subtitle", "this is "+m.what+", not a subtitle file", "name an SRT or WebVTT file")
			return false
		}
	}
	switch {
	case s.large():
		return false
	case len(bytes.TrimSpace(s.raw)) == 0:
		s.empty()
		return false
	}
	return true
}

func (s *source) empty() {
	s.complainFile(report.Error, "file-no-cues", "the file is empty", "export it again from the program it was made in")
}

// large refuses a file over MaxBytes.
func (s *source) large() bool {
	if len(s.raw) <= MaxBytes {
		return false
	}
	s.complainFile(report.Error, "file-too-large", fmt.Sprintf("the file is larger than %d MiB; subtitles of a long film are under 1 MiB", MaxBytes>>20),
		"check that this is a subtitle file")
	return true
}

// binary refuses a file in which over 2 % of the bytes are control characters, unless it has an arrow as timing lines do.
func (s *source) binary() bool {
	if bytes.Contains(s.raw, []byte(" --> ")) {
		return false
	}
	control := 0
	for _, b := range s.raw {
		if b < ' ' && b != '\n' && b != '\r' && b != '\t' && b != '\f' {
			control++
		}
	}
	if control*50 <= len(s.raw) {
		return false
	}
	s.complainFile(report.Error, "not-a-subtitle", "this is a binary file, not a subtitle file", "name an SRT or WebVTT file")
	return true
}

// others are the first words of subtitle formats that are not read here.
var others = []struct{ prefix, what string }{
	{"[script info]", "an ASS or SSA script"}, {"<?xml", "an XML file (TTML perhaps)"}, {"<tt", "a TTML file"}, {"<sami", "a SAMI file"},
	{"scenarist_scc", "an SCC caption file"}, {"{0}{", "a MicroDVD file"}, {"{1}{", "a MicroDVD file"}, {"[ti:", "a lyrics file"}, {"[ar:", "a lyrics file"},
	{"<!doctype html", "a web page"}, {"<html", "a web page"}, {"# vobsub", "an index of picture subtitles (VobSub)"},
}

// format tells the format from the content, then from the extension; none, with a finding, where it is neither.
func (s *source) format() Format {
	ext := strings.ToLower(path.Ext(s.name))
	first, dots, commas := s.glance()
	for _, o := range others {
		if strings.HasPrefix(strings.ToLower(first), o.prefix) {
			s.complainFile(report.Error, "format-unsupported", "this is "+o.what+", which cannot be read here", "save it as SRT or WebVTT")
			return 0
		}
	}
	switch {
	case s.count() > 0 && signed(s.line(0)):
		if ext == ".srt" {
			s.complainFile(report.Warn, "file-format", "the file is called .srt, but it is WebVTT; it was read as WebVTT", "rename it to .vtt")
		}
		return WebVTT
	case ext == ".vtt" && commas && !dots:
		s.complain(report.Warn, "file-format", 0, 0, 0, "the file is called .vtt, but it is SRT; it was read as SRT", "rename it to .srt, or save it as WebVTT")
		return SRT
	case ext == ".vtt" || strings.HasPrefix(strings.ToUpper(first), "WEBVTT"):
		return WebVTT
	case ext == ".srt" || dots || commas:
		return SRT
	}
	s.complainFile(report.Error, "not-a-subtitle", "there are no subtitle times in this file", "name an SRT or WebVTT file")
	return 0
}

// glance gives the first line with text on it, and whether the first timing line has dots or commas.
func (s *source) glance() (first string, dots, commas bool) {
	for i := range s.count() {
		line := s.line(i)
		if first == "" && !blank(line) {
			first = strings.TrimSpace(line)
		}
		if !strings.Contains(line, "-") && !strings.Contains(line, "–") && !strings.Contains(line, "—") && !strings.Contains(line, "=") {
			continue
		}
		if tm := parseSRTTiming(line); tm.arrow && tm.why == "" {
			comma := strings.ContainsAny(line[:tm.rest], ",")
			return first, !comma, comma
		}
	}
	return first, false, false
}

// signed says whether the first line is a WebVTT signature (WebVTT 6.1).
func signed(line string) bool {
	rest, ok := strings.CutPrefix(line, "WEBVTT")
	return ok && (rest == "" || strings.IndexByte(" \t\n\r", rest[0]) >= 0)
}
