package hls

import (
	"bytes"
	"strings"
)

// Below gives a playlist as it reads from a folder further up, from which base ("r/x/") leads to where it was: relative
// references get base before them, and nothing else changes, tags that this package does not know included.
func Below(playlist []byte, base string) []byte {
	var out bytes.Buffer
	for line := range bytes.Lines(playlist) {
		text := string(line)
		switch plain := strings.TrimSpace(text); {
		case strings.HasPrefix(plain, "#EXT"):
			out.WriteString(moveAttr(text, base))
		case plain == "" || strings.HasPrefix(plain, "#") || !relative(plain):
			out.WriteString(text)
		default:
			out.WriteString(base + text)
		}
	}
	return out.Bytes()
}

// moveAttr moves the URI attribute of a tag (RFC 8216, 4.2): quotes cannot stand in quoted values, so they come in pairs.
func moveAttr(line, base string) string {
	const attr = `URI="`
	quoted := false
	for i := range len(line) {
		if line[i] == '"' {
			quoted = !quoted
		}
		if quoted || i == 0 || line[i-1] != ':' && line[i-1] != ',' || !strings.HasPrefix(line[i:], attr) {
			continue
		}
		if at := i + len(attr); relative(line[at:]) {
			return line[:at] + base + line[at:]
		}
		return line
	}
	return line
}

// relative tells of references that a folder's move changes: no scheme (RFC 3986, 4.2), no host, no absolute path.
func relative(ref string) bool {
	path, _, colon := strings.Cut(ref, ":")
	return !strings.HasPrefix(ref, "/") && (!colon || strings.ContainsAny(path, `/?#"`))
}
