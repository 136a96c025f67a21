package ffmpeg

import (
	"bytes"
	"context"
	"image"
	gojpeg "image/jpeg"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// rendition is a film with a keyframe every two seconds, of one brightness each: 0 and 1 black, then ever lighter. It is made once, and drawn small.
func rendition(t *testing.T) string {
	t.Helper()
	steps.once.Do(func() {
		steps.film = raw(t, "-f", "lavfi", "-i", "color=gray:s=16x9:r=10:d=24,geq=lum='if(lt(T,4),16,40+8*floor(T/2))':cb=128:cr=128,scale=320:180:flags=neighbor",
			"-c:v", "libx264", "-preset", "ultrafast", "-g", "20", "-keyint_min", "20", "-sc_threshold", "0", "-colorspace", "bt709", "-movflags", "+frag_keyframe+empty_moov", "-f", "mp4", "-")
	})
	if steps.film == nil {
		t.Fatal("the film was not made for another test")
	}
	return save(t, "v.mp4", steps.film)
}

var steps struct {
	once sync.Once
	film []byte
}

func picture(t *testing.T, data []byte, w, h int) image.Image {
	t.Helper()
	m, err := gojpeg.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if b := m.Bounds(); b.Dx() != w || b.Dy() != h {
		t.Fatalf("%v, want %dx%d", b, w, h)
	}
	return m
}

// light is a pixel's brightness, 0 to 255.
func light(m image.Image, x, y int) int {
	r, g, b, _ := m.At(x, y).RGBA()
	return int((r + g + b) / 3 >> 8)
}

// full is the brightness of a limited-range luma.
func full(luma int) int { return (luma - 16) * 255 / 219 }

func around(got, want int) bool { return got >= want-4 && got <= want+4 }

func TestStill(t *testing.T) {
	t.Parallel()
	path := rendition(t)
	for _, c := range []struct {
		at   time.Duration
		want int
	}{{0, 0}, {5 * time.Second, full(40 + 8*2)}, {20 * time.Second, full(40 + 8*10)}, {23900 * time.Millisecond, full(40 + 8*11)}} {
		data, err := stillOf(t, StillSpec{Path: path, At: c.at})
		if err != nil {
			t.Fatal(err)
		}
		if got := light(picture(t, data, 320, 180), 160, 90); !around(got, c.want) {
			t.Errorf("at %s the brightness is %d, want %d", c.at, got, c.want)
		}
	}
	data, err := stillOf(t, StillSpec{Path: path, At: -1, Duration: 24 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	if got := light(picture(t, data, 320, 180), 160, 90); got < full(50) || got > full(75) {
		t.Errorf("the poster's brightness is %d: black, or from after the first third", got)
	}
	black := film(t, "black.mp4", "-f", "lavfi", "-i", "color=black:s=64x36:r=25:d=1", "-c:v", "libx264")
	board := StoryboardSpec{Path: black, Duration: time.Second, Interval: time.Second, Width: 64, Height: 36, Columns: 1, Rows: 1}
	sheet := func(_ int, data []byte) error { picture(t, data, 64, 36); return nil }
	if data, err = tools(t).StillAndStoryboard(context.Background(), StillSpec{Path: black, At: -1, Duration: time.Second}, board, sheet, ""); err != nil {
		t.Fatal(err)
	}
	picture(t, data, 64, 36)
}

// TestStoryboard: picture i shows the film at i times the interval, on sheets that are filled up with black; made alone, or beside a
// poster, which is then the same as alone.
func TestStoryboard(t *testing.T) {
	t.Parallel()
	path := rendition(t)
	still := StillSpec{Path: path, At: -1, Duration: 24 * time.Second}
	poster, err := stillOf(t, still)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		interval time.Duration
		pictures int
	}{{2 * time.Second, 12}, {4 * time.Second, 6}, {5 * time.Second, 5}, {30 * time.Second, 1}} {
		spec := StoryboardSpec{Path: path, Duration: 24 * time.Second, Interval: c.interval, Width: 64, Height: 36, Columns: 2, Rows: 2}
		if spec.Count() != c.pictures {
			t.Fatalf("%d pictures", spec.Count())
		}
		var sheets []image.Image
		add := func(i int, data []byte) error {
			if i != len(sheets) {
				t.Errorf("sheet %d comes after %d", i, len(sheets))
			}
			sheets = append(sheets, picture(t, data, 128, 72))
			return nil
		}
		beside, err := poster, error(nil)
		if c.pictures == 1 {
			err = tools(t).Storyboard(context.Background(), spec, add, "")
		} else {
			beside, err = tools(t).StillAndStoryboard(context.Background(), still, spec, add, "")
		}
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(beside, poster) {
			t.Errorf("every %s: the poster beside the storyboard is another one", c.interval)
		}
		for i := range len(sheets) * 4 {
			want := 0
			if at := time.Duration(i) * c.interval / (2 * time.Second); i < c.pictures && at >= 2 {
				want = full(40 + 8*int(at))
			}
			if got := light(sheets[i/4], i%2*64+32, i%4/2*36+18); !around(got, want) {
				t.Errorf("every %s: picture %d has brightness %d, want %d", c.interval, i, got, want)
			}
		}
	}
}

// TestJPEGColors: pure colours of BT.709 come out as themselves.
func TestJPEGColors(t *testing.T) {
	t.Parallel()
	colors := map[string][3]int{"red": {255, 0, 0}, "green": {0, 128, 0}, "blue": {0, 0, 255}, "white": {255, 255, 255}}
	var inputs []string
	var list []made
	for name := range colors {
		inputs = append(inputs, "-f", "lavfi", "-i", "color="+name+":s=64x36:r=5:d=1")
		list = append(list, made{name + ".mp4", []string{"-map", itoa(len(list)), "-vf", "scale=out_color_matrix=bt709:out_range=tv,format=yuv420p",
			"-c:v", "libx264", "-preset", "ultrafast", "-qp", "4", "-colorspace", "bt709"}})
	}
	for _, path := range films(t, inputs, list...) {
		name := strings.TrimSuffix(filepath.Base(path), ".mp4")
		want := colors[name]
		data, err := stillOf(t, StillSpec{Path: path, Quality: 2})
		if err != nil {
			t.Fatal(err)
		}
		r, g, b, _ := picture(t, data, 64, 36).At(32, 18).RGBA()
		for i, got := range []uint32{r >> 8, g >> 8, b >> 8} {
			if d := int(got) - want[i]; d < -5 || d > 5 {
				t.Errorf("%s is %d %d %d", name, r>>8, g>>8, b>>8)
				break
			}
		}
	}
}

// TestRemux: picture and sound begin together, the index stands in front, and nothing tells who made it.
func TestRemux(t *testing.T) {
	t.Parallel()
	source := film(t, "film.mp4", "-f", "lavfi", "-i", "testsrc2=s=160x90:r=10:d=4", "-f", "lavfi", "-i", "sine=d=4", "-c:v", "libx264", "-preset", "ultrafast", "-bf", "2", "-c:a", "aac", "-metadata", "title=secret")
	_, out := encode(t, source, small(160, 90), nil)
	video := save(t, "v.mp4", out[0])
	audio := film(t, "a.mp4", "-i", save(t, "a.aac", encodeSound(t, source, nil)), "-c", "copy", "-bsf:a", "aac_adtstoasc", "-movflags", "+frag_keyframe+empty_moov")
	for _, c := range []struct{ audio, name string }{{audio, "-both 100%d.mp4"}, {"", "mute.mp4"}} {
		path := filepath.Join(t.TempDir(), c.name)
		if err := tools(t).Remux(context.Background(), video, c.audio, path, ""); err != nil {
			t.Fatal(err)
		}
		s := probe(t, path)
		if s.Start != 0 || s.Video[0].Start != 0 || s.Video[0].Frames != 40 || (c.audio != "") != (len(s.Audio) == 1) {
			t.Errorf("%+v", s)
		}
		if err := tools(t).Decode(context.Background(), path, nil, ""); err != nil {
			t.Error(err)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if moov, mdat := bytes.Index(data, []byte("moov")), bytes.Index(data, []byte("mdat")); moov < 0 || moov > mdat {
			t.Errorf("the index stands at %d, the data at %d", moov, mdat)
		}
		for _, mark := range []string{"secret", "x264 - core", "VideoHandler"} {
			if bytes.Contains(data, []byte(mark)) {
				t.Errorf("%q is in the file", mark)
			}
		}
	}
	if err := tools(t).Decode(context.Background(), save(t, "cut.mp4", out[0][:len(out[0])*3/4]), nil, ""); err == nil {
		t.Error("a cut file decodes")
	}
}

// stillOf is a poster without a storyboard beside it.
func stillOf(t *testing.T, s StillSpec) ([]byte, error) {
	t.Helper()
	return tools(t).firstOf(context.Background(), s.ways(), "")
}

// TestStillOfFade: a film that fades in from black, or from white, gets a poster on which there is something.
func TestStillOfFade(t *testing.T) {
	t.Parallel()
	var list []made
	for _, ground := range []string{"black", "white"} {
		list = append(list, made{ground + ".mp4", []string{"-vf", "trim=end=12,fade=d=3:color=" + ground, "-c:v", "libx264", "-preset", "ultrafast", "-g", "5", "-pix_fmt", "yuv420p"}})
	}
	for _, path := range films(t, []string{"-f", "lavfi", "-t", "12", "-i", "mandelbrot=s=320x180:r=5:maxiter=200"}, list...) {
		data, err := stillOf(t, StillSpec{Path: path, At: -1, Duration: 12 * time.Second})
		if err != nil {
			t.Fatal(err)
		}
		p := picture(t, data, 320, 180)
		low, high := 255, 0
		for x := 4; x < 320; x += 8 {
			for y := 4; y < 180; y += 8 {
				at := light(p, x, y)
				low, high = min(low, at), max(high, at)
			}
		}
		if high-low < 60 {
			t.Errorf("from %s: the poster's brightness lies between %d and %d", filepath.Base(path), low, high)
		}
	}
}
