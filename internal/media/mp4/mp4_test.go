package mp4

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"reflect"
	"strings"
	"testing"
)

// avcC is a record as x264 makes it, shortened.
var avcC = []byte{1, 0x64, 0, 0x1f, 0xff, 0xe1, 0, 2, 0x67, 0x64, 1, 0, 1, 0x68}

func picture() Track {
	bt709 := BT709
	return Track{Timescale: 25000, Codec: "avc1", Config: avcC, Width: 640, Height: 360, Color: &bt709, PixelH: 1, PixelV: 1}
}

func sound() Track {
	return Track{Timescale: 48000, Codec: "mp4a", Config: []byte{0x11, 0x90}, Channels: 2, SampleRate: 48000}
}

func TestInitSectionIsReadBack(t *testing.T) {
	newer := picture()
	newer.Codec, newer.Config = "av01", []byte("\x81\x01\x0d\x00\x0a\x0e\x00\x00\x00\x0c\xc4\xff\x67\x3e\xfe\x64\x04\x04\x04\x90")
	if ftyp := newer.InitSection()[:36]; !bytes.HasSuffix(ftyp, []byte("av01")) || bytes.Contains(picture().InitSection(), []byte("av01")) {
		t.Errorf("brands: %q", ftyp)
	}
	for _, want := range []Track{picture(), newer, sound()} {
		got, err := ParseInit(want.InitSection())
		if err != nil || !reflect.DeepEqual(got, func() Track { want.defaults = defaults{}; return want }()) {
			t.Errorf("%v\n got %+v\nwant %+v", err, got, want)
		}
	}
}

func TestFragmentIsReadBack(t *testing.T) {
	for name, samples := range map[string][]Sample{
		"one":             {{Duration: 1000, Size: 3, Sync: true}},
		"gop":             {{Duration: 1000, Size: 3, Sync: true}, {Duration: 1000, Size: 2, Offset: 2000}, {Duration: 1000, Size: 0, Offset: -1000}},
		"all sync":        {{Duration: 1024, Size: 3, Sync: true}, {Duration: 1024, Size: 2, Sync: true}},
		"mixed":           {{Duration: 1, Size: 3, Sync: true}, {Duration: 1, Size: 2}, {Duration: 1, Size: 1, Sync: true}},
		"none sync":       {{Duration: 1, Size: 3}, {Duration: 1, Size: 2}},
		"last is shorter": {{Duration: 1024, Size: 3, Sync: true}, {Duration: 1000, Size: 2, Sync: true}},
		"extremes":        {{Duration: math.MaxUint32, Size: 3, Offset: math.MinInt32, Sync: true}, {Offset: math.MaxInt32}},
	} {
		want := Fragment{Sequence: 7, Time: 1 << 40, Samples: samples}
		for range want.bytes() {
			want.Data = append(want.Data, byte(len(want.Data)+1))
		}
		bytesOf := AppendFragment(nil, want)
		infos, err := ParseSegment(Track{}, bytesOf)
		if err != nil || len(infos) != 1 || !reflect.DeepEqual(infos[0].Fragment, want) {
			t.Errorf("%s: %v %+v", name, err, infos)
			continue
		}
		if i := infos[0]; i.Size != int64(len(bytesOf)) || !bytes.HasSuffix(bytesOf[:i.Key], want.Data[:samples[0].Size]) {
			t.Errorf("%s: size %d of %d, key %d", name, i.Size, len(bytesOf), i.Key)
		}
		r := NewReader(bytes.NewReader(append(picture().InitSection(), bytesOf...)))
		if _, err := r.Init(); err != nil {
			t.Fatal(err)
		}
		if f, err := r.Next(); err != nil || !reflect.DeepEqual(f, want) {
			t.Errorf("%s: %v %+v", name, err, f)
		}
		if _, err := r.Next(); err != io.EOF {
			t.Errorf("%s: %v, want io.EOF", name, err)
		}
	}
}

// TestEveryCutIsNoticed cuts a stream at every byte: only the cuts between boxes end cleanly.
func TestEveryCutIsNoticed(t *testing.T) {
	init := picture().InitSection()
	f := AppendFragment(nil, Fragment{Sequence: 1, Samples: []Sample{{Duration: 1, Size: 4, Sync: true}}, Data: []byte("abcd")})
	whole := bytes.Join([][]byte{init, f, f}, nil)
	clean := map[int]bool{len(init): true, len(init) + len(f): true, len(whole): true}
	for n := range len(whole) + 1 {
		r := NewReader(bytes.NewReader(whole[:n]))
		_, err := r.Init()
		for err == nil {
			_, err = r.Next()
		}
		want := io.ErrUnexpectedEOF
		if clean[n] {
			want = io.EOF
		}
		if err != want {
			t.Errorf("cut at %d of %d: %v, want %v", n, len(whole), err, want)
		}
	}
}

func TestHostileFragments(t *testing.T) {
	good := AppendFragment(nil, Fragment{Sequence: 1, Samples: []Sample{{Duration: 1, Size: 4, Sync: true}}, Data: []byte("abcd")})
	change := func(box string, at int, value uint32) []byte {
		b := bytes.Clone(good)
		binary.BigEndian.PutUint32(b[bytes.Index(b, []byte(box))+at:], value)
		return b
	}
	traf := good[bytes.Index(good, []byte("traf"))-4 : bytes.Index(good, []byte("mdat"))-4]
	for name, c := range map[string]struct {
		in   []byte
		want string
	}{
		"sample count":    {change("trun", 8, math.MaxUint32), "a run of 4294967295 samples"},
		"data offset":     {change("trun", 12, 1<<30), "lie outside the mdat"},
		"before":          {change("trun", 12, 0xffffffff), "before the fragment"},
		"inside moof":     {change("trun", 12, 16), "lie outside the mdat"},
		"sample size":     {change("trun", 16, 5), "lie outside the mdat"},
		"no mdat":         {good[:bytes.Index(good, []byte("mdat"))-4], "no mdat"},
		"no moof":         {good[bytes.Index(good, []byte("mdat"))-4:], "no moof"},
		"two moofs":       {append(bytes.Clone(good[:bytes.Index(good, []byte("mdat"))-4]), good...), "no mdat"},
		"base offset":     {change("tfhd", 4, tfBase), "absolute data offset"},
		"box past parent": {change("trun", -4, 500), "runs"},
		"no samples":      {change("trun", 8, 0), "without samples"},
		"two tracks":      {append(box("moof", full("mfhd", 0, 0, u32(1)), traf, traf), good[bytes.Index(good, []byte("mdat"))-4:]...), "more than one track"},
		"text":            {[]byte("#EXTM3U is no segment at all"), "runs"},
		"short":           {[]byte("abc"), "are no box"},
	} {
		if _, err := ParseSegment(Track{}, c.in); !errors.Is(err, ErrMalformed) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func TestDeclaredSizeAllocatesNothing(t *testing.T) {
	in := append(picture().InitSection(), "\xff\xff\xff\xfffree"...)
	r := NewReader(io.MultiReader(bytes.NewReader(in), strings.NewReader("x")))
	if _, err := r.Init(); err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(1, func() { r.Next() }); n > 20 {
		t.Errorf("%v allocations", n)
	}
	if _, err := NewReader(strings.NewReader("\x7f\xff\xff\xffmoov")).Init(); !errors.Is(err, ErrMalformed) {
		t.Errorf("a moov of 2 GB: %v", err)
	}
}

func TestShift(t *testing.T) {
	f := Fragment{Samples: []Sample{{Offset: 2000}, {Offset: 5000}, {Offset: 0}}}
	f.Shift(f.Samples[0].Offset)
	if f.Samples[0].Offset != 0 || f.Samples[1].Offset != 3000 || f.Samples[2].Offset != -2000 {
		t.Errorf("%+v", f.Samples)
	}
}

func TestTopLevel(t *testing.T) {
	wide := append(u32(1), "mdat\x00\x00\x00\x02\x00\x00\x00\x00"...)
	file := bytes.Join([][]byte{box("ftyp", []byte("isom")), box("free"), wide}, nil)
	const size = 20 + 8<<30
	list, err := TopLevel(sparse(file), size)
	want := []Box{{"ftyp", 0, 12, 8}, {"free", 12, 8, 8}, {"mdat", 20, 8 << 30, 16}}
	if err != nil || !reflect.DeepEqual(list[:3], want) {
		t.Fatalf("%v %+v", err, list)
	}
	for _, c := range []struct {
		name, in string
		boxes    int
		bad, cut bool
	}{
		{"empty", "", 0, false, false},
		{"text", "hello, this is a text file", 1, false, true},
		{"short", "abc", 0, true, false},
		{"tiny size", "\x00\x00\x00\x04free", 0, true, false},
		{"to the end", "\x00\x00\x00\x00mdatxxxx", 1, false, false},
		{"cut", "\x00\x00\x00\x08free\x00\x00\x01\x00mdatxxxx", 2, false, true},
		{"cut wide header", "\x00\x00\x00\x01mdat\x00\x00", 0, true, false},
		{"overflow", "\x00\x00\x00\x01mdat\xff\xff\xff\xff\xff\xff\xff\xff", 0, true, false},
		{"trailing rubbish", "\x00\x00\x00\x08free\x00", 1, true, false},
	} {
		list, err := TopLevel(strings.NewReader(c.in), int64(len(c.in)))
		cut := len(list) > 0 && list[len(list)-1].End() > int64(len(c.in))
		if len(list) != c.boxes || errors.Is(err, ErrMalformed) != c.bad || cut != c.cut {
			t.Errorf("%s: %d boxes, error %v, cut %v", c.name, len(list), err, cut)
		}
	}
}

// sparse is a file of zeros after its first bytes.
type sparse []byte

func (s sparse) ReadAt(p []byte, off int64) (int, error) {
	clear(p)
	if off < int64(len(s)) {
		copy(p, s[off:])
	}
	return len(p), nil
}

func adts(payload string, change func(h []byte)) []byte {
	size := len(payload) + 7
	h := []byte{0xff, 0xf1, 0x4c, 0x80 | byte(size>>11), byte(size >> 3), byte(size<<5) | 0x1f, 0xfc}
	if change != nil {
		change(h)
	}
	return append(h, payload...)
}

func TestADTS(t *testing.T) {
	crc := adts("\x00\x00abc", func(h []byte) { h[1] = 0xf0 })
	for name, c := range map[string]struct {
		in     []byte
		frames string
		err    string
	}{
		"two":             {append(adts("ab", nil), adts("c", nil)...), "ab c", "EOF"},
		"checksum":        {crc, "abc", "EOF"},
		"empty":           {nil, "", "EOF"},
		"cut in frame":    {adts("ab", nil)[:8], "", "unexpected EOF"},
		"cut in header":   {adts("ab", nil)[:5], "", "unexpected EOF"},
		"cut at checksum": {crc[:7], "", "unexpected EOF"},
		"no sync":         {[]byte("RIFFxxxx"), "", "no ADTS frame"},
		"other rate":      {append(adts("ab", nil), adts("c", func(h []byte) { h[2] = 0x50 })...), "ab", "changes its format"},
		"length 0":        {adts("a", func(h []byte) { h[4], h[5] = 0, 0 }), "", "ADTS frame of 0 bytes"},
		"blocks":          {adts("a", func(h []byte) { h[6] |= 1 }), "", "several blocks"},
		"rate 15":         {adts("a", func(h []byte) { h[2] = 0x7c }), "", "frequency index 15"},
		"channels 0":      {adts("a", func(h []byte) { h[3] &^= 0xc0 }), "", "without a channel configuration"},
	} {
		r := NewADTSReader(bytes.NewReader(c.in))
		var frames []string
		for {
			f, err := r.Next()
			if err != nil {
				if !strings.Contains(err.Error(), c.err) || strings.Join(frames, " ") != c.frames {
					t.Errorf("%s: %q, %v; want %q, %s", name, frames, err, c.frames, c.err)
				}
				break
			}
			frames = append(frames, string(f))
		}
	}
}

func FuzzReader(f *testing.F) {
	gop := Fragment{Sequence: 1, Samples: []Sample{{Duration: 1, Size: 4, Sync: true}, {Duration: 1, Size: 1, Offset: -1}}, Data: []byte("abcde")}
	f.Add(AppendFragment(picture().InitSection(), gop))
	f.Add(AppendFragment(sound().InitSection(), gop))
	f.Add(AppendFragment(nil, gop))
	f.Fuzz(func(t *testing.T, b []byte) {
		if track, err := ParseInit(b); err == nil && track.Timescale == 0 {
			t.Error("a track without a timescale")
		}
		r := NewReader(bytes.NewReader(b))
		if _, err := r.Init(); err != nil { // then read it as what follows a good init section
			r = NewReader(io.MultiReader(bytes.NewReader(picture().InitSection()), bytes.NewReader(b)))
			if _, err := r.Init(); err != nil {
				t.Fatal(err)
			}
		}
		for {
			got, err := r.Next()
			if err != nil {
				return
			}
			if again, err := ParseSegment(Track{}, AppendFragment(nil, got)); err != nil || !reflect.DeepEqual(again[0].Samples, got.Samples) {
				t.Fatalf("%v: %+v, %+v", err, again, got)
			}
		}
	})
}

func FuzzParseSegment(f *testing.F) {
	gop := AppendFragment(nil, Fragment{Sequence: 1, Samples: []Sample{{Duration: 1, Size: 4, Sync: true}, {Duration: 2, Size: 1, Offset: -1}}, Data: []byte("abcde")})
	f.Add(append(gop, gop...))
	f.Fuzz(func(t *testing.T, b []byte) {
		infos, err := ParseSegment(Track{}, b)
		if err != nil {
			return
		}
		for _, i := range infos {
			if i.Offset < 0 || i.Key > i.Size || i.Offset+i.Size > int64(len(b)) || i.bytes() != int64(len(i.Data)) {
				t.Fatalf("%+v", i)
			}
		}
	})
}

func FuzzADTS(f *testing.F) {
	f.Add(append(adts("ab", nil), adts("c", nil)...))
	f.Fuzz(func(t *testing.T, b []byte) {
		r := NewADTSReader(bytes.NewReader(b))
		sum := 0
		for {
			frame, err := r.Next()
			if err != nil {
				break
			}
			if sum += len(frame) + 7; sum > len(b) {
				t.Fatal("more came out than went in")
			}
			r.Config().Track().InitSection()
		}
	})
}

func FuzzTopLevel(f *testing.F) {
	f.Add([]byte("\x00\x00\x00\x08free\x00\x00\x00\x00mdatxxxx"))
	f.Fuzz(func(t *testing.T, b []byte) {
		list, _ := TopLevel(bytes.NewReader(b), int64(len(b)))
		at := int64(0)
		for _, box := range list {
			if box.Offset != at || box.Size < 8 {
				t.Fatalf("%+v", list)
			}
			at = box.End()
		}
	})
}
