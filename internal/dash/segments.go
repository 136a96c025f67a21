package dash

import (
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// addresses finds where the media lie.
func (r *reader) addresses(rep *Representation, levels []levelXML, base string, length time.Duration) {
	list := merged(levels, func(l levelXML) *segmentsXML { return l.List })
	template := merged(levels, func(l levelXML) *segmentsXML { return l.Template })
	switch {
	case list != nil:
		r.list(rep, list, base, length)
	case template != nil:
		r.template(rep, template, base, length)
	case first(levels, func(l levelXML) bool { return l.Single != nil }) || !strings.HasPrefix(rep.MIME, "text/"):
		rep.Unread = "it is one file with an index"
	default:
		rep.File = r.address(rep, base, "")
	}
}

// merged is what a level says, with what it leaves to the levels above (23009-1, 5.3.9.1).
func merged(levels []levelXML, get func(levelXML) *segmentsXML) *segmentsXML {
	var out *segmentsXML
	for _, l := range levels {
		in := get(l)
		if in == nil {
			continue
		}
		if out == nil {
			c := *in
			out = &c
			continue
		}
		keep := func(to *uint64, from uint64) {
			if *to == 0 {
				*to = from
			}
		}
		keep(&out.Timescale, in.Timescale)
		keep(&out.Offset, in.Offset)
		keep(&out.Duration, in.Duration)
		if out.StartNumber == nil {
			out.StartNumber = in.StartNumber
		}
		if out.Media == "" {
			out.Media = in.Media
		}
		if out.InitAttr == "" {
			out.InitAttr = in.InitAttr
		}
		if out.Init == nil {
			out.Init = in.Init
		}
		if out.Timeline == nil {
			out.Timeline = in.Timeline
		}
		if out.URLs == nil {
			out.URLs = in.URLs
		}
	}
	return out
}

// most bounds the segments of one manifest: a hundred hours in ten renditions.
const most = 1 << 20

// spans gives where segments begin and how long they are. count is how many there are where that is known, else -1.
func (r *reader) spans(rep *Representation, x *segmentsXML, length time.Duration, count int) (out []Segment) {
	end := uint64(length.Seconds()*float64(rep.Timescale)+0.5) + x.Offset
	add := func(start, d uint64) bool {
		if r.segments++; r.segments > most || start+d < start {
			rep.Unread = "it has too many segments"
			return false
		}
		out = append(out, Segment{Start: start, Duration: d})
		return true
	}
	if x.Timeline == nil {
		for at := x.Offset; x.Duration > 0 && (count < 0 && at < end || len(out) < count); at += x.Duration {
			if !add(at, x.Duration) {
				return nil
			}
		}
		if n := len(out); n > 0 && out[n-1].Start < end { // the last one ends with the film
			out[n-1].Duration = min(out[n-1].Duration, end-out[n-1].Start)
		}
		return out
	}
	var at uint64
	for i, s := range x.Timeline.S {
		if s.T != nil {
			at = *s.T
		}
		until := end
		if i+1 < len(x.Timeline.S) && x.Timeline.S[i+1].T != nil {
			until = *x.Timeline.S[i+1].T
		}
		for n := int64(0); n <= s.R || s.R < 0 && s.D > 0 && at < until; n++ {
			if !add(at, s.D) {
				return nil
			}
			at += s.D
		}
	}
	return out
}

func (r *reader) begin(rep *Representation, x *segmentsXML) {
	rep.Timescale, rep.Offset = max(x.Timescale, 1), x.Offset
}

func (r *reader) list(rep *Representation, x *segmentsXML, base string, length time.Duration) {
	r.begin(rep, x)
	if x.Init != nil {
		if x.Init.Range != "" {
			rep.Unread = "it names parts of files"
			return
		}
		rep.Init = r.address(rep, base, x.Init.URL)
	}
	segments := r.spans(rep, x, length, len(x.URLs))
	if rep.Unread != "" {
		return
	}
	if len(segments) != len(x.URLs) {
		r.fail(rep.Line, "dash-timeline", "give each SegmentURL its duration", "the representation %q has %d durations for %d segments", rep.ID, len(segments), len(x.URLs))
	}
	for i, u := range x.URLs[:min(len(segments), len(x.URLs))] {
		if u.Range != "" {
			rep.Unread, rep.Segments = "it names parts of files", nil
			return
		}
		if segments[i].URI = r.address(rep, base, u.Media); rep.Unread != "" {
			return
		}
		rep.Segments = append(rep.Segments, segments[i])
	}
}

func (r *reader) template(rep *Representation, x *segmentsXML, base string, length time.Duration) {
	r.begin(rep, x)
	number := int64(1)
	if x.StartNumber != nil {
		number = *x.StartNumber
	}
	if x.InitAttr != "" {
		rep.Init = r.address(rep, base, r.expand(rep, x.InitAttr, 0, 0))
	}
	for i, s := range r.spans(rep, x, length, -1) {
		if s.URI = r.address(rep, base, r.expand(rep, x.Media, number+int64(i), s.Start)); rep.Unread != "" {
			return
		}
		rep.Segments = append(rep.Segments, s)
	}
}

// What addresses may have: a few bytes of a manifest can stand for a million long ones.
const (
	maxAddress   = 8 << 10  // bytes of one, and of what it is made of
	maxAddresses = 64 << 20 // of all
)

// address is join within these bounds. Where they are passed, that is told once, and the representation has no segments.
func (r *reader) address(rep *Representation, base, ref string) string {
	if rep.Unread != "" {
		return ""
	}
	n := len(base) + len(ref)
	if r.spent += n; n <= maxAddress && r.spent <= maxAddresses {
		return join(base, ref)
	}
	rep.Unread, rep.Segments = "its addresses are too long", nil
	if !r.long {
		r.long = true
		r.fail(rep.Line, "ref-long", "", "the addresses of the representation %q have more than %d bytes, or all together more than %d MB", rep.ID, maxAddress, maxAddresses>>20)
	}
	return ""
}

// expand is expand of a template that is no longer than an address may be; identifiers are shorter than what they stand for at most.
func (r *reader) expand(rep *Representation, template string, number int64, time uint64) string {
	if len(template) > maxAddress {
		return template // address tells of it
	}
	return expand(template, *rep, number, time)
}

var identifier = regexp.MustCompile(`\$(RepresentationID|Number|Time|Bandwidth)?(%0(\d{1,2})d)?\$`)

// expand fills in a template (23009-1, 5.3.9.4.4).
func expand(template string, rep Representation, number int64, time uint64) string {
	return identifier.ReplaceAllStringFunc(template, func(id string) string {
		m := identifier.FindStringSubmatch(id)
		width, _ := strconv.Atoi(m[3]) // "" is 0
		switch m[1] {
		case "RepresentationID":
			return rep.ID
		case "Number":
			return fmt.Sprintf("%0*d", width, number)
		case "Time":
			return fmt.Sprintf("%0*d", width, time)
		case "Bandwidth":
			return fmt.Sprintf("%0*d", width, rep.Bandwidth)
		}
		return "$"
	})
}

// join gives the address that ref means below base. Both may be relative; dot segments stay.
func join(base, ref string) string {
	ref = strings.TrimSpace(ref)
	base = strings.TrimSpace(base)
	u, err := url.Parse(ref)
	b, err2 := url.Parse(base)
	switch {
	case ref == "":
		return base
	case base == "" || err != nil || err2 != nil || u.Scheme != "" || strings.HasPrefix(ref, "//"):
		return ref
	case b.Scheme != "" || b.Host != "":
		return b.ResolveReference(u).String()
	case strings.HasPrefix(ref, "/"):
		return ref
	}
	return base[:strings.LastIndexByte(base, '/')+1] + ref
}
