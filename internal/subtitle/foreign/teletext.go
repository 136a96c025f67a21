package foreign

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/asticode/go-astisub"

	"filmpress/internal/report"
	"filmpress/internal/subtitle"
)

// readTeletext reads the subtitles of teletext in a transport stream, with go-astisub: the first page that is marked as
// subtitles. It knows the tables of Western and Central Europe only; ffmpeg with libzvbi, which `filmpress subs extract`
// starts, knows all, so whatever may be wrong here says so.
func readTeletext(name string, data []byte, opt Options) (subtitle.Track, []report.Finding) {
	t := subtitle.Track{Name: name, Format: subtitle.Teletext, Language: opt.Language, Charset: "teletext"}
	var found []report.Finding
	const extract = "take the subtitles out with: filmpress subs extract"
	say := func(sev report.Severity, rule, text string) {
		found = append(found, report.Finding{Pos: report.Pos{File: name}, Severity: sev, Rule: rule, Text: text, Hint: extract})
	}
	if len(data) > subtitle.MaxBytes {
		say(report.Error, "file-too-large", fmt.Sprintf("the transport stream is larger than %d MiB", subtitle.MaxBytes>>20))
		return t, found
	}
	w := newTransport(bytes.Clone(data))
	w.walk()
	ids := slices.SortedFunc(maps.Keys(w.pages), func(a, b teletextID) int { return cmp.Or(cmp.Compare(a.pid, b.pid), cmp.Compare(a.page, b.page)) })
	ids = slices.DeleteFunc(ids, func(id teletextID) bool { return len(w.pages[id].sent) == 0 })
	if len(ids) == 0 {
		say(report.Error, "file-no-cues", "the transport stream has no subtitles in teletext")
		return t, found
	}
	page := w.pages[ids[0]]
	for _, id := range ids[1:] {
		say(report.Warn, "teletext-page", fmt.Sprintf("page %d is left out; page %d was read", id.page, page.id.page))
	}
	if page.charset {
		say(report.Warn, "teletext-charset", "the page names further tables of characters, which are not read here; letters may be wrong")
	}
	if page.extensions {
		say(report.Warn, "teletext-accents", "some letters have their accents sent apart, which is not read here; they stand without")
	}
	s, err := astisub.ReadFromTeletext(bytes.NewReader(w.data), astisub.TeletextOptions{Page: page.id.page, PID: page.id.pid})
	if err != nil {
		say(report.Error, "teletext-broken", "the transport stream is damaged: "+oneLine(err.Error()))
	}
	if s == nil {
		return t, found
	}
	if len(s.Items) != len(page.sent) {
		say(report.Error, "teletext-count", fmt.Sprintf("page %d was sent %d times with text, but %d were read", page.id.page, len(page.sent), len(s.Items)))
	}
	for i, item := range s.Items {
		rows := []int(nil)
		if len(s.Items) == len(page.sent) {
			rows = page.sent[i]
		}
		teletextCue(&t, item, rows, w.late())
	}
	if len(t.Cues) == 0 && len(found) == 0 {
		say(report.Error, "file-no-cues", "the subtitles in teletext have no text")
	}
	return t, found
}

// teletextCue makes a cue of an item. A page that is sent again while it stands there goes on.
func teletextCue(t *subtitle.Track, item *astisub.Item, rows []int, late time.Duration) {
	var m markup
	for i, line := range item.Lines {
		if i > 0 {
			m.run(look{}, "\n")
		}
		for k, part := range line.Items {
			if k > 0 {
				m.run(look{}, " ")
			}
			m.run(look{color: teletextColor(part.InlineStyle)}, strings.Map(visible, strings.ToValidUTF8(part.Text, "\uFFFD")))
		}
	}
	raw := m.payload("")
	start, end := (item.StartAt + late).Round(time.Millisecond), (item.EndAt + late).Round(time.Millisecond)
	if raw == "" || !m.shown || start < 0 {
		return
	}
	end = max(end, start+time.Millisecond)
	if n := len(t.Cues); n > 0 && t.Cues[n-1].Raw == raw && t.Cues[n-1].End == start {
		t.Cues[n-1].End = end
		return
	}
	c := newCue(start, end, raw)
	if len(rows) > 0 {
		an := 5
		if slices.Max(rows) >= 15 {
			an = 2
		} else if slices.Min(rows) <= 8 {
			an = 8
		}
		c.SetSettings(subtitle.Keypad(an))
	}
	t.Cues = append(t.Cues, c)
}

// teletextColor is the class of a colour; white is how text is without one.
func teletextColor(s *astisub.StyleAttributes) string {
	if s == nil || s.TeletextColor == nil {
		return ""
	}
	c := s.TeletextColor
	class := (rgb(c.Red)<<16 | rgb(c.Green)<<8 | rgb(c.Blue)).class()
	if *c == *astisub.ColorGreen { // the library has HTML's green, which is half as bright
		class = "lime"
	}
	if class == "white" {
		return ""
	}
	return class
}
