package ffmpeg

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"testing"
)

// decodedRGB is the middle of each 64x36 field of the first frame, as a player shows it: as BT.709, limited range.
func decodedRGB(t *testing.T, data []byte, fields int) [][3]int {
	t.Helper()
	return allDecodedRGB(t, [][]byte{data}, fields)[0]
}

// allDecodedRGB is decodedRGB of several films of one size, in one run.
func allDecodedRGB(t *testing.T, encoded [][]byte, fields int) (all [][][3]int) {
	t.Helper()
	var args []string
	var graph, firsts string
	for i, data := range encoded {
		args = append(args, "-i", save(t, fmt.Sprintf("%d.mp4", i), data))
		graph += fmt.Sprintf("[%d:v]trim=end_frame=1,scale=in_color_matrix=bt709:in_range=tv,format=rgb24[v%[1]d];", i)
		firsts += fmt.Sprintf("[v%d]", i)
	}
	out := raw(t, append(args, "-filter_complex", fmt.Sprintf("%s%sconcat=n=%d", graph, firsts, len(encoded)), "-fps_mode", "passthrough", "-f", "rawvideo", "-")...)
	size := 3 * 64 * 36 * fields
	if len(out) != size*len(encoded) {
		t.Fatalf("%d bytes", len(out))
	}
	for frame := range slices.Chunk(out, size) {
		var colors [][3]int
		for i := range fields {
			at := 3 * (64*fields*18 + 64*i + 32)
			colors = append(colors, [3]int{int(frame[at]), int(frame[at+1]), int(frame[at+2])})
		}
		all = append(all, colors)
	}
	return all
}

// encodeAll encodes films side by side, each in one rung, and gives their bytes in the order of the names.
func encodeAll(t *testing.T, names, paths []string, rung Rung) (encoded [][]byte) {
	t.Helper()
	encoded = make([][]byte, len(paths))
	t.Run("encode", func(t *testing.T) {
		for i, name := range names {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				_, out := encode(t, paths[i], []Rung{rung}, nil)
				encoded[i] = out[0]
			})
		}
	})
	if t.Failed() {
		t.FailNow()
	}
	return encoded
}

// TestColors: a colour goes in by every road that cameras and editors take, and comes out as itself, within 6 of 255.
func TestColors(t *testing.T) {
	t.Parallel()
	to := func(filter string) []string { return []string{"-vf", filter} }
	rare := []string{"601 tagged", "full range", "4:4:4", "planar RGB", "opaque RGBA"} // they go the way of others, and are left to a campaign
	var names []string
	var list []made
	zscale := "format=gbrp,zscale=min=gbr:rin=pc:pin=bt709:tin=bt709:t=bt709:"
	for name, c := range map[string]struct {
		file string
		args []string
	}{
		"709 tagged":      {"v.mp4", append(to("scale=out_color_matrix=bt709:out_range=tv,format=yuv420p"), "-c:v", "libx264", "-qp", "4", "-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709")},
		"601 tagged":      {"v.mp4", append(to("scale=out_color_matrix=bt601:out_range=tv,format=yuv420p"), "-c:v", "libx264", "-qp", "4", "-colorspace", "smpte170m", "-color_primaries", "bt709", "-color_trc", "bt709")},
		"601 untold":      {"v.mp4", append(to("scale=out_color_matrix=bt601:out_range=tv,format=yuv420p"), "-c:v", "libx264", "-qp", "4")},
		"NTSC primaries":  {"v.mp4", append(to(zscale+"p=smpte170m:m=smpte170m:r=tv,format=yuv420p"), "-c:v", "libx264", "-qp", "4", "-colorspace", "smpte170m", "-color_primaries", "smpte170m", "-color_trc", "bt709")},
		"full range":      {"v.mp4", append(to("scale=out_color_matrix=bt709:out_range=pc,format=yuvj420p"), "-c:v", "libx264", "-qp", "4", "-colorspace", "bt709", "-color_range", "pc")},
		"motion JPEG":     {"v.avi", append(to("scale=out_color_matrix=bt601:out_range=pc,format=yuvj422p"), "-c:v", "mjpeg", "-q:v", "1")},
		"ProRes 4:2:2":    {"v.mov", append(to("scale=out_color_matrix=bt709:out_range=tv,format=yuv422p10le,setparams=colorspace=bt709:color_primaries=bt709:color_trc=bt709"), "-c:v", "prores_ks")},
		"4:4:4":           {"v.mkv", append(to("scale=out_color_matrix=bt709:out_range=tv,format=yuv444p"), "-c:v", "libx264", "-qp", "4", "-colorspace", "bt709")},
		"RGB":             {"v.mov", append(to("format=rgb24"), "-c:v", "qtrle")},
		"planar RGB":      {"v.mkv", append(to("format=gbrp"), "-c:v", "ffv1")},
		"opaque RGBA":     {"v.mov", append(to("format=argb"), "-c:v", "qtrle")},
		"opaque 4444":     {"v.mov", append(to("scale=out_color_matrix=bt709:out_range=tv,format=yuva444p10le,setparams=colorspace=bt709:color_primaries=bt709:color_trc=bt709"), "-c:v", "prores_ks")},
		"P3":              {"v.mkv", append(to(zscale+"p=smpte432:m=bt709:r=tv,format=yuv420p10le"), "-c:v", "libx264", "-qp", "4", "-colorspace", "bt709", "-color_primaries", "smpte432", "-color_trc", "bt709")},
		"wide gamut, RGB": {"v.mkv", append(to(zscale+"p=bt2020:m=gbr:r=pc,format=gbrp"), "-c:v", "ffv1", "-colorspace", "rgb", "-color_primaries", "bt2020", "-color_trc", "bt709")},
		"wide gamut, SDR": {"v.mkv", append(to(zscale+"p=bt2020:m=bt2020nc:r=tv,format=yuv420p10le"), "-c:v", "libx264", "-qp", "4", "-colorspace", "bt2020nc", "-color_primaries", "bt2020", "-color_trc", "bt2020-10")},
	} {
		if slices.Contains(rare, name) && !campaign {
			continue
		}
		names = append(names, name)
		list = append(list, made{itoa(len(list)) + c.file, c.args})
	}
	source := "color=0xC04030:s=64x36:r=10:d=0.2[a];color=0x3060B0:s=64x36:r=10:d=0.2[b];color=0xF0F0F0:s=64x36:r=10:d=0.2[c];[a][b][c]hstack=3,format=rgb24"
	encoded := encodeAll(t, names, films(t, []string{"-f", "lavfi", "-i", source}, list...), Rung{192, 36, 4, 2e6, 4e6, ""})
	for n, got := range allDecodedRGB(t, encoded, 3) {
		for i, want := range [][3]int{{192, 64, 48}, {48, 96, 176}, {240, 240, 240}} {
			for k := range want {
				if d := got[i][k] - want[k]; d < -6 || d > 6 {
					t.Errorf("%s: %v is %v", names[n], want, got[i])
					break
				}
			}
		}
	}
}

// TestTransparency: what is transparent is black.
func TestTransparency(t *testing.T) {
	t.Parallel()
	names := []string{"RGB", "YUV"}
	encoded := encodeAll(t, names, films(t, []string{"-f", "lavfi", "-i", "color=white:s=64x36:r=10:d=0.2"},
		made{"v.mov", []string{"-vf", "format=argb,colorchannelmixer=aa=0.5", "-c:v", "qtrle"}},
		made{"p.mov", []string{"-vf", "format=argb,colorchannelmixer=aa=0.5,scale=out_color_matrix=bt709:out_range=tv,format=yuva444p10le", "-c:v", "prores_ks", "-alpha_bits", "16", "-colorspace", "bt709"}},
	), Rung{64, 36, 4, 2e6, 4e6, ""})
	for i, got := range allDecodedRGB(t, encoded, 1) {
		if slices.Min(got[0][:]) < 120 || slices.Max(got[0][:]) > 136 {
			t.Errorf("%s: half-transparent white is %v", names[i], got)
		}
	}
}

// bars are the colour bars of EBU and SMPTE at 75 %, as RGB of 8 bit.
var bars = [][3]int{{191, 191, 191}, {191, 191, 0}, {0, 191, 191}, {0, 191, 0}, {191, 0, 191}, {191, 0, 0}, {0, 0, 191}, {0, 0, 0}}

// barsOf draws them at a size, in the matrix and range of a master, and gives ffmpeg's arguments for that input: their code values are computed here,
// from the definitions of BT.601, BT.709 and BT.2020, and not by any filter.
func barsOf(t testing.TB, width, height int, kr, kb float64, full bool) []string {
	t.Helper()
	var y, u, v bytes.Buffer
	for _, c := range bars {
		r, g, b := float64(c[0])/255, float64(c[1])/255, float64(c[2])/255
		luma := kr*r + (1-kr-kb)*g + kb*b
		scale, offset, chroma := 219.0, 16.0, 224.0
		if full {
			scale, offset, chroma = 255, 0, 255
		}
		w := width / len(bars)
		y.Write(bytes.Repeat([]byte{byte(math.Round(offset + scale*luma))}, w))
		u.Write(bytes.Repeat([]byte{byte(math.Round(min(255, 128+chroma*(b-luma)/(2*(1-kb)))))}, w))
		v.Write(bytes.Repeat([]byte{byte(math.Round(min(255, 128+chroma*(r-luma)/(2*(1-kr)))))}, w))
	}
	var frame []byte
	for _, plane := range []bytes.Buffer{y, u, v} {
		frame = append(frame, bytes.Repeat(plane.Bytes(), height)...)
	}
	return []string{"-f", "rawvideo", "-s", fmt.Sprintf("%dx%d", width, height), "-pix_fmt", "yuv444p", "-r", "10", "-i", save(t, "bars.yuv", bytes.Repeat(frame, 3))}
}

// TestColorBars: bars whose code values follow from the standards come out as the colours that they stand for, within 4 of
// 255: SD without a word is BT.601, HD is BT.709, full range stays apart from limited.
func TestColorBars(t *testing.T) {
	t.Parallel()
	x264 := func(more ...string) []string {
		return append([]string{"-c:v", "libx264", "-preset", "ultrafast", "-qp", "2", "-profile:v", "high444"}, more...)
	}
	type row struct {
		name, file    string
		width, height int
		kr, kb        float64
		full          bool
		args          []string
	}
	rows := []row{
		{"SD untold", "v.mp4", 720, 576, 0.299, 0.114, false, x264()},
		{"SD tagged 709", "v.mkv", 720, 480, 0.2126, 0.0722, false, x264("-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709")},
		{"HD untold", "v.mp4", 1280, 720, 0.2126, 0.0722, false, x264()},
		{"HD tagged 601", "v.mp4", 1280, 720, 0.299, 0.114, false, x264("-colorspace", "smpte170m", "-color_primaries", "bt709", "-color_trc", "bt709")},
		{"HD full range", "v.mp4", 1280, 720, 0.2126, 0.0722, true, x264("-color_range", "pc")},
	}
	if campaign {
		rows = append(rows,
			row{"SD tagged PAL", "v.mp4", 720, 576, 0.299, 0.114, false, x264("-colorspace", "bt470bg", "-color_primaries", "bt709", "-color_trc", "bt709")},
			row{"SD full range", "v.mkv", 720, 480, 0.299, 0.114, true, x264("-color_range", "pc")})
	}
	inputs := []string{"-noauto_conversion_filters"}
	var names []string
	var list []made
	for i, c := range rows {
		inputs = append(inputs, barsOf(t, c.width, c.height, c.kr, c.kb, c.full)...)
		names = append(names, c.name)
		list = append(list, made{itoa(i) + c.file, append([]string{"-map", itoa(i)}, c.args...)})
	}
	encoded := encodeAll(t, names, films(t, inputs, list...), Rung{64 * len(bars), 36, 2, 8e6, 8e6, ""})
	for n, colors := range allDecodedRGB(t, encoded, len(bars)) {
		for i, got := range colors {
			for k := range got {
				if d := got[k] - bars[i][k]; d < -4 || d > 4 {
					t.Errorf("%s: %v is %v", names[n], bars[i], got)
					break
				}
			}
		}
	}
}

// pqLight is the light, in cd/m2, of a PQ signal from 0 to 1 (ITU-R BT.2100, table 4).
func pqLight(e float64) float64 {
	const m1, m2, c1, c2, c3 = 2610.0 / 16384, 2523.0 / 4096 * 128, 3424.0 / 4096, 2413.0 / 4096 * 32, 2392.0 / 4096 * 32
	p := math.Pow(e, 1/m2)
	return 10000 * math.Pow(max(0, p-c1)/(c2-c3*p), 1/m1)
}

// hlgLight is the light of a grey HLG signal on a screen of 1000 cd/m2 (table 5): the inverse OETF, then the system gamma 1.2.
func hlgLight(e float64) float64 {
	const a, b, c = 0.17883277, 0.28466892, 0.55991073
	scene := e * e / 3
	if e > 0.5 {
		scene = (math.Exp((e-c)/a) + b) / 12
	}
	return 1000 * math.Pow(scene, 1.2)
}

// shownAs is the 8-bit grey that light becomes, of a film whose brightest light is peak: white of graphics (203 cd/m2, BT.2408) is 1, John Hable's
// curve rolls off up to the peak, and the screen has a gamma of 2.4 (BT.1886).
func shownAs(light, peak float64) float64 {
	hable := func(x float64) float64 {
		const a, b, c, d, e, f = 0.15, 0.50, 0.10, 0.20, 0.02, 0.30
		return (x*(x*a+b*c)+d*e)/(x*(x*a+b)+d*f) - e/f
	}
	return 255 * math.Pow(min(1, max(0, hable(light/203)/hable(peak/203))), 1/2.4)
}

// TestToneMapping: a grey ramp in HDR, of 17 steps from black to the brightest, becomes the greys that the formulas of the
// standards give, within 4 of 255, and stays neutral.
func TestToneMapping(t *testing.T) {
	t.Parallel()
	for transfer, light := range map[string]func(float64) float64{"smpte2084": pqLight, "arib-std-b67": hlgLight} {
		t.Run(transfer, func(t *testing.T) {
			const steps = 17
			luma := fmt.Sprintf("64+floor(floor(X/64)*876/%d+0.5)", steps-1)
			path := film(t, "v.mkv", "-f", "lavfi", "-i", fmt.Sprintf("color=black:s=%dx36:r=25:d=0.2,format=yuv420p10le,geq=lum='%s':cb=512:cr=512", 64*steps, luma), "-c:v", "libx265", "-x265-params", "log-level=none:lossless=1",
				"-colorspace", "bt2020nc", "-color_primaries", "bt2020", "-color_trc", transfer, "-color_range", "tv")
			_, out := encode(t, path, []Rung{{64 * steps, 36, 2, 8e6, 8e6, ""}}, nil)
			former := -1
			for i, got := range decodedRGB(t, out[0], steps) {
				signal := math.Floor(float64(i)*876/(steps-1)+0.5) / 876
				want := shownAs(light(signal), 1000)
				t.Logf("%.3f is %6.1f cd/m2, shown as %v, want %.1f", signal, light(signal), got, want)
				if max(got[0], got[1], got[2])-min(got[0], got[1], got[2]) > 3 {
					t.Errorf("%.3f: grey became %v", signal, got)
				}
				if math.Abs(float64(got[1])-want) > 4 {
					t.Errorf("%.3f: %v, want %.1f", signal, got, want)
				}
				if got[1] < former {
					t.Errorf("%.3f is darker than the step before", signal)
				}
				former = got[1]
			}
		})
	}
}

// TestToneMappingIsSteady: what a film says of its light (MaxCLL, the screen that it was graded on) decides how all of its pictures are mapped, in
// whichever piece: players and decoders hand it over with some frames only. What it says stands before its first picture and nowhere else.
func TestToneMappingIsSteady(t *testing.T) {
	t.Parallel()
	const steps = 9
	const screen = ":master-display=G(8500,39850)B(6550,2300)R(35400,14600)WP(15635,16450)"
	for name, c := range map[string]struct {
		says string
		peak float64
	}{
		"nothing":            {"", 1000},
		"a screen of 4000":   {screen + "L(40000000,50)", 4000},
		"a dim film":         {screen + "L(40000000,50):max-cll=250,100", 400},
		"one pixel too many": {screen + "L(10000000,50):max-cll=10000,100", 1000},
		"light of 2000":      {screen + "L(40000000,50):max-cll=2000,400", 2000},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			luma := fmt.Sprintf("64+floor(floor(X/64)*700/%d+0.5)", steps-1)
			path := film(t, "v.mp4", "-f", "lavfi", "-i", fmt.Sprintf("color=black:s=%dx36:r=10:d=0.1,format=yuv420p10le,geq=lum='%s':cb=512:cr=512,loop=loop=59:size=1", 64*steps, luma), "-c:v", "libx265",
				"-x265-params", "log-level=none:lossless=1:repeat-headers=0:keyint=10:min-keyint=10:open-gop=0"+c.says, "-tag:v", "hvc1",
				"-colorspace", "bt2020nc", "-color_primaries", "bt2020", "-color_trc", "smpte2084", "-color_range", "tv")
			source := probe(t, path)
			if got := source.Video[0].Peak; got != c.peak {
				t.Errorf("its peak is %g cd/m2, want %g", got, c.peak)
			}
			whole, parts, _ := pieces(t, path, source, []Rung{{64 * steps, 36, 2, 8e6, 8e6, ""}}, 50)
			for i, got := range decodedRGB(t, whole, steps) {
				signal := math.Floor(float64(i)*700/(steps-1)+0.5) / 876
				if want := shownAs(pqLight(signal), c.peak); math.Abs(float64(got[1])-want) > 4 {
					t.Errorf("%6.1f cd/m2 are shown as %v, want %.1f", pqLight(signal), got, want)
				}
			}
			pixels := oneByOne(t, "crop=64:2:192:16,scale=1:1:flags=area", append([][]byte{whole}, parts...))
			if len(pixels) != 120 {
				t.Fatalf("%d frames", len(pixels))
			}
			if low, high := slices.Min(pixels), slices.Max(pixels); high-low > 1 {
				t.Errorf("a grey that never changes is shown as %d to %d: %v", low, high, pixels)
			}
		})
	}
}

// TestRGBInHDR: RGB and YUV of the same numbers are the same colours.
func TestRGBInHDR(t *testing.T) {
	t.Parallel()
	hdr := []string{"-color_primaries", "bt2020", "-color_trc", "smpte2084"}
	var got [2][][3]int
	for i, form := range [][]string{{"-vf", "format=gbrp10le", "-colorspace", "rgb"}, {"-vf", "scale=out_color_matrix=bt2020:out_range=tv,format=yuv444p10le", "-colorspace", "bt2020nc", "-color_range", "tv"}} {
		source := "color=0x905850:s=64x36:r=25:d=0.2[a];color=0x506090:s=64x36:r=25:d=0.2[b];color=0x508050:s=64x36:r=25:d=0.2[c];[a][b][c]hstack=3,format=rgb24"
		path := film(t, "v.mkv", slices.Concat([]string{"-f", "lavfi", "-i", source}, form, hdr, []string{"-c:v", "ffv1"})...)
		_, out := encode(t, path, []Rung{{192, 36, 4, 2e6, 4e6, ""}}, nil)
		got[i] = decodedRGB(t, out[0], 3)
	}
	for i := range got[0] {
		for k := range got[0][i] {
			if d := got[0][i][k] - got[1][i][k]; d < -3 || d > 3 {
				t.Errorf("in RGB it is %v, in YUV %v", got[0][i], got[1][i])
				break
			}
		}
	}
}
