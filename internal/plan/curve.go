package plan

import (
	"math"

	"filmpress/internal/media"
)

// line is how a rung's loss and rate follow from its rate factor. Over the ten or so factors that matter, the logarithm
// of both is very nearly a straight line: ln loss = l0 + l1 crf, ln rate = r0 + r1 crf.
type line struct{ l0, l1, r0, r1 float64 }

// What a step of the rate factor is worth: typical for natural pictures (docs/benchmarks.md), and the bounds beyond
// which a measured slope is noise or a picture without content, such as black.
const (
	lossStep, leastLossStep, mostLossStep = 0.12, 0.03, 0.3
	rateStep, leastRateStep, mostRateStep = -0.11, -0.04, -0.3
)

// The least that is told apart: a loss of one in a hundred thousand, a bit a second.
const leastLoss, leastRate = 1e-5, 1.0

// loss is how far a score is from perfect: 0 to 1.
func loss(metric string, score float64) float64 {
	if metric == media.VMAF {
		score /= 100
	}
	return max(leastLoss, 1-score)
}

// score is what loss was computed from.
func score(metric string, loss float64) float64 {
	if metric == media.VMAF {
		return 100 * (1 - loss)
	}
	return 1 - loss
}

// lineOf draws the line through the points, nearest in the sense of least squares. One point, or several of one rate
// factor, get the typical slope.
func lineOf(metric string, points []media.Point) line {
	n := float64(len(points))
	var x, l, r float64
	for _, p := range points {
		x, l, r = x+p.CRF/n, l+math.Log(loss(metric, p.Score))/n, r+math.Log(max(leastRate, p.Rate))/n
	}
	var xx, xl, xr float64
	for _, p := range points {
		d := p.CRF - x
		xx, xl, xr = xx+d*d, xl+d*(math.Log(loss(metric, p.Score))-l), xr+d*(math.Log(max(leastRate, p.Rate))-r)
	}
	f := line{l1: lossStep, r1: rateStep}
	if xx > 0 {
		f.l1 = min(mostLossStep, max(leastLossStep, xl/xx))
		f.r1 = max(mostRateStep, min(leastRateStep, xr/xx))
	}
	f.l0, f.r0 = l-f.l1*x, r-f.r1*x
	return f
}

func (f line) loss(crf float64) float64 { return math.Exp(f.l0 + f.l1*crf) }
func (f line) rate(crf float64) float64 { return math.Exp(f.r0 + f.r1*crf) }

// forLoss and forRate are the rate factors at which a loss or a rate is reached.
func (f line) forLoss(loss float64) float64 { return (math.Log(loss) - f.l0) / f.l1 }
func (f line) forRate(rate float64) float64 { return (math.Log(rate) - f.r0) / f.r1 }
