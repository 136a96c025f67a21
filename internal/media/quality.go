package media

// The measures of how like a film its renditions look.
const (
	SSIM = "ssim" // structural similarity of the luma (Wang et al. 2004), 0 to 1
	VMAF = "vmaf" // Netflix' measure, 0 to 100
)

// Quality is what samples of a film cost, and how like the film they look, at some rate factors. Like the rest of a
// film's facts it is found out before anything is decided.
type Quality struct {
	Metric  string  `json:"metric"`           // SSIM or VMAF
	Samples int     `json:"samples"`          // how many were measured
	Seconds float64 `json:"seconds"`          // of one sample
	Rungs   []Curve `json:"rungs"`            // from small to large
	Failed  string  `json:"failed,omitempty"` // why nothing could be measured; then the rest is empty
}

// Curve is one rung of the ladder.
type Curve struct {
	Width  int     `json:"width"`
	Height int     `json:"height"`
	Points []Point `json:"points"` // in the order in which they were measured
	// Gain is what this rung shows more than the next smaller one, before anything is lost to compression: 1 minus
	// the SSIM of the smaller picture enlarged to this one's size. Of all samples the largest; 1 for the smallest rung.
	Gain float64 `json:"gain"`
}

// Point is the mean over all samples at one rate factor.
type Point struct {
	CRF   float64 `json:"crf"`
	Score float64 `json:"score"` // against the film scaled to the rung's size, in units of the metric
	Rate  float64 `json:"rate"`  // bit/s, with what the container adds
}
