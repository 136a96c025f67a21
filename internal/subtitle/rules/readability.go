package rules

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/graphemes"

	"filmpress/internal/subtitle"
)

// speed judges whether a cue can be read in its time.
func (j *judge) speed(i int, c *subtitle.Cue) {
	d := c.End - c.Start
	if d <= 0 {
		return
	}
	least := max(d, j.limit.least) // a cue that is too short has its own finding; this one is for those that would still be too fast
	// Rounded as it is shown: nobody should read that 17 is more than 17.
	if cps := math.Round(10*j.text.chars/d.Seconds()) / 10; j.on.speed && cps > j.limit.cps && j.text.chars > j.limit.cps*least.Seconds() && j.listed("cue-cps") {
		need := j.text.chars / j.limit.cps
		f, ok := j.finding("cue-cps", fmt.Sprintf("this cue takes %s characters a second to read, over %s", number(cps), number(j.limit.cps)),
			fmt.Sprintf("show it for %s s, shorten the text, or divide it", number(math.Ceil(need*10)/10)))
		j.atTiming(i, f, ok)
	}
	if !j.on.wpm || spaceless[j.lang] {
		return
	}
	n := j.text.words()
	if wpm := math.Round(float64(n) / d.Minutes()); n >= minWords && wpm > j.limit.wpm && float64(n) > j.limit.wpm*least.Minutes() && j.listed("cue-wpm") {
		f, ok := j.finding("cue-wpm", fmt.Sprintf("this cue takes %s words a minute to read, over %s", number(wpm), number(j.limit.wpm)),
			fmt.Sprintf("show it for %s s, shorten the text, or divide it", number(math.Ceil(float64(n)/j.limit.wpm*600)/10)))
		j.atTiming(i, f, ok)
	}
}

// minWords is from how many words on words a minute mean anything.
const minWords = 4

// spaceless are languages that put no spaces between words.
var spaceless = map[string]bool{"zh": true, "ja": true, "th": true, "lo": true, "km": true, "my": true, "bo": true}

// number writes a number without needless digits.
func number(n float64) string { return strconv.FormatFloat(n, 'f', -1, 64) }

// lines judges the lines of a cue.
func (j *judge) lines(i int, c *subtitle.Cue) {
	ls := j.text.lines
	for _, l := range ls {
		if l.long > j.limit.line && j.listed("line-length") {
			f, ok := j.finding("line-length", fmt.Sprintf("this line has %s characters, over %s", number(l.long), number(j.limit.line)),
				"break it into two lines, or shorten it")
			if !j.text.plain {
				j.atLine(i, l.number, f, ok)
			} else if ok {
				j.atText(i, j.tooLong(l), l.to, f, ok)
			}
		}
	}
	if len(ls) > j.limit.lines && j.listed("cue-lines") {
		f, ok := j.finding("cue-lines", fmt.Sprintf("this cue has %d lines, over %d", len(ls), j.limit.lines), "join lines, or divide the cue")
		j.atLine(i, ls[j.limit.lines].number, f, ok)
	}
	if len(ls) == 2 && c.Settings().Vertical == subtitle.Horizontal {
		j.pair(i, c, ls[0], ls[1])
	}
}

// tooLong is the byte at which a line passes the limit.
func (j *judge) tooLong(l visibleLine) int {
	at, n := l.from, 0.0
	for it := graphemes.FromBytes(j.text.buf[l.from:l.to]); it.Next(); at += len(it.Value()) {
		if n += length(it.Value(), j.limit.width.line); n > j.limit.line {
			break
		}
	}
	return at
}

// rawLine is a line of a payload, from 0, as bytes of it; the last one where there are fewer, as with <br>.
func rawLine(raw string, number int) (from, to int) {
	for {
		end := strings.IndexByte(raw[from:], '\n')
		if end < 0 {
			return from, len(raw)
		}
		if number == 0 {
			return from, from + end
		}
		from, number = from+end+1, number-1
	}
}

// pair judges how a text is broken into two lines.
func (j *judge) pair(i int, c *subtitle.Cue, a, b visibleLine) {
	if spaceless[j.lang] { // there the break stands for a comma
		return
	}
	fits := a.long+1+b.long <= j.limit.line
	if !fits && min(a.long, b.long) >= j.limit.balance*max(a.long, b.long) {
		return
	}
	if meant(j.text.text(a), j.text.text(b)) || strings.Contains(c.Raw, "<v") || strings.Contains(c.Raw, "<0") {
		return
	}
	if fits {
		if !j.listed("line-fits-one") {
			return
		}
		f, ok := j.finding("line-fits-one", fmt.Sprintf("the two lines fit on one of %s characters", number(j.limit.line)), "join them")
		j.atLine(i, b.number, f, ok)
		return
	}
	if !j.listed("line-balance") {
		return
	}
	f, ok := j.finding("line-balance", fmt.Sprintf("the lines have %s and %s characters; one is much shorter", number(a.long), number(b.long)),
		"break the text elsewhere, at the end of a phrase")
	j.atLine(i, a.number, f, ok)
}

// meant says whether the break between two lines has a reason of its own: two speakers, a song, a sound, a list, or the
// end of a phrase.
func meant(a, b []byte) bool {
	first, _ := utf8.DecodeRune(a)
	second, _ := utf8.DecodeRune(b)
	last, _ := utf8.DecodeLastRune(a)
	const marks = "-–—‐‑−♪♫♬#*•[(（【《「『\"“„«<>"
	return strings.ContainsRune(marks, first) || strings.ContainsRune(marks, second) || strings.ContainsRune(".?!…:;,-–—।॥။។。！？、，：；؟،。»”\"'’)]）】♪♫", last) ||
		!bytes.ContainsFunc(a, lowerOrCaseless) || !bytes.ContainsFunc(b, lowerOrCaseless) // a title, a sign, a date
}
