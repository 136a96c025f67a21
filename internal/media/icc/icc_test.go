package icc

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"math"
	"strings"
	"testing"
)

// number is an s15Fixed16Number.
func number(v float64) []byte {
	return binary.BigEndian.AppendUint32(nil, uint32(int32(math.Round(v*65536))))
}

func numbers(begin string, values ...float64) []byte {
	out := []byte(begin)
	for _, v := range values {
		out = append(out, number(v)...)
	}
	return out
}

// profile is one of three colorants, of which each line is one, and one curve.
func profile(colorants [3][3]float64, curve []byte) []byte {
	header := make([]byte, 128)
	copy(header[12:], "mntrRGB XYZ ")
	copy(header[36:], "acsp")
	type tag struct {
		name string
		data []byte
	}
	var tags []tag
	for i, color := range []string{"r", "g", "b"} {
		c := colorants[i]
		tags = append(tags, tag{color + "XYZ", numbers("XYZ \x00\x00\x00\x00", c[0], c[1], c[2])}, tag{color + "TRC", curve})
	}
	out := binary.BigEndian.AppendUint32(header, uint32(len(tags)))
	at := len(out) + 12*len(tags)
	var data []byte
	for _, tag := range tags {
		out = append(out, tag.name...)
		out = binary.BigEndian.AppendUint32(out, uint32(at+len(data)))
		out = binary.BigEndian.AppendUint32(out, uint32(len(tag.data)))
		data = append(data, tag.data...)
	}
	return append(out, data...)
}

// Colorants, adapted to D50, as profiles of the makers have them.
var (
	srgb     = [3][3]float64{{0.43607, 0.22249, 0.01392}, {0.38515, 0.71687, 0.09708}, {0.14307, 0.06061, 0.71410}}
	p3       = [3][3]float64{{0.51512, 0.24120, -0.00105}, {0.29198, 0.69225, 0.04189}, {0.15710, 0.06657, 0.78407}}
	adobe    = [3][3]float64{{0.60974, 0.31111, 0.01947}, {0.20528, 0.62567, 0.06087}, {0.14919, 0.06322, 0.74457}}
	ofSRGB   = numbers("para\x00\x00\x00\x00\x00\x03\x00\x00", 2.4, 1/1.055, 0.055/1.055, 1/12.92, 0.04045)
	ofAdobe  = []byte("curv\x00\x00\x00\x00\x00\x00\x00\x01\x02\x33") // 2.19921875
	straight = []byte("curv\x00\x00\x00\x00\x00\x00\x00\x00")
)

// table is a curve of so many points.
func table(n int, f func(float64) float64) []byte {
	out := binary.BigEndian.AppendUint32([]byte("curv\x00\x00\x00\x00"), uint32(n))
	for i := range n {
		out = binary.BigEndian.AppendUint16(out, uint16(math.Round(65535*f(float64(i)/float64(n-1)))))
	}
	return out
}

func sRGBCurve(x float64) float64 {
	if x <= 0.04045 {
		return x / 12.92
	}
	return math.Pow((x+0.055)/1.055, 2.4)
}

// inJPEG puts a profile into a JPEG in pieces of at most so many bytes.
func inJPEG(profile []byte, piece int) []byte {
	out := []byte("\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00")
	for n := byte(1); len(profile) > 0; n++ {
		part := profile[:min(piece, len(profile))]
		profile = profile[len(part):]
		out = append(out, 0xff, 0xe2)
		out = binary.BigEndian.AppendUint16(out, uint16(2+12+2+len(part)))
		out = append(append(out, "ICC_PROFILE\x00"...), n, 1)
		out = append(out, part...)
	}
	return append(out, "\xff\xda\x00\x02"...)
}

// inPNG puts it into the beginning of a PNG.
func inPNG(profile []byte) []byte {
	var packed bytes.Buffer
	w := zlib.NewWriter(&packed)
	w.Write(profile)
	w.Close()
	chunk := append([]byte("iCCPa name\x00\x00"), packed.Bytes()...)
	out := append([]byte("\x89PNG\r\n\x1a\n"), "\x00\x00\x00\x00sBIT\x00\x00\x00\x00"...)
	out = binary.BigEndian.AppendUint32(out, uint32(len(chunk)-4))
	return append(append(out, chunk...), 0, 0, 0, 0)
}

// show converts a colour of 8 bits a number.
func (g *Gamut) show(color [3]float64) (out [3]float64) {
	for i := range 3 {
		sum := 0.0
		for k := range 3 {
			v := color[k] / 255
			if g.Gamma == 0 {
				v = sRGBCurve(v)
			} else {
				v = math.Pow(v, g.Gamma)
			}
			sum += g.Matrix[i][k] * v
		}
		sum = max(0, min(1, sum))
		if out[i] = 1.055*math.Pow(sum, 1/2.4) - 0.055; sum <= 0.0031308 {
			out[i] = 12.92 * sum
		}
		out[i] *= 255
	}
	return out
}

// TestOf: the purest red, green, blue and yellow of sRGB have known numbers in other spaces, and come back from them.
func TestOf(t *testing.T) {
	pure := [4][3]float64{{255, 0, 0}, {0, 255, 0}, {0, 0, 255}, {255, 255, 0}}
	inP3 := [4][3]float64{{234, 51, 35}, {117, 251, 76}, {0, 0, 245}, {255, 255, 85}}
	inAdobe := [4][3]float64{{219, 0, 0}, {144, 255, 60}, {0, 0, 250}, {255, 255, 60}}
	for name, c := range map[string]struct {
		file []byte
		from [4][3]float64
	}{
		"P3, JPEG":                  {inJPEG(profile(p3, ofSRGB), 1<<15), inP3},
		"P3, JPEG, in pieces":       {inJPEG(profile(p3, ofSRGB), 50), inP3},
		"P3, PNG":                   {inPNG(profile(p3, ofSRGB)), inP3},
		"P3 with a table":           {inJPEG(profile(p3, table(1024, sRGBCurve)), 1<<15), inP3},
		"Adobe RGB, JPEG":           {inJPEG(profile(adobe, ofAdobe), 1<<15), inAdobe},
		"Adobe RGB, parametric":     {inPNG(profile(adobe, numbers("para\x00\x00\x00\x00\x00\x00\x00\x00", 563.0/256))), inAdobe},
		"Adobe RGB with a table":    {inPNG(profile(adobe, table(256, func(x float64) float64 { return math.Pow(x, 563.0/256) }))), inAdobe},
		"Adobe RGB, parametric (2)": {inPNG(profile(adobe, numbers("para\x00\x00\x00\x00\x00\x02\x00\x00", 563.0/256, 1, 0, 0))), inAdobe},
	} {
		g, err := Of(c.file)
		if err != nil || g == nil {
			t.Errorf("%s: %v, %v", name, g, err)
			continue
		}
		for i, from := range c.from {
			for k, v := range g.show(from) {
				if math.Abs(v-pure[i][k]) > 8 { // the known numbers are rounded, and blacks are steep
					t.Errorf("%s: %v became %v, want %v", name, from, g.show(from), pure[i])
					break
				}
			}
		}
		for _, v := range g.show([3]float64{128, 128, 128}) {
			if grey := g.show([3]float64{128, 128, 128}); math.Abs(v-grey[0]) > 0.5 {
				t.Errorf("%s: grey has a colour, %v", name, grey)
			}
		}
	}
}

// TestNothingToDo: without a profile, and with that of sRGB, numbers stay as they are.
func TestNothingToDo(t *testing.T) {
	for name, file := range map[string][]byte{
		"no profile, JPEG": inJPEG(nil, 1), "no profile, PNG": []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x00IEND\x00\x00\x00\x00"), "nothing": nil, "GIF": []byte("GIF89a"),
		"sRGB": inJPEG(profile(srgb, ofSRGB), 1<<15), "sRGB, PNG": inPNG(profile(srgb, table(1024, sRGBCurve))),
	} {
		if g, err := Of(file); g != nil || err != nil {
			t.Errorf("%s: %+v, %v", name, g, err)
		}
	}
}

// TestUnknown: what is no matrix and one curve is told, and never guessed.
func TestUnknown(t *testing.T) {
	good := profile(p3, ofSRGB)
	change := func(old, with string) []byte { return []byte(strings.ReplaceAll(string(good), old, with)) }
	other := profile(p3, ofSRGB)
	copy(other[len(other)-len(ofSRGB):], numbers("para\x00\x00\x00\x00\x00\x03\x00\x00", 1.8)) // of blue alone
	for name, file := range map[string][]byte{
		"cut":               inJPEG(good[:len(good)-1], 1<<15),
		"cut in its header": inJPEG(good[:100], 1<<15),
		"cut in its list":   inJPEG(good[:150], 1<<15),
		"grey":              inJPEG(change("RGB XYZ ", "GRAYXYZ "), 1<<15),
		"of tables":         inJPEG(change("rXYZ", "A2B0"), 1<<15),
		"no colorant":       inJPEG(change("XYZ \x00\x00\x00\x00", "text\x00\x00\x00\x00"), 1<<15),
		"strange curve":     inJPEG(change("para", "what"), 1<<15),
		"a step":            inJPEG(profile(p3, table(3, func(x float64) float64 { return math.Floor(x + 0.2) })), 1<<15),
		"curves differ":     inJPEG(other, 1<<15),
		"a table too long":  inJPEG(profile(p3, []byte("curv\x00\x00\x00\x00\xff\xff\xff\xff\x00\x00")), 1<<15),
		"far away":          inJPEG(profile([3][3]float64{{9, 0, 0}, {0, 9, 0}, {0, 0, 9}}, straight), 1<<15),
		"PNG, not packed":   append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x08iCCPa\x00\x00noise\x00\x00\x00\x00"), make([]byte, 8)...),
	} {
		if g, err := Of(file); !errors.Is(err, ErrUnknown) {
			t.Errorf("%s: %+v, %v", name, g, err)
		}
	}
}

func FuzzOf(f *testing.F) {
	f.Add(inJPEG(profile(p3, ofSRGB), 300))
	f.Add(inJPEG(profile(adobe, ofAdobe), 1<<15))
	f.Add(inPNG(profile(adobe, straight)))
	f.Add(inPNG(profile(p3, table(9, sRGBCurve))))
	f.Fuzz(func(t *testing.T, file []byte) {
		g, err := Of(file)
		if err != nil || g == nil {
			return
		}
		if !(g.Gamma >= 0 && g.Gamma < 100) {
			t.Errorf("%+v", g)
		}
		for _, row := range g.Matrix {
			for _, v := range row {
				if !(math.Abs(v) <= 5) {
					t.Errorf("%+v", g)
				}
			}
		}
	})
}
