package rules

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"filmpress/internal/report"
	"filmpress/internal/subtitle"
	"filmpress/internal/subtitle/align"
)

// NeedsSpeech says whether a rule is on for which CheckFilm wants to know where somebody speaks.
func (s Settings) NeedsSpeech() bool {
	return s.Level("media-coverage") != Off || s.Level("sync-start") != Off || s.Level("sync-end") != Off || s.Level("sync-drift") != Off
}

// NeedsCuts says the same of shot changes, for which the whole picture has to be decoded.
func (s Settings) NeedsCuts() bool { return s.Level("shot-change") != Off }

// CheckFilm judges a track by its film. What is not known of the film is not judged, and where the speech that was
// detected does not fit the track at any timing, no rule that goes by speech complains: then it cannot be told.
func CheckFilm(t *subtitle.Track, film Film, s Settings) []report.Finding {
	if s.FrameRate == 0 {
		s.FrameRate = film.FrameRate
	}
	j := filmJudge{judge: judge{t: t, s: s}, film: film, frame: time.Duration(float64(time.Second) / s.frameRate())}
	for i, c := range t.Cues {
		if c.End > c.Start { // else the reader has a finding on it
			j.of = append(j.of, i)
		}
	}
	slices.SortStableFunc(j.of, func(a, b int) int { return cmp.Compare(t.Cues[a].Start, t.Cues[b].Start) })
	for _, i := range j.of {
		j.cues = append(j.cues, align.Span{Start: t.Cues[i].Start, End: t.Cues[i].End})
	}
	for _, w := range film.Speech {
		j.speech = append(j.speech, align.Span(w))
	}
	j.end()
	j.coverage()
	if len(j.speech) > 0 && j.drift() {
		j.words()
	}
	j.cuts()
	return j.result()
}

// filmJudge is one check of one track against its film.
type filmJudge struct {
	judge
	film   Film
	frame  time.Duration
	cues   []align.Span // those with a length, by their start
	of     []int        // their indexes in the track
	speech []align.Span
}

// limit is a threshold in ms, or one in frames where that is more.
func (j *filmJudge) limit(rule string) time.Duration {
	ms := time.Duration(j.s.Value(rule, "max", "") * float64(time.Millisecond))
	return max(ms, time.Duration(j.s.Value(rule, "frames", "")*float64(j.frame)))
}

// end finds cues past the film's end.
func (j *filmJudge) end() {
	if j.film.Duration <= 0 {
		return
	}
	for k, c := range j.cues {
		switch {
		case c.Start >= j.film.Duration:
			f, ok := j.finding("media-after-end", fmt.Sprintf("the film is over after %s s; this cue is never shown", seconds(j.film.Duration)), "check that the subtitle belongs to this film; if so, correct its times (filmpress subs sync)")
			j.atTiming(j.of[k], f, ok)
		case c.End > j.film.Duration+j.frame:
			f, ok := j.milder("media-after-end", fmt.Sprintf("the cue ends after the film, which is over after %s s", seconds(j.film.Duration)), "end it with the film")
			j.atTiming(j.of[k], f, ok)
		}
	}
}

// coverage finds where speech has no cues. A forced track has them for little of it.
func (j *filmJudge) coverage() {
	if len(j.cues) == 0 || j.s.Level("media-coverage") == Off || j.s.Kind == subtitle.Forced {
		return
	}
	last := len(j.cues) - 1
	share := j.s.Value("media-coverage", "end", "")
	early := j.cues[last].End < time.Duration(share*float64(j.film.Duration))
	rest := align.Span{Start: j.cues[last].End, End: j.film.Duration}
	silent := j.film.Speech != nil && align.Overlap(j.speech, rest) < silence
	if early && !silent {
		f, ok := j.finding("media-coverage", fmt.Sprintf("this is the last cue, but the film goes on until %s", clock(j.film.Duration)), "look whether the end of the subtitle was lost, or not translated")
		j.atTiming(j.of[last], f, ok)
	}
	j.gaps(early)
}

// silence is how much speech is none: the detector takes a cough for a word.
const silence = 2 * time.Second

// gaps finds long speech between two cues; after the last only where that has no finding already.
func (j *filmJudge) gaps(endIsFound bool) {
	most := time.Duration(j.s.Value("media-coverage", "silence", "") * float64(time.Second))
	gap := align.Span{}
	for k := range len(j.cues) + 1 {
		if gap.End = j.film.Duration; k < len(j.cues) {
			gap.End = j.cues[k].Start
		} else if endIsFound {
			return
		}
		if said := align.Overlap(j.speech, gap); said > most {
			f, ok := j.finding("media-coverage", fmt.Sprintf("from %s to %s there is no cue, but somebody speaks for %d s of it", clock(gap.Start), clock(gap.End), int(said.Seconds())), "look whether text is missing there")
			j.atTiming(j.of[max(k-1, 0)], f, ok)
		}
		if k < len(j.cues) {
			gap.Start = max(gap.Start, j.cues[k].End)
		}
	}
}

// drift finds a track that is late, early or of another speed as a whole. It says whether the single cues can be judged.
func (j *filmJudge) drift() bool {
	r := align.ToSpeech(j.cues, align.Speech{Spans: j.speech, Duration: j.film.Duration, Confidence: 1}, align.Options{})
	if !r.Sure() {
		return false
	}
	off, most := r.Worst(j.cues), time.Duration(j.s.Value("sync-drift", "shift", "")*float64(time.Millisecond))
	if off < most {
		return true
	}
	f, ok := j.finding("sync-drift", "the track is out of time with the film: "+r.String(), "let it be set right: filmpress subs sync FILE --film FILM")
	j.atFile(f, ok)
	return false
}

// words finds cues that begin or end far from the words spoken during them.
func (j *filmJudge) words() {
	late, long := j.limit("sync-start"), j.limit("sync-end")
	used := time.Duration(0) // when the screen was last in use
	for k, c := range j.cues {
		before := used
		used = max(used, c.End)
		said := align.Within(j.speech, c)
		if len(said) == 0 || before > c.Start || k+1 < len(j.cues) && j.cues[k+1].Start < c.End {
			continue // of two cues at a time nobody can tell whose words are heard
		}
		first, last := said[0], said[len(said)-1]
		switch {
		case first.Start-c.Start > late:
			f, ok := j.finding("sync-start", fmt.Sprintf("the cue appears %s s before the first word", tenths(first.Start-c.Start)), "set its start to the first word")
			j.atTiming(j.of[k], f, ok)
		case first.Start >= before && c.Start-first.Start > late:
			f, ok := j.finding("sync-start", fmt.Sprintf("the cue appears %s s after the first word", tenths(c.Start-first.Start)), "set its start to the first word")
			j.atTiming(j.of[k], f, ok)
		}
		if c.End-last.End > long {
			f, ok := j.finding("sync-end", fmt.Sprintf("the cue stays for %s s after the last word", tenths(c.End-last.End)), "set its end to half a second after the last word")
			j.atTiming(j.of[k], f, ok)
		}
	}
}

// cuts finds cues that begin or end near a shot change, but not on it.
func (j *filmJudge) cuts() {
	if j.s.Level("shot-change") == Off {
		return
	}
	within := time.Duration(j.s.Value("shot-change", "within", "") * float64(time.Millisecond))
	on := time.Duration((j.s.Value("shot-change", "frames", "") + 0.5) * float64(j.frame)) // half a frame for rounding
	for k, c := range j.cues {
		for _, e := range []struct {
			at         time.Duration
			what, mend string
		}{{c.Start, "begins", "begin on the cut"}, {c.End, "ends", "end two frames before the cut"}} {
			cut, ok := nearestCut(j.film.Cuts, e.at)
			off := (e.at - cut).Abs()
			if !ok || off > within || off <= on {
				continue
			}
			side := "after"
			if e.at < cut {
				side = "before"
			}
			f, ok := j.finding("shot-change", fmt.Sprintf("the cue %s %d ms %s the cut at %s", e.what, off.Milliseconds(), side, clock(cut)), e.mend)
			j.atTiming(j.of[k], f, ok)
		}
	}
}

// nearestCut is the cut that is next to a time; ok is false where there is none.
func nearestCut(cuts []time.Duration, t time.Duration) (cut time.Duration, ok bool) {
	i, _ := slices.BinarySearch(cuts, t)
	for _, k := range []int{i - 1, i} {
		if k >= 0 && k < len(cuts) && (!ok || (cuts[k]-t).Abs() < (cut-t).Abs()) {
			cut, ok = cuts[k], true
		}
	}
	return cut, ok
}

func clock(d time.Duration) string { return subtitle.FormatTime(d, '.') }

// tenths is a time in seconds, as exact as an ear is.
func tenths(d time.Duration) string { return fmt.Sprintf("%.1f", d.Seconds()) }
