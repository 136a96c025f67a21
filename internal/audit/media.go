package audit

import (
	"math"
	"math/bits"
	"slices"
	"time"

	"filmpress/internal/hls"
	"filmpress/internal/media/mp4"
	"filmpress/internal/report"
)

// track is what was measured of one media playlist.
type track struct {
	uri      string
	list     hls.Media
	init     mp4.Track
	codec    string // as it belongs into CODECS; "" for text
	sps      *sps   // video
	segments []segment
	rates    hls.Rates
	base     uint64 // the first decode time
	samples  int64
	ticks    uint64 // of all samples, in the track's timescale
	whole    bool   // every segment could be read
	cues     []cue  // of text
}

// segment is one segment as it is, not as it is declared.
type segment struct {
	start, end time.Duration
	size       int64
}

// group is a fragment of a video file: in ours, one group of pictures.
type group struct {
	offset, key int64 // as in mp4.FragmentInfo
	start       time.Duration
	idr         bool // its first sample is an IDR picture, in truth and by its flag
}

func (t *track) size() hls.Size { return hls.Size{Width: t.init.Width, Height: t.init.Height} }

// rate is the average of pictures a second; 0 where it is not known.
func (t *track) rate() float64 {
	if t.ticks == 0 {
		return 0
	}
	return float64(t.samples) * float64(t.init.Timescale) / float64(t.ticks)
}

// sample is how long one sample lasts on average.
func (t *track) sample() time.Duration {
	if t.samples == 0 {
		return 0
	}
	return t.time(t.ticks) / time.Duration(t.samples)
}

// end is where the segments read so far end.
func (t *track) end() time.Duration {
	if len(t.segments) == 0 {
		return 0
	}
	return t.segments[len(t.segments)-1].end
}

// duration is what the segments really last.
func (t *track) duration() time.Duration { return t.time(t.ticks) }

// time converts from the track's timescale.
func (t *track) time(ticks uint64) time.Duration {
	hi, lo := bits.Mul64(ticks, uint64(time.Second))
	if hi >= uint64(t.init.Timescale) {
		return math.MaxInt64
	}
	q, _ := bits.Div64(hi, lo, uint64(t.init.Timescale))
	return time.Duration(min(q, math.MaxInt64))
}

// playlist fetches a media playlist once and judges what concerns every kind of it. It is nil where the file
// cannot be used; fresh says that it was not seen before.
func (a *auditor) playlist(uri, from string, line int) (t *track, fresh bool) {
	if t, ok := a.tracks[uri]; ok {
		return t, false
	}
	a.tracks[uri] = nil
	b, ok := a.get(from, line, uri)
	if !ok {
		return nil, true
	}
	list, findings := hls.ParseMedia(uri, b)
	a.findings = append(a.findings, findings...)
	if len(list.Segments) == 0 {
		a.fail(uri, 0, "rfc-4.3.2.1", "the playlist has no segment")
		return nil, true
	}
	t = &track{uri: uri, list: list, init: mp4.Track{Timescale: 1}}
	a.tracks[uri] = t
	if list.Type != "VOD" {
		a.fail(uri, 0, "hls-8.6", "EXT-X-PLAYLIST-TYPE is not VOD")
	}
	if !list.End {
		a.fail(uri, 0, "rfc-4.3.3.4", "EXT-X-ENDLIST is missing: players take the film for a live stream")
	}
	target := time.Duration(list.Target) * time.Second
	for _, s := range list.Segments {
		if s.Duration.Round(time.Second) > target {
			a.fail(uri, s.Line, "rfc-4.3.3.1", "a segment of %s is longer than the target duration of %d s", seconds(s.Duration), list.Target)
			break
		}
	}
	if list.Encrypted {
		a.find(report.Info, uri, 0, "hls-encrypted", "the segments are encrypted: they are not checked")
		return nil, true
	}
	return t, true
}

// fragmented reads the init section and the segments of a rendition, and judges boundaries and times. each
// sees every fragment with its data.
func (a *auditor) fragmented(t *track, each func(file string, s hls.Segment, f mp4.FragmentInfo, start time.Duration)) bool {
	if t.list.Version < 6 {
		a.fail(t.uri, 0, "rfc-7", "EXT-X-VERSION is %d; EXT-X-MAP needs at least 6", t.list.Version)
	}
	if !a.initSection(t) {
		return false
	}
	if t.list.Target != 6 {
		a.warn(t.uri, 0, "hls-7.5", "the target duration is %d s, not 6", t.list.Target)
	}
	longest := time.Duration(t.list.Target)*time.Second + time.Second/2
	var parts []hls.Part
	for i, s := range t.list.Segments {
		file := resolve(t.uri, s.URI)
		b, ok := a.part(t.uri, s.Line, file, s.Range)
		if !ok {
			return false
		}
		fragments, err := mp4.ParseSegment(t.init, b)
		if err != nil || len(fragments) == 0 {
			a.fail(file, 0, "hls-7.1", "not a media segment: %v", err)
			return false
		}
		if i > 0 && (s.Discontinuity || *s.Map != *t.list.Segments[0].Map) {
			a.fail(t.uri, s.Line, "hls-7.1", "a film has no place for a discontinuity or a second init section")
		}
		start := t.time(t.ticks)
		for _, f := range fragments {
			if t.samples == 0 {
				t.base = f.Time
			}
			if f.Time != t.base+t.ticks {
				a.fail(file, 0, "hls-7.3", "the fragment at byte %d has the decode time %s; all before it end at %s", f.Offset,
					seconds(t.time(f.Time)), seconds(t.time(t.base+t.ticks)))
				return false
			}
			f.Offset += s.Range.Offset
			each(file, s, f, t.time(t.ticks))
			t.ticks += f.Duration()
			t.samples += int64(len(f.Samples))
		}
		end := t.time(t.ticks)
		if end-start > longest {
			a.fail(file, 0, "hls-7.7", "the segment lasts %s; the target duration is %d s", seconds(end-start), t.list.Target)
		}
		t.segments = append(t.segments, segment{start, end, int64(len(b))})
		parts = append(parts, hls.Part{Size: int64(len(b)), Duration: s.Duration})
	}
	t.rates, t.whole = hls.Measure(parts, t.list.Target), true
	var truth []time.Duration
	for _, s := range t.segments {
		truth = append(truth, s.end)
	}
	a.extinf(t.uri, t.list, truth, t.sample())
	return true
}

// initSection reads the one init section of a rendition.
func (a *auditor) initSection(t *track) bool {
	mp := t.list.Segments[0].Map
	if mp == nil || slices.ContainsFunc(t.list.Segments, func(s hls.Segment) bool { return s.Map == nil }) {
		a.fail(t.uri, 0, "hls-8.20", "EXT-X-MAP is missing: only fragmented MP4 is checked")
		return false
	}
	uri := resolve(t.uri, mp.URI)
	b, ok := a.part(t.uri, 0, uri, mp.Range)
	if !ok {
		return false
	}
	var err error
	if t.init, err = mp4.ParseInit(b); err != nil {
		t.init.Timescale = 1
		a.fail(uri, 0, "hls-8.20", "not an init section of one track: %v", err)
		return false
	}
	return true
}

// extinf holds the declared durations of any run of segments against the truth: they may be off by one frame.
// truth is where each segment really ends.
func (a *auditor) extinf(uri string, list hls.Media, truth []time.Duration, frame time.Duration) {
	var declared, low, high time.Duration
	for i, s := range list.Segments {
		declared += s.Duration
		off := declared - truth[i]
		low, high = min(low, off), max(high, off)
		if high-low > frame+time.Millisecond {
			a.fail(uri, s.Line, "hls-8.1", "EXTINF up to here are off by %s, more than one frame", seconds(high-low))
			return
		}
	}
}

// slack is how much renditions may differ in length: less than anyone notices at the end of a film.
const slack = 500 * time.Millisecond

// sameStart judges that two renditions begin at the same decode time.
func (a *auditor) sameStart(film, t *track) {
	if from, want := t.time(t.base), film.time(film.base); (from - want).Abs() > time.Millisecond {
		a.fail(t.uri, 0, "hls-8.3", "the rendition begins at %s, the film at %s", seconds(from), seconds(want))
	}
}

// aligned holds two rungs against each other: a player switches between them at any boundary.
func (a *auditor) aligned(first, t *track) {
	if !first.whole || !t.whole {
		return
	}
	if d := t.duration() - first.duration(); d.Abs() > slack {
		a.fail(t.uri, 0, "hls-8.3", "the rendition lasts %s, another %s", seconds(t.duration()), seconds(first.duration()))
	}
	a.sameStart(first, t)
	if len(t.segments) != len(first.segments) {
		a.fail(t.uri, 0, "hls-8.22", "the rendition has %d segments, another %d", len(t.segments), len(first.segments))
		return
	}
	for i, s := range t.segments {
		if (s.start - first.segments[i].start).Abs() > time.Millisecond {
			a.fail(t.uri, t.list.Segments[i].Line, "hls-8.22", "segment %d begins at %s, that of another rendition at %s", i,
				seconds(s.start), seconds(first.segments[i].start))
			return
		}
	}
}
