package plan

import (
	"fmt"
	"math"
	"math/big"

	"filmpress/internal/media"
	"filmpress/internal/pipeline"
)

// worthwhile is how many times more pixels the source's own size must have than the rung below it to become a
// rung of its own: below that, viewers would pay for bits that they cannot see.
const worthwhile = 1.25

// ladder chooses the rungs for a picture of the given display size: each box of the pipeline that the picture
// fills without being enlarged, and the source's own size on top where the next box would enlarge it.
func ladder(width, height int, boxes []pipeline.Rung) (rungs []Rung, reasons []Reason) {
	for i, box := range boxes {
		bw, bh := int(box.Width), int(box.Height)
		if height > width { // portrait: the box is turned
			bw, bh = bh, bw
		}
		name := label(bw, bh)
		scale := min(float64(bw)/float64(width), float64(bh)/float64(height))
		if scale <= 1 {
			rung := Rung{Width: even(float64(width) * scale), Height: even(float64(height) * scale), Max: int64(box.Max) * 1000}
			rungs = append(rungs, rung)
			reasons = append(reasons, Reason{name, true, fmt.Sprintf("%dx%d, at most %d kb/s", rung.Width, rung.Height, box.Max), len(rungs)})
			continue
		}
		own := Rung{Width: even(float64(width)), Height: even(float64(height)), Max: ownRate(width, height, scale, box)}
		if i == 0 || float64(own.Width*own.Height) >= worthwhile*float64(rungs[len(rungs)-1].Width*rungs[len(rungs)-1].Height) {
			rungs = append(rungs, own)
			reasons = append(reasons, Reason{name, true, fmt.Sprintf("the film's own size, %dx%d, at most %d kb/s: it is never enlarged", own.Width, own.Height, own.Max/1000), len(rungs)})
		} else {
			reasons = append(reasons, Reason{name, false, fmt.Sprintf("the film has %dx%d, hardly more than the rung below; it is never enlarged", width, height), 0})
		}
		for _, skipped := range boxes[i+1:] {
			sw, sh := int(skipped.Width), int(skipped.Height)
			if height > width {
				sw, sh = sh, sw
			}
			reasons = append(reasons, Reason{label(sw, sh), false, fmt.Sprintf("the film has only %dx%d; it is never enlarged", width, height), 0})
		}
		break
	}
	for i := range rungs {
		rungs[i].Name = fmt.Sprintf("v%d", i)
	}
	return rungs, reasons
}

// ownRate scales a box's bit rate down to the pixels that the picture really has. Bits grow with pixels to the
// power 0.75 or so in Apple's own ladder (hls authoring specification, 1.25).
func ownRate(width, height int, scale float64, box pipeline.Rung) int64 {
	filled := float64(width) * scale * float64(height) * scale
	share := math.Pow(float64(width*height)/filled, 0.75)
	return max(int64(float64(box.Max)*share+0.5), 50) * 1000
}

// label is a rung's everyday name: its short side.
func label(w, h int) string { return fmt.Sprintf("%dp", min(w, h)) }

// even rounds to an even number of pixels, at least 2: H.264 4:2:0 has no odd sizes.
func even(v float64) int { return max(2, 2*int(math.Round(v/2))) }

// outputRate is the frame rate of every rung: the source's, doubled where each field becomes a frame, halved until it is
// at most 60 (hls authoring specification, 1.15, 1.18 and 1.19).
func outputRate(v media.Video, fields bool) media.Rational {
	r := v.Rate
	if fields {
		r.Num *= 2
	}
	for r.Float() > 61 {
		r.Den *= 2
	}
	g := new(big.Int).GCD(nil, nil, big.NewInt(r.Num), big.NewInt(r.Den)).Int64()
	return media.Rational{Num: r.Num / g, Den: r.Den / g}
}
