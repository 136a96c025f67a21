package subtitle

import (
	"testing"
	"time"
)

func TestRetime(t *testing.T) {
	later := func(d time.Duration) time.Duration { return d + 1500*time.Millisecond }
	const vtt = "WEBVTT\n\nintro\n00:01.000 --> 00:03.000 line:0\n<v Ann>one <00:02.000><i>two</i> &lt;\n"
	const want = "WEBVTT\n\nintro\n00:00:02.500 --> 00:00:04.500 line:0\n<v Ann>one <00:00:03.500><i>two</i> &lt;\n"
	track, _ := Read("a.vtt", []byte(vtt), Options{})
	track.Retime(later)
	if got := string(track.WebVTT()); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	track, _ = Read("a.srt", []byte("1\n00:00:01,000 --> 00:00:03,000\n<i>one</i>\n"), Options{})
	track.Retime(later)
	if got := string(track.SRT()); got != "1\n00:00:02,500 --> 00:00:04,500\n<i>one</i>\n" {
		t.Errorf("got %s", got)
	}
}
