package subtitle

import (
	"strings"
	"time"
	"unicode/utf8"
)

// srtTiming is what a line of an SRT file says as a timing line.
type srtTiming struct {
	arrow      bool // it is a timing line, or was meant to be one
	start, end time.Duration
	strict     bool   // hh:mm:ss,mmm --> hh:mm:ss,mmm and nothing else
	rest       int    // byte offset of what stands after the times
	why        string // what cannot be read; "" where the times can
	at         int    // where
}

// parseSRTTiming reads a timing line tolerantly: any arrow, '.' for ',', short or missing milliseconds, one-digit
// hours, no hours, spaces within.
func parseSRTTiming(line string) srtTiming {
	if t, ok := strictSRTTiming(line); ok {
		return t
	}
	p := scan{s: line}
	p.loose()
	var t srtTiming
	why := p.srtTime(&t.start)
	if why == "" {
		if !p.srtArrow() {
			return brokenSRTTiming(line, p.i, "--> is expected here")
		}
		why = p.srtTime(&t.end)
	}
	if why != "" {
		return brokenSRTTiming(line, p.i, why)
	}
	t.arrow, t.rest = true, p.i
	return t
}

// brokenSRTTiming tells a timing line that cannot be read from text with an arrow in it: the former has a time.
func brokenSRTTiming(line string, at int, why string) srtTiming {
	if !strings.Contains(line, "-->") && !strings.Contains(line, "--&gt;") {
		return srtTiming{}
	}
	for i := 1; i+1 < len(line); i++ {
		if line[i] == ':' && isDigit(line[i-1]) && isDigit(line[i+1]) {
			return srtTiming{arrow: true, why: why, at: at}
		}
	}
	return srtTiming{}
}

// strictSRTTiming is the form that nearly every line has, read without detours.
func strictSRTTiming(line string) (srtTiming, bool) {
	const form = "00:00:00,000 --> 00:00:00,000"
	if len(line) != len(form) {
		return srtTiming{}, false
	}
	for i := range len(form) {
		if form[i] == '0' && !isDigit(line[i]) || form[i] != '0' && line[i] != form[i] {
			return srtTiming{}, false
		}
	}
	two := func(i int) int { return int(line[i]-'0')*10 + int(line[i+1]-'0') }
	at := func(i int) time.Duration {
		return clock(two(i), two(i+3), two(i+6), two(i+9)*10+int(line[i+11]-'0'))
	}
	if two(3) > 59 || two(6) > 59 || two(20) > 59 || two(23) > 59 {
		return srtTiming{}, false
	}
	return srtTiming{arrow: true, strict: true, start: at(0), end: at(17), rest: len(line)}, true
}

// loose skips spaces of any kind.
func (p *scan) loose() {
	for p.i < len(p.s) {
		r, n := utf8.DecodeRuneInString(p.s[p.i:])
		if !strings.ContainsRune(" \t\u00a0\u3000\ufeff\u200b\u200e\u200f\u202a\u202c", r) {
			return
		}
		p.i += n
	}
}

// srtArrow reads -->, and what stands for it: ->, - >, ==>, a long dash with >, an arrow character, --&gt; as a page's source has it.
func (p *scan) srtArrow() bool {
	from := p.i
	for p.i < len(p.s) {
		r, n := utf8.DecodeRuneInString(p.s[p.i:])
		if strings.HasPrefix(p.s[p.i:], "&gt;") {
			r, n = '>', len("&gt;")
		}
		switch {
		case strings.ContainsRune(">＞→", r):
			p.i += n
			p.loose()
			return true
		case !strings.ContainsRune("-–—−= \t\u00a0", r) || p.i-from > 20:
			p.i = from
			return false
		}
		p.i += n
	}
	p.i = from
	return false
}

// srtTime reads a time and says what is wrong with it, with the pointer at the place.
func (p *scan) srtTime(d *time.Duration) string {
	begin := p.i
	if p.peek() == '-' {
		return "a time before 0 cannot be shown"
	}
	var values, lengths, seps []int // seps[k] stands before values[k+1]: ':' or ','
	for {
		from := p.i
		n, _ := p.digits()
		if n == 0 {
			return "a time such as 00:01:02,345 is expected here"
		}
		values, lengths = append(values, digitsValue(p.s[from:from+min(n, 9)])), append(lengths, n)
		sep := p.srtSeparator()
		if len(values) == 4 || sep == 0 {
			break
		}
		seps = append(seps, sep)
	}
	h, m, s, ms, why := srtFields(values, lengths, seps)
	if why == "" && (m > 60 || s > 60) {
		why = "minutes and seconds go to 59"
	}
	if why != "" {
		p.i = begin
		return why
	}
	*d = clock(min(h, maxHours), m, s, ms)
	return ""
}

// srtSeparator passes one separator between digits, spaces round it included: ':' or ','; 0 and nothing passed
// where there is none.
func (p *scan) srtSeparator() int {
	from := p.i
	p.loose()
	r, n := utf8.DecodeRuneInString(p.s[p.i:])
	sep := 0
	switch {
	case strings.ContainsRune(":：", r):
		sep = ':'
	case strings.ContainsRune(",.;，、．", r):
		sep = ','
	}
	p.i += n
	p.loose()
	if sep == 0 || !isDigit(p.peek()) {
		p.i = from
		return 0
	}
	return sep
}

// srtFields tells hours, minutes, seconds and milliseconds apart.
func srtFields(v, lengths, seps []int) (h, m, s, ms int, why string) {
	last := len(v) - 1
	switch {
	case len(v) == 4 && seps[2] == ':' && lengths[3] < 3:
		return 0, 0, 0, 0, "the last part seems to count frames, not milliseconds"
	case len(v) == 4:
		return v[0], v[1], v[2], milliseconds(v[3], lengths[3]), ""
	case len(v) == 3 && seps[0] == ':' && seps[1] == ',':
		return 0, v[0], v[1], milliseconds(v[last], lengths[last]), ""
	case len(v) == 3:
		return v[0], v[1], v[2], 0, ""
	case len(v) == 2 && seps[0] == ':':
		return 0, v[0], v[1], 0, ""
	}
	return 0, 0, 0, 0, "a time such as 00:01:02,345 is expected here"
}

// milliseconds reads digits behind a comma as a fraction: ",5" is 500 ms.
func milliseconds(v, digits int) int {
	for ; digits < 3; digits++ {
		v *= 10
	}
	for digits = min(digits, 9); digits > 3; digits-- {
		v /= 10
	}
	return v
}

func digitsValue(s string) int {
	n := 0
	for i := range len(s) {
		n = n*10 + int(s[i]-'0')
	}
	return n
}
