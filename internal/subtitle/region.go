package subtitle

import "strings"

// Region is a part of the picture that cues are shown in (WebVTT 3.2).
type Region struct {
	ID              string  `json:"id"`
	Width           float64 `json:"width"`         // per cent
	Lines           float64 `json:"lines"`         // a whole number; the specification sets no limit
	RegionAnchorX   float64 `json:"regionAnchorX"` // per cent, as the three below
	RegionAnchorY   float64 `json:"regionAnchorY"`
	ViewportAnchorX float64 `json:"viewportAnchorX"`
	ViewportAnchorY float64 `json:"viewportAnchorY"`
	Scroll          string  `json:"scroll"` // "" or "up"
}

// parseRegion runs "collect WebVTT region settings" (WebVTT 6.2) on the lines under REGION.
func parseRegion(input string) *Region {
	r := &Region{Width: 100, Lines: 3, RegionAnchorY: 100, ViewportAnchorY: 100}
	for _, w := range words(input) {
		name, value, ok := w.pair()
		if !ok {
			continue
		}
		switch name {
		case "id":
			r.ID = value
		case "width":
			if n, ok := percentage(value); ok {
				r.Width = n
			}
		case "lines":
			if n, ok := number(value); ok && !strings.ContainsAny(value, "-.") {
				r.Lines = n
			}
		case "regionanchor":
			anchor(value, &r.RegionAnchorX, &r.RegionAnchorY)
		case "viewportanchor":
			anchor(value, &r.ViewportAnchorX, &r.ViewportAnchorY)
		case "scroll":
			if value == "up" {
				r.Scroll = value
			}
		}
	}
	return r
}

// anchor reads "x%,y%"; both or neither are set.
func anchor(value string, x, y *float64) {
	a, b, ok := strings.Cut(value, ",")
	if !ok {
		return
	}
	nx, okx := percentage(a)
	ny, oky := percentage(b)
	if okx && oky {
		*x, *y = nx, ny
	}
}
