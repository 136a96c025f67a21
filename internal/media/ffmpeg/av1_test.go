package ffmpeg

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"filmpress/internal/media"
	"filmpress/internal/media/av1"
	"filmpress/internal/media/mp4"
	"filmpress/internal/missing"
)

// needAV1 skips where this ffmpeg cannot make AV1.
func needAV1(t testing.TB) {
	t.Helper()
	tools(t)
	if err := canAV1(); err != nil {
		missing.Tool(t, "%v", err)
	}
}

var canAV1 = sync.OnceValue(func() error {
	use, _ := found()
	return use.CanAV1(context.Background())
})

// pictures looks into every sample, and gives the numbers of those that are keyframes and the sequence header.
func pictures(t testing.TB, data []byte) (keys []int, header []byte) {
	t.Helper()
	_, list := fragments(t, data)
	n := 0
	for _, f := range list {
		rest := f.Data
		for _, s := range f.Samples {
			u, err := av1.Look(rest[:s.Size])
			if err != nil || u.Key != s.Sync || len(u.Stray) > 0 {
				t.Fatalf("picture %d: %+v, flagged %v, %v", n, u, s.Sync, err)
			}
			if u.Sequence != nil {
				if header != nil && !bytes.Equal(header, u.Sequence) {
					t.Fatalf("picture %d has another sequence header", n)
				}
				header = u.Sequence
			}
			if u.Key {
				keys = append(keys, n)
			}
			if s.Offset != 0 {
				t.Fatalf("picture %d is shown %d after its decode time", n, s.Offset)
			}
			rest = rest[s.Size:]
			n++
		}
	}
	return keys, header
}

// TestAV1ChunksAreFrameExact: cut anywhere, AV1 has the frames of one continuous run, and one sequence header.
func TestAV1ChunksAreFrameExact(t *testing.T) {
	t.Parallel()
	needAV1(t)
	type row struct{ name, rate string }
	rows := []row{{"23.976.mkv", "24000/1001"}, {"59.94.mp4", "60000/1001"}}
	if campaign {
		rows = append(rows, row{"25.mp4", "25"})
	}
	for _, c := range rows {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			path := film(t, c.name, "-f", "lavfi", "-i", numbered(c.rate, "6"), "-c:v", "libx264", "-preset", "ultrafast", "-bf", "2", "-g", "40")
			source := probe(t, path)
			rate := source.Video[0].Rate.Float()
			gop := int(rate+0.5) / 2 * 2
			whole, parts, again := pieces(t, path, source, []Rung{{256, 64, 20, 0, 0, media.AV1}}, int64(2*rate), int64(5*rate), int64(5*rate)+1)
			if len(again) > 0 {
				t.Errorf("the pieces from %d could be had from the film's beginning alone", again)
			}
			want, got := bothNumbers(t, whole, parts)
			keys, header := pictures(t, whole)
			for i, key := range keys {
				if key != i*gop {
					t.Errorf("keyframe %d is picture %d", i, key)
				}
			}
			for _, p := range parts {
				if _, own := pictures(t, p); !bytes.Equal(own, header) {
					t.Errorf("a piece has the sequence header %x, not %x", own, header)
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("in pieces\n%v\nin one\n%v", got, want)
			}
			if distinct := len(slices.Compact(slices.Clone(want))); distinct < 40 {
				t.Errorf("only %d different frames were read", distinct)
			}
		})
	}
}

// TestAV1IsTheSameTwice: the bytes depend neither on the run nor on what else the machine does; and H.264 beside it is what it is
// alone.
func TestAV1IsTheSameTwice(t *testing.T) {
	t.Parallel()
	needAV1(t)
	path := film(t, "film.mkv", "-f", "lavfi", "-i", "mandelbrot=s=320x180:r=20:maxiter=200,noise=alls=10:allf=t", "-t", "3", "-c:v", "libx264", "-preset", "ultrafast", "-crf", "12")
	source := probe(t, path)
	rungs := []Rung{{320, 180, 25, 3e6, 6e6, ""}, {320, 180, 40, 0, 0, media.AV1}, {160, 90, 25, 3e6, 6e6, ""}, {160, 90, 40, 0, 0, media.AV1}}
	set := func(l *Ladder) { l.AV1 = 10 }
	_, first := encodeOf(t, path, source, rungs, set)
	_, alone := encodeOf(t, path, source, []Rung{rungs[0], rungs[2]}, set)
	if !bytes.Equal(first[0], alone[0]) || !bytes.Equal(first[2], alone[1]) {
		t.Error("H.264 is other than without AV1")
	}
	var all sync.WaitGroup
	others := make([][][]byte, 2)
	for i := range others {
		all.Go(func() { _, others[i] = encodeOf(t, path, source, rungs, set) })
	}
	all.Wait()
	for i, other := range others {
		for k := range rungs {
			if !bytes.Equal(first[k], other[k]) {
				t.Errorf("run %d, rung %d: other bytes", i, k)
			}
		}
	}
	for k, r := range rungs {
		if track, _ := fragments(t, first[k]); track.Width != r.Width || (track.Codec == "av01") != (r.Codec == media.AV1) {
			t.Errorf("rung %d is %s, %d pixels wide", k, track.Codec, track.Width)
		}
	}
}

// TestAV1OfAnySize: every size and length that a plan may ask for.
func TestAV1OfAnySize(t *testing.T) {
	t.Parallel()
	needAV1(t)
	path := film(t, "film.mkv", "-f", "lavfi", "-i", "testsrc2=s=320x320:r=10:d=3", "-c:v", "libx264", "-preset", "ultrafast")
	source := probe(t, path)
	for _, c := range []struct{ width, height, frames int }{{64, 64, 30}, {66, 64, 3}, {64, 70, 1}, {234, 416, 2}, {416, 234, 21}, {98, 310, 20}, {320, 320, 19}} {
		t.Run(fmt.Sprintf("%dx%d, %d", c.width, c.height, c.frames), func(t *testing.T) {
			_, out := encodeOf(t, path, source, []Rung{{c.width, c.height, 40, 0, 0, media.AV1}}, func(l *Ladder) { l.AV1, l.Frames = 12, int64(c.frames) })
			if got := countFrames(out[0]); got != int64(c.frames) {
				t.Fatalf("%d frames", got)
			}
			_, header := pictures(t, out[0])
			s, err := av1.ParseSequence(header)
			if err != nil || s.Width != c.width || s.Height != c.height || s.Primaries != 1 || s.Transfer != 1 || s.Matrix != 1 || s.FullRange {
				t.Errorf("%+v, %v", s, err)
			}
			if least := s.LeastLevel(10, int64(len(out[0])*8*10/c.frames)); s.Level < least || s.Level > max(least, 1) {
				t.Errorf("level %d, %d would do", s.Level, least)
			}
			n, err := tools(t).CountFrames(context.Background(), []Counted{{Path: save(t, "v.mp4", out[0])}}, "")
			if err != nil || n[0] != int64(c.frames) {
				t.Errorf("%d frames are decoded, %v", n[0], err)
			}
		})
	}
}

// TestRecodeAV1: a segment encoded again at a coarser factor has the same frames and settings, and fewer bytes.
func TestRecodeAV1(t *testing.T) {
	t.Parallel()
	needAV1(t)
	path := film(t, "film.mkv", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=10:d=6,noise=alls=14:allf=t", "-c:v", "libx264", "-preset", "ultrafast", "-crf", "10")
	l, out := encode(t, path, []Rung{{320, 180, 30, 0, 0, media.AV1}}, func(l *Ladder) { l.AV1 = 10 })
	track, list := fragments(t, out[0])
	_, header := pictures(t, out[0])
	joined := mp4.AppendFragment(track.InitSection(), list[1]) // one from the middle
	segment := save(t, "segment.mp4", joined)
	again := func(crf float64) []byte {
		data, err := tools(t).Recode(context.Background(), segment, RecodeSpec{Codec: media.AV1, Rate: l.Rate, CRF: crf, GOP: l.GOP, AV1: 10}, "")
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	data := again(42)
	if !bytes.Equal(data, again(42)) {
		t.Error("other bytes the second time")
	}
	_, list2 := fragments(t, data)
	if keys, own := pictures(t, data); !slices.Equal(keys, []int{0}) || !bytes.Equal(own, header) {
		t.Errorf("keyframes at %v, sequence header %x, not %x", keys, own, header)
	}
	if len(list2) != 1 || len(list2[0].Samples) != len(list[1].Samples) {
		t.Fatal("other frames")
	}
	if a, b := len(list[1].Data), len(list2[0].Data); b > a*2/3 {
		t.Errorf("%d bytes became %d", a, b)
	}
	samePictures(t, joined, data, 320*180, l.GOP)
}

// TestMeasureAV1: samples tell what AV1 costs, and that it costs less where the rate factor is larger.
func TestMeasureAV1(t *testing.T) {
	t.Parallel()
	needAV1(t)
	path := film(t, "film.mp4", "-f", "lavfi", "-i", "mandelbrot=s=256x144:r=10:maxiter=200", "-t", "5", "-c:v", "libx264", "-preset", "ultrafast", "-crf", "12")
	spec := sampleOf(t, path, Rung{Width: 192, Height: 108, Codec: media.AV1}, Rung{Width: 96, Height: 64, Codec: media.AV1})
	spec.AV1 = 12
	q, err := tools(t).Measure(context.Background(), spec, func(have []media.Curve) []float64 {
		return map[int][]float64{0: {30, 30}, 1: {45, 50}}[len(have[0].Points)]
	})
	if err != nil || q.Failed != "" || len(q.Rungs) != 2 {
		t.Fatalf("%+v, %v", q, err)
	}
	for _, r := range q.Rungs {
		if a, b := r.Points[0], r.Points[1]; a.Rate <= b.Rate || a.Score <= b.Score || a.Score > 1 || b.Score < 0.5 {
			t.Errorf("%+v", r)
		}
	}
}

// TestWithoutAV1: an ffmpeg that was built without the encoder or the decoder.
func TestWithoutAV1(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ encoders, decoders, want string }{
		{" V..... libx264  x264\n", " V..... libdav1d  dav1d\n", "this ffmpeg was built without the encoder libsvtav1, which AV1 needs"},
		{" V..... libsvtav1  SVT\n", " V....D h264  H.264\n", "this ffmpeg was built without the decoder libdav1d, which AV1 needs"},
		{" V..... libsvtav1  SVT\n", " V..... libdav1d  dav1d\n", ""},
	} {
		path := filepath.Join(t.TempDir(), "ffmpeg")
		script := fmt.Sprintf("#!/bin/sh\ncase \"$*\" in *-encoders) printf '%s';; *-decoders) printf '%s';; esac\n", c.encoders, c.decoders)
		if err := os.WriteFile(path, []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
		err := Tools{FFmpeg: path}.CanAV1(context.Background())
		lacks := (*ErrLacks)(nil)
		if c.want == "" && err != nil || c.want != "" && (!errors.As(err, &lacks) || err.Error() != c.want) {
			t.Errorf("%v, want %q", err, c.want)
		}
	}
}
