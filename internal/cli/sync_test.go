package cli

import (
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// pieces is a pipeline that cuts a film of ten seconds in two chunks and five segments.
const pieces = `segment: 2
gop: 1
video: {chunk: 6, preset: ultrafast, crf: 30, ladder: [{width: 160, height: 90, max: 400}]}
audio: {bitrate: 96, loudness: -16, true-peak: -1.5}
mp4: {height: 720}
pictures: {interval: 2, width: 80}
subtitles: {segment: 2}
`

// TestPictureAndSoundStayTogether: films that flash and beep at once do so in the finished segments, at the time at which
// they did it, to within one frame: whatever the rate, the container, its start and its edit lists. FILMPRESS_TEST_CAMPAIGN tries more of them.
func TestPictureAndSoundStayTogether(t *testing.T) {
	needFFmpeg(t)
	flash := func(rate string) string {
		return "color=black:s=160x90:r=" + rate + ":d=10,drawbox=c=white:t=fill:enable='lt(mod(t+2.0001,3),0.15)'"
	}
	const beep = "aevalsrc='if(lt(mod(t+2,3),0.15),0.7*sin(2000*PI*t),0)':s=48000:d=10"
	x264 := []string{"-c:v", "libx264", "-preset", "ultrafast", "-bf", "2", "-g", "50", "-pix_fmt", "yuv420p"}
	type row struct {
		name, rate string
		before     []string // options of the sound's input
		args       []string
	}
	rows := []row{
		{"start-not-0.ts", "25", nil, []string{"-c:a", "mp2", "-output_ts_offset", "4711.3"}},
		{"variable.mkv", "30", nil, []string{"-vf", "select='not(mod(n\\,7))+gte(n\\,100)*lte(n\\,190)+lt(mod(t+2.1\\,3)\\,0.3)'", "-fps_mode", "vfr", "-c:a", "flac"}},
	}
	if campaign {
		rows = append(rows, []row{
			{"interlaced.ts", "50", nil, []string{"-vf", "tinterlace=mode=interleave_top", "-c:v", "mpeg2video", "-b:v", "4M", "-flags", "+ilme+ildct", "-top", "1", "-c:a", "mp2"}},
			{"late-picture.mp4", "25", []string{"-itsoffset", "-0.41"}, []string{"-c:a", "aac"}},
			{"23.976.mp4", "24000/1001", nil, []string{"-c:a", "aac"}},
			{"25.mkv", "25", nil, []string{"-c:a", "libopus"}},
			{"29.97.mov", "30000/1001", nil, []string{"-c:a", "pcm_s16le"}},
			{"50.mp4", "50", nil, []string{"-c:a", "aac"}},
			{"59.94.mp4", "60000/1001", nil, []string{"-c:a", "aac"}},
			{"late-sound.mp4", "25", []string{"-itsoffset", "0.73"}, []string{"-c:a", "aac"}},
			{"fragmented.mp4", "25", nil, []string{"-c:a", "aac", "-movflags", "frag_keyframe+empty_moov"}},
			{"sound-first.mp4", "25", nil, []string{"-map", "1", "-map", "0", "-c:a", "aac"}},
		}...)
	}
	for _, c := range rows {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			film, pipe := filepath.Join(dir, c.name), filepath.Join(dir, "pieces.yml")
			args := append([]string{"-v", "error", "-f", "lavfi", "-i", flash(c.rate)}, c.before...)
			args = append(append(args, "-f", "lavfi", "-i", beep), append(append([]string{}, x264...), c.args...)...)
			if out, err := exec.Command("ffmpeg", append(args, film)...).CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			if err := os.WriteFile(pipe, []byte(pieces), 0o644); err != nil {
				t.Fatal(err)
			}
			r := publishing(t, film, "--to", filepath.Join(dir, "library"), "--language", "en", "--pipeline", pipe)
			frame := 1 / r.Renditions[0].FrameRate
			sound := filepath.Join(filepath.Dir(r.Renditions[0].Playlist), "audio-0.m3u8")
			start := startOf(t, film)
			seenBefore, heardBefore := flashes(t, film), beeps(t, film)
			seen, heard := flashes(t, r.Renditions[0].Playlist), beeps(t, sound)
			if len(seen) != 3 || len(seenBefore) != 3 || len(heard) < 3 || len(heardBefore) < 3 { // the sound's end is told, too
				t.Fatalf("flashes %v of %v, beeps %v of %v", seen, seenBefore, heard, heardBefore)
			}
			var moved, apart float64
			for i := range seen {
				d := seen[i] - (seenBefore[i] - start)
				moved = max(moved, math.Abs(d))
				if math.Abs(d) > frame {
					t.Errorf("flash %d comes at %.4f s, %.4f s away from its time", i, seen[i], d)
				}
				d = (seen[i] - heard[i]) - (seenBefore[i] - heardBefore[i])
				apart = max(apart, math.Abs(d))
				if math.Abs(d) > frame {
					t.Errorf("flash %d comes at %.4f s, its beep at %.4f s: %.4f s apart from before", i, seen[i], heard[i], d)
				}
			}
			t.Logf("picture moved by %.1f ms, picture and sound apart by %.1f ms, at most; a frame lasts %.1f ms", 1e3*moved, 1e3*apart, 1e3*frame)
		})
	}
}

// TestOverBeforeAWholeSegment: a film of ten seconds has no segment of six, as it opens with three of two. What HLS and DASH say of its rates is
// the same all the same, also where one of them costs most.
func TestOverBeforeAWholeSegment(t *testing.T) {
	needFFmpeg(t)
	dir := t.TempDir()
	film, pipe := filepath.Join(dir, "film.mp4"), filepath.Join(dir, "six.yml")
	if out, err := exec.Command("ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=25:d=10,noise=alls=30:allf=t:enable='between(t,2,4)'", "-f", "lavfi", "-i", "anoisesrc=d=10",
		"-c:v", "libx264", "-preset", "ultrafast", "-crf", "18", "-pix_fmt", "yuv420p", "-c:a", "aac", film).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	six := strings.NewReplacer("segment: 2\ngop: 1", "segment: 6\ngop: 2", "subtitles: {segment: 2}", "subtitles: {segment: 30}", "width: 160, height: 90, max: 400", "width: 320, height: 180, max: 2000").Replace(pieces)
	if err := os.WriteFile(pipe, []byte(six), 0o644); err != nil {
		t.Fatal(err)
	}
	r := publishing(t, film, "--to", filepath.Join(dir, "library"), "--language", "en", "--pipeline", pipe)
	list, err := os.ReadFile(r.Renditions[0].Playlist)
	if err != nil || strings.Count(string(list), "#EXTINF:") != 4 || !strings.Contains(string(list), "#EXT-X-TARGETDURATION:6\n") {
		t.Errorf("%v\n%s", err, list)
	}
}

var (
	ptsTime    = regexp.MustCompile(`pts_time:(-?[0-9.]+)`)
	silenceEnd = regexp.MustCompile(`silence_end: (-?[0-9.]+)`)
)

// flashes are the times at which a picture becomes bright.
func flashes(t *testing.T, path string) []float64 {
	return times(t, ptsTime, "-copyts", "-i", path, "-map", "0:V:0", "-vf",
		"crop=16:16:8:8,format=gray,signalstats,metadata=mode=select:key=lavfi.signalstats.YAVG:value=128:function=greater,metadata=mode=print:file=-", "-fps_mode", "passthrough", "-f", "null", "-")
}

// beeps are the times at which silence ends.
func beeps(t *testing.T, path string) []float64 {
	return times(t, silenceEnd, "-copyts", "-i", path, "-map", "0:a:0", "-af", "silencedetect=n=-22dB:d=0.4", "-f", "null", "-")
}

// times are those that ffmpeg tells, without those that follow another within half a second.
func times(t *testing.T, told *regexp.Regexp, args ...string) (out []float64) {
	t.Helper()
	text, err := exec.Command("ffmpeg", append([]string{"-hide_banner", "-nostdin", "-nostats"}, args...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	last := math.Inf(-1)
	for _, m := range told.FindAllStringSubmatch(strings.ReplaceAll(string(text), "\r", "\n"), -1) {
		at, err := strconv.ParseFloat(m[1], 64)
		if err != nil {
			t.Fatal(err)
		}
		if at > last+0.5 {
			out = append(out, at)
		}
		last = at
	}
	return out
}
