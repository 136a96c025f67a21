// Package subtitle reads, writes and cuts subtitle tracks: WebVTT exactly by the parsing algorithm of the
// W3C specification (https://www.w3.org/TR/webvtt1/ section 6), SubRip (SRT) by what real files do. It does no I/O.
//
// Whatever is wrong with a file comes back as findings with a place, never as an error; Read takes any bytes.
package subtitle

import (
	"time"

	"filmpress/internal/report"
)

// Format is a subtitle file format. The zero value is none.
type Format uint8

const (
	SRT Format = iota + 1 // SubRip
	WebVTT

	// The formats below are read and written by package foreign. Their cues are held in WebVTT's markup.
	ASS      // Advanced SubStation Alpha, and its elder SSA
	TTML     // Timed Text Markup Language: IMSC, DFXP, EBU-TT
	STL      // EBU Tech 3264
	SCC      // Scenarist closed captions: CEA-608
	Teletext // EBU teletext in an MPEG transport stream
)

// String is the format's usual extension: "srt", "vtt", or "" for none.
func (f Format) String() string {
	return [...]string{"", "srt", "vtt", "ass", "ttml", "stl", "scc", "ts"}[f]
}

// Track is one subtitle file as it was read.
type Track struct {
	Name     string // the file's name, as it stands in findings
	Format   Format
	Language string // BCP 47, from Options
	Charset  string // the WHATWG name of the encoding that was read: "utf-8", "windows-1251"
	BOM      bool   // the file began with a byte order mark

	// Refused says that a WebVTT reader must refuse the whole file (bad signature, WebVTT 6.1). Cues are read
	// all the same, so that the file can be repaired.
	Refused bool

	Header []string // WebVTT: the signature line and the lines under it up to the first blank line
	Blocks []Block  // WebVTT: everything that is neither header nor cue, in the file's order
	Cues   []Cue    // in the file's order

	layout layout
	src    *source // the file it was read from; nil where it was made otherwise
}

// Cue is one piece of text with its time. It is kept small (a test holds it so): a film has thousands.
type Cue struct {
	ID    string // WebVTT: the cue identifier; SRT: the index line as written; "" where there is none
	Start time.Duration
	End   time.Duration // exact to the millisecond; not after Start in broken files
	Raw   string        // the payload in the syntax of Markup, lines joined by \n, none of them empty

	timing   string    // the timing line of the source, written again where it still says the same
	settings *Settings // nil is DefaultSettings
	line     int32     // of the timing line in the source, from 1; 0 where there is none
	text     int32     // of the first line of Raw
	gap      int32     // blank lines before the cue in the source

	Markup Format // the syntax of Raw
}

// Settings is where and how the cue is shown.
func (c *Cue) Settings() Settings {
	if c.settings == nil {
		return DefaultSettings()
	}
	return *c.settings
}

// SetSettings says where and how the cue is shown.
func (c *Cue) SetSettings(s Settings) {
	if c.settings = nil; s != DefaultSettings() {
		c.settings = &s
	}
}

// BlockKind is what a WebVTT block that is not a cue holds.
type BlockKind string

const (
	Note    BlockKind = "note"
	Style   BlockKind = "style"
	Regions BlockKind = "region"
	Stray   BlockKind = "stray" // read by nobody: there is a finding on it
)

// Block is a WebVTT block that is not a cue.
type Block struct {
	Kind   BlockKind
	Text   string  // as written, the keyword's line included, lines joined by \n
	Region *Region // of a region block
	Before int     // index of the cue that follows it; len(Cues) at the end
	Pos    report.Pos

	gap int
}

// layout is what has to be kept of a file so that it is written back byte for byte.
type layout struct {
	eol   string // "\n", "\r\n" or "\r"; "" is "\n"
	tail  int    // blank lines after the last block
	noEnd bool   // the last line has no line ending
}

// Regions gives the region definitions of the track, in the file's order.
func (t Track) Regions() []Region {
	var rs []Region
	for _, b := range t.Blocks {
		if b.Region != nil {
			rs = append(rs, *b.Region)
		}
	}
	return rs
}

// Tree is the cue's text as a tree.
func (c Cue) Tree() *Node {
	if c.Markup == SRT {
		return parseSRTText(c.Raw)
	}
	return ParseCueText(c.Raw)
}

// Plain is the cue's text without tags and with entities decoded, lines separated by \n.
func (c Cue) Plain() string {
	return c.Tree().Plain()
}
