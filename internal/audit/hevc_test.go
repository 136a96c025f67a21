package audit

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"

	"filmpress/internal/hls"
	"filmpress/internal/media/mp4"
	"filmpress/internal/missing"
)

// inHEVC is the larger rung in HEVC.
var inHEVC = sync.OnceValue(func() picture {
	p := fragments("hevc", []string{"-f", "lavfi", "-i", "testsrc2=r=30000/1001:s=320x180", "-frames:v", fmt.Sprint(frames), "-c:v", "libx265", "-preset", "ultrafast", "-pix_fmt", "yuv420p",
		"-x265-params", fmt.Sprintf("keyint=%d:min-keyint=%d:scenecut=0:open-gop=0:log-level=none:info=0", gop, gop), "-tag:v", "hvc1"})
	p.track.Color = &mp4.BT709
	return p
})

var encodesHEVC = sync.OnceValue(func() bool { return bytes.Contains(ffmpeg("-encoders"), []byte("libx265")) })

// twoCodecs is the good presentation with a rung in HEVC.
func twoCodecs(t testing.TB) files {
	t.Helper()
	if !encodesHEVC() {
		missing.Tool(t, "this ffmpeg has no libx265")
	}
	rungs, s := encoded()
	return maps.Clone(build(append(slices.Clone(rungs), inHEVC()), &s, vtt))
}

func TestGoodHEVC(t *testing.T) {
	for _, finding := range twoCodecs(t).audit() {
		t.Error(finding)
	}
}

// TestEachFaultOfHEVCIsFound tells one lie at a time.
func TestEachFaultOfHEVCIsFound(t *testing.T) {
	const init, segment, hvcC = "o/hevc/init.mp4", "o/hevc/1.m4s", "hvcC"
	twoCodecs(t) // skips where there is no encoder
	record := inHEVC().track.Config
	level := func(to byte) func(files) { // in hvcC and in CODECS
		return all(poke(init, hvcC, 12, string([]byte{to})), swap(master, fmt.Sprintf(".L%d", record[12]), fmt.Sprintf(".L%d", to)))
	}
	kind := func(to byte) func(files) { // of the first picture of a segment
		return func(f files) {
			b := bytes.Clone(f[segment])
			b[bytes.Index(b, []byte("mdat"))+8] = to << 1
			f[segment] = b
		}
	}
	hev1 := swap(init, "hvc1", "hev1")
	for n, c := range []struct {
		rule   string
		change func(files)
	}{
		{"hls-1.10", all(hev1, swap(master, "hvc1.", "hev1."))}, // and nothing of H.264
		{"hls-1.10 hls-9.1 hls-9.3", hev1},
		{"hls-9.1", swap(master, hls.VideoCodec("hvc1", record)+",", fmt.Sprintf("hvc1.2.4.L%d,", record[12]))},
		{"hls-9.3", attr(`#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH`, "CODECS", `"hvc1.1.6.L186.B0"`)},
		{"hls-1.2", poke(init, hvcC, 22, "\x7f")}, // more arrays than there are bytes
		{"hls-1.2", poke(init, hvcC, 0, "\x02")},  // another version
		{"hls-1.2", poke(init, hvcC, 22, "\x00")}, // no parameter sets
		{"hls-1.11 hls-1.6", level(156)},
		{"hls-1.11", level(120)},
		{"hls-1.11", level(30)},
		{"hls-1.6 hls-9.1 hls-9.3", poke(init, hvcC, 1, "\x04")}, // range extensions
		{"hls-1.14", poke(init, hvcC, 6, "\x40")},
		{"hls-9.2 hls-9.4", poke(init, "hvc1\x00\x00\x00\x00\x00\x00\x00\x01", 16, "\x01\x42")},
		{"hls-9.16", poke(init, "nclx", 2, "\x00\x10")},
		{"not-checked", swap(init, "colr", "free")},
		{"hls-1.13 hls-7.4", kind(21)},         // clean, but pictures behind it may lean on what was before
		{"hls-1.13 hls-6.10 hls-7.4", kind(1)}, // no keyframe, and flagged as one
		{"hls-7.4", poke(segment, "trun", 12, "\x01\x01\x00\x00")},
	} {
		f := twoCodecs(t)
		c.change(f)
		if findings := f.audit(); broken(findings) != c.rule {
			t.Errorf("%d: %q was broken, but %q was found: %v", n, c.rule, broken(findings), findings)
		}
	}
	_, s := encoded()
	if findings := build([]picture{inHEVC()}, &s, vtt).audit(); broken(findings) != "hls-1.12" {
		t.Errorf("alone: %v", findings)
	}
}

func FuzzHVCC(f *testing.F) {
	twoCodecs(f)
	f.Add(inHEVC().track.Config)
	f.Fuzz(func(t *testing.T, b []byte) {
		if h, err := parseHVCC(b); err == nil && h.set && (h.width <= 0 || h.height <= 0) {
			t.Errorf("%+v", h)
		}
	})
}
