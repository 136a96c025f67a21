package cli

import (
	"testing"
	"time"

	"filmpress/internal/clean"
)

func TestParseAge(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"7d": 7 * 24 * time.Hour, "36h": 36 * time.Hour, "1d12h": 36 * time.Hour, "1h30m": 90 * time.Minute, "0h": 0,
		"": -1, "d": -1, "7": -1, "-1h": -1, "-1d": -1, "1d-5h": -1, "1.5d": -1, "week": -1, "999999d": -1, "0d": -1,
	} {
		got, err := parseAge(text)
		if want < 0 && err == nil || want >= 0 && (err != nil || got != want) {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
	for d, want := range map[time.Duration]string{7 * 24 * time.Hour: "7d", 36 * time.Hour: "36h", 90 * time.Minute: "1h30m", 0: "0s"} {
		if got := ageText(d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
		if back, err := parseAge(ageText(d)); err != nil || back != d {
			t.Errorf("%v reads back as %v, %v", d, back, err)
		}
	}
}

func TestParseLimit(t *testing.T) {
	for text, want := range map[string]clean.Limit{"500": {Objects: 500}, "20%": {Percent: 20}, "0.5%": {Percent: 0.5}, "100%": {Percent: 100}, "0": {}, "0%": {}} {
		if got, err := parseLimit(text); err != nil || got != want || got.String() == "" {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "%", "-1", "101%", "-5%", "NaN%", "many", "1e9", "5 %x"} {
		if got, err := parseLimit(text); err == nil {
			t.Errorf("%q: %+v", text, got)
		}
	}
}
