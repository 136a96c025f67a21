package rules

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"filmpress/internal/subtitle"
)

func lowerOrCaseless(r rune) bool {
	return unicode.IsLower(r) || unicode.IsLetter(r) && !unicode.IsUpper(r)
}

// dialogLine is a line that begins with the mark of a new speaker.
type dialogLine struct {
	cue, line int32
	style     dialogStyle
}

// dialogStyle is how speakers are marked.
type dialogStyle struct {
	dash  rune
	space bool // stands behind it
}

func (s dialogStyle) String() string {
	if s.space {
		return fmt.Sprintf("%q and a space", string(s.dash))
	}
	return fmt.Sprintf("%q without a space", string(s.dash))
}

// dialog notes how the speakers of a cue are marked, where there are several.
func (j *judge) dialog(i int) {
	marked := 0
	for _, l := range j.text.lines {
		if _, ok := dialogMark(j.text.text(l)); ok {
			marked++
		}
	}
	if marked < 2 {
		return
	}
	for _, l := range j.text.lines {
		if style, ok := dialogMark(j.text.text(l)); ok {
			j.dialogs = append(j.dialogs, dialogLine{int32(i), int32(l.number), style})
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

// resolveDialogs finds the lines that mark a speaker in another way than most, or than is asked for.
func (j *judge) resolveDialogs() {
	if len(j.dialogs) == 0 {
		return
	}
	count := map[dialogStyle]int{}
	var usual dialogStyle
	for _, d := range j.dialogs {
		if count[d.style]++; count[d.style] > count[usual] {
			usual = d.style
		}
	}
	switch j.s.Value("dialog-hyphen", "space", j.lang) {
	case 0:
		usual.space = false
	case 1:
		usual.space = true
	}
	for _, d := range j.dialogs {
		if d.style == usual {
			continue
		}
		f, ok := j.finding("dialog-hyphen", fmt.Sprintf("this speaker is marked by %v, not by %v", d.style, usual), "write the same mark as in the other cues")
		from, to := rawLine(j.t.Cues[d.cue].Raw, int(d.line))
		if at := strings.IndexRune(j.t.Cues[d.cue].Raw[from:to], d.style.dash); at >= 0 {
			from += at
			to = from + utf8.RuneLen(d.style.dash)
		}
		j.atText(int(d.cue), from, to, f, ok)
	}
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
