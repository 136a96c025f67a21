package subtitle

import (
	"fmt"
	"time"
)

// maxHours keeps every time inside a time.Duration; the specification sets no limit.
const maxHours = 2_000_000

// scan is a pointer into a line, as in the specification's algorithms.
type scan struct {
	s string
	i int
}

func (p *scan) peek() byte {
	if p.i < len(p.s) {
		return p.s[p.i]
	}
	return 0
}

func (p *scan) eat(c byte) bool {
	if p.i < len(p.s) && p.s[p.i] == c {
		p.i++
		return true
	}
	return false
}

// space skips ASCII whitespace.
func (p *scan) space() {
	for p.i < len(p.s) && isSpace(p.s[p.i]) {
		p.i++
	}
}

// digits collects ASCII digits: how many there were, and their value, which stops growing at maxHours.
func (p *scan) digits() (n, value int) {
	for p.i < len(p.s) && isDigit(p.s[p.i]) {
		if value = value*10 + int(p.s[p.i]-'0'); value > maxHours {
			value = maxHours
		}
		p.i++
		n++
	}
	return n, value
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r' }
func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// timestamp collects a WebVTT timestamp (WebVTT 6.4). On failure the pointer stands where it failed and why
// says what was expected there.
func (p *scan) timestamp() (d time.Duration, why string) {
	begin := p.i
	n, v1 := p.digits()
	if n == 0 {
		return 0, "a time is expected here"
	}
	hours := n != 2 || v1 > 59
	if !p.eat(':') {
		return 0, "':' is expected here"
	}
	n, v2 := p.digits()
	if n != 2 {
		return 0, "two digits are expected here"
	}
	v3 := 0
	if hours || p.peek() == ':' {
		if !p.eat(':') {
			p.i = begin
			return 0, "minutes are two digits, at most 59"
		}
		if n, v3 = p.digits(); n != 2 {
			return 0, "seconds are two digits"
		}
	} else {
		v1, v2, v3 = 0, v1, v2
	}
	if !p.eat('.') {
		return 0, "'.' and three digits of milliseconds are expected here"
	}
	n, ms := p.digits()
	if n != 3 {
		return 0, "milliseconds are exactly three digits"
	}
	if v2 > 59 || v3 > 59 {
		p.i = begin
		return 0, "minutes and seconds go to 59"
	}
	return clock(v1, v2, v3, ms), ""
}

func clock(h, m, s, ms int) time.Duration {
	return time.Duration(h)*time.Hour + time.Duration(m)*time.Minute + time.Duration(s)*time.Second + time.Duration(ms)*time.Millisecond
}

// FormatTime writes a time as hh:mm:ss, the separator, and milliseconds.
func FormatTime(d time.Duration, separator byte) string {
	ms := max(d, 0).Milliseconds()
	return fmt.Sprintf("%02d:%02d:%02d%c%03d", ms/3_600_000, ms/60_000%60, ms/1000%60, separator, ms%1000)
}
