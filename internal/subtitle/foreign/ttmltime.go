package foreign

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// ttmlClock is what the tt element says about times (TTML2 6.2).
type ttmlClock struct {
	fixed      bool    // the caller gave the frame rate
	frames     float64 // ttp:frameRate, the frames in a second of the clock
	multiplier float64 // ttp:frameRateMultiplier; frames * multiplier is the true rate
	subFrames  float64
	ticks      float64 // 0 is not said
	smpte      bool    // ttp:timeBase="smpte": the clock counts frames
	drop       bool    // ttp:dropMode="dropNTSC"
}

func newTTMLClock(rate float64) ttmlClock {
	c := ttmlClock{frames: 30, multiplier: 1, subFrames: 1}
	if rate > 0 {
		c.fixed, c.frames, c.multiplier = true, math.Round(rate), rate/math.Round(rate)
	}
	return c
}

// document reads the parameters of the tt element.
func (r *ttmlReader) document(a map[string]string) {
	c := &r.clock
	if !c.fixed {
		c.frames = positive(a["frameRate"], c.frames)
		if num, den, ok := twoNumbers(strings.ReplaceAll(a["frameRateMultiplier"], ":", " ")); ok && num > 0 && den > 0 {
			c.multiplier = num / den
		}
	}
	c.subFrames = positive(a["subFrameRate"], c.subFrames)
	c.ticks = positive(a["tickRate"], 0)
	c.smpte = a["timeBase"] == "smpte"
	c.drop = c.smpte && a["dropMode"] == "dropNTSC"
	if x, y, ok := twoNumbers(a["cellResolution"]); ok && x >= 1 && y >= 1 {
		r.cells = [2]float64{x, y}
	}
	if w, h, ok := twoNumbers(strings.ReplaceAll(a["extent"], "px", "")); ok && w >= 1 && h >= 1 {
		r.root = [2]float64{w, h}
	}
}

func twoNumbers(s string) (x, y float64, ok bool) {
	parts := strings.Fields(s)
	if len(parts) != 2 {
		return 0, 0, false
	}
	x, err1 := strconv.ParseFloat(parts[0], 64)
	y, err2 := strconv.ParseFloat(parts[1], 64)
	return x, y, err1 == nil && err2 == nil && !math.IsNaN(x+y) && !math.IsInf(x+y, 0)
}

// timing gives an element its times: its own are counted from the begin of the element around it, or in a sequence from the end
// of the one before it, and end no later than the one around it (TTML2 12.2). why says what cannot be read.
func (r *ttmlReader) timing(e, up *ttmlElement, a map[string]string) (why string) {
	from := up.begin
	if up.sequence {
		from = max(up.next, up.begin)
	}
	read := func(name string) (float64, bool) {
		if a[name] == "" {
			return 0, false
		}
		t, ok := r.clock.parse(a[name])
		if !ok {
			why = fmt.Sprintf("%s=%q is no time that TTML knows", name, oneLine(a[name]))
		}
		return t, ok
	}
	e.begin, e.end = from, up.end
	if t, ok := read("begin"); ok {
		e.begin = from + t
	}
	if t, ok := read("end"); ok {
		e.end = min(e.end, from+t)
	}
	if t, ok := read("dur"); ok {
		e.end = min(e.end, e.begin+t)
	}
	e.sequence, e.next = a["timeContainer"] == "seq", e.begin
	return why
}

// parse reads a time expression (TTML2 12.3.1) in seconds: 01:02:03.4, 01:02:03:12, 01:02:03:12.1, 62.5s, 3h, 15m, 200ms, 75f, 1000t.
func (c ttmlClock) parse(s string) (float64, bool) {
	if parts := strings.Split(s, ":"); len(parts) > 1 {
		return c.parseClock(parts)
	}
	digits := strings.TrimRight(s, "hmsft")
	n, ok := plainNumber(digits)
	if !ok {
		return 0, false
	}
	switch unit := s[len(digits):]; unit {
	case "h":
		n *= 3600
	case "m":
		n *= 60
	case "s", "": // a bare number is not allowed, and is meant as seconds
	case "ms":
		n /= 1000
	case "f":
		n /= c.frames * c.multiplier
	case "t":
		rate := c.ticks
		if rate == 0 {
			rate = c.frames * c.subFrames
		}
		n /= rate
	default:
		return 0, false
	}
	return n, n < 3.6e6
}

func (c ttmlClock) parseClock(parts []string) (float64, bool) {
	if len(parts) == 2 { // minutes and seconds: not allowed, and found
		parts = append([]string{"0"}, parts...)
	}
	if len(parts) > 4 {
		return 0, false
	}
	h, ok1 := plainNumber(parts[0])
	m, ok2 := plainNumber(parts[1])
	s, ok3 := plainNumber(strings.Replace(parts[2], ",", ".", 1))
	if !ok1 || !ok2 || !ok3 || h > 999 || m >= 60 || s >= 61 {
		return 0, false
	}
	frames := 0.0
	if len(parts) == 4 {
		whole, sub, _ := strings.Cut(parts[3], ".")
		f, ok := plainNumber(whole)
		if !ok {
			return 0, false
		}
		if frames = f; sub != "" {
			n, ok := plainNumber(sub)
			if !ok {
				return 0, false
			}
			frames += n / c.subFrames
		}
	}
	seconds := h*3600 + m*60 + s
	if !c.smpte {
		return seconds + frames/(c.frames*c.multiplier), true
	}
	total := seconds*c.frames + frames
	if c.drop {
		minutes := h*60 + m
		total -= 2 * (minutes - math.Floor(minutes/10))
	}
	return total / (c.frames * c.multiplier), true
}

// plainNumber reads digits with or without a fraction.
func plainNumber(s string) (float64, bool) {
	if s == "" || strings.Trim(s, "0123456789.") != "" {
		return 0, false
	}
	n, err := strconv.ParseFloat(s, 64)
	return n, err == nil
}
