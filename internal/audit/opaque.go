package audit

import (
	"bytes"

	"filmpress/internal/hls"
	"filmpress/internal/media/mp4"
)

// packet is the size of a packet of MPEG-TS, which begins with lead (ISO/IEC 13818-1, 2.4.3.2).
const (
	packet = 188
	lead   = 0x47
)

// unfragmented judges segments without EXT-X-MAP: MPEG-TS and packed audio need none.
func (a *auditor) unfragmented(t *track) bool {
	flight := a.fly(t.segmentWants(segmentFile))
	defer flight.close()
	first, ok := flight.take(t.first())
	if !ok {
		return false
	}
	whole := func([]byte) (int, bool) { return 0, true }
	switch b := first.Data; {
	case len(b) > 0 && b[0] == lead:
		a.unchecked(t.uri, 0, "the segments are MPEG-TS: packets, sizes and declared durations are checked, pictures and times are not")
		whole = packets
	case bytes.HasPrefix(b, []byte("ID3")) || len(b) > 1 && b[0] == 0xff && b[1]&0xf0 == 0xf0:
		a.unchecked(t.uri, 0, "the segments are packed audio: sizes and declared durations are checked, times are not")
	case len(b) >= 8 && bytes.Contains([]byte("styp moof sidx ftyp"), b[4:8]):
		a.fail(t.uri, 0, "hls-8.20", "the segments are fragmented MP4, but EXT-X-MAP is missing")
		return false
	default:
		a.fail(flight.wants[t.first()].uri, 0, "hls-7.1", "not a media segment: it is neither fragmented MP4 nor MPEG-TS")
		return false
	}
	return a.sizes(t, flight, &first, whole)
}

// packets says whether b is whole packets of MPEG-TS, and else where it is not.
func packets(b []byte) (at int, ok bool) {
	for at = 0; at < len(b); at += packet {
		if b[at] != lead || at+packet > len(b) {
			return at, false
		}
	}
	return at, at > 0
}

// muxed judges fragments of several tracks, which Apple allows and we do not take apart.
func (a *auditor) muxed(t *track, uri string, tracks int) {
	a.unchecked(uri, 0, "%d tracks lie in one file: sizes and declared durations are checked, pictures and times are not", tracks)
	flight := a.fly(t.segmentWants(segmentFile))
	defer flight.close()
	a.sizes(t, flight, nil, func(b []byte) (int, bool) {
		list, err := mp4.Boxes(b)
		fragment := false
		for _, box := range list {
			fragment = fragment || box.Type == "moof"
		}
		return len(b), err == nil && fragment
	})
}

// sizes reads segments that are not looked into. first was taken already, unless it is nil.
func (a *auditor) sizes(t *track, flight *flight, first *File, whole func([]byte) (int, bool)) bool {
	t.opaque = true
	a.probe(flight.wants[t.first()].uri)
	copied := a.copyFor(t)
	defer copied.close()
	var parts []hls.Part
	for i, s := range t.list.Segments {
		if s.Gap {
			a.step(s.Duration)
			continue
		}
		f, ok := File{}, true
		if i == t.first() && first != nil {
			f = *first
		} else if f, ok = flight.take(i); !ok {
			return false
		}
		if at, ok := whole(f.Data); !ok {
			a.fail(flight.wants[i].uri, 0, "hls-7.1", "not a whole media segment: it is broken at byte %d of %d", at, len(f.Data))
			return false
		}
		copied.add(f.Data)
		parts = append(parts, hls.Part{Size: int64(len(f.Data)), Duration: s.Duration})
		a.step(s.Duration)
	}
	t.rates, t.whole = hls.Measure(parts, t.list.Target), true
	a.decoded(t, copied, -1)
	return true
}

// trackCount counts the tracks of an init section.
func trackCount(b []byte) (n int) {
	moov, err := mp4.Find(b, "moov")
	if err != nil {
		return 0
	}
	list, err := mp4.Boxes(moov)
	for _, box := range list {
		if box.Type == "trak" {
			n++
		}
	}
	if err != nil {
		return 0
	}
	return n
}
