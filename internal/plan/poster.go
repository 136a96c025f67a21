package plan

import (
	"fmt"
	"slices"

	"filmpress/internal/media"
	"filmpress/internal/report"
)

// posterPixels are those of 1280x720: enough for a picture that is looked at before play, and half the bytes of 1920x1080, which on a
// thin line stand between the viewer and the film.
const posterPixels = 1280 * 720

// posterRung is the rung whose size the poster has.
func (c *computer) posterRung() Rung {
	for _, r := range slices.Backward(c.rungs) {
		if r.Width*r.Height <= posterPixels {
			return r
		}
	}
	return c.rungs[0]
}

// judgePoster warns of a picture that viewers see blurred, in other colours, or with bars beside it.
func (c *computer) judgePoster(p media.Picture, frame Rung) {
	width, height := p.Display()
	find := func(rule, text, hint string) { c.findIn(c.Poster.Name, report.Warn, rule, text, hint) }
	if 2*width < frame.Width && 2*height < frame.Height {
		find("poster-small", fmt.Sprintf("the poster is %dx%d, and is shown at %dx%d: blurred", width, height, frame.Width, frame.Height), "export it larger")
	}
	if p.NoGamut {
		find("poster-colors", "the poster has a colour profile that cannot be followed, so its colours may come out a little otherwise", "export it in the colours of screens (sRGB)")
	}
	// A twentieth more or less is a stripe that hardly anybody sees.
	if shape, film := float64(width)/float64(height), float64(frame.Width)/float64(frame.Height); shape < film/1.05 || shape > film*1.05 {
		find("poster-shape", fmt.Sprintf("the poster is %dx%d, which is another shape than the film's %dx%d: black bars stand beside it", width, height, frame.Width, frame.Height),
			"cut it to the film's shape, if you do not want them")
	}
}
