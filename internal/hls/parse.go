package hls

import (
	"bytes"
	"strconv"
	"strings"
	"time"

	"filmpress/internal/report"
)

// IsMaster says whether a playlist looks like a multivariant one.
func IsMaster(b []byte) bool {
	return bytes.Contains(b, []byte("#EXT-X-STREAM-INF")) || bytes.Contains(b, []byte("#EXT-X-I-FRAME-STREAM-INF"))
}

// ParseMaster reads a multivariant playlist. It never fails: what is wrong is in the findings, sorted by place,
// and what could be understood is in the Master. Tags it does not know are ignored.
func ParseMaster(name string, b []byte) (Master, []report.Finding) {
	s := newScanner(name, b)
	var m Master
	var pending *Variant
	for {
		tag, rest, ok := s.scan()
		if !ok {
			break
		}
		if pending != nil && tag != "" {
			s.find(0, len(tag), "m3u8-order", "EXT-X-STREAM-INF is not followed by its URI", "")
			pending = nil
		}
		switch tag {
		case "":
			if pending == nil {
				s.find(0, len(rest), "m3u8-order", "a URI without an EXT-X-STREAM-INF before it", "")
				continue
			}
			pending.URI = rest
			m.Variants = append(m.Variants, *pending)
			pending = nil
		case "#EXT-X-STREAM-INF":
			pending = &Variant{Line: s.at + 1}
			read(s, variantFields, tag, rest, pending)
		case "#EXT-X-MEDIA":
			r := Rendition{Line: s.at + 1}
			read(s, renditionFields, tag, rest, &r)
			m.Renditions = append(m.Renditions, r)
		case "#EXT-X-I-FRAME-STREAM-INF":
			f := IFrame{Line: s.at + 1}
			read(s, iframeFields, tag, rest, &f)
			m.IFrames = append(m.IFrames, f)
		case "#EXT-X-VERSION":
			s.once(tag)
			m.Version = int(min(s.number(tag, rest), 1000))
		case "#EXT-X-INDEPENDENT-SEGMENTS":
			m.Independent = true
		case "#EXT-X-DEFINE":
			s.define(tag, rest, nil, true)
		case "#EXTINF", "#EXT-X-TARGETDURATION", "#EXT-X-ENDLIST", "#EXT-X-BYTERANGE", "#EXT-X-MAP":
			s.find(0, len(tag), "m3u8-kind", tag+" belongs in a media playlist, not in a multivariant one", "")
		}
	}
	if pending != nil {
		s.whole("m3u8-order", "the last EXT-X-STREAM-INF has no URI", "")
	}
	if len(m.Variants) == 0 {
		s.whole("m3u8-required", "the playlist has no variant", "")
	}
	m.Variables, m.Use = s.variables, s.use()
	report.Sort(s.findings)
	return m, s.findings
}

// mediaParser is what must be remembered between the lines of a media playlist.
type mediaParser struct {
	*scanner
	m       Media
	segment Segment
	open    bool // an EXTINF waits for its URI
	ranged  bool // an EXT-X-BYTERANGE waits for its URI
	follows bool // its offset is the end of the range before
	mp      *Map
	before  Segment   // the one before; its URI is "" at the beginning
	imports Variables // of the multivariant playlist
}

// ParseMedia reads a media playlist, as tolerant as ParseMaster. imports are the variables of the multivariant playlist that names it.
func ParseMedia(name string, b []byte, imports Variables) (Media, []report.Finding) {
	p := mediaParser{scanner: newScanner(name, b), imports: imports}
	for {
		tag, rest, ok := p.scan()
		if !ok {
			break
		}
		if p.m.End && (tag == "" || tag == "#EXTINF") {
			p.find(0, len(p.line()), "m3u8-order", "a segment after EXT-X-ENDLIST", "")
		}
		if tag == "" {
			p.uri(rest)
		} else if read := mediaTags[tag]; read != nil {
			read(&p, tag, rest)
		}
	}
	if p.open {
		p.whole("m3u8-order", "the last EXTINF has no URI", "")
	}
	if !p.seen["#EXT-X-TARGETDURATION"] {
		p.whole("m3u8-required", "EXT-X-TARGETDURATION is missing", "")
	}
	p.m.Use = p.use()
	report.Sort(p.findings)
	return p.m, p.findings
}

// mediaTags says how each tag of a media playlist is read; others are ignored.
var mediaTags = map[string]func(p *mediaParser, tag, rest string){
	"#EXT-X-VERSION": func(p *mediaParser, tag, rest string) {
		p.once(tag)
		p.m.Version = int(min(p.number(tag, rest), 1000))
	},
	"#EXT-X-TARGETDURATION": func(p *mediaParser, tag, rest string) {
		p.once(tag)
		p.m.Target = int(min(p.number(tag, rest), 1<<30))
	},
	"#EXT-X-MEDIA-SEQUENCE": func(p *mediaParser, tag, rest string) {
		p.once(tag)
		p.m.Sequence = p.number(tag, rest)
	},
	"#EXT-X-PLAYLIST-TYPE": func(p *mediaParser, tag, rest string) {
		p.once(tag)
		if rest != "VOD" && rest != "EVENT" {
			p.find(len(tag)+1, len(rest), "m3u8-attribute", "EXT-X-PLAYLIST-TYPE is VOD or EVENT", "")
			return
		}
		p.m.Type = rest
	},
	"#EXT-X-INDEPENDENT-SEGMENTS": func(p *mediaParser, _, _ string) { p.m.Independent = true },
	"#EXT-X-I-FRAMES-ONLY":        func(p *mediaParser, _, _ string) { p.m.IFramesOnly = true },
	"#EXT-X-ENDLIST":              func(p *mediaParser, _, _ string) { p.m.End = true },
	"#EXT-X-DISCONTINUITY":        func(p *mediaParser, _, _ string) { p.segment.Discontinuity = true },
	"#EXT-X-GAP":                  func(p *mediaParser, _, _ string) { p.segment.Gap = true },
	"#EXT-X-DEFINE":               func(p *mediaParser, tag, rest string) { p.define(tag, rest, p.imports, false) },
	"#EXT-X-MAP":                  (*mediaParser).mapTag,
	"#EXTINF":                     (*mediaParser).extinf,
	"#EXT-X-BYTERANGE":            (*mediaParser).byteRange,
	"#EXT-X-KEY": func(p *mediaParser, tag, rest string) {
		for _, a := range p.attrs(tag, rest) {
			if a.name == "METHOD" && a.value != "NONE" {
				p.m.Encrypted = true
			}
		}
	},
	"#EXT-X-STREAM-INF": wrongKind,
	"#EXT-X-MEDIA":      wrongKind,
}

func wrongKind(p *mediaParser, tag, _ string) {
	p.find(0, len(tag), "m3u8-kind", tag+" belongs in a multivariant playlist, not in a media one", "")
}

func (p *mediaParser) mapTag(tag, rest string) {
	var a mapAttrs
	read(p.scanner, mapFields, tag, rest, &a)
	p.mp = &Map{URI: a.uri}
	if a.byteRange == "" {
		return
	}
	r, _, ok := parseRange(a.byteRange)
	if !ok {
		p.find(0, len(p.line()), "m3u8-number", "BYTERANGE needs length@offset, not "+strconv.Quote(a.byteRange), "")
	}
	p.mp.Range = r
}

// maxDuration bounds an EXTINF: more than any film, and far from overflow in a sum.
const maxDuration = 1000 * time.Hour

func (p *mediaParser) extinf(tag, rest string) {
	if p.open {
		p.find(0, len(tag), "m3u8-order", "two EXTINF for one URI", "")
	}
	p.open, p.segment.Line = true, p.at+1
	text, _, _ := strings.Cut(rest, ",")
	d, ok := parseSeconds(text)
	if !ok {
		p.find(len(tag)+1, len(text), "m3u8-number", "EXTINF needs a duration in seconds, not "+strconv.Quote(text), "")
	}
	p.segment.Duration = d
}

// parseSeconds reads a decimal number of seconds exactly, without a float's rounding.
func parseSeconds(text string) (time.Duration, bool) {
	if !decimalForm.MatchString(text) {
		return 0, false
	}
	d, err := time.ParseDuration(text + "s")
	return d, err == nil && d <= maxDuration
}

func (p *mediaParser) byteRange(tag, rest string) {
	r, follows, ok := parseRange(rest)
	if !ok {
		p.find(len(tag)+1, len(rest), "m3u8-number", "EXT-X-BYTERANGE needs length@offset, not "+strconv.Quote(rest), "")
		return
	}
	p.segment.Range, p.follows, p.ranged = r, follows, true
}

// parseRange reads length[@offset]; follows is true where the offset is left out.
func parseRange(text string) (r ByteRange, follows, ok bool) {
	length, offset, given := strings.Cut(text, "@")
	var err, err2 error
	r.Length, err = strconv.ParseInt(length, 10, 64)
	if given {
		r.Offset, err2 = strconv.ParseInt(offset, 10, 64)
	}
	if err != nil || err2 != nil || r.Length <= 0 || r.Offset < 0 || r.Length > 1<<60 || r.Offset > 1<<60 {
		return ByteRange{}, false, false
	}
	return r, !given, true
}

// uri ends a segment.
func (p *mediaParser) uri(line string) {
	if !p.open {
		p.find(0, len(line), "m3u8-order", "a URI without an EXTINF before it", "")
	}
	if p.ranged && p.follows { // RFC 8216, 4.3.2.2: it goes on where that of the segment right before it ends
		if b := p.before; b.URI != line || b.Range.Length == 0 {
			p.find(0, len(line), "m3u8-order", "a byte range without an offset needs the segment before it to be a range of the same file", "")
		} else {
			p.segment.Range.Offset = min(b.Range.Offset+b.Range.Length, 1<<60)
		}
	}
	p.segment.URI, p.segment.Map = line, p.mp
	if p.open {
		p.m.Segments = append(p.m.Segments, p.segment)
	}
	p.before = p.segment
	p.segment, p.open, p.ranged, p.follows = Segment{}, false, false, false
}
