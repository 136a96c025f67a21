package pipeline

import (
	"strings"
	"testing"

	"filmpress/pipelines"
)

func TestShippedPipelinesAreWhole(t *testing.T) {
	files, err := pipelines.FS.ReadDir(".")
	if err != nil || len(files) < 3 {
		t.Fatalf("%d pipelines, %v", len(files), err)
	}
	for _, f := range files {
		data, _ := pipelines.FS.ReadFile(f.Name())
		p, findings := Read(strings.TrimSuffix(f.Name(), ".yml"), f.Name(), data)
		if len(findings) > 0 || p.About == "" {
			t.Errorf("%s: %v", f.Name(), findings)
		}
	}
}

// TestProfileIsOptional: a pipeline may name the style of its subtitles, and need not.
func TestProfileIsOptional(t *testing.T) {
	good, _ := pipelines.FS.ReadFile("draft.yml")
	p, fs := Read("p", "p.yml", []byte(strings.Replace(string(good), "  segment: 30", "  segment: 30\n  profile: bbc", 1)))
	if len(fs) > 0 || p.Subtitles.Profile != "bbc" || p.Subtitles.Segment != 30 {
		t.Errorf("%+v, %v", p.Subtitles, fs)
	}
}

func TestReadComplains(t *testing.T) {
	good, _ := pipelines.FS.ReadFile("draft.yml")
	for _, c := range []struct{ old, new, want string }{
		{"preset: veryfast", "preset: quick", `p.yml:9:11: error: "video.preset": "quick" is not an x264 preset`},
		{"deinterlace: frames", "deinterlace: blend", `p.yml:11:16: error: "video.deinterlace": "blend" is neither fields (25i to 50p) nor frames (25i to 25p)`},
		{"crf: 26", "crf: 99", `p.yml:10:8: error: "video.crf": "99" is not a number from 10 to 40`},
		{"crf: 26", "crf: .nan", `p.yml:10:8: error: "video.crf": ".nan" is not a number from 10 to 40`},
		{"gop: 2", "gop: 4", `p.yml: error: segment is not a multiple of gop (pipeline)`},
		{"gop: 2", "gop: 0", `p.yml:5:6: error: "gop": "0" is not a whole number of seconds from 1 to 60`},
		{"gop: 2", "", `p.yml: error: missing: gop (pipeline)`},
		{"  segment: 30", "  segment: 20", `p.yml: error: subtitles.segment is not a multiple of segment (pipeline)`},
		{"  segment: 30", "  segment: 30\n  profile: netfix", `p.yml:30:12: error: "subtitles.profile": no profile is called "netfix"; the nearest is netflix (yaml-value)`},
		{"width: 1280", "width: 320", `p.yml: error: rung 2 of video.ladder is not larger than the one before it (pipeline)`},
		{"max: 600}", "maxx: 600}", `p.yml:13:33: error: unknown key "maxx" (yaml-key)`},
		{", max: 600}", "}", `p.yml: error: missing: video.ladder[].width, height and max (pipeline)`},
		{"loudness: -16", "loudness: 3", `p.yml:18:13: error: "audio.loudness": "3" is not a number from -31 to -9 LUFS`},
	} {
		text := strings.Replace(string(good), c.old, c.new, 1)
		_, fs := Read("p", "p.yml", []byte(text))
		if len(fs) != 1 || !strings.HasPrefix(fs[0].String(), c.want) {
			t.Errorf("%s -> %s: got %v, want %s", c.old, c.new, fs, c.want)
		}
	}
}

// TestReadComplainsOfAV1: each key of av1 is judged where it stands, and av1 as a whole.
func TestReadComplainsOfAV1(t *testing.T) {
	good, _ := pipelines.FS.ReadFile("modern.yml")
	for _, c := range []struct{ old, new, want string }{
		{"preset: 8 ", "preset: 14 ", `p.yml:23:13: error: "video.av1.preset": "14" is not a whole number from 1 to 13`},
		{"crf: 32 ", "crf: 9 ", `p.yml:24:10: error: "video.av1.crf": "9" is not a whole number from 10 to 60`},
		{"crf: 32 ", "crf: 32.5 ", `p.yml:24:10: error: "video.av1.crf": "32.5" is not a whole number from 10 to 60`},
		{"share: 70 ", "share: 170 ", `p.yml:25:12: error: "video.av1.share": "170" is not a whole number of per cent from 10 to 100`},
		{"share: 70 ", "shares: 70 ", `p.yml:25:5: error: unknown key "shares"`},
		{"    share: 70 ", "    # ", `p.yml: error: missing: video.av1.preset, crf and share`},
		{"  quality:\n    ssim: 0.98", "", `p.yml: error: video.av1 needs video.quality`},
	} {
		text := strings.Replace(string(good), c.old, c.new, 1)
		_, fs := Read("p", "p.yml", []byte(text))
		if len(fs) == 0 || !strings.HasPrefix(fs[0].String(), c.want) {
			t.Errorf("%s -> %s: got %v, want %s", c.old, c.new, fs, c.want)
		}
	}
}

func FuzzRead(f *testing.F) {
	good, _ := pipelines.FS.ReadFile("documentary.yml")
	f.Add(good)
	newer, _ := pipelines.FS.ReadFile("modern.yml")
	f.Add(newer)
	f.Add([]byte("video: {ladder: [{}, {}]}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, fs := Read("p", "p.yml", data)
		if len(fs) == 0 && (len(p.Video.Ladder) == 0 || p.GOP <= 0 || p.Segment%p.GOP != 0) {
			t.Errorf("accepted a pipeline that cannot be carried out: %+v", p)
		}
	})
}
