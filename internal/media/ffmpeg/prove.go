package ffmpeg

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"regexp"
	"strconv"
	"strings"

	ff "github.com/u2takey/ffmpeg-go"
)

// Counted is one of our own renditions, init section and segments in one file, whose frames are counted.
type Counted struct {
	Path string
	Keys bool // the keyframes alone, which decoders of AV1 cannot do (ffmpeg 5.1)
}

// CountFrames decodes renditions in one process, since to start one costs as much as many seconds of a small picture. It gives how
// many frames came out of each. Damage is an *ExitError.
func (t Tools) CountFrames(ctx context.Context, renditions []Counted, log string) ([]int64, error) {
	frames := make([]int64, len(renditions))
	err := t.Run(ctx, Job{Args: countArgs(renditions), Read: counting(frames), Log: log})
	return frames, err
}

// countArgs has a line of text written for each frame: ffmpeg tells of one output alone how many it had.
func countArgs(renditions []Counted) []string {
	var outputs []*ff.Stream
	for i, r := range renditions {
		options := ff.KwArgs{}
		if r.Keys {
			options["skip_frame"] = "nokey"
		}
		outputs = append(outputs, stream(input(r.Path, options), 0).Output(Pipe(i), ff.KwArgs{"fps_mode": "passthrough", "format": "framecrc"}))
	}
	return arguments(len(renditions), outputs...)
}

// counting gives the readers of a process that writes framecrc to a pipe for each of frames, which become how many came.
func counting(frames []int64) []func(io.Reader) error {
	read := make([]func(io.Reader) error, len(frames))
	for i := range frames {
		read[i] = func(r io.Reader) (err error) {
			frames[i], err = countChecksums(r)
			return err
		}
	}
	return read
}

// countChecksums counts the lines of ffmpeg's framecrc that are no heading.
func countChecksums(r io.Reader) (n int64, err error) {
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		if !bytes.HasPrefix(lines.Bytes(), []byte("#")) {
			n++
		}
	}
	return n, lines.Err()
}

// Decoded is what came out of a file.
type Decoded struct {
	Frames   int64   // pictures
	Loudness float64 // integrated, LUFS (EBU R 128); 0 where there is no sound, or none above the gate
}

// DecodeWhole decodes the first picture and the first sound of a file. Anything that cannot be decoded is an *ExitError.
func (t Tools) DecodeWhole(ctx context.Context, path, log string) (out Decoded, err error) {
	job := Job{Args: append([]string{"-loglevel", "level+info"}, wholeArgs(path)...), Log: log, Progress: func(p Progress) { out.Frames = p.Frames }}
	job.messages = func(m messages) { out.Loudness = integrated(strings.Join(m.tail, "\n")) }
	err = t.Run(ctx, job)
	return out, err
}

func wholeArgs(path string) []string {
	in := input(path, ff.KwArgs{"err_detect": "explode"})
	return arguments(1, in.Output("pipe:", ff.KwArgs{"fps_mode": "passthrough", "af": "ebur128=framelog=verbose", "format": "null"}))
}

var ebur128 = regexp.MustCompile(`(?m)^\s*I:\s+(-?[0-9.]+) LUFS$`)

// integrated finds the loudness in what ebur128 says at its end. Silence comes to the gate's -70.
func integrated(text string) float64 {
	m := ebur128.FindStringSubmatch(text)
	if m == nil {
		return 0
	}
	lufs, err := strconv.ParseFloat(m[1], 64)
	if err != nil || lufs <= -70 {
		return 0
	}
	return lufs
}
