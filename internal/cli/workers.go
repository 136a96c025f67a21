package cli

import (
	"bufio"
	"cmp"
	"math"
	"os"
	"runtime"
	"strconv"
	"strings"

	"filmpress/internal/plan"
)

// One process keeps about one core busy, because its encoders have one thread each. What it holds for a 1080p ladder was
// measured (docs/benchmarks.md). x264 looks 30 frames ahead in every rung; the first figure has
// some room above that.
const (
	bytesPixel = 1.1e9 / (1920 * 1080)
	withAV1    = 1.9 // times as much
	bytesLeast = 200e6
	ofMemory   = 0.6 // of what is free: the rest is the page cache's
)

// workers is how many parts of the film are encoded at once.
func (a *app) workers(p plan.Plan) int { return a.atOnce(largest(p)) }

// atOnce is how many encodes of ladders with a largest rung of so many pixels go side by side.
func (a *app) atOnce(pixels int) int {
	if n, err := strconv.Atoi(a.config.Workers); err == nil {
		return n
	}
	return workersFor(runtime.GOMAXPROCS(0), cmp.Or(a.memory, freeMemory()), pixels)
}

// workersFor is what a machine can carry: bytes of memory, 0 where that is not known; pixels of the largest rung.
func workersFor(cores int, memory int64, pixels int) int {
	n := max(1, cores)
	if memory > 0 {
		n = min(n, int(ofMemory*float64(memory)/math.Max(bytesLeast, float64(pixels)*bytesPixel)))
	}
	return max(1, n)
}

// largest is the pixels of a plan's largest rung; where there is AV1, as many as would need the memory of both.
func largest(p plan.Plan) (pixels int) {
	for _, s := range p.Steps {
		if s.Kind != plan.Chunk {
			continue
		}
		var c plan.ChunkParams
		s.Decode(&c)
		for _, r := range c.Rungs {
			pixels = max(pixels, r.Width*r.Height)
		}
		if c.AV1 > 0 {
			return int(withAV1 * float64(pixels))
		}
		return pixels
	}
	return 0
}

// freeMemory is what Linux says can be had without swapping, in bytes; 0 where nobody says.
func freeMemory() int64 {
	f, err := os.Open("/proc/meminfo")
	if err != nil {
		return 0
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if rest, ok := strings.CutPrefix(lines.Text(), "MemAvailable:"); ok {
			kb, _ := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(rest, "kB")), 10, 64)
			return kb << 10
		}
	}
	return 0
}
