package repair

import (
	"regexp"
	"slices"
	"strings"
)

// settingWord is a cue setting of a timing line, with the spaces before it.
var settingWord = regexp.MustCompile(`[ \t\f]+[^ \t\f]+`)

// settingValues writes align:center for align:middle, the word of an old draft of WebVTT that players ignore; without
// effect, a cue stands in the middle, so that nothing moves.
func settingValues(w *work) int {
	return w.eachSetting(func(words []string) []string {
		for i, word := range words {
			if strings.TrimLeft(word, " \t\f") == "align:middle" {
				words[i] = strings.Replace(word, "middle", "center", 1)
			}
		}
		return words
	})
}

// settingTwice takes out a setting that is given again behind it: the last one counts (WebVTT 6.4).
func settingTwice(w *work) int {
	return w.eachSetting(func(words []string) []string {
		name := func(word string) string {
			name, _, _ := strings.Cut(strings.TrimLeft(word, " \t\f"), ":")
			return name
		}
		var kept []string
		for i, word := range words {
			if slices.ContainsFunc(words[i+1:], func(w string) bool { return name(w) == name(word) }) {
				continue
			}
			kept = append(kept, word)
		}
		return kept
	})
}

// eachSetting changes the settings of every cue, in the words they are written in. A cue that would stand elsewhere
// by it stays as it is: the last setting may have a value that has no effect.
func (w *work) eachSetting(change func(words []string) []string) int {
	n := 0
	for _, b := range w.cues() {
		at := endTime.FindStringIndex(b.timing.Text)
		if at == nil {
			continue
		}
		was := b.timing.Text
		words := settingWord.FindAllString(was[at[1]:], -1)
		is := was[:at[1]] + strings.Join(change(slices.Clone(words)), "")
		if strings.Join(words, "") != strings.TrimRight(was[at[1]:], " \t\f") || is == strings.TrimRight(was, " \t\f") || !w.samePlace(was, is) {
			continue
		}
		b.timing.Text = is
		n++
	}
	return n
}

// samePlace says whether two timing lines put a cue in one place.
func (w *work) samePlace(a, b string) bool {
	settings := func(timing string) any {
		head := "WEBVTT\n"
		for _, k := range w.blocks {
			if k.kind == setting {
				head += "\n"
				for _, l := range k.lines {
					head += l.Text + "\n"
				}
			}
		}
		t, _ := w.readAs("place.vtt", head+"\n"+timing+"\nx\n")
		if len(t.Cues) != 1 {
			return nil
		}
		s := t.Cues[0].Settings()
		if s.Region != nil {
			region := *s.Region
			s.Region = nil
			return [2]any{s, region}
		}
		return s
	}
	x := settings(a)
	return x != nil && x == settings(b)
}
