package audit

import (
	"math"
	"slices"
	"time"

	"filmpress/internal/hls"
	"filmpress/internal/media/mp4"
)

// naturalRates are the frame rates of 1.18.
var naturalRates = []float64{24000. / 1001, 24, 25, 30000. / 1001, 30, 50, 60000. / 1001, 60}

// video measures and judges a variant's media playlist. It is nil where it cannot be used.
func (a *auditor) video(uri, from string, line int) *track {
	t := a.playlist(uri, from, line)
	if t == nil || t.read {
		return t
	}
	t.read = true
	var gop gopCheck
	ok := a.fragmented(t, func(file string, s hls.Segment, f mp4.FragmentInfo, start time.Duration) {
		if t.init.Video() {
			gop.fragment(a, t, file, f, start)
		}
	})
	if t.opaque || !t.init.Video() {
		if ok && !t.opaque {
			t.codec = hls.AudioCodec(t.init.Config)
		}
		return t
	}
	a.codec(t)
	if ok {
		gop.end(a, t)
		a.frameRate(t)
	}
	return t
}

func (a *auditor) codec(t *track) {
	uri := resolve(t.uri, t.list.Segments[0].Map.URI)
	switch t.init.Codec {
	case "avc1":
		a.h264(t, uri)
	case "avc3":
		a.warn(uri, 0, "hls-1.10", "the sample entry is avc3, not avc1")
		a.h264(t, uri)
	case "hev1":
		a.warn(uri, 0, "hls-1.10", "the sample entry is hev1, not hvc1")
		a.hevc(t, uri)
	case "hvc1":
		a.hevc(t, uri)
	case "av01":
		a.av1(t, uri)
	default:
		a.unchecked(uri, 0, "the picture is coded as %s; only H.264, HEVC and AV1 are looked into", t.init.Codec)
		return
	}
	if p := t.init; p.PixelH != p.PixelV {
		a.warn(uri, 0, "hls-1.33", "the pixels are not square (%d:%d)", p.PixelH, p.PixelV)
	}
}

// h264 reads the parameter sets of a rendition, and judges them by themselves.
func (a *auditor) h264(t *track, uri string) {
	t.codec = hls.VideoCodec("avc1", t.init.Config)
	var err error
	if t.sps, err = parseAVCC(t.init.Config); err != nil {
		a.fail(uri, 0, "hls-1.2", "the parameter sets cannot be read: %v", err)
		return
	}
	s := t.sps
	if c := t.init.Config; c[1] != s.profile || c[2] != s.constraints || c[3] != s.level {
		a.fail(uri, 0, "hls-9.1", "avcC says profile %d level %d, the picture's own parameter set %d and %d", c[1], c[3], s.profile, s.level)
	}
	if s.width != t.init.Width || s.height != t.init.Height {
		a.fail(uri, 0, "hls-9.2", "the sample entry says %dx%d, the parameter set %dx%d", t.init.Width, t.init.Height, s.width, s.height)
	}
	if s.profile > 100 || s.level > 52 {
		a.fail(uri, 0, "hls-1.3", "H.264 profile %d level %.1f is above High@5.2", s.profile, float64(s.level)/10)
	}
	if !s.progressive {
		a.warn(uri, 0, "hls-1.14", "the picture is coded in fields")
	}
}

func (a *auditor) frameRate(t *track) {
	rate := t.usual()
	if rate > 60.01 {
		a.fail(t.uri, 0, "hls-1.19", "%.3f pictures a second are more than 60", rate)
	} else if !slices.ContainsFunc(naturalRates, func(n float64) bool { return math.Abs(n-rate) < 0.01 }) {
		a.warn(t.uri, 0, "hls-1.18", "%.3f pictures a second is no usual rate", rate)
	}
	a.level(t, rate)
}

// gopCheck follows the pictures of a rendition in decoding order.
type gopCheck struct {
	seen    bool
	lastIDR time.Duration
	longest time.Duration
	where   string // the file in which the longest group ends
	told    map[string]bool

	config   []byte // of AV1: the av1C that was looked into
	sequence []byte // the sequence header in it, nil where there is none
}

// once says whether a complaint was not made yet about this rendition: one is enough.
func (g *gopCheck) once(rule string) bool {
	if g.told == nil {
		g.told = map[string]bool{}
	}
	was := g.told[rule]
	g.told[rule] = true
	return !was
}

func (g *gopCheck) fragment(a *auditor, t *track, file string, f mp4.FragmentInfo, start time.Duration) {
	data, at := f.Data, t.run.ticks
	if at == 0 {
		g.lastIDR = t.at(0) // another encoding, perhaps behind a gap
	}
	first, entry := false, false
	for i, s := range f.Samples {
		idr := s.Sync // of other codecs the flag is all that is looked at
		sync := s.Sync
		switch t.init.Codec {
		case "avc1", "avc3":
			idr = hasIDR(data[:s.Size], t.init.Config)
			sync = idr
		case "hvc1", "hev1":
			sync, idr = keysHEVC(data[:s.Size], t.init.Config)
		case "av01":
			idr = g.unit(a, t, file, data[:s.Size])
			sync = idr
		}
		data = data[s.Size:]
		if sync != s.Sync && g.once("hls-7.4") {
			a.fail(file, 0, "hls-7.4", "the picture at %s is flagged sync=%v, but %s=%v", seconds(t.at(at)), s.Sync, t.keyframe(), sync)
		}
		if !g.seen {
			g.seen = true
			if s.Offset != 0 {
				a.warn(file, 0, "hls-8.7", "the first picture is shown %d/%d s after its decode time: players that heed no edit list play it late against the sound", s.Offset, t.init.Timescale)
			}
		}
		if idr {
			g.gap(t.at(at), file)
		}
		if i == 0 {
			first, entry = idr, sync
		}
		at += uint64(s.Duration)
	}
	if start == t.end() && !first {
		a.fail(file, 0, "hls-7.4", "the segment does not begin with %s", t.aKeyframe())
	}
	a.files[file] = append(a.files[file], group{offset: f.Offset, key: f.Key, size: f.Size, start: start, entry: entry})
}

func (g *gopCheck) gap(at time.Duration, file string) {
	if at-g.lastIDR > g.longest {
		g.longest, g.where = at-g.lastIDR, file
	}
	g.lastIDR = at
}

func (g *gopCheck) end(a *auditor, t *track) {
	g.gap(t.duration(), t.uri)
	if g.longest > 2*time.Second+t.sample()+time.Millisecond {
		a.warn(g.where, 0, "hls-1.13", "%s pass without %s", seconds(g.longest), t.aKeyframe())
	}
}

// hasIDR says whether a sample of length-prefixed NAL units (14496-15, 4.3) holds an IDR slice.
func hasIDR(sample, avcC []byte) (found bool) {
	if len(avcC) < 5 {
		return false
	}
	eachNAL(sample, int(avcC[4]&3)+1, func(first byte) { found = found || first&0x1f == 5 })
	return found
}

// eachNAL gives the first byte of each NAL unit of a sample, each behind its length in so many bytes.
func eachNAL(sample []byte, prefix int, each func(first byte)) {
	for len(sample) > prefix {
		size := 0
		for _, b := range sample[:prefix] {
			size = size<<8 | int(b)
		}
		each(sample[prefix])
		sample = sample[min(prefix+size, len(sample)):]
	}
}
