package subtitle

import "time"

// Segment is one WebVTT segment of an HLS subtitle playlist.
type Segment struct {
	Start    time.Duration
	Duration time.Duration // the last one's may be shorter
	Data     []byte
}

// timestampMap ties the cues' clock to that of fragmented MP4 whose first decode time is 0 (RFC 8216 3.5). It has
// to stand right under the signature: hls.js stops looking for it at the first blank line.
const timestampMap = "X-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000"

// maxRepeats is how often a cue may be repeated on average before Segments gives one segment for the whole film,
// which is legal on demand. It keeps files whose cues all last the whole film from growing without bound.
const maxRepeats = 8

// Segments cuts the track into WebVTT segments of the given length that cover the film from 0 to total, one at least.
// Style and region blocks stand in each; a cue stands in every segment that it overlaps, unchanged, and one that
// begins after the film's end in the last. An identifier that is not the track's only one is left out: players know
// repeated cues by it, and would take two cues for one.
func (t Track) Segments(length, total time.Duration) []Segment {
	count := 1
	if length > 0 && total > length {
		count = int((total + length - 1) / length)
	}
	cues, repeats := make([][]int, count), 0
	for i, c := range t.Cues {
		from, to := c.overlaps(length, count)
		if repeats += to - from; count > 1 && repeats > maxRepeats*len(t.Cues)+count {
			return t.Segments(0, total)
		}
		for k := from; k <= to; k++ {
			cues[k] = append(cues[k], i)
		}
	}
	ids := t.uniqueIDs()
	head := t.segmentHeader()
	segments := make([]Segment, count)
	for k := range segments {
		s := Segment{Start: time.Duration(k) * length, Duration: length}
		if k == count-1 {
			s.Duration = total - s.Start
		}
		w := writer{eol: "\n"}
		w.WriteString(head)
		for _, i := range cues[k] {
			c := t.Cues[i]
			w.line("")
			if ids[c.vttID()] {
				w.line(c.ID)
			}
			w.line(c.vttTiming())
			w.lines(c.vttPayload())
		}
		s.Data = []byte(w.String())
		segments[k] = s
	}
	return segments
}

// overlaps is the range of segments, both ends included, that the cue is shown in.
func (c Cue) overlaps(length time.Duration, count int) (from, to int) {
	if count == 1 {
		return 0, 0
	}
	from = min(int(c.Start/length), count-1)
	to = min(int(max(c.End-1, c.Start)/length), count-1) // an end on the border is not in the next segment
	return from, to
}

// uniqueIDs are the identifiers that only one cue has.
func (t Track) uniqueIDs() map[string]bool {
	ids := map[string]bool{}
	for _, c := range t.Cues {
		id := c.vttID()
		_, twice := ids[id]
		ids[id] = !twice && id != ""
	}
	return ids
}

func (t Track) segmentHeader() string {
	w := writer{eol: "\n"}
	w.line("WEBVTT")
	w.line(timestampMap)
	for _, b := range t.Blocks {
		if b.Kind == Style || b.Kind == Regions {
			w.line("")
			w.lines(b.Text)
		}
	}
	return w.String()
}
