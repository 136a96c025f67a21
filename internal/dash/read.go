package dash

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"

	"filmpress/internal/media"
	"filmpress/internal/report"
)

// Read reads a manifest, ours or another's: SegmentList and SegmentTemplate, with a timeline or a duration, given on any
// level. It never fails: what is wrong is in the findings, sorted by place, and what could be understood is in the Manifest. Of
// several periods only the first is read. What representations say that is not understood is in their Unread.
func Read(name string, b []byte) (Manifest, []report.Finding) {
	r := &reader{name: name}
	var x mpdXML
	d := xml.NewDecoder(bytes.NewReader(b))
	if err := d.Decode(&x); err != nil {
		line, _ := d.InputPos()
		var syntax *xml.SyntaxError
		if errors.As(err, &syntax) {
			line = syntax.Line
		}
		r.fail(line, "dash-xml", "write well-formed XML, with MPD as its root", "the manifest cannot be read: %v", plain(err))
		return Manifest{}, r.findings
	}
	if !atEnd(d) {
		line, _ := d.InputPos()
		r.fail(line, "dash-xml", "leave out what follows </MPD>", "something stands after the end of the manifest")
	}
	if x.XMLName.Space != namespace {
		r.fail(1, "dash-xml", "write xmlns=\""+namespace+"\"", "the namespace of the manifest is %q", x.XMLName.Space)
	}
	m := r.manifest(x)
	report.Sort(r.findings)
	return m, r.findings
}

// atEnd says whether nothing but space and comments follows.
func atEnd(d *xml.Decoder) bool {
	for {
		token, err := d.Token()
		if err != nil {
			return errors.Is(err, io.EOF)
		}
		switch t := token.(type) {
		case xml.Comment:
		case xml.CharData:
			if len(bytes.TrimSpace(t)) > 0 {
				return false
			}
		default:
			return false
		}
	}
}

func plain(err error) string {
	if errors.Is(err, io.EOF) {
		return "it is empty"
	}
	if number := (*strconv.NumError)(nil); errors.As(err, &number) {
		return fmt.Sprintf("%q stands where a whole number belongs", number.Num)
	}
	return strings.TrimPrefix(err.Error(), "XML syntax error on ")
}

// The elements of a manifest as XML has them.
type (
	mpdXML struct {
		XMLName   xml.Name    `xml:"MPD"`
		Type      string      `xml:"type,attr"`
		Profiles  string      `xml:"profiles,attr"`
		Duration  string      `xml:"mediaPresentationDuration,attr"`
		MinBuffer string      `xml:"minBufferTime,attr"`
		Base      string      `xml:"BaseURL"`
		Periods   []periodXML `xml:"Period"`
	}
	periodXML struct {
		Start    string `xml:"start,attr"`
		Duration string `xml:"duration,attr"`
		levelXML
		Sets []setXML `xml:"AdaptationSet"`
	}
	setXML struct {
		Type    string `xml:"contentType,attr"`
		Lang    string `xml:"lang,attr"`
		Aligned string `xml:"segmentAlignment,attr"`
		SAP     int    `xml:"startWithSAP,attr"`
		Rank    int    `xml:"selectionPriority,attr"`
		Label   string `xml:"Label"`
		Access  []pair `xml:"Accessibility"`
		Roles   []pair `xml:"Role"`
		levelXML
		Representations []representationXML `xml:"Representation"`
		line            int
	}
	representationXML struct {
		ID        string `xml:"id,attr"`
		Bandwidth string `xml:"bandwidth,attr"`
		levelXML
		line int
	}
	// levelXML is what a representation may inherit.
	levelXML struct {
		MIME       string       `xml:"mimeType,attr"`
		Codecs     string       `xml:"codecs,attr"`
		Width      int          `xml:"width,attr"`
		Height     int          `xml:"height,attr"`
		FrameRate  string       `xml:"frameRate,attr"`
		SAR        string       `xml:"sar,attr"`
		SampleRate string       `xml:"audioSamplingRate,attr"`
		Channels   []pair       `xml:"AudioChannelConfiguration"`
		Base       string       `xml:"BaseURL"`
		Single     *struct{}    `xml:"SegmentBase"`
		List       *segmentsXML `xml:"SegmentList"`
		Template   *segmentsXML `xml:"SegmentTemplate"`
	}
	pair struct {
		Scheme string `xml:"schemeIdUri,attr"`
		Value  string `xml:"value,attr"`
	}
	segmentsXML struct {
		Timescale   uint64 `xml:"timescale,attr"`
		Offset      uint64 `xml:"presentationTimeOffset,attr"`
		Duration    uint64 `xml:"duration,attr"`
		StartNumber *int64 `xml:"startNumber,attr"`
		Media       string `xml:"media,attr"`
		InitAttr    string `xml:"initialization,attr"`
		Init        *struct {
			URL   string `xml:"sourceURL,attr"`
			Range string `xml:"range,attr"`
		} `xml:"Initialization"`
		Timeline *struct {
			S []struct {
				T *uint64 `xml:"t,attr"`
				D uint64  `xml:"d,attr"`
				R int64   `xml:"r,attr"`
			} `xml:"S"`
		} `xml:"SegmentTimeline"`
		URLs []struct {
			Media string `xml:"media,attr"`
			Range string `xml:"mediaRange,attr"`
		} `xml:"SegmentURL"`
	}
)

// UnmarshalXML remembers the line.
func (s *setXML) UnmarshalXML(d *xml.Decoder, start xml.StartElement) error {
	type bare setXML
	line, _ := d.InputPos()
	defer func() { s.line = line }()
	return d.DecodeElement((*bare)(s), &start)
}

// UnmarshalXML remembers the line.
func (r *representationXML) UnmarshalXML(d *xml.Decoder, start xml.StartElement) error {
	type bare representationXML
	line, _ := d.InputPos()
	defer func() { r.line = line }()
	return d.DecodeElement((*bare)(r), &start)
}

type reader struct {
	name     string
	findings []report.Finding
	segments int // read so far

	spent int  // bytes of addresses
	long  bool // that they are too long is told
}

func (r *reader) fail(line int, rule, hint, format string, args ...any) {
	r.findings = append(r.findings, report.Finding{Pos: report.Pos{File: r.name, Line: line}, Severity: report.Error, Rule: rule,
		Text: fmt.Sprintf(format, args...), Hint: hint})
}

func (r *reader) manifest(x mpdXML) Manifest {
	m := Manifest{Type: x.Type, Profiles: x.Profiles}
	if m.Type == "" {
		m.Type = "static"
	}
	m.Duration = r.time("mediaPresentationDuration", x.Duration)
	m.MinBuffer = r.time("minBufferTime", x.MinBuffer)
	if len(x.Periods) == 0 {
		r.fail(0, "dash-xml", "write one Period", "the manifest has no Period")
		return m
	}
	if len(x.Periods) > 1 {
		r.findings = append(r.findings, report.Finding{Pos: report.Pos{File: r.name}, Severity: report.Info, Rule: "not-checked",
			Text: fmt.Sprintf("the manifest has %d periods; only the first is checked", len(x.Periods))})
	}
	p := x.Periods[0]
	length := m.Duration
	switch {
	case p.Duration != "":
		length = r.time("duration", p.Duration)
	case len(x.Periods) > 1 && x.Periods[1].Start != "": // 23009-1, 5.3.2.1: it lasts until the next begins
		if until := r.time("start", x.Periods[1].Start) - r.time("start", p.Start); until > 0 {
			length = until
		}
	case len(x.Periods) > 1:
		m.Partial = true
	}
	if length != m.Duration {
		m.First = length
	}
	if !r.bounded(x.Base, p) {
		return m
	}
	for _, s := range p.Sets {
		set := Set{Type: s.Type, Language: s.Lang, Label: s.Label, Aligned: s.Aligned == "true", StartWithSAP: s.SAP, Priority: s.Rank, Line: s.line}
		for _, role := range s.Roles {
			if role.Scheme == roleScheme {
				set.Roles = append(set.Roles, role.Value)
			}
		}
		for _, a := range s.Access {
			if a.Scheme == roleScheme {
				set.Accessibility = a.Value
			}
		}
		base := join(join(x.Base, p.Base), s.Base)
		for _, rep := range s.Representations {
			set.Representations = append(set.Representations, r.representation(rep, []levelXML{rep.levelXML, s.levelXML, p.levelXML}, join(base, rep.Base), length))
		}
		if set.Type == "" && len(set.Representations) > 0 {
			set.Type, _, _ = strings.Cut(set.Representations[0].MIME, "/")
		}
		m.Sets = append(m.Sets, set)
	}
	return m
}

// maxRepresentations bounds a manifest: far more sizes, codecs and languages than a film has.
const maxRepresentations = 1000

// bounded judges that a manifest has no more representations, and no longer bases of addresses, than can be read.
func (r *reader) bounded(base string, p periodXML) bool {
	n, longest := 0, max(len(base), len(p.Base))
	for _, s := range p.Sets {
		n, longest = n+len(s.Representations), max(longest, len(s.Base))
		for _, rep := range s.Representations {
			longest = max(longest, len(rep.Base), len(rep.ID))
		}
	}
	switch {
	case n > maxRepresentations || len(p.Sets) > maxRepresentations:
		r.fail(0, "ref-many", "", "the manifest has %d representations in %d sets; more than %d are not followed", n, len(p.Sets), maxRepresentations)
	case longest > maxAddress:
		r.fail(0, "ref-long", "", "a BaseURL or an id has %d bytes", longest)
	default:
		return true
	}
	return false
}

// first is the nearest level's value that is told.
func first[T comparable](levels []levelXML, get func(levelXML) T) T {
	var none T
	for _, l := range levels {
		if v := get(l); v != none {
			return v
		}
	}
	return none
}

func (r *reader) representation(x representationXML, levels []levelXML, base string, length time.Duration) Representation {
	rep := Representation{ID: x.ID, Line: x.line,
		MIME: first(levels, func(l levelXML) string { return l.MIME }), Codecs: first(levels, func(l levelXML) string { return l.Codecs }),
		Width: first(levels, func(l levelXML) int { return l.Width }), Height: first(levels, func(l levelXML) int { return l.Height }),
		SAR: first(levels, func(l levelXML) string { return l.SAR }),
	}
	rep.Bandwidth, _ = strconv.ParseInt(x.Bandwidth, 10, 64) // 0 is no bandwidth; who checks says so
	rep.FrameRate = rational(first(levels, func(l levelXML) string { return l.FrameRate }))
	rep.SampleRate, _ = strconv.Atoi(first(levels, func(l levelXML) string { return l.SampleRate })) // the range "a b" is not told of our kind of film
	for _, l := range levels {
		for _, c := range l.Channels {
			if c.Scheme == channelScheme && rep.Channels == 0 {
				rep.Channels, _ = strconv.Atoi(c.Value)
			}
		}
	}
	r.addresses(&rep, levels, base, length)
	return rep
}

func rational(s string) media.Rational {
	num, den, fraction := strings.Cut(s, "/")
	n, err := strconv.ParseInt(num, 10, 64)
	d := int64(1)
	if fraction && err == nil {
		d, err = strconv.ParseInt(den, 10, 64)
	}
	if err != nil || d <= 0 || n <= 0 {
		return media.Rational{}
	}
	return media.Rational{Num: n, Den: d}
}

var durationForm = regexp.MustCompile(`^P(?:0+Y)?(?:0+M)?(?:(\d{1,4})D)?(?:T(?:(\d{1,5})H)?(?:(\d{1,7})M)?(?:(\d{1,9}(?:\.\d+)?)S)?)?$`)

// time reads an xs:duration; years and months, whose length nobody knows, may be told as none, as some packagers do. "" is 0.
func (r *reader) time(attr, s string) time.Duration {
	if s == "" {
		return 0
	}
	m := durationForm.FindStringSubmatch(s)
	if m == nil || strings.HasSuffix(s, "P") || strings.HasSuffix(s, "T") {
		r.fail(0, "dash-xml", `write it like "PT1H2M3.5S"`, "%s=%q is no duration", attr, s)
		return 0
	}
	var d time.Duration
	for i, unit := range []time.Duration{24 * time.Hour, time.Hour, time.Minute} {
		n, _ := strconv.ParseInt(m[i+1], 10, 64) // "" is 0
		d += time.Duration(n) * unit
	}
	whole, fraction, _ := strings.Cut(m[4], ".")
	n, _ := strconv.ParseInt(whole, 10, 64)
	nanos, _ := strconv.ParseInt((fraction + "000000000")[:9], 10, 64)
	return d + time.Duration(n)*time.Second + time.Duration(nanos)
}
