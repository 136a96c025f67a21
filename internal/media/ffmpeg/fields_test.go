package ffmpeg

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"filmpress/internal/media"
)

// moving is a picture in which everything moves.
func moving(size, rate string) string {
	return "nullsrc=s=90x72:r=" + rate + ":d=2.4,geq=lum='128+60*sin((X+N)/4)+40*sin((Y+X/2-N)/6)':cb=128:cr=128,scale=" + strings.Replace(size, "x", ":", 1)
}

// interlacing makes fields of every two pictures, the upper or the lower ("top", "bottom") first.
func interlacing(first string) string {
	return "tinterlace=mode=interleave_" + first + ",format=yuv420p"
}

// TestFields: interlaced films of every kind are known as such, and every field becomes the picture that was shot, at its time.
func TestFields(t *testing.T) {
	t.Parallel()
	mpeg2 := func(top string) []string {
		return []string{"-c:v", "mpeg2video", "-b:v", "20M", "-g", "12", "-bf", "2", "-flags", "+ilme+ildct", "-top", top}
	}
	type row struct {
		name, size, rate, first string
		args                    []string
		declares                bool
	}
	rows := []row{
		{"mpeg2.ts", "360x288", "50", "top", mpeg2("1"), true},
		{"dv.avi", "720x576", "50", "bottom", []string{"-c:v", "dvvideo"}, false},
		{"h264.mts", "384x288", "50", "top", []string{"-c:v", "libx264", "-preset", "ultrafast", "-qp", "10", "-x264-params", "tff=1", "-f", "mpegts"}, true},
		{"wrong-order.mp4", "384x288", "50", "bottom", []string{"-vf", "setfield=tff", "-c:v", "libx264", "-preset", "ultrafast", "-qp", "10", "-x264-params", "tff=1"}, true},
	}
	if campaign {
		rows = append(rows, []row{
			{"h264-lower.mp4", "384x240", "60000/1001", "bottom", []string{"-c:v", "libx264", "-preset", "ultrafast", "-qp", "10", "-x264-params", "bff=1"}, true},
			{"untold-lower.mkv", "384x240", "60000/1001", "bottom", []string{"-vf", "setfield=prog", "-c:v", "libx264", "-preset", "ultrafast", "-qp", "10"}, false},
			{"mpeg2-lower.mpg", "360x240", "60000/1001", "bottom", mpeg2("0"), true},
			{"xdcam.mxf", "360x288", "50", "top", mpeg2("1"), true},
			{"dv.mov", "720x576", "50", "bottom", []string{"-c:v", "dvvideo"}, false},
			{"untold.mp4", "384x288", "50", "top", []string{"-vf", "setfield=prog", "-c:v", "libx264", "-preset", "ultrafast", "-qp", "10"}, false},
			{"prores.mov", "384x288", "50", "top", []string{"-c:v", "prores_ks", "-profile:v", "0", "-flags", "+ildct"}, false},
		}...)
	}
	var known drawings
	for _, c := range rows {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			path := film(t, c.name, append([]string{"-f", "lavfi", "-i", moving(c.size, c.rate) + "," + interlacing(c.first)}, c.args...)...)
			source := probe(t, path)
			v := source.Video[0]
			want := map[string]string{"top": media.ScanUpperFirst, "bottom": media.ScanLowerFirst}[c.first]
			if v.Scan != want || v.DeclaredInterlaced() != c.declares {
				t.Errorf("declared %q, looks %q, want %q", v.FieldOrder, v.Scan, want)
			}
			l, out := encodeOf(t, path, source, []Rung{{192, 144, 4, 20e6, 40e6, ""}}, func(l *Ladder) { l.Fields = true; l.Rate.Num *= 2; l.Frames = 100; l.GOP = 50 })
			shot := known.drawn(t, moving(c.size, c.rate), 96, 72)
			shown := gray(t, save(t, "shown.mp4", out[0]), 96, 72, "scale=96:72:flags=area")
			if len(shown) != int(l.Frames) {
				t.Fatalf("%d frames", len(shown))
			}
			for i := 2; i < 98; i++ {
				here, before, after := difference(shown[i], shot[i]), difference(shown[i], shot[i-1]), difference(shown[i], shot[i+1])
				if here > 5 || here > before || here > after {
					t.Fatalf("frame %d differs by %.1f from the picture that was shot; by %.1f and %.1f from those beside it", i, here, before, after)
				}
			}
		})
	}
}

// TestNoFields: a film of whole frames stays as it is, whatever it declares.
func TestNoFields(t *testing.T) {
	t.Parallel()
	rare := []string{"declared.mpg", "plain.mp4"} // they go the way of others, and are left to a campaign
	for name, args := range map[string][]string{
		"declared.mp4":   {"-f", "lavfi", "-i", moving("384x288", "25"), "-c:v", "libx264", "-preset", "ultrafast", "-qp", "10", "-x264-params", "tff=1"},
		"declared.mpg":   {"-f", "lavfi", "-i", moving("384x288", "25"), "-c:v", "mpeg2video", "-b:v", "8M", "-flags", "+ilme+ildct", "-top", "1"},
		"plain.mp4":      {"-f", "lavfi", "-i", moving("384x288", "30000/1001"), "-c:v", "libx264", "-preset", "ultrafast"},
		"stripes.mp4":    {"-f", "lavfi", "-i", "nullsrc=s=16x288:r=25:d=2,geq=lum='if(mod(Y+N,2),235,16)':cb=128:cr=128,scale=384:288:flags=neighbor", "-c:v", "libx264", "-preset", "ultrafast"},
		"noise.mp4":      {"-f", "lavfi", "-i", "color=gray:s=384x288:r=25:d=2,noise=alls=60:allf=t", "-c:v", "libx264", "-preset", "ultrafast"},
		"sixty.mp4":      {"-f", "lavfi", "-i", moving("384x288", "60"), "-c:v", "libx264", "-preset", "ultrafast"},
		"screen.vp9.mkv": {"-f", "lavfi", "-i", moving("192x144", "25"), "-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8"},
	} {
		if slices.Contains(rare, name) && !campaign {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if v := probe(t, film(t, name, args...)).Video[0]; v.Interlaced() {
				t.Errorf("declared %q, looks %q", v.FieldOrder, v.Scan)
			}
		})
	}
}

// TestFieldsOfClips: what real films look like. Those of the collection that declare fields are whole frames.
func TestFieldsOfClips(t *testing.T) {
	t.Parallel()
	dir := clips(t)
	for name, want := range map[string]string{
		"luke-cha+fate-suite/interlaced_crop.mp4":                    media.ScanProgressive,
		"openpreserve+format-corpus/dv-pal-interlaced.mov":           media.ScanProgressive,
		"openpreserve+format-corpus/xdcam-hd-1080i60.mov":            media.ScanProgressive,
		"debian-libopenshot/sintel_trailer-720p.mp4":                 media.ScanProgressive,
		"androidx+media/bbb_2500ms.ts":                               media.ScanProgressive,
		"luke-cha+fate-suite/Sequence_1-Apple_ProRes_with_Alpha.mp4": "", // two frames tell nothing
	} {
		source, _, err := inspected(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if v := source.Video[0]; v.Scan != want {
			t.Errorf("%s declares %q and looks %q, want %q", name, v.FieldOrder, v.Scan, want)
		}
	}
}

func TestParseFields(t *testing.T) {
	for _, c := range []struct {
		upper, lower, whole int64
		declared            bool
		want                string
	}{
		{40, 0, 0, true, media.ScanUpperFirst},
		{0, 40, 2, false, media.ScanLowerFirst},
		{30, 1, 350, true, media.ScanUpperFirst}, // archive pictures between whole frames
		{30, 1, 350, false, ""},
		{3, 2, 350, true, media.ScanProgressive},
		{20, 15, 40, false, ""}, // stripes
		{0, 0, 0, true, ""},
		{2, 0, 3, true, ""},
		{5, 0, 200, true, media.ScanProgressive},
	} {
		if got := (fieldCount{c.upper, c.lower, c.whole}).scan(c.declared); got != c.want {
			t.Errorf("%+v: %q", c, got)
		}
	}
	said := strings.Join([]string{"[Parsed_idet_0 @ 0x5] [info] Single frame detection: TFF:     1 BFF:     2 Progressive:     3 Undetermined:     4",
		"[Parsed_idet_0 @ 0x5] [info] Multi frame detection: TFF:     0 BFF:     0 Progressive:     0 Undetermined:     0",
		"[Parsed_idet_0 @ 0x5] [info] Multi frame detection: TFF:    37 BFF:     0 Progressive:     2 Undetermined:     1"}, "\n")
	if got := parseFields(said); got != (fieldCount{37, 0, 2}) {
		t.Errorf("%+v", got)
	}
	if got := parseFields("nothing"); got != (fieldCount{}) {
		t.Errorf("%+v", got)
	}
}
