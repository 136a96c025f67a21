package ffmpeg

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"

	"filmpress/internal/media"

	ff "github.com/u2takey/ffmpeg-go"
)

// compareArgs decode a sample's rungs and hold them against the film, scaled in the same way. Pipe i gets the scores
// of rung i; where gains are asked for, the pipe behind the last rung's and those after it get what is left of each
// rung but the smallest when it is shrunk to the next smaller one and enlarged again.
func (s SampleSpec) compareArgs(gains bool) []string {
	last := len(s.Rungs) - 1
	var outputs, enlarged []*ff.Stream
	var above *ff.Stream // the next larger rung's pictures
	s.pictures(input(s.Film, s.seek()), func(i int, picture *ff.Stream) {
		film, small, large := picture, picture, picture
		if gains && last > 0 {
			split := picture.Split()
			film, small, large = split.Get("film"), split.Get("small"), split.Get("large")
		}
		outputs = append(outputs, scored(s.Metric, stream(input(s.file(i), nil), 0), film, Pipe(i)))
		if gains && i > 0 {
			f := &filters{small}
			f.add("scale", "w", itoa(s.Rungs[i-1].Width), "h", itoa(s.Rungs[i-1].Height), "flags", "bicubic")
			f.add("setsar", "sar", "1")
			enlarged = append(enlarged, scored(media.SSIM, f.Stream, above, Pipe(last+i)))
		}
		above = large
	})
	return arguments(1+len(s.Rungs), append(outputs, enlarged...)...)
}

// scored compares two pictures of one size and writes each frame's score to a pipe.
func scored(metric string, made, film *ff.Stream, pipe string) *ff.Stream {
	f := &filters{}
	switch metric {
	case media.SSIM:
		f.Stream = ff.Filter([]*ff.Stream{made, film}, "ssim", nil)
		colon := strings.ReplaceAll(pipe, ":", `\:`) // ffmpeg-go escapes for the graph, but not inside an option
		f.add("metadata", "mode", "print", "key", scoreKey, "file", colon)
	default:
		panic("there is no measure " + metric)
	}
	return f.Output("pipe:", ff.KwArgs{"fps_mode": "passthrough", "format": "null"})
}

// scoreKey is where the ssim filter leaves the luma's score. The colours are left out: x264 gives them what the luma's
// quantizer leaves, and in the mean of all planes they only thin the figure.
const scoreKey = "lavfi.ssim.Y"

// scoreReader adds up what the metadata filter prints.
type scoreReader struct {
	frames int64
	sum    float64
}

func (s *scoreReader) mean() float64 { return s.sum / float64(max(1, s.frames)) }

func (s *scoreReader) read(r io.Reader) error {
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		text, ok := strings.CutPrefix(lines.Text(), scoreKey+"=")
		if !ok {
			continue
		}
		score, err := strconv.ParseFloat(text, 64)
		if err != nil || !(score >= -1 && score <= 1) {
			return fmt.Errorf("a frame has the score %q", text)
		}
		s.sum, s.frames = s.sum+score, s.frames+1
	}
	return lines.Err()
}
