package subtitle

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"
)

// bigFile is about 2 MB of ordinary cues.
func bigFile(f Format, cues int) []byte {
	var b strings.Builder
	sep := byte(',')
	if f == WebVTT {
		sep = '.'
		b.WriteString("WEBVTT\n\n")
	}
	for i := range cues {
		at := time.Duration(i) * 3 * time.Second
		fmt.Fprintf(&b, "%d\n%s --> %s\nThis is what <i>somebody</i> says here,\nand this is the answer to it.\n\n", i+1, FormatTime(at, sep), FormatTime(at+2*time.Second, sep))
	}
	return []byte(b.String())
}

func BenchmarkRead(b *testing.B) {
	for _, f := range []Format{SRT, WebVTT} {
		data := bigFile(f, 19_000)
		b.Run(f.String(), func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				Read("big."+f.String(), data, Options{})
			}
		})
	}
}

// cpu is the processor time of this process so far. Wall time says nothing on a busy machine.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// TestReadIsLinear reads files that would take a careless reader quadratic time.
func TestReadIsLinear(t *testing.T) {
	const size = 1 << 20
	wide := strings.Repeat("x", MaxLine-10)
	lines := func(line string) string { return strings.Repeat(line+"\n", (size-100)/(len(line)+1)) }
	for name, in := range map[string]string{
		"blank.srt":        "1\n00:00:01,000 --> 00:00:02,000\n" + lines(""),
		"numbers.srt":      "1\n00:00:01,000 --> 00:00:02,000\n" + lines("1"),
		"times.srt":        lines("00:00:01,000 --> 00:00:02,000"),
		"broken.srt":       lines("0:0 -->"),
		"wide.srt":         "00:00:01,000 --> 00:00:02,000\n" + lines(wide),
		"tags.srt":         "00:00:01,000 --> 00:00:02,000\n" + lines(strings.Repeat("<b><i></b>", 9000)),
		"open-tags.srt":    "00:00:01,000 --> 00:00:02,000\n" + lines(strings.Repeat("<font ", 9000)),
		"overrides.srt":    "00:00:01,000 --> 00:00:02,000\n" + lines(strings.Repeat(`{\an`, 20000)),
		"entities.srt":     "00:00:01,000 --> 00:00:02,000\n" + lines(strings.Repeat("&am", 30000)),
		"tags.vtt":         "WEBVTT\n\n00:01.000 --> 00:02.000\n" + lines(strings.Repeat("<b><i></b>", 9000)),
		"open.vtt":         "WEBVTT\n\n00:01.000 --> 00:02.000\n" + lines(strings.Repeat("<", 90000)),
		"entities.vtt":     "WEBVTT\n\n00:01.000 --> 00:02.000\n" + lines(strings.Repeat("&aaaa", 15000)),
		"settings.vtt":     "WEBVTT\n\n" + lines("00:01.000 --> 00:02.000 "+strings.Repeat("a:b ", 20000)),
		"regions.vtt":      "WEBVTT\n\n" + strings.Repeat("REGION\nid:a\n\n", 60_000) + lines("00:01.000 --> 00:02.000 region:x"),
		"arrows.vtt":       "WEBVTT\n\n" + lines("-->"),
		"cp1251.srt":       "00:00:01,000 --> 00:00:02,000\n" + lines("\xcf\xf0\xe8\xe2\xe5\xf2"),
		"high.srt":         lines("\xfd\xfc\xff\xfe"),
		"spaces.srt":       "00:00:01,000 --> 00:00:02,000\n" + lines(strings.Repeat(" ", 90000)),
		"spaced-times.srt": lines("0 " + strings.Repeat(": 0 ", 20000) + "-->"),
	} {
		start := cpu()
		track, _ := Read(name, []byte(in), Options{})
		for i := range min(3, len(track.Cues)) {
			track.Cues[i].Plain()
		}
		if took := cpu() - start; took > 3*time.Second {
			t.Errorf("%s took %v", name, took)
		} else {
			t.Logf("%s: %v", name, took)
		}
	}
}

// TestCaps: what is too large is refused at once.
func TestCaps(t *testing.T) {
	for _, c := range []struct {
		what, found string
		data        []byte
	}{
		{"a 100 MB line", "error 0:0 file-too-large", make([]byte, 100<<20)},
		{"a long line", "error 3:0 line-too-long", []byte("1\n00:00:01,000 --> 00:00:02,000\n" + strings.Repeat("a", MaxLine+1))},
		{"the longest line", "", []byte("1\n00:00:01,000 --> 00:00:02,000\n" + strings.Repeat("a", MaxLine-1))},
	} {
		start := cpu() // a clock on the wall tells of other programs too
		track, found := Read("x.srt", c.data, Options{})
		took := cpu() - start
		if got := brief(found); got != c.found || took > time.Second || c.found != "" && len(track.Cues) > 0 {
			t.Errorf("%s: %s in %v, want %s", c.what, got, took, c.found)
		}
	}
}
