// Package prose makes reading matter of a subtitle track: paragraphs, as plain text, Markdown or a web page. Pure.
package prose

import (
	"cmp"
	"slices"
	"strings"
	"time"
	"unicode"

	"filmpress/internal/subtitle"
)

// Paragraph is what one person says without a longer pause.
type Paragraph struct {
	Start, End time.Duration
	Speaker    string // of a WebVTT voice; "" where nobody says
	Text       string // one line of plain text
}

const (
	// Pause is how long nobody may speak within a paragraph. [ours]
	Pause = 2 * time.Second
	// long is from how many bytes on a paragraph ends with its sentence, though nobody pauses.
	long = 700
)

// Paragraphs puts the cues' texts together, in the order of their times. A new paragraph begins after a pause, with another
// speaker, at a dialogue's dash, and at the end of a sentence where it has grown long. Lines that a rolling caption shows again
// are told once.
func Paragraphs(t subtitle.Track, pause time.Duration) []Paragraph {
	b := builder{pause: pause}
	order := make([]int, len(t.Cues))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, k int) int { return cmp.Compare(t.Cues[i].Start, t.Cues[k].Start) })
	for _, i := range order {
		c := &t.Cues[i]
		lines := spoken(c.Tree())
		fresh := b.notYetShown(c, lines)
		dialogue := dashes(fresh) > 1
		for k, l := range fresh {
			b.add(c, l, k == 0 && b.dialogue || dialogue && dash(l.text) != l.text)
		}
		if len(fresh) > 0 {
			b.dialogue = dialogue
		}
	}
	return b.done
}

// line is a line of a cue and who says it.
type line struct{ speaker, text string }

// spoken are the lines of a cue's text that have something on them; a line of two voices is two.
func spoken(n *subtitle.Node) []line {
	var lines []line
	var text strings.Builder
	speaker := ""
	flush := func() {
		if s := oneLine(text.String()); visible(s) {
			lines = append(lines, line{speaker, s})
		}
		text.Reset()
	}
	var walk func(n *subtitle.Node, voice string)
	walk = func(n *subtitle.Node, voice string) {
		switch n.Kind {
		case subtitle.Voice:
			voice = oneLine(n.Value)
		case subtitle.TextNode:
			for i, part := range strings.Split(n.Value, "\n") {
				if i > 0 {
					flush()
				}
				if voice != speaker && strings.TrimSpace(part) != "" {
					flush()
					speaker = voice
				}
				text.WriteString(part)
			}
		}
		for _, c := range n.Children {
			walk(c, voice)
		}
	}
	walk(n, "")
	flush()
	return lines
}

// oneLine is a text without control characters, its words parted by one space.
func oneLine(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return unicode.IsControl(r) || unicode.IsSpace(r) && r != '\u00a0' }), " ")
}

// visible says whether a text shows anything.
func visible(s string) bool { return strings.Trim(s, " \u00a0\u200b\u2060\ufeff") != "" }

// dash is a line without the dash that begins what another person says.
func dash(s string) string {
	rest := strings.TrimLeft(s, "-–—‐‑")
	if rest == s || len(s)-len(rest) > 4 || strings.TrimSpace(rest) == "" {
		return s
	}
	return strings.TrimSpace(rest)
}

func dashes(lines []line) int {
	n := 0
	for _, l := range lines {
		if dash(l.text) != l.text {
			n++
		}
	}
	return n
}

// builder puts lines together.
type builder struct {
	pause time.Duration
	done  []Paragraph
	last  []line // of the cue before
	end   time.Duration
	cue   *subtitle.Cue // whose line was added last

	dialogue bool // the last cue was one, so that nobody knows who speaks now
}

// notYetShown are the lines of a cue without those with which the cue before ended, where it follows at once: rolling
// captions, as of YouTube, show each line twice or more.
func (b *builder) notYetShown(c *subtitle.Cue, lines []line) []line {
	fresh := lines
	if (c.Start - b.end).Abs() <= 100*time.Millisecond {
		for n := min(len(lines), len(b.last)); n > 0; n-- {
			if slices.Equal(lines[:n], b.last[len(b.last)-n:]) {
				fresh = lines[n:]
				break
			}
		}
	}
	if len(lines) > 0 {
		b.last = lines
	}
	b.end = max(b.end, c.End)
	if len(fresh) < len(lines) && len(b.done) > 0 {
		p := &b.done[len(b.done)-1]
		p.End = max(p.End, c.End)
	}
	return fresh
}

// add puts a line to the paragraph, or begins a new one.
func (b *builder) add(c *subtitle.Cue, l line, fresh bool) {
	if fresh {
		l.text = dash(l.text)
	}
	if n := len(b.done); n > 0 && !fresh {
		p := &b.done[n-1]
		paused := c.Start-p.End >= b.pause
		full := len(p.Text) >= long && strings.ContainsAny(p.Text[max(0, len(p.Text)-4):], ".!?…。！？؟।") && c != b.cue
		if !paused && !full && p.Speaker == l.speaker {
			p.Text += joint(p.Text, l.text) + l.text
			p.End = max(p.End, c.End)
			b.cue = c
			return
		}
	}
	b.cue = c
	b.done = append(b.done, Paragraph{Start: c.Start, End: c.End, Speaker: l.speaker, Text: l.text})
}

// joint is what stands between two lines: a space, but nothing between the characters of Chinese, Japanese and Thai.
func joint(before, after string) string {
	last, first := lastRune(before), firstRune(after)
	if spaceless(last) && spaceless(first) {
		return ""
	}
	return " "
}
