package repair

import (
	"strings"
	"unicode"

	"filmpress/internal/report"
	"filmpress/internal/subtitle"
)

// kept says whether everything is still there after a fix: the format, every cue, and every word. It is the last
// guard, behind fixes that are right by themselves: a reader may take a changed line for something else.
func kept(before, after *subtitle.Track, was, is []report.Finding, f fix) bool {
	if after.Format != before.Format || after.Charset != "utf-8" || !f.gains && errors(is) > errors(was) {
		return false
	}
	if f.drops {
		return subset(words(before), words(after)) && len(after.Cues) > 0
	}
	if len(after.Cues) < len(before.Cues) {
		return false
	}
	return f.gains || same(words(before), words(after))
}

func errors(found []report.Finding) int {
	n := 0
	for _, f := range found {
		if f.Severity == report.Error {
			n++
		}
	}
	return n
}

// words counts the cues that say the same.
func words(t *subtitle.Track) map[string]int {
	out := make(map[string]int, len(t.Cues))
	for i := range t.Cues {
		out[skeleton(t.Cues[i].Plain())]++
	}
	return out
}

func same(a, b map[string]int) bool {
	for text, n := range a {
		if b[text] != n {
			return false
		}
	}
	return len(a) == len(b)
}

// subset says whether each text of a stands in b, too; no text may be missing.
func subset(a, b map[string]int) bool {
	for text := range a {
		if text != "" && b[text] == 0 {
			return false
		}
	}
	return true
}

// skeleton is what no fix may change of a text: look-alikes become one letter, and what is not seen is left out.
func skeleton(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r < 0x80 && r > ' ':
			return r
		case unicode.IsSpace(r), unicode.In(r, unicode.Cc, unicode.Cf), r == unicode.ReplacementChar: // which stands for NUL
			return -1
		}
		if l, ok := latinOf[r]; ok {
			return l
		}
		return r
	}, strings.ReplaceAll(withoutC1(s), "…", "..."))
}
