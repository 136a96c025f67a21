package watch

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// line is a thin network in front of a server: all answers share its rate, and each waits for the round trip.
type line struct {
	mu      sync.Mutex
	free    time.Time     // when what was sent before has gone through
	rate    float64       // bytes per second
	latency time.Duration // of a round trip
}

func (l *line) in(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(l.latency)
		h.ServeHTTP(&thinWriter{ResponseWriter: w, line: l}, r)
	})
}

type thinWriter struct {
	http.ResponseWriter
	line *line
}

func (w *thinWriter) Write(p []byte) (n int, err error) {
	const packet = 1400
	for len(p) > 0 {
		k := min(packet, len(p))
		w.line.mu.Lock()
		w.line.free = later(w.line.free, time.Now()).Add(time.Duration(float64(k) / w.line.rate * float64(time.Second)))
		wait := time.Until(w.line.free)
		w.line.mu.Unlock()
		time.Sleep(wait)
		m, err := w.ResponseWriter.Write(p[:k])
		n += m
		if err != nil {
			return n, err
		}
		w.ResponseWriter.(http.Flusher).Flush()
		p = p[k:]
	}
	return n, nil
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// thinFilm is a film whose smallest rung and sound have the rates of the pipeline "documentary", 145 and 96 kb/s (ultrafast x264 overshoots by a tenth), in segments of
// as publish cuts them.
func thinFilm(t *testing.T, dir string, player Player, seconds int) {
	t.Helper()
	for _, name := range []string{"v0", "v1", "audio", "pictures"} {
		if err := os.MkdirAll(filepath.Join(dir, "o", name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	length := fmt.Sprint(seconds)
	args := []string{"-nostdin", "-v", "error", "-y", "-f", "lavfi", "-i", "testsrc2=s=640x360:r=25:d=" + length, "-f", "lavfi", "-i", "anoisesrc=r=48000:a=0.05:d=" + length}
	hls := []string{"-f", "hls", "-hls_time", "2", "-hls_list_size", "0", "-hls_playlist_type", "vod", "-hls_segment_type", "fmp4"}
	for name, r := range map[string][2]string{"v0": {"416:234", "132k"}, "v1": {"640:360", "365k"}} {
		args = append(args, "-map", "0:v", "-vf", "scale="+r[0], "-c:v", "libx264", "-preset", "ultrafast", "-profile:v", "main", "-pix_fmt", "yuv420p", "-g", "50", "-keyint_min", "50",
			"-sc_threshold", "0", "-b:v", r[1], "-maxrate", r[1], "-bufsize", r[1])
		args = append(append(args, hls...), "-hls_fmp4_init_filename", "init-"+name+".mp4", "o/"+name+"/index.m3u8")
	}
	args = append(args, "-map", "1:a", "-ac", "2", "-c:a", "aac", "-b:a", "96k")
	args = append(append(args, hls...), "-hls_fmp4_init_filename", "init-audio.mp4", "o/audio/index.m3u8", "-map", "0:v", "-frames:v", "1", "o/pictures/poster.jpg")
	cmd := exec.Command("ffmpeg", args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("ffmpeg: %v\n%s", err, out)
	}
	for _, name := range []string{"v0", "v1", "audio"} {
		join(t, filepath.Join(dir, "o", name))
	}
	page := samplePage()
	page.Opening = []string{"o/v0/index.m3u8", "o/v0/init-v0.mp4", "o/v0/s5.m4s", "o/audio/index.m3u8", "o/audio/init-audio.mp4", "o/audio/s5.m4s"}
	page.Base, page.Master, page.Duration, page.Storyboard, page.Tracks, page.Chapters = "", "master.m3u8", time.Duration(seconds)*time.Second, "", nil, nil
	page.Poster = "o/pictures/poster.jpg"
	page.Assets = player.Assets(func(name string) string { return "o/" + name })
	for name, data := range map[string][]byte{"o/" + player.JS.Name: player.JS.Data, "o/" + player.HLS.Name: player.HLS.Data, "o/" + player.CSS.Name: player.CSS.Data, "index.html": render(t, page), "master.m3u8": []byte(thinMaster)} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// join makes each three segments of 2 s into one of 6 s, with a fragment for each group of pictures, but for the three that the film opens with.
func join(t *testing.T, dir string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "index.m3u8"))
	if err != nil {
		t.Fatal(err)
	}
	out := []string{"#EXTM3U", "#EXT-X-VERSION:7", "#EXT-X-TARGETDURATION:6", "#EXT-X-PLAYLIST-TYPE:VOD", `#EXT-X-MAP:URI="init-` + filepath.Base(dir) + `.mp4"`}
	var length float64
	var data []byte
	n := 0
	flush := func() {
		if data == nil {
			return
		}
		name := fmt.Sprintf("s%d.m4s", len(out))
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
		out = append(out, fmt.Sprintf("#EXTINF:%.6f,", length), name)
		length, data = 0, nil
	}
	for _, row := range strings.Split(string(text), "\n") {
		if duration, ok := strings.CutPrefix(row, "#EXTINF:"); ok {
			var d float64
			if _, err := fmt.Sscanf(duration, "%f,", &d); err != nil {
				t.Fatal(err)
			}
			length += d
		} else if strings.HasSuffix(row, ".m4s") {
			part, err := os.ReadFile(filepath.Join(dir, row))
			if err != nil {
				t.Fatal(err)
			}
			data = append(data, part...)
			if n++; n < 3 || n%3 == 0 {
				flush()
			}
		}
	}
	flush()
	if err := os.WriteFile(filepath.Join(dir, "index.m3u8"), []byte(strings.Join(append(out, "#EXT-X-ENDLIST", ""), "\n")), 0o644); err != nil {
		t.Fatal(err)
	}
}

const thinMaster = `#EXTM3U
#EXT-X-VERSION:7
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="English",LANGUAGE="en",DEFAULT=YES,AUTOSELECT=YES,CHANNELS="2",URI="o/audio/index.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=520000,AVERAGE-BANDWIDTH=470000,RESOLUTION=640x360,FRAME-RATE=25.000,CODECS="avc1.4d401e,mp4a.40.2",AUDIO="a",CLOSED-CAPTIONS=NONE
o/v1/index.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=260000,AVERAGE-BANDWIDTH=241000,RESOLUTION=416x234,FRAME-RATE=25.000,CODECS="avc1.4d4015,mp4a.40.2",AUDIO="a",CLOSED-CAPTIONS=NONE
o/v0/index.m3u8
`

// TestThinLines measures how soon a film begins on a thin line, and whether it goes on. Every day it plays for some seconds; with
// FILMPRESS_TEST_CAMPAIGN it plays for two minutes, and the promised times are held.
func TestThinLines(t *testing.T) {
	t.Parallel()
	player, chromium := needBrowser(t)
	campaign := os.Getenv("FILMPRESS_TEST_CAMPAIGN") != ""
	play, ahead := 8, 10 // seconds; the film is longer by what a player may load ahead
	if campaign {
		play, ahead = 120, 40
	}
	dir := t.TempDir()
	thinFilm(t, dir, player, play+ahead)
	for _, c := range []struct {
		name    string
		kbits   float64
		latency time.Duration
		seconds int     // to play
		first   float64 // seconds from the click to the first picture; 0 is not asked
		eager   bool    // the click comes with the controls, before all of the player
	}{{"400 kb/s", 400, 300 * time.Millisecond, play, 3, false}, {"250 kb/s", 250, 300 * time.Millisecond, play, 0, false}, {"400 kb/s, pressed at once", 400, 300 * time.Millisecond, 8, 0, true}} {
		if c.eager && !campaign {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			if !campaign { // one line is measured at a time
				t.Parallel()
			}
			l := &line{rate: c.kbits * 1000 / 8, latency: c.latency}
			server := httptest.NewServer(l.in(gzipped(serve(dir))))
			defer server.Close()
			cmd := exec.Command("node", "../../testdata/browser/thin.mjs", "--url", server.URL+"/index.html", "--seconds", fmt.Sprint(c.seconds))
			if c.eager {
				cmd.Args = append(cmd.Args, "--eager")
			}
			cmd.Env = append(os.Environ(), "CHROMIUM="+chromium)
			cmd.Stderr = os.Stderr
			out, err := cmd.Output()
			var seen struct {
				OK                                         bool
				Reason                                     string
				Text, Ready, Whole, First, Moving, Stalled float64
				Stalls, BeforePlay                         int
			}
			if e := json.Unmarshal(out, &seen); err != nil || e != nil || !seen.OK {
				t.Fatalf("%v %v %s", err, e, out)
			}
			t.Logf("%s: the text after %.1f s, the controls after %.1f s, all of the player after %.1f s; from the click, the first picture after %.1f s, and it moves after %.1f s; %d stalls of %.1f s in %d s; %d bytes before play",
				c.name, seen.Text, seen.Ready, seen.Whole, seen.First, seen.Moving, seen.Stalls, seen.Stalled, c.seconds, seen.BeforePlay)
			if campaign && c.first > 0 && seen.First > c.first {
				t.Errorf("the first picture came after %.1f s, not within %.0f", seen.First, c.first)
			}
			if campaign && seen.Stalls > 0 {
				t.Errorf("the film stood still %d times, for %.1f s", seen.Stalls, seen.Stalled)
			}
		})
	}
}
