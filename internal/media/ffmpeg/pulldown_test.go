package ffmpeg

import (
	"bytes"
	"math"
	"os"
	"slices"
	"testing"

	"filmpress/internal/media"
)

// pulledDown makes MPEG-2 of whole frames into what DVDs of films hold: 24 pictures a second, shown for three fields and for two in turn, as the
// flags of each picture say (ISO/IEC 13818-2, 6.3.10). No encoder here sets them, so they are set in its bytes.
func pulledDown(t testing.TB, stream []byte) []byte {
	t.Helper()
	stream = bytes.Clone(stream)
	pictures, group, place := 0, 0, 0
	for at := 0; ; {
		next := bytes.Index(stream[at:], []byte{0, 0, 1})
		if next < 0 || at+next+9 > len(stream) {
			break
		}
		at += next + 4
		switch code, kind := stream[at-1], stream[at]>>4; {
		case code == 0xb8: // a group of pictures, which are counted anew
			group = pictures
		case code == 0: // a picture, with its place in the order of display
			place = group + (int(stream[at])<<2 | int(stream[at+1])>>6)
			pictures++
		case code == 0xb5 && kind == 1: // of the sequence: not all of it is whole frames
			stream[at+1] &^= 0x08
		case code == 0xb5 && kind == 8: // of the picture: top_field_first, repeat_first_field, progressive_frame
			top, repeat := [4]byte{1, 0, 0, 1}[place%4], [4]byte{1, 0, 1, 0}[place%4]
			stream[at+3] = stream[at+3]&^0x82 | top<<7 | repeat<<1
			stream[at+4] |= 0x80
		}
	}
	if pictures == 0 {
		t.Fatal("there are no pictures")
	}
	return stream
}

// TestPulldown: a film of 24 pictures a second that is shown for 60 fields comes out at 24, with each picture once, wherever its times begin and
// wherever it is cut.
func TestPulldown(t *testing.T) {
	t.Parallel()
	// The noise is for its bytes: of pictures that share a pack of 2 kB, this muxer gives one alone its time.
	plain := film(t, "plain.m2v", "-f", "lavfi", "-i", numbered("30000/1001", "5")+",noise=alls=40:allf=t", "-c:v", "mpeg2video", "-qscale:v", "2", "-g", "12", "-bf", "2", "-f", "mpeg2video")
	data, err := os.ReadFile(plain)
	if err != nil {
		t.Fatal(err)
	}
	dvd := film(t, "dvd.mpg", "-f", "mpegvideo", "-framerate", "30000/1001", "-i", save(t, "dvd.m2v", pulledDown(t, data)), "-c", "copy")
	for name, late := range map[string]string{"dvd.mpg": "", "ripped.mkv": "0", "late.mkv": "0.015", "late.ts": "0.025"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := dvd
			if late != "" {
				path = film(t, name, "-f", "lavfi", "-i", "sine=d=6", "-itsoffset", late, "-fflags", "+genpts", "-i", dvd, "-map", "1", "-map", "0", "-c:v", "copy", "-c:a", "mp2")
			}
			source := probe(t, path)
			v := source.Video[0]
			t.Logf("%+v", v)
			if v.Rate != (media.Rational{Num: 24000, Den: 1001}) || v.Variable || v.Interlaced() {
				t.Fatalf("%s a second, variable %v, interlaced %v", v.Rate, v.Variable, v.Interlaced())
			}
			source.Duration = v.End
			whole, parts, again := pieces(t, path, source, []Rung{{256, 32, 10, 4e6, 8e6, ""}}, 24, 70, 71)
			if len(again) > 0 {
				t.Errorf("the pieces from %d could be had from the film's beginning alone", again)
			}
			numbers := numbersOf(t, whole)
			if len(numbers) < 148 || numbers[1] > 2 { // the first one of a program stream may lie before its beginning, a late one is led by itself
				t.Fatalf("%d pictures: %v", len(numbers), numbers)
			}
			for i, n := range numbers[1:148] {
				if n != numbers[1]+i {
					t.Fatalf("place %d shows picture %d: %v", i+1, n, numbers)
				}
			}
			if pieced := numbersOf(t, parts...); !slices.Equal(pieced, numbers) {
				t.Errorf("in pieces it is\n%v, not\n%v", pieced, numbers)
			}
		})
	}
}

// TestEvenPlaces: only pictures that all have a place of their own at 24 a second are given one.
func TestEvenPlaces(t *testing.T) {
	fields := func(base float64, pattern ...float64) (tm timing) {
		tm = timing{base: base, spacing: map[int64]int64{}}
		at := 0.5
		for i := range 400 {
			tm.add(packet{pts: int64(math.Round(at / base)), dts: noTime})
			at += pattern[i%len(pattern)] * 1001 / 60000
		}
		return tm
	}
	ntsc := media.Rational{Num: 24000, Den: 1001}
	for _, c := range []struct {
		what    string
		base    float64
		pattern []float64
		want    media.Rational
		from    float64
	}{
		{"pulldown", 1.0 / 90000, []float64{3, 2}, ntsc, 0.5 + 0.25*1001/60000},
		{"begun with two", 1.0 / 90000, []float64{2, 3}, ntsc, 0.5 - 0.25*1001/60000},
		{"in milliseconds", 1e-3, []float64{3, 2}, ntsc, 0.5 + 0.25*1001/60000},
		{"of sixty", 1.0 / 90000, []float64{3 / 1.001, 2 / 1.001}, media.Rational{Num: 24, Den: 1}, 0.5 + 0.25/60},
		{"partly video", 1.0 / 90000, append(slices.Repeat([]float64{3, 2}, 20), slices.Repeat([]float64{2}, 40)...), media.Rational{}, 0},
		{"pairs", 1.0 / 90000, []float64{3, 3, 2, 2}, ntsc, 0.5 + 0.5*1001/60000},
		{"25 a second", 1.0 / 90000, []float64{2.4}, media.Rational{}, 0},
		{"dropped pictures", 1e-3, []float64{2.5, 2.5, 2.5, 5}, media.Rational{}, 0},
	} {
		tm := fields(c.base, c.pattern...)
		tm.pace()
		rate, from, ok := tm.even()
		if ok != (c.want.Num > 0) || rate != c.want || math.Abs(from-c.from) > 0.001 {
			t.Errorf("%s: %v from %.4f, %v; want %v from %.4f", c.what, rate, from, ok, c.want, c.from)
		}
	}
}
