package audit

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"filmpress/internal/hls"
	"filmpress/internal/media/mp4"
	"filmpress/internal/report"
)

const (
	streams = "#EXT-X-STREAM-INF"
	sounds  = "#EXT-X-MEDIA:TYPE=AUDIO"
)

// TestCodecsOfTexts: CODECS may name the texts, with their profile.
func TestCodecsOfTexts(t *testing.T) {
	for _, c := range []struct{ more, want string }{
		{"wvtt", ""}, {"stpp", ""}, {"stpp.ttml.im1t", ""}, {"stpp.TTML.im1t", ""}, {"tx3g", ""}, {"stppp.ttml", "hls-9.1"}, {"ec-3", "hls-9.1"},
	} {
		f := sample(t)
		swap(master, ",mp4a.40.2", ",mp4a.40.2,"+c.more)(f)
		if findings := f.audit(); broken(findings) != c.want {
			t.Errorf("%s: %v", c.more, findings)
		}
	}
}

// TestIFramesInFilesOfTheirOwn: an I-frame playlist need not name byte ranges.
func TestIFramesInFilesOfTheirOwn(t *testing.T) {
	alone := func(t *testing.T) files {
		f := sample(t)
		init, _ := mp4.ParseInit(f["o/320x180/init.mp4"])
		var frames []hls.Segment
		var parts []hls.Part
		for n := range 3 {
			fragments, err := mp4.ParseSegment(init, f[fmt.Sprintf("o/320x180/%d.m4s", n)])
			if err != nil {
				t.Fatal(err)
			}
			for _, g := range fragments {
				d := time.Duration(g.Duration()) * time.Second / 30000
				first := mp4.Fragment{Sequence: uint32(len(frames) + 1), Time: g.Time, Samples: slices.Clone(g.Samples[:1]), Data: g.Data[:g.Samples[0].Size]}
				first.Samples[0].Duration = uint32(g.Duration())
				name := fmt.Sprintf("k%d.m4s", len(frames))
				f["r/1/"+name] = mp4.AppendFragment(nil, first)
				frames = append(frames, hls.Segment{URI: name, Duration: d})
				parts = append(parts, hls.Part{Size: int64(len(f["r/1/"+name])), Duration: d})
			}
		}
		list := hls.IFrames("../../o/320x180/init.mp4", frames)
		f[trick] = list.Bytes()
		rates := hls.Measure(parts, list.Target)
		attr(`URI="320x180-i`, "BANDWIDTH", fmt.Sprint(rates.Peak))(f)
		attr(`URI="320x180-i`, "AVERAGE-BANDWIDTH", fmt.Sprint(rates.Average))(f)
		return f
	}
	for _, c := range []struct {
		name, want string
		change     func(files)
	}{
		{"as they are", "", all()},
		{"too high a rate", "hls-1.27", attr(`URI="320x180-i`, "BANDWIDTH", "99999999")},
		{"too low a rate", "hls-9.13", attr(`URI="320x180-i`, "BANDWIDTH", "1000")},
		{"a file less", "hls-missing", func(f files) { delete(f, "r/1/k3.m4s") }},
		{"the film's own segments", "hls-6.10", swap(trick, "k3.m4s", "../../o/320x180/1.m4s")},
	} {
		f := alone(t)
		c.change(f)
		if findings := f.audit(); broken(findings) != c.want {
			t.Errorf("%s: got %q, want %q: %v", c.name, broken(findings), c.want, findings)
		}
	}
}

// TestHEAAC: the extensions of AAC may be told, or left to the decoder; and parametric stereo makes two channels of one.
func TestHEAAC(t *testing.T) {
	rungs, s := encoded()
	for _, c := range []struct{ name, asc, codec, channels, want string }{
		{"told behind", "138856e5a0", "mp4a.40.5", "1", ""}, // in which parametric stereo may be
		{"told behind, in stereo", "139056e5a0", "mp4a.40.5", "2", ""},
		{"told behind, and declared as what old decoders see", "139056e5a0", "mp4a.40.2", "2", ""},
		{"not told", "1390", "mp4a.40.5", "2", ""},
		{"v2", "eb098800", "mp4a.40.29", "2", ""},
		{"v2, of which one channel is told", "eb098800", "mp4a.40.29", "1", "rfc-4.3.4.1"},
		{"not there", "1190", "mp4a.40.5", "2", "hls-9.1"},
		{"in front, and declared as AAC-LC", "2b118800", "mp4a.40.2", "2", "hls-9.1"},
		{"a channel too many", "2b118800", "mp4a.40.5", "3", "rfc-4.3.4.1"},
		{"a rate in 24 bits", "17802ee010", "mp4a.40.2", "2", ""},
	} {
		he := s
		he.config.ASC, _ = hex.DecodeString(c.asc)
		f := build(rungs, &he, vtt)
		attr(sounds, "CHANNELS", `"`+c.channels+`"`)(f)
		for _, as := range []string{"mp4a.40.2", "mp4a.40.5", "mp4a.40.29"} {
			f[master] = []byte(strings.ReplaceAll(string(f[master]), as+`"`, c.codec+`"`))
		}
		if findings := f.audit(); broken(findings) != c.want {
			t.Errorf("%s: got %q, want %q: %v", c.name, broken(findings), c.want, findings)
		}
	}
}

// TestAnamorphic: RESOLUTION is the size in square pixels, or the coded one.
func TestAnamorphic(t *testing.T) {
	for _, c := range []struct{ big, small, want string }{
		{"320x180", "160x90", "hls-1.33"}, {"427x180", "213x90", "hls-1.33"}, {"320x135", "160x68", "hls-1.33"}, {"427x180", "160x90", "hls-1.33"},
		{"300x180", "160x90", "hls-1.33 hls-9.2 hls-9.4"}, {"427x135", "160x90", "hls-1.33 hls-9.2 hls-9.4"},
	} {
		f := sample(t)
		for _, name := range []string{"320x180", "160x90"} {
			poke("o/"+name+"/init.mp4", "pasp", 0, "\x00\x00\x00\x04\x00\x00\x00\x03")(f)
		}
		swap(master, "RESOLUTION=320x180", "RESOLUTION="+c.big)(f)
		swap(master, "RESOLUTION=160x90", "RESOLUTION="+c.small)(f)
		findings := f.audit()
		if broken(findings) != c.want {
			t.Errorf("%s: got %q, want %q: %v", c.big, broken(findings), c.want, findings)
		}
		for _, x := range findings {
			if strings.Contains(x.Text, "different shapes") {
				t.Errorf("%s: both are 2.37 to 1: %v", c.big, x)
			}
		}
	}
	f := sample(t)
	attr(streams, "RESOLUTION", "427x180")(f)
	if got := broken(f.audit()); !strings.Contains(got, "hls-9.2") {
		t.Errorf("a size that square pixels have not: %s", got)
	}
}

// TestFrameRates: FRAME-RATE is the highest, of pictures that all last alike theirs.
func TestFrameRates(t *testing.T) {
	rungs, _ := encoded()
	paced := func(change func(i int, s *mp4.Sample, last bool)) []picture {
		p := rungs[1]
		p.gops = slices.Clone(p.gops)
		n := 0
		for i := range p.gops {
			p.gops[i].Samples = slices.Clone(p.gops[i].Samples)
			for k := range p.gops[i].Samples {
				change(n, &p.gops[i].Samples[k], n == frames-1)
				n++
			}
		}
		return []picture{p}
	}
	last := func(_ int, s *mp4.Sample, last bool) {
		if last {
			s.Duration *= 4
		}
	}
	slower := func(i int, s *mp4.Sample, _ bool) { // 30 a second, then 20
		if i > frames/2 {
			s.Duration = 1500
		}
	}
	for _, c := range []struct {
		name, rate string
		change     func(i int, s *mp4.Sample, last bool)
		wrong      bool
	}{
		{"steady", "29.970", func(int, *mp4.Sample, bool) {}, false},
		{"steady", "30.000", func(int, *mp4.Sample, bool) {}, true},
		{"the last one is long", "29.970", last, false},
		{"the last one is long", "30.000", last, true},
		{"changing", "29.970", slower, false},
		{"changing", "25.000", slower, false},
		{"changing", "20.000", slower, true},
		{"changing", "60.000", slower, true},
	} {
		f := build(paced(c.change), nil, "")
		attr(streams, "FRAME-RATE", c.rate)(f)
		findings := f.audit()
		if has(findings, "hls-9.15") != c.wrong || c.name != "changing" && has(findings, "hls-1.18") {
			t.Errorf("%s, called %s: %v", c.name, c.rate, findings)
		}
	}
}

// TestChannelsAreAdvised: CHANNELS may be left out, unless two sounds of a codec differ in it.
func TestChannelsAreAdvised(t *testing.T) {
	f := sample(t)
	attr(sounds, "CHANNELS", "")(f)
	if got := severities(f.audit()); got != "warn rfc-4.3.4.1" {
		t.Error(got)
	}
	const second = sounds + `,GROUP-ID="sound",NAME="B",LANGUAGE="ru",AUTOSELECT=YES,URI="b.m3u8"` + "\n"
	for channels, want := range map[byte]report.Severity{0x90: report.Warn, 0x88: report.Error} {
		f := sample(t)
		f["r/1/b.m3u8"] = []byte(strings.ReplaceAll(string(f[voice]), "o/a/init", "o/a/mono"))
		f["o/a/mono.mp4"] = f["o/a/init.mp4"]
		poke("o/a/mono.mp4", "\x05\x02\x11", 0, string([]byte{channels}))(f)
		add(master, second)(f)
		var got report.Severity
		for _, x := range f.audit() {
			if x.Rule == "rfc-4.3.4.1" {
				got = max(got, x.Severity)
			}
		}
		if got != want {
			t.Errorf("%x: %v, want %v", channels, got, want)
		}
	}
}
