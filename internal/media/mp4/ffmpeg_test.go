package mp4

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// ffmpeg runs the real tool and gives its stdout; anything it says on stderr fails the test.
func ffmpeg(t *testing.T, args ...string) []byte {
	t.Helper()
	cmd := exec.Command("ffmpeg", append([]string{"-nostdin", "-hide_banner", "-v", "warning"}, args...)...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil || errs.Len() > 0 {
		t.Fatalf("ffmpeg %s: %v\n%s", strings.Join(args, " "), err, errs.String())
	}
	return out.Bytes()
}

// rung encodes a test picture the way a rung of the ladder is encoded: fragments of 2 s with B-frames, no SEI.
func rung(t *testing.T, rate string, frames, gop int, timescale string) []byte {
	t.Helper()
	return ffmpeg(t, "-f", "lavfi", "-i", "testsrc2=s=160x90:r="+rate, "-frames:v", fmt.Sprint(frames),
		"-c:v", "libx264", "-preset", "veryfast", "-bf", "3", "-g", fmt.Sprint(gop), "-keyint_min", fmt.Sprint(gop),
		"-x264-params", "scenecut=0:open-gop=0", "-pix_fmt", "yuv420p", "-threads", "1",
		"-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709", "-bsf:v", "filter_units=remove_types=6",
		"-video_track_timescale", timescale, "-movflags", "+frag_keyframe+empty_moov+default_base_moof+skip_trailer", "-f", "mp4", "-")
}

// rewrite reads ffmpeg's fragments and writes ours, as the encoding step does.
func rewrite(t *testing.T, in []byte) (init []byte, fragments [][]byte, track Track) {
	t.Helper()
	r := NewReader(bytes.NewReader(in))
	track, err := r.Init()
	if err != nil {
		t.Fatal(err)
	}
	var shift int32
	var at uint64
	for n := uint32(1); ; n++ {
		f, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if n == 1 {
			shift = f.Samples[0].Offset
		}
		f.Shift(shift)
		f.Sequence, f.Time = n, at
		at += f.Duration()
		fragments = append(fragments, AppendFragment(nil, f))
	}
	return track.InitSection(), fragments, track
}

func write(t *testing.T, parts ...[]byte) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "out.mp4")
	if err := os.WriteFile(name, bytes.Join(parts, nil), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// pictures is what ffmpeg decodes of two films, in one run: one line a frame, "pts hash".
func pictures(t *testing.T, one, two string) (of [2][]string) {
	t.Helper()
	sums := write(t)
	as := func(input string) []string {
		return []string{"-map", input, "-fps_mode", "passthrough", "-enc_time_base", "-1", "-f", "framemd5"}
	}
	text := string(ffmpeg(t, slices.Concat([]string{"-y", "-threads", "1", "-i", one, "-threads", "1", "-i", two}, as("0:v"), []string{sums}, as("1:v"), []string{"-"})...))
	first, err := os.ReadFile(sums)
	if err != nil {
		t.Fatal(err)
	}
	for i, text := range []string{string(first), text} {
		for line := range strings.Lines(text) {
			if !strings.HasPrefix(line, "#") {
				f := strings.Split(strings.TrimSpace(line), ",")
				of[i] = append(of[i], strings.TrimSpace(f[2])+" "+strings.TrimSpace(f[5]))
			}
		}
	}
	return of
}

func TestRungOfFfmpeg(t *testing.T) {
	for _, c := range []struct {
		rate, timescale string
		frames, gop     int
		perFrame        uint32
	}{
		{"25", "25000", 233, 50, 1000},
		{"30000/1001", "30000", 211, 60, 1001},
		{"24000/1001", "24000", 149, 48, 1001},
		{"60", "60000", 121, 120, 1000},
		{"25", "25000", 1, 50, 1000},
	} {
		t.Run(fmt.Sprint(c.rate, "x", c.frames), func(t *testing.T) {
			t.Parallel()
			in := rung(t, c.rate, c.frames, c.gop, c.timescale)
			init, fragments, track := rewrite(t, in)
			if want := (c.frames + c.gop - 1) / c.gop; len(fragments) != want {
				t.Errorf("%d fragments, want %d", len(fragments), want)
			}
			if track.Codec != "avc1" || track.Width != 160 || track.Height != 90 || *track.Color != BT709 || track.PixelH != 1 {
				t.Errorf("track %+v", track)
			}
			if fmt.Sprint(track.Timescale) != c.timescale {
				t.Errorf("timescale %d, want %s", track.Timescale, c.timescale)
			}
			count := 0
			for _, f := range fragments {
				infos, err := ParseSegment(Track{}, f)
				if err != nil {
					t.Fatal(err)
				}
				for i, s := range infos[0].Samples {
					if s.Duration != c.perFrame || s.Sync != (i == 0) {
						t.Fatalf("frame %d: %+v", count, s)
					}
					count++
				}
			}
			both := pictures(t, write(t, init, bytes.Join(fragments, nil)), write(t, in))
			ours, direct := both[0], both[1]
			if count != c.frames || len(ours) != c.frames || len(direct) != c.frames {
				t.Fatalf("%d samples, %d decoded, %d decoded directly, want %d", count, len(ours), len(direct), c.frames)
			}
			for i := range ours {
				pts, hash, _ := strings.Cut(ours[i], " ")
				if _, want, _ := strings.Cut(direct[i], " "); hash != want || pts != fmt.Sprint(i*int(c.perFrame)) {
					t.Fatalf("frame %d: shown at %s as %s, want %d as %s", i, pts, hash, i*int(c.perFrame), want)
				}
			}
			for _, mark := range []string{"Lav", "x264", "udta", "VideoHandler"} {
				if bytes.Contains(init, []byte(mark)) || bytes.Contains(bytes.Join(fragments, nil), []byte(mark)) {
					t.Errorf("%q in what we wrote", mark)
				}
			}
			if again, _, _ := rewrite(t, in); !bytes.Equal(init, again) {
				t.Error("a second run gives another init section")
			}
		})
	}
}

// TestSoundStaysInPlace puts a click at 1.000 s and finds it there again, after the encoder's run-up was dropped.
func TestSoundStaysInPlace(t *testing.T) {
	in := ffmpeg(t, "-f", "lavfi", "-i", "aevalsrc=exprs='if(between(t,1,1.1),sin(2000*PI*t),0)|0':s=48000:d=3", "-c:a", "aac", "-b:a", "128k",
		"-f", "adts", "-")
	r := NewADTSReader(bytes.NewReader(in))
	var f Fragment
	for n := 0; ; n++ {
		frame, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			continue
		}
		f.Samples = append(f.Samples, Sample{Duration: SamplesPerFrame, Size: uint32(len(frame)), Sync: true})
		f.Data = append(f.Data, frame...)
	}
	config := r.Config()
	if config.ObjectType != 2 || config.SampleRate != 48000 || config.Channels != 2 || fmt.Sprintf("%x", config.ASC) != "1190" {
		t.Fatalf("%+v", config)
	}
	f.Sequence = 1
	name := write(t, config.Track().InitSection(), AppendFragment(nil, f))
	pcm := ffmpeg(t, "-i", name, "-f", "u8", "-c:a", "pcm_u8", "-ac", "1", "-")
	loud := 0
	for loud < len(pcm) && pcm[loud] > 112 && pcm[loud] < 144 {
		loud++
	}
	if loud < 47900 || loud > 48100 {
		t.Errorf("the click is at sample %d, want 48000", loud)
	}
	if len(f.Samples) != 141 { // 3 s are 140.6 frames
		t.Errorf("%d frames", len(f.Samples))
	}
}
