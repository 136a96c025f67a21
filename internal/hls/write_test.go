package hls

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"filmpress/internal/media"
)

var update = flag.Bool("update", false, "write the golden files anew")

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil || string(got) != string(want) {
		t.Errorf("%s: %v\n got:\n%s\nwant:\n%s", name, err, got, want)
	}
}

func film() Presentation {
	ntsc := media.Rational{Num: 30000, Den: 1001}
	rung := func(name string, w, h int, peak, average int64) Picture {
		return Picture{URI: name + ".m3u8", IFrames: name + "-iframes.m3u8", Width: w, Height: h, FrameRate: ntsc, Codec: "avc1.64001f",
			Rates: Rates{peak, average}, IRates: Rates{peak / 10, average / 10}}
	}
	return Presentation{
		Pictures: []Picture{rung("1080", 1920, 1080, 9e6, 6e6), rung("240", 416, 234, 2e5, 145000), rung("540", 960, 540, 3e6, 18e5), rung("720", 1280, 720, 5e6, 3e6)},
		Sounds: []Sound{
			{URI: "en.m3u8", Name: "English", Language: "en", Codec: "mp4a.40.2", Channels: 2, Rates: Rates{130000, 128000}},
			{URI: "ru.m3u8", Name: "русский", Language: "ru", Codec: "mp4a.40.2", Channels: 2, Default: true, Rates: Rates{140000, 120000}},
			{URI: "ad.m3u8", Name: "English", Language: "en", Codec: "mp4a.40.2", Channels: 2, DescribesVideo: true, Rates: Rates{10, 10}},
		},
		Texts: []Text{
			{URI: "s-en.m3u8", Name: "English", Language: "en", Default: true, Rates: Rates{900, 100}},
			{URI: "s-sdh.m3u8", Name: "English (SDH)", Language: "en", SDH: true},
			{URI: "s-forced.m3u8", Name: "English", Language: "en", Forced: true, Default: true},
			{URI: "s.m3u8", Name: ` Director's "own"` + "\n#EXT-X-ENDLIST", Language: ""},
		},
	}
}

func TestMasterGolden(t *testing.T) {
	golden(t, "master.m3u8", film().Master().Bytes())
	bare := film()
	bare.Pictures, bare.Sounds, bare.Texts = bare.Pictures[:1], nil, nil
	golden(t, "master-bare.m3u8", bare.Master().Bytes())
}

func TestWhatIsWrittenHasNoFindings(t *testing.T) {
	m := film().Master()
	got, findings := ParseMaster("m", m.Bytes())
	if len(findings) > 0 {
		t.Error(findings)
	}
	if len(got.Variants) != 4 || len(got.Renditions) != 7 || len(got.IFrames) != 4 || string(got.Bytes()) != string(m.Bytes()) {
		t.Errorf("%+v", got)
	}
}

// TestMasterOfTwoCodecs: H.264 comes first, and what plays where AV1 does is ranked higher.
func TestMasterOfTwoCodecs(t *testing.T) {
	p := film()
	for _, v := range slices.Clone(p.Pictures) {
		v.URI, v.IFrames, v.Codec = "av1-"+v.URI, "av1-"+v.IFrames, "av01.0.08M.08"
		v.Rates.Peak, v.Rates.Average = v.Rates.Peak*2/3, v.Rates.Average*2/3
		p.Pictures = append([]Picture{v}, p.Pictures...)
	}
	m := p.Master()
	golden(t, "master-av1.m3u8", m.Bytes())
	if got, findings := ParseMaster("m", m.Bytes()); len(findings) > 0 || string(got.Bytes()) != string(m.Bytes()) {
		t.Errorf("%v\n%s", findings, got.Bytes())
	}
	if first := m.Variants[0]; first.URI != "540.m3u8" {
		t.Errorf("the first variant is %s", first.URI) // 720.m3u8 of AV1 would be nearer to 2 Mb/s
	}
}

func TestFirstVariant(t *testing.T) {
	for _, c := range []struct{ averages, want string }{
		{"145 730 2000 4500", "2000 145 730 4500"},
		{"4500 145 1800 2300", "1800 145 2300 4500"},
		{"9000 6000", "6000 9000"},
		{"100", "100"},
		{"", ""},
	} {
		var p Presentation
		for i, a := range strings.Fields(c.averages) {
			var kbit int64
			fmt.Sscan(a, &kbit)
			p.Pictures = append(p.Pictures, Picture{URI: a, Width: i, Rates: Rates{kbit * 2000, kbit * 1000}})
		}
		var got []string
		for _, v := range p.Master().Variants {
			got = append(got, v.URI)
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: %s, want %s", c.averages, got, c.want)
		}
	}
}

func TestMediaGolden(t *testing.T) {
	frame := func(n int64) time.Duration { return time.Duration(n * 1001 * int64(time.Second) / 30000) }
	var segments, frames []Segment
	for n := int64(0); n < 400; n += 180 {
		segments = append(segments, Segment{URI: fmt.Sprintf("v-%d.m4s", n/180), Duration: frame(min(n+180, 400)) - frame(n)})
		for k := n; k < min(n+180, 400); k += 60 {
			frames = append(frames, Segment{URI: fmt.Sprintf("v-%d.m4s", n/180), Duration: frame(min(k+60, 400)) - frame(k), Range: ByteRange{4000, (k - n) * 300}})
		}
	}
	golden(t, "media.m3u8", VOD(6, "init.mp4", segments).Bytes())
	golden(t, "iframes.m3u8", IFrames("init.mp4", frames).Bytes())
	golden(t, "subtitles.m3u8", VOD(6, "", []Segment{{URI: "en-0.vtt", Duration: 60 * time.Second}, {URI: "en-1.vtt", Duration: 13346667 * time.Microsecond}}).Bytes())
	if m := VOD(6, "", []Segment{{URI: "a", Duration: 400 * time.Millisecond}}); m.Target != 6 {
		t.Errorf("target %d", m.Target)
	}
}

// TestRunsOfEXTINF sums a day of thirds of a second: rounding must not add up.
func TestRunsOfEXTINF(t *testing.T) {
	var segments []Segment
	at := func(n int) time.Duration { return time.Duration(n) * time.Second / 3 }
	for n := range 3 * 86400 {
		segments = append(segments, Segment{URI: "s", Duration: at(n+1) - at(n)})
	}
	m, findings := ParseMedia("m", VOD(1, "", segments).Bytes(), nil)
	if d := m.Duration() - 86400*time.Second; len(findings) > 0 || d.Abs() > time.Microsecond {
		t.Errorf("off by %v, %v", d, findings)
	}
}

func TestURIThatIsNoLinePanics(t *testing.T) {
	for _, bad := range []string{"", "#x", "a\nb", " a", "a\r"} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%q was written", bad)
				}
			}()
			VOD(6, "", []Segment{{URI: bad}}).Bytes()
		}()
	}
}

func TestMeasure(t *testing.T) {
	second := func(sizes ...int64) (list []Part) {
		for _, s := range sizes {
			list = append(list, Part{s * 125, time.Second}) // s is kbit/s
		}
		return list
	}
	for _, c := range []struct {
		name          string
		parts         []Part
		target        int
		peak, average int64
	}{
		{"nothing", nil, 6, 0, 0},
		{"one", second(8), 1, 8000, 8000},
		{"shorter than half a target", second(8, 16), 6, 12000, 12000},
		{"a second alone is no run of three", second(0, 0, 9, 0, 0, 0), 6, 3000, 1500},
		{"the run may reach 1.5 targets but no further", second(9, 9, 9, 1), 2, 9000, 7000},
		{"a short last segment counts with its neighbour", append(second(10, 10), Part{125 * 10, 100 * time.Millisecond}), 1, 18182, 14286},
		{"rounded up", []Part{{1, 3 * time.Second}}, 3, 3, 3},
		{"no time", []Part{{100, 0}}, 6, 0, 0},
		{"absurd", []Part{{1 << 62, 1}}, 6, 1 << 62, 1 << 62},
	} {
		if got := Measure(c.parts, c.target); got != (Rates{c.peak, c.average}) {
			t.Errorf("%s: %+v, want %d %d", c.name, got, c.peak, c.average)
		}
	}
}

// svt is av1C with the sequence header of SVT-AV1: 640x360 at 25 pictures a second.
var svt = []byte("\x81\x01\x0d\x00\x0a\x0e\x00\x00\x00\x0c\xc4\xff\x67\x3e\xfe\x64\x04\x04\x04\x90")

func TestSameCodec(t *testing.T) {
	for _, c := range []struct {
		declared string
		want     bool
	}{
		{"av01.0.01M.08", true}, {"AV01.0.01m.08", true}, {"av01.0.01M.08.0.111.01.01.01.0", true},
		{"av01.0.01M.08.0.111.09.16.09.0", false}, {"av01.0.01M.10", false}, {"av01.0.04M.08", false}, {"av01", false}, {"", false},
	} {
		if SameCodec(c.declared, "av01", svt) != c.want {
			t.Errorf("%s: not %v", c.declared, c.want)
		}
	}
}

// hvcC is the beginning of x265's of a small picture.
var hvcC = []byte{1, 1, 0x60, 0, 0, 0, 0x90, 0, 0, 0, 0, 0, 60, 0xf0, 0, 0xfc, 0xfd, 0xf8, 0xf8, 0, 0, 0x0f, 0}

// TestSameHEVC: profile, tier and level must be right; the rest is written in many ways.
func TestSameHEVC(t *testing.T) {
	for declared, want := range map[string]bool{"hvc1.1.6.L60.90": true, "HVC1.1.6.L60.90": true, "hvc1.1.4.L60.B01": true, "hvc1.1.6.L60": true,
		"hvc1.2.6.L60.90": false, "hvc1.1.6.H60.90": false, "hvc1.1.6.L63.90": false, "hev1.1.6.L60.90": false, "hvc1": false, "": false} {
		if SameCodec(declared, "hvc1", hvcC) != want {
			t.Errorf("%q: not %v", declared, want)
		}
	}
	if SameCodec("hvc1.1.6.L60", "hvc1", nil) {
		t.Error("what cannot be read is the same as anything")
	}
}

func TestCodecs(t *testing.T) {
	of := func(entry string) func([]byte) string {
		return func(config []byte) string { return VideoCodec(entry, config) }
	}
	avc1, av01, hvc1 := of("avc1"), of("av01"), of("hvc1")
	for _, c := range []struct {
		f    func([]byte) string
		in   []byte
		want string
	}{
		{avc1, []byte{1, 0x64, 0, 0x28, 0xff}, "avc1.640028"},
		{avc1, []byte{1, 0x42, 0xc0, 0x0d}, "avc1.42c00d"},
		{avc1, []byte{0, 0x42, 0xc0, 0x0d}, ""},
		{avc1, nil, ""},
		{av01, svt, "av01.0.01M.08"},
		{av01, svt[:4], "av01.0.01M.08"},                             // av1C without a sequence header
		{av01, append([]byte{0x81, 8}, svt[2:]...), "av01.0.01M.08"}, // the header goes before what av1C says of it
		{av01, svt[:12], ""},
		{av01, []byte{0x81, 0x4d, 0xe0, 0}, "av01.2.13H.12"},
		{hvc1, svt, ""},
		{hvc1, hvcC, "hvc1.1.6.L60.90"},
		{of("hev1"), hvcC, "hev1.1.6.L60.90"},
		{hvc1, slices.Concat([]byte{1, 0x22, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 150}, hvcC[13:]), "hvc1.2.4.H150"},
		{hvc1, hvcC[:22], ""},
		{AudioCodec, []byte{0x11, 0x90}, "mp4a.40.2"},
		{AudioCodec, []byte{0x2b, 0x11}, "mp4a.40.5"},
		{AudioCodec, []byte{0xf9, 0x46}, "mp4a.40.42"}, // xHE-AAC, by the escape
		{AudioCodec, []byte{0x11}, ""},
	} {
		if got := c.f(c.in); got != c.want {
			t.Errorf("%x: %q, want %q", c.in, got, c.want)
		}
	}
}
