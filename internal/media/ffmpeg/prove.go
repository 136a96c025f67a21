package ffmpeg

import (
	"bufio"
	"bytes"
	"context"
	"io"

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

// DecodeWhole decodes the first picture and the first sound of a file, and gives how many pictures came out. Anything that
// cannot be decoded is an *ExitError.
func (t Tools) DecodeWhole(ctx context.Context, path, log string) (frames int64, err error) {
	err = t.Run(ctx, Job{Args: wholeArgs(path), Log: log, Progress: func(p Progress) { frames = p.Frames }})
	return frames, err
}

func wholeArgs(path string) []string {
	in := input(path, ff.KwArgs{"err_detect": "explode"})
	return arguments(1, in.Output("pipe:", ff.KwArgs{"fps_mode": "passthrough", "format": "null"}))
}
