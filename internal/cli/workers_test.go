package cli

import "testing"

func TestWorkersFor(t *testing.T) {
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
		if got := workersFor(c.cores, c.memory, c.pixels); got != c.want {
			t.Errorf("%d cores, %d MB, %d pixels: %d, want %d", c.cores, c.memory/1e6, c.pixels, got, c.want)
		}
	}
	if free := freeMemory(); free < 1e6 {
		t.Errorf("%d bytes are free", free)
	}
}
