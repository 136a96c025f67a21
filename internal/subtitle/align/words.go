package align

import (
	"fmt"
	"strings"
	"time"

	"filmpress/internal/subtitle"
)

// String tells what is wrong with the track's times, as in "it is 2.34 s late; from 00:10:00.000 on it is 1.5 s early".
func (r Result) String() string {
	var parts []string
	if r.Ratio.Num != r.Ratio.Den {
		timed, film, _ := strings.Cut(r.Ratio.Name, "/")
		parts = append(parts, fmt.Sprintf("it was timed for %s frames a second, but the film runs at %s", timed, film))
	}
	for i, p := range r.Pieces {
		off := "in time"
		switch {
		case p.Shift < 0:
			off = fmt.Sprintf("%s s late", secondsOf(-p.Shift))
		case p.Shift > 0:
			off = fmt.Sprintf("%s s early", secondsOf(p.Shift))
		}
		switch {
		case i > 0:
			parts = append(parts, fmt.Sprintf("from %s on it is %s", subtitle.FormatTime(p.From, '.'), off))
		case len(parts) == 0:
			parts = append(parts, "it is "+off)
		case p.Shift != 0:
			parts = append(parts, "after that is mended, it is "+off)
		}
	}
	return strings.Join(parts, "; ")
}

func secondsOf(d time.Duration) string { return fmt.Sprintf("%.2f", d.Seconds()) }

// Worst is by how much the cue moves that moves most.
func (r Result) Worst(cues []Span) time.Duration {
	worst := time.Duration(0)
	for _, c := range cues {
		worst = max(worst, (r.At(c.Start) - c.Start).Abs())
	}
	return worst
}
