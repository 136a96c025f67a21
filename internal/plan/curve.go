package plan

import (
	"math"

	"filmpress/internal/media"
)

// line is how a rung's loss and rate follow from its rate factor. Over the ten or so factors that matter, the logarithm
// of both is very nearly a straight line: ln loss = l0 + l1 crf, ln rate = r0 + r1 crf.
type line struct{ l0, l1, r0, r1 float64 }

// scale is what the rate factors of an encoder mean.
type scale struct {
	// What a step of the factor is worth: typical for natural pictures (docs/benchmarks.md), and the bounds beyond which a
	// measured slope is noise or a picture without content, such as black.
	lossStep, leastLossStep, mostLossStep float64
	rateStep, leastRateStep, mostRateStep float64
	// below and above are how far the factor may go from the pipeline's. A film of noise would else be given bits without
	// end, and a clean drawing be smeared where it has faces: SSIM is a mean and does not see that.
	below, above float64
	apart        float64 // how far two looks must lie apart to show a slope
	most         float64 // the coarsest there is
	unit         float64 // factors are multiples of it
}

var (
	x264 = scale{lossStep: 0.12, leastLossStep: 0.03, mostLossStep: 0.3, rateStep: -0.11, leastRateStep: -0.04, mostRateStep: -0.3,
		below: 6, above: 8, apart: 2, most: 51, unit: 0.1}
	// Three steps of SVT-AV1 are worth about one of x264; ffmpeg 5.1 takes whole ones.
	svt = scale{lossStep: 0.04, leastLossStep: 0.01, mostLossStep: 0.1, rateStep: -0.055, leastRateStep: -0.015, mostRateStep: -0.15,
		below: 15, above: 20, apart: 6, most: 63, unit: 1}
)

// scaleOf is the scale of a codec's encoder.
func scaleOf(codec string) scale {
	if codec == media.AV1 {
		return svt
	}
	return x264
}

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

// line draws the line through the points, nearest in the sense of least squares. One point, or several of one rate
// factor, get the typical slope.
func (s scale) line(metric string, points []media.Point) line {
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
	f := line{l1: s.lossStep, r1: s.rateStep}
	if xx > 0 {
		f.l1 = min(s.mostLossStep, max(s.leastLossStep, xl/xx))
		f.r1 = max(s.mostRateStep, min(s.leastRateStep, xr/xx))
	}
	f.l0, f.r0 = l-f.l1*x, r-f.r1*x
	return f
}

func (f line) loss(crf float64) float64 { return math.Exp(f.l0 + f.l1*crf) }
func (f line) rate(crf float64) float64 { return math.Exp(f.r0 + f.r1*crf) }

// forLoss and forRate are the rate factors at which a loss or a rate is reached.
func (f line) forLoss(loss float64) float64 { return (math.Log(loss) - f.l0) / f.l1 }
func (f line) forRate(rate float64) float64 { return (math.Log(rate) - f.r0) / f.r1 }
