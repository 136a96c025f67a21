package av1

import (
	"bytes"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"testing"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// svt360 is a sequence header of SVT-AV1 1.4.1: 640x360 at 25 pictures a second, BT.709. ffmpeg's trace_headers reads the same in it.
const svt360 = "0a0e 0000000cc4ff673efe6404040490"

// writer makes headers bit by bit.
type writer struct{ text string }

func (w *writer) n(v uint64, count int) *writer {
	for i := count - 1; i >= 0; i-- {
		w.text += string(rune('0' + v>>i&1))
	}
	return w
}

// obu closes the header and gives it as an OBU.
func (w *writer) obu() []byte {
	w.text += "1"
	for len(w.text)%8 > 0 {
		w.text += "0"
	}
	out := []byte{0x0a, byte(len(w.text) / 8)}
	for i := 0; i < len(w.text); i += 8 {
		var v byte
		for _, c := range w.text[i : i+8] {
			v = v<<1 | byte(c-'0')
		}
		out = append(out, v)
	}
	return out
}

// plain writes a header of a size up to its colours.
func plain(profile, level uint64, tier bool, width, height uint64) *writer {
	w := (&writer{}).n(profile, 3).n(0, 4).n(0, 5).n(0, 12).n(level, 5) // no timing, no delay, one operating point
	if level > 7 {
		w.n(uint64(digit(tier)), 1)
	}
	w.n(15, 4).n(15, 4).n(width-1, 16).n(height-1, 16).n(0, 1)
	return w.n(0, 3).n(0, 4).n(1, 1).n(3, 2).n(1, 1).n(1, 1).n(6, 3).n(0, 3) // order hints, screen content as it comes
}

func TestParseSequence(t *testing.T) {
	for _, c := range []struct {
		name string
		obu  []byte
		want Sequence
		long string
	}{
		{"SVT-AV1", unhex(t, svt360), Sequence{Level: 1, Bits: 8, SubX: true, SubY: true, Position: 1, Width: 640, Height: 360, Primaries: 1, Transfer: 1, Matrix: 1},
			"av01.0.01M.08.0.111.01.01.01.0"},
		{"HDR", plain(0, 13, true, 3840, 2160).n(1, 1).n(0, 1).n(1, 1).n(9, 8).n(16, 8).n(9, 8).n(0, 1).n(2, 2).n(0, 1).n(1, 1).obu(),
			Sequence{Level: 13, HighTier: true, Bits: 10, SubX: true, SubY: true, Position: 2, Width: 3840, Height: 2160, Primaries: 9, Transfer: 16, Matrix: 9, Grain: true, higher: true},
			"av01.0.13H.10.0.112.09.16.09.0"},
		{"untold", plain(0, 8, false, 1920, 1080).n(0, 1).n(0, 1).n(0, 1).n(1, 1).n(0, 2).n(0, 1).n(0, 1).obu(),
			Sequence{Level: 8, Bits: 8, SubX: true, SubY: true, Width: 1920, Height: 1080, Primaries: 2, Transfer: 2, Matrix: 2, FullRange: true}, "av01.0.08M.08.0.110.02.02.02.1"},
		{"grey", plain(0, 0, false, 64, 64).n(0, 1).n(1, 1).n(0, 1).n(0, 1).n(0, 1).obu(),
			Sequence{Bits: 8, Mono: true, SubX: true, SubY: true, Width: 64, Height: 64, Primaries: 2, Transfer: 2, Matrix: 2}, "av01.0.00M.08.1.110.02.02.02.0"},
		{"RGB", plain(1, 4, false, 640, 640).n(0, 1).n(1, 1).n(1, 8).n(13, 8).n(0, 8).n(0, 1).n(0, 1).obu(),
			Sequence{Profile: 1, Level: 4, Bits: 8, Width: 640, Height: 640, Primaries: 1, Transfer: 13, FullRange: true}, "av01.1.04M.08.0.000.01.13.00.1"},
		{"4:2:2 in 12 bits", plain(2, 4, false, 640, 640).n(3, 2).n(0, 1).n(0, 1).n(0, 1).n(2, 2).n(0, 1).n(0, 1).obu(),
			Sequence{Profile: 2, Level: 4, Bits: 12, SubX: true, Width: 640, Height: 640, Primaries: 2, Transfer: 2, Matrix: 2, higher: true, twelve: true}, "av01.2.04M.12.0.100.02.02.02.0"},
		{"a still", (&writer{}).n(0, 3).n(3, 2).n(5, 5).n(15, 4).n(15, 4).n(99, 16).n(49, 16).n(0, 3).n(0, 3).n(0, 1).n(0, 1).n(0, 1).n(0, 1).n(0, 2).n(0, 1).n(0, 1).obu(),
			Sequence{Level: 5, Bits: 8, SubX: true, SubY: true, Width: 100, Height: 50, Primaries: 2, Transfer: 2, Matrix: 2, reduced: true}, "av01.0.05M.08.0.110.02.02.02.0"},
		{"timing and two operating points", (&writer{}).n(0, 5).n(1, 1).n(1, 32).n(25, 32).n(1, 1).n(1, 1).
			n(1, 1).n(9, 5).n(1, 32).n(4, 5).n(4, 5).                                                                      // a decoder model, delays of ten bits
			n(1, 1).n(1, 5).                                                                                               // display delays, two points
			n(0, 12).n(9, 5).n(1, 1).n(1, 1).n(77, 10).n(78, 10).n(0, 1).n(0, 1).n(0, 12).n(4, 5).n(0, 1).n(1, 1).n(3, 4). // both
			n(15, 4).n(15, 4).n(99, 16).n(49, 16).n(1, 1).n(0, 7).n(0, 3).n(0, 4).n(0, 3).n(0, 3).n(0, 8).obu(),
			Sequence{Level: 9, HighTier: true, Bits: 8, SubX: true, SubY: true, Width: 100, Height: 50, Primaries: 2, Transfer: 2, Matrix: 2}, "av01.0.09H.08.0.110.02.02.02.0"},
	} {
		got, err := ParseSequence(c.obu)
		if err != nil || got != c.want {
			t.Errorf("%s: %v\n got %+v\nwant %+v", c.name, err, got, c.want)
		}
		if got.LongCodec() != c.long || !strings.HasPrefix(c.long, got.Codec()) {
			t.Errorf("%s: %s and %s, want %s", c.name, got.Codec(), got.LongCodec(), c.long)
		}
		config, err := Config(c.obu)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if back, honest, err := ParseConfig(config); err != nil || !honest || !bytes.Equal(back, c.obu) {
			t.Errorf("%s: av1C %x gives %x, honest %v, %v", c.name, config, back, honest, err)
		}
		if d, ok := Declared(config); !ok || d.Codec() != got.Codec() {
			t.Errorf("%s: declared %s, is %s", c.name, d.Codec(), got.Codec())
		}
	}
}

// TestBrokenSequence: every cut, and whatever stands where a header ends.
func TestBrokenSequence(t *testing.T) {
	whole := unhex(t, svt360)
	for n := range len(whole) {
		if _, err := ParseSequence(whole[:n]); !errors.Is(err, ErrMalformed) {
			t.Errorf("cut to %d bytes: %v", n, err)
		}
	}
	for name, b := range map[string][]byte{
		"text behind its end":  append([]byte{0x0a, 14 + 5}, append(bytes.Clone(whole[2:]), "Anna!"...)...),
		"text in its end":      unhex(t, "0a0e 0000000cc4ff673efe6404040491"),
		"another OBU":          unhex(t, "120e 0000000cc4ff673efe6404040490"),
		"the forbidden bit":    unhex(t, "8a0e 0000000cc4ff673efe6404040490"),
		"an unknown profile":   unhex(t, "0a0e 6000000cc4ff673efe6404040490"),
		"a size without end":   unhex(t, "0affffffffffffffffff"),
		"an endless uvlc":      append([]byte{0x0a, 100, 0x04}, make([]byte, 99)...),
		"nothing":              nil,
		"a layer and no more":  {0x0e},
		"a huge size in a few": {0x0a, 0xff, 0xff, 0x7f, 0},
	} {
		if _, err := ParseSequence(b); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if s, err := ParseSequence(append(unhex(t, "0a10 0000000cc4ff673efe6404040490"), 0, 0)); err != nil || s.Width != 640 {
		t.Errorf("zeros behind the end are allowed: %+v, %v", s, err)
	}
}

func TestConfigThatLies(t *testing.T) {
	config, err := Config(unhex(t, svt360))
	if err != nil {
		t.Fatal(err)
	}
	for at, honest := range map[int]bool{1: false, 2: false, 3: true} { // the fourth byte tells of a delay, of which nobody else tells
		lie := bytes.Clone(config)
		lie[at] ^= 4
		if _, got, err := ParseConfig(lie); err != nil || got != honest {
			t.Errorf("byte %d: honest %v, %v", at, got, err)
		}
	}
	for name, c := range map[string][]byte{
		"no marker": append([]byte{1}, config[1:]...), "short": config[:3], "cut": config[:10], "a frame": append(config, 0x32, 0), "two headers": append(config, config[4:]...),
	} {
		if _, _, err := ParseConfig(c); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if obu, honest, err := ParseConfig(config[:4]); obu != nil || !honest || err != nil {
		t.Errorf("no header: %x, %v, %v", obu, honest, err)
	}
}

// The beginnings of frames: shown and hidden, and one that was there before.
const (
	shownKeyFrame = "320210 00" // frame type 0, shown
	hiddenKey     = "320200 00"
	interFrame    = "320230 00"
	existingFrame = "1a0188"
	delimiter     = "1200"
	padding       = "7a0141"
	t35           = "2a0604b5004142 80"
)

func TestLookAndStrip(t *testing.T) {
	for _, c := range []struct {
		name, sample string
		key          bool
		stray        []Type
		stripped     string // "": as it was
	}{
		{"a key frame", svt360 + shownKeyFrame, true, nil, ""},
		{"behind a delimiter", delimiter + svt360 + shownKeyFrame, true, []Type{TemporalDelimiter}, svt360 + shownKeyFrame},
		{"a hidden one", svt360 + hiddenKey, false, nil, ""},
		{"without a header", shownKeyFrame, false, nil, ""},
		{"its header comes too late", shownKeyFrame + svt360, false, nil, ""},
		{"another frame first", svt360 + interFrame + shownKeyFrame, false, nil, ""},
		{"an inter frame", interFrame, false, nil, ""},
		{"one that was there", existingFrame, false, nil, ""},
		{"one that was there, behind a header", svt360 + existingFrame, false, nil, ""},
		{"padding and metadata", svt360 + t35 + shownKeyFrame + padding, true, []Type{Padding}, svt360 + shownKeyFrame},
		{"the last without a size", svt360 + "30 10 00", true, nil, ""},
	} {
		sample := unhex(t, c.sample)
		u, err := Look(sample)
		if err != nil || u.Key != c.key || !slices.Equal(u.Stray, c.stray) {
			t.Errorf("%s: %+v, %v", c.name, u, err)
		}
		want := sample
		if c.stripped != "" {
			want = unhex(t, c.stripped)
		}
		if got, err := Strip(sample); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: stripped to %x, %v", c.name, got, err)
		}
	}
	const other = "0a0e 0000000cc4ff673efe6404040480"
	for name, sample := range map[string]string{"no picture": svt360, "nothing": "", "cut": "3205 10", "two headers that differ": svt360 + other + shownKeyFrame, "the forbidden bit": "b20210 00"} {
		if u, err := Look(unhex(t, sample)); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %+v, %v", name, u, err)
		}
	}
}

func TestLeastLevel(t *testing.T) {
	for _, c := range []struct {
		width, height int
		rate          float64
		bps           int64
		high          bool
		want          int
		name          float64
	}{
		{416, 234, 25, 100_000, false, 0, 2.0}, {640, 360, 25, 300_000, false, 1, 2.1}, {960, 540, 25, 2e6, false, 4, 3.0}, {960, 540, 50, 2e6, false, 5, 3.1},
		{1280, 720, 25, 2e6, false, 5, 3.1}, {1280, 720, 60, 2e6, false, 8, 4.0}, {1920, 1080, 30, 6e6, false, 8, 4.0}, {1920, 1080, 60, 6e6, false, 9, 4.1},
		{1920, 1080, 30, 15e6, false, 9, 4.1}, {1920, 1080, 30, 15e6, true, 8, 4.0}, {3840, 2160, 60, 20e6, false, 13, 5.1}, {234, 4000, 25, 1, false, 12, 5.0},
		{16384, 8704, 300, 1, false, NoLevel, 9.3},
	} {
		s := Sequence{Width: c.width, Height: c.height, HighTier: c.high}
		if got := s.LeastLevel(c.rate, c.bps); got != c.want || LevelName(got) != c.name {
			t.Errorf("%+v: level %d, which is %.1f", c, got, LevelName(got))
		}
	}
}

func FuzzSample(f *testing.F) {
	for _, s := range []string{svt360 + shownKeyFrame, delimiter + svt360 + t35 + shownKeyFrame + padding, existingFrame, "30"} {
		f.Add(unhex(f, s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		u, err := Look(b)
		stripped, err2 := Strip(b)
		if err != nil {
			return
		}
		if err2 != nil {
			t.Fatalf("it can be looked at and not be stripped: %v", err2)
		}
		again, err := Look(stripped)
		if err != nil || len(again.Stray) > 0 || again.Key != u.Key {
			t.Errorf("%+v became %+v, %v", u, again, err)
		}
	})
}

func FuzzConfig(f *testing.F) {
	config, err := Config(unhex(f, svt360))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(config)
	f.Fuzz(func(t *testing.T, b []byte) {
		sequence, _, err := ParseConfig(b)
		if err != nil || sequence == nil {
			return
		}
		again, err := Config(sequence)
		if err != nil {
			t.Fatal(err)
		}
		if s, honest, err := ParseConfig(again); err != nil || !honest {
			t.Errorf("%x became %x, honest %v, %v", sequence, s, honest, err)
		}
	})
}
