package audit

import (
	"slices"
	"time"

	"filmpress/internal/hls"
	"filmpress/internal/media/mp4"
)

// trickPlay judges the I-frame playlists.
func (a *auditor) trickPlay(uri string, m hls.Master, pictures []*track) {
	if len(m.IFrames) == 0 {
		if len(pictures) > 0 || slices.ContainsFunc(m.Variants, pictured) {
			a.fail(uri, 0, "hls-6.1", "there is no I-frame playlist, so nobody can see where they wind to")
		}
		return
	}
	for _, f := range m.IFrames {
		address := resolve(uri, f.URI)
		t := a.playlist(address, uri, f.Line)
		if t == nil {
			continue
		}
		if !t.list.IFramesOnly {
			a.fail(address, 0, "hls-6.8", "EXT-X-I-FRAMES-ONLY is missing")
		}
		if t.list.Segments[0].Map == nil {
			a.transportIFrames(uri, f, t)
			continue
		}
		if !a.initSection(t) {
			continue
		}
		a.iframes(t, pictures)
		a.declaredIFrames(uri, f, t)
	}
}

// transportIFrames measures I-frames in MPEG-TS, into which we do not look.
func (a *auditor) transportIFrames(uri string, f hls.IFrame, t *track) {
	var parts []hls.Part
	for _, s := range t.list.Segments {
		if s.Range.Length == 0 {
			return
		}
		parts = append(parts, hls.Part{Size: s.Range.Length, Duration: s.Duration})
	}
	if got, ok := a.part(want{segmentFile, t.uri, t.list.Segments[0].Line, resolve(t.uri, t.list.Segments[0].URI), t.list.Segments[0].Range}); ok {
		if _, whole := packets(got.Data); !whole {
			a.fail(t.uri, t.list.Segments[0].Line, "hls-6.10", "the byte range %s does not hold whole packets of MPEG-TS", t.list.Segments[0].Range)
		}
		a.rates(uri, f.Line, f.URI, f.Bandwidth, f.Average, hls.Measure(parts, t.list.Target))
	}
}

// declaredIFrames holds the attributes of an EXT-X-I-FRAME-STREAM-INF against what it names.
func (a *auditor) declaredIFrames(uri string, f hls.IFrame, t *track) {
	if f.Resolution != t.size() {
		a.fail(uri, f.Line, "hls-9.4", "RESOLUTION of %s is %dx%d, the picture is %dx%d", f.URI, f.Resolution.Width, f.Resolution.Height,
			t.init.Width, t.init.Height)
	}
	if codec := hls.VideoCodec(t.init.Codec, t.init.Config); codec != "" && !hls.SameCodec(f.Codecs, t.init.Codec, t.init.Config) {
		a.fail(uri, f.Line, "hls-9.3", "CODECS of %s is %q, the picture is %q", f.URI, f.Codecs, codec)
	}
	if t.whole {
		a.rates(uri, f.Line, f.URI, f.Bandwidth, f.Average, t.rates)
	}
}

// iframes judges the byte ranges: each holds a moof and one whole IDR picture, and says when it is shown.
func (a *auditor) iframes(t *track, pictures []*track) {
	var parts []hls.Part
	var starts []time.Duration
	for _, s := range t.list.Segments {
		file := resolve(t.uri, s.URI)
		parts = append(parts, hls.Part{Size: s.Range.Length, Duration: s.Duration})
		groups, known := a.files[file]
		if a.bad[file] {
			return
		}
		if !known {
			if !a.rangeIsFragment(t, s, file) {
				return
			}
			continue
		}
		g, found := at(groups, s.Range.Offset)
		switch {
		case !found:
			a.fail(t.uri, s.Line, "hls-6.10", "the byte range %s of %s does not begin with a moof", s.Range, s.URI)
			return
		case g.key != s.Range.Length:
			a.fail(t.uri, s.Line, "hls-6.10", "the byte range %s of %s does not end with the picture: %d bytes would", s.Range, s.URI, g.key)
			return
		case !g.entry:
			a.fail(t.uri, s.Line, "hls-6.10", "the byte range %s of %s holds no keyframe", s.Range, s.URI)
			return
		}
		starts = append(starts, g.start)
	}
	t.rates, t.whole = hls.Measure(parts, t.list.Target), true
	if len(pictures) == 0 || !pictures[0].whole {
		return
	}
	film := pictures[0]
	if d := t.list.Duration() - film.duration(); d.Abs() > slack {
		a.fail(t.uri, 0, "hls-8.3", "the I-frames last %s, the film %s", seconds(t.list.Duration()), seconds(film.duration()))
	} else if len(starts) == len(parts) {
		a.extinf(t.uri, t.list, append(starts[1:], film.duration()), film.sample())
	}
}

func at(groups []group, offset int64) (group, bool) {
	for _, g := range groups {
		if g.offset == offset {
			return g, true
		}
	}
	return group{}, false
}

// rangeIsFragment judges a byte range of a file that no variant uses: I-frames encoded for themselves.
func (a *auditor) rangeIsFragment(t *track, s hls.Segment, file string) bool {
	f, ok := a.part(want{segmentFile, t.uri, s.Line, file, s.Range})
	if !ok {
		return false
	}
	list, _ := mp4.Boxes(f.Data) // the mdat may go on behind the picture
	moofs := 0
	for _, b := range list {
		if b.Type == "moof" {
			moofs++
		}
	}
	switch {
	case len(list) == 0 || list[0].Type != "moof" && list[0].Type != "styp" && list[0].Type != "sidx":
		a.fail(t.uri, s.Line, "hls-6.10", "the byte range %s of %s does not begin with a moof", s.Range, s.URI)
		return false
	case moofs > 1:
		a.fail(t.uri, s.Line, "hls-6.10", "the byte range %s of %s holds %d fragments, not one keyframe", s.Range, s.URI, moofs)
		return false
	}
	return true
}
