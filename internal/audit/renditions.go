package audit

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"filmpress/internal/hls"
	"filmpress/internal/media/mp4"
)

// rendition judges what an EXT-X-MEDIA names, against the film's pictures.
func (a *auditor) rendition(uri string, r hls.Rendition, pictures []*track) {
	a.characteristics(uri, r)
	if r.URI == "" {
		return
	}
	var film *track
	if len(pictures) > 0 && pictures[0].whole {
		film = pictures[0]
	}
	var t *track
	switch r.Type {
	case "AUDIO":
		t = a.sound(resolve(uri, r.URI), uri, r)
	case "SUBTITLES":
		t = a.text(resolve(uri, r.URI), uri, r.Line, film)
	}
	if t == nil || !t.whole || film == nil {
		return
	}
	if len(t.texts) > 0 {
		a.subtitleSource(t, film)
	}
	rule := "hls-5.5"
	if r.Type == "AUDIO" {
		rule = "hls-2.15"
		a.sameRange(film, t, "the sound "+strconv.Quote(r.Name))
	}
	if d := t.list.Duration() - film.duration(); d.Abs() > slack && (d < 0 || r.Type == "AUDIO") {
		a.fail(t.uri, 0, rule, "%q lasts %s, the film %s", r.Name, seconds(t.list.Duration()), seconds(film.duration()))
	}
}

// characteristics judges the attributes that make a track accessible.
func (a *auditor) characteristics(uri string, r hls.Rendition) {
	has := func(uti string) bool { return strings.Contains(r.Characteristics, uti) }
	switch {
	case has(hls.DescribesVideo) && !r.Autoselect:
		a.fail(uri, r.Line, "hls-2.13", "%q describes the picture and needs AUTOSELECT=YES", r.Name)
	case r.Forced && !r.Autoselect:
		a.warn(uri, r.Line, "hls-5.11", "%q is forced and needs AUTOSELECT=YES", r.Name)
	case has(hls.TranscribesDialog) != has(hls.DescribesMusic):
		a.warn(uri, r.Line, "hls-4.6", "%q has one of the two characteristics of subtitles for the deaf, not both", r.Name)
	case has(hls.TranscribesDialog) && !r.Autoselect:
		a.fail(uri, r.Line, "hls-4.7", "%q is for the deaf and needs AUTOSELECT=YES", r.Name)
	}
}

// sound measures and judges an audio rendition.
func (a *auditor) sound(uri, from string, r hls.Rendition) *track {
	t := a.playlist(uri, from, r.Line)
	if t == nil || t.read {
		return t
	}
	t.read = true
	if !a.fragmented(t, func(string, hls.Segment, mp4.FragmentInfo, time.Duration) {}) || t.opaque {
		return t
	}
	if most, what := mostSound(t.init); most > 0 && t.rates.Average > most+most/10 { // the boxes' own bytes are counted too; silence may need next to nothing
		a.warn(uri, 0, "hls-2.9", "%s of %d bit/s is above %d kb/s", what, t.rates.Average, most/1000)
	}
	if t.init.Codec != "mp4a" {
		a.unchecked(uri, 0, "the sound is coded as %s; only AAC is looked into", t.init.Codec)
		return t
	}
	t.codec = hls.AudioCodec(t.init.Config)
	if heard, known := aac(t.init); r.Channels != "" && known {
		if n, err := strconv.Atoi(strings.SplitN(r.Channels, "/", 2)[0]); err != nil || !heard.Hears(n) {
			a.fail(from, r.Line, "rfc-4.3.4.1", "CHANNELS of %q is %s, the sound has %d", r.Name, r.Channels, heard.Out())
		}
	}
	return t
}

// aac is what the configuration of AAC says; known is false where the number of its channels is not.
func aac(t mp4.Track) (a hls.Audio, known bool) {
	if t.Codec != "mp4a" {
		return a, false
	}
	a, ok := hls.ParseAudio(t.Config)
	return a, ok && a.Out() > 0
}

// channels judges that sounds tell how many channels they have: RFC 8216, 4.3.4.1 advises it, and demands it where two sounds of one
// codec differ.
func (a *auditor) channels(uri string, m hls.Master) {
	counts := map[string]map[int]bool{} // by codec; "" is those of which it is not known
	codecs := map[string]string{}       // by address
	for _, r := range m.Renditions {
		if r.Type != "AUDIO" || r.URI == "" {
			continue
		}
		address := resolve(uri, r.URI)
		t := a.tracks[address]
		if t == nil || t.opaque {
			continue
		}
		n, err := strconv.Atoi(strings.SplitN(r.Channels, "/", 2)[0])
		if err != nil {
			n = t.init.Channels
			if heard, known := aac(t.init); known {
				n = heard.Out()
			}
		}
		codecs[address] = t.init.Codec
		if counts[t.init.Codec] == nil {
			counts[t.init.Codec] = map[int]bool{}
		}
		counts[t.init.Codec][n] = true
	}
	for _, r := range m.Renditions {
		switch codec := codecs[resolve(uri, r.URI)]; {
		case r.Type != "AUDIO" || r.Channels != "":
		case len(counts[codec]) > 1:
			a.fail(uri, r.Line, "rfc-4.3.4.1", "%q has no CHANNELS, and sounds of its codec differ in their number", r.Name)
		default:
			a.mild(uri, r.Line, "rfc-4.3.4.1", "%q has no CHANNELS", r.Name)
		}
	}
}

// mostSound is the highest rate in bit/s that 2.9 advises for sound of a kind; 0 where it names none.
func mostSound(t mp4.Track) (rate int64, what string) {
	heard, known := aac(t)
	switch {
	case t.Codec == "ac-3":
		return 384_000, "AC-3"
	case known && heard.Out() == 2:
		return 160_000, "stereo AAC"
	case known && heard.Out() == 6:
		return 320_000, "AAC in 5.1"
	}
	return 0, ""
}

// stereo judges that whoever hears something can hear AAC stereo.
func (a *auditor) stereo(uri string, m hls.Master) {
	sound := false
	for _, r := range m.Renditions {
		if r.Type != "AUDIO" || r.URI == "" {
			continue
		}
		t := a.tracks[resolve(uri, r.URI)]
		if t == nil || t.opaque || t.init.Codec == "" {
			return // nobody knows
		}
		sound = true
		if heard, known := aac(t.init); known && heard.Hears(2) {
			return
		}
	}
	if sound {
		a.fail(uri, 0, "hls-2.3", "no rendition is AAC stereo")
	}
}

// text judges a subtitle rendition: WebVTT whose clock is the film's. film is nil where it is not known.
func (a *auditor) text(uri, from string, line int, film *track) *track {
	t := a.playlist(uri, from, line)
	if t == nil || t.read {
		return t
	}
	t.read = true
	flight := a.fly(t.segmentWants(textFile))
	defer flight.close()
	var parts []hls.Part
	var at time.Duration
	clock := a.clock(t, film)
	for i, s := range t.list.Segments {
		if s.Gap {
			at += s.Duration
			a.step(s.Duration)
			continue
		}
		f, ok := flight.take(i)
		if !ok {
			return t
		}
		if i == t.first() && foreignText(f.Data) {
			t.opaque = true
			a.unchecked(flight.wants[i].uri, 0, "the subtitles are not WebVTT but something else, such as IMSC in MP4: only their size and declared duration are checked")
		}
		if n := len(f.Data); !t.opaque && n > maxText {
			a.crowded(t, flight.wants[i].uri, "a segment has %d MB", n>>20)
		}
		if !t.opaque {
			list := a.webvtt(flight.wants[i].uri, string(f.Data), clock, at, at+s.Duration)
			if !a.hold(flight.wants[i].uri, len(f.Data)+2*cueWeight*len(list)) {
				return t
			}
			t.texts = append(t.texts, textSegment{flight.wants[i].uri, at, at + s.Duration, list})
			t.cues = append(t.cues, list...)
			if len(t.cues) > maxCues {
				a.crowded(t, t.uri, "there are more than %d cues", maxCues)
			}
		}
		at += s.Duration
		a.step(s.Duration)
		parts = append(parts, hls.Part{Size: int64(len(f.Data)), Duration: s.Duration})
	}
	t.rates, t.whole = hls.Measure(parts, t.list.Target), true
	return t
}

// crowded says of subtitles why no more of them is looked into.
func (a *auditor) crowded(t *track, uri, format string, args ...any) {
	t.opaque, t.texts, t.cues = true, nil, nil
	a.unchecked(uri, 0, "%s, more than a film's subtitles have: only their size and declared duration are checked", fmt.Sprintf(format, args...))
}

// filmClock is what the cues' clock is held against.
type filmClock struct {
	zero   time.Duration // the film's first decode time
	known  bool          // zero is
	single bool          // one clock runs through the whole film
}

// clock is that of the film, nil where it is not known. Where it begins anew, each run has a map of its own, and cues are not held against it.
func (a *auditor) clock(t, film *track) filmClock {
	anew := film == nil && slices.ContainsFunc(t.list.Segments[1:], func(s hls.Segment) bool { return s.Discontinuity })
	if film != nil {
		anew = film.anew
	}
	if anew {
		a.unchecked(t.uri, 0, "the film's clock begins anew at a discontinuity: when the subtitles are shown is not checked")
		return filmClock{}
	}
	if film == nil {
		return filmClock{single: true}
	}
	return filmClock{zero: film.zero, known: true, single: true}
}

// foreignText tells of boxes and XML, in which IMSC comes.
func foreignText(b []byte) bool {
	return bytes.HasPrefix(b, []byte("<?xml")) || len(b) > 8 && slices.Contains([]string{"styp", "moof", "ftyp", "sidx"}, string(b[4:8]))
}

// webvtt judges one segment of subtitles that is in force from start to end. The map must tie the cues' clock to the film's.
func (a *auditor) webvtt(file, text string, clock filmClock, start, end time.Duration) []cue {
	lines := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	if lines[0] != "WEBVTT" && !strings.HasPrefix(lines[0], "WEBVTT ") && !strings.HasPrefix(lines[0], "WEBVTT\t") {
		a.fail(file, 1, "hls-5.3", "not a WebVTT file")
		return nil
	}
	mapped := false
	for n, line := range lines[1:] {
		if stamp, ok := strings.CutPrefix(line, "X-TIMESTAMP-MAP="); ok && !mapped {
			mapped = true
			if offset, ok := timestampMap(stamp); !ok {
				a.fail(file, n+2, "hls-5.3", "%q is no timestamp map", line)
			} else if clock.known && (offset-clock.zero).Abs() > time.Millisecond {
				a.fail(file, n+2, "hls-5.3", "the timestamp map moves the subtitles by %s against the film", seconds(offset-clock.zero))
			}
		}
	}
	if !mapped {
		a.fail(file, 0, "hls-5.3", "X-TIMESTAMP-MAP is missing")
	}
	list := cues(lines)
	for _, c := range list {
		if clock.single && (c.to < start || c.from > end) {
			a.fail(file, c.line, "rfc-3.5", "a cue from %s to %s lies in the segment from %s to %s", seconds(c.from), seconds(c.to), seconds(start), seconds(end))
		}
	}
	return list
}

// textOf is how long the texts of cues are, in bytes.
func textOf(list []cue) (n int) {
	for _, c := range list {
		n += len(c.text)
	}
	return n
}

// forced judges that the regular subtitles of a language hold what its forced ones do: a viewer sees only one.
func (a *auditor) forced(uri string, m hls.Master) {
	for _, f := range m.Renditions {
		t := a.tracks[resolve(uri, f.URI)]
		if f.Type != "SUBTITLES" || !f.Forced || t == nil {
			continue
		}
		for _, r := range m.Renditions {
			regular := a.tracks[resolve(uri, r.URI)]
			if r.Type != f.Type || r.Forced || r.Group != f.Group || r.Language != f.Language || regular == nil {
				continue
			}
			if !a.compare(len(t.cues) * (len(regular.cues) + textOf(regular.cues)/64)) {
				a.unchecked(uri, f.Line, "the forced cues of %q are too many to be held against those of %q", f.Name, r.Name)
				continue
			}
			for _, c := range t.cues {
				if !slices.ContainsFunc(regular.cues, func(o cue) bool { return o.from < c.to && c.from < o.to && strings.Contains(o.text, c.text) }) {
					a.warn(regular.uri, 0, "hls-5.8", "%q lacks the forced cue at %s", r.Name, seconds(c.from))
					break
				}
			}
		}
	}
}
