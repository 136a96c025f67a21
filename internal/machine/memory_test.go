package machine

import "testing"

func TestWorkers(t *testing.T) {
	const hd, sd = 1920 * 1080, 640 * 360
	for _, c := range []struct {
		cores  int
		memory int64
		pixels int
		want   int
	}{
		{1, 8e9, hd, 1}, {2, 8e9, hd, 2}, {8, 32e9, hd, 8}, {64, 256e9, hd, 64},
		{2, 2e9, hd, 1}, {64, 8e9, hd, 4}, {64, 8e9, sd, 24}, {64, 1e9, hd, 1}, {12, 0, hd, 12}, {64, 64e9, 4 * hd, 8},
	} {
		if got := Workers(c.cores, c.memory, c.pixels); got != c.want {
			t.Errorf("%d cores, %d MB, %d pixels: %d, want %d", c.cores, c.memory/1e6, c.pixels, got, c.want)
		}
	}
	if free := FreeMemory(); free < 1e6 {
		t.Errorf("%d bytes are free", free)
	}
}

// With AV1 beside H.264 a part holds what was measured, and no less.
func TestWorkersWithAV1(t *testing.T) {
	const hd = 1920 * 1080
	measured := 2.08e9 // docs/benchmarks.md
	for _, memory := range []int64{8e9, 32e9, 64e9} {
		if n := Workers(64, memory, int(WithAV1*hd)); float64(n)*measured > ofMemory*float64(memory) {
			t.Errorf("%d GB: %d parts take %.1f GB", memory/1e9, n, float64(n)*measured/1e9)
		}
	}
	if n := Workers(16, 32e9, int(WithAV1*hd)); n != 9 {
		t.Errorf("docs/machines.md says 9, not %d", n)
	}
}
