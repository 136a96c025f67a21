package audit

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"filmpress/internal/hls"
)

// TestTransportIFrames: I-frames in MPEG-TS that are files of their own are measured as byte ranges are.
func TestTransportIFrames(t *testing.T) {
	dir := stranger(t, nil)
	ffmpeg("-f", "lavfi", "-i", "testsrc2=s=160x90:r=1:d=6", "-c:v", "libx264", "-pix_fmt", "yuv420p", "-g", "1", "-f", "segment", "-segment_time", "1", "-segment_format", "mpegts", filepath.Join(dir, "k%d.ts"))
	names, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	written := files{}
	for _, name := range names {
		if written[filepath.Base(name)], err = os.ReadFile(name); err != nil {
			t.Fatal(err)
		}
	}
	var list strings.Builder
	list.WriteString("#EXTM3U\n#EXT-X-VERSION:4\n#EXT-X-TARGETDURATION:3\n#EXT-X-PLAYLIST-TYPE:VOD\n#EXT-X-I-FRAMES-ONLY\n")
	var parts []hls.Part
	for i := range 6 {
		name := fmt.Sprintf("k%d.ts", i)
		fmt.Fprintf(&list, "#EXTINF:2.166667,\n%s\n", name)
		parts = append(parts, hls.Part{Size: int64(len(written[name])), Duration: 2166667 * time.Microsecond})
	}
	list.WriteString("#EXT-X-ENDLIST\n")
	rates := hls.Measure(parts, 3)
	written["i.m3u8"] = []byte(list.String())
	named := func(peak int64) string {
		return fmt.Sprintf("#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=%d,AVERAGE-BANDWIDTH=%d,RESOLUTION=160x90,CODECS=\"avc1.64000a\",URI=\"i.m3u8\"\n", peak, rates.Average)
	}
	const lacks = "hls-9.11 hls-9.13 hls-9.14 hls-9.15 hls-captions-none not-checked" // of the rest, which plain ffmpeg wrote
	iframes := func(fs files) (rules []string) {
		findings, _, err := Run(t.Context(), plain(fs.fetch), Options{Master: "master.m3u8", Trusted: true, Ahead: 2})
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range proved(findings) {
			if f.Pos.File == "i.m3u8" || strings.Contains(f.Text, "i.m3u8") || !strings.Contains(lacks, f.Rule) {
				rules = append(rules, f.Rule)
			}
		}
		return slices.Compact(rules)
	}
	first := written["k0.ts"]
	for _, c := range []struct {
		name, want string
		peak       int64
		change     func(files)
	}{
		{"as they are", "", rates.Peak, all()},
		{"too low a rate", "hls-9.13", 1000, all()},
		{"too high a rate", "hls-1.27", 2 * rates.Peak, all()},
		{"a file less", "hls-missing", rates.Peak, func(f files) { delete(f, "k3.ts") }},
		{"a file that is cut", "hls-6.10", rates.Peak, func(f files) { f["k3.ts"] = f["k3.ts"][:len(f["k3.ts"])-100] }},
		{"a segment of the film", "hls-6.10", rates.Peak, func(f files) {
			f["i.m3u8"] = []byte(strings.Replace(list.String(), "k3.ts", "0_1.ts", 1))
		}},
		{"byte ranges", "", rates.Peak, func(f files) {
			f["i.m3u8"] = []byte(strings.Replace(list.String(), "k0.ts", fmt.Sprintf("#EXT-X-BYTERANGE:%d@0\nk0.ts", len(first)), 1))
		}},
		{"a byte range that is cut", "hls-6.10", rates.Peak, func(f files) {
			f["i.m3u8"] = []byte(strings.Replace(list.String(), "k0.ts", fmt.Sprintf("#EXT-X-BYTERANGE:%d@0\nk0.ts", len(first)-1), 1))
		}},
	} {
		f := files{}
		for name, b := range written {
			f[name] = b
		}
		f["master.m3u8"] = append(slices.Clone(f["master.m3u8"]), named(c.peak)...)
		c.change(f)
		rules := iframes(f)
		if c.name == "a segment of the film" { // which has another rate, too
			rules = slices.DeleteFunc(rules, func(r string) bool { return r == "hls-9.13" || r == "hls-1.26" })
		}
		if got := strings.Join(rules, " "); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

// TestIFramesOfSeveralHeads: an I-frame playlist tells of the pictures of all its init sections, as that of the film does.
func TestIFramesOfSeveralHeads(t *testing.T) {
	const frames = `URI="320x180-i`
	both := func(line string) func(files) {
		return func(f files) { // the second encoding is of another profile, and its pictures have another size
			poke("o/320x180/init2.mp4", "avcC", 1, "\x4d")(f)
			poke("o/320x180/init2.mp4", "avc1", 24, "\x01\x00\x00\x90")(f)
			for _, l := range strings.Split(string(f[master]), "\n") {
				if strings.Contains(l, line) {
					_, codecs, _ := strings.Cut(l, `CODECS="avc1.`)
					attr(line, "CODECS", fmt.Sprintf(`"avc1.%s,avc1.4d%s`, codecs[:6], codecs[2:strings.Index(codecs, `"`)+1]))(f)
				}
			}
		}
	}
	for _, c := range []struct {
		name, want string
		change     func(files)
	}{
		{"both are declared", "", all(both(frames))},
		{"the size of the second", "", all(both(frames), attr(frames, "RESOLUTION", "256x144"))},
		{"a size of neither", "hls-9.4", all(both(frames), attr(frames, "RESOLUTION", "300x144"))},
		{"the second is not declared", "hls-9.3", poke("o/320x180/init2.mp4", "avcC", 1, "\x4d")},
		{"one is declared that is not there", "hls-9.3", func(f files) {
			both(frames)(f)
			poke("o/320x180/init2.mp4", "avcC", 1, "\x64")(f)
		}},
		{"the second is missing", "hls-missing", func(f files) { delete(f, "o/320x180/init2.mp4") }},
	} {
		f := spliced(t, -1, anewTags)
		c.change(f)
		var rules []string
		for _, x := range proved(f.audit()) {
			if strings.Contains(x.Text, "320x180-i") || x.Pos.File == trick {
				rules = append(rules, x.Rule)
			}
		}
		if got := strings.Join(rules, " "); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}
