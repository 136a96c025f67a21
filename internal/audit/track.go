package audit

import (
	"math"
	"math/bits"
	"slices"
	"time"

	"filmpress/internal/hls"
	"filmpress/internal/media/av1"
	"filmpress/internal/media/mp4"
	"filmpress/internal/report"
)

// track is what was measured of one media playlist.
type track struct {
	uri      string
	read     bool // its segments were looked at, or not to any end
	list     hls.Media
	init     mp4.Track
	codec    string        // as it belongs into CODECS; "" for text
	sps      *sps          // of H.264, nil where it cannot be read
	av1      *av1.Sequence // of AV1, likewise
	hevc     *hevc         // of HEVC, likewise
	segments []segment
	rates    hls.Rates
	zero     time.Duration // the first decode time
	samples  int64
	length   time.Duration // of all samples, and of what is said to be missing
	missing  time.Duration // of length, what EXT-X-GAP says is not there
	run      run           // the one that is read
	runs     int           // so far
	broken   bool          // there are several, which is told
	heads    []head        // of all init sections, the first is that of init
	pace     pace
	whole    bool          // every segment could be read
	opaque   bool          // its segments are of a kind that is not looked into: sizes and declared durations are all that is known
	header   []byte        // the init section
	known    bool          // its samples could be looked at: zero, samples and length are true
	shift    time.Duration // by which the first sample is shown after zero: its composition offset, and the edit list
	edit     int64         // of shift, what the edit list says, in ticks
	anew     bool          // a run begins the clock anew
	loudness float64       // LUFS; 0 where it is not known
	texts    []textSegment // of subtitles
	cues     []cue         // of all texts
}

// segment is one segment as it is, not as it is declared.
type segment struct {
	start, end time.Duration
	size       int64
}

// group is a fragment of a video file: in ours, one group of pictures.
type group struct {
	offset, key, size int64 // as in mp4.FragmentInfo
	start             time.Duration
	entry             bool // decoding can begin at its first sample
}

// rate is the average of pictures a second; 0 where it is not known.
func (t *track) rate() float64 {
	if t.length <= t.missing {
		return 0
	}
	return float64(t.samples) / (t.length - t.missing).Seconds()
}

// sample is how long one sample lasts on average.
func (t *track) sample() time.Duration {
	if t.samples == 0 {
		return 0
	}
	return (t.length - t.missing) / time.Duration(t.samples)
}

// end is where the segments read so far end.
func (t *track) end() time.Duration {
	if len(t.segments) == 0 {
		return 0
	}
	return t.segments[len(t.segments)-1].end
}

// duration is what the segments really last.
func (t *track) duration() time.Duration { return t.length }

// time converts from the track's timescale.
func (t *track) time(ticks uint64) time.Duration {
	hi, lo := bits.Mul64(ticks, uint64(time.Second))
	if hi >= uint64(t.init.Timescale) {
		return math.MaxInt64
	}
	q, _ := bits.Div64(hi, lo, uint64(t.init.Timescale))
	return time.Duration(min(q, math.MaxInt64))
}

// start and stop are when the first sample is shown and the last one ends.
func (t *track) start() time.Duration { return t.zero + t.shift }

func (t *track) stop() time.Duration { return t.start() + t.duration() }

// playlist fetches a media playlist once and judges what concerns every kind of it. It is nil where the file
// cannot be used.
func (a *auditor) playlist(uri, from string, line int) *track {
	if t, ok := a.tracks[uri]; ok {
		return t
	}
	a.tracks[uri] = nil
	if len(uri) > maxAddress {
		a.fail(from, line, "ref-long", "the address of a playlist has %d bytes", len(uri))
		return nil
	}
	f, ok := a.get(playlistFile, from, line, uri)
	if !ok {
		return nil
	}
	list, findings := hls.ParseMedia(uri, f.Data, a.master.Variables)
	a.add(findings)
	switch n := len(list.Segments); {
	case !a.filled(uri, list.Version, list.Use):
		return nil
	case n == 0:
		a.fail(uri, 0, "rfc-4.3.2.1", "the playlist has no segment")
		return nil
	case n > maxSegments:
		a.fail(uri, 0, "ref-many", "the playlist has %d segments; more than %d are not followed", n, maxSegments)
		return nil
	case !a.short(uri, list) || !a.hold(uri, len(f.Data)+segmentWeight*n):
		return nil
	}
	t := &track{uri: uri, list: list, init: mp4.Track{Timescale: 1}}
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
	a.versions(uri, list)
	if list.Encrypted {
		a.find(report.Info, uri, 0, "hls-encrypted", "the segments are encrypted: they are not checked")
		return nil
	}
	if !a.gaps(t) {
		return nil
	}
	a.tracks[uri] = t
	return t
}

// filled says whether a playlist's variables are known, so that what it names can be followed.
func (a *auditor) filled(uri string, version int, use hls.Use) bool {
	if version < use.Version {
		a.fail(uri, 0, "rfc-7", "EXT-X-VERSION is %d; the variables of EXT-X-DEFINE need at least %d", version, use.Version)
	}
	if use.Unknown != "" && !use.Broken {
		a.unchecked(uri, 0, "the variable %s stands for a parameter of the playlist's address, which a file in a folder has not: what the playlist names is not checked", use.Unknown)
	}
	return !use.Broken && use.Unknown == "" // players refuse it, too
}

// versions holds EXT-X-VERSION against what the playlist uses (RFC 8216, 7).
func (a *auditor) versions(uri string, list hls.Media) {
	has := func(uses func(hls.Segment) bool) bool { return slices.ContainsFunc(list.Segments, uses) }
	switch {
	case list.Version < 6 && has(func(s hls.Segment) bool { return s.Map != nil }):
		a.fail(uri, 0, "rfc-7", "EXT-X-VERSION is %d; EXT-X-MAP needs at least 6", list.Version)
	case list.Version < 4 && (list.IFramesOnly || has(func(s hls.Segment) bool { return s.Range.Length > 0 })):
		a.fail(uri, 0, "rfc-7", "EXT-X-VERSION is %d; byte ranges and EXT-X-I-FRAMES-ONLY need at least 4", list.Version)
	case list.Version < 3 && has(func(s hls.Segment) bool { return s.Duration%time.Second != 0 }):
		a.fail(uri, 0, "rfc-7", "EXT-X-VERSION is %d; durations with a fraction need at least 3", list.Version)
	}
}

// segmentWants are the segments of a rendition, to be fetched.
func (t *track) segmentWants(k kind) []want {
	out := make([]want, len(t.list.Segments))
	for i, s := range t.list.Segments {
		if out[i] = (want{k, t.uri, s.Line, resolve(t.uri, s.URI), s.Range}); s.Gap {
			out[i].uri = "" // is not fetched
		}
	}
	return out
}

// fragmented reads the init section and the segments of a rendition, and judges boundaries and times. each
// sees every fragment with its data.
func (a *auditor) fragmented(t *track, each func(file string, s hls.Segment, f mp4.FragmentInfo, start time.Duration)) bool {
	if t.list.Segments[0].Map == nil {
		return a.unfragmented(t)
	}
	if !a.initSection(t) {
		return false
	}
	defer t.back(t.init, t.header)
	if t.list.Target != 6 {
		a.warn(t.uri, 0, "hls-7.5", "the target duration is %d s, not 6", t.list.Target)
	}
	flight := a.fly(t.segmentWants(segmentFile))
	defer flight.close()
	a.probe(flight.wants[t.first()].uri)
	d := a.decoder(t)
	defer d.shut()
	var parts []hls.Part
	for i, s := range t.list.Segments {
		if s.Gap {
			t.skip(s)
			a.step(s.Duration)
			continue
		}
		f, ok := flight.take(i)
		if !ok || !a.join(t, i, d) || !a.segment(t, i, flight.wants[i].uri, f.Data, each) {
			return false
		}
		d.add(f.Data)
		parts = append(parts, hls.Part{Size: int64(len(f.Data)), Duration: s.Duration})
		a.step(s.Duration)
	}
	t.pace.end(t.init.Timescale)
	t.rates, t.whole, t.known = hls.Measure(parts, t.list.Target), true, true
	var truth []time.Duration
	for _, s := range t.segments {
		truth = append(truth, s.end)
	}
	a.extinf(t.uri, t.list, truth, t.sample())
	d.end()
	return true
}

// segment reads one segment of fragments, and goes on from where the one before ended.
func (a *auditor) segment(t *track, i int, file string, b []byte, each func(string, hls.Segment, mp4.FragmentInfo, time.Duration)) bool {
	s := t.list.Segments[i]
	fragments, err := mp4.ParseSegment(t.init, b)
	if err != nil || len(fragments) == 0 {
		a.bad[file] = true
		a.fail(file, 0, "hls-7.1", "not a media segment: %s", reason(err))
		return false
	}
	if !a.hold(t.uri, fragmentWeight*len(fragments)) {
		return false
	}
	start := t.length
	for _, f := range fragments {
		if t.samples == 0 {
			t.zero = t.time(f.Time)
			if shift := t.edit + int64(f.Samples[0].Offset); shift < 0 {
				t.shift = -t.time(uint64(-shift))
			} else {
				t.shift = t.time(uint64(shift))
			}
		}
		if due, ok := t.due(f.Time); !ok {
			a.fail(file, 0, "hls-7.3", "the fragment at byte %d has the decode time %s; all before it end at %s", f.Offset, seconds(t.time(f.Time)), seconds(due))
			return false
		}
		f.Offset += s.Range.Offset
		each(file, s, f, t.length)
		t.run.ticks += f.Duration()
		t.length = t.at(t.run.ticks)
		t.samples += int64(len(f.Samples))
		for _, s := range f.Samples {
			t.pace.sample(s.Duration)
		}
	}
	if longest := time.Duration(t.list.Target)*time.Second + time.Second/2; t.length-start > longest {
		a.fail(file, 0, "hls-7.7", "the segment lasts %s; the target duration is %d s", seconds(t.length-start), t.list.Target)
	}
	t.segments = append(t.segments, segment{start, t.length, int64(len(b))})
	return true
}

func reason(err error) string {
	if err == nil {
		return "it holds no fragment"
	}
	return err.Error()
}

// initSection reads the first init section of a rendition.
func (a *auditor) initSection(t *track) bool {
	mp := t.list.Segments[0].Map
	if mp == nil || slices.ContainsFunc(t.list.Segments, func(s hls.Segment) bool { return s.Map == nil }) {
		a.fail(t.uri, 0, "hls-8.20", "EXT-X-MAP is missing before some segments")
		return false
	}
	uri := resolve(t.uri, mp.URI)
	f, ok := a.part(want{initFile, t.uri, 0, uri, mp.Range})
	if !ok {
		return false
	}
	t.header = f.Data
	var err error
	if t.init, err = mp4.ParseInit(f.Data); err != nil {
		t.init.Timescale = 1
		if n := trackCount(f.Data); n > 1 && t.list.IFramesOnly {
			a.unchecked(uri, 0, "%d tracks lie in one file: the I-frames are not checked", n)
			return false
		} else if n > 1 {
			a.muxed(t, uri, n)
			return false
		}
		a.fail(uri, 0, "hls-8.20", "not an init section of one track: %v", err)
		return false
	}
	t.edit = editShift(f.Data, t.init.Timescale)
	t.heads = []head{{*mp, t.init, f.Data}}
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

// sameRange judges that two renditions begin and end within a frame of each other.
func (a *auditor) sameRange(film, t *track, what string) {
	if !film.known || !t.known {
		return
	}
	frame := max(film.sample(), t.sample())*time.Duration(max(film.runs, t.runs)) + time.Millisecond // in each run sound may end a frame off
	if off := t.start() - film.start(); off.Abs() > frame {
		a.fail(t.uri, 0, "hls-8.7", "%s begins at %s, the picture at %s: they are not in step", what, seconds(t.start()), seconds(film.start()))
	} else if off := t.stop() - film.stop(); off.Abs() > frame && off.Abs() <= slack {
		a.warn(t.uri, 0, "hls-8.7", "%s ends at %s, the picture at %s: more than a frame apart", what, seconds(t.stop()), seconds(film.stop()))
	}
}

// aligned holds two rungs against each other: a player switches between them at any boundary.
func (a *auditor) aligned(first, t *track) {
	if !first.known || !t.known {
		return
	}
	if d := t.duration() - first.duration(); d.Abs() > first.sample()+time.Millisecond {
		a.fail(t.uri, 0, "hls-8.3", "the rendition lasts %s, another %s", seconds(t.duration()), seconds(first.duration()))
	}
	if off := t.start() - first.start(); off.Abs() > time.Millisecond {
		a.fail(t.uri, 0, "hls-8.3", "the rendition begins at %s, another at %s", seconds(t.start()), seconds(first.start()))
	}
	if len(t.segments) != len(first.segments) {
		a.warn(t.uri, 0, "hls-8.22", "the rendition has %d segments, another %d", len(t.segments), len(first.segments))
		return
	}
	for i, s := range t.segments {
		if (s.start - first.segments[i].start).Abs() > time.Millisecond {
			a.warn(t.uri, t.list.Segments[i].Line, "hls-8.22", "segment %d begins at %s, that of another rendition at %s", i,
				seconds(s.start), seconds(first.segments[i].start))
			return
		}
	}
}
