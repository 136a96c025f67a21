package subtitle

import "testing"

// The eight colours that WebVTT names come through SRT and back.
func TestSRTColor(t *testing.T) {
	track, _ := Read("a.vtt", []byte("WEBVTT\n\n00:01.000 --> 00:02.000\n<c.yellow>Ann <i>says</i></c> <c.loud>no</c>\n"), Options{})
	srt := string(track.SRT())
	if want := "1\n00:00:01,000 --> 00:00:02,000\n<font color=\"#ffff00\">Ann <i>says</i></font> no\n"; srt != want {
		t.Errorf("got %q, want %q", srt, want)
	}
	if lost := track.LossyAs(SRT); len(lost) != 1 || lost[0].Text != "SRT has no classes; loud is left out" {
		t.Errorf("%v", lost)
	}
	again, _ := Read("a.srt", []byte(srt), Options{})
	if got, want := string(again.WebVTT()), "WEBVTT\n\n00:00:01.000 --> 00:00:02.000\n<c.yellow>Ann <i>says</i></c> no\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
