package audit

import (
	"slices"
	"strings"
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
		if !a.initSection(t) || !a.otherHeads(t) {
			continue
		}
		a.iframes(t, pictures)
		a.declaredIFrames(uri, f, t)
	}
}

// otherHeads reads the init sections of a playlist behind the first, which attributes tell of, too.
func (a *auditor) otherHeads(t *track) bool {
	defer t.back(t.init, t.header)
	last := *t.list.Segments[0].Map
	for _, s := range t.list.Segments {
		if *s.Map != last && !s.Gap && !a.another(t, s) {
			return false
		}
		last = *s.Map
	}
	return true
}

// declaredIFrames holds the attributes of an EXT-X-I-FRAME-STREAM-INF against what it names.
func (a *auditor) declaredIFrames(uri string, f hls.IFrame, t *track) {
	if !t.sized(f.Resolution) {
		a.fail(uri, f.Line, "hls-9.4", "RESOLUTION of %s is %s, the picture is %s", f.URI, f.Resolution, dimensions(t.init))
	}
	if are, right := t.pictured(f.Codecs); !right {
		a.fail(uri, f.Line, "hls-9.3", "CODECS of %s is %q, the picture is %q", f.URI, f.Codecs, are)
	}
	if t.whole {
		a.rates(uri, f.Line, f.URI, f.Bandwidth, f.Average, t.rates)
	}
}

// pictured says whether CODECS names the codec of each init section, and no other; else which they are. It is right where one of them is not looked into.
func (t *track) pictured(codecs string) (are string, right bool) {
	declared, used := strings.Split(codecs, ","), map[string]bool{}
	var all []string
	right = true
	for _, h := range t.heads {
		codec := hls.VideoCodec(h.init.Codec, h.init.Config)
		if codec == "" {
			return "", true
		}
		if !slices.Contains(all, codec) {
			all = append(all, codec)
		}
		found := false
		for _, c := range declared {
			if hls.SameCodec(strings.TrimSpace(c), h.init.Codec, h.init.Config) {
				found, used[c] = true, true
			}
		}
		right = right && found
	}
	return strings.Join(all, ","), right && !slices.ContainsFunc(declared, func(c string) bool { return !used[c] })
}

// iframes judges the byte ranges: each holds a moof and one whole IDR picture, and says when it is shown. Where there is no range, the file
// is the picture.
func (a *auditor) iframes(t *track, pictures []*track) {
	var parts []hls.Part
	var starts []time.Duration
	index := map[string]map[int64][]group{} // by file and offset
	for _, s := range t.list.Segments {
		if s.Gap {
			continue
		}
		file := resolve(t.uri, s.URI)
		groups, known := a.files[file]
		if a.bad[file] {
			return
		}
		if !known {
			size, ok := a.rangeIsFragment(t, s, file)
			if !ok {
				return
			}
			parts = append(parts, hls.Part{Size: size, Duration: s.Duration})
			continue
		}
		size := s.Range.Length
		after := time.Duration(-1)
		if len(starts) > 0 {
			after = starts[len(starts)-1]
		}
		if index[file] == nil {
			index[file] = map[int64][]group{}
			for _, g := range groups {
				index[file][g.offset] = append(index[file][g.offset], g)
			}
		}
		g, found := at(index[file], s.Range, after)
		if size == 0 {
			size = g.offset + g.size
		}
		switch {
		case !found && s.Range.Length == 0:
			a.fail(t.uri, s.Line, "hls-6.10", "%s holds several fragments, not one picture", s.URI)
			return
		case !found:
			a.fail(t.uri, s.Line, "hls-6.10", "the byte range %s of %s does not begin with a moof", s.Range, s.URI)
			return
		case s.Range.Length == 0 && g.key != g.size:
			a.fail(t.uri, s.Line, "hls-6.10", "%s goes on behind the picture: %d bytes would do", s.URI, g.offset+g.key)
			return
		case s.Range.Length > 0 && g.key != s.Range.Length:
			a.fail(t.uri, s.Line, "hls-6.10", "the byte range %s of %s does not end with the picture: %d bytes would", s.Range, s.URI, g.key)
			return
		case !g.entry:
			a.fail(t.uri, s.Line, "hls-6.10", "the byte range %s of %s holds no keyframe", s.Range, s.URI)
			return
		}
		parts = append(parts, hls.Part{Size: size, Duration: s.Duration})
		starts = append(starts, g.start)
	}
	t.rates, t.whole = hls.Measure(parts, t.list.Target), true
	if len(pictures) == 0 || !pictures[0].whole {
		return
	}
	film := pictures[0]
	if d := t.list.Duration() - film.duration(); d.Abs() > slack {
		a.fail(t.uri, 0, "hls-8.3", "the I-frames last %s, the film %s", seconds(t.list.Duration()), seconds(film.duration()))
	} else if len(starts) == len(t.list.Segments) {
		a.extinf(t.uri, t.list, append(starts[1:], film.duration()), film.sample())
	}
}

// at is the group at the beginning of a byte range, or the only one of the whole file. A file that is shown several times has its groups
// as often: the first that begins after a time is meant.
func at(groups map[int64][]group, r hls.ByteRange, after time.Duration) (out group, found bool) {
	list := groups[r.Offset]
	if r.Length == 0 {
		if len(groups) != 1 {
			return group{}, false
		}
		for _, only := range groups {
			list = only
		}
	}
	for _, g := range list {
		if out = g; g.start > after {
			break
		}
	}
	return out, len(list) > 0
}

// rangeIsFragment judges a byte range of a file that no variant uses, or all of it: I-frames encoded for themselves. It gives its size.
func (a *auditor) rangeIsFragment(t *track, s hls.Segment, file string) (size int64, ok bool) {
	f, ok := a.part(want{segmentFile, t.uri, s.Line, file, s.Range})
	if !ok {
		return 0, false
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
		return 0, false
	case moofs > 1:
		a.fail(t.uri, s.Line, "hls-6.10", "the byte range %s of %s holds %d fragments, not one keyframe", s.Range, s.URI, moofs)
		return 0, false
	}
	return int64(len(f.Data)), true
}
