package audit

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"filmpress/internal/dash"
	"filmpress/internal/hls"
	"filmpress/internal/media/mp4"
	"filmpress/internal/report"
)

const dashName = "manifest.mpd"

// dash judges the DASH manifest where one lies beside the release's playlists.
func (a *auditor) dash(m Manifest) {
	uri := m.Base + "r/" + m.ID + "/" + dashName
	if !a.known(uri) || a.stop != nil {
		return
	}
	if f, ok := a.get(otherFile, uri, 0, uri); ok {
		a.mpd(uri, f.Data)
	} else if a.stop == nil {
		a.retell(want{uri: uri})
	}
}

// mpd holds a manifest (ISO/IEC 23009-1) against the files it names, and against the HLS beside it: both must offer the
// same segments and the same languages.
func (a *auditor) mpd(uri string, b []byte) {
	if most := limits[playlistFile]; int64(len(b)) > most {
		a.fail(uri, 0, "ref-many", "the manifest has %d MB; more than %d are not read", len(b)>>20, most>>20)
		return
	}
	m, findings := dash.Read(uri, b)
	a.add(findings)
	a.dashed = m
	switch {
	case len(m.Sets) > 0:
		d := &dashAuditor{auditor: a, uri: uri, lists: a.renditionLists()}
		d.manifest(m)
		d.sameAsHLS(m)
	case len(findings) == 0:
		a.fail(uri, 0, "dash-xml", "the manifest has no AdaptationSet")
	}
}

type dashAuditor struct {
	*auditor
	uri   string
	frame time.Duration     // the longest sample seen so far, usually a picture
	lists map[string]*track // the HLS playlists of pictures and sound, by the address of the init section
}

// measured is what a representation's segments really are.
type measured struct {
	init   mp4.Track
	starts []time.Duration // of each segment
	parts  []hls.Part
	end    time.Duration // of the last segment
	sample time.Duration // the average
	target int           // seconds; what a peak is measured over depends on it
}

func (t *measured) length() time.Duration { return t.end - t.starts[0] }

// bytes reads a file that the manifest names, unless it was told already that this is not possible.
func (d *dashAuditor) bytes(k kind, line int, uri string) ([]byte, bool) {
	if d.stop != nil || d.gone[uri] {
		return nil, false
	}
	f, ok := d.get(k, d.uri, line, uri)
	if last := len(d.findings) - 1; !ok && d.stop == nil && d.findings[last].Rule == "hls-missing" {
		d.findings[last].Rule, d.findings[last].Hint = "dash-missing", mend("dash-missing")
	}
	return f.Data, ok
}

func (d *dashAuditor) manifest(m dash.Manifest) {
	if m.Type != "static" {
		d.fail(d.uri, 0, "dash-static", "the type is %q: players take the film for a live stream", m.Type)
	}
	if !strings.Contains(m.Profiles, "urn:mpeg:dash:profile:") {
		d.fail(d.uri, 0, "dash-profile", "no profile is named")
	}
	if m.Duration <= 0 {
		d.fail(d.uri, 0, "dash-duration", "mediaPresentationDuration is missing, or none")
	}
	if m.MinBuffer <= 0 {
		d.fail(d.uri, 0, "dash-buffer", "minBufferTime is missing, or none")
	}
	ids := map[string]bool{}
	kinds := map[string]bool{}
	for _, s := range m.Sets {
		if len(s.Representations) == 0 {
			d.fail(d.uri, s.Line, "dash-representation", "the set has no Representation")
		}
		if s.Type != "video" && s.Language == "" {
			d.fail(d.uri, s.Line, "dash-language", "a set of %s has no lang", s.Type)
		}
		kind := fmt.Sprint(s.Type, " ", s.Language, " ", s.Label, " ", s.Roles)
		if s.Type == "video" { // the same picture in another codec; a player takes one that it can show
			kind += " " + s.Codec()
		}
		if kinds[kind] {
			d.warn(d.uri, s.Line, "dash-language", "two sets of %s have the same language, label and role (%s): viewers cannot tell them apart", s.Type, s.Language)
		}
		kinds[kind] = true
		if i := slices.IndexFunc(s.Representations, func(r dash.Representation) bool { return r.Codec() != s.Codec() }); i > 0 {
			d.warn(d.uri, s.Representations[i].Line, "dash-codecs", "%q is %s, others of its set are %s: players cannot switch between them", s.Representations[i].ID, s.Representations[i].Codecs, s.Codec())
		}
		for _, r := range s.Representations {
			if r.ID == "" || ids[r.ID] {
				d.fail(d.uri, r.Line, "dash-representation", "the id %q is not unique", r.ID)
			}
			ids[r.ID] = true
			if r.Bandwidth <= 0 {
				d.fail(d.uri, r.Line, "dash-bandwidth", "the representation %q has no bandwidth", r.ID)
			}
			if r.MIME == "" {
				d.fail(d.uri, r.Line, "dash-representation", "the representation %q has no mimeType", r.ID)
			}
		}
		d.set(m, s)
	}
}

// set judges the representations of a set, by themselves and against each other.
func (d *dashAuditor) set(m dash.Manifest, s dash.Set) {
	var first *measured
	var name string
	for _, r := range s.Representations {
		switch {
		case r.Unread != "":
			d.unchecked(d.uri, r.Line, "the segments of %q are not checked: %s", r.ID, r.Unread)
		case r.File != "":
			d.subtitles(m, r)
		default:
			t, ok := d.rendition(r)
			if !ok {
				continue
			}
			d.frame = max(d.frame, t.sample)
			if off := (t.length() - m.Length()).Abs(); m.Length() > 0 && off > d.frame+time.Millisecond {
				severity := report.Warn // as for the playlists
				if off > slack {
					severity = report.Error
				}
				d.find(severity, d.uri, r.Line, "dash-duration", "%q lasts %s, the film %s: more than a frame apart", r.ID, seconds(t.length()), seconds(m.Length()))
			}
			if first == nil {
				first, name = t, r.ID
			} else if s.Aligned && !slices.Equal(first.starts, t.starts) {
				d.fail(d.uri, r.Line, "dash-alignment", "segmentAlignment is true, but the segments of %q begin at other times than those of %q", r.ID, name)
			}
		}
	}
}

// rendition measures what a representation names, and judges it. It fails where nothing can be said, which is told.
func (d *dashAuditor) rendition(r dash.Representation) (*measured, bool) {
	if r.Init == "" || len(r.Segments) == 0 {
		d.fail(d.uri, r.Line, "dash-representation", "the representation %q has no init section or no segment", r.ID)
		return nil, false
	}
	t := &measured{}
	if list := d.lists[resolve(d.uri, r.Init)]; list != nil && list.read && slices.Equal(d.files(r), list.files()) {
		if t.init = list.init; !list.known {
			return nil, false // told with the playlist
		}
		d.described(r, t.init)
		t.of(list)
	} else if !d.header(r, t) || !d.read(r, t) {
		return nil, false
	}
	d.timeline(r, t)
	d.rates(r, t)
	return t, true
}

// files are the addresses of a representation's segments.
func (d *dashAuditor) files(r dash.Representation) []string {
	out := make([]string, len(r.Segments))
	for i, s := range r.Segments {
		out[i] = resolve(d.uri, s.URI)
	}
	return out
}

// of takes what was measured of a playlist with the same segments, so that they are read once.
func (t *measured) of(list *track) {
	base := list.zero
	for _, s := range list.segments {
		t.starts = append(t.starts, base+s.start)
		t.parts = append(t.parts, hls.Part{Size: s.size, Duration: s.end - s.start})
	}
	t.end, t.sample, t.target = base+list.duration(), list.sample(), list.list.Target
}

// header reads the init section.
func (d *dashAuditor) header(r dash.Representation, t *measured) bool {
	at := resolve(d.uri, r.Init)
	b, ok := d.bytes(initFile, r.Line, at)
	if !ok {
		return false
	}
	var err error
	if t.init, err = mp4.ParseInit(b); err != nil {
		d.fail(at, 0, "dash-segment", "not an init section of one track: %v", err)
		return false
	}
	d.described(r, t.init)
	return true
}

// described holds the attributes of a representation against its init section.
func (d *dashAuditor) described(r dash.Representation, init mp4.Track) {
	var codec string
	switch init.Codec {
	case "mp4a":
		codec = hls.AudioCodec(init.Config)
	default:
		codec = hls.VideoCodec(init.Codec, init.Config)
	}
	if codec == "" {
		d.unchecked(d.uri, r.Line, "the codec %s is not checked; only H.264, HEVC, AV1 and AAC are", init.Codec)
	}
	if codec != "" && !strings.EqualFold(r.Codecs, codec) && !hls.SameCodec(r.Codecs, init.Codec, init.Config) {
		d.fail(d.uri, r.Line, "dash-codecs", "codecs of %q is %q, the init section says %q", r.ID, r.Codecs, codec)
	}
	if init.Video() && (r.Width != init.Width || r.Height != init.Height) {
		d.fail(d.uri, r.Line, "dash-picture", "%q is %dx%d, its picture %dx%d", r.ID, r.Width, r.Height, init.Width, init.Height)
	}
	if init.Codec != "mp4a" {
		return
	}
	if sound, ok := hls.ParseAudio(init.Config); ok && r.Channels != 0 && sound.Out() != 0 && !sound.Hears(r.Channels) {
		d.fail(d.uri, r.Line, "dash-sound", "AudioChannelConfiguration of %q is %d, the sound has %d channels", r.ID, r.Channels, sound.Out())
	}
	if r.SampleRate != 0 && init.SampleRate != 0 && r.SampleRate != init.SampleRate {
		d.fail(d.uri, r.Line, "dash-sound", "audioSamplingRate of %q is %d, that of the sound %d", r.ID, r.SampleRate, init.SampleRate)
	}
}

// read measures segments that no playlist names as the manifest does.
func (d *dashAuditor) read(r dash.Representation, t *measured) bool {
	clock := &track{init: t.init}
	var samples int64
	var ticks uint64
	for i, at := range d.files(r) {
		b, ok := d.bytes(segmentFile, r.Line, at)
		if !ok {
			return false
		}
		fragments, err := mp4.ParseSegment(t.init, b)
		if err != nil || len(fragments) == 0 {
			d.fail(at, 0, "dash-segment", "not a media segment: %s", reason(err))
			return false
		}
		start := clock.time(fragments[0].Time)
		for n, f := range fragments {
			if (i > 0 || n > 0) && f.Time != ticks {
				d.fail(at, 0, "dash-timeline", "a fragment begins at %s, the one before it ends at %s", seconds(clock.time(f.Time)), seconds(clock.time(ticks)))
				return false
			}
			ticks = f.Time + f.Duration()
			samples += int64(len(f.Samples))
		}
		t.starts = append(t.starts, start)
		t.end = clock.time(ticks)
		t.parts = append(t.parts, hls.Part{Size: int64(len(b)), Duration: t.end - start})
	}
	t.sample = t.length() / time.Duration(max(samples, 1))
	return true
}

// timeline holds the declared times against the segments: each may be off by one frame.
func (d *dashAuditor) timeline(r dash.Representation, t *measured) {
	for i := range len(t.starts) + 1 {
		declared, real := r.End(), t.end
		if i < len(t.starts) {
			declared, real = r.Segments[i].Start, t.starts[i]
		}
		if off := (r.Time(declared) - real).Abs(); off > t.sample+time.Millisecond {
			d.fail(d.uri, r.Line, "dash-timeline", "the timeline of %q is off by %s at segment %d, more than one frame", r.ID, seconds(off), min(i, len(t.starts)-1))
			return
		}
	}
}

// rates holds frameRate and bandwidth against the segments.
func (d *dashAuditor) rates(r dash.Representation, t *measured) {
	if rate := r.FrameRate.Float(); t.init.Video() && rate > 0 && t.sample > 0 {
		if real := float64(time.Second) / float64(t.sample); rate < real-0.01 || rate > real+0.01 {
			d.fail(d.uri, r.Line, "dash-picture", "frameRate of %q is %s, the pictures come at %.3f", r.ID, r.FrameRate, real)
		}
	}
	target := t.target // a film that is over before its first whole segment has none as long as that
	if target == 0 {
		target = max(1, int(r.Longest().Round(time.Second)/time.Second))
	}
	peak := hls.Measure(t.parts, target).Peak
	switch {
	case r.Bandwidth <= 0: // told already
	case peak > r.Bandwidth+r.Bandwidth/1000:
		d.fail(d.uri, r.Line, "dash-bandwidth", "bandwidth of %q is %d, the measured peak is %d bit/s", r.ID, r.Bandwidth, peak)
	case float64(r.Bandwidth) > 1.5*float64(peak):
		d.warn(d.uri, r.Line, "dash-bandwidth", "bandwidth of %q is %d, far above the measured peak of %d bit/s", r.ID, r.Bandwidth, peak)
	}
}

// subtitles judges a track that is one WebVTT file.
func (d *dashAuditor) subtitles(m dash.Manifest, r dash.Representation) {
	at := resolve(d.uri, r.File)
	b, ok := d.sources[at]
	if !ok {
		if b, ok = d.bytes(textFile, r.Line, at); !ok {
			return
		}
	}
	if r.MIME != "text/vtt" {
		d.unchecked(d.uri, r.Line, "%q is %s, which is not checked; only text/vtt is", r.ID, r.MIME)
		return
	}
	lines := strings.Split(strings.ReplaceAll(strings.TrimPrefix(string(b), "\ufeff"), "\r\n", "\n"), "\n")
	if lines[0] != "WEBVTT" && !strings.HasPrefix(lines[0], "WEBVTT ") && !strings.HasPrefix(lines[0], "WEBVTT\t") {
		d.fail(at, 1, "dash-text", "not a WebVTT file")
		return
	}
	list := cues(lines)
	if len(list) == 0 {
		d.warn(at, 0, "dash-text", "the track has no cue")
	}
	for _, c := range list {
		if m.Length() > 0 && c.from > m.Length()+slack {
			d.warn(at, c.line, "dash-text", "a cue begins at %s, after the end of the film", seconds(c.from))
			break
		}
	}
}
