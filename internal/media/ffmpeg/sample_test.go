package ffmpeg

import (
	"context"
	"fmt"
	"testing"

	"filmpress/internal/media"
)

func sampleOf(t testing.TB, path string, rungs ...Rung) SampleSpec {
	source := probe(t, path)
	v := source.Video[0]
	return SampleSpec{Ladder: Ladder{Film: path, Stream: v.Index, Source: v, Rate: v.Rate, Frames: 20, GOP: 20, Preset: "ultrafast", Threads: 1, Rungs: rungs},
		Metric: media.SSIM, Starts: []int64{0, 20}, Scratch: t.TempDir()}
}

// twice asks for two looks.
func twice(first, second float64) func([]media.Curve) []float64 {
	return func(have []media.Curve) []float64 {
		all := func(f float64) (out []float64) {
			for range have {
				out = append(out, f)
			}
			return out
		}
		switch len(have[0].Points) {
		case 0:
			return all(first)
		case 1:
			return all(second)
		}
		return nil
	}
}

func TestMeasure(t *testing.T) {
	path := film(t, "film.mp4", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=10:d=4,noise=alls=20:allf=t", "-c:v", "libx264", "-preset", "ultrafast", "-crf", "5")
	q, err := tools(t).Measure(context.Background(), sampleOf(t, path, Rung{Width: 320, Height: 180}, Rung{Width: 160, Height: 90}, Rung{Width: 80, Height: 46}), twice(20, 32))
	fmt.Printf("%+v %v\n", q, err)
}
