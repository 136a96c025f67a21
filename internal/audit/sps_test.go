package audit

import "testing"

// TestLevels: the level that a picture says, and the least that it needs, by table A-1 of H.264. Level 1b lies between 1 and 1.1 and is written in two ways.
func TestLevels(t *testing.T) {
	for _, c := range []struct {
		profile, constraints, level byte
		want                        string
	}{{100, 0, 10, "1.0"}, {100, 0, 9, "1b"}, {66, 0xd0, 11, "1b"}, {66, 0xc0, 11, "1.1"}, {100, 0x10, 11, "1.1"}, {100, 0, 31, "3.1"}, {100, 0, 62, "5.2"}} {
		if got := levelName((&sps{profile: c.profile, constraints: c.constraints, level: c.level}).rank()); got != c.want {
			t.Errorf("profile %d, constraints %x, level %d: %s, want %s", c.profile, c.constraints, c.level, got, c.want)
		}
	}
	for _, c := range []struct {
		profile       byte
		width, height int
		rate          float64
		bps           int64
		want          string
	}{{100, 160, 90, 10, 80_000, "1.0"}, {100, 160, 90, 10, 100_000, "1b"}, {100, 160, 90, 10, 170_000, "1.1"}, {66, 160, 90, 10, 100_000, "1b"}, {66, 160, 90, 10, 140_000, "1.1"},
		{100, 416, 234, 25, 145_000, "1.3"}, {100, 1920, 1080, 30, 6_000_000, "4.0"}, {100, 7680, 4320, 60, 50_000_000, "above 5.2"}} {
		s := &sps{profile: c.profile, width: c.width, height: c.height, refs: 1}
		if got := levelName(s.leastLevel(c.rate, c.bps)); got != c.want {
			t.Errorf("%dx%d at %v, %d bit/s: %s, want %s", c.width, c.height, c.rate, c.bps, got, c.want)
		}
	}
}
