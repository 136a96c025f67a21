package step

import (
	"cmp"
	"time"

	"filmpress/internal/dash"
	"filmpress/internal/hls"
	"filmpress/internal/plan"
)

// toSlug leads from r/<release>/ to <slug>/, which all addresses of the DASH manifest are below.
const toSlug = "../../"

// manifest finishes the DASH manifest, which lists the same segments as the playlists.
func (k *packer) manifest() {
	m := &k.out.Manifest
	m.Base = toSlug
	if len(k.video.Renditions) > 0 { // the film is as long as its picture; sound may end within a frame of it
		r := k.video.Renditions[0]
		m.Duration = nanoseconds(r.Ticks(), r.Timescale)
	}
	m.Finish()
}

// object is the address of a file of another step's result, below <slug>/.
func (k *packer) object(step, path string) string { return k.media(step, path)[len(toSlug):] }

// representation lists a rendition's segments for DASH. Its bandwidth is the measured peak.
func (k *packer) representation(id, step string, r Rendition, rates hls.Rates) dash.Representation {
	d := dash.Representation{ID: id, Codecs: r.Codecs, Bandwidth: rates.Peak, Timescale: uint64(r.Timescale), Init: k.object(cmp.Or(r.Of, step), r.Init())}
	var at uint64
	for _, s := range r.Segments {
		d.Segments = append(d.Segments, dash.Segment{URI: k.object(cmp.Or(s.Of, step), s.URI), Start: at, Duration: s.Duration})
		at += s.Duration
	}
	return d
}

// dashPicture adds a rung. All rungs of a codec are one set: they are cut at the same frames, each segment at a keyframe. Where
// there are two codecs, a player that can show both is to take the second, which costs less.
func (k *packer) dashPicture(r Rendition, rates hls.Rates) {
	d := k.representation(r.Name, "video", r, rates)
	d.MIME, d.Width, d.Height, d.FrameRate, d.SAR = "video/mp4", r.Width, r.Height, k.p.Rate, "1:1"
	m := &k.out.Manifest
	for i := range m.Sets {
		if m.Sets[i].Codec() == d.Codec() {
			m.Sets[i].Representations = append(m.Sets[i].Representations, d)
			return
		}
	}
	set := dash.Set{Type: "video", Roles: []string{dash.Main}, Aligned: true, StartWithSAP: 1, Representations: []dash.Representation{d}}
	if len(m.Sets) > 0 {
		set.Priority = len(m.Sets) + 1
	}
	m.Sets = append(m.Sets, set)
}

// dashSound adds a sound track, a set of its own: players offer sets as languages.
func (k *packer) dashSound(step string, r Rendition, sound hls.Sound) {
	d := k.representation(step, step, r, sound.Rates)
	d.MIME, d.Channels, d.SampleRate = "audio/mp4", r.Channels, int(r.Timescale) // the timescale of our sound is its sample rate
	set := dash.Set{Type: "audio", Language: cmp.Or(sound.Language, "und"), Label: sound.Name, Roles: []string{dash.Alternate}, Aligned: true, StartWithSAP: 1,
		Representations: []dash.Representation{d}}
	if sound.Default {
		set.Roles = []string{dash.Main}
	}
	if sound.DescribesVideo {
		set.Roles, set.Accessibility = append(set.Roles, dash.Description), dash.Description
	}
	k.out.Manifest.Sets = append(k.out.Manifest.Sets, set)
}

// dashText adds a subtitle track. Players of DASH take a WebVTT file whole, so there is nothing to cut.
func (k *packer) dashText(t plan.TrackLabel, text hls.Text, size int64) {
	rates := hls.Measure([]hls.Part{{Size: size, Duration: max(k.p.Duration, time.Second)}}, target(k.p.Segment))
	set := dash.Set{Type: "text", Language: cmp.Or(text.Language, "und"), Label: text.Name, Roles: []string{dash.Subtitle},
		Representations: []dash.Representation{{ID: t.Step, MIME: "text/vtt", Bandwidth: max(rates.Average, 1), File: k.object(t.Step, trackVTT)}}}
	switch {
	case text.Forced:
		set.Roles = []string{dash.ForcedSubtitle}
	case text.SDH:
		set.Roles, set.Accessibility = []string{dash.Caption}, dash.Caption
	}
	k.out.Manifest.Sets = append(k.out.Manifest.Sets, set)
}
