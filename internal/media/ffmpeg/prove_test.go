package ffmpeg

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"slices"
	"testing"
)

// TestCountFrames: the frames of several renditions are counted at once, all or the keyframes alone; one that is damaged is damage,
// wherever it stands.
func TestCountFrames(t *testing.T) {
	t.Parallel()
	path := film(t, "film.mkv", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=10:d=5", "-c:v", "libx264", "-preset", "ultrafast")
	_, out := encode(t, path, []Rung{{320, 180, 23, 2e6, 4e6, ""}, {160, 90, 23, 1e6, 2e6, ""}}, nil)
	large, small := save(t, "large.mp4", out[0]), save(t, "small.mp4", out[1])
	got, err := tools(t).CountFrames(context.Background(), []Counted{{small, false}, {large, true}, {large, false}}, "")
	if err != nil || !slices.Equal(got, []int64{50, 3, 50}) {
		t.Errorf("%v, %v", got, err)
	}
	// The picture's data, without their lengths, are overwritten from the middle on.
	_, list := fragments(t, out[0])
	at := bytes.Index(out[0], list[1].Data) + len(list[1].Data)/2
	spoiled := save(t, "spoiled.mp4", slices.Concat(out[0][:at], bytes.Repeat([]byte{0xff}, 2000), out[0][at+2000:]))
	for _, renditions := range [][]Counted{{{small, false}, {spoiled, false}}, {{spoiled, false}, {small, false}}} {
		_, err := tools(t).CountFrames(context.Background(), renditions, "")
		if exit := (*ExitError)(nil); !errors.As(err, &exit) || !exit.Damaged() {
			t.Errorf("%v", err)
		}
	}
}

// TestDecodeWhole: pictures are counted, and the loudness is that of a sine whose loudness is known: -3.01 dB of its peak, times the
// weight of 1 kHz, which is nothing (BS.1770).
func TestDecodeWhole(t *testing.T) {
	t.Parallel()
	picture := []string{"-map", "0", "-c:v", "libx264", "-preset", "ultrafast"}
	paths := films(t, []string{"-f", "lavfi", "-i", "testsrc2=s=64x64:r=25:d=4", "-f", "lavfi", "-i", "aevalsrc=0.1*sin(2*PI*997*t)|0.1*sin(2*PI*997*t):s=48000:d=4", "-f", "lavfi", "-i", "anullsrc=d=2"},
		made{"both.mp4", append([]string{"-map", "1"}, picture...)}, made{"picture.mp4", append([]string{"-t", "1"}, picture...)}, made{"silence.mp4", []string{"-map", "2"}})
	for i, c := range []struct {
		frames      int64
		least, most float64
	}{{100, -20.5, -19.5}, {25, 0, 0}, {0, 0, 0}} {
		out, err := tools(t).DecodeWhole(t.Context(), paths[i], "")
		if err != nil || out.Frames != c.frames || out.Loudness < c.least || out.Loudness > c.most {
			t.Errorf("%s: %+v, %v", filepath.Base(paths[i]), out, err)
		}
	}
}
