package watch

import (
	"bytes"
	"fmt"
	"time"
)

// Storyboard tells how small pictures of the film lie on its sheets: one every Interval, row by row.
type Storyboard struct {
	Sheets        []string      // URIs as seen from the WebVTT file
	Interval      time.Duration // between two pictures
	Width, Height int           // of one picture, pixels
	Columns, Rows int           // pictures on a sheet
}

// StoryboardVTT is the WebVTT file that tells players which picture belongs to which time, by a media fragment
// ("sheet-0.jpg#xywh=160,0,160,90", W3C Media Fragments URI, section 4.2.2).
func StoryboardVTT(b Storyboard, duration time.Duration) []byte {
	out := bytes.NewBufferString("WEBVTT\n")
	onSheet := b.Columns * b.Rows
	for i := range len(b.Sheets) * onSheet {
		from := time.Duration(i) * b.Interval
		if from >= duration {
			break
		}
		at := i % onSheet
		fmt.Fprintf(out, "\n%s --> %s\n%s#xywh=%d,%d,%d,%d\n", stamp(from), stamp(min(from+b.Interval, duration)),
			b.Sheets[i/onSheet], at%b.Columns*b.Width, at/b.Columns*b.Height, b.Width, b.Height)
	}
	return out.Bytes()
}

// stamp is a WebVTT timestamp (W3C WebVTT, section 4.1), to the millisecond.
func stamp(d time.Duration) string {
	ms := d.Milliseconds()
	return fmt.Sprintf("%02d:%02d:%02d.%03d", ms/3600000, ms/60000%60, ms/1000%60, ms%1000)
}
