package ffmpeg

import (
	"fmt"
	"slices"
	"testing"

	"filmpress/internal/media"
)

// TestLateStreams: where picture or sound begins later than ffmpeg looks for streams by itself, all is known of both, they stay together,
// and a piece cut anywhere has the frames of one continuous run.
func TestLateStreams(t *testing.T) {
	t.Parallel()
	h264 := []string{"-c:v", "libx264", "-preset", "ultrafast", "-bf", "2", "-g", "16", "-c:a", "aac"}
	mpeg2 := []string{"-c:v", "mpeg2video", "-b:v", "4M", "-bf", "2", "-c:a", "mp2"} // which knows no ten frames a second
	for name, begins := range map[string]struct {
		picture, sound int // seconds
		first          string
	}{"picture": {8, 0, "1"}, "sound": {0, 8, "0"}} {
		for ext, codecs := range map[string][]string{".mkv": h264, ".mp4": h264, ".ts": h264, ".mpg": mpeg2} {
			t.Run(name+ext, func(t *testing.T) {
				t.Parallel()
				rate := 10
				if ext == ".mpg" {
					rate = 25
				}
				const at = 10 // when the beep comes; each frame of the picture tells its own time
				beep := fmt.Sprintf("aevalsrc='if(between(t,%d,%[1]d.2),sin(2000*PI*t),0)':s=44100:d=%d", at-begins.sound, 14-begins.sound)
				path := film(t, "film"+ext, append([]string{"-itsoffset", itoa(begins.picture), "-f", "lavfi", "-i", numbered(itoa(rate), itoa(14-begins.picture)),
					"-itsoffset", itoa(begins.sound), "-f", "lavfi", "-i", beep, "-map", begins.first, "-map", itoa(1 - int(begins.first[0]-'0')), "-fps_mode", "passthrough"}, codecs...)...)
				source := probe(t, path)
				v, a := source.Video[0], source.Audio[0]
				if v.Width != 256 || v.Rate.Num != int64(rate) || a.Channels != 1 || a.Rate != 44100 {
					t.Errorf("%+v", source)
				}
				whole, parts, again := pieces(t, path, source, []Rung{{256, 32, 10, 4e6, 8e6, ""}}, int64(rate)*76/10, int64(rate)*12)
				if len(again) > 0 {
					t.Errorf("the pieces from %d could be had from the film's beginning alone", again)
				}
				adts := encodeSound(t, path, func(s *AudioSpec) {
					s.Stream, s.Reading, s.Duration = a.Index, a.Reading, media.Rational{Num: 14, Den: 1}
				})
				pixels, pcm := oneByOneWithSound(t, inColumns, append([][]byte{whole}, parts...), adts)
				numbers, n := numbersIn(pixels), countFrames(whole)
				want, got := numbers[:n], numbers[n:]
				if !slices.Equal(got, want) {
					t.Errorf("in pieces\n%v\nin one\n%v", got, want)
				}
				seen, heard := float64(slices.Index(want, rate*(at-begins.picture)))/float64(rate), beepIn(t, pcm)
				if d := seen - heard; d < -0.041 || d > 0.041 || seen < 9.5 || seen > 10.5 {
					t.Errorf("the picture of the beep comes at %.3f s, the beep at %.3f s", seen, heard)
				}
			})
		}
	}
}
