package subtitle

import (
	"strings"
	"time"
)

// Retime gives every time of the track, those inside the text of cues too, a new one. Times that come out below 0 are
// left so; no format can hold them, so the caller has to look.
func (t *Track) Retime(move func(time.Duration) time.Duration) {
	for i := range t.Cues {
		c := &t.Cues[i]
		c.Start, c.End = move(c.Start), move(c.End)
		if c.Markup == WebVTT && strings.IndexByte(c.Raw, '<') >= 0 {
			c.Raw = retimeText(c.Raw, move)
		}
	}
}

// retimeText moves the timestamps inside a WebVTT payload.
func retimeText(raw string, move func(time.Duration) time.Duration) string {
	var b strings.Builder
	t := tokenizer{in: raw}
	for t.i < len(t.in) {
		tok := t.next()
		if at, ok := tok.time(); ok && tok.kind == timestampTag && !tok.open {
			b.WriteString("<" + FormatTime(move(at), '.') + ">")
			continue
		}
		b.WriteString(raw[tok.from:tok.to])
	}
	return b.String()
}
