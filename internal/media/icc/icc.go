// Package icc reads from a picture file how its numbers stand for colours. Phones write Display P3 and cameras Adobe RGB, and
// say so in a profile (ICC.1:2010). What is published has no profile, since one names devices and makers, so the colours
// are converted first. Profiles that are a matrix and a curve are known, which those of cameras and screens are.
package icc

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
)

// Gamut is how to come from a picture's numbers to sRGB.
type Gamut struct {
	Gamma  float64       `json:"gamma,omitempty"` // of the numbers; 0 is the curve of sRGB (IEC 61966-2-1)
	Matrix [3][3]float64 `json:"matrix"`          // from the picture's linear red, green and blue to those of sRGB
}

// ErrUnknown says that a profile is none that this package can convert from.
var ErrUnknown = errors.New("the colour profile is not one of a matrix and a curve")

// maxProfile is more than any profile of a matrix and curves takes. Those with tables take up to some MB.
const maxProfile = 4 << 20

// Of reads the profile of a JPEG or PNG file. It gives nil where there is none, or where it is sRGB's own; it fails with
// ErrUnknown.
func Of(file []byte) (*Gamut, error) {
	profile := ofJPEG(file)
	if profile == nil {
		profile = ofPNG(file)
	}
	if profile == nil {
		return nil, nil
	}
	return parse(profile)
}

// ofJPEG joins the profile's pieces (ICC.1:2010, B.4), in their order in the file, which is that of their numbers in all that is
// written. nil where there are none.
func ofJPEG(b []byte) (profile []byte) {
	if !bytes.HasPrefix(b, []byte{0xff, 0xd8}) {
		return nil
	}
	const mark = "ICC_PROFILE\x00"
	for b = b[2:]; len(b) >= 4 && b[0] == 0xff && b[1] != 0xda; { // up to the scan
		length := int(binary.BigEndian.Uint16(b[2:]))
		if length < 2 || 2+length > len(b) {
			return nil
		}
		segment := b[4 : 2+length]
		if b[1] == 0xe2 && len(segment) > len(mark)+2 && bytes.HasPrefix(segment, []byte(mark)) {
			profile = append(profile, segment[len(mark)+2:]...)
		}
		b = b[2+length:]
	}
	return profile
}

// ofPNG unpacks the chunk iCCP (W3C PNG, 11.3.2.3). nil where there is none.
func ofPNG(b []byte) []byte {
	if !bytes.HasPrefix(b, []byte("\x89PNG\r\n\x1a\n")) {
		return nil
	}
	for b = b[8:]; len(b) >= 12; {
		length := int(binary.BigEndian.Uint32(b))
		if length > len(b)-12 {
			return nil
		}
		if payload := b[8 : 8+length]; string(b[4:8]) == "iCCP" {
			_, packed, ok := bytes.Cut(payload, []byte{0})
			if !ok || len(packed) < 1 {
				return []byte{} // one that cannot be read
			}
			r, err := zlib.NewReader(bytes.NewReader(packed[1:]))
			if err != nil {
				return []byte{}
			}
			profile, err := io.ReadAll(io.LimitReader(r, maxProfile))
			if err != nil {
				return []byte{}
			}
			return profile
		}
		b = b[12+length:]
	}
	return nil
}

// toSRGB makes linear sRGB of XYZ as profiles have it, adapted to D50 (IEC 61966-2-1, and Bradford's adaptation of ICC.1:2010, E).
var toSRGB = [3][3]float64{{3.13386, -1.61687, -0.49061}, {-0.97877, 1.91614, 0.03345}, {0.07195, -0.22899, 1.40524}}

// parse reads a profile (ICC.1:2010, 7).
func parse(b []byte) (*Gamut, error) {
	if len(b) < 132 || string(b[36:40]) != "acsp" || string(b[16:24]) != "RGB XYZ " {
		return nil, ErrUnknown
	}
	tags := map[string][]byte{}
	list := b[132:]
	for range min(binary.BigEndian.Uint32(b[128:]), 100) {
		if len(list) < 12 {
			return nil, ErrUnknown
		}
		offset, size := uint64(binary.BigEndian.Uint32(list[4:])), uint64(binary.BigEndian.Uint32(list[8:]))
		if offset+size > uint64(len(b)) {
			return nil, ErrUnknown
		}
		tags[string(list[:4])] = b[offset : offset+size]
		list = list[12:]
	}
	var xyz [3][3]float64
	var g Gamut
	for i, color := range []string{"r", "g", "b"} {
		tag := tags[color+"XYZ"]
		if len(tag) < 20 || string(tag[:4]) != "XYZ " {
			return nil, ErrUnknown
		}
		for k := range xyz {
			xyz[k][i] = fixed(tag[8+4*k:])
		}
		gamma, err := gammaOf(tags[color+"TRC"])
		if err != nil || i > 0 && math.Abs(gamma-g.Gamma) > 0.02 {
			return nil, ErrUnknown
		}
		if i == 0 {
			g.Gamma = gamma
		}
	}
	far := 0.0 // from the matrix of sRGB
	for i := range 3 {
		for k := range 3 {
			v := toSRGB[i][0]*xyz[0][k] + toSRGB[i][1]*xyz[1][k] + toSRGB[i][2]*xyz[2][k]
			g.Matrix[i][k] = rounded(v)
			want := 0.0
			if i == k {
				want = 1
			}
			far = max(far, math.Abs(v-want))
		}
	}
	switch {
	case far > 4: // no colours are that far away: ProPhoto, the widest, is at 1.2
		return nil, ErrUnknown
	case far < 0.01 && g.Gamma == 0:
		return nil, nil
	}
	return &g, nil
}

// gammaOf reads a curve (10.5 and 10.15): its exponent, or 0 where it is nearest to sRGB's.
func gammaOf(tag []byte) (float64, error) {
	at, err := curve(tag)
	if err != nil {
		return 0, err
	}
	srgb, gamma := true, 0.0
	points := []float64{0.25, 0.5, 0.75}
	for _, x := range points {
		y := at(x)
		if !(y > 0.001 && y < 1) { // nor a number
			return 0, ErrUnknown
		}
		srgb = srgb && math.Abs(y-math.Pow((x+0.055)/1.055, 2.4)) < 0.005
		gamma += math.Log(y) / math.Log(x) / float64(len(points))
	}
	if srgb {
		return 0, nil
	}
	for _, x := range points {
		if math.Abs(at(x)-math.Pow(x, gamma)) > 0.02 {
			return 0, ErrUnknown
		}
	}
	return rounded(gamma), nil
}

// curve gives the function that a tag stands for, of a number from 0 to 1.
func curve(tag []byte) (func(x float64) float64, error) {
	if len(tag) < 12 {
		return nil, ErrUnknown
	}
	switch string(tag[:4]) {
	case "curv":
		count := int(binary.BigEndian.Uint32(tag[8:]))
		table := tag[12:]
		switch {
		case count < 0 || count > len(table)/2:
			return nil, ErrUnknown
		case count == 0:
			return func(x float64) float64 { return x }, nil
		case count == 1:
			gamma := float64(binary.BigEndian.Uint16(table)) / 256
			return func(x float64) float64 { return math.Pow(x, gamma) }, nil
		}
		return func(x float64) float64 {
			place := x * float64(count-1)
			i := min(int(place), count-2)
			a, b := float64(binary.BigEndian.Uint16(table[2*i:])), float64(binary.BigEndian.Uint16(table[2*i+2:]))
			return (a + (b-a)*(place-float64(i))) / 65535
		}, nil
	case "para":
		kind, numbers := int(binary.BigEndian.Uint16(tag[8:])), []int{1, 3, 4, 5, 7}
		if kind >= len(numbers) || len(tag) < 12+4*numbers[kind] {
			return nil, ErrUnknown
		}
		p := [7]float64{1: 1} // g a b c d e f
		for i := range numbers[kind] {
			p[i] = fixed(tag[12+4*i:])
		}
		// All kinds are of the points above where the straight part of the curve ends, so it does not matter here.
		added := p[5]
		if kind == 2 {
			added = p[3]
		}
		return func(x float64) float64 { return math.Pow(p[1]*x+p[2], p[0]) + added }, nil
	}
	return nil, fmt.Errorf("%w: a curve of type %q", ErrUnknown, tag[:4])
}

// fixed reads an s15Fixed16Number (4.6).
func fixed(b []byte) float64 { return float64(int32(binary.BigEndian.Uint32(b))) / 65536 }

// rounded makes numbers the same on every processor: some add and multiply in one step.
func rounded(v float64) float64 { return math.Round(v*1e4) / 1e4 }
