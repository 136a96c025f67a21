package rules

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"filmpress/internal/report"
	"filmpress/internal/subtitle"
)

// CheckPair judges a track against another one of the same film, mostly in another language. The findings are on t.
func CheckPair(t, other *subtitle.Track, s Settings) []report.Finding {
	p := pairing{judge: judge{t: t, s: s}, other: other, sameLanguage: base(t.Language) != "" && base(t.Language) == base(other.Language)}
	p.mine, p.theirs = said(t), said(other)
	p.counts()
	p.match()
	for k, theirs := range p.partner {
		if theirs >= 0 && p.partnerOf[theirs] == k {
			p.compare(k, theirs)
		}
	}
	p.missing()
	return p.result()
}

// utterance is a cue that says something.
type utterance struct {
	cue        int
	start, end time.Duration
	text       string // plain
	label      bool   // a sound or a song, which the other language may leave out
}

type pairing struct {
	judge
	other        *subtitle.Track
	sameLanguage bool
	mine, theirs []utterance // in the order of time
	partner      []int       // of each of mine: the one of theirs that it shares the most time with; -1 where there is none
	partnerOf    []int       // the same of theirs
}

// said are the cues with text and time, in the order of their starts.
func said(t *subtitle.Track) []utterance {
	out := make([]utterance, 0, len(t.Cues))
	var buf []byte
	for i := range t.Cues {
		c := &t.Cues[i]
		if buf = c.AppendPlain(buf[:0]); c.End > c.Start && len(bytes.TrimSpace(buf)) > 0 {
			text := strings.TrimSpace(string(buf))
			out = append(out, utterance{i, c.Start, c.End, text, isLabel(text)})
		}
	}
	slices.SortStableFunc(out, func(a, b utterance) int { return int((a.start - b.start) / time.Millisecond) })
	return out
}

// isLabel says whether a text is nothing but a sound, a song or marks.
func isLabel(text string) bool {
	if !strings.ContainsFunc(text, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }) {
		return true
	}
	first, _ := utf8.DecodeRuneInString(text)
	last, _ := utf8.DecodeLastRuneInString(text)
	return strings.ContainsRune("[(（【♪♫", first) && strings.ContainsRune("])）】♪♫", last)
}

func (p *pairing) counts() {
	a, b := len(p.mine), len(p.theirs)
	more := max(a, b)
	if d := more - min(a, b); d > 1 && float64(d)*100 > p.s.Value("pair-count", "percent", "")*float64(more) {
		p.atFile(p.finding("pair-count", fmt.Sprintf("this track has %d cues, %s has %d", a, p.other.Name, b), "look for the part that is missing, at the end first"))
	}
}

// near is how far apart two cues may be that belong together though they share no time.
const near = 500 * time.Millisecond

// match gives each cue the one of the other track that it shares the most time with.
func (p *pairing) match() {
	p.partner, p.partnerOf = make([]int, len(p.mine)), make([]int, len(p.theirs))
	shared, sharedOf := make([]time.Duration, len(p.mine)), make([]time.Duration, len(p.theirs))
	for k := range p.partner {
		p.partner[k] = -1
	}
	for k := range p.partnerOf {
		p.partnerOf[k] = -1
	}
	first := 0
	for k, m := range p.mine {
		for first < len(p.theirs) && p.theirs[first].end+near < m.start {
			first++
		}
		for o := first; o < len(p.theirs) && p.theirs[o].start < m.end+near && o < first+maxNeighbours; o++ {
			t := p.theirs[o]
			time := near + min(m.end, t.end) - max(m.start, t.start)
			if time > shared[k] {
				p.partner[k], shared[k] = o, time
			}
			if time > sharedOf[o] {
				p.partnerOf[o], sharedOf[o] = k, time
			}
		}
	}
}

// maxNeighbours is how many cues of the other track are looked at for one cue.
const maxNeighbours = 50

// missing finds what only one of the two tracks says.
func (p *pairing) missing() {
	for k, m := range p.mine {
		if p.partner[k] < 0 && !m.label && p.listed("pair-missing") {
			f, ok := p.finding("pair-missing", p.other.Name+" has no cue at the time of this one", "translate it there, or take this one out")
			p.atTiming(m.cue, f, ok)
		}
	}
	k := 0
	for o, t := range p.theirs {
		for k < len(p.mine)-1 && p.mine[k].start < t.start {
			k++
		}
		if p.partnerOf[o] >= 0 || t.label || !p.listed("pair-missing") {
			continue
		}
		where := "the end of the file"
		text := fmt.Sprintf("%s says %q at %s; this track says nothing then", p.other.Name, short(t.text), subtitle.FormatTime(t.start, '.'))
		f, ok := p.finding("pair-missing", text, "translate it")
		if len(p.mine) > 0 {
			if where = "above this cue"; p.mine[k].start < t.start {
				where = "below this cue"
			}
			f.Hint = "translate it, " + where
			p.atTiming(p.mine[k].cue, f, ok)
			continue
		}
		p.atFile(f, ok)
	}
}

// short is the beginning of a text, on one line.
func short(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	const most = 40
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return text
}

// compare judges two cues that belong together.
func (p *pairing) compare(k, o int) {
	m, t := p.mine[k], p.theirs[o]
	line := p.other.AtTiming(t.cue, noFinding).Pos.Line
	if d := m.start - t.start; d.Abs() > time.Duration(p.s.Value("pair-time", "max", "")*float64(time.Millisecond)) && p.listed("pair-time") {
		word := "after"
		if d < 0 {
			word = "before"
		}
		f, ok := p.finding("pair-time", fmt.Sprintf("this cue begins %s s %s the one on line %d of %s", seconds(d.Abs()), word, line, p.other.Name),
			"begin it at "+subtitle.FormatTime(t.start, '.')+", or correct the other")
		p.atTiming(m.cue, f, ok)
	}
	raw := p.t.Cues[m.cue].Raw
	if !p.sameLanguage && !m.label && sameWords(m.text, t.text, int(p.s.Value("pair-untranslated", "words", ""))) {
		f, ok := p.finding("pair-untranslated", fmt.Sprintf("this is the same text as on line %d of %s", line, p.other.Name), "translate it")
		p.atLine(m.cue, 0, f, ok)
	}
	if n := onlyIn(m.text, p.around(p.theirs, o)); n != "" {
		f, ok := p.finding("pair-number", fmt.Sprintf("the number %s is not in the cue on line %d of %s", n, line, p.other.Name), "correct the one that is wrong")
		from := max(strings.Index(raw, n), 0)
		p.atText(m.cue, from, from+len(n), f, ok)
	} else if n := onlyIn(t.text, p.around(p.mine, k)); n != "" {
		f, ok := p.finding("pair-number", fmt.Sprintf("the number %s on line %d of %s is not in this cue", n, line, p.other.Name), "correct the one that is wrong")
		p.atLine(m.cue, 0, f, ok)
	}
}

// around is the text of an utterance and of its neighbours: a number may have moved with the order of words.
func (p *pairing) around(us []utterance, k int) string {
	var parts []string
	for _, u := range us[max(k-1, 0):min(k+2, len(us))] {
		parts = append(parts, u.text)
	}
	return strings.Join(parts, "\n")
}

// sameWords says whether two texts are the same but for case, punctuation and breaks, and have enough words to be no
// names.
func sameWords(a, b string, least int) bool {
	split := func(s string) []string {
		return strings.FieldsFunc(strings.ToLower(s), func(r rune) bool {
			return !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsDigit(r) && r != '\''
		})
	}
	x, y := split(a), split(b)
	words := 0
	for _, w := range x {
		if strings.ContainsFunc(w, unicode.IsLetter) {
			words++
		}
	}
	return words >= max(least, 1) && slices.Equal(x, y)
}

// spelled is up to which number languages differ in whether they write it as a word.
const spelled = 12

// onlyIn gives the first number of a text that another text has not, "" where there is none.
func onlyIn(text, other string) string {
	mine := numbers(text)
	if len(mine) == 0 {
		return ""
	}
	theirs := numbers(other)
	for _, n := range mine {
		if !slices.ContainsFunc(theirs, func(o digits) bool { return o.same(n) }) {
			return n.text
		}
	}
	return ""
}

// digits is a number as it is written, and its digits alone.
type digits struct{ text, value string }

// same allows for 1990s and 90s, and for 20 thousand and 20,000.
func (d digits) same(o digits) bool {
	a, b := strings.TrimRight(d.value, "0"), strings.TrimRight(o.value, "0")
	return a == b || len(d.value) >= 2 && len(o.value) >= 2 && (strings.HasSuffix(d.value, o.value) || strings.HasSuffix(o.value, d.value))
}

// maxNumbers is how many numbers of a cue are compared.
const maxNumbers = 100

// numbers are those over spelled, in whatever digits. Signs that group digits or divide a fraction belong to them.
func numbers(text string) []digits {
	var out []digits
	runes := []rune(text)
	for i := 0; i < len(runes) && len(out) < maxNumbers; i++ {
		if !unicode.IsDigit(runes[i]) {
			continue
		}
		from := i
		var value []byte
		for ; i < len(runes); i++ {
			if unicode.IsDigit(runes[i]) {
				value = append(value, digitOf(runes[i]))
			} else if !strings.ContainsRune(".,:'’ \u00a0\u202f٬٫", runes[i]) || i+1 == len(runes) || !unicode.IsDigit(runes[i+1]) || runes[i] == ' ' && !grouped(runes[i+1:]) {
				break
			}
		}
		v := strings.TrimLeft(string(value), "0")
		if len(v) > 2 || len(v) == 2 && (v[0] > '1' || v[1]-'0' > spelled-10) {
			out = append(out, digits{string(runes[from:i]), v})
		}
	}
	return out
}

// grouped says whether exactly three digits follow: a space before others divides two numbers.
func grouped(runes []rune) bool {
	n := 0
	for n < len(runes) && unicode.IsDigit(runes[n]) {
		n++
	}
	return n == 3
}

// digitOf is a decimal digit of any script in ASCII. Digits stand in tens, each from its 0 on (Unicode 4.6).
func digitOf(r rune) byte {
	if r < utf8.RuneSelf {
		return byte(r)
	}
	zero := r
	for r-zero < 9 && unicode.IsDigit(zero-1) {
		zero--
	}
	return byte('0' + r - zero)
}
