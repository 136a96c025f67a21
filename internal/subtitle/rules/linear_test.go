package rules

import (
	"strings"
	"syscall"
	"testing"
	"time"

	"filmpress/internal/subtitle"
)

// cpu is the processor time of this process so far. Wall time says nothing on a busy machine.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// TestCheckIsLinear judges files of 1 MB that would take a careless judge quadratic time.
func TestCheckIsLinear(t *testing.T) {
	const size = 1 << 20
	one := "1\n00:00:01,000 --> 00:00:02,000\n"
	lines := func(line string) string { return strings.Repeat(line+"\n", (size-100)/(len(line)+1)) }
	wide := func(s string) string { return strings.Repeat(s, (subtitle.MaxLine-10)/len(s)) }
	for name, in := range map[string]string{
		"marks.srt":      one + lines("a"+wide("\u0301")),
		"tall.srt":       one + lines("12345678901234567890123456789012345678901234567890"),
		"dashes.srt":     one + lines("- a") + "-b",
		"bidi.srt":       one + lines(wide("a\u202b")),
		"accents.srt":    one + lines(wide("à")),
		"garbled.srt":    one + lines(wide("Ã©")),
		"words.srt":      one + lines(wide("Ã© ")),
		"mixed.srt":      one + lines(wide("нaш ")),
		"mixed-one.srt":  one + lines(wide("нa")),
		"zero.srt":       one + lines(wide("a\u200b")),
		"control.srt":    one + lines(wide("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\x01")),
		"lost.srt":       one + lines(wide("\ufffd")),
		"digits.srt":     one + lines(wide("1984 ")),
		"cues.srt":       strings.Repeat("1\n00:00:01,000 --> 99:00:02,000\nA\n\n", size/36),
		"back.srt":       strings.Repeat("1\n00:00:09,000 --> 00:00:10,000\nA\n\n1\n00:00:01,000 --> 00:00:02,000\nA\n\n", size/72),
		"cp1251.srt":     one + lines("\xcf\xf0\xe8\xe2\xe5\xf2, \xea\xe0\xea \xe4\xe5\xeb\xe0? \xcd\xe5 \xe7\xed\xe0\xfe, \xf7\xf2\xee \xf1\xea\xe0\xe7\xe0\xf2\xfc \xe2\xe0\xec."),
		"ruby.vtt":       "WEBVTT\n\n00:01.000 --> 00:02.000\n" + lines(wide("<ruby>a<rt>b</ruby>")),
		"spaces.srt":     one + lines(wide(" ")+"a"),
		"ellipsis.srt":   one + lines(wide("... ")),
		"forever.vtt":    "WEBVTT\n\n" + strings.Repeat("00:01.000 --> 99:00:02.000\nA b c\n\n", size/36),
		"wide-marks.srt": one + lines("一"+wide("\u0301")),
	} {
		start := cpu()
		track, read := subtitle.Read(name, []byte(in), subtitle.Options{Language: "zh"})
		between := cpu()
		Check(&track, read, Settings{})
		CheckPair(&track, &track, Settings{})
		if took := cpu() - between; took > 3*time.Second {
			t.Errorf("%s took %v", name, took)
		} else {
			t.Logf("%s: %v to judge, %v to read", name, took, between-start)
		}
	}
}
