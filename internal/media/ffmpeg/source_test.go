package ffmpeg

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"filmpress/internal/media"
)

// TestOrientation: turned by quarters and mirrored, a film is shown as ffmpeg's own player shows it, at the size that the
// plan was told.
func TestOrientation(t *testing.T) {
	t.Parallel()
	const one = 1 << 16
	plain, err := os.ReadFile(film(t, "film.mp4", "-f", "lavfi", "-i", "testsrc=s=96x64:r=10:d=0.2,format=gray,format=yuv420p", "-c:v", "libx264", "-preset", "ultrafast", "-qp", "4"))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		a, b, c, d int32 // of the track header's matrix (ISO 14496-12, 8.3.2)
		turn       int
		mirrored   bool
	}{
		"upright":            {one, 0, 0, one, 0, false},
		"right":              {0, one, -one, 0, 90, false},
		"upside down":        {-one, 0, 0, -one, 180, false},
		"left":               {0, -one, one, 0, 270, false},
		"mirrored":           {-one, 0, 0, one, 0, true},
		"mirrored, right":    {0, one, one, 0, 90, true},
		"mirrored on a lake": {one, 0, 0, -one, 180, true},
		"mirrored, left":     {0, -one, -one, 0, 270, true},
		"askew":              {46341, 46341, -46341, 46341, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			data := bytes.Clone(plain)
			at := bytes.Index(data, []byte("tkhd")) + 4 + 40
			for i, v := range []int32{c.a, c.b, 0, c.c, c.d} {
				binary.BigEndian.PutUint32(data[at+4*i:], uint32(v))
			}
			path := save(t, "film.mp4", data)
			source := probe(t, path)
			v := source.Video[0]
			if v.Rotation != c.turn || v.Mirrored != c.mirrored {
				t.Fatalf("%d degrees, mirrored %v", v.Rotation, v.Mirrored)
			}
			w, h := v.Display()
			if turned := c.turn == 90 || c.turn == 270; turned != (w == 64 && h == 96) {
				t.Errorf("%dx%d", w, h)
			}
			if name == "askew" { // ffmpeg's player would turn it by 45 degrees; nobody films so
				return
			}
			_, out := encodeOf(t, path, source, []Rung{{w, h, 4, 2e6, 4e6, ""}}, nil)
			both := raw(t, "-i", path, "-noautorotate", "-i", save(t, "v.mp4", out[0]), "-filter_complex", "[0:v]trim=end_frame=1[a];[1:v]trim=end_frame=1[b];[a][b]concat,format=gray", "-f", "rawvideo", "-")
			if len(both) != 2*w*h {
				t.Fatalf("%d bytes of pixels", len(both))
			}
			if d := difference(both[:w*h], both[w*h:]); d > 4 {
				t.Errorf("it is shown another way (%.1f)", d)
			}
		})
	}
}

// inSeries joins transport streams, and counts their packets on (ISO/IEC 13818-1, 2.4.3.3): a jump in the count is damage.
func inSeries(streams ...[]byte) []byte {
	out := slices.Concat(streams...)
	count := map[int]byte{}
	for p := range slices.Chunk(out, 188) {
		pid := int(p[1]&0x1f)<<8 | int(p[2])
		if p[3]&0x10 != 0 { // it has a payload
			count[pid]++
		}
		p[3] = p[3]&0xf0 | count[pid]&0x0f
	}
	return out
}

// TestChangesMidway: a film whose size, form or rate changes midway keeps its number of frames, and shows every picture in its
// place at the first size; cut in pieces it has the same pictures. They are grey, because colours come out in BT.709, which changes their luma.
func TestChangesMidway(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	part := func(name, source, filter string, args ...string) string {
		path := filepath.Join(dir, name)
		raw(t, append([]string{"-f", "lavfi", "-i", source + filter, "-vf", "hue=s=0", "-preset", "ultrafast", "-qp", "8", "-f", "mpegts"}, append(args, path)...)...)
		return path
	}
	h264 := []string{"-c:v", "libx264"}
	one := part("one.ts", "testsrc2=s=320x192:r=25:d=2", ",format=yuv420p", h264...)
	first, err := os.ReadFile(one)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		second string
		args   []string
		fields bool
	}{
		"larger":          {"testsrc2=s=640x384:r=25:d=2", h264, false},
		"portrait":        {"testsrc2=s=96x160:r=25:d=2", h264, false},
		"ten bits":        {"testsrc2=s=320x192:r=25:d=2,format=yuv420p10le", h264, false},
		"faster":          {"testsrc2=s=320x192:r=50:d=2", h264, false},
		"of 4:2:2 fields": {"testsrc2=s=640x384:r=25:d=2,format=yuv422p", h264, true},
	} {
		if !campaign && name != "larger" && name != "of 4:2:2 fields" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			two := part(name+".ts", c.second, "", append([]string{"-output_ts_offset", "2"}, c.args...)...)
			second, err := os.ReadFile(two)
			if err != nil {
				t.Fatal(err)
			}
			path := save(t, "film.ts", inSeries(first, second))
			source := probe(t, path)
			v := source.Video[0]
			if c.fields {
				v.Scan = media.ScanUpperFirst
				source.Video[0] = v
			}
			if v.Width != 320 || v.Height != 192 {
				t.Fatalf("%dx%d", v.Width, v.Height)
			}
			rungs := []Rung{{160, 96, 10, 4e6, 8e6, ""}}
			total := int64(source.Duration.Seconds()*v.Rate.Float() + 0.5)
			whole, parts, again := pieces(t, path, source, rungs, total/4, total*3/4)
			if len(again) > 0 {
				t.Errorf("the pieces from %d could be had from the film's beginning alone", again)
			}
			all := slices.Collect(slices.Chunk(oneByOne(t, "scale=40:24:flags=area", append([][]byte{whole}, parts...)), 40*24))
			shown, joined := all[:countFrames(whole)], all[countFrames(whole):]
			if len(shown) != int(total) || len(joined) != int(total) {
				t.Fatalf("%d and %d frames, not %d", len(shown), len(joined), total)
			}
			want := append(gray(t, one, 40, 24, "fps="+v.Rate.String()+",scale=40:24:flags=area"),
				gray(t, two, 40, 24, "fps="+v.Rate.String()+",scale=40:24:flags=area")...)
			for i := range min(len(want), int(total)) {
				if d := difference(shown[i], want[i]); d > 14 {
					t.Fatalf("frame %d of %d is another picture (%.1f)", i, total, d)
				}
				if d := difference(shown[i], joined[i]); d > 6 {
					t.Fatalf("frame %d of %d is another one in pieces (%.1f)", i, total, d)
				}
			}
		})
	}
}

// drawings are what lavfi's pictures show; several films show the same.
type drawings struct {
	mu    sync.Mutex
	known map[string][][]byte
}

// drawn gives the luma of a picture's frames at a size, of which there must be one for each test.
func (d *drawings) drawn(t *testing.T, picture string, w, h int) [][]byte {
	t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.known[picture] == nil {
		if d.known == nil {
			d.known = map[string][][]byte{}
		}
		d.known[picture] = slices.Collect(slices.Chunk(raw(t, "-f", "lavfi", "-i", picture, "-vf", fmt.Sprintf("scale=%d:%d:flags=area,format=gray", w, h), "-f", "rawvideo", "-"), w*h))
	}
	return d.known[picture]
}

// TestEveryKind: films of every codec, container and pixel format that cameras and editors hand in show the same picture and
// sound: at their size with square pixels, even, in 8-bit 4:2:0.
func TestEveryKind(t *testing.T) {
	t.Parallel()
	type row struct {
		name, size, shown string
		args              []string
	}
	x264 := func(more ...string) []string {
		return append([]string{"-c:v", "libx264", "-preset", "ultrafast", "-qp", "8"}, more...)
	}
	var known drawings
	rows := []row{
		{"odd.mkv", "97x63", "98x64", x264("-pix_fmt", "yuv444p", "-c:a", "flac")},
		{"anamorphic.mp4", "72x64", "96x64", x264("-vf", "setsar=4/3", "-c:a", "aac")},
		{"hevc.mp4", "96x64", "96x64", []string{"-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none:qp=8", "-tag:v", "hvc1", "-c:a", "aac"}},
		{"vp9.webm", "96x64", "96x64", []string{"-c:v", "libvpx-vp9", "-b:v", "2M", "-deadline", "realtime", "-cpu-used", "8", "-c:a", "libopus"}},
		{"av1.mkv", "96x64", "96x64", []string{"-c:v", "libaom-av1", "-b:v", "2M", "-usage", "realtime", "-cpu-used", "8", "-c:a", "libopus"}},
		{"dnxhr.mxf", "256x128", "256x128", []string{"-c:v", "dnxhd", "-profile:v", "dnxhr_sq", "-pix_fmt", "yuv422p", "-c:a", "pcm_s16le", "-ar", "48000"}},
		{"xvid.avi", "96x64", "96x64", []string{"-c:v", "mpeg4", "-q:v", "2", "-bf", "1", "-c:a", "libmp3lame"}},
		{"mpeg2.mpg", "96x64", "96x64", []string{"-c:v", "mpeg2video", "-q:v", "2", "-c:a", "mp2"}},
		{"avchd.mts", "96x64", "96x64", x264("-c:a", "ac3", "-f", "mpegts", "-mpegts_m2ts_mode", "1")},
		{"phone.3gp", "176x144", "176x144", []string{"-c:v", "h263", "-q:v", "2", "-c:a", "aac", "-ac", "1"}},
	}
	if campaign {
		rows = append(rows, []row{
			{"portrait.mp4", "64x96", "64x96", x264("-c:a", "aac")},
			{"4:2:2.mkv", "96x64", "96x64", x264("-pix_fmt", "yuv422p10le", "-c:a", "pcm_s24le")},
			{"full.mp4", "96x64", "96x64", x264("-pix_fmt", "yuvj420p", "-c:a", "aac")},
			{"gray.mkv", "96x64", "96x64", []string{"-c:v", "ffv1", "-pix_fmt", "gray", "-c:a", "flac"}},
			{"prores4444.mov", "96x64", "96x64", []string{"-c:v", "prores_ks", "-profile:v", "4", "-pix_fmt", "yuva444p10le", "-c:a", "pcm_s24le"}},
			{"windows.wmv", "96x64", "96x64", []string{"-c:v", "wmv2", "-q:v", "2", "-c:a", "wmav2"}},
			{"h264.mov", "96x64", "96x64", x264("-c:a", "pcm_s16le")},
			{"narrow.mkv", "128x64", "96x64", x264("-vf", "setsar=3/4", "-c:a", "ac3")},
			{"ten-bit.mkv", "96x64", "96x64", x264("-pix_fmt", "yuv420p10le", "-c:a", "libopus")},
			{"4:4:4.mp4", "96x64", "96x64", x264("-pix_fmt", "yuv444p", "-c:a", "alac")},
			{"vp8.webm", "96x64", "96x64", []string{"-c:v", "libvpx", "-b:v", "2M", "-deadline", "realtime", "-c:a", "libvorbis"}},
			{"prores.mov", "96x64", "96x64", []string{"-c:v", "prores_ks", "-profile:v", "3", "-c:a", "pcm_s24le"}},
			{"dnxhr.mov", "256x128", "256x128", []string{"-c:v", "dnxhd", "-profile:v", "dnxhr_hq", "-pix_fmt", "yuv422p", "-c:a", "pcm_s16le"}},
			{"mjpeg.avi", "96x64", "96x64", []string{"-c:v", "mjpeg", "-q:v", "2", "-c:a", "pcm_u8"}},
			{"mpeg2.ts", "96x64", "96x64", []string{"-c:v", "mpeg2video", "-q:v", "2", "-c:a", "ac3"}},
			{"xdcam.mxf", "96x64", "96x64", []string{"-c:v", "mpeg2video", "-q:v", "2", "-c:a", "pcm_s16le", "-ar", "48000"}},
			{"flash.flv", "96x64", "96x64", []string{"-c:v", "flv", "-q:v", "2", "-c:a", "libmp3lame", "-ar", "44100"}},
			{"theora.ogv", "96x64", "96x64", []string{"-c:v", "libtheora", "-q:v", "9", "-c:a", "libvorbis"}},
			{"end.mp4", "96x64", "96x64", x264("-c:a", "aac", "-movflags", "-faststart")},
			{"timecode.mov", "96x64", "96x64", x264("-c:a", "pcm_s16le", "-timecode", "10:00:00:00")},
		}...)
	}
	for _, c := range rows {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			picture := "nullsrc=s=" + c.size + ":r=25:d=0.8,geq=lum='128+60*sin((X+N)/9)+40*sin((Y-N)/11)':cb=128:cr=128"
			path := film(t, c.name, append([]string{"-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", "sine=f=500:d=0.8:r=48000"}, c.args...)...)
			source := probe(t, path)
			v := source.Video[0]
			w, h := v.Display()
			w, h = (w+1)/2*2, (h+1)/2*2
			if got := itoa(w) + "x" + itoa(h); got != c.shown || len(source.Audio) != 1 {
				t.Fatalf("%s, %d sounds", got, len(source.Audio))
			}
			_, out := encodeOf(t, path, source, []Rung{{w, h, 8, 4e6, 8e6, ""}}, func(l *Ladder) { l.Frames = 18 })
			adts := encodeSound(t, path, func(s *AudioSpec) { s.Stream, s.Duration = source.Audio[0].Index, media.Rational{Num: 7, Den: 10} })
			pixels, pcm := oneByOneWithSound(t, "scale=24:16:flags=area", out, adts)
			shown, want := slices.Collect(slices.Chunk(pixels, 24*16)), known.drawn(t, picture, 24, 16)
			if len(shown) != 18 {
				t.Fatalf("%d frames", len(shown))
			}
			for i := range shown {
				if d := difference(shown[i], want[i]); d > 6 {
					t.Fatalf("frame %d differs by %.1f", i, d)
				}
			}
			left, right := levels(pcm)
			if left < -35 || right < -35 {
				t.Errorf("the sound is at %.1f and %.1f dB", left, right)
			}
		})
	}
}
