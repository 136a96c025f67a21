package repair

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"filmpress/internal/subtitle"
)

// clock is what makes a line with an arrow in it a timing line rather than text.
var clock = regexp.MustCompile(`[0-9]:[0-9]`)

// srtTimestamp writes timing lines in the one form that all players read. What stands behind the times is text, which
// goes under the line, or a place, which goes into the text as {\an8}; a place for which SRT has no word is left.
func srtTimestamp(w *work) int {
	n := 0
	for _, b := range w.cues() {
		was := b.timing.Text
		tm, ok := readTiming(was)
		if !ok {
			continue
		}
		times := was[:tm.Rest]
		if form := srtTimes(tm.Start, tm.End); strings.TrimRight(times, " \t") != form {
			times = form
		}
		rest := strings.TrimSpace(was[tm.Rest:])
		switch {
		case rest == "" && times == was[:tm.Rest]:
			continue
		case rest == "" || strings.HasPrefix(rest, "X1:"): // coordinates, which players do not heed
			b.timing.Text = times
		case b.cue.TextOnTimingLine():
			b.timing.Text = times
			b.lines = append([]line{w.new(rest)}, b.lines...)
		case w.place(b, rest):
			b.timing.Text = times
		default:
			b.timing.Text = times + " " + rest
		}
		if b.timing.Text != was {
			n++
		}
	}
	return n
}

// readTiming reads a timing line of which only the form is wrong. A cue that ends before it starts, or a sign right behind the
// times, which may be a part of them, needs a person.
func readTiming(line string) (subtitle.Timing, bool) {
	tm, ok := subtitle.ReadTiming(line)
	if !ok || tm.End <= tm.Start {
		return tm, false
	}
	rest := line[tm.Rest:]
	return tm, subtitle.Blank(rest) || strings.ContainsAny(rest[:1], " \t")
}

func srtTimes(start, end time.Duration) string {
	return subtitle.FormatTime(start, ',') + " --> " + subtitle.FormatTime(end, ',')
}

// place writes WebVTT settings into an SRT cue's text and says whether that was possible.
func (w *work) place(b *block, settings string) bool {
	s, ok := subtitle.ParseSettings(settings)
	an, exact := s.Keypad()
	if !ok || !exact || subtitle.Placed(b.raw()) {
		return false
	}
	for i := range b.lines {
		if an != 2 && !subtitle.Blank(b.lines[i].Text) {
			b.lines[i].Text = fmt.Sprintf(`{\an%d}`, an) + b.lines[i].Text
			break
		}
	}
	return true
}

// vttTimestamp mends timing lines because of which a reader loses the cue (WebVTT 6.3), where it is plain what
// was meant: they are read as tolerantly as those of SRT files. A cue that stands in a comment stays there.
func vttTimestamp(w *work) int {
	n := 0
	for _, b := range w.blocks {
		if b.kind != stray || strings.HasPrefix(b.lines[0].Text, "NOTE") {
			continue
		}
		var lines []line
		for _, l := range b.lines {
			mended, text, ok := vttTiming(l.Text)
			if !ok {
				lines = append(lines, l)
				continue
			}
			n++
			l.Text = mended
			lines = append(lines, l)
			if text != "" {
				lines = append(lines, w.new(text))
			}
		}
		b.lines = lines
	}
	return n
}

// vttTiming is a timing line in WebVTT's form, and the text that stood behind the times.
func vttTiming(was string) (line, text string, ok bool) {
	tm, ok := readTiming(was)
	if !ok {
		return "", "", false
	}
	line = subtitle.FormatTime(tm.Start, '.') + " --> " + subtitle.FormatTime(tm.End, '.')
	rest := strings.TrimSpace(was[tm.Rest:])
	switch {
	case rest == "" || strings.HasPrefix(rest, "X1:"):
	case settings(rest):
		line += " " + rest
	default:
		text = rest
	}
	return line, text, line != was
}

// settings says whether a text is made of name:value.
func settings(text string) bool {
	for word := range strings.FieldsSeq(text) {
		name, value, ok := strings.Cut(word, ":")
		if !ok || value == "" || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz") != "" || name == "" {
			return false
		}
	}
	return true
}

// endTime is the second time of a timing line that is in its format's form.
var endTime = regexp.MustCompile(`-->[ \t]*([0-9:.,]+)`)

// setEnd writes another end into a cue's timing line, and says whether that was possible.
func (b *block) setEnd(end time.Duration) bool {
	at := endTime.FindStringSubmatchIndex(b.timing.Text)
	if at == nil {
		return false
	}
	was := b.timing.Text[at[2]:at[3]]
	separator := byte('.')
	if b.cue.Markup == subtitle.SRT {
		separator = ','
	}
	form := subtitle.FormatTime(end, separator)
	if strings.Count(was, ":") == 1 && end < time.Hour { // without hours, as it was
		form = form[len("00:"):]
	}
	b.timing.Text = b.timing.Text[:at[2]] + form + b.timing.Text[at[3]:]
	return true
}
