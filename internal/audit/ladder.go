package audit

import (
	"math"
	"slices"
	"strings"

	"filmpress/internal/hls"
)

// coded says whether a variant declares a picture of a codec, by its four letters.
func coded(v hls.Variant, entry string) bool {
	return slices.ContainsFunc(strings.Split(v.Codecs, ","), func(c string) bool { return strings.HasPrefix(strings.TrimSpace(c), entry+".") })
}

// scores judges that all variants are ranked, or none.
func (a *auditor) scores(uri string, m hls.Master) {
	for _, v := range m.Variants {
		if (v.Score == 0) != (m.Variants[0].Score == 0) {
			a.warn(uri, v.Line, "hls-score", "some variants have a SCORE, and %s is the first that differs", v.URI)
			return
		}
	}
}

// ladder judges the rungs as a set.
func (a *auditor) ladder(uri string, m hls.Master, pictures []*track) {
	if len(pictures) == 0 {
		return
	}
	modest, sdr := false, false
	codecs := map[string]bool{}
	for _, t := range pictures {
		codecs[t.codecName()] = true
		modest = modest || t.sps != nil && t.sps.profile <= 100 && t.sps.level <= 41
		sdr = sdr || t.videoRange() == "SDR"
	}
	old := codecs["H.264"]
	switch {
	case codecs[""]: // another codec may well be modest
	case !old && codecs["HEVC"]:
		a.warn(uri, 0, "hls-1.12", "no variant is H.264, so devices without HEVC play none")
	case !old:
		a.warn(uri, 0, "av1-alone", "every variant is AV1, so devices without it play none")
	case !modest:
		a.warn(uri, 0, "hls-1.3", "no variant is at most High@4.1, so older devices play none")
	}
	a.scores(uri, m)
	if !sdr {
		a.fail(uri, 0, "hls-1.24", "no variant is SDR")
	}
	first := pictures[0]
	for _, t := range pictures[1:] {
		w1, h1, w2, h2 := wide(first.init), float64(first.init.Height), wide(t.init), float64(t.init.Height)
		if h1 > 0 && math.Abs(w2-h2*w1/h1) > 2+2*w1/h1 { // sides are rounded to even numbers
			a.warn(uri, 0, "hls-1.33", "the variants have different shapes: %.0fx%.0f and %.0fx%.0f", w1, h1, w2, h2)
			break
		}
		a.aligned(first, t)
	}
	const typical = 2_000_000
	distance := func(v hls.Variant) float64 { return math.Abs(float64(v.Average - typical)) }
	if coded(m.Variants[0], "av01") && old {
		a.warn(uri, m.Variants[0].Line, "hls-1.32", "the first variant is AV1, which not every player can show; there is H.264 to begin with")
		return
	}
	for _, v := range m.Variants[1:] {
		if coded(v, "av01") == coded(m.Variants[0], "av01") && distance(v) < 0.9*distance(m.Variants[0]) {
			a.warn(uri, m.Variants[0].Line, "hls-1.32", "the first variant has %d bit/s; %s is nearer to the 2 Mb/s a typical viewer starts with",
				m.Variants[0].Average, v.URI)
			break
		}
	}
}

// targets judges that all variants and all sound have the same target duration. Subtitles and I-frames of a film may have
// others.
func (a *auditor) targets(uri string, m hls.Master) {
	var refs []string
	for _, v := range m.Variants {
		refs = append(refs, v.URI)
	}
	for _, r := range m.Renditions {
		if (r.Type == "AUDIO" || r.Type == "VIDEO") && r.URI != "" {
			refs = append(refs, r.URI)
		}
	}
	var first *track
	told := map[string]bool{}
	for _, ref := range refs {
		t := a.tracks[resolve(uri, ref)]
		switch {
		case t == nil || told[t.uri]:
		case first == nil:
			first = t
		case t.list.Target != first.list.Target:
			told[t.uri] = true
			a.fail(t.uri, 0, "hls-8.2", "the target duration is %d s, that of the first variant %d s", t.list.Target, first.list.Target)
		}
	}
}
