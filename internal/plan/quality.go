package plan

import (
	"fmt"
	"math"
	"strings"

	"filmpress/internal/media"
	"filmpress/internal/pipeline"
)

const (
	// room is the share of a rung's highest rate that its average may take. What is left is for its busy scenes;
	// an average nearer to the cap than this costs more quality than it saves bits.
	room = 0.9
	// peak is how many times its average a segment may take, picture and sound together: a little less than the twice
	// of the HLS authoring specification (1.30), so that few segments have to be levelled.
	peak = 1.9
	// alike is the share of the bits of the rung above from which on a rung is not worth having: who can load it can
	// load that one. Apple's own rungs lie at 0.4 to 0.75 of the next.
	alike = 0.75
	// visible is the least that a rung must show more than the one below, see media.Curve.Gain: coding itself loses ten
	// times that. Rungs that follow each other are dropped only while all of them together show less.
	visible = 0.002
)

// quality gives every rung its rate factor and its cap. Where nothing was measured that is the pipeline's own.
func (c *computer) quality() {
	q := c.Quality
	for i := range c.rungs {
		r := &c.rungs[i]
		r.CRF, r.Buffer, r.most = float64(c.Pipeline.Video.CRF), 2*r.Max, r.Max
	}
	switch wish := c.Pipeline.Video.Quality; {
	case wish == nil:
		return
	case q == nil:
		c.because("quality", false, fmt.Sprintf("the film is shorter than %g s, too short to be sampled; rate factor %g, as the pipeline says", shortest.Seconds(), c.Pipeline.Video.CRF))
		return
	case q.Failed != "":
		c.because("quality", false, fmt.Sprintf("no sample could be encoded (%s); rate factor %g, as the pipeline says", q.Failed, c.Pipeline.Video.CRF))
		return
	case len(q.Rungs) != len(c.rungs):
		panic(fmt.Sprintf("%d rungs were measured, and %d are planned", len(q.Rungs), len(c.rungs)))
	}
	target := target(c.Pipeline.Video, q.Metric)
	c.because("quality", true, fmt.Sprintf("%s %s is aimed at; measured on %s of %.1f s", strings.ToUpper(q.Metric), digits(q.Metric, target), counted(q.Samples, "sample"), q.Seconds))
	chosen := make([]choice, len(c.rungs))
	for i, r := range c.rungs {
		chosen[i] = x264.choose(x264.line(q.Metric, q.Rungs[i].Points), loss(q.Metric, target), float64(c.Pipeline.Video.CRF), r.Max)
		c.rungs[i].CRF, c.rungs[i].expected = chosen[i].crf, chosen[i].rate
		c.rungs[i].Max, c.rungs[i].Buffer = c.vbv(chosen[i].rate, r.Max)
		c.explain(i, chosen[i].words(q.Metric, c.rungs[i]))
	}
	c.drop(chosen)
}

// target is the score that the pipeline wants in a metric.
func target(v pipeline.Video, metric string) float64 {
	if metric == media.VMAF {
		return float64(v.Quality.VMAF)
	}
	return float64(v.Quality.SSIM)
}

// choice is what one rung is encoded with, and what is expected of it.
type choice struct {
	crf   float64
	loss  float64
	rate  float64 // bit/s, the average
	bound bound
}

// bound is what kept a rung from its target.
type bound int

const (
	none   bound = iota
	byRate       // the rung may cost no more
	byLow        // the rate factor goes no lower
	byHigh       // the rate factor goes no higher: the rung is better than it has to be
)

// choose finds the rate factor at which a rung reaches the target, within the bounds and its cap in bit/s.
func (s scale) choose(f line, target, usual float64, most int64) choice {
	c := choice{crf: f.forLoss(target)}
	switch {
	case c.crf < usual-s.below:
		c.crf, c.bound = usual-s.below, byLow
	case c.crf > usual+s.above:
		c.crf, c.bound = usual+s.above, byHigh
	}
	if afford := f.forRate(room * float64(most)); afford > c.crf {
		c.crf, c.bound = afford, byRate
	}
	per := math.Round(1 / s.unit)
	c.crf = min(s.most, math.Round(c.crf*per)/per)
	c.loss, c.rate = min(1, f.loss(c.crf)), f.rate(c.crf)
	return c
}

// words tell what was chosen, and why.
func (c choice) words(metric string, r Rung) string {
	most := ""
	if r.Max > 0 {
		most = fmt.Sprintf(" and at most %d", r.Max/1000)
	}
	text := fmt.Sprintf("%dx%d, about %d kb/s%s, for %s %s at rate factor %.1f", r.Width, r.Height, kilobits(c.rate), most,
		strings.ToUpper(metric), digits(metric, score(metric, c.loss)), c.crf)
	return text + map[bound]string{
		byRate: "; its cap allows no more", byLow: ", the finest that is used", byHigh: ", the coarsest that is used",
	}[c.bound]
}

func counted(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}

func digits(metric string, score float64) string {
	if metric == media.VMAF {
		return fmt.Sprintf("%.1f", score)
	}
	return fmt.Sprintf("%.3f", score)
}

func kilobits(rate float64) int64 { return int64(math.Round(rate / 1000)) }

// vbv gives the VBV of a rung of an average rate, in bit/s and bits. A segment can take what comes in while it lasts
// and what the buffer held before; both together may be no more than a peak. The buffer is two seconds at most.
func (c *computer) vbv(rate float64, most int64) (rateMax, buffer int64) {
	sound, segment := float64(c.soundRate()), c.segmentTime().Seconds()
	allowed := peak*(rate+sound) - sound
	fits := min(float64(most), allowed*segment/(segment+1))
	fits = math.Max(1000, math.Floor(fits/1000)*1000)
	return int64(fits), int64(min(2*fits, math.Floor(segment*(allowed-fits)/1000)*1000))
}

// drop takes out the rungs that add nothing, from large to small. The smallest stays whatever it costs: it is the one
// for thin networks.
func (c *computer) drop(chosen []choice) {
	var kept []int
	unseen := 0.0 // what the rungs show that were dropped above i
	for i := len(c.rungs) - 1; i >= 0; i-- {
		name := fmt.Sprintf("%dx%d", c.rungs[i].Width, c.rungs[i].Height)
		switch {
		case i > 0 && unseen+c.Quality.Rungs[i].Gain < visible:
			unseen += c.Quality.Rungs[i].Gain
			c.refuse(i, fmt.Sprintf("%s shows nothing that the next smaller size does not show enlarged (SSIM %.4f between them)", name, 1-c.Quality.Rungs[i].Gain))
		case i > 0 && len(kept) > 0 && chosen[i].rate > alike*chosen[kept[0]].rate:
			above := c.rungs[kept[0]]
			c.refuse(i, fmt.Sprintf("%s would take about %d kb/s, nearly the %d of %dx%d", name, kilobits(chosen[i].rate), kilobits(chosen[kept[0]].rate), above.Width, above.Height))
		default:
			kept, unseen = append([]int{i}, kept...), 0
		}
	}
	rungs := make([]Rung, len(kept))
	for i, at := range kept {
		rungs[i] = c.rungs[at]
		rungs[i].Name = fmt.Sprintf("v%d", i)
	}
	c.rungs = rungs
}

// reason is where the plan tells of rung i; the ladder's reasons are the plan's first.
func (c *computer) reason(i int) *Reason {
	for k := range c.plan.Reasons {
		r := &c.plan.Reasons[k]
		if r.rung == i+1 {
			return r
		}
	}
	panic(fmt.Sprintf("nothing was said of rung %d", i))
}

func (c *computer) explain(rung int, why string) { c.reason(rung).Why = why }

func (c *computer) refuse(rung int, why string) {
	r := c.reason(rung)
	r.Taken, r.Why = false, why
}
