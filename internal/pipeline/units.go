package pipeline

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"filmpress/internal/subtitle/rules"
)

// The types of a pipeline's values. Each refuses what lies outside its bounds while it is read, so that the
// finding stands on the value's own line and column.
type (
	Seconds   int     // 1 to 60
	Chunk     int     // 6 to 3600 seconds
	Pixels    int     // 16 to 8192
	Kbps      int     // 50 to 100000: kilobits of video a second
	AudioKbps int     // 32 to 160: stereo AAC-LC (Apple HLS authoring specification, 2.9)
	CRF       float64 // 10 to 40: x264's constant rate factor
	SSIM      float64 // 0.8 to 0.999
	VMAF      float64 // 50 to 99
	SVTPreset int     // 1 (slow) to 13 (fast): SVT-AV1's presets
	AV1CRF    int     // 10 to 60: SVT-AV1's constant rate factor; three of it are worth about one of x264's
	Percent   int     // 10 to 100
	Loudness  float64 // -31 to -9 LUFS
	TruePeak  float64 // -9 to -0.1 dBTP; 0 would leave the coder no room
	Preset    string  // x264's presets
	Profile   string  // of subtitle rules: a house's style

	Deinterlace string // ToFields or ToFrames
)

// What two fields become.
const (
	ToFields Deinterlace = "fields" // two frames: 25i to 50p
	ToFrames Deinterlace = "frames" // one frame: 25i to 25p
)

// presets from fast to slow; placebo is left out, it costs time and brings nothing.
var presets = []string{"ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow"}

func (v *Seconds) UnmarshalText(b []byte) error   { return whole(v, b, 1, 60, "seconds") }
func (v *Chunk) UnmarshalText(b []byte) error     { return whole(v, b, 6, 3600, "seconds") }
func (v *Pixels) UnmarshalText(b []byte) error    { return whole(v, b, 16, 8192, "pixels") }
func (v *Kbps) UnmarshalText(b []byte) error      { return whole(v, b, 50, 100_000, "kb/s") }
func (v *AudioKbps) UnmarshalText(b []byte) error { return whole(v, b, 32, 160, "kb/s") }
func (v *SVTPreset) UnmarshalText(b []byte) error { return whole(v, b, 1, 13, "") }
func (v *AV1CRF) UnmarshalText(b []byte) error    { return whole(v, b, 10, 60, "") }
func (v *Percent) UnmarshalText(b []byte) error   { return whole(v, b, 10, 100, "per cent") }
func (v *CRF) UnmarshalText(b []byte) error       { return decimal(v, b, 10, 40, "") }
func (v *SSIM) UnmarshalText(b []byte) error      { return decimal(v, b, 0.8, 0.999, "") }
func (v *VMAF) UnmarshalText(b []byte) error      { return decimal(v, b, 50, 99, "") }
func (v *Loudness) UnmarshalText(b []byte) error  { return decimal(v, b, -31, -9, "LUFS") }
func (v *TruePeak) UnmarshalText(b []byte) error  { return decimal(v, b, -9, -0.1, "dBTP") }

// UnmarshalText takes the name of an x264 preset.
func (v *Preset) UnmarshalText(b []byte) error {
	if !slices.Contains(presets, string(b)) {
		return fmt.Errorf("%q is not an x264 preset; they are %s", b, strings.Join(presets, ", "))
	}
	*v = Preset(b)
	return nil
}

// UnmarshalText takes what an interlaced film becomes.
func (v *Deinterlace) UnmarshalText(b []byte) error {
	if d := Deinterlace(b); d != ToFields && d != ToFrames {
		return fmt.Errorf("%q is neither fields (25i to 50p) nor frames (25i to 25p)", b)
	}
	*v = Deinterlace(b)
	return nil
}

// UnmarshalText takes the name of a profile of subtitle rules.
func (v *Profile) UnmarshalText(b []byte) error {
	if _, err := rules.Profile(string(b)); err != nil {
		return err
	}
	*v = Profile(b)
	return nil
}

func whole[T ~int](v *T, b []byte, least, most int, unit string) error {
	n, err := strconv.Atoi(string(b))
	if err != nil || n < least || n > most {
		if unit != "" {
			unit = " of " + unit
		}
		return fmt.Errorf("%q is not a whole number%s from %d to %d", b, unit, least, most)
	}
	*v = T(n)
	return nil
}

func decimal[T ~float64](v *T, b []byte, least, most float64, unit string) error {
	n, err := strconv.ParseFloat(string(b), 64)
	if err != nil || !(n >= least && n <= most) { // written so that NaN is refused
		return fmt.Errorf("%q is not a number from %g to %g %s", b, least, most, unit)
	}
	*v = T(n)
	return nil
}
