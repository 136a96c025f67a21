package audit

import "filmpress/internal/hls"

// transportIFrames measures I-frames in MPEG-TS, of which no more is looked at than how many pictures begin in a file. Of byte ranges the first is read,
// and files of their own all are, since nothing else tells how long they are.
func (a *auditor) transportIFrames(uri string, f hls.IFrame, t *track) {
	flight := a.fly(t.segmentWants(segmentFile))
	defer flight.close()
	for i, s := range t.list.Segments {
		if i != t.first() && s.Range.Length > 0 {
			flight.wants[i].uri = "" // is not fetched
		}
	}
	var parts []hls.Part
	for i, s := range t.list.Segments {
		if s.Gap {
			continue
		}
		size := s.Range.Length
		if i == t.first() || size == 0 {
			got, ok := flight.take(i)
			if !ok {
				return
			}
			size = int64(len(got.Data))
			a.transportIFrame(t, s, got.Data)
		}
		parts = append(parts, hls.Part{Size: size, Duration: s.Duration})
	}
	a.rates(uri, f.Line, f.URI, f.Bandwidth, f.Average, hls.Measure(parts, t.list.Target))
}

// transportIFrame judges one of them.
func (a *auditor) transportIFrame(t *track, s hls.Segment, b []byte) {
	what := s.URI
	if s.Range.Length > 0 {
		what = "the byte range " + s.Range.String()
	}
	if _, whole := packets(b); !whole {
		a.fail(t.uri, s.Line, "hls-6.10", "%s does not hold whole packets of MPEG-TS", what)
	} else if n := beginnings(b); n > 2 { // the two fields of one picture may begin each by itself
		a.fail(t.uri, s.Line, "hls-6.10", "%s holds %d pictures, not one keyframe", what, n)
	}
}

// beginnings is how many pictures begin in packets of MPEG-TS: how many of them are the first of a PES packet of video (ISO/IEC 13818-1, 2.4.3.2, 2.4.3.6
// and table 2-22).
func beginnings(b []byte) (n int) {
	for ; len(b) >= packet; b = b[packet:] {
		starts, control, payload := b[1]&0x40 != 0, b[3]>>4&3, b[4:packet]
		if control == 3 {
			payload = payload[min(1+int(payload[0]), len(payload)):] // behind the adaptation field
		}
		if starts && control&1 != 0 && len(payload) > 3 && payload[0] == 0 && payload[1] == 0 && payload[2] == 1 && payload[3]>>4 == 0xe {
			n++
		}
	}
	return n
}
