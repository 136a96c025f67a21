package ffmpeg

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"filmpress/internal/report"
)

// sameBothWays holds what one process tells of a file, header and packets, against what two tell.
func sameBothWays(t *testing.T, path string) (atOnce bool) {
	t.Helper()
	ctx, use := t.Context(), tools(t)
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	p, why, err := use.headerAndPackets(ctx, path, min(info.Size(), smallFile))
	two, whyTwo, errTwo := use.header(ctx, path)
	if err != nil || errTwo != nil || why != whyTwo {
		t.Fatalf("%q, %v; by two %q, %v", why, err, whyTwo, errTwo)
	}
	if why != "" {
		return false
	}
	times, _, err := use.timings(ctx, path, p, report.Discard)
	timesTwo, _, errTwo := use.timings(ctx, path, two, report.Discard)
	if err != nil || errTwo != nil {
		t.Fatal(err, errTwo)
	}
	if !reflect.DeepEqual(times, timesTwo) {
		for i := range times {
			if !reflect.DeepEqual(times[i], timesTwo[i]) {
				t.Errorf("stream %d:\n%+v, by two\n%+v", i, times[i], timesTwo[i])
			}
		}
	}
	atOnce = p.read
	p.read, p.packets, p.said = false, nil, messages{}
	if !reflect.DeepEqual(p, two) {
		t.Errorf("\n%+v, by two\n%+v", p, two)
	}
	return atOnce
}

// TestSmallFilesAreReadAtOnce: one process tells of a small file what two tell.
func TestSmallFilesAreReadAtOnce(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{
		"film.mp4": {"-c:v", "libx264", "-bf", "2", "-c:a", "aac"},
		"film.mkv": {"-c:v", "libx264", "-bf", "2", "-c:a", "flac"},
		"film.ts":  {"-c:v", "mpeg2video", "-bf", "2", "-c:a", "mp2"},
		"film.avi": {"-c:v", "mpeg4", "-c:a", "mp3"},
	} {
		t.Run(name, func(t *testing.T) {
			path := film(t, name, append([]string{"-f", "lavfi", "-i", "testsrc=s=64x36:r=10:d=2", "-f", "lavfi", "-i", "sine=d=2", "-preset", "ultrafast"}, args...)...)
			if !sameBothWays(t, path) {
				t.Error("it took two processes")
			}
		})
	}
}

// TestRealClipsAreReadAtOnce does the same with real films, damaged and odd ones among them.
func TestRealClipsAreReadAtOnce(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob(filepath.Join(clips(t), "*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	atOnce := 0
	for i, path := range paths {
		info, err := os.Stat(path)
		if err != nil || !campaign && (i%8 != 0 || info.Size() > smallFile) {
			continue
		}
		t.Run(filepath.Base(path), func(t *testing.T) {
			if sameBothWays(t, path) {
				atOnce++
			}
		})
	}
	if atOnce < 5 {
		t.Errorf("%d of %d files were read at once", atOnce, len(paths))
	}
}

// TestManyPackets: what is small and has more packets than are held in memory is read by two processes after all.
func TestManyPackets(t *testing.T) {
	many := []byte(`{"packets":[`)
	one := []byte(`{"stream_index":0,"pts":1,"size":"1","flags":"K_"},`)
	for len(many) < maxProbe {
		many = append(many, one...)
	}
	if _, whole := parsePackets(many[:maxProbe]); whole {
		t.Error("the rest was left out")
	}
	got, whole := parsePackets([]byte(`{"packets":[{"stream_index":3,"pts":-5,"dts":7,"duration":2,"size":"9","flags":"KD"},{"stream_index":64},{"stream_index":1,"pts":99999999999999999999,"size":"x"}],"streams":[]}`))
	want := []packet{{stream: 3, pts: -5, dts: 7, duration: 2, size: 9, key: true, discard: true}, {stream: 1, pts: noTime, dts: noTime}}
	if !whole || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v", got, whole)
	}
}
