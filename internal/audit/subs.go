package audit

import (
	"fmt"
	"strings"
	"time"
)

// textSegment is one segment of subtitles with its cues.
type textSegment struct {
	uri      string
	from, to time.Duration
	cues     []cue
}

func (c cue) same(o cue) bool { return c.from == o.from && c.to == o.to && c.text == o.text }

// trackFile is where a release of ours keeps the whole track, seen from its segments.
const trackFile = "../track.vtt"

// subtitleSource holds the segments of a rendition against the whole track that a release of ours offers beside them:
// the same cues, each in every segment during which it is shown.
func (a *auditor) subtitleSource(t *track, film *track) {
	source := resolve(t.texts[0].uri, trackFile)
	if _, known := a.objects[source]; !known {
		return
	}
	f, ok := a.get(textFile, t.uri, 0, source)
	if !ok {
		return
	}
	a.sources[source] = f.Data
	whole := cues(strings.Split(strings.ReplaceAll(string(f.Data), "\r\n", "\n"), "\n"))
	wanted := count(whole)
	for _, s := range t.texts {
		for key, c := range count(s.cues) {
			if n := wanted[key].n; c.n > n {
				a.fail(s.uri, c.line, "subs-source", "the cue at %s stands %s here and %s in the track, %s", seconds(c.from), times(c.n), times(n), source)
				return
			}
		}
	}
	end := film.duration()
	for _, c := range whole {
		if c.from >= end {
			continue // nobody sees it; publish tells of it
		}
		if s, missing := absent(t.texts, c); missing {
			a.fail(s.uri, 0, "subs-source", "the cue at %s of the track %s is shown during this segment and is not in it", seconds(c.from), source)
			return
		}
	}
}

// absent gives the first segment during which a cue is shown, but in which it is not.
func absent(segments []textSegment, c cue) (textSegment, bool) {
	for _, s := range segments {
		if c.from >= s.to || c.to <= s.from {
			continue
		}
		found := false
		for _, o := range s.cues {
			found = found || c.same(o)
		}
		if !found {
			return s, true
		}
	}
	return textSegment{}, false
}

// counted is a cue with how often it stands in a list.
type counted struct {
	cue
	n int
}

func count(list []cue) map[string]counted {
	out := map[string]counted{}
	for _, c := range list {
		key := fmt.Sprint(c.from, c.to, c.text)
		out[key] = counted{c, out[key].n + 1}
	}
	return out
}

func times(n int) string {
	switch n {
	case 0:
		return "not at all"
	case 1:
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}
