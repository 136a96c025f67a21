package ffmpeg

import (
	"fmt"
	"testing"
)

// decodedRGB is the middle of each 64x36 field of the first frame, as a player shows it: as BT.709, limited range.
func decodedRGB(t *testing.T, data []byte, fields int) [][3]int {
	t.Helper()
	out := raw(t, "-i", "file:"+save(t, "v.mp4", data), "-frames:v", "1", "-vf", "scale=in_color_matrix=bt709:in_range=tv,format=rgb24", "-f", "rawvideo", "-")
	if len(out) != 3*64*36*fields {
		t.Fatalf("%d bytes", len(out))
	}
	var colors [][3]int
	for i := range fields {
		at := 3 * (64*fields*18 + 64*i + 32)
		colors = append(colors, [3]int{int(out[at]), int(out[at+1]), int(out[at+2])})
	}
	return colors
}

// TestColors: a colour goes in by every road that cameras and editors take, and comes out as itself, within 6 of 255.
func TestColors(t *testing.T) {
	to := func(filter string) []string { return []string{"-vf", filter} }
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
		"wide gamut, SDR": {"v.mkv", append(to(zscale+"p=bt2020:m=bt2020nc:r=tv,format=yuv420p10le"), "-c:v", "libx264", "-qp", "4", "-colorspace", "bt2020nc", "-color_primaries", "bt2020", "-color_trc", "bt2020-10")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			source := "color=0xC04030:s=64x36:r=25:d=0.2[a];color=0x3060B0:s=64x36:r=25:d=0.2[b];color=0xF0F0F0:s=64x36:r=25:d=0.2[c];[a][b][c]hstack=3,format=rgb24"
			_, out := encode(t, film(t, c.file, append([]string{"-f", "lavfi", "-i", source}, c.args...)...), []Rung{{192, 36, 4, 2e6, 4e6}}, nil)
			got := decodedRGB(t, out[0], 3)
			for i, want := range [][3]int{{192, 64, 48}, {48, 96, 176}, {240, 240, 240}} {
				for k := range want {
					if d := got[i][k] - want[k]; d < -6 || d > 6 {
						t.Errorf("%v is %v", want, got[i])
						break
					}
				}
			}
		})
	}
}

// TestTransparency: what is transparent is black.
func TestTransparency(t *testing.T) {
	for file, args := range map[string][]string{
		"v.mov": {"-vf", "format=argb,colorchannelmixer=aa=0.5", "-c:v", "qtrle"},
		"p.mov": {"-vf", "format=argb,colorchannelmixer=aa=0.5,scale=out_color_matrix=bt709:out_range=tv,format=yuva444p10le", "-c:v", "prores_ks", "-alpha_bits", "16", "-colorspace", "bt709"},
	} {
		path := film(t, file, append([]string{"-f", "lavfi", "-i", "color=white:s=64x36:r=25:d=0.2"}, args...)...)
		_, out := encode(t, path, []Rung{{64, 36, 4, 2e6, 4e6}}, nil)
		for _, got := range decodedRGB(t, out[0], 1)[0] {
			if got < 120 || got > 136 {
				t.Errorf("%s: half-transparent white is %v", file, decodedRGB(t, out[0], 1))
				break
			}
		}
	}
}

// TestToneMapping: a grey ramp in HDR keeps its order, its neutrality and its white: 203 cd/m2, the white of
// graphics, becomes light, 1000 cd/m2 is not darker, and black stays black.
func TestToneMapping(t *testing.T) {
	for transfer, levels := range map[string][5]int{
		// 10-bit code values, limited range: black, 18 cd/m2, 100, 203, 1000 (ITU-R BT.2100 and BT.2408)
		"smpte2084":    {64, 333, 509, 573, 723},
		"arib-std-b67": {64, 350, 560, 721, 940},
	} {
		luma := fmt.Sprintf("if(lt(X,64),%d,if(lt(X,128),%d,if(lt(X,192),%d,if(lt(X,256),%d,%d))))", levels[0], levels[1], levels[2], levels[3], levels[4])
		path := film(t, "v.mkv", "-f", "lavfi", "-i", "color=black:s=320x36:r=25:d=0.2,format=yuv420p10le,geq=lum='"+luma+"':cb=512:cr=512", "-c:v", "libx265", "-x265-params", "log-level=none:lossless=1",
			"-colorspace", "bt2020nc", "-color_primaries", "bt2020", "-color_trc", transfer, "-color_range", "tv")
		_, out := encode(t, path, []Rung{{320, 36, 4, 2e6, 4e6}}, nil)
		former := -1
		for i, got := range decodedRGB(t, out[0], 5) {
			t.Logf("%s %d: %v", transfer, levels[i], got)
			if max(got[0], got[1], got[2])-min(got[0], got[1], got[2]) > 4 {
				t.Errorf("%s %d: grey became %v", transfer, levels[i], got)
			}
			if got[0] <= former {
				t.Errorf("%s %d: %v is not lighter than the level before", transfer, levels[i], got)
			}
			if former = got[0]; i == 0 && got[0] > 4 || i == 3 && (got[0] < 150 || got[0] > 235) {
				t.Errorf("%s %d: %v", transfer, levels[i], got)
			}
		}
	}
}
