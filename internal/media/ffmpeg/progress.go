package ffmpeg

import (
	"bufio"
	"io"
	"strconv"
	"strings"
	"time"
)

// Progress is what ffmpeg says of itself, about twice a second.
type Progress struct {
	OutTime time.Duration // of what was written so far
	Frames  int64         // of the first picture written
	Speed   float64       // times real time; 0 is unknown
	Bytes   int64
}

// parseProgress reads the blocks of key=value lines of -progress. It stops at the end of r, whatever comes.
func parseProgress(r io.Reader, each func(Progress)) {
	var p Progress
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		key, value, _ := strings.Cut(lines.Text(), "=")
		value = strings.TrimSpace(value)
		switch key {
		case "frame":
			p.Frames = atoi(value, p.Frames)
		case "total_size":
			p.Bytes = atoi(value, p.Bytes)
		case "out_time_us":
			p.OutTime = time.Duration(atoi(value, p.OutTime.Microseconds())) * time.Microsecond
		case "speed":
			if f, err := strconv.ParseFloat(strings.TrimSuffix(value, "x"), 64); err == nil && f >= 0 && f < 1e6 {
				p.Speed = f
			}
		case "progress":
			each(p)
		}
	}
}

// atoi keeps the former value where ffmpeg says N/A or something negative.
func atoi(s string, former int64) int64 {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 || n > 1<<53 {
		return former
	}
	return n
}
