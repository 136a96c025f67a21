package audit

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strings"

	"filmpress/internal/hls"
)

// maxRenditions bounds a multivariant playlist: ten rungs in three codecs, fifty languages of sound and of subtitles.
const maxRenditions = 500

// judgeMaster judges the multivariant playlist and everything behind it.
func (a *auditor) judgeMaster(uri string, m hls.Master) {
	if n := len(m.Variants) + len(m.Renditions) + len(m.IFrames); n > maxRenditions {
		a.fail(uri, 0, "ref-many", "the playlist names %d others; more than %d are not followed", n, maxRenditions)
		return
	}
	if !m.Independent {
		a.warn(uri, 0, "hls-9.11", "EXT-X-INDEPENDENT-SEGMENTS is missing")
	}
	a.groups(uri, m)
	a.extent(uri, m)
	pictures := a.variants(uri, m)
	for _, r := range m.Renditions {
		a.rendition(uri, r, pictures)
	}
	a.channels(uri, m)
	a.stereo(uri, m)
	a.loudness(uri, m)
	a.forced(uri, m)
	for _, v := range m.Variants {
		if t := a.tracks[resolve(uri, v.URI)]; t != nil && (t.opaque || t.init.Video()) {
			a.combination(uri, v, t, m.Renditions)
		}
	}
	a.targets(uri, m)
	a.ladder(uri, m, pictures)
	a.trickPlay(uri, m, pictures)
	a.count(uri, m, pictures)
}

// extent reads all media playlists first, so that progress knows its end.
func (a *auditor) extent(uri string, m hls.Master) {
	seen := map[string]bool{}
	measure := func(ref string, line int) {
		address := resolve(uri, ref)
		if ref == "" || seen[address] {
			return
		}
		seen[address] = true
		if t := a.playlist(address, uri, line); t != nil {
			a.total += t.list.Duration()
		}
	}
	for _, v := range m.Variants {
		measure(v.URI, v.Line)
	}
	for _, r := range m.Renditions {
		measure(r.URI, r.Line)
	}
}

// variants measures each variant once, and gives those whose pictures could be looked at.
func (a *auditor) variants(uri string, m hls.Master) (pictures []*track) {
	fragments := false
	for i, v := range m.Variants {
		t := a.video(resolve(uri, v.URI), uri, v.Line)
		if t == nil {
			continue
		}
		fragments = fragments || t.list.Segments[0].Map != nil
		if t.opaque {
			a.undeclared(uri, v)
			continue
		}
		if !t.init.Video() {
			if t.init.Codec != "" {
				a.fail(uri, v.Line, "hls-9.20", "the variant %s is sound alone; tvOS plays no such variant", v.URI)
			}
			continue
		}
		if !slices.ContainsFunc(m.Variants[:i], func(o hls.Variant) bool { return o.URI == v.URI }) {
			pictures = append(pictures, t)
		}
		a.declared(uri, v, t)
	}
	if m.Version < 6 && fragments {
		a.warn(uri, 0, "rfc-7", "EXT-X-VERSION is %d; fragmented MP4 needs at least 6", m.Version)
	}
	return pictures
}

// count fills in the summary.
func (a *auditor) count(uri string, m hls.Master, pictures []*track) {
	seen := map[string]bool{}
	for _, v := range m.Variants {
		if t := a.tracks[resolve(uri, v.URI)]; t != nil && !seen[t.uri] {
			seen[t.uri] = true
			if size := "size " + v.Resolution.String(); v.Resolution == (hls.Size{}) || !seen[size] { // in two codecs it is still one size
				seen[size] = true
				a.sum.Pictures++
			}
			a.sum.Length = max(a.sum.Length, t.list.Duration())
		}
	}
	for _, r := range m.Renditions {
		if t := a.tracks[resolve(uri, r.URI)]; t != nil && r.URI != "" && !seen[t.uri] {
			seen[t.uri] = true
			if r.Type == "SUBTITLES" {
				a.sum.Texts++
			} else {
				a.sum.Sounds++
			}
		}
	}
	if len(pictures) > 0 && pictures[0].known {
		a.sum.Length = pictures[0].duration()
	}
}

// groups judges EXT-X-MEDIA by themselves and the references to them (RFC 8216, 4.3.4).
func (a *auditor) groups(uri string, m hls.Master) {
	names := map[string]bool{}
	defaults := map[string]bool{}
	exists := map[string]bool{}
	sets := map[string]map[string][]string{} // TYPE -> GROUP-ID -> NAMEs
	for _, r := range m.Renditions {
		group := string(r.Type) + " " + r.Group
		exists[group] = true
		if names[group+" "+r.Name] {
			a.fail(uri, r.Line, "rfc-4.3.4.1.1", "the group %q has the NAME %q twice", r.Group, r.Name)
		}
		names[group+" "+r.Name] = true
		if r.Default && defaults[group] {
			a.fail(uri, r.Line, "rfc-4.3.4.1.1", "the group %q has more than one DEFAULT=YES", r.Group)
		}
		defaults[group] = defaults[group] || r.Default
		if r.Default && !r.Autoselect {
			a.fail(uri, r.Line, "rfc-4.3.4.1", "DEFAULT=YES needs AUTOSELECT=YES")
		}
		if r.Language == "" && r.Type != "VIDEO" {
			a.fail(uri, r.Line, "hls-8.10", "%q has no LANGUAGE", r.Name)
		}
		a.media(uri, r)
		if sets[string(r.Type)] == nil {
			sets[string(r.Type)] = map[string][]string{}
		}
		sets[string(r.Type)][r.Group] = append(sets[string(r.Type)][r.Group], r.Name)
	}
	for _, typ := range slices.Sorted(maps.Keys(sets)) {
		a.sameNames(uri, typ, sets[typ])
	}
	for _, v := range m.Variants {
		for _, ref := range [][2]string{{"AUDIO", v.Audio}, {"SUBTITLES", v.Subtitles}, {"VIDEO", v.Video}} {
			if ref[1] != "" && !exists[ref[0]+" "+ref[1]] {
				a.fail(uri, v.Line, "rfc-4.3.4.2", "%s=%q names a group that does not exist", ref[0], ref[1])
			}
		}
		switch v.Captions {
		case "NONE":
		case "":
			a.warn(uri, v.Line, "hls-captions-none", "nothing says whether there are closed captions in the picture")
		default:
			if !exists["CLOSED-CAPTIONS "+string(v.Captions)] {
				a.fail(uri, v.Line, "rfc-4.3.4.2", "CLOSED-CAPTIONS=%q names a group that does not exist", v.Captions)
			}
		}
	}
}

// media judges the attributes of one EXT-X-MEDIA that belong to its TYPE (RFC 8216, 4.3.4.1).
func (a *auditor) media(uri string, r hls.Rendition) {
	const rule = "rfc-4.3.4.1"
	switch r.Type {
	case "AUDIO": // CHANNELS: channels
	case "SUBTITLES":
		if r.URI == "" {
			a.fail(uri, r.Line, rule, "the subtitles %q have no URI", r.Name)
		}
	case "CLOSED-CAPTIONS":
		if r.URI != "" {
			a.fail(uri, r.Line, rule, "the closed captions %q have a URI, but they lie in the picture", r.Name)
		}
		if r.Instream == "" {
			a.fail(uri, r.Line, rule, "the closed captions %q have no INSTREAM-ID", r.Name)
		}
	case "VIDEO":
	default:
		a.fail(uri, r.Line, rule, "%q is no TYPE of EXT-X-MEDIA", r.Type)
	}
	if r.Forced && r.Type != "SUBTITLES" {
		a.fail(uri, r.Line, rule, "%q is FORCED, which only subtitles can be", r.Name)
	}
}

func (a *auditor) sameNames(uri, typ string, groups map[string][]string) {
	var first []string
	for _, names := range groups {
		slices.Sort(names)
		if first != nil && !slices.Equal(first, names) {
			a.fail(uri, 0, "rfc-4.3.4.1.1", "the groups of %s renditions do not have the same NAMEs", typ)
			return
		}
		first = names
	}
}

// declared holds a variant's attributes against its picture.
func (a *auditor) declared(uri string, v hls.Variant, t *track) {
	if !t.sized(v.Resolution) {
		a.fail(uri, v.Line, "hls-9.2", "RESOLUTION of %s is %s, the picture is %s", v.URI, v.Resolution, dimensions(t.init))
	}
	switch rate := t.usual(); {
	case v.FrameRate == 0:
		a.fail(uri, v.Line, "hls-9.15", "FRAME-RATE of %s is missing", v.URI)
	case rate > 0 && !t.mayRate(float64(v.FrameRate)):
		a.fail(uri, v.Line, "hls-9.15", "FRAME-RATE of %s is %.3f, the pictures come at %.3f", v.URI, v.FrameRate, rate)
	}
	if want := t.videoRange(); want != "SDR" && string(v.VideoRange) != want {
		a.fail(uri, v.Line, "hls-9.16", "the picture of %s is %s, VIDEO-RANGE is %q", v.URI, want, v.VideoRange)
	}
}

// undeclared judges a variant whose picture is not looked into: what must be declared is to be there.
func (a *auditor) undeclared(uri string, v hls.Variant) {
	if !pictured(v) {
		return
	}
	if v.Resolution == (hls.Size{}) {
		a.fail(uri, v.Line, "hls-9.2", "RESOLUTION of %s is missing", v.URI)
	}
	if v.FrameRate == 0 {
		a.fail(uri, v.Line, "hls-9.15", "FRAME-RATE of %s is missing", v.URI)
	}
}

// pictured says whether a variant declares a picture.
func pictured(v hls.Variant) bool {
	return v.Resolution != (hls.Size{}) || slices.ContainsFunc(strings.Split(v.Codecs, ","), func(c string) bool {
		name, _, _ := strings.Cut(strings.TrimSpace(c), ".")
		return slices.Contains([]string{"avc1", "avc3", "hvc1", "hev1", "dvh1", "dvhe", "av01", "vp09"}, name)
	})
}

// smallestRung is the least of the rates that Apple lists for a ladder, in bit/s (authoring specification, 1.25). A peak below it stalls no
// line on which anything plays: nearly nothing is seen and heard in such a film, and then somebody coughs.
const smallestRung = 145_000

// combination holds CODECS and the rates of a variant against the picture and the renditions played with it.
func (a *auditor) combination(uri string, v hls.Variant, t *track, renditions []hls.Rendition) {
	played, whole := []*track{t}, t.whole
	largest := map[hls.Enum]hls.Rates{}
	for _, r := range renditions {
		if r.URI == "" || !(r.Type == "AUDIO" && r.Group == v.Audio || r.Type == "SUBTITLES" && r.Group == v.Subtitles) {
			continue
		}
		other := a.tracks[resolve(uri, r.URI)]
		if other == nil {
			whole = false
			continue
		}
		whole = whole && other.whole
		largest[r.Type] = largest[r.Type].Max(other.rates)
		if r.Type == "AUDIO" {
			played = append(played, other)
		}
	}
	if v.Codecs == "" {
		a.fail(uri, v.Line, "hls-9.1", "CODECS of %s is missing", v.URI)
	} else if whole {
		a.codecs(uri, v, played)
	}
	if !whole {
		return
	}
	rates := t.rates.Add(largest["AUDIO"]).Add(largest["SUBTITLES"])
	a.rates(uri, v.Line, v.URI, v.Bandwidth, v.Average, rates)
	if rates.Peak > max(2*rates.Average, smallestRung) {
		a.warn(uri, v.Line, "hls-1.30", "the peak of %s is %d bit/s, more than twice its average of %d", v.URI, rates.Peak, rates.Average)
	}
}

// codecs holds CODECS against what the files are. Of a codec that is not looked into, its four letters must match.
func (a *auditor) codecs(uri string, v hls.Variant, played []*track) {
	declared := map[string]bool{}
	for _, c := range strings.Split(strings.ToLower(v.Codecs), ",") {
		c = strings.TrimSpace(c)
		if name, _, _ := strings.Cut(c, "."); name != "wvtt" && name != "stpp" && name != "tx3g" { // of texts: stpp.ttml.im1t
			declared[c] = true
		}
	}
	var files []string
	fits, used := true, map[string]bool{}
	for _, t := range played {
		if t.opaque {
			return
		}
		for _, h := range t.heads {
			codec := h.codec()
			want := cmp.Or(codec, h.init.Codec)
			files = append(files, want)
			found := false
			for c := range declared {
				if c == strings.ToLower(want) || hls.SameCodec(c, h.init.Codec, h.init.Config) || codec == "" && (c == want || strings.HasPrefix(c, want+".")) {
					used[c], found = true, true
				}
			}
			fits = fits && found
		}
	}
	if !fits || len(used) != len(declared) {
		slices.Sort(files)
		a.fail(uri, v.Line, "hls-9.1", "CODECS of %s is %q, the files are %q", v.URI, v.Codecs, strings.Join(slices.Compact(files), ","))
	}
}

// codec is what belongs into CODECS for an init section; "" where only its four letters are known.
func (h head) codec() string {
	switch h.init.Codec {
	case "mp4a":
		return hls.AudioCodec(h.init.Config)
	case "avc3":
		return hls.VideoCodec("avc1", h.init.Config)
	}
	return hls.VideoCodec(h.init.Codec, h.init.Config)
}

// rates holds declared bit rates against measured ones. RFC 8216 makes BANDWIDTH an upper bound; Apple allows
// it, and the average, to be off by a tenth.
func (a *auditor) rates(uri string, line int, name string, bandwidth, average int64, measured hls.Rates) {
	switch {
	case measured.Peak > bandwidth+bandwidth/1000: // EXTINF are rounded
		a.fail(uri, line, "hls-9.13", "BANDWIDTH of %s is %d, the measured peak is %d bit/s", name, bandwidth, measured.Peak)
	case float64(bandwidth) > 1.1*float64(measured.Peak):
		a.fail(uri, line, "hls-1.27", "BANDWIDTH of %s is %d, more than a tenth above the measured peak of %d bit/s", name, bandwidth, measured.Peak)
	}
	switch off := math.Abs(float64(average - measured.Average)); {
	case average == 0:
		a.fail(uri, line, "hls-9.14", "AVERAGE-BANDWIDTH of %s is missing", name)
	case off > 0.1*float64(average):
		a.fail(uri, line, "hls-1.26", "AVERAGE-BANDWIDTH of %s is %d, the measured average is %d bit/s", name, average, measured.Average)
	}
}
