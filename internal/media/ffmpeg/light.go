package ffmpeg

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"

	"filmpress/internal/media"
)

// pq is the transfer function whose numbers are absolute light (SMPTE ST 2084).
const pq = "smpte2084"

// lookForLight completes the Peak of a picture in HDR. It is found once, for the whole film: what a decoder hands over with single frames
// differs from frame to frame. The container says it, or the first pictures do.
func (t Tools) lookForLight(ctx context.Context, path string, v *media.Video) (err error) {
	switch {
	case !v.HDR():
		return nil
	case v.Transfer == pq && v.Peak == 0:
		v.Peak, err = t.firstPeak(ctx, path, *v)
	}
	v.Peak = cmp.Or(v.Peak, usualPeak)
	return err
}

// firstPeak is what the first pictures say of a film's light, 0 where they say nothing or cannot be read.
func (t Tools) firstPeak(ctx context.Context, path string, v media.Video) (float64, error) {
	raw, _, err := t.json(ctx, inputArgs(path, farther(v.Late)), "-select_streams", itoa(v.Index), "-show_frames", "-read_intervals", "%+#3")
	if exit := (*ExitError)(nil); errors.As(err, &exit) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	var first struct {
		Frames []struct {
			SideData []rawSideData `json:"side_data_list"`
		} `json:"frames"`
	}
	if json.Unmarshal(raw, &first) != nil {
		return 0, nil
	}
	for _, f := range first.Frames {
		if peak := peakOf(f.SideData); peak > 0 {
			return peak, nil
		}
	}
	return 0, nil
}

// peakOf is the brightest light of a film in cd/m2: of its brightest pixel (MaxCLL, CTA-861.3), and no brighter than the screen it was graded on
// (SMPTE ST 2086) shows. 0 where neither is said.
func peakOf(list []rawSideData) (peak float64) {
	for _, side := range list {
		for _, light := range []float64{side.MaxCLL, parseRational(side.Screen, "/").Float()} {
			if light > 0 && (peak == 0 || light < peak) {
				peak = light
			}
		}
	}
	if peak == 0 {
		return 0
	}
	return min(mostPeak, max(leastPeak, peak))
}
