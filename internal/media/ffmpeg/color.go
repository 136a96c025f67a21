package ffmpeg

import (
	"cmp"
	"strconv"
	"strings"

	"filmpress/internal/media"
)

// color is what the numbers of a picture mean, in the names that zscale knows. Where the file does not say,
// it is what players assume.
type color struct {
	matrix, primaries, transfer string // of RGB, matrix is the one that resize gives it
	full                        bool   // full range, 0-255
	rgb                         bool
	alpha                       bool
	peak                        float64 // of HDR, cd/m2
}

// Names that zscale and ffprobe share (ITU-T H.273). Others are taken for unknown.
var (
	matrices    = set("bt709 fcc bt470bg smpte170m ycgco bt2020nc bt2020c")
	allPrimary  = set("bt709 bt470m bt470bg smpte170m smpte240m film bt2020 smpte428 smpte431 smpte432 ebu3213")
	rgbPrefixes = []string{"rgb", "bgr", "argb", "abgr", "0rgb", "0bgr", "gbr", "x2rgb", "x2bgr", "pal8", "monob", "monow"}
	alphaParts  = []string{"yuva", "argb", "abgr", "rgba", "bgra", "gbrap", "ya8", "ya16", "pal8"}
)

func set(words string) map[string]bool {
	m := map[string]bool{}
	for w := range strings.FieldsSeq(words) {
		m[w] = true
	}
	return m
}

func colorOf(v media.Video) color {
	c := color{matrix: v.Space, primaries: v.Primaries, transfer: "bt709", full: v.Range == "pc" || strings.HasPrefix(v.PixFmt, "yuvj")}
	for _, p := range rgbPrefixes {
		c.rgb = c.rgb || strings.HasPrefix(v.PixFmt, p)
	}
	for _, p := range alphaParts {
		c.alpha = c.alpha || strings.Contains(v.PixFmt, p)
	}
	assumed := color{matrix: "bt709", primaries: "bt709"}
	switch {
	case v.HDR():
		c.transfer, c.peak = v.Transfer, cmp.Or(v.Peak, usualPeak)
		assumed = color{matrix: "bt2020nc", primaries: "bt2020"}
	case v.Height <= 576 && v.Width <= 1024: // standard definition was made with BT.601, and players assume so, by what is coded: upright, 854 lines are none
		assumed.matrix = "smpte170m"
	}
	switch {
	case c.rgb:
		c.matrix = "bt709"
	case !matrices[c.matrix]:
		c.matrix = assumed.matrix
	}
	if !allPrimary[c.primaries] {
		c.primaries = assumed.primaries
	}
	return c
}

// hdrWhite is the white of graphics and skin in HDR, cd/m2 (ITU-R BT.2408): what becomes the white of SDR, before it is rolled off.
const hdrWhite = 203

// The brightest light of a film in HDR, cd/m2, is taken to lie within bounds: a single pixel can have made MaxCLL 10,000, and a film that
// hardly leaves SDR needs no curve steeper than that of 400. Most are graded for 1000, and so is HLG, whatever is said of it (BT.2100).
const (
	leastPeak = 400.0
	usualPeak = 1000.0
	mostPeak  = 4000.0
)

// toSDR turns the picture, already at its final size, into 8-bit BT.709 of limited range, and says so on every
// frame. SDR transfer functions differ too little to be worth a conversion; matrix, primaries and range do not.
func (f *filters) toSDR(c color) {
	switch {
	case c.transfer != "bt709":
		// Linear light, BT.2020 to BT.709, then a curve that keeps the darks and rolls off the lights. The peak is given, and frames
		// lose what they say of it: else the filter asks each frame anew, in another unit, and frames that say nothing come out otherwise.
		f.add("sidedata", "mode", "delete")
		f.add("format", "pix_fmts", "yuv420p10le")
		f.add("zscale", "min", c.matrix, "pin", c.primaries, "tin", c.transfer, "rin", "tv", "t", "linear", "npl", itoa(hdrWhite))
		f.add("format", "pix_fmts", "gbrpf32le")
		f.add("zscale", "p", "bt709")
		f.add("tonemap", "tonemap", "hable", "desat", "0", "peak", strconv.FormatFloat(c.peak/hdrWhite, 'f', 4, 64))
		f.add("zscale", "t", "bt709", "m", "bt709", "r", "tv")
		f.add("format", "pix_fmts", "yuv420p")
	case c.matrix != "bt709" || c.primaries != "bt709":
		f.add("format", "pix_fmts", "yuv420p")
		f.add("zscale", "min", c.matrix, "pin", c.primaries, "tin", "bt709", "rin", "tv", "m", "bt709", "p", "bt709", "t", "bt709", "r", "tv")
	default:
		f.add("format", "pix_fmts", "yuv420p")
	}
	f.add("setparams", "colorspace", "bt709", "color_primaries", "bt709", "color_trc", "bt709", "range", "tv", "field_mode", "prog")
}

// scaler rounds exactly. Without accurate_rnd each scaling takes one code value from the luma and adds one to the chroma, so that
// the smallest rung of a cascade is darker and pinker than the film; it costs nothing that could be measured.
const scaler = "bicubic+accurate_rnd"

// resize scales to the size that is published, with square pixels. Full range becomes limited in the same pass,
// RGB becomes BT.709.
func (f *filters) resize(c color, width, height int) {
	options := []string{"w", itoa(width), "h", itoa(height), "flags", scaler}
	switch {
	case c.rgb:
		options = append(options, "out_color_matrix", "bt709", "out_range", "tv")
	case c.full:
		options = append(options, "in_range", "pc", "out_range", "tv")
	}
	f.add("scale", options...)
	f.add("setsar", "sar", "1")
}

// overBlack lays a picture with transparency over black.
func (f *filters) overBlack(c color) {
	if !c.alpha {
		return
	}
	if c.rgb {
		f.add("format", "pix_fmts", "gbrap")
	}
	f.add("premultiply", "inplace", "1")
}
