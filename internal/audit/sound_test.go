package audit

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"filmpress/internal/report"
)

// TestSoundThatDiffers publishes honestly sound that is not as long or as thin as it should be.
func TestSoundThatDiffers(t *testing.T) {
	rungs, s := encoded()
	short, shorter := s, s
	short.blocks, shorter.blocks = s.blocks[:len(s.blocks)-4], s.blocks[:len(s.blocks)-40]
	loud := encodeSound("anoisesrc=r=48000:d=16.04:c=white", "256k", 2)
	const everywhere = "anoisesrc=r=48000:d=16.04:c=white,pan=5.1|c0=c0|c1=c0|c2=c0|c3=c0|c4=c0|c5=c0"
	surround, loudSurround := encodeSound(everywhere, "280k", 6), encodeSound(everywhere, "640k", 6)
	as := func(entry string) func(files) { return swap("o/a/init.mp4", "mp4a", entry) }
	for _, c := range []struct {
		rules  string
		sound  sound
		change func(files)
	}{
		{"", s, all()}, {"hls-8.7", short, all()}, {"hls-2.15", shorter, all()}, {"hls-2.9", loud, all()},
		{"hls-2.3", surround, all()}, {"hls-2.3 hls-2.9", loudSurround, all()},
		{"hls-2.3 hls-9.1 not-checked", surround, as("ac-3")}, {"hls-2.3 hls-2.9 hls-9.1 not-checked", loudSurround, as("ac-3")},
	} {
		f := build(rungs, &c.sound, vtt)
		c.change(f)
		if findings := f.audit(); broken(findings) != c.rules {
			t.Errorf("%q: %v", c.rules, findings)
		}
	}
}

// TestInStep: sound that begins with the picture to within a frame is in step; later is an error, as lips are seen.
func TestInStep(t *testing.T) {
	for _, c := range []struct {
		ticks uint64 // at 48000
		want  string
	}{{0, "[]"}, {300, "[]"}, {2400, "[error]"}, {24000, "[error]"}} {
		f := sample(t)
		for n := range 3 {
			name := fmt.Sprintf("o/a/%d.m4s", n)
			b := bytes.Clone(f[name])
			at := bytes.Index(b, []byte("tfdt")) + 8
			binary.BigEndian.PutUint64(b[at:], binary.BigEndian.Uint64(b[at:])+c.ticks)
			f[name] = b
		}
		var severities []report.Severity
		for _, x := range f.audit() {
			if x.Rule == "hls-8.7" {
				severities = append(severities, x.Severity)
			}
		}
		if got := fmt.Sprint(severities); got != c.want {
			t.Errorf("%d ticks late: %s, want %s", c.ticks, got, c.want)
		}
	}
}

// TestEquallyLoud: of sounds that were decoded, one that is much louder than another is told; silence is not, nor what says itself how
// loud it is.
func TestEquallyLoud(t *testing.T) {
	rungs, s := encoded()
	for _, c := range []struct {
		rules  string
		lufs   [2]float64
		change func(files)
	}{
		{"", [2]float64{-16, -16.4}, all()}, {"", [2]float64{-16, -17.9}, all()}, {"hls-2.18", [2]float64{-16, -23}, all()}, {"hls-2.18", [2]float64{-23, -16}, all()},
		{"", [2]float64{-16, 0}, all()}, {"", [2]float64{0, 0}, all()},
		{"", [2]float64{-16, -23}, func(f files) {
			b := f["o/b/init.mp4"]
			ludt := []byte{0, 0, 0, 16, 'u', 'd', 't', 'a', 0, 0, 0, 8, 'l', 'u', 'd', 't'}
			for _, outer := range []string{"moov", "trak"} {
				at := bytes.Index(b, []byte(outer)) - 4
				binary.BigEndian.PutUint32(b[at:], binary.BigEndian.Uint32(b[at:])+uint32(len(ludt)))
			}
			at := bytes.Index(b, []byte("trak")) + 4
			f["o/b/init.mp4"] = slices.Concat(b[:at], ludt, b[at:])
		}},
	} {
		f := build(rungs, &s, vtt)
		f["r/1/b.m3u8"] = bytes.ReplaceAll(f[voice], []byte("/o/a/"), []byte("/o/b/"))
		for name, b := range maps.Clone(f) {
			if rest, ok := strings.CutPrefix(name, "o/a/"); ok {
				f["o/b/"+rest] = bytes.Clone(b)
			}
		}
		f[master] = append(f[master], `#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="sound",NAME="B",LANGUAGE="ru",AUTOSELECT=YES,CHANNELS="2",URI="b.m3u8"`+"\n"...)
		c.change(f)
		sounds := 0
		decode := func(_ context.Context, path string) (out Decoded, err error) {
			b, err := os.ReadFile(path)
			if out.Frames = frames; bytes.Contains(b, []byte("soun")) {
				out.Loudness = c.lufs[sounds]
				sounds++
			}
			return out, err
		}
		findings, _, err := Run(t.Context(), plain(f.fetch), Options{Master: master, Trusted: true, Decode: decode, Scratch: t.TempDir()})
		if err != nil || broken(findings) != c.rules || sounds != 2 {
			t.Errorf("%v: %v, %v, %d sounds", c.lufs, err, findings, sounds)
		}
	}
}
