package plan

import (
	"fmt"
	"math"
	"slices"
	"time"
)

// encode cuts the film into chunks, each a step of its own, so that a crash costs one of them and several can be made
// at once.
func (c *computer) encode() {
	c.encoding.Rungs = slices.Concat(c.rungs, c.modern)
	v, e := c.Film.Video[0], c.encoding
	starts := c.chunkStarts()
	for k, first := range starts {
		end := c.frames
		if k+1 < len(starts) {
			end = starts[k+1]
		}
		about := "encoding the picture"
		if len(starts) > 1 {
			about += fmt.Sprintf(", part %d of %d", k+1, len(starts))
		}
		id := fmt.Sprintf("chunk-%03d", k)
		c.add(id, Chunk, about, ChunkParams{Encoding: e, Source: v, First: first, Frames: end - first, Tolerant: c.Tolerant}, source("film", c.Film.Digest))
		c.chunks = append(c.chunks, c.from(id, id))
	}
	c.because("parts", true, partsReason(len(starts), c.length()))
}

// partsReason tells of the parts as they are: those of a film of few minutes are shorter than the pipeline's.
func partsReason(n int, film time.Duration) string {
	return fmt.Sprintf("%d of about %d s, each kept when it is done", n, max(1, int(math.Round(film.Seconds()/float64(n)))))
}

// level brings peaks down. What a segment may cost is only known when all of them are there, and the sound.
func (c *computer) level() {
	peaks, inputs := PeaksParams{Segment: c.seconds(int64(c.segment))}, slices.Clone(c.chunks)
	for _, s := range c.sounds {
		peaks.Sounds = append(peaks.Sounds, s.Step)
		inputs = append(inputs, c.from(s.Step, s.Step))
	}
	c.add("peaks", Peaks, "measuring the peaks", peaks, inputs...)
	var p VideoParams
	for k, chunk := range slices.Clone(c.chunks) {
		id := fmt.Sprintf("level-%03d", k)
		c.add(id, Level, "levelling peaks", LevelParams{Encoding: c.encoding, Chunk: chunk.Name}, chunk, c.from("peaks", "peaks"))
		c.chunks = append(c.chunks, c.from(id, id))
		p.Levels = append(p.Levels, id)
	}
	p.Frames = c.frames
	c.add("video", Video, "putting the picture together", p, c.chunks...)
}

// A chunk keeps about one core busy, because encoders have one thread. So a film of few minutes is cut into shorter
// chunks, that more of them can be encoded at once; each costs about a second more of encoding, which sets the limit.
const (
	chunksAtOnce = 8  // that a short film has, if they become no shorter than
	leastChunk   = 30 // seconds
)

// chunkStarts are the first frames of the chunks: as near to the pipeline's length as makes them equally long, each
// at a segment's start.
func (c *computer) chunkStarts() []int64 {
	segments := (c.frames + int64(c.segment) - 1) / int64(c.segment)
	each := float64(c.Pipeline.Video.Chunk) / float64(c.Pipeline.Segment)
	n := max(1, int64(math.Round(float64(segments)/each)), min(chunksAtOnce, segments*int64(c.Pipeline.Segment)/leastChunk))
	starts := make([]int64, n)
	for k := range starts {
		starts[k] = int64(k) * segments / n * int64(c.segment)
	}
	return starts
}
