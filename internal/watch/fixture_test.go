package watch

import (
	"fmt"
	"html"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// filmLength is that of the hand-made film.
const filmLength = 24 * time.Second

// fixture is a small presentation in dir: two rungs, one sound, two subtitle languages, I-frames, a storyboard.
// The returned Page leaves Assets out.
func fixture(t *testing.T, dir string) Page {
	t.Helper()
	page := samplePage()
	write := func(name, text string) {
		t.Helper()
		at := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"v360", "v180", "i180", "audio", "mp4", "pictures"} {
		if err := os.MkdirAll(filepath.Join(dir, "o", name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	encode(t, dir)
	for _, track := range page.Tracks {
		at := "o/" + track.Language
		write(at+"/track.vtt", "WEBVTT\n"+cues(track.Lines, 0, filmLength))
		write(at+"/track.txt", "The text\n")
		playlist := "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:12\n#EXT-X-PLAYLIST-TYPE:VOD\n"
		for i := range 2 { // segments of 12 s
			from := time.Duration(i) * 12 * time.Second
			write(fmt.Sprintf("%s/%d.vtt", at, i), "WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000\n"+cues(track.Lines, from, from+12*time.Second))
			playlist += fmt.Sprintf("#EXTINF:12.000,\n%d.vtt\n", i)
		}
		write(at+"/index.m3u8", playlist+"#EXT-X-ENDLIST\n")
	}
	write("o/pictures/storyboard.vtt", string(StoryboardVTT(Storyboard{Sheets: []string{"sheet-0.jpg"}, Interval: 2 * time.Second,
		Width: 160, Height: 90, Columns: 4, Rows: 3}, filmLength)))
	write("r/one/master.m3u8", masterPlaylist)
	return page
}

const masterPlaylist = `#EXTM3U
#EXT-X-VERSION:7
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="русский",LANGUAGE="ru",DEFAULT=YES,AUTOSELECT=YES,CHANNELS="2",URI="../../o/audio/index.m3u8"
#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="s",NAME="English",LANGUAGE="en",AUTOSELECT=YES,URI="../../o/en/index.m3u8"
#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="s",NAME="русский",LANGUAGE="ru",AUTOSELECT=YES,URI="../../o/ru/index.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=900000,AVERAGE-BANDWIDTH=600000,RESOLUTION=640x360,FRAME-RATE=10.000,CODECS="avc1.4d401e,mp4a.40.2",AUDIO="a",SUBTITLES="s",CLOSED-CAPTIONS=NONE
../../o/v360/index.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=400000,AVERAGE-BANDWIDTH=300000,RESOLUTION=320x180,FRAME-RATE=10.000,CODECS="avc1.4d400d,mp4a.40.2",AUDIO="a",SUBTITLES="s",CLOSED-CAPTIONS=NONE
../../o/v180/index.m3u8
#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=90000,RESOLUTION=320x180,CODECS="avc1.4d400d",URI="../../o/i180/index.m3u8"
`

// cues writes the lines that overlap a span as WebVTT cues.
func cues(lines []Line, from, to time.Duration) string {
	var b strings.Builder
	for _, l := range lines {
		if l.Start < to && l.End > from {
			fmt.Fprintf(&b, "\n%s --> %s\n%s\n", stamp(l.Start), stamp(l.End), html.EscapeString(l.Text))
		}
	}
	return b.String()
}

// encode makes the moving parts: a picture that can be told apart at every second, and a tone. Ten pictures a second will do: a browser without a graphics
// card draws each by itself.
func encode(t *testing.T, dir string) {
	t.Helper()
	hls := func(size, rate, gop, seconds, out string) []string {
		return []string{"-map", "0:v", "-vf", "scale=" + size, "-r", rate, "-c:v", "libx264", "-preset", "ultrafast", "-profile:v", "main", "-pix_fmt", "yuv420p",
			"-g", gop, "-keyint_min", gop, "-sc_threshold", "0", "-f", "hls", "-hls_time", seconds, "-hls_playlist_type", "vod", "-hls_segment_type", "fmp4", "o/" + out + "/index.m3u8"}
	}
	length := fmt.Sprint(filmLength.Seconds())
	args := []string{"-nostdin", "-v", "error", "-y", "-f", "lavfi", "-i", "testsrc2=s=640x360:r=10:d=" + length, "-f", "lavfi", "-i", "sine=f=330:r=48000:d=" + length,
		"-f", "lavfi", "-t", "0.1", "-i", "mandelbrot=s=960x540:maxiter=200:start_x=-0.7435:start_y=0.1314:start_scale=0.02:inner=black"}
	args = append(args, hls("640:360", "10", "20", "6", "v360")...)
	args = append(args, hls("320:180", "10", "20", "6", "v180")...)
	args = append(args, hls("320:180", "1", "1", "1", "i180")...)
	args = append(args, "-map", "1:a", "-ac", "2", "-c:a", "aac", "-b:a", "96k", "-f", "hls", "-hls_time", "6", "-hls_playlist_type", "vod", "-hls_segment_type", "fmp4", "o/audio/index.m3u8")
	args = append(args, "-map", "0:v", "-map", "1:a", "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", "20", "-c:a", "aac", "-movflags", "+faststart", "o/mp4/film.mp4")
	args = append(args, "-map", "0:v", "-vf", "fps=1/2,scale=160:90,tile=4x3", "-frames:v", "1", "o/pictures/sheet-0.jpg")
	args = append(args, "-map", "2:v", "-frames:v", "1", "-vf", "eq=saturation=0.55,gblur=sigma=1", "o/pictures/poster.jpg")
	cmd := exec.Command("ffmpeg", args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("ffmpeg: %v\n%s", err, out)
	}
	list := filepath.Join(dir, "o/i180/index.m3u8")
	text, err := os.ReadFile(list)
	if err != nil {
		t.Fatal(err)
	}
	text = []byte(strings.Replace(string(text), "#EXT-X-PLAYLIST-TYPE", "#EXT-X-I-FRAMES-ONLY\n#EXT-X-PLAYLIST-TYPE", 1))
	if err := os.WriteFile(list, text, 0o644); err != nil {
		t.Fatal(err)
	}
}

var contentTypes = map[string]string{
	".m3u8": "application/vnd.apple.mpegurl", ".m4s": "video/iso.segment", ".mp4": "video/mp4", ".vtt": "text/vtt; charset=utf-8",
	".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".jpg": "image/jpeg",
}

// serve is a file server with the types that a release has.
func serve(dir string) http.Handler {
	files := http.FileServer(http.Dir(dir))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if typ := contentTypes[filepath.Ext(r.URL.Path)]; typ != "" {
			w.Header().Set("Content-Type", typ)
		}
		if strings.HasPrefix(r.URL.Path, "/o/") || strings.HasPrefix(r.URL.Path, "/r/") {
			w.Header().Set("Cache-Control", "public, max-age=31536000, immutable") // as a release is sent
		}
		files.ServeHTTP(w, r)
	})
}
