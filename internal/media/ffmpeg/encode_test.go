package ffmpeg

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"filmpress/internal/media"
	"filmpress/internal/media/mp4"
	"filmpress/internal/report"
)

var found = sync.OnceValues(func() (Tools, error) { return Find(context.Background(), "", "") })

// campaign: make campaign runs all rows of the largest tables; make test those that differ most from each other.
var campaign = os.Getenv("FILMPRESS_TEST_CAMPAIGN") != ""

// ten frames a second do for most tests: of 23 to 31 a film is looked at for fields, by one more process.
var ten = media.Rational{Num: 10, Den: 1}

// tools are the real ffmpeg and ffprobe; the tests of this file need them.
func tools(t testing.TB) Tools {
	t.Helper()
	got, err := found()
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// raw runs ffmpeg outside of the code under test, to make films and to look at results. It has one thread: for pictures as small as these more cost
// more than they bring.
func raw(t testing.TB, args ...string) []byte {
	t.Helper()
	all := []string{"-nostdin", "-hide_banner", "-v", "error", "-y", "-filter_threads", "1", "-filter_complex_threads", "1"}
	for i, arg := range args {
		if arg == "-i" || i == len(args)-1 { // an input, or the output
			all = append(all, "-threads", "1")
		}
		all = append(all, arg)
	}
	cmd := exec.Command("ffmpeg", all...)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("ffmpeg %q: %v\n%s", args, err, errs.String())
	}
	return out
}

// film makes a film by ffmpeg's arguments and gives its path.
func film(t testing.TB, name string, args ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	raw(t, append(args, "file:"+path)...)
	return path
}

// made is a film that is made beside others.
type made struct {
	name string
	args []string
}

// films makes several films of the same inputs in one run of ffmpeg, since starting it costs more than a small film, and gives their paths.
func films(t testing.TB, inputs []string, list ...made) (paths []string) {
	t.Helper()
	dir, args := t.TempDir(), slices.Clone(inputs)
	for i, f := range list {
		paths = append(paths, filepath.Join(dir, f.name))
		args = append(args, f.args...)
		if i < len(list)-1 { // raw does it for the last
			args = append(args, "-threads", "1")
		}
		args = append(args, "file:"+paths[i])
	}
	raw(t, args...)
	return paths
}

func probe(t testing.TB, path string) media.Source {
	t.Helper()
	source, findings, err := tools(t).Probe(context.Background(), path, report.Discard)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range findings {
		if f.Severity == report.Error {
			t.Fatal(f)
		}
	}
	return source
}

// encode makes a ladder of a film as it is probed and gives each rung's bytes. change may be nil.
func encode(t testing.TB, path string, rungs []Rung, change func(*Ladder)) (Ladder, [][]byte) {
	t.Helper()
	return encodeOf(t, path, probe(t, path), rungs, change)
}

// encodeOf is encode for a film that was probed already.
func encodeOf(t testing.TB, path string, source media.Source, rungs []Rung, change func(*Ladder)) (Ladder, [][]byte) {
	t.Helper()
	v := source.Video[0]
	l := Ladder{Film: path, Stream: v.Index, Source: v, Rate: v.Rate, Frames: int64(source.Duration.Seconds()*v.Rate.Float() + 0.5),
		GOP: int(2*v.Rate.Float() + 0.5), Preset: "ultrafast", Rungs: rungs}
	if change != nil {
		change(&l)
	}
	out := make([][]byte, len(rungs))
	read := make([]func(io.Reader) error, len(rungs))
	for i := range rungs {
		read[i] = func(r io.Reader) (err error) { out[i], err = io.ReadAll(r); return err }
	}
	if err := tools(t).EncodeLadder(context.Background(), l, read, nil, ""); err != nil {
		t.Fatal(err)
	}
	return l, out
}

func small(w, h int) []Rung { return []Rung{{w, h, 23, 2e6, 4e6, ""}} }

// fragments reads what ffmpeg wrote.
func fragments(t testing.TB, data []byte) (mp4.Track, []mp4.Fragment) {
	t.Helper()
	r := mp4.NewReader(bytes.NewReader(data))
	track, err := r.Init()
	if err != nil {
		t.Fatal(err)
	}
	var list []mp4.Fragment
	for {
		f, err := r.Next()
		if err == io.EOF {
			return track, list
		}
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, f)
	}
}

// save writes bytes to a file in a folder of the test's own.
func save(t testing.TB, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// gray decodes to 8-bit luma of one size, a frame after the other.
func gray(t testing.TB, path string, w, h int, filters string) [][]byte {
	t.Helper()
	out := raw(t, "-i", "file:"+path, "-map", "0:v:0", "-vf", strings.TrimPrefix(filters+",", ",")+"format=gray", "-fps_mode", "passthrough", "-f", "rawvideo", "-")
	var frames [][]byte
	for ; len(out) >= w*h; out = out[w*h:] {
		frames = append(frames, out[:w*h])
	}
	return frames
}

// TestLadder: every rung has exactly the frames asked for, in GOPs of one length, evenly timed from 0, for the rates that films have.
func TestLadder(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		rate   string
		frames int
		want   media.Rational
		scale  uint32
	}{
		{"24000/1001", 130, media.Rational{Num: 24000, Den: 1001}, 24000},
		{"25", 120, pal, 25000},
		{"30000/1001", 95, ntsc, 30000},
		{"60", 150, media.Rational{Num: 60, Den: 1}, 60000},
		{"44/5", 30, media.Rational{Num: 44, Den: 5}, 4400},
	} {
		t.Run(c.rate, func(t *testing.T) {
			t.Parallel()
			path := film(t, "film.mkv", "-f", "lavfi", "-i", "testsrc2=s=320x180:r="+c.rate, "-frames:v", fmt.Sprint(c.frames), "-c:v", "libx264", "-preset", "ultrafast")
			l, out := encode(t, path, []Rung{{320, 180, 23, 2e6, 4e6, ""}, {160, 90, 23, 1e6, 2e6, ""}}, nil)
			if l.Rate != c.want || l.Frames != int64(c.frames) {
				t.Fatalf("probed %v, %d frames", l.Rate, l.Frames)
			}
			for i, data := range out {
				track, list := fragments(t, data)
				if track.Timescale != c.scale || track.Width != l.Rungs[i].Width || track.Color == nil || *track.Color != mp4.BT709 {
					t.Errorf("track %+v", track)
				}
				left, per := c.frames, uint32(int64(c.scale)*c.want.Den/c.want.Num)
				for _, f := range list {
					if want := min(left, l.GOP); len(f.Samples) != want || !f.Samples[0].Sync {
						t.Fatalf("a fragment has %d frames, want %d", len(f.Samples), want)
					}
					for _, s := range f.Samples {
						if s.Duration != per {
							t.Fatalf("a frame lasts %d of %d ticks", s.Duration, per)
						}
					}
					left -= len(f.Samples)
				}
				if left != 0 {
					t.Errorf("%d frames are missing", left)
				}
			}
		})
	}
}

// TestSinglePicture: a film of one picture, of a millisecond by its own times, gives the one frame asked for; and one
// whose sound runs on holds it.
func TestSinglePicture(t *testing.T) {
	t.Parallel()
	path := film(t, "film.webm", "-f", "lavfi", "-i", "color=red:s=64x36:r=1000", "-frames:v", "1", "-c:v", "libvpx")
	source := probe(t, path)
	for _, frames := range []int64{1, 7} {
		_, out := encodeOf(t, path, source, small(64, 36), func(l *Ladder) { l.Frames = frames })
		if _, list := fragments(t, out[0]); len(list) != 1 || len(list[0].Samples) != int(frames) {
			t.Errorf("not %d frames", frames)
		}
	}
}

// TestLadderRepeats: the same film gives the same bytes in every run, also where the cap holds the rate down, which is
// where x264 with more threads than one does not.
func TestLadderRepeats(t *testing.T) {
	t.Parallel()
	path := film(t, "film.mkv", "-f", "lavfi", "-i", "mandelbrot=s=320x180:r=20:maxiter=200,noise=alls=20:allf=t", "-t", "3", "-c:v", "libx264", "-preset", "ultrafast", "-crf", "12")
	rungs := []Rung{{320, 180, 22, 91e3, 182e3, ""}, {160, 90, 22, 80e3, 160e3, ""}}
	source := probe(t, path)
	runs := make([][][]byte, 3)
	var all sync.WaitGroup
	for i := range runs {
		all.Go(func() { _, runs[i] = encodeOf(t, path, source, rungs, func(l *Ladder) { l.Preset = "medium" }) })
	}
	all.Wait()
	for i, run := range runs {
		for k := range rungs {
			if !bytes.Equal(runs[0][k], run[k]) {
				t.Errorf("run %d, rung %d: other bytes", i, k)
			}
			if bytes.Contains(run[k][4096:], []byte("x264 - core")) {
				t.Errorf("rung %d tells x264's settings", k)
			}
		}
	}
}

// TestPictureAndSoundStayTogether: a flash and a beep at the same moment come out at the same moment, wherever
// the container's and the streams' own times begin.
func TestPictureAndSoundStayTogether(t *testing.T) {
	t.Parallel()
	flash := "color=black:s=16x10:r=25:d=4,geq=lum='if(between(T,1.999,2.2),235,16)':cb=128:cr=128,scale=160:90:flags=neighbor"
	beep := "aevalsrc='if(between(t,2,2.2),sin(2000*PI*t),0)':s=44100:d=4"
	for name, args := range map[string][]string{
		"plain.mp4":    {"-f", "lavfi", "-i", flash, "-f", "lavfi", "-i", beep, "-c:v", "libx264", "-preset", "ultrafast", "-bf", "2", "-c:a", "aac"},
		"late.mkv":     {"-itsoffset", "0.6", "-f", "lavfi", "-i", flash, "-itsoffset", "0.6", "-f", "lavfi", "-i", beep, "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "libopus", "-avoid_negative_ts", "disabled", "-output_ts_offset", "3"},
		"offset.ts":    {"-f", "lavfi", "-i", flash, "-f", "lavfi", "-i", beep, "-c:v", "mpeg2video", "-c:a", "mp2", "-output_ts_offset", "1234"},
		"picture2.mp4": {"-f", "lavfi", "-i", strings.Replace(flash, "1.999,2.2", "1.399,1.6", 1), "-f", "lavfi", "-i", beep, "-filter:v", "setpts=PTS+0.6/TB", "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac"},
		"picture2.ts":  {"-f", "lavfi", "-i", strings.Replace(flash, "1.999,2.2", "1.399,1.6", 1), "-f", "lavfi", "-i", beep, "-filter:v", "setpts=PTS+0.6/TB", "-fps_mode", "passthrough", "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac"},
		"sound2.mpg":   {"-f", "lavfi", "-i", flash, "-itsoffset", "0.6", "-f", "lavfi", "-i", strings.Replace(beep, "2,2.2", "1.4,1.6", 1), "-c:v", "mpeg2video", "-c:a", "mp2"},
		"sound2.mov":   {"-f", "lavfi", "-i", flash, "-itsoffset", "0.6", "-f", "lavfi", "-i", strings.Replace(beep, "2,2.2", "1.4,1.6", 1), "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "pcm_s16le"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := film(t, name, args...)
			source := probe(t, path)
			_, out := encodeOf(t, path, source, small(160, 90), nil)
			adts := encodeSound(t, path, func(s *AudioSpec) { s.Reading = source.Audio[0].Reading })
			pixels, pcm := oneByOneWithSound(t, "format=gray", out, adts)
			seen, heard := flashAt(t, pixels), beepIn(t, pcm)
			if d := seen - heard; d < -0.021 || d > 0.021 {
				t.Errorf("the flash comes at %.3f s, the beep at %.3f s", seen, heard)
			}
			if seen < 1.9 || seen > 2.7 {
				t.Errorf("the flash comes at %.3f s", seen)
			}
		})
	}
}

// flashAt is the time of the first bright frame of 160x90 pixels, counting frames of 40 ms from 0.
func flashAt(t *testing.T, pixels []byte) float64 {
	t.Helper()
	for i := 0; 160*90*(i+1) <= len(pixels); i++ {
		if pixels[160*90*i] > 128 {
			return float64(i) / 25
		}
	}
	t.Fatal("there is no flash")
	return 0
}

// TestRecode: a segment encoded again has the same frames, the same parameter sets and fewer bytes.
func TestRecode(t *testing.T) {
	t.Parallel()
	path := film(t, "film.mkv", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=10:d=6,noise=alls=14:allf=t", "-c:v", "libx264", "-preset", "ultrafast", "-crf", "10")
	source := probe(t, path)
	const most = 200e3 // bits a second
	for _, preset := range []string{"ultrafast", "medium"} {
		l, out := encodeOf(t, path, source, []Rung{{320, 180, 22, 3e6, 6e6, ""}}, func(l *Ladder) { l.Preset = preset })
		track, list := fragments(t, out[0])
		joined := mp4.AppendFragment(track.InitSection(), list[1]) // one from the middle
		segment := save(t, "segment.mp4", joined)
		data, err := tools(t).Recode(context.Background(), segment, RecodeSpec{Rate: l.Rate, CRF: 22, MaxRate: most, BufSize: most, GOP: l.GOP, Preset: preset}, "")
		if err != nil {
			t.Fatal(err)
		}
		track2, list2 := fragments(t, data)
		if !bytes.Equal(track.Config, track2.Config) || track.Timescale != track2.Timescale {
			t.Errorf("%s: other parameter sets: %x, %x", preset, track.Config, track2.Config)
		}
		if len(list2) != 1 || len(list2[0].Samples) != len(list[1].Samples) {
			t.Fatalf("%s: other frames", preset)
		}
		if a, b := len(list[1].Data), len(list2[0].Data); b > 2*most/8*3/2 || b >= a {
			t.Errorf("%s: %d bytes became %d", preset, a, b)
		}
		samePictures(t, joined, data, 320*180, l.GOP)
	}
}

// samePictures compares the frames of two films of one size, of which there must be n.
func samePictures(t *testing.T, a, b []byte, size, n int) {
	t.Helper()
	pixels := oneByOne(t, "null", [][]byte{a, b})
	if len(pixels) != 2*n*size {
		t.Fatalf("%d bytes of pixels, not two times %d frames", len(pixels), n)
	}
	frames := slices.Collect(slices.Chunk(pixels, size))
	for i := range n {
		if d := difference(frames[i], frames[n+i]); d > 15 {
			t.Fatalf("frame %d is another picture (%.1f)", i, d)
		}
	}
}

// difference is the mean absolute difference of two pictures.
func difference(a, b []byte) float64 {
	sum := 0
	for i := range a {
		d := int(a[i]) - int(b[i])
		sum += max(d, -d)
	}
	return float64(sum) / float64(len(a))
}

// TestCutFilm: a film that cannot be decoded to its end is noticed, by ffmpeg or by the number of frames.
func TestCutFilm(t *testing.T) {
	t.Parallel()
	whole := film(t, "film.mkv", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=10:d=8", "-c:v", "libx264", "-preset", "ultrafast", "-g", "10")
	source := probe(t, whole)
	data, err := os.ReadFile(whole)
	if err != nil {
		t.Fatal(err)
	}
	cut := save(t, "cut.mkv", data[:len(data)/2])
	frames := 0
	read := func(r io.Reader) error {
		all, err := io.ReadAll(r)
		_, list := fragments(t, all)
		for _, f := range list {
			frames += len(f.Samples)
		}
		return err
	}
	l := Ladder{Film: cut, Source: source.Video[0], Rate: ten, Frames: 80, GOP: 20, Preset: "ultrafast", Rungs: small(320, 180)}
	err = tools(t).EncodeLadder(context.Background(), l, []func(io.Reader) error{read}, nil, "")
	if exit := (*ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Error(err)
	}
	if err == nil && (frames == 0 || frames > 40+12) {
		t.Errorf("half a film gave %d of 80 frames", frames)
	}
	t.Logf("%v, %d frames", err, frames)
}

// TestDamagedFilm: damage in the middle stops an encode, with the reason; a tolerant one goes on to the last frame.
func TestDamagedFilm(t *testing.T) {
	t.Parallel()
	path := film(t, "film.mp4", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=10:d=8", "-c:v", "libx264", "-preset", "ultrafast", "-g", "10", "-movflags", "+faststart")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := len(data) / 2; i < len(data)/2+3000; i += 5 {
		data[i] ^= 0x5a
	}
	damaged := save(t, "damaged.mp4", data)
	l := Ladder{Film: damaged, Source: probe(t, damaged).Video[0], Rate: ten, Frames: 80, GOP: 20, Preset: "ultrafast", Rungs: small(320, 180)}
	err = tools(t).EncodeLadder(context.Background(), l, []func(io.Reader) error{discard}, nil, "")
	var exit *ExitError
	if !errors.As(err, &exit) || exit.Why == "" {
		t.Errorf("%v", err)
	}
	var out []byte
	l.Tolerant = true
	read := func(r io.Reader) (err error) { out, err = io.ReadAll(r); return err }
	if err := tools(t).EncodeLadder(context.Background(), l, []func(io.Reader) error{read}, nil, ""); err != nil {
		t.Fatal(err)
	}
	frames := 0
	_, list := fragments(t, out)
	for _, f := range list {
		frames += len(f.Samples)
	}
	if frames != 80 {
		t.Errorf("%d frames", frames)
	}
}
