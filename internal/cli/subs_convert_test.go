package cli

import (
	"testing"
	"time"
)

func TestShift(t *testing.T) {
	for in, want := range map[string]time.Duration{
		"1.5s": 1500 * time.Millisecond, "-250ms": -250 * time.Millisecond, "1h2m": 62 * time.Minute, "0.0004s": 0,
		"00:00:01.500": 1500 * time.Millisecond, "-00:00:01,500": -1500 * time.Millisecond, "+1:02:03": 3723 * time.Second, "02:03.25": 123250 * time.Millisecond,
	} {
		if got, ok := parseShift(in); !ok || got != want {
			t.Errorf("%q: %v %v, want %v", in, got, ok, want)
		}
	}
	for _, in := range []string{"soon", "1.5", "--00:00:01", "1:2:3:4", "00:61:00", "00:1.5:00", "1e3:00", "101h", "-", "nan:00", ":"} {
		if got, ok := parseShift(in); ok {
			t.Errorf("%q was taken for %v", in, got)
		}
	}
}

func TestRatio(t *testing.T) {
	for in, want := range map[string]float64{"25/23.976": 25 * 1001.0 / 24000, "25": 25, "30000/1001": 30000.0 / 1001, "29.97": 30000.0 / 1001, "24/25": 0.96, " 1.5 ": 1.5} {
		if got, ok := parseRatio(in); !ok || got != want {
			t.Errorf("%q: %v %v, want %v", in, got, ok, want)
		}
	}
	for _, in := range []string{"", "25/", "/25", "25/0", "-1", "1/2/3", "1e3", "Inf", "NaN", "fast"} {
		if got, ok := parseRatio(in); ok {
			t.Errorf("%q was taken for %v", in, got)
		}
	}
	// Two hours there and back again: not a millisecond is lost.
	r, back := retiming{25 * 1001.0 / 24000, time.Second}, retiming{24000 / (25 * 1001.0), 0}
	for ms := range 7200 {
		at := time.Duration(ms) * 1001 * time.Millisecond
		if got := back.apply(r.apply(at) - time.Second); got != at {
			t.Fatalf("%v came back as %v", at, got)
		}
	}
}
