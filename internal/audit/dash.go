package audit

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"filmpress/internal/dash"
	"filmpress/internal/hls"
	"filmpress/internal/media/mp4"
	"filmpress/internal/report"
)

// DASH checks the manifest at mpd against the files it names, and against the HLS presentation whose multivariant playlist
// lies at master: both must offer the same segments and the same languages. master is "" where there is none. What is said of fetch,
// of addresses and of the findings at Release holds here too. Rules are named "dash-..."; their source is ISO/IEC 23009-1.
func DASH(ctx context.Context, fetch Fetch, mpd, master string) []report.Finding {
	d := &dashAuditor{auditor: auditor{ctx: ctx, fetch: fetch}, uri: mpd}
	b, err := fetch(ctx, mpd)
	if err != nil {
		d.fail("", 0, "dash-missing", "%s cannot be fetched: %v", mpd, err)
		d.findings[0].Pos.File = mpd
		return d.findings
	}
	m, findings := dash.Read(mpd, b)
	d.findings = append(d.findings, findings...)
	if len(m.Sets) > 0 {
		d.manifest(m)
		if master != "" {
			d.sameAsHLS(m, master)
		}
	} else if len(findings) == 0 {
		d.fail(mpd, 0, "dash-xml", "the manifest has no AdaptationSet")
	}
	for i := range d.findings {
		if hint := dashHints[d.findings[i].Rule]; d.findings[i].Hint == "" {
			d.findings[i].Hint = hint
		}
	}
	report.Sort(d.findings)
	return d.findings
}

// dashHints are the mends of the rules whose text does not already say it.
var dashHints = map[string]string{
	"dash-missing":   "publish the film again; what the manifest names must be there",
	"dash-bandwidth": "measure the segments: bandwidth is the peak of a representation",
	"dash-timeline":  "write the durations that the segments have, in their timescale",
	"dash-codecs":    "take codecs from the init section's own configuration",
	"dash-hls":       "write both from the same list of segments",
	"dash-language":  `name the language by its BCP 47 tag, "und" where it is not known`,
	"dash-duration":  "write the picture's duration into mediaPresentationDuration, and let every track run to its end",
}

type dashAuditor struct {
	auditor
	uri string
}

// measured is what a representation's segments really are.
type measured struct {
	init   mp4.Track
	starts []time.Duration // of each segment
	length time.Duration
	sample time.Duration // the average
	whole  bool          // every segment could be read
}

func (d *dashAuditor) bytes(line int, uri string) ([]byte, bool) {
	b, err := d.fetch(d.ctx, uri)
	if err != nil {
		d.fail(d.uri, line, "dash-missing", "%s cannot be fetched: %v", uri, err)
	}
	return b, err == nil
}

func (d *dashAuditor) manifest(m dash.Manifest) {
	if m.Type != "static" {
		d.fail(d.uri, 0, "dash-static", "the type is %q: players take the film for a live stream", m.Type)
	}
	if !strings.Contains(m.Profiles, "urn:mpeg:dash:profile:") {
		d.fail(d.uri, 0, "dash-profile", "no profile is named")
	}
	if m.Duration <= 0 {
		d.fail(d.uri, 0, "dash-duration", "mediaPresentationDuration is missing")
	}
	if m.MinBuffer <= 0 {
		d.fail(d.uri, 0, "dash-buffer", "minBufferTime is missing")
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
		if kinds[kind] {
			d.warn(d.uri, s.Line, "dash-language", "two sets of %s have the same language, label and role (%s): viewers cannot tell them apart", s.Type, s.Language)
		}
		kinds[kind] = true
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
	for _, r := range s.Representations {
		switch {
		case r.Unread != "":
			d.find(report.Info, d.uri, r.Line, "dash-not-checked", "the segments of %q are not checked: %s", r.ID, r.Unread)
		case r.File != "":
			d.subtitles(m, r)
		default:
			t := d.rendition(m, r)
			if t == nil || !t.whole {
				continue
			}
			if off := (t.length - m.Duration).Abs(); off > t.sample+time.Millisecond {
				d.fail(d.uri, r.Line, "dash-duration", "%q lasts %s, the film %s: more than a frame apart", r.ID, seconds(t.length), seconds(m.Duration))
			}
			if first == nil {
				first = t
			} else if s.Aligned && !slices.Equal(first.starts, t.starts) {
				d.fail(d.uri, r.Line, "dash-alignment", "segmentAlignment is true, but the segments of %q begin at other times than those of %q", r.ID, s.Representations[0].ID)
			}
		}
	}
}

// rendition reads what a representation names. It is nil where nothing can be said.
func (d *dashAuditor) rendition(m dash.Manifest, r dash.Representation) *measured {
	if r.Init == "" || len(r.Segments) == 0 {
		d.fail(d.uri, r.Line, "dash-representation", "the representation %q has no init section or no segment", r.ID)
		return nil
	}
	at := resolve(d.uri, r.Init)
	b, ok := d.bytes(r.Line, at)
	if !ok {
		return nil
	}
	init, err := mp4.ParseInit(b)
	if err != nil {
		d.fail(at, 0, "dash-segment", "not an init section of one track: %v", err)
		return nil
	}
	d.described(r, init)
	t := &measured{init: init}
	d.segments(r, t)
	return t
}

// described holds the attributes of a representation against its init section.
func (d *dashAuditor) described(r dash.Representation, init mp4.Track) {
	var codec string
	switch init.Codec {
	case "avc1":
		codec = hls.VideoCodec(init.Config)
	case "mp4a":
		codec = hls.AudioCodec(init.Config)
	default:
		d.find(report.Info, d.uri, r.Line, "dash-not-checked", "the codec %s is not checked; only H.264 and AAC are", init.Codec)
	}
	if codec != "" && !strings.EqualFold(r.Codecs, codec) {
		d.fail(d.uri, r.Line, "dash-codecs", "codecs of %q is %q, the init section says %q", r.ID, r.Codecs, codec)
	}
	if init.Video() && (r.Width != init.Width || r.Height != init.Height) {
		d.fail(d.uri, r.Line, "dash-picture", "%q is %dx%d, its picture %dx%d", r.ID, r.Width, r.Height, init.Width, init.Height)
	}
	if init.Codec != "mp4a" {
		return
	}
	if channels := ascChannels(init.Config); r.Channels != 0 && channels != "" && fmt.Sprint(r.Channels) != channels {
		d.fail(d.uri, r.Line, "dash-sound", "AudioChannelConfiguration of %q is %d, the sound has %s channels", r.ID, r.Channels, channels)
	}
	if r.SampleRate != 0 && init.SampleRate != 0 && r.SampleRate != init.SampleRate {
		d.fail(d.uri, r.Line, "dash-sound", "audioSamplingRate of %q is %d, that of the sound %d", r.ID, r.SampleRate, init.SampleRate)
	}
}

// segments holds the timeline against the segments. One segment is in memory at a time.
func (d *dashAuditor) segments(r dash.Representation, t *measured) {
	clock := &track{init: t.init}
	var parts []hls.Part
	var samples int64
	var ticks uint64
	var off []time.Duration // of each segment's declared start and the last one's end, from the truth
	for i, s := range r.Segments {
		at := resolve(d.uri, s.URI)
		b, ok := d.bytes(r.Line, at)
		if !ok {
			return
		}
		fragments, err := mp4.ParseSegment(t.init, b)
		if err != nil || len(fragments) == 0 {
			d.fail(at, 0, "dash-segment", "not a media segment: %v", err)
			return
		}
		start := clock.time(fragments[0].Time)
		off = append(off, r.Time(s.Start)-start)
		if i > 0 && fragments[0].Time != ticks {
			d.fail(at, 0, "dash-timeline", "the segment begins at %s, the one before it ends at %s", seconds(start), seconds(clock.time(ticks)))
			return
		}
		t.starts = append(t.starts, start)
		ticks = fragments[0].Time
		for _, f := range fragments {
			ticks += f.Duration()
			samples += int64(len(f.Samples))
		}
		parts = append(parts, hls.Part{Size: int64(len(b)), Duration: clock.time(ticks) - start})
	}
	t.length, t.whole = clock.time(ticks)-t.starts[0], true
	t.sample = t.length / time.Duration(max(samples, 1))
	off = append(off, r.Time(r.End())-clock.time(ticks))
	if i := slices.IndexFunc(off, func(o time.Duration) bool { return o.Abs() > t.sample+time.Millisecond }); i >= 0 {
		d.fail(d.uri, r.Line, "dash-timeline", "the timeline of %q is off by %s at segment %d, more than one frame", r.ID, seconds(off[i].Abs()), min(i, len(r.Segments)-1))
	}
	d.rates(r, t, parts)
}

// rates holds frameRate and bandwidth against the segments.
func (d *dashAuditor) rates(r dash.Representation, t *measured, parts []hls.Part) {
	if rate := r.FrameRate.Float(); t.init.Video() && rate > 0 && t.sample > 0 {
		if real := float64(time.Second) / float64(t.sample); rate < real-0.01 || rate > real+0.01 {
			d.fail(d.uri, r.Line, "dash-picture", "frameRate of %q is %s, the pictures come at %.3f", r.ID, r.FrameRate, real)
		}
	}
	longest := int(r.Longest().Round(time.Second) / time.Second)
	peak := hls.Measure(parts, max(longest, 1)).Peak
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
	b, ok := d.bytes(r.Line, at)
	if !ok {
		return
	}
	if r.MIME != "text/vtt" {
		d.find(report.Info, d.uri, r.Line, "dash-not-checked", "%q is %s, which is not checked; only text/vtt is", r.ID, r.MIME)
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
		if c.from > m.Duration+slack {
			d.fail(at, c.line, "dash-text", "a cue begins at %s, after the end of the film", seconds(c.from))
			break
		}
	}
}
