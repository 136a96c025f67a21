package dash

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"math"
	"math/bits"
	"strconv"
	"strings"
	"time"

	"filmpress/internal/media"
)

// Bytes is the manifest as it is published. Attributes and elements stand in the order of the schema (23009-1, annex B).
func (m Manifest) Bytes() []byte {
	w := &writer{base: m.Base}
	w.out.WriteString(xml.Header)
	w.open("MPD", "xmlns", namespace, "profiles", Profile, "type", "static", "mediaPresentationDuration", duration(m.Duration),
		"minBufferTime", duration(m.MinBuffer))
	w.open("Period", "id", "film", "start", "PT0S")
	for i, s := range m.Sets {
		w.set(i, s)
	}
	w.close("Period")
	w.close("MPD")
	return w.out.Bytes()
}

// writer writes indented XML; encoding/xml knows no empty elements, and half of a manifest is made of them.
type writer struct {
	out   bytes.Buffer
	depth int
	base  string
}

func (w *writer) open(name string, attrs ...string) {
	w.tag(name, attrs, ">")
	w.depth++
}

func (w *writer) empty(name string, attrs ...string) { w.tag(name, attrs, "/>") }

// tag writes a start tag; attributes with no value are left out.
func (w *writer) tag(name string, attrs []string, end string) {
	w.out.WriteString(strings.Repeat(" ", w.depth) + "<" + name)
	for i := 0; i < len(attrs); i += 2 {
		if attrs[i+1] != "" {
			w.out.WriteString(" " + attrs[i] + `="` + escape(attrs[i+1]) + `"`)
		}
	}
	w.out.WriteString(end + "\n")
}

func (w *writer) close(name string) {
	w.depth--
	w.out.WriteString(strings.Repeat(" ", w.depth) + "</" + name + ">\n")
}

// text writes an element that holds text alone, or nothing where there is none.
func (w *writer) text(name, text string) {
	if text != "" {
		fmt.Fprintf(&w.out, "%s<%s>%s</%s>\n", strings.Repeat(" ", w.depth), name, escape(text), name)
	}
}

func (w *writer) descriptor(name, scheme, value string) {
	if value != "" {
		w.empty(name, "schemeIdUri", scheme, "value", value)
	}
}

// escape makes any string safe in text and attributes; what XML cannot hold becomes U+FFFD.
func escape(s string) string {
	var b strings.Builder
	if err := xml.EscapeText(&b, []byte(s)); err != nil {
		panic(err) // a strings.Builder takes everything
	}
	return b.String()
}

func (w *writer) set(id int, s Set) {
	aligned, sap, priority := "", "", ""
	if s.Priority > 1 {
		priority = strconv.Itoa(s.Priority)
	}
	if s.Aligned {
		aligned = "true"
	}
	if s.StartWithSAP > 0 {
		sap = strconv.Itoa(s.StartWithSAP)
	}
	w.open("AdaptationSet", "id", strconv.Itoa(id), "contentType", s.Type, "lang", s.Language, "segmentAlignment", aligned, "startWithSAP", sap, "selectionPriority", priority)
	w.text("Label", s.Label)
	w.descriptor("Accessibility", roleScheme, s.Accessibility)
	for _, role := range s.Roles {
		w.descriptor("Role", roleScheme, role)
	}
	for _, r := range s.Representations {
		w.representation(r)
	}
	w.close("AdaptationSet")
}

func (w *writer) representation(r Representation) {
	rate := ""
	if r.FrameRate != (media.Rational{}) {
		rate = r.FrameRate.String()
	}
	w.open("Representation", "id", r.ID, "bandwidth", strconv.FormatInt(r.Bandwidth, 10), "width", positive(r.Width), "height", positive(r.Height),
		"sar", r.SAR, "frameRate", rate, "audioSamplingRate", positive(r.SampleRate), "mimeType", r.MIME, "codecs", r.Codecs)
	w.descriptor("AudioChannelConfiguration", channelScheme, positive(r.Channels))
	if r.File != "" {
		w.text("BaseURL", w.base+r.File)
	} else {
		w.list(r)
	}
	w.close("Representation")
}

func positive(n int) string {
	if n <= 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// list writes a SegmentList (23009-1, 5.3.9.3). Each segment has an S of its own, though @r would say it shorter: dash.js
// 5.2 counts the S and not their repetitions when it looks for the SegmentURL, and would play the first for ever.
func (w *writer) list(r Representation) {
	w.open("SegmentList", "timescale", strconv.FormatUint(r.Timescale, 10))
	w.empty("Initialization", "sourceURL", w.base+r.Init)
	w.open("SegmentTimeline")
	var end uint64
	for i, s := range r.Segments {
		start := ""
		if i == 0 || s.Start != end {
			start = strconv.FormatUint(s.Start, 10)
		}
		w.empty("S", "t", start, "d", strconv.FormatUint(s.Duration, 10))
		end = s.Start + s.Duration
	}
	w.close("SegmentTimeline")
	for _, s := range r.Segments {
		w.empty("SegmentURL", "media", w.base+s.URI)
	}
	w.close("SegmentList")
}

// duration is an xs:duration, exact to the nanosecond: "PT1H2M3.004S".
func duration(d time.Duration) string {
	d = max(d, 0)
	var b strings.Builder
	b.WriteString("PT")
	if h := d / time.Hour; h > 0 {
		fmt.Fprintf(&b, "%dH", h)
	}
	if m := d % time.Hour / time.Minute; m > 0 {
		fmt.Fprintf(&b, "%dM", m)
	}
	b.WriteString(strings.TrimSuffix(strings.TrimRight(fmt.Sprintf("%d.%09d", d%time.Minute/time.Second, d%time.Second), "0"), ".") + "S")
	return b.String()
}

// Time converts from the representation's timescale.
func (r Representation) Time(ticks uint64) time.Duration {
	scale := max(r.Timescale, 1)
	hi, lo := bits.Mul64(ticks, uint64(time.Second))
	if hi >= scale {
		return math.MaxInt64
	}
	lo, carry := bits.Add64(lo, scale/2, 0)
	if hi += carry; hi >= scale {
		return math.MaxInt64
	}
	q, _ := bits.Div64(hi, lo, scale)
	return time.Duration(min(q, math.MaxInt64))
}
