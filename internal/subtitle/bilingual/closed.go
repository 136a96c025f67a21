package bilingual

import (
	"strings"

	"filmpress/internal/subtitle"
)

// endTags close the tags that may be left open at the end of a cue, where they end with it.
var endTags = map[subtitle.NodeKind]string{subtitle.Class: "</c>", subtitle.Italic: "</i>", subtitle.Bold: "</b>", subtitle.Underline: "</u>",
	subtitle.Ruby: "</ruby>", subtitle.RubyText: "</rt>", subtitle.Voice: "</v>", subtitle.Lang: "</lang>", subtitle.Font: "</font>", subtitle.Strike: "</s>"}

// closed is a payload whose tags all end in it, so that what is written below it is not in italics, nor said by the same voice.
func closed(raw string, markup subtitle.Format) string {
	const probe = "\ue000" // stands where the next text would
	tree := (&subtitle.Cue{Raw: raw + probe, Markup: markup}).Tree()
	var ends []string
	for n := tree; ; {
		if n.Kind == subtitle.TextNode {
			if !strings.HasSuffix(n.Value, probe) {
				return raw // a tag without its > swallows all that follows
			}
			break
		}
		if tag, ok := endTags[n.Kind]; ok {
			ends = append([]string{tag}, ends...)
		}
		if len(n.Children) == 0 {
			return raw
		}
		n = n.Children[len(n.Children)-1]
	}
	return raw + strings.Join(ends, "")
}
