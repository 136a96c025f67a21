package subtitle

import (
	"strings"
	"time"
)

// Line is a stretch of a transcript.
type Line struct {
	Start   time.Duration `json:"start"`
	End     time.Duration `json:"end"`
	Speaker string        `json:"speaker,omitempty"`
	Text    string        `json:"text"` // one line of plain text
}

// Transcript is the track as plain text, in the order of the cues: a line a cue, or one a voice where several speak
// in it. Tags are gone, entities decoded, lines joined by a space; cues without text are left out.
func (t Track) Transcript() []Line {
	lines := make([]Line, 0, len(t.Cues))
	for _, c := range t.Cues {
		var speaker string
		var text strings.Builder
		flush := func() {
			if s := strings.Join(strings.Fields(text.String()), " "); s != "" {
				lines = append(lines, Line{Start: c.Start, End: c.End, Speaker: speaker, Text: s})
			}
			text.Reset()
		}
		c.Tree().voices("", func(voice, s string) {
			if voice != speaker && strings.TrimSpace(s) != "" {
				flush()
				speaker = voice
			}
			text.WriteString(s)
		})
		flush()
	}
	return lines
}

// voices visits the pieces of text with the voice that speaks them.
func (n *Node) voices(voice string, visit func(voice, text string)) {
	switch n.Kind {
	case TextNode:
		visit(voice, n.Value)
	case Voice:
		voice = n.Value
	}
	for _, c := range n.Children {
		c.voices(voice, visit)
	}
}
