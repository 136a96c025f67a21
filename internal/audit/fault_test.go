package audit

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"filmpress/internal/report"
)

// swap replaces text in a file, once or everywhere; text that is not there is a mistake of the test.
func swap(path, old, with string) func(files) {
	return func(f files) {
		if !bytes.Contains(f[path], []byte(old)) {
			panic(fmt.Sprintf("%s does not hold %q:\n%s", path, old, f[path]))
		}
		f[path] = bytes.ReplaceAll(f[path], []byte(old), []byte(with))
	}
}

// attr changes the attributes that begin with name= to value, in the master's lines that hold mark.
func attr(mark, name, value string) func(files) {
	return func(f files) {
		lines := strings.Split(string(f[master]), "\n")
		done := false
		for i, line := range lines {
			if !strings.Contains(line, mark) {
				continue
			}
			at := strings.Index(line, name+"=")
			for at > 0 && line[at-1] != ',' && line[at-1] != ':' {
				at += 1 + strings.Index(line[at+1:], name+"=")
			}
			if at < 0 {
				continue
			}
			end := len(line)
			if n := strings.IndexByte(line[at:], ','); n >= 0 {
				end = at + n
			}
			if strings.HasPrefix(line[at+len(name):], `="`) {
				end = at + len(name) + 2 + strings.IndexByte(line[at+len(name)+2:], '"') + 1
			}
			text := line[:at] + name + "=" + value + line[end:]
			if value == "" {
				text = strings.TrimSuffix(line[:at]+strings.TrimPrefix(line[end:], ","), ",")
			}
			lines[i], done = text, true
		}
		if !done {
			panic("no " + name + " in " + mark)
		}
		f[master] = []byte(strings.Join(lines, "\n"))
	}
}

// poke overwrites bytes after the first occurrence of a mark.
func poke(path, mark string, at int, with string) func(files) {
	return func(f files) {
		b := bytes.Clone(f[path])
		i := bytes.Index(b, []byte(mark))
		if i < 0 {
			panic("no " + mark)
		}
		copy(b[i+len(mark)+at:], with)
		f[path] = b
	}
}

func add(path, text string) func(files) {
	return func(f files) { f[path] = append(bytes.Clone(f[path]), text...) }
}

func all(changes ...func(files)) func(files) {
	return func(f files) {
		for _, c := range changes {
			c(f)
		}
	}
}

func remove(path, text string) func(files) { return swap(path, text, "") }

const (
	master = "r/1/master.m3u8"
	big    = "r/1/320x180.m3u8"
	small  = "r/1/160x90.m3u8"
	trick  = "r/1/320x180-i.m3u8"
	voice  = "r/1/a.m3u8"
	text   = "r/1/en.m3u8"
)

// TestEachFaultIsFound tells one lie at a time.
func TestEachFaultIsFound(t *testing.T) {
	const media, stream, iframe = "#EXT-X-MEDIA:TYPE=AUDIO", "#EXT-X-STREAM-INF", "#EXT-X-I-FRAME"
	const last = "#EXTINF:4.004000,\n../../o/160x90/2.m4s\n"
	for n, c := range []struct {
		rule   string
		change func(files)
	}{
		{"hls-missing", func(f files) { delete(f, master) }},
		{"hls-missing", func(f files) { delete(f, "o/320x180/1.m4s") }},
		{"hls-missing", func(f files) { delete(f, "o/s/en.vtt") }},
		{"hls-missing", func(f files) { delete(f, small) }},
		{"hls-9.13 m3u8-attribute", attr(stream, "BANDWIDTH", "much")},
		{"m3u8-header", swap(voice, "#EXTM3U", "#EXT")},
		{"rfc-7", swap(master, "VERSION:7", "VERSION:3")},
		{"rfc-7", swap(big, "VERSION:7", "VERSION:5")},
		{"hls-9.11", remove(master, "#EXT-X-INDEPENDENT-SEGMENTS\n")},
		{"rfc-4.3.4.1.1", add(master, media+",GROUP-ID=\"sound\",NAME=\"English\",LANGUAGE=\"en\",CHANNELS=\"2\",URI=\"a.m3u8\"\n")},
		{"rfc-4.3.4.1.1", add(master, media+",GROUP-ID=\"sound\",NAME=\"B\",LANGUAGE=\"en\",CHANNELS=\"2\",DEFAULT=YES,AUTOSELECT=YES,URI=\"a.m3u8\"\n")},
		{"rfc-4.3.4.1.1", add(master, media+",GROUP-ID=\"other\",NAME=\"B\",LANGUAGE=\"en\",CHANNELS=\"2\",URI=\"a.m3u8\"\n")},
		{"rfc-4.3.4.1", attr(media, "AUTOSELECT", "NO")},
		{"rfc-4.3.4.1", attr(media, "CHANNELS", "")},
		{"rfc-4.3.4.1", attr(media, "CHANNELS", `"6"`)},
		{"hls-8.10", attr(media, "LANGUAGE", "")},
		{"hls-8.10", attr("SUBTITLES,GROUP", "LANGUAGE", "")},
		{"hls-1.26 hls-1.27 hls-9.1 rfc-4.3.4.2", attr(stream, "AUDIO", `"nobody"`)},
		{"rfc-4.3.4.2", attr(stream, "CLOSED-CAPTIONS", `"cc"`)},
		{"hls-captions-none", attr(stream, "CLOSED-CAPTIONS", "")},
		{"hls-9.2", attr(stream, "RESOLUTION", "320x182")},
		{"hls-9.15", attr(stream, "FRAME-RATE", "30.000")},
		{"hls-9.15", attr(stream, "FRAME-RATE", "")},
		{"hls-9.1", attr(stream, "CODECS", "")},
		{"hls-9.1", attr(stream, "CODECS", `"avc1.640028,mp4a.40.2"`)},
		{"hls-9.1", swap(master, ",mp4a.40.2", "")},
		{"hls-9.13", attr(stream, "BANDWIDTH", "50000")},
		{"hls-1.27", attr(stream, "BANDWIDTH", "9000000")},
		{"hls-9.14", attr(stream, "AVERAGE-BANDWIDTH", "")},
		{"hls-1.26", attr(stream, "AVERAGE-BANDWIDTH", "100000")},
		{"hls-1.26 hls-1.32", func(f files) { attr("RESOLUTION=160x90,FRAME", "AVERAGE-BANDWIDTH", "1999999")(f) }},
		{"hls-6.1", func(f files) {
			f[master] = f[master][:bytes.Index(f[master], []byte(iframe))]
		}},
		{"hls-6.8", remove(trick, "#EXT-X-I-FRAMES-ONLY\n")},
		{"hls-6.10", swap(trick, "@0\n", "@8\n")},
		{"hls-6.10", swap(trick, "RANGE:5", "RANGE:4")},
		{"hls-1.26 hls-8.3 hls-9.13", swap(trick, "#EXTINF:2.002000,\n#EXT-X-BYTERANGE", "#EXTINF:1.002000,\n#EXT-X-BYTERANGE")},
		{"hls-8.1", func(f files) { f[trick] = bytes.Replace(f[trick], []byte("2.002000"), []byte("1.602000"), 1) }},
		{"hls-9.4", attr(iframe, "RESOLUTION", "1x1")},
		{"hls-9.3", attr(iframe, "CODECS", `"avc1.4d401f"`)},
		{"hls-9.13", attr(iframe, "BANDWIDTH", "100")},
		{"hls-9.14", attr(iframe, "AVERAGE-BANDWIDTH", "")},
		{"hls-8.6", remove(big, "#EXT-X-PLAYLIST-TYPE:VOD\n")},
		{"rfc-4.3.3.4", remove(big, "#EXT-X-ENDLIST\n")},
		{"hls-7.5 hls-7.7 hls-8.2 rfc-4.3.3.1", swap(big, "DURATION:6", "DURATION:5")},
		{"rfc-4.3.2.1", func(f files) { f[big] = []byte("#EXTM3U\n#EXT-X-TARGETDURATION:6\n") }},
		{"rfc-4.3.2.2", swap(big, `init.mp4"`, `init.mp4",BYTERANGE="9000@0"`)},
		{"hls-7.5 hls-8.2", swap(big, "DURATION:6", "DURATION:10")},
		{"hls-7.5 hls-8.2", swap(voice, "DURATION:6", "DURATION:8")},
		{"hls-7.5 hls-8.2", swap(small, "DURATION:6", "DURATION:8")},
		{"hls-8.1", swap(big, "EXTINF:6.006000", "EXTINF:6.045000")},
		{"hls-8.1", swap(voice, "EXTINF:6.016000", "EXTINF:6.000000")},
		{"hls-7.1", func(f files) { f["o/160x90/1.m4s"] = []byte("<html>not found</html>") }},
		{"hls-7.1", func(f files) { f["o/160x90/1.m4s"] = f["o/160x90/1.m4s"][:2000] }},
		{"hls-7.1", swap(big, "#EXTINF:4.004000", "#EXT-X-DISCONTINUITY\n#EXTINF:4.004000")},
		{"hls-7.3", poke("o/320x180/1.m4s", "tfdt", 4, string(binary.BigEndian.AppendUint64(nil, 180181)))},
		{"hls-7.3", func(f files) { f["o/a/1.m4s"] = f["o/a/0.m4s"] }},
		{"hls-7.4", poke("o/320x180/1.m4s", "trun", 12, "\x01\x01\x00\x00")},
		{"hls-1.13 hls-6.10 hls-7.4", func(f files) { // the IDR picture is called a plain one
			b := bytes.Clone(f["o/320x180/1.m4s"])
			b[bytes.Index(b, []byte("mdat"))+8] = 0x61
			f["o/320x180/1.m4s"] = b
		}},
		{"hls-1.13 hls-6.10 hls-7.4", func(f files) {
			b := bytes.Clone(f["o/320x180/1.m4s"])
			b[bytes.Index(b, []byte("mdat"))+8] = 0x61
			f["o/320x180/1.m4s"] = b
		}},
		{"hls-7.7 hls-8.22 rfc-4.3.3.1", all(func(f files) {
			f["o/160x90/1.m4s"] = append(bytes.Clone(f["o/160x90/1.m4s"]), f["o/160x90/2.m4s"]...)
		}, swap(small, "#EXTINF:6.006000,\n../../o/160x90/1.m4s\n"+last, "#EXTINF:10.010000,\n../../o/160x90/1.m4s\n"))},
		{"hls-7.7 hls-8.22 rfc-4.3.3.1", all(func(f files) {
			f["o/160x90/1.m4s"] = append(bytes.Clone(f["o/160x90/1.m4s"]), f["o/160x90/2.m4s"]...)
		}, swap(small, "#EXTINF:6.006000,\n../../o/160x90/1.m4s\n"+last, "#EXTINF:10.010000,\n../../o/160x90/1.m4s\n"))},
		{"hls-8.22 hls-8.3", remove(small, last)},
		{"hls-8.20", remove(big, "#EXT-X-MAP:URI=\"../../o/320x180/init.mp4\"\n")},
		{"hls-8.20", func(f files) { f["o/320x180/init.mp4"] = []byte("no moov at all") }},
		{"hls-1.10", swap("o/320x180/init.mp4", "avc1", "avc3")},
		{"hls-9.1 not-checked", swap("o/320x180/init.mp4", "avc1", "vp09")},
		{"hls-9.1 hls-9.3", poke("o/320x180/init.mp4", "avcC", 1, "\x4d")},
		{"hls-1.2", poke("o/320x180/init.mp4", "avcC", 8, "\xff")},
		{"hls-1.11 hls-9.1 hls-9.3", all(poke("o/320x180/init.mp4", "avcC", 3, "\x34"), poke("o/320x180/init.mp4", "avcC", 11, "\x34"))},
		{"hls-1.11 hls-9.1 hls-9.3", all(poke("o/320x180/init.mp4", "avcC", 3, "\x0a"), poke("o/320x180/init.mp4", "avcC", 11, "\x0a"))},
		{"hls-1.11 hls-1.3 hls-9.1 hls-9.3", all(poke("o/320x180/init.mp4", "avcC", 11, "\x3e"), poke("o/320x180/init.mp4", "avcC", 3, "\x3e"))},
		{"hls-1.33", poke("o/320x180/init.mp4", "pasp", 0, "\x00\x00\x00\x04\x00\x00\x00\x03")},
		{"hls-9.2 hls-9.4", poke("o/320x180/init.mp4", "avc1", 24, "\x01\x42")},
		{"hls-1.18 hls-2.15 hls-8.1 hls-8.22 hls-8.3 hls-9.15", poke("o/320x180/init.mp4", "mdhd", 12, "\x00\x00\x9c\x40")},
		{"hls-1.11 hls-1.19 hls-2.15 hls-8.1 hls-8.22 hls-8.3 hls-9.15", poke("o/320x180/init.mp4", "mdhd", 12, "\x00\x01\x5f\x90")},
		{"hls-2.3 rfc-4.3.4.1", all(poke("o/a/init.mp4", "\x05\x02\x11", 0, "\x88"), func(files) {})},
		{"hls-2.3 hls-9.1 not-checked", func(f files) { swap("o/a/init.mp4", "mp4a", "ac-3")(f) }},
		{"hls-2.15", swap(voice, "#EXTINF:4.010667,\n../../o/a/2.m4s\n", "")},
		{"hls-2.13 rfc-4.3.4.1", func(f files) {
			attr(media, "AUTOSELECT", "NO")(f)
			attr(media, "CHANNELS", `"2",CHARACTERISTICS="public.accessibility.describes-video"`)(f)
		}},
		{"hls-4.6", swap(master, ",public.accessibility.describes-music-and-sound", "")},
		{"hls-4.7", attr("SUBTITLES,GROUP", "AUTOSELECT", "NO")},
		{"hls-5.11", attr("SUBTITLES,GROUP", "AUTOSELECT", "NO,FORCED=YES")},
		{"hls-5.3", swap("o/s/en.vtt", "MPEGTS:0", "MPEGTS:900000")},
		{"hls-5.3", swap("o/s/en.vtt", "MPEGTS:0", "MPEGTS:zero")},
		{"hls-5.3", remove("o/s/en.vtt", "X-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000\n")},
		{"hls-5.3", swap("o/s/en.vtt", "WEBVTT", "1")},
		{"hls-5.5", swap(text, "EXTINF:16.016000", "EXTINF:12.000000")},
		{"rfc-3.5", swap("o/s/en.vtt", "00:00:01.000 --> 00:00:03.000", "00:01:01.000 --> 00:01:03.000")},
		{"hls-5.8", func(f files) {
			f["o/s/forced.vtt"] = bytes.ReplaceAll(f["o/s/en.vtt"], []byte("Hello"), []byte("Exit"))
			f["r/1/forced.m3u8"] = bytes.ReplaceAll(f[text], []byte("en.vtt"), []byte("forced.vtt"))
			f[master] = append(f[master], `#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="subtitles",NAME="F",LANGUAGE="en",AUTOSELECT=YES,FORCED=YES,URI="forced.m3u8"`...)
		}},
		{"hls-9.20 hls-captions-none", add(master, "#EXT-X-STREAM-INF:BANDWIDTH=70000,CODECS=\"mp4a.40.2\"\na.m3u8\n")},
		{"hls-6.10 rfc-7", all(swap(trick, "VERSION:7", "VERSION:3"), remove(trick, "#EXT-X-MAP:URI=\"../../o/320x180/init.mp4\"\n"))},
		{"rfc-7", swap(text, "VERSION:7", "VERSION:2")},
		{"rfc-4.3.4.1", add(master, "#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID=\"cc\",NAME=\"CC\",LANGUAGE=\"en\"\n")},
		{"rfc-4.3.4.1", add(master, "#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID=\"cc\",NAME=\"CC\",LANGUAGE=\"en\",INSTREAM-ID=\"CC1\",URI=\"a.m3u8\"\n")},
		{"rfc-4.3.4.1", attr("SUBTITLES,GROUP", "URI", "")},
		{"rfc-4.3.4.1", attr(media, "CHANNELS", `"2",FORCED=YES`)},
		{"rfc-4.3.4.1", add(master, "#EXT-X-MEDIA:TYPE=SMELL,GROUP-ID=\"s\",NAME=\"S\",LANGUAGE=\"en\"\n")},
		{"hls-8.3", func(f files) { // all of a rung later than the other
			for n := range 3 {
				name := fmt.Sprintf("o/160x90/%d.m4s", n)
				b := bytes.Clone(f[name])
				for at := 0; ; {
					i := bytes.Index(b[at:], []byte("tfdt"))
					if i < 0 {
						break
					}
					at += i + 8
					binary.BigEndian.PutUint64(b[at:], binary.BigEndian.Uint64(b[at:])+500)
				}
				f[name] = b
			}
		}},
		{"hls-7.1", func(f files) {
			f["r/1/a.m3u8"] = bytes.ReplaceAll(f["r/1/a.m3u8"], []byte("#EXT-X-MAP:URI=\"../../o/a/init.mp4\"\n"), nil)
			f["o/a/0.m4s"] = []byte("not found")
		}},
		{"ref-many", add(master, strings.Repeat("#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"x\",NAME=\"x\",CHANNELS=\"2\",LANGUAGE=\"en\",URI=\"a.m3u8\"\n", 600))},
		{"hls-encrypted", swap(big, "#EXT-X-MAP", "#EXT-X-KEY:METHOD=AES-128,URI=\"k\"\n#EXT-X-MAP")},
	} {
		f := sample(t)
		c.change(f)
		findings := f.audit()
		if got := broken(findings); got != c.rule {
			t.Errorf("row %d, %q: got %q from %v", n, c.rule, got, findings)
		}
	}
}

// broken are the broken rules, each once, sorted, that of the fault first where it is among them.
func broken(findings []report.Finding) string {
	seen := map[string]bool{}
	for _, f := range proved(findings) {
		seen[f.Rule] = true
	}
	return strings.Join(slices.Sorted(maps.Keys(seen)), " ")
}

// TestEachFaultOfTheEncoderIsFound publishes honestly what was encoded wrongly.
func TestEachFaultOfTheEncoderIsFound(t *testing.T) {
	rungs, s := encoded()
	pq := sync.OnceValue(func() []picture { return []picture{encode("pq", "160x90", "high", "-color_trc", "smpte2084")} })
	for _, c := range []struct {
		rule  string
		rungs func() []picture
	}{
		{"hls-1.33", func() []picture { return append(slices.Clone(rungs[:1]), encode("square", "160x160", "high")) }},
		{"hls-1.3", func() []picture { return []picture{encode("444", "160x90", "high444", "-pix_fmt", "yuv444p")} }},
		{"hls-1.13", func() []picture {
			return []picture{encode("long", "160x90", "high", "-g", "120", "-keyint_min", "120")}
		}},
		{"hls-1.14", func() []picture { return []picture{encode("fields", "160x96", "high", "-flags", "+ilme+ildct")} }},
		{"hls-9.16", pq},
		{"hls-1.24", pq},
		{"hls-1.30", func() []picture {
			p := rungs[1]
			p.gops = slices.Clone(p.gops)
			fat := p.gops[0]
			filler := append(binary.BigEndian.AppendUint32(nil, 900_001), append([]byte{12}, make([]byte, 900_000)...)...)
			fat.Data = append(slices.Clone(fat.Data), filler...)
			fat.Samples = slices.Clone(fat.Samples)
			fat.Samples[len(fat.Samples)-1].Size += uint32(len(filler))
			p.gops[0] = fat
			return []picture{p}
		}},
	} {
		findings := build(c.rungs(), &s, "").audit()
		if !has(findings, c.rule) {
			t.Errorf("%s was not found, but %v", c.rule, findings)
		}
	}
}
