package audit

import (
	"fmt"
	"sort"
	"strings"
	"time"
)

// textSegment is one segment of subtitles with its cues.
type textSegment struct {
	uri      string
	from, to time.Duration
	cues     []cue
}

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
	if !a.hold(source, len(f.Data)) {
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
	held := newHeld(t.texts)
	for _, c := range whole {
		if c.from >= end {
			continue // nobody sees it; publish tells of it
		}
		if s, missing := held.absent(c); missing {
			a.fail(s.uri, 0, "subs-source", "the cue at %s of the track %s is shown during this segment and is not in it", seconds(c.from), source)
			return
		}
	}
}

// shown is a cue without its place in a file.
type shown struct {
	from, to time.Duration
	text     string
}

// held are segments, and what is shown in each.
type held struct {
	segments []textSegment
	cues     []map[shown]bool
	seen     map[shown]bool
}

func newHeld(segments []textSegment) *held {
	h := &held{segments, make([]map[shown]bool, len(segments)), map[shown]bool{}}
	for i, s := range segments {
		h.cues[i] = make(map[shown]bool, len(s.cues))
		for _, c := range s.cues {
			h.cues[i][shown{c.from, c.to, c.text}] = true
		}
	}
	return h
}

// absent gives the first segment during which a cue is shown, but in which it is not. Each is asked for once, and then for the segments alone that
// come one after another during it, so that all of it takes no longer than the segments have cues.
func (h *held) absent(c cue) (textSegment, bool) {
	key := shown{c.from, c.to, c.text}
	if h.seen[key] {
		return textSegment{}, false
	}
	h.seen[key] = true
	first := sort.Search(len(h.segments), func(i int) bool { return h.segments[i].to > c.from })
	for i := first; i < len(h.segments) && h.segments[i].from < c.to; i++ {
		if !h.cues[i][key] {
			return h.segments[i], true
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
