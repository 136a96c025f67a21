package rules

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"filmpress/internal/subtitle"
)

// limits are the thresholds in force, looked up once a track.
type limits struct {
	width                  widths
	minDuration, maxLength time.Duration
	least                  time.Duration // minDuration where its rule is on
	maxGap                 time.Duration // gaps from here on are left alone
	minGap, bridge         float64       // frames
	rate                   float64       // frames a second
	cps, wpm               float64
	line                   float64
	lines                  int
	balance                float64
}

func newLimits(s Settings, lang string) limits {
	v := func(rule, param string) float64 { return s.Value(rule, param, lang) }
	ms := func(rule, param string) time.Duration {
		return time.Duration(v(rule, param) * float64(time.Millisecond))
	}
	speed := "max"
	switch {
	case s.Children:
		speed = "max-child"
	case s.Kind == subtitle.SDH:
		speed = "max-sdh"
	}
	least := ms("cue-min-duration", "min")
	if s.Level("cue-min-duration") == Off {
		least = 0
	}
	return limits{
		least:       least,
		width:       widths{line: v("line-length", "narrow"), speed: v("cue-cps", "narrow")},
		minDuration: ms("cue-min-duration", "min"), maxLength: ms("cue-max-duration", "max"),
		maxGap: ms("cue-gap-bridge", "max"), minGap: v("cue-min-gap", "frames"), bridge: v("cue-gap-bridge", "min"),
		rate: s.frameRate(), cps: v("cue-cps", speed), wpm: v("cue-wpm", "max"),
		line: v("line-length", "max"), lines: int(v("cue-lines", "max")), balance: v("line-balance", "min"),
	}
}

// inTime runs the rules on times, the cues in the order of their starts.
func (j *judge) inTime() {
	cues := j.t.Cues
	var order []int // nil where it is that of the file, as in nearly every one
	for i := 1; i < len(cues); i++ {
		if cues[i].Start >= cues[i-1].Start {
			continue
		}
		if order == nil {
			for k := range cues {
				order = append(order, k)
			}
		}
		if j.t.Format == subtitle.SRT { // in WebVTT the reader finds it
			f, ok := j.finding("srt-order", "this cue begins before the one above it", "put the cues in the order of their times")
			j.atTiming(i, f, ok)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(cues[a].Start, cues[b].Start) })
	last := -1 // the cue that was shown last
	for k := range cues {
		i := k
		if order != nil {
			i = order[k]
		}
		c := &cues[i]
		if c.End <= c.Start || isBlank(c.Raw) {
			continue // the reader has a finding on it
		}
		j.duration(i, c)
		if !j.together(i, c) && last >= 0 {
			j.gap(last, i)
		}
		if last < 0 || c.End > cues[last].End {
			last = i
		}
	}
}

// tolerance is how far a cue may be over the longest time: seven seconds of frames are 7.007 s at 23.976 a second.
const tolerance = 10 * time.Millisecond

func (j *judge) duration(i int, c *subtitle.Cue) {
	switch d := c.End - c.Start; {
	case d < j.limit.minDuration && j.listed("cue-min-duration"):
		f, ok := j.finding("cue-min-duration", fmt.Sprintf("this cue is shown for %s s, shorter than %s s", seconds(d), seconds(j.limit.minDuration)),
			"end it later, or put it together with its neighbour")
		j.atTiming(i, f, ok)
	case d > j.limit.maxLength+tolerance && j.listed("cue-max-duration"):
		f, ok := j.finding("cue-max-duration", fmt.Sprintf("this cue is shown for %s s, longer than %s s", seconds(d), seconds(j.limit.maxLength)),
			"end it earlier, or divide it")
		j.atTiming(i, f, ok)
	}
}

// maxActive is how many cues that are shown at once are compared with the next one.
const maxActive = 8

// together judges a cue against those that are still shown when it begins. It reports whether there are any.
func (j *judge) together(i int, c *subtitle.Cue) bool {
	cues := j.t.Cues
	still := j.active[:0]
	for _, a := range j.active {
		if cues[a].End > c.Start {
			still = append(still, a)
		}
	}
	shown := len(still) > 0
	for _, a := range slices.Backward(still) {
		if cues[a].Raw == c.Raw {
			if !j.listed("cue-duplicate") {
				break
			}
			f, ok := j.finding("cue-duplicate", fmt.Sprintf("the same text is shown already by the cue on line %d", j.lineOf(a)), "take one of the two out")
			j.atTiming(i, f, ok)
			break
		}
		if samePlace(&cues[a], c) {
			j.overlap(a, i)
			break
		}
	}
	if len(still) == maxActive {
		still = append(still[:0], still[1:]...)
	}
	j.active = append(still, i)
	return shown
}

func (j *judge) overlap(earlier, i int) {
	if !j.listed("cue-overlap") {
		return
	}
	cues, level := j.t.Cues, j.finding
	if j.t.Format == subtitle.WebVTT {
		level = j.milder
	}
	f, ok := level("cue-overlap", fmt.Sprintf("this cue begins %s s before the one on line %d ends", seconds(cues[earlier].End-cues[i].Start), j.lineOf(earlier)),
		"end that one earlier, or put both texts into one cue")
	j.atTiming(i, f, ok)
}

// lineOf is the line of a cue's times.
func (j *judge) lineOf(i int) int { return j.t.AtTiming(i, noFinding).Pos.Line }

// samePlace says whether two cues stand on the same part of the picture, so that one hides or moves the other.
func samePlace(a, b *subtitle.Cue) bool {
	if strings.Contains(a.Raw, `\pos(`) || strings.Contains(b.Raw, `\pos(`) {
		return false
	}
	x, y := a.Settings(), b.Settings()
	return x.Region == y.Region && x.Vertical == y.Vertical && x.Line == y.Line && x.Position == y.Position
}

// gap judges the time between two cues that nothing is shown in.
func (j *judge) gap(last, i int) {
	cues := j.t.Cues
	gap := cues[i].Start - cues[last].End
	if gap <= 0 || gap >= j.limit.maxGap && gap > time.Second {
		return
	}
	frames := math.Round(gap.Seconds() * j.limit.rate) // a file made at another rate has its own two frames
	switch short := frames < j.limit.minGap && j.s.Level("cue-min-gap") != Off; {
	case short && j.listed("cue-min-gap"):
		f, ok := j.finding("cue-min-gap", fmt.Sprintf("the gap above this cue is %d ms, under %g frames", gap.Milliseconds(), j.limit.minGap),
			"end the cue above earlier: "+j.endFor(i))
		j.atTiming(i, f, ok)
	case !short && frames >= j.limit.bridge && gap < j.limit.maxGap && j.listed("cue-gap-bridge"):
		f, ok := j.finding("cue-gap-bridge", fmt.Sprintf("the gap above this cue is %d ms; the text blinks off and on again", gap.Milliseconds()),
			"end the cue above later: "+j.endFor(i))
		j.atTiming(i, f, ok)
	}
}

// endFor is the time at which the cue above cue i should end.
func (j *judge) endFor(i int) string {
	sep := byte(',')
	if j.t.Format == subtitle.WebVTT {
		sep = '.'
	}
	frames := time.Duration(max(j.limit.minGap, 0) / j.limit.rate * float64(time.Second))
	return subtitle.FormatTime((j.t.Cues[i].Start - frames).Truncate(time.Millisecond), sep)
}

// isBlank says whether a payload shows nothing.
func isBlank(raw string) bool {
	return raw == "" || raw[0] <= ' ' && strings.TrimSpace(raw) == ""
}
