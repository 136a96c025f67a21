package ffmpeg

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"filmpress/internal/media"
)

var update = flag.Bool("update", false, "write the golden files")

var (
	ntsc = media.Rational{Num: 30000, Den: 1001}
	pal  = media.Rational{Num: 25, Den: 1}
	sdr  = media.Video{Index: 0, Width: 1920, Height: 1080, PixFmt: "yuv420p", Bits: 8, End: 60 * time.Second,
		Range: "tv", Space: "bt709", Transfer: "bt709", Primaries: "bt709"}
	rungs = []Rung{{1280, 720, 22, 3e6, 6e6, ""}, {640, 360, 22.5, 365e3, 730e3, ""}, {416, 234, 22, 145e3, 290e3, ""}}
)

func look(change func(*media.Video)) Ladder {
	v := sdr
	change(&v)
	return Ladder{Film: "/films/film.mp4", Stream: v.Index, Source: v, Rate: pal, Frames: 1500, GOP: 50, Preset: "medium", Rungs: rungs[1:2]}
}

// TestArguments compares whole argument lists, one a line of the golden file named after the case.
func TestArguments(t *testing.T) {
	full := look(func(*media.Video) {})
	full.Rungs, full.Rate, full.GOP, full.Tune, full.Frames = rungs, ntsc, 60, "film", 1798
	spec := AudioSpec{Film: "/films/film.mp4", Stream: 1, Duration: media.Rational{Num: 60, Den: 1}, BitRate: 96000, Loudness: -16, TruePeak: -1.5}
	loud := func(i, tp float64) AudioSpec { s := spec; s.Measured = &Loudness{I: i, TP: tp}; return s }
	still := StillSpec{Path: "/made/v.mp4", At: -1, Duration: time.Minute}
	board := StoryboardSpec{Path: "/made/v.mp4", Duration: time.Minute, Interval: 10 * time.Second, Width: 160, Height: 90, Columns: 5, Rows: 5}
	small := board
	small.Path = "/made/small.mp4"
	sample := SampleSpec{Ladder: full, Metric: media.SSIM, Scratch: "/kept/work-1"}.at(360, []float64{23.5, 25, 31})
	sample.Frames = 60
	for name, args := range map[string][]string{
		"ladder":     full.args(),
		"chunk":      func() []string { l := full; l.First, l.Frames = 360, 1438; return l.args() }(),
		"sample":     sample.args(),
		"compare":    sample.compareArgs(true),
		"vmaf":       func() []string { s := sample; s.Metric = media.VMAF; return s.compareArgs(false) }(),
		"compare-2":  sample.compareArgs(false),
		"count":      countArgs([]Counted{{Path: "/made/small.mp4"}, {Path: "/made/large.mp4", Keys: true}}),
		"whole":      wholeArgs("/made/v.mp4"),
		"interlaced": look(func(v *media.Video) { v.FieldOrder = "tt" }).args(),
		"fields": func() []string {
			l := look(func(v *media.Video) { v.Scan = media.ScanLowerFirst })
			l.Fields, l.Rate = true, media.Rational{Num: 50, Den: 1}
			return l.args()
		}(),
		"idet":     fieldsArgs("/films/film.mp4", sdr, 50*time.Second),
		"portrait": look(func(v *media.Video) { v.Rotation, v.Mirrored = 90, true }).args(),
		"hdr10": look(func(v *media.Video) {
			v.PixFmt, v.Bits, v.Transfer, v.Space, v.Primaries = "yuv420p10le", 10, "smpte2084", "bt2020nc", "bt2020"
		}).args(),
		"hlg-untold": look(func(v *media.Video) {
			v.PixFmt, v.Bits, v.Transfer, v.Space, v.Primaries, v.Range = "yuv420p10le", 10, "arib-std-b67", "", "", ""
		}).args(),
		"sd-untold": look(func(v *media.Video) {
			v.Width, v.Height, v.Space, v.Transfer, v.Primaries, v.Range = 720, 576, "", "", "", ""
		}).args(),
		"full-range": look(func(v *media.Video) { v.PixFmt, v.Range = "yuvj422p", "pc" }).args(),
		"alpha-rgb":  look(func(v *media.Video) { v.PixFmt, v.Space, v.Range = "argb", "", "" }).args(),
		"alpha-yuv":  look(func(v *media.Video) { v.PixFmt = "yuva444p12le" }).args(),
		"late":       look(func(v *media.Video) { v.Late, v.Offset = true, time.Microsecond-1400*time.Millisecond }).args(),
		"sound-runs": look(func(v *media.Video) { v.End = 40 * time.Second }).args(),
		"recode":     RecodeSpec{Rate: ntsc, CRF: 22, MaxRate: 2e6, BufSize: 2e6, GOP: 60, Preset: "medium"}.args("/made/segment.mp4", "31"),
		"recode-av1": RecodeSpec{Codec: media.AV1, Rate: ntsc, CRF: 41, GOP: 60, Preset: "medium", AV1: 8}.args("/made/segment.mp4", ""),
		"modern": func() []string {
			l := full
			l.AV1, l.Rungs = 8, nil
			for _, r := range rungs {
				l.Rungs = append(l.Rungs, r, Rung{r.Width, r.Height, 34, 0, 0, media.AV1})
			}
			return l.args()
		}(),
		"audio":       spec.args(),
		"loudness":    spec.measureArgs(),
		"audio-gain":  loud(-23, -9).args(),
		"audio-pair":  func() []string { s, right := spec, 2; s.Right = &right; return s.args() }(),
		"try-sound":   trySoundArgs("/films/film.mp4", media.Audio{Index: 1}),
		"begin":       beginArgs("/films/-i 100%d:film's.mp4", []int{2, 0, 1}, false),
		"audio-limit": loud(-23, -3).args(),
		"audio-still": func() AudioSpec { s := spec; s.Measured = &Loudness{Silent: true}; return s }().args(),
		"still":       arguments(1, still.ways()[0](0)),
		"still-at":    arguments(1, StillSpec{Path: "/made/v.mp4", At: 7 * time.Second, Quality: 2}.at(0)),
		"storyboard":  arguments(1, board.output(0)),
		"pictures":    still.beside(small),
		"remux":       remuxArgs("/made/v.mp4", "/made/a.mp4", "/out/film.mp4"),
		"remux-mute":  remuxArgs("/made/v.mp4", "", "/out/film.mp4"),
		"listen":      listenArgs("/films/film.mp4", media.Audio{Index: 2}),
		"cuts":        cutsArgs("/films/-i 100%d:film's.mp4", media.Video{}),
		"text-copy":   textArgs("/films/-i 100%d:film's.mkv", TextTrack{Index: 3, Codec: "ass", Format: "ass"}),
		"text-movie":  textArgs("/films/film.mp4", TextTrack{Index: 2, Codec: "mov_text", Format: "srt"}),
		"text-page":   textArgs("/films/film.ts", TextTrack{Index: 2, Codec: "dvb_teletext", Format: "srt"}),
		"try":         tryArgs("/films/-i 100%d:film's.mp4", media.Video{Index: 2}, 50*time.Second),
	} {
		t.Run(name, func(t *testing.T) {
			golden(t, name, strings.Join(args, "\n")+"\n")
		})
	}
	for range 100 {
		if !slices.Equal(full.args(), full.args()) {
			t.Fatal("a second build of the same list differs")
		}
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", "golden", name+".txt")
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; if it should, run go test -update\n%s", path, got)
	}
}
