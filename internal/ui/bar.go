package ui

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"filmpress/internal/report"
)

// redraw is how often the bar is drawn at most: often enough to look alive, seldom enough not to flicker.
const redraw = 100 * time.Millisecond

func (u *UI) barEvent(e report.Event) {
	switch e.Kind {
	case report.Found:
		u.wipe()
		u.finding(*e.Finding)
	case report.Note:
		u.wipe()
		fmt.Fprintln(u.Out, Clean(e.Text))
	case report.StepStarted, report.StepProgress, report.StepDone, report.Uploading:
		if now := u.Now(); !u.drawn || now.Sub(u.last) >= redraw {
			u.draw()
		}
	}
}

// draw writes the line over the one that stands there. The line is one column shorter than the terminal, so
// that no terminal breaks it; what is left of a longer one before is erased to the end.
func (u *UI) draw() {
	columns := u.Width() - 1
	if columns < 10 {
		return
	}
	u.drawn, u.last = true, u.Now()
	fmt.Fprintf(u.Out, "\r%s\x1b[K", u.line(columns))
}

func (u *UI) wipe() {
	if u.drawn {
		fmt.Fprint(u.Out, "\r\x1b[K")
		u.drawn = false
	}
}

// line is the bar in so many columns: "  42 %  ━━━━━━━━────────  3.1x  1:12 left  encoding 4 rungs". On a narrow
// terminal the parts fall away from the right.
func (u *UI) line(columns int) string {
	parts := u.facts()
	percent := fmt.Sprintf("%3d %%", int(u.progress.whole()*100))
	width := min(24, columns-len(percent)-2)
	used := len(percent) + 2 + width
	tail := ""
	for i, part := range parts {
		room := columns - used - 2
		if utf8.RuneCountInString(part) > room {
			if i == len(parts)-1 && room > 8 { // only the last, what is being done, can be cut
				tail += "  " + string([]rune(part)[:room-1]) + u.pick("…", "~")
			}
			break
		}
		tail += "  " + part
		used += 2 + utf8.RuneCountInString(part)
	}
	return percent + "  " + u.bar(width) + tail
}

// facts are the parts behind the bar, the most wanted first.
func (u *UI) facts() []string {
	var parts []string
	s := u.progress.current()
	if s != nil && s.speed > 0 {
		parts = append(parts, fmt.Sprintf("%.1fx", s.speed))
	}
	if left, ok := u.progress.left(u.Now()); ok {
		parts = append(parts, Clock(left)+" left")
	}
	switch {
	case s != nil:
		parts = append(parts, Clean(s.about))
	case u.progress.toSend > 0:
		parts = append(parts, fmt.Sprintf("uploading, %s of %s", Bytes(u.progress.sent), Bytes(u.progress.toSend)))
	}
	return parts
}

func (u *UI) bar(width int) string {
	full := int(u.progress.whole()*float64(width) + 0.5)
	return u.paint(green, strings.Repeat(u.pick("━", "#"), full)) + u.paint(dim, strings.Repeat(u.pick("─", "."), width-full))
}

func (u *UI) pick(unicode, ascii string) string {
	if u.Unicode {
		return unicode
	}
	return ascii
}

// Clock writes a duration as a clock does: 0:07, 1:12, 2:03:04.
func Clock(d time.Duration) string {
	s := int64(d.Round(time.Second) / time.Second)
	if s >= 3600 {
		return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
	}
	return fmt.Sprintf("%d:%02d", s/60, s%60)
}

// Bytes writes a size with three digits or fewer: 980 B, 12 kB, 1.4 GB.
func Bytes(n int64) string {
	if n < 1000 {
		return fmt.Sprintf("%d B", n)
	}
	f := float64(n)
	for _, unit := range []string{"kB", "MB", "GB", "TB"} {
		if f /= 1000; f < 9.95 {
			return fmt.Sprintf("%.1f %s", f, unit)
		}
		if f < 999.5 {
			return fmt.Sprintf("%.0f %s", f, unit)
		}
	}
	return fmt.Sprintf("%.0f PB", f/1000)
}
