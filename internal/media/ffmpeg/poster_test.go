package ffmpeg

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	rgba "image/color"
	gojpeg "image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filmpress/internal/privacy"
)

// Four colours, from the upper left one clockwise.
var corners = []rgba.RGBA{{220, 30, 30, 255}, {30, 200, 30, 255}, {30, 30, 220, 255}, {230, 220, 40, 255}}

// quarters is a picture of the four colours.
func quarters(w, h int) *image.RGBA { return filled(w, h, corners) }

func filled(w, h int, colors []rgba.RGBA) *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := colors[[2][2]int{{0, 1}, {3, 2}}[2*y/h][2*x/w]]
			m.SetRGBA(x, y, c)
		}
	}
	return m
}

func jpegOf(t *testing.T, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := gojpeg.Encode(&b, m, &gojpeg.Options{Quality: 95}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func pngOf(t *testing.T, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// withExif puts an Exif segment with an orientation (Exif 2.32, 4.6.4) and the camera's maker into a JPEG.
func withExif(data []byte, orientation byte, maker string) []byte {
	maker += strings.Repeat("\x00", 5)
	tiff := append([]byte("MM\x00*\x00\x00\x00\x08\x00\x02"), 0x01, 0x0f, 0, 2)
	tiff = binary.BigEndian.AppendUint32(tiff, uint32(len(maker)))
	tiff = binary.BigEndian.AppendUint32(tiff, 38)
	tiff = append(tiff, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0, 0, 0, 0, 0)
	tiff = append(tiff, maker...)
	app1 := append([]byte("Exif\x00\x00"), tiff...)
	out := append([]byte{0xff, 0xd8, 0xff, 0xe1}, byte((len(app1)+2)>>8), byte(len(app1)+2))
	return append(append(out, app1...), data[2:]...)
}

// withProfile puts a colour profile (ICC.1:2010) into a JPEG: Adobe RGB's colorants, adapted to D50, its gamma, and a maker.
func withProfile(data []byte) []byte {
	profile := make([]byte, 132)
	copy(profile[16:], "RGB XYZ ")
	copy(profile[36:], "acsp")
	profile[131] = 6
	at := uint32(132 + 6*12) // behind the list of tags
	tag := func(name string, offset, size uint32) {
		profile = binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(append(profile, name...), offset), size)
	}
	for i, color := range []string{"r", "g", "b"} {
		tag(color+"XYZ", at+20*uint32(i), 20)
		tag(color+"TRC", at+60, 14) // one for all
	}
	for _, colorant := range [3][3]uint32{{39960, 20389, 1276}, {13453, 41004, 3989}, {9777, 4143, 48796}} { // in 65536ths
		profile = append(profile, "XYZ \x00\x00\x00\x00"...)
		for _, v := range colorant {
			profile = binary.BigEndian.AppendUint32(profile, v)
		}
	}
	profile = append(profile, "curv\x00\x00\x00\x00\x00\x00\x00\x01\x02\x33SECRET-SCREEN"...)
	app2 := append([]byte("ICC_PROFILE\x00\x01\x01"), profile...)
	out := binary.BigEndian.AppendUint16([]byte{0xff, 0xd8, 0xff, 0xe2}, uint16(len(app2)+2))
	return append(append(out, app2...), data[2:]...)
}

// TestPosterOfAFile: a picture stands as it was meant: turned upright, in its colours, whole, on black where it does not fill the
// frame; and nothing but the picture comes along.
func TestPosterOfAFile(t *testing.T) {
	t.Parallel()
	wide, tall := quarters(160, 90), quarters(90, 160)
	clear := quarters(160, 90)
	for y := range 90 {
		for x := range 80 {
			clear.SetRGBA(x, y, rgba.RGBA{}) // all through, so that black shows
		}
	}
	black := rgba.RGBA{0, 0, 0, 255}
	deep := image.NewNRGBA64(wide.Rect) // 16 bits a colour
	few := image.NewPaletted(wide.Rect, rgba.Palette{rgba.RGBA{}, corners[0], corners[1], corners[2], corners[3]})
	for y := range 90 {
		for x := range 160 {
			deep.Set(x, y, wide.At(x, y))
			few.Set(x, y, clear.At(x, y))
		}
	}
	inAdobe := filled(160, 90, []rgba.RGBA{{219, 0, 0, 255}, {144, 255, 60, 255}, {0, 0, 250, 255}, {128, 128, 128, 255}}) // the purest of sRGB, and a grey
	grey := [4]rgba.RGBA{{128, 128, 128, 255}, {128, 128, 128, 255}, {128, 128, 128, 255}, {128, 128, 128, 255}}
	moving := raw(t, "-f", "image2pipe", "-i", save(t, "first.png", pngOf(t, wide)), "-vf", "loop=3:1,hue=h=90*n", "-frames:v", "3", "-f", "apng", "-")
	if !bytes.Contains(moving, []byte("fdAT")) {
		t.Fatal("a moving PNG of one picture")
	}
	for name, c := range map[string]struct {
		data []byte
		want [4]rgba.RGBA // of the upper left quarter, clockwise
	}{
		"plain.jpg":         {jpegOf(t, wide), [4]rgba.RGBA(corners)},
		"plain.png":         {pngOf(t, wide), [4]rgba.RGBA(corners)},
		"grey.png":          {pngOf(t, allGrey(160, 90)), grey},
		"grey.jpg":          {jpegOf(t, allGrey(160, 90)), grey},
		"deep.png":          {pngOf(t, deep), [4]rgba.RGBA(corners)},
		"few.png":           {pngOf(t, few), [4]rgba.RGBA{black, corners[1], corners[2], black}},
		"moving.png":        {moving, [4]rgba.RGBA(corners)}, // its first picture
		"through.png":       {pngOf(t, clear), [4]rgba.RGBA{black, corners[1], corners[2], black}},
		"three-quarter.jpg": {withExif(jpegOf(t, tall), 6, "SECRET-CAMERA"), [4]rgba.RGBA{corners[3], corners[0], corners[1], corners[2]}},
		"quarter.jpg":       {withExif(jpegOf(t, tall), 8, "SECRET-CAMERA"), [4]rgba.RGBA{corners[1], corners[2], corners[3], corners[0]}},
		"mirrored.jpg":      {withExif(jpegOf(t, wide), 2, "SECRET-CAMERA"), [4]rgba.RGBA{corners[1], corners[0], corners[3], corners[2]}},
		"transposed.jpg":    {withExif(jpegOf(t, tall), 5, "SECRET-CAMERA"), [4]rgba.RGBA{corners[0], corners[3], corners[2], corners[1]}},
		"camera.jpg":        {withProfile(jpegOf(t, inAdobe)), [4]rgba.RGBA{{255, 0, 0, 255}, {0, 255, 0, 255}, {0, 0, 255, 255}, {129, 129, 129, 255}}},
		"two in one.jpg":    {append(jpegOf(t, wide), jpegOf(t, tall)...), [4]rgba.RGBA(corners)},
		"a%03d.jpg":         {jpegOf(t, wide), [4]rgba.RGBA(corners)},
		"-i *.png":          {pngOf(t, wide), [4]rgba.RGBA(corners)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := posterOf(t, name, c.data, 320, 180)
			for i, at := range []image.Point{{80, 45}, {240, 45}, {240, 135}, {80, 135}} {
				if got := rgba.RGBAModel.Convert(m.At(at.X, at.Y)).(rgba.RGBA); !alike(got, c.want[i]) {
					t.Errorf("quarter %d is %v, want %v", i, got, c.want[i])
				}
			}
		})
	}
	m := posterOf(t, "tall.jpg", jpegOf(t, tall), 320, 180)
	for x, want := range map[int]rgba.RGBA{2: black, 100: black, 140: corners[0], 180: corners[1], 220: black, 317: black} {
		if got := rgba.RGBAModel.Convert(m.At(x, 40)).(rgba.RGBA); !alike(got, want) {
			t.Errorf("at %d a tall picture is %v, want %v", x, got, want)
		}
	}
}

func allGrey(w, h int) image.Image {
	m := image.NewGray(image.Rect(0, 0, w, h))
	for i := range m.Pix {
		m.Pix[i] = 128
	}
	return m
}

func alike(a, b rgba.RGBA) bool {
	near := func(x, y uint8) bool { return max(x, y)-min(x, y) <= 6 }
	return near(a.R, b.R) && near(a.G, b.G) && near(a.B, b.B)
}

func posterOf(t *testing.T, name string, data []byte, w, h int) image.Image {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := tools(t).Picture(t.Context(), path, data)
	if err != nil {
		t.Fatal(err)
	}
	out, err := tools(t).Poster(t.Context(), PosterSpec{Path: path, Source: p.Video, Gamut: p.Gamut, Width: w, Height: h}, "")
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(out, []byte("SECRET")) {
		t.Error("the maker's name came along")
	}
	if out, err = privacy.StripJPEG(out); err != nil {
		t.Fatal(err)
	}
	return picture(t, out, w, h)
}

// TestPictureRefused: what is no picture to its end is refused in one sentence.
func TestPictureRefused(t *testing.T) {
	t.Parallel()
	whole, lossless := jpegOf(t, quarters(640, 360)), pngOf(t, noisy(640, 360))
	for name, c := range map[string]struct{ data, why string }{
		"empty":           {"", "neither"},
		"text":            {"#EXTM3U\nfile:/etc/passwd\n", "neither"},
		"gif":             {"GIF89a\x01\x00\x01\x00\x80\x00\x00\xff\xff\xff\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;", "neither"},
		"svg":             {"<svg xmlns='http://www.w3.org/2000/svg'/>", "neither"},
		"cut JPEG":        {string(whole[:len(whole)/2]), "to its end"},
		"cut PNG":         {string(lossless[:len(lossless)/2]), "to its end"},
		"PNG's beginning": {string(lossless[:8]), "to its end"},
		"JPEG of noise":   {"\xff\xd8\xff" + strings.Repeat("noise", 100), "to its end"},
		"CMYK":            {string(cmyk(0)), "CMYK"},
		"YCCK":            {string(cmyk(2)), "CMYK"},
		"60k x 60k":       {string(sized(lossless, 60000, 60000)), "to its end"},
	} {
		path := save(t, "poster.jpg", []byte(c.data))
		_, err := tools(t).Picture(context.Background(), path, []byte(c.data))
		var bad *ErrPicture
		if !errors.As(err, &bad) || !strings.Contains(bad.Why, c.why) || bad.Mend == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// cmyk is a whole JPEG of 8 x 8 pixels in four colours, all of them in the middle (ITU-T T.81, B.2): each table of codes has the one code
// that is needed, of one bit, so that a block takes two bits. transform is what Adobe's segment says: 0 as they stand, 2 as YCCK.
func cmyk(transform byte) []byte {
	out := "\xff\xd8" +
		"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00" + string(rune(transform)) +
		"\xff\xdb\x00\x43\x00" + strings.Repeat("\x01", 64) +
		"\xff\xc0\x00\x14\x08\x00\x08\x00\x08\x04\x01\x11\x00\x02\x11\x00\x03\x11\x00\x04\x11\x00" // SOF0: four components
	for _, table := range []string{"\x00", "\x10"} {
		out += "\xff\xc4\x00\x14" + table + "\x01" + strings.Repeat("\x00", 15) + "\x00"
	}
	return []byte(out + "\xff\xda\x00\x0e\x04\x01\x00\x02\x00\x03\x00\x04\x00\x00\x3f\x00" + "\x00" + "\xff\xd9")
}

// noisy does not compress well, so that a cut falls into its pixels.
func noisy(w, h int) image.Image {
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	x := uint32(1)
	for i := range m.Pix {
		x = x*1664525 + 1013904223
		m.Pix[i] = byte(x >> 24)
	}
	return m
}

// sized is a PNG that claims another size (W3C PNG, 11.2.1), with the right checksum.
func sized(data []byte, w, h uint32) []byte {
	out := bytes.Clone(data)
	binary.BigEndian.PutUint32(out[16:], w)
	binary.BigEndian.PutUint32(out[20:], h)
	binary.BigEndian.PutUint32(out[29:], crc32.ChecksumIEEE(out[12:29]))
	return out
}
