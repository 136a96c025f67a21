package repair

import (
	"regexp"
	"strings"

	"filmpress/internal/subtitle"
)

// entities writes & and < as text where a reader of WebVTT takes them for more (WebVTT 6.5): an & that begins no
// character reference, a < that no > ends, or one with no name behind it. A closing tag that only
// lacks its > gets it.
func entities(w *work) int {
	n := 0
	for _, b := range w.cues() {
		if !strings.ContainsAny(b.raw(), "<&") {
			continue
		}
		c := b.text()
		var out strings.Builder
		done := 0
		for p := range c.Pieces() {
			was := c.Raw[p.From:p.To]
			is := was
			switch {
			case !p.Tag:
				is = escapeAmpersands(was)
			case p.Open && cutTag.MatchString(was):
				is = was + ">"
			case p.Open && !anyTag.MatchString(was), !p.Open && noName.MatchString(was):
				is = "&lt;" + escapeAmpersands(was[1:])
			}
			if is != was {
				done++
			}
			out.WriteString(is)
		}
		if done > 0 {
			w.setRaw(b, out.String())
			n += done
		}
	}
	return n
}

var (
	cutTag = regexp.MustCompile(`^</(c|i|b|u|ruby|rt|v|lang)$`)          // whole, but for its >
	anyTag = regexp.MustCompile(`^</?(c|i|b|u|ruby|rt|v|lang)([.\s]|$)`) // one whose end is not known
	noName = regexp.MustCompile(`^<[\s.>]`)                              // a start tag without a name
)

// escapeAmpersands writes each & as &amp; that begins no character reference, and a reference without its semicolon as
// what it stands for.
func escapeAmpersands(text string) string {
	return subtitle.MapReferences(text, func(ref string) string {
		if read := subtitle.Unescape(ref); read == ref || ref[len(ref)-1] != ';' {
			return escaper.Replace(read)
		}
		return ref
	})
}

var escaper = strings.NewReplacer("&", "&amp;", "<", "&lt;")
