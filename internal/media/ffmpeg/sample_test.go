package ffmpeg

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"filmpress/internal/media"
)

func sampleOf(t testing.TB, path string, rungs ...Rung) SampleSpec {
	source := probe(t, path)
	v := source.Video[0]
	gop := int(v.Rate.Float() + 0.5)
	return SampleSpec{Ladder: Ladder{Film: path, Stream: v.Index, Source: v, Rate: v.Rate, Frames: int64(gop), GOP: gop, Preset: "ultrafast", Rungs: rungs},
		Metric: media.SSIM, Starts: []int64{0, int64(2 * gop)}, Scratch: t.TempDir()}
}

// looks asks for these rate factors, one look each.
func looks(factors ...float64) func([]media.Curve) []float64 {
	return func(have []media.Curve) (out []float64) {
		if n := len(have[0].Points); n < len(factors) {
			for range have {
				out = append(out, factors[n])
			}
		}
		return out
	}
}

// TestMeasure: what costs less is less like the film; and samples side by side give the same figures.
func TestMeasure(t *testing.T) {
	t.Parallel()
	path := film(t, "film.mp4", "-f", "lavfi", "-i", "testsrc2=s=192x108:r=10:d=4,noise=alls=12:allf=t", "-c:v", "libx264", "-preset", "ultrafast", "-crf", "5")
	spec := sampleOf(t, path, Rung{Width: 192, Height: 108}, Rung{Width: 96, Height: 54})
	var looked []int
	spec.Looked = func(look, at int) { looked = append(looked, 10*look+at) }
	q, err := tools(t).Measure(context.Background(), spec, looks(18, 30))
	if err != nil || q.Samples != 2 || q.Seconds != 1 || len(q.Rungs) != 2 || !reflect.DeepEqual(looked, []int{0, 1, 10}) {
		t.Fatalf("%+v, %v, %v", q, looked, err)
	}
	for _, r := range q.Rungs {
		fine, coarse := r.Points[0], r.Points[1]
		if fine.CRF != 18 || coarse.CRF != 30 || fine.Score <= coarse.Score+0.01 || fine.Score >= 1 || coarse.Score < 0.3 || fine.Rate < 2*coarse.Rate || coarse.Rate < 5000 {
			t.Errorf("%dx%d: %+v", r.Width, r.Height, r.Points)
		}
	}
	if q.Rungs[0].Gain < 0.05 || q.Rungs[1].Gain != 1 {
		t.Errorf("noise is lost when it is shrunk, and below the smallest there is nothing: %+v", q.Rungs)
	}
	spec.AtOnce = 2
	again, err := tools(t).Measure(context.Background(), spec, looks(18, 30))
	if err != nil || !reflect.DeepEqual(again, q) || len(looked) != 6 {
		t.Errorf("side by side it is %+v, %v; the first %+v", again, err, q)
	}
}

// TestPoint: later looks see half of the samples, and what changes in them is taken for the change of all.
func TestPoint(t *testing.T) {
	one := func(rate, score float64) sampleSeen {
		return sampleSeen{rates: []float64{rate}, scores: []float64{score}}
	}
	first := []sampleSeen{one(1000, 0.98), one(3000, 0.94), one(2000, 0.96)}
	for _, c := range []struct {
		what   string
		metric string
		first  []sampleSeen
		seen   []sampleSeen
		want   media.Point
	}{
		{"all of them", media.SSIM, first, first, media.Point{CRF: 30, Rate: 2000, Score: 0.96}},
		{"every other: half the bits, twice the loss", media.SSIM, first, []sampleSeen{one(500, 0.96), one(1000, 0.92)}, media.Point{CRF: 30, Rate: 1000, Score: 0.92}},
		{"those that were seen are perfect", media.SSIM, []sampleSeen{one(10, 1), one(3000, 0.9)}, []sampleSeen{one(5, 1)}, media.Point{CRF: 30, Rate: 752.5, Score: 1}},
		{"VMAF", media.VMAF, []sampleSeen{one(1000, 98), one(3000, 94)}, []sampleSeen{one(500, 96)}, media.Point{CRF: 30, Rate: 1000, Score: 92}},
	} {
		got := SampleSpec{Metric: c.metric}.point(30, c.first, c.seen, 0)
		if math.Abs(got.Rate-c.want.Rate) > 1e-6 || math.Abs(got.Score-c.want.Score) > 1e-9 || got.CRF != 30 {
			t.Errorf("%s: %+v, want %+v", c.what, got, c.want)
		}
	}
}

// TestMeasureSeesTheSameFrames: at a very fine rate factor a sample looks like the film, wherever it begins and whatever
// the film's times are. One frame beside, and the numbers that stand in the picture would not fit.
func TestMeasureSeesTheSameFrames(t *testing.T) {
	t.Parallel()
	h264 := []string{"-c:v", "libx264", "-preset", "ultrafast", "-bf", "2", "-g", "40", "-x264-params", "open-gop=1", "-crf", "8"}
	type row struct {
		name, rate string
		more       []string
	}
	rows := []row{
		{"29.97.mkv", "30000/1001", nil},
		{"late.ts", "25", []string{"-output_ts_offset", "37.3"}},
		{"edit-list.mp4", "24000/1001", []string{"-output_ts_offset", "0.52"}},
		{"variable.mkv", "30", []string{"-vf", "select='not(mod(n\\,7))+gte(n\\,40)*lte(n\\,90)'", "-fps_mode", "vfr"}},
	}
	if campaign {
		rows = append(rows, row{"25.mp4", "25", nil}, row{"turned.mp4", "25", []string{"-vf", "scale=64:128", "-metadata:s:v", "rotate=90"}})
	}
	for _, c := range rows {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			path := film(t, c.name, append(append([]string{"-f", "lavfi", "-i", numbered(c.rate, "4")}, h264...), c.more...)...)
			spec := sampleOf(t, path, Rung{Width: 128, Height: 64})
			spec.Preset = "veryfast" // with B-frames
			q, err := tools(t).Measure(context.Background(), spec, looks(2))
			if err != nil || q.Samples != 2 || q.Rungs[0].Points[0].Score < 0.99 {
				t.Errorf("%+v, %v", q, err)
			}
		})
	}
}

// TestGain tells a film that was enlarged before it came from one that shows what its size can show.
func TestGain(t *testing.T) {
	encoded := []string{"-c:v", "libx264", "-preset", "ultrafast", "-crf", "6"}
	paths := films(t, []string{"-f", "lavfi", "-i", "testsrc2=s=320x180:r=10:d=3"}, made{"own.mp4", encoded},
		made{"enlarged.mp4", append([]string{"-vf", "scale=107:60,scale=320:180:flags=bicubic"}, encoded...)})
	gain := func(path string) float64 {
		spec := sampleOf(t, path, Rung{Width: 320, Height: 180}, Rung{Width: 214, Height: 120})
		spec.Starts = spec.Starts[:1]
		q, err := tools(t).Measure(context.Background(), spec, looks(30))
		if err != nil {
			t.Fatal(err)
		}
		return q.Rungs[0].Gain
	}
	own, enlarged := gain(paths[0]), gain(paths[1])
	if own < 0.01 || enlarged > 0.003 {
		t.Errorf("a film of its own size shows %.4f more than a smaller rung, one enlarged threefold %.4f", own, enlarged)
	}
}

// TestMeasureGoesOn: a sample in a damaged stretch is left out; where all are, the reason is a fact, not an error.
func TestMeasureGoesOn(t *testing.T) {
	t.Parallel()
	path := film(t, "film.mkv", "-f", "lavfi", "-i", "testsrc2=s=160x90:r=10:d=6", "-c:v", "mpeg4", "-q:v", "2", "-g", "10")
	spec := sampleOf(t, path, Rung{Width: 160, Height: 90})
	spec.Starts = []int64{0, 40}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := len(data) / 2; i < len(data)*95/100; i++ {
		data[i] ^= byte(i)
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	q, err := tools(t).Measure(context.Background(), spec, looks(25, 30))
	if err != nil || q.Samples != 1 || q.Failed != "" || len(q.Rungs[0].Points) != 2 {
		t.Errorf("%+v, %v", q, err)
	}
	spec.Starts = []int64{40}
	q, err = tools(t).Measure(context.Background(), spec, looks(25, 30))
	if err != nil || q.Samples != 0 || q.Rungs != nil || q.Failed == "" || strings.Contains(q.Failed, "\n") {
		t.Errorf("%+v, %v", q, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	spec.Starts, spec.Looked = []int64{0}, func(int, int) { cancel() }
	if _, err = tools(t).Measure(ctx, spec, looks(25)); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	spec.Looked, spec.Scratch = nil, filepath.Join(spec.Scratch, "gone")
	if q, err = tools(t).Measure(context.Background(), spec, looks(25)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a folder that is not there is the machine's fault, not the film's: %+v, %v", q, err)
	}
}

// TestMeasureWithoutSeeking: a film whose only keyframe is its first is sampled all the same, where that is near. This one
// refreshes its picture column by column, and gives a decoder that begins in the middle nothing to begin with.
func TestMeasureWithoutSeeking(t *testing.T) {
	t.Parallel()
	path := film(t, "film.mp4", "-f", "lavfi", "-i", "testsrc2=s=160x90:r=10:d=8", "-c:v", "libx264", "-preset", "veryfast", "-x264-params", "intra-refresh=1:keyint=10")
	spec := sampleOf(t, path, Rung{Width: 160, Height: 90})
	spec.Starts = []int64{50}
	q, err := tools(t).Measure(context.Background(), spec, looks(4))
	if err != nil || q.Samples != 1 || q.Rungs[0].Points[0].Score < 0.98 {
		t.Errorf("%+v, %v", q, err)
	}
}

func TestScoreReader(t *testing.T) {
	for _, c := range []struct {
		metric string
		text   string
		frames int64
		mean   float64
		ok     bool
	}{
		{media.SSIM, "frame:0    pts:0       pts_time:0\nlavfi.ssim.Y=0.5\nframe:1    pts:1       pts_time:0.04\nlavfi.ssim.Y=1.000000\n", 2, 0.75, true},
		{media.SSIM, "", 0, 0, true},
		{media.SSIM, "lavfi.ssim.Y=nan\n", 0, 0, false},
		{media.SSIM, "lavfi.ssim.Y=\n", 0, 0, false},
		{media.SSIM, "lavfi.ssim.Y=7\n", 0, 0, false},
		{media.VMAF, "Frame,integer_adm2,vmaf,integer_motion\n0,0.99,90.5,1\n1,0.98,99.5,1\n", 2, 95, true},
		{media.VMAF, "Frame,integer_adm2,vmaf,\n0,0.99,90,\n", 1, 90, true},
		{media.VMAF, "Frame,integer_adm2\n0,0.99\n", 0, 0, false},
		{media.VMAF, "Frame,vmaf\n0,101\n", 0, 0, false},
		{media.VMAF, "Frame,vmaf\n0\n", 0, 0, true},
	} {
		s := scoreReader{metric: c.metric}
		err := s.read(strings.NewReader(c.text))
		if (err == nil) != c.ok || s.frames != c.frames || s.mean() != c.mean {
			t.Errorf("%q: %d frames, %g, %v", c.text, s.frames, s.mean(), err)
		}
	}
}
