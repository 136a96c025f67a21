package audit

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"filmpress/internal/dash"
	"filmpress/internal/media"
	"filmpress/internal/media/av1"
	"filmpress/internal/missing"
)

// newer is the picture in AV1 with the pixels, colours and so on of extra; the av1C is that of the first picture.
func newer(name, size string, extra ...string) picture {
	args := []string{"-f", "lavfi", "-i", "testsrc2=r=30000/1001:s=" + size, "-frames:v", fmt.Sprint(frames), "-g", fmt.Sprint(gop)}
	if !slices.Contains(extra, "-c:v") {
		extra = append([]string{"-c:v", "libsvtav1", "-preset", "12", "-crf", "45", "-pix_fmt", "yuv420p"}, extra...)
	}
	p := fragments(name, append(args, extra...))
	u, err := av1.Look(p.gops[0].Data[:p.gops[0].Samples[0].Size])
	if err != nil {
		panic(err)
	}
	if p.track.Config, err = av1.Config(u.Sequence); err != nil {
		panic(err)
	}
	return p
}

// bothCodecs encodes once for all tests: the two sizes in AV1 as well.
var bothCodecs = sync.OnceValue(func() []picture {
	rungs, _ := encoded()
	return append(slices.Clone(rungs), newer("320x180-av1", "320x180"), newer("160x90-av1", "160x90"))
})

var encodesAV1 = sync.OnceValue(func() bool { return bytes.Contains(ffmpeg("-encoders"), []byte("libsvtav1")) })

// modern is the good presentation in both codecs.
func modern(t testing.TB) files {
	t.Helper()
	if !encodesAV1() {
		missing.Tool(t, "this ffmpeg has no libsvtav1")
	}
	_, s := encoded()
	return maps.Clone(build(bothCodecs(), &s, vtt))
}

func TestGoodModernPresentation(t *testing.T) {
	f := modern(t)
	for _, finding := range f.audit() {
		t.Error(finding)
	}
	if lines := strings.Count(string(f[master]), "av01.0.00M.08"); lines != 4 || strings.Count(string(f[master]), "SCORE=") != 8 {
		t.Errorf("%s", f[master])
	}
	// the colours may be told too, as long as they are right
	swap(master, "av01.0.00M.08", "av01.0.00M.08.0.110.02.02.02.0")(f)
	for _, finding := range f.audit() {
		t.Error(finding)
	}
}

const (
	init320, segment320 = "o/320x180-av1/init.mp4", "o/320x180-av1/1.m4s"
	config              = "av1C"
)

// inSamples changes the bytes at a place behind the beginning of the media data of a segment.
func inSamples(at int, change func(byte) byte) func(files) {
	return func(f files) {
		b := bytes.Clone(f[segment320])
		at := bytes.Index(b, []byte("mdat")) + 4 + at
		b[at] = change(b[at])
		f[segment320] = b
	}
}

// otherTools turns off inter-intra compounds in av1C alone: the bit stands in the eighth byte of the header's payload.
func otherTools(f files) {
	b := bytes.Clone(f[init320])
	b[bytes.Index(b, []byte(config))+len(config)+4+2+7] ^= 0x20
	f[init320] = b
}

func to(v byte) func(byte) byte { return func(byte) byte { return v } }

// TestEachFaultOfAV1IsFound tells one lie at a time.
func TestEachFaultOfAV1IsFound(t *testing.T) {
	// In a keyframe of SVT-AV1 the sequence header comes first, two bytes and its payload; then a frame with a size of three bytes or less.
	header := int(modern(t)[segment320][bytes.Index(modern(t)[segment320], []byte("mdat"))+5]) + 2
	frame := modern(t)[segment320][bytes.Index(modern(t)[segment320], []byte("mdat"))+4+header:]
	_, length := frame[1], 1
	for frame[length]&0x80 != 0 {
		length++
	}
	const stream, trickplay = `CODECS="av01.0.00M.08,mp4a.40.2",RESOLUTION=320x180`, `CODECS="av01.0.00M.08",RESOLUTION=320x180`
	for n, c := range []struct {
		rule   string
		change func(files)
	}{
		{"hls-9.1", attr(stream, "CODECS", `"av01.0.08M.08,mp4a.40.2"`)},
		{"hls-9.1", attr(stream, "CODECS", `"av01.0.00M.10,mp4a.40.2"`)},
		{"hls-9.1", attr(stream, "CODECS", `"av01.0.00M.08.0.111.09.16.09.0,mp4a.40.2"`)},
		{"hls-9.1", attr(stream, "CODECS", `"avc1.64000d,mp4a.40.2"`)},
		{"hls-9.3", attr(trickplay, "CODECS", `"av01.0.01M.08"`)},
		{"hls-9.2", attr(stream, "RESOLUTION", "320x182")},
		{"hls-9.13", attr(stream, "BANDWIDTH", "50000")},
		{"hls-1.26", attr(stream, "AVERAGE-BANDWIDTH", "70000")},
		{"hls-score", attr(stream, "SCORE", "")},
		{"hls-1.32", func(f files) { // AV1 is listed first
			lines := strings.SplitAfter(string(f[master]), "\n")
			i := slices.IndexFunc(lines, func(l string) bool { return strings.Contains(l, stream) })
			k := slices.IndexFunc(lines, func(l string) bool { return strings.HasPrefix(l, "#EXT-X-STREAM-INF") })
			variant := slices.Clone(lines[i : i+2])
			f[master] = []byte(strings.Join(slices.Insert(slices.Delete(lines, i, i+2), k, variant...), ""))
		}},
		{"av1-config", poke(init320, config, 1, "\x05")}, // another level in its record
		{"av1-config", poke(init320, config, 2, "\x4c")}, // ten bits
		{"av1-config", poke(init320, config, 0, "\x01")}, // no marker
		{"av1-config", poke(init320, config, 4, "\x32")}, // a frame
		{"av1-config", otherTools},                       // other tools than those of the pictures, as ffmpeg's own has
		{"av1-config hls-1.11 hls-9.1 hls-9.3", all(poke(init320, config, 1, "\x05"), poke(init320, config, 9, "\x2c"))}, // a level above need, in both
		{"av1-config hls-1.11 hls-9.1 hls-9.3", all(poke(init320, config, 1, "\x04"), poke(init320, config, 9, "\x24"))},
		{"hls-9.2 hls-9.4", poke(init320, "av01\x00\x00\x00\x00\x00\x00\x00\x01", 16, "\x01\x42")},
		{"hls-1.33", poke(init320, "pasp", 0, "\x00\x00\x00\x04\x00\x00\x00\x03")},
		{"hls-1.13 hls-6.10 hls-7.4", inSamples(header+length+1, to(0x30))},                           // an inter frame, flagged as a keyframe
		{"hls-1.13 hls-6.10 hls-7.4", inSamples(header+length+1, to(0x00))},                           // hidden
		{"hls-1.13 hls-6.10 hls-7.4", inSamples(0, to(0x2a))},                                         // no sequence header
		{"av1-sample hls-1.13 hls-6.10 hls-7.4", inSamples(0, func(b byte) byte { return b | 0x80 })}, // the forbidden bit
		{"av1-sample hls-1.13 hls-6.10 hls-7.4", inSamples(1, to(0x7f))},                              // its size runs into the frame
		{"av1-sample hls-1.13 hls-6.10 hls-7.4", inSamples(header, to(0x2a))},                         // metadata alone, no frame
		{"av1-config", inSamples(2+7, func(b byte) byte { return b ^ 0x20 })},                         // the encoder's tools changed midway
		{"hls-7.4", poke(segment320, "trun", 12, "\x01\x01\x00\x00")},
		{"hls-7.3", poke(segment320, "tfdt", 4, "\x00\x00\x00\x00\x00\x02\xbf\x25")},
		{"hls-missing", func(f files) { delete(f, segment320) }},
		{"hls-8.1", swap("r/1/320x180-av1.m3u8", "EXTINF:6.006000", "EXTINF:6.045000")},
	} {
		f := modern(t)
		c.change(f)
		if findings := f.audit(); broken(findings) != c.rule {
			t.Errorf("%d: %q was broken, but %q was found: %v", n, c.rule, broken(findings), findings)
		}
	}
}

// TestEachFaultOfAV1EncodersIsFound publishes honestly what was encoded wrongly.
func TestEachFaultOfAV1EncodersIsFound(t *testing.T) {
	modern(t) // skips where there is no encoder
	rungs, s := encoded()
	with := func(p picture) []picture { return append(slices.Clone(rungs), p) }
	aom := []string{"-c:v", "libaom-av1", "-usage", "realtime", "-cpu-used", "8", "-crf", "50", "-keyint_min", fmt.Sprint(gop)}
	for _, c := range []struct {
		rule  string
		rungs func() []picture
	}{
		{"", func() []picture { return with(newer("aom", "160x90", append(aom, "-pix_fmt", "yuv420p")...)) }},
		{"av1-profile", func() []picture { return with(newer("444", "160x90", append(aom, "-pix_fmt", "yuv444p")...)) }},
		{"av1-alone", func() []picture { return bothCodecs()[2:] }},
		{"hls-1.13", func() []picture { return with(newer("long", "160x90", "-g", "120")) }},
		{"hls-9.16", func() []picture {
			return with(newer("pq", "160x90", "-color_primaries", "bt2020", "-color_trc", "smpte2084", "-colorspace", "bt2020nc"))
		}},
		{"hls-1.33", func() []picture { return with(newer("square", "160x160")) }},
		{"hls-1.11", func() []picture { // too low: 544x306 pictures need 2.1
			p := newer("low", "544x306")
			for i := range p.gops {
				p.gops[i].Data = bytes.Clone(p.gops[i].Data)
				p.gops[i].Data[5] &= 7
			}
			p.track.Config = bytes.Clone(p.track.Config)
			p.track.Config[1], p.track.Config[9] = 0, p.track.Config[9]&7
			return with(p)
		}},
		{"av1-sample", func() []picture { // temporal delimiters, as in a raw stream
			p := bothCodecs()[3]
			p.gops = slices.Clone(p.gops)
			for i, g := range p.gops {
				var data []byte
				g.Samples = slices.Clone(g.Samples)
				for k, s := range g.Samples {
					data = append(append(data, 0x12, 0), g.Data[:s.Size]...)
					g.Data, g.Samples[k].Size = g.Data[s.Size:], s.Size+2
				}
				g.Data = data
				p.gops[i] = g
			}
			return with(p)
		}},
		{"av1-config", func() []picture { // av1C without a sequence header
			p := bothCodecs()[3]
			p.track.Config = p.track.Config[:4]
			return with(p)
		}},
	} {
		findings := build(c.rungs(), &s, "").audit()
		if c.rule == "" && len(findings) > 0 || c.rule != "" && !has(findings, c.rule) {
			t.Errorf("%q was not found, but %v", c.rule, findings)
		}
	}
}

// TestDASHOfTwoCodecs: each codec is a set of its own.
func TestDASHOfTwoCodecs(t *testing.T) {
	f := modern(t)
	_, s := encoded()
	s.blocks = s.blocks[:len(s.blocks)-1] // so that it ends within a frame of the picture
	f = maps.Clone(build(bothCodecs(), &s, ""))
	var m dash.Manifest
	set := func(priority int, names ...string) (out dash.Set) {
		out = dash.Set{Type: "video", Roles: []string{dash.Main}, Aligned: true, StartWithSAP: 1, Priority: priority}
		for _, name := range names {
			r := listed(t, f, name, "r/1/"+name+".m3u8")
			r.MIME, r.FrameRate, r.SAR = "video/mp4", media.Rational{Num: 30000, Den: 1001}, "1:1"
			out.Representations = append(out.Representations, r)
			m.Duration = r.Time(r.End())
		}
		return out
	}
	sound := listed(t, f, "a", voice)
	sound.MIME = "audio/mp4"
	m.Sets = []dash.Set{set(0, "320x180", "160x90"), set(2, "320x180-av1", "160x90-av1"),
		{Type: "audio", Language: "en", Label: "English", Roles: []string{dash.Main}, Aligned: true, StartWithSAP: 1, Representations: []dash.Representation{sound}}}
	m.Finish()
	good := m.Bytes()
	for _, c := range []struct {
		rule   string
		change func(files)
	}{
		{"", func(files) {}},
		{"dash-codecs", once(`av01\.0\.00M\.08`, "av01.0.05M.08")},
		{"dash-codecs", func(f files) { // one set for all
			one := m
			one.Sets = slices.Clone(m.Sets)
			one.Sets[0].Representations = slices.Concat(m.Sets[0].Representations, m.Sets[1].Representations)
			one.Sets = slices.Delete(one.Sets, 1, 2)
			f[mpd] = one.Bytes()
		}},
		{"dash-hls", func(f files) { // AV1 is in HLS alone
			one := m
			one.Sets = slices.Delete(slices.Clone(m.Sets), 1, 2)
			f[mpd] = one.Bytes()
		}},
		{"dash-picture", once(`(id="320x180-av1" bandwidth="\d+" width=")320`, `id="320x180-av1" bandwidth="99999" width="322`)},
	} {
		f[mpd] = good
		c.change(f)
		if got := broken(f.beside(f.objects())); got != c.rule && !strings.Contains(got, c.rule) || c.rule == "" && got != "" {
			t.Errorf("%q: %v", c.rule, f.beside(f.objects()))
		}
	}
}
