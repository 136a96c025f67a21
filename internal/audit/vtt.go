package audit

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

var clockForm = regexp.MustCompile(`^(?:(\d{2,5}):)?([0-5]\d):([0-5]\d)\.(\d{3})$`)

// clock reads a WebVTT timestamp.
func clock(text string) (time.Duration, bool) {
	m := clockForm.FindStringSubmatch(text)
	if m == nil {
		return 0, false
	}
	var d time.Duration
	for i, unit := range []time.Duration{time.Hour, time.Minute, time.Second, time.Millisecond} {
		n, _ := strconv.Atoi(m[i+1]) // "" hours are 0
		d += time.Duration(n) * unit
	}
	return d, true
}

// cueTimes reads a cue's timing line.
func cueTimes(line string) (from, to time.Duration, ok bool) {
	left, right, arrow := strings.Cut(line, "-->")
	fields := strings.Fields(right)
	if !arrow || len(fields) == 0 {
		return 0, 0, false
	}
	from, ok1 := clock(strings.TrimSpace(left))
	to, ok2 := clock(fields[0])
	return from, to, ok1 && ok2
}

// cue is one cue of a WebVTT file.
type cue struct {
	from, to time.Duration
	text     string
	line     int // of its timing
}

// cues reads the cues from the lines of a WebVTT file.
func cues(lines []string) []cue {
	var list []cue
	for n := 0; n < len(lines); n++ {
		from, to, ok := cueTimes(lines[n])
		if !ok {
			continue
		}
		end := n + 1
		for end < len(lines) && lines[end] != "" {
			end++
		}
		list = append(list, cue{from, to, strings.Join(lines[n+1:end], "\n"), n + 1})
		n = end
	}
	return list
}

// timestampMap reads the value of X-TIMESTAMP-MAP (RFC 8216, 3.5): how much later than their own clock the cues
// are shown.
func timestampMap(text string) (offset time.Duration, ok bool) {
	var local, ticks bool
	for _, part := range strings.Split(text, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), ":")
		switch name {
		case "LOCAL":
			var d time.Duration
			d, local = clock(value)
			offset -= d
		case "MPEGTS":
			n, err := strconv.ParseUint(value, 10, 33)
			ticks = err == nil
			offset += time.Duration(n) * time.Second / 90000
		}
	}
	return offset, local && ticks
}
