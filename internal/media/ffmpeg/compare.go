package ffmpeg

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
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
	s.pictures(s.input(), func(i int, picture *ff.Stream) {
		film, small, large := picture, picture, picture
		if gains && last > 0 {
			split := picture.Split()
			film, small, large = split.Get("film"), split.Get("small"), split.Get("large")
		}
		outputs = append(outputs, scored(s.Metric, stream(input(s.file(i), nil), 0), film, i))
		if gains && i > 0 {
			f := &filters{small}
			f.add("scale", "w", itoa(s.Rungs[i-1].Width), "h", itoa(s.Rungs[i-1].Height), "flags", scaler)
			f.add("setsar", "sar", "1")
			enlarged = append(enlarged, scored(media.SSIM, f.Stream, above, last+i))
		}
		above = large
	})
	return arguments(1+len(s.Rungs), append(outputs, enlarged...)...)
}

// scored compares two pictures of one size and writes each frame's score to pipe n.
func scored(metric string, made, film *ff.Stream, n int) *ff.Stream {
	f := &filters{}
	switch metric {
	case media.SSIM:
		f.Stream = ff.Filter([]*ff.Stream{made, film}, "ssim", nil)
		colon := strings.ReplaceAll(Pipe(n), ":", `\:`) // ffmpeg-go escapes for the graph, but not inside an option
		f.add("metadata", "mode", "print", "key", scoreKey, "file", colon)
	case media.VMAF: // libvmaf opens its log by a path
		f.Stream = ff.Filter([]*ff.Stream{made, film}, "libvmaf", nil, ff.KwArgs{"log_fmt": "csv", "log_path": "/dev/fd/" + strings.TrimPrefix(Pipe(n), "pipe:")})
	default:
		panic("there is no measure " + metric)
	}
	return f.Output("pipe:", ff.KwArgs{"fps_mode": "passthrough", "format": "null"})
}

// scoreKey is where the ssim filter leaves the luma's score. The colours are left out: x264 gives them what the luma's
// quantizer leaves, and in the mean of all planes they only thin the figure.
const scoreKey = "lavfi.ssim.Y"

// scoreReader adds up the scores of frames.
type scoreReader struct {
	metric string
	frames int64
	sum    float64
}

func (s *scoreReader) mean() float64 { return s.sum / float64(max(1, s.frames)) }

func (s *scoreReader) read(r io.Reader) error {
	if s.metric == media.VMAF {
		return s.readVMAF(r)
	}
	lines := bufio.NewScanner(r) // what the metadata filter prints: a line of times, then key=value
	for lines.Scan() {
		if text, ok := strings.CutPrefix(lines.Text(), scoreKey+"="); ok {
			if err := s.add(text, -1, 1); err != nil {
				return err
			}
		}
	}
	return lines.Err()
}

// readVMAF reads libvmaf's log: CSV with a head, of which one column is "vmaf".
func (s *scoreReader) readVMAF(r io.Reader) error {
	lines := bufio.NewScanner(r)
	column := -1
	for lines.Scan() {
		fields := strings.Split(lines.Text(), ",")
		switch {
		case column < 0:
			if column = slices.Index(fields, "vmaf"); column < 0 {
				return errors.New("libvmaf's log has no column of scores")
			}
		case len(fields) > column:
			if err := s.add(fields[column], 0, 100); err != nil {
				return err
			}
		}
	}
	return lines.Err()
}

func (s *scoreReader) add(text string, least, most float64) error {
	score, err := strconv.ParseFloat(text, 64)
	if err != nil || !(score >= least && score <= most) { // written so that NaN is refused
		return fmt.Errorf("a frame has the score %q", text)
	}
	s.sum, s.frames = s.sum+score, s.frames+1
	return nil
}
