// Package machine holds what a plan asks for against what this machine has: cores, memory and room on its disks.
package machine

import (
	"bufio"
	"math"
	"os"
	"strconv"
	"strings"

	"filmpress/internal/plan"
)

// One process keeps about one core busy, because its encoders have one thread each. What it holds for a 1080p ladder was
// measured (docs/benchmarks.md). x264 looks 30 frames ahead in every rung; the first figure has
// some room above that.
const (
	bytesPixel = 1.1e9 / (1920 * 1080)
	bytesLeast = 200e6
	ofMemory   = 0.6 // of what is free: the rest is the page cache's
)

// WithAV1 is how many times as much memory a process holds that encodes AV1 beside H.264.
const WithAV1 = 1.9

// Workers is how many such processes a machine can carry at once: memory in bytes, 0 where that is not known; pixels of the largest rung.
func Workers(cores int, memory int64, pixels int) int {
	n := max(1, cores)
	if memory > 0 {
		n = min(n, int(ofMemory*float64(memory)/math.Max(bytesLeast, float64(pixels)*bytesPixel)))
	}
	return max(1, n)
}

// Largest is the pixels of a plan's largest rung; where there is AV1, as many as would need the memory of both.
func Largest(p plan.Plan) (pixels int) {
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
			return int(WithAV1 * float64(pixels))
		}
		return pixels
	}
	return 0
}

// FreeMemory is what Linux says can be had without swapping, in bytes; 0 where nobody says.
func FreeMemory() int64 {
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
