package audit

import (
	"fmt"
	"math"
	"slices"

	"filmpress/internal/hls"
	"filmpress/internal/media/mp4"
)

// square says whether a picture's pixels are square, which they are where nothing is told.
func square(t mp4.Track) bool { return t.PixelH == t.PixelV || t.PixelH == 0 || t.PixelV == 0 }

// wide is the width of a picture in square pixels, at its own height.
func wide(t mp4.Track) float64 {
	if square(t) {
		return float64(t.Width)
	}
	return float64(t.Width) * float64(t.PixelH) / float64(t.PixelV)
}

// sized says whether RESOLUTION is the size of the pictures, of whichever init section. It is the size at which to show all of the picture (RFC
// 8216, 4.3.4.2): of pixels that are not square, that in square ones, one side of which is the coded one. Many write the coded size, and no player minds.
func (t *track) sized(r hls.Size) bool {
	fits := func(p mp4.Track) bool {
		near := func(have int, want float64) bool { return math.Abs(float64(have)-want) <= 1 }
		height := float64(p.Height) * float64(p.Width) / wide(p)
		return r.Width == p.Width && r.Height == p.Height ||
			!square(p) && (r.Height == p.Height && near(r.Width, wide(p)) || r.Width == p.Width && near(r.Height, height))
	}
	return fits(t.init) || slices.ContainsFunc(t.heads, func(h head) bool { return fits(h.init) })
}

// dimensions is a picture's size in messages.
func dimensions(t mp4.Track) string {
	if square(t) {
		return fmt.Sprintf("%dx%d", t.Width, t.Height)
	}
	return fmt.Sprintf("%.0fx%d (%dx%d in pixels of %d:%d)", wide(t), t.Height, t.Width, t.Height, t.PixelH, t.PixelV)
}
