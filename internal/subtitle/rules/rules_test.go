package rules

import (
	"testing"

	"filmpress/internal/subtitle"
)

func TestSettings(t *testing.T) {
	for _, c := range []struct{ key, word, err string }{
		{"cue-cps", "off", ""},
		{"cue-cpss", "off", `no rule is called "cue-cpss"; the nearest is cue-cps`},
		{"cue-cps", "warning", `a rule is set to error, warn, info or off, not to "warning"; the nearest is warn`},
		{"cue-cps.max", "20", ""},
		{"cue-cps.mex", "20", `no threshold is called "cue-cps.mex"; the nearest is cue-cps.max`},
		{"cue-cps.max", "fast", `cue-cps.max is set to a number of 0 or more, not to "fast"`},
	} {
		var s Settings
		set := s.SetLevel
		if c.key != "cue-cps" && c.key != "cue-cpss" {
			set = s.SetValue
		}
		got := ""
		if err := set(c.key, c.word); err != nil {
			got = err.Error()
		}
		if got != c.err {
			t.Errorf("%s %s: %q, want %q", c.key, c.word, got, c.err)
		}
	}
}

func TestPassesReaderFindings(t *testing.T) {
	track, read := subtitle.Read("a.srt", []byte("1\n00:00:01.000 --> 00:00:03,000\nA\n"), subtitle.Options{})
	if got := Check(&track, read, Settings{}); len(got) != 1 || got[0].Rule != "srt-timestamp" {
		t.Errorf("%v", got)
	}
}
