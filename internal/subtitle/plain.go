package subtitle

import "strings"

// AppendPlain appends the cue's plain text to b, the same that Plain gives. It builds no tree: who looks at every cue of
// a file has to be quick and to leave no garbage.
func (c *Cue) AppendPlain(b []byte) []byte {
	if c.Markup == SRT {
		return appendSRT(b, c.Raw)
	}
	for raw := c.Raw; ; {
		at := strings.IndexByte(raw, '<')
		if at < 0 {
			return append(b, unescape(raw)...)
		}
		b = append(b, unescape(raw[:at])...)
		end := strings.IndexByte(raw[at:], '>')
		if end < 0 {
			return b
		}
		raw = raw[at+end+1:]
	}
}

func appendSRT(b []byte, raw string) []byte {
	if !strings.ContainsAny(raw, srtMarks) {
		return append(b, raw...)
	}
	for piece := range srtPieces(raw) {
		switch {
		case piece.override:
		case !piece.tag:
			b = append(b, piece.text...)
		case isBreak(piece.text):
			b = append(b, '\n')
		}
	}
	return b
}

// isBreak says whether the body of an SRT tag is that of <br>, in any of its forms.
func isBreak(tag string) bool {
	name, _, _ := strings.Cut(strings.TrimSuffix(tag, "/"), " ")
	return strings.EqualFold(name, "br")
}
