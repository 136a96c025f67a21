package audit

import (
	"bytes"
	"math"
	"slices"
	"time"

	"filmpress/internal/hls"
	"filmpress/internal/media/mp4"
	"filmpress/internal/report"
)

// run is a stretch of segments that were encoded as one: of one init section, on one clock. A film of ours is one run; others
// have a bumper, or advertisements, and each of these begins a run (RFC 8216, 4.3.2.3 and 4.3.2.5).
type run struct {
	start time.Duration // where it begins in the playlist
	base  uint64        // its first decode time
	ticks uint64        // of its samples
	begun bool          // base is known
	goes  bool          // its clock goes on from the run before, and is due at
	due   time.Duration
}

// head is an init section.
type head struct {
	from hls.Map
	init mp4.Track
	data []byte
}

// Bounds on the init sections of a playlist, all of which are kept while it is read.
const (
	maxHeads     = 500
	maxHeadBytes = 64 << 20
)

// first is the first segment that is there.
func (t *track) first() int {
	return slices.IndexFunc(t.list.Segments, func(s hls.Segment) bool { return !s.Gap })
}

// at is where ticks of the run that is read lie in the playlist.
func (t *track) at(ticks uint64) time.Duration { return later(t.run.start, t.time(ticks)) }

// later is a sum that stops at the end of time: what strangers declare may be anything.
func later(at, d time.Duration) time.Duration {
	if d > math.MaxInt64-at {
		return math.MaxInt64
	}
	return at + d
}

// due says whether a fragment may have a decode time, and which time it should be. A run's first fragment may have any, unless its clock
// is that of the run before, which may count in other units.
func (t *track) due(at uint64) (time.Duration, bool) {
	if !t.run.begun {
		t.run.begun, t.run.base = true, at
		if off := t.time(at) - t.run.due; t.run.goes && off.Abs() > time.Millisecond {
			return t.run.due, false
		}
		off := t.time(at) - t.zero - t.run.start
		t.anew = t.anew || t.samples > 0 && off.Abs() > time.Second/10 // sound and picture need not end together
		return 0, true
	}
	want := t.run.base + t.run.ticks
	return t.time(want), at == want
}

// skip passes a segment that is said to be missing: it lasts what is declared.
func (t *track) skip(s hls.Segment) {
	end := later(t.length, s.Duration)
	t.segments = append(t.segments, segment{start: t.length, end: end})
	t.missing += end - t.length
	t.length = end
}

// gaps tells of segments that are said to be missing. It fails where no other is there.
func (a *auditor) gaps(t *track) bool {
	var n int
	var missing time.Duration
	line := 0
	for _, s := range t.list.Segments {
		if !s.Gap {
			continue
		}
		if n++; n == 1 {
			line = s.Line
		}
		missing += s.Duration
	}
	if n > 0 {
		a.mild(t.uri, line, "hls-gap", "%d of %d segments, %s, are said to be missing", n, len(t.list.Segments), seconds(missing))
	}
	return n < len(t.list.Segments)
}

// mild adds what others may do, and a release of ours never does.
func (a *auditor) mild(uri string, line int, rule, format string, args ...any) {
	severity := report.Warn
	if a.opt.Manifest != nil {
		severity = report.Error
	}
	a.find(severity, uri, line, rule, format, args...)
}

// join begins a run where the segment i does, and ends the one before.
func (a *auditor) join(t *track, i int, d *decoder) bool {
	s := t.list.Segments[i]
	if t.runs == 0 {
		t.runs = 1
		t.run.start = t.length
		if *s.Map == t.heads[0].from {
			return true
		}
		return a.another(t, s) // the first ones are missing
	}
	before := t.list.Segments[i-1]
	other := *s.Map != *before.Map
	if !s.Discontinuity && !before.Gap && !other {
		return true
	}
	if (s.Discontinuity || other) && !t.broken {
		t.broken = true
		a.mild(t.uri, s.Line, "hls-7.1", "the rendition is not encoded in one run: here a discontinuity or another init section begins one")
	}
	t.pace.end(t.init.Timescale)
	d.end()
	next := run{start: t.length, goes: !s.Discontinuity && !before.Gap, due: t.time(t.run.base + t.run.ticks)}
	if other && !a.another(t, s) {
		return false
	}
	t.run = next
	t.runs++
	d.begin()
	return true
}

// another reads the init section of a segment, and makes it the one that is used.
func (a *auditor) another(t *track, s hls.Segment) bool {
	held := 0
	for _, h := range t.heads {
		if h.from == *s.Map {
			t.init, t.header = h.init, h.data
			return true
		}
		held += len(h.data)
	}
	if len(t.heads) == maxHeads || held > maxHeadBytes {
		a.fail(t.uri, s.Line, "ref-many", "the playlist has more than %d init sections, or they are longer than any", maxHeads)
		return false
	}
	uri := resolve(t.uri, s.Map.URI)
	f, ok := a.part(want{initFile, t.uri, s.Line, uri, s.Map.Range})
	if !ok {
		return false
	}
	init, err := mp4.ParseInit(f.Data)
	switch {
	case err != nil && trackCount(f.Data) > 1:
		a.unchecked(uri, 0, "several tracks lie in one file, where before there was one: from here on the rendition is not checked")
		return false
	case err != nil:
		a.fail(uri, 0, "hls-8.20", "not an init section of one track: %v", err)
		return false
	case init.Video() != t.init.Video():
		a.fail(t.uri, s.Line, "hls-7.1", "the init section %s is of another kind of track than the one before", s.Map.URI)
		return false
	}
	init.Config = bytes.Clone(init.Config) // not all of the file, which is let go
	t.heads = append(t.heads, head{*s.Map, init, f.Data})
	t.init, t.header = init, f.Data
	return true
}

// back makes the first init section the track's again, of which attributes tell.
func (t *track) back(init mp4.Track, header []byte) {
	t.init, t.header = init, header
	for i := range t.heads {
		t.heads[i].data = nil
	}
}
