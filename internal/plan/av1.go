package plan

import (
	"fmt"

	"filmpress/internal/media"
)

const (
	// leastSide is the smallest side of a picture that SVT-AV1 takes, in pixels.
	leastSide = 64
	// saves is the share of the bits of H.264 from which on AV1 is not worth having: it takes several times as long to make,
	// and as much room again.
	saves = 0.95
)

// second is the ladder once more in AV1, at the pipeline's rate factor: all sizes that H.264 has, since a player stays
// within a codec once it has begun. There is no VBV: capped, SVT-AV1 1.4 gives other bytes in each run.
func (c *computer) second() (rungs []Rung) {
	wish := c.Pipeline.Video.AV1
	for _, r := range c.rungs {
		if min(r.Width, r.Height) < leastSide {
			continue
		}
		rungs = append(rungs, Rung{Name: r.Name + "-av1", Codec: media.AV1, Width: r.Width, Height: r.Height, CRF: float64(wish.CRF),
			most: r.most * int64(wish.Share) / 100, expected: r.expected})
	}
	c.encoding.AV1 = int(wish.Preset)
	return rungs
}

// av1 adds AV1 to the ladder, each rung at the rate factor that reaches the target within its share of the rung's cap.
func (c *computer) av1() {
	if c.Pipeline.Video.AV1 == nil {
		return
	}
	rungs, q := c.second(), c.AV1
	if len(rungs) < len(c.rungs) {
		c.because("AV1", len(rungs) > 0, fmt.Sprintf("its encoder takes no picture with a side under %d pixels; such sizes are H.264 alone", leastSide))
	}
	if len(rungs) == 0 {
		c.encoding.AV1 = 0
		return
	}
	if q == nil || q.Failed != "" {
		c.modern = rungs
		for _, r := range rungs {
			c.because(label(r.Width, r.Height)+" AV1", true, fmt.Sprintf("%dx%d at rate factor %g, as the pipeline says: no sample tells what it costs", r.Width, r.Height, r.CRF))
		}
		return
	}
	if len(q.Rungs) != len(rungs) {
		panic(fmt.Sprintf("%d rungs were measured in AV1, and %d are planned", len(q.Rungs), len(rungs)))
	}
	var why []string
	var ours, others float64
	for i := range rungs {
		r := &rungs[i]
		chosen := svt.choose(svt.line(q.Metric, q.Rungs[i].Points), loss(q.Metric, target(c.Pipeline.Video, q.Metric)), r.CRF, r.most)
		r.CRF, ours, others = chosen.crf, ours+chosen.rate, others+r.expected
		text := chosen.words(q.Metric, *r)
		if r.expected > 0 {
			text += fmt.Sprintf("; %.0f %% of the bits of H.264", 100*chosen.rate/r.expected)
		}
		why = append(why, text)
	}
	if others > 0 && ours > saves*others {
		c.encoding.AV1 = 0
		c.because("AV1", false, fmt.Sprintf("of this film it would take about %d kb/s for all sizes, and H.264 takes %d: too little is saved", kilobits(ours), kilobits(others)))
		return
	}
	c.modern = rungs
	for i, r := range rungs {
		c.because(label(r.Width, r.Height)+" AV1", true, why[i])
	}
}
