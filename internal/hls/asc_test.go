package hls

import (
	"encoding/hex"
	"testing"
)

func TestAudio(t *testing.T) {
	const lc, he, v2 = "mp4a.40.2", "mp4a.40.5", "mp4a.40.29"
	for _, c := range []struct {
		name, asc, codec string
		rate, out        int
		fits             string // which of the three may be declared
		mono, stereo     bool   // may come out
	}{
		{"AAC-LC of 48 kHz", "1190", lc, 48000, 2, lc, false, true},
		{"AAC-LC of 48 kHz, mono", "1188", lc, 48000, 1, lc, true, false},
		{"AAC-LC of 22 kHz, in which SBR may be", "1390", lc, 22050, 2, lc + he, false, true},
		{"the same, mono", "1388", lc, 22050, 1, lc + he + v2, true, true},
		{"HE-AAC told behind AAC-LC", "1390" + "56e5a0", he, 22050, 2, lc + he, false, true},
		{"the same, mono", "1388" + "56e5a0", he, 22050, 1, lc + he + v2, true, true},
		{"AAC-LC of which is told that it has no SBR", "1388" + "56e500", lc, 22050, 1, lc, true, false},
		{"HE-AAC v2 told behind AAC-LC", "1388" + "56e5a5" + "4880", v2, 22050, 2, lc + he + v2, false, true},
		{"HE-AAC without parametric stereo, told behind AAC-LC", "1388" + "56e5a5" + "4800", he, 22050, 1, lc + he, true, false},
		{"HE-AAC", "2b118800", he, 24000, 2, he, false, true},
		{"HE-AAC v2", "eb098800", v2, 24000, 2, he + v2, false, true},
		{"a rate in 24 bits", "178017ea10", lc, 12244, 2, lc + he, false, true},
		{"eight channels", "11b8", lc, 48000, 8, lc, false, false},
		{"xHE-AAC, cut", "f946", "mp4a.40.42", 0, 0, "", false, false},
		{"a program of a pair and a centre", "1180" + "04c80000010000", lc, 48000, 3, lc, false, false},
	} {
		b, err := hex.DecodeString(c.asc)
		if err != nil {
			t.Fatal(err)
		}
		a, ok := ParseAudio(b)
		if !ok || a.Codec() != c.codec || a.SampleRate != c.rate || a.Out() != c.out {
			t.Errorf("%s: %v, %s of %d Hz with %d channels", c.name, ok, a.Codec(), a.SampleRate, a.Out())
		}
		fits := ""
		for _, codec := range []string{lc, he, v2} {
			if SameCodec(codec, "mp4a", b) {
				fits += codec
			}
		}
		if fits != c.fits {
			t.Errorf("%s may be called %s, want %s", c.name, fits, c.fits)
		}
		if a.Hears(1) != c.mono || a.Hears(2) != c.stereo {
			t.Errorf("%s: one channel %v, two %v", c.name, a.Hears(1), a.Hears(2))
		}
	}
}

func FuzzParseAudio(f *testing.F) {
	for _, s := range []string{"\x11\x90", "\x13\x88\x56\xe5\xa0", "\xeb\x09\x88\x00", "\x11\x80\x04\xc8\x00\x00\x01\x00\x00", "\x17\x80\x17\xea\x10"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if a, ok := ParseAudio(b); ok && (a.Channels < 0 || a.Channels > 128 || a.SampleRate < 0 || a.Out() > 0 && !a.Hears(a.Out())) {
			t.Errorf("%+v", a)
		}
	})
}
