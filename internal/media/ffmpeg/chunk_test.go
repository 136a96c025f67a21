package ffmpeg

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"filmpress/internal/media"
	"filmpress/internal/media/mp4"
	"filmpress/internal/report"
)

// numbered draws each frame's own number: bit b of it is the brightness of column b of sixteen. It is drawn small, since each pixel takes time.
func numbered(rate, seconds string) string {
	return "color=gray:s=16x2:r=" + rate + ":d=" + seconds + ",format=yuv420p,geq=lum='16+219*mod(floor(N/pow(2,X)),2)':cb=128:cr=128,scale=256:32:flags=neighbor"
}

// numbersOf reads the numbers that numbered drew.
func numbersOf(t testing.TB, encoded ...[]byte) []int {
	t.Helper()
	return numbersIn(oneByOne(t, inColumns, encoded))
}

const inColumns = "scale=16:1:flags=area"

// bothNumbers reads those of a film in one and of the same in pieces, in one run.
func bothNumbers(t testing.TB, whole []byte, parts [][]byte) (one, cut []int) {
	t.Helper()
	all, n := numbersOf(t, append([][]byte{whole}, parts...)...), countFrames(whole)
	if int64(len(all)) < n {
		t.Fatalf("%d frames are decoded of %d in the first film alone", len(all), n)
	}
	return all[:n], all[n:]
}

// numbersIn reads them from 16 pixels a frame.
func numbersIn(pixels []byte) (out []int) {
	for frame := range slices.Chunk(pixels, 16) {
		n := 0
		for b, level := range frame {
			if level > 128 {
				n |= 1 << b
			}
		}
		out = append(out, n)
	}
	return out
}

// oneByOne decodes films of one size, one after the other, and gives the luma of their frames behind a filter.
func oneByOne(t testing.TB, filter string, encoded [][]byte) []byte {
	t.Helper()
	args, picture := oneByOneArgs(t, filter, encoded)
	return raw(t, slices.Concat(args, picture, []string{"-"})...)
}

// oneByOneWithSound is oneByOne, and decodes ADTS in the same run: to 16 bits of stereo.
func oneByOneWithSound(t testing.TB, filter string, encoded [][]byte, adts []byte) (pixels, pcm []byte) {
	t.Helper()
	args, picture := oneByOneArgs(t, filter, encoded)
	shown := filepath.Join(t.TempDir(), "shown.raw")
	pcm = raw(t, slices.Concat(args, []string{"-i", save(t, "a.aac", adts)}, picture, []string{shown, "-map", fmt.Sprint(len(encoded)), "-f", "s16le", "-"})...)
	pixels, err := os.ReadFile(shown)
	if err != nil {
		t.Fatal(err)
	}
	return pixels, pcm
}

func oneByOneArgs(t testing.TB, filter string, encoded [][]byte) (inputs, output []string) {
	t.Helper()
	graph := ""
	for i, e := range encoded {
		inputs = append(inputs, "-i", save(t, fmt.Sprintf("%d.mp4", i), e))
		graph += fmt.Sprintf("[%d:v]", i)
	}
	graph += fmt.Sprintf("concat=n=%d,%s,format=gray[shown]", len(encoded), filter)
	return inputs, []string{"-filter_complex", graph, "-map", "[shown]", "-fps_mode", "passthrough", "-f", "rawvideo"}
}

// pieces encodes the film once in one run, and once cut at the given frames; what is decoded is for the caller. again are the
// pieces, by their first frames, that could be had from the film's beginning alone.
func pieces(t testing.TB, film string, source media.Source, rungs []Rung, cuts ...int64) (whole []byte, parts [][]byte, again []int64) {
	t.Helper()
	v := source.Video[0]
	total := int64(source.Duration.Seconds()*v.Rate.Float() + 0.5)
	run := func(first, end int64) []byte {
		for _, noSeek := range []bool{false, true} {
			var out []byte
			l := Ladder{Film: film, Stream: v.Index, Source: v, Rate: v.Rate, First: first, Frames: end - first, GOP: int(v.Rate.Float()+0.5) / 2 * 2,
				Preset: "ultrafast", AV1: 12, Rungs: rungs, NoSeek: noSeek}
			read := func(r io.Reader) (err error) { out, err = io.ReadAll(r); return err }
			err := tools(t).EncodeLadder(context.Background(), l, []func(io.Reader) error{read}, nil, "")
			if err == nil && countFrames(out) == end-first {
				return out
			}
			t.Logf("frames %d to %d, noSeek %v: %d came, %v", first, end, noSeek, countFrames(out), err)
			again = append(again, first)
		}
		t.Fatal("it cannot be encoded at all")
		return nil
	}
	whole = run(0, total)
	for i, first := range append([]int64{0}, cuts...) {
		end := total
		if i < len(cuts) {
			end = cuts[i]
		}
		parts = append(parts, run(first, end))
	}
	return whole, parts, again
}

// anywhere are places to cut at; a campaign adds seven that are random, before an end.
func anywhere(end int64, cuts ...int64) []int64 {
	if campaign {
		for range 7 {
			cuts = append(cuts, 1+rand.Int64N(end-1))
		}
		slices.Sort(cuts)
	}
	return slices.Compact(cuts)
}

// countFrames counts the samples of what ffmpeg wrote; 0 where it is no whole file.
func countFrames(data []byte) (n int64) {
	r := mp4.NewReader(bytes.NewReader(data))
	if _, err := r.Init(); err != nil {
		return 0
	}
	for {
		f, err := r.Next()
		if err != nil {
			return n
		}
		n += int64(len(f.Samples))
	}
}

// TestChunksAreFrameExact: cut anywhere, a film has the frames of one continuous run, whatever its container, rate and
// first time. A campaign cuts in seven more places, and those are random.
func TestChunksAreFrameExact(t *testing.T) {
	t.Parallel()
	h264 := []string{"-c:v", "libx264", "-preset", "ultrafast", "-bf", "2", "-g", "40", "-x264-params", "scenecut=0:open-gop=1"}
	mpeg2 := []string{"-c:v", "mpeg2video", "-b:v", "4M", "-g", "15", "-bf", "2"}
	type row struct {
		name, rate string
		args       []string
	}
	rows := []row{
		{"23.976.mp4", "24000/1001", h264},
		{"29.97.mkv", "30000/1001", h264},
		{"50.mov", "50", h264},
		{"59.94.mp4", "60000/1001", h264},
		{"starts-late.ts", "25", append(slices.Clone(h264), "-output_ts_offset", "37.3")},
		{"25.avi", "25", []string{"-c:v", "mpeg4", "-b:v", "4M", "-g", "60", "-bf", "1"}},
		{"edit-list.mp4", "25", append(slices.Clone(h264), "-output_ts_offset", "0.52")},
		{"variable.mkv", "30", append([]string{"-vf", "select='not(mod(n\\,7))+gte(n\\,40)*lte(n\\,90)'", "-fps_mode", "vfr"}, h264...)},
	}
	length := 6 // seconds
	if campaign {
		length = 16
		rows = append(rows, []row{
			{"29.97.mpg", "30000/1001", mpeg2},
			{"one-keyframe.mkv", "25", []string{"-c:v", "libx264", "-preset", "ultrafast", "-g", "9999"}},
			{"25.mp4", "25", h264},
			{"30.ts", "30", h264},
			{"24.webm", "24", []string{"-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-b:v", "2M", "-g", "70"}},
			{"25.flv", "25", []string{"-c:v", "flv", "-b:v", "4M", "-g", "30"}},
			{"25.ogv", "25", []string{"-c:v", "libtheora", "-b:v", "4M", "-g", "30"}},
			{"25.wmv", "25", []string{"-c:v", "wmv2", "-b:v", "4M", "-g", "30"}},
			{"29.97.mxf", "30000/1001", mpeg2},
			{"fragmented.mp4", "25", append(slices.Clone(h264), "-movflags", "frag_keyframe+empty_moov")},
		}...)
	}
	for _, c := range rows {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			path := film(t, c.name, append([]string{"-f", "lavfi", "-i", numbered(c.rate, strconv.Itoa(length))}, c.args...)...)
			source := probe(t, path)
			rate := source.Video[0].Rate.Float()
			// One piece is read from the film's beginning, one of a single frame is sought, and one of more.
			cuts := anywhere(int64((float64(length)-0.5)*rate), int64(2*rate), int64(5*rate), int64(5*rate)+1)
			whole, parts, again := pieces(t, path, source, []Rung{{256, 32, 10, 4e6, 8e6, ""}}, cuts...)
			if len(again) > 0 {
				t.Errorf("the pieces from %d could be had from the film's beginning alone", again)
			}
			want, got := bothNumbers(t, whole, parts)
			if !slices.Equal(got, want) {
				t.Errorf("in pieces, cut at %d\n%v\nin one\n%v", cuts, got, want)
			}
			if distinct := len(slices.Compact(slices.Clone(want))); distinct < 40 {
				t.Errorf("only %d different frames were read", distinct)
			}
			initOf := func(b []byte) []byte { track, _ := fragments(t, b); return track.InitSection() }
			for _, p := range parts {
				if !bytes.Equal(initOf(p), initOf(whole)) {
					t.Error("a piece needs another init section")
				}
			}
		})
	}
}

// TestChunkBeyondThePicture: where the sound runs on, a piece that begins after the last picture holds that picture.
func TestChunkBeyondThePicture(t *testing.T) {
	t.Parallel()
	path := film(t, "film.mp4", "-f", "lavfi", "-i", numbered("10", "4"), "-f", "lavfi", "-i", "sine=d=12", "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac")
	_, parts, again := pieces(t, path, probe(t, path), []Rung{{256, 32, 10, 4e6, 8e6, ""}}, 30, 60)
	if len(again) > 0 {
		t.Errorf("the pieces from %d could be had from the film's beginning alone", again)
	}
	if n := numbersOf(t, parts[2]); len(n) < 59 || slices.Min(n) != 39 || slices.Max(n) != 39 {
		t.Errorf("%v", n)
	}
}

// TestChunkBeforeThePicture: where the sound begins before the picture, a piece that begins there, too, holds the first picture until its time.
func TestChunkBeforeThePicture(t *testing.T) {
	t.Parallel()
	path := film(t, "film.mp4", "-f", "lavfi", "-i", "sine=d=4", "-itsoffset", "1", "-f", "lavfi", "-i", numbered("10", "3"), "-fps_mode", "passthrough", "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac")
	whole, parts, again := pieces(t, path, probe(t, path), []Rung{{256, 32, 10, 4e6, 8e6, ""}}, 4, 8, 24)
	if len(again) > 0 {
		t.Errorf("the pieces from %d could be had from the film's beginning alone", again)
	}
	if want, got := bothNumbers(t, whole, parts); !slices.Equal(got, want) || got[9] != 0 || got[12] != 2 {
		t.Errorf("in pieces\n%v\nin one\n%v", got, want)
	}
}

// cracked are clips that are damaged within, so that only --tolerant publishes them; unsought are those in which seeking leads to
// no picture that can be decoded.
var (
	cracked  = []string{"corrupted.mp4", "weird_aspect.small.mpg"}
	unsought = []string{"cockatoo.mp4", "sintel-captions.ts"}
)

// TestChunksOfClips cuts real clips in three, and compares the pictures with those of one run: the smallest, and in a
// campaign all.
func TestChunksOfClips(t *testing.T) {
	t.Parallel()
	dir := clips(t)
	names, err := filepath.Glob(filepath.Join(dir, "*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range names {
		if info, err := os.Stat(path); err != nil || info.Size() > 15<<10 && !campaign {
			continue
		}
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			source, findings, err := inspected(path)
			if slices.Contains(cracked, filepath.Base(path)) {
				t.Skip("it is damaged")
			}
			if worst, _ := report.Worst(findings); err != nil || worst == report.Error || source.Video[0].Frames < 30 || source.Duration > 10*time.Second && !campaign {
				t.Skip("too short, too long, or it cannot be published")
			}
			total := int64(source.Duration.Seconds()*source.Video[0].Rate.Float() + 0.5)
			cuts := anywhere(total, total/3, 2*total/3)
			whole, parts, again := pieces(t, path, source, []Rung{{160, 90, 8, 8e6, 8e6, ""}}, cuts...)
			if len(again) > 0 && !slices.Contains(unsought, filepath.Base(path)) {
				t.Errorf("the pieces from %d could be had from the film's beginning alone", again)
			}
			want, got := grey(t, whole), grey(t, parts...)
			if worst := farthest(got, want); len(got) != len(want) || worst > 12 {
				t.Errorf("cut at %d: %d bytes of pixels, not %d; a frame differs by %.1f", cuts, len(got), len(want), worst)
			}
		})
	}
}

const greySize = 32 * 18

// grey is what films show, one after the other, small and without colours.
func grey(t testing.TB, encoded ...[]byte) []byte {
	return oneByOne(t, "scale=32:18:flags=area", encoded)
}

// farthest is the largest mean difference of two frames in the same place.
func farthest(a, b []byte) (worst float64) {
	for at := 0; at+greySize <= min(len(a), len(b)); at += greySize {
		sum := 0
		for i := at; i < at+greySize; i++ {
			sum += max(int(a[i])-int(b[i]), int(b[i])-int(a[i]))
		}
		worst = max(worst, float64(sum)/greySize)
	}
	return worst
}
