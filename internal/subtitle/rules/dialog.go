package rules

import (
	"fmt"
	"iter"
	"strings"
	"unicode"
	"unicode/utf8"

	"filmpress/internal/subtitle"
)

func lowerOrCaseless(r rune) bool {
	return unicode.IsLower(r) || unicode.IsLetter(r) && !unicode.IsUpper(r)
}

// dialogStyle is how speakers are marked.
type dialogStyle struct {
	dash  rune
	space bool // stands behind it
}

// before orders styles that are as common as each other.
func (s dialogStyle) before(o dialogStyle) bool {
	return s.dash < o.dash || s.dash == o.dash && s.space && !o.space
}

func (s dialogStyle) String() string {
	if s.space {
		return fmt.Sprintf("%q and a space", string(s.dash))
	}
	return fmt.Sprintf("%q without a space", string(s.dash))
}

// dialog counts how the speakers of a cue are marked.
func (j *judge) dialog() {
	for _, style := range j.speakers() {
		if j.dialogs == nil {
			j.dialogs = map[dialogStyle]int{}
		}
		j.dialogs[style]++
	}
}

// speakers are the lines of the cue that is looked at which mark a speaker, where there are several.
func (j *judge) speakers() iter.Seq2[visibleLine, dialogStyle] {
	return func(yield func(visibleLine, dialogStyle) bool) {
		marked := 0
		for _, l := range j.text.lines {
			if _, ok := dialogMark(j.text.text(l)); ok {
				marked++
			}
		}
		for _, l := range j.text.lines {
			if style, ok := dialogMark(j.text.text(l)); ok && marked > 1 && !yield(l, style) {
				return
			}
		}
	}
}

// dialogMark is the mark at the beginning of a line.
func dialogMark(line []byte) (dialogStyle, bool) {
	c := line[0]
	if c != '-' && c < utf8.RuneSelf {
		return dialogStyle{}, false
	}
	r, n := utf8.DecodeRune(line)
	if !strings.ContainsRune("-–—‐‑−", r) || n == len(line) {
		return dialogStyle{}, false
	}
	next, _ := utf8.DecodeRune(line[n:])
	if '0' <= next && next <= '9' || strings.ContainsRune("-–—", next) {
		return dialogStyle{}, false // a number below 0, a pause
	}
	return dialogStyle{r, unicode.IsSpace(next)}, true
}

// resolveDialogs finds the lines that mark a speaker in another way than most, or than is asked for. Since few files have
// such lines, it looks for them only where the count says that there are some.
func (j *judge) resolveDialogs() {
	var usual dialogStyle
	for style, n := range j.dialogs {
		if m := j.dialogs[usual]; n > m || n == m && style.before(usual) {
			usual = style
		}
	}
	switch j.s.Value("dialog-hyphen", "space", j.lang) {
	case 0:
		usual.space = false
	case 1:
		usual.space = true
	}
	if others := len(j.dialogs); others == 0 || others == 1 && j.dialogs[usual] > 0 {
		return
	}
	for i := range j.t.Cues {
		j.text.read(&j.t.Cues[i], j.limit.width)
		for l, style := range j.speakers() {
			if style != usual && j.listed("dialog-hyphen") {
				j.oddSpeaker(i, l, style, usual)
			}
		}
	}
}

func (j *judge) oddSpeaker(i int, l visibleLine, style, usual dialogStyle) {
	f, ok := j.finding("dialog-hyphen", fmt.Sprintf("this speaker is marked by %v, not by %v", style, usual), "write the same mark as in the other cues")
	if !ok {
		return
	}
	from, to := rawLine(j.t.Cues[i].Raw, l.number)
	if at := strings.IndexRune(j.t.Cues[i].Raw[from:to], style.dash); at >= 0 {
		from += at
		to = from + utf8.RuneLen(style.dash)
	}
	j.atText(i, from, to, f, ok)
}

// hasSound says whether a cue writes out a sound, music or a speaker.
func hasSound(c *subtitle.Cue, v *visible) bool {
	if strings.Contains(c.Raw, "<v") {
		return true
	}
	for _, l := range v.lines {
		text := string(v.text(l))
		if strings.ContainsAny(text, "[(（【♪♫♬*") || strings.HasPrefix(text, "#") || speaker(text) {
			return true
		}
	}
	return false
}

// speaker says whether a line begins with a name in capitals and a colon, as "ANNA: Come in."
func speaker(text string) bool {
	name, _, ok := strings.Cut(text, ":")
	name = strings.TrimLeft(name, "-–— >")
	if !ok || len(name) > 60 || !strings.ContainsFunc(name, unicode.IsLetter) {
		return false
	}
	return !strings.ContainsFunc(name, unicode.IsLower)
}
