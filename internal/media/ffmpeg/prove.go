package ffmpeg

import (
	"context"

	ff "github.com/u2takey/ffmpeg-go"
)

// CountFrames decodes one of our own renditions, init section and segments in one file, and gives how many frames came
// out; keys has the keyframes decoded alone, which decoders of AV1
// cannot do (ffmpeg 5.1). Damage is an *ExitError.
func (t Tools) CountFrames(ctx context.Context, path string, keys bool, log string) (frames int64, err error) {
	err = t.Run(ctx, Job{Args: countArgs(path, keys), Log: log, Progress: func(p Progress) { frames = p.Frames }})
	return frames, err
}

func countArgs(path string, keys bool) []string {
	options := ff.KwArgs{}
	if keys {
		options["skip_frame"] = "nokey"
	}
	return arguments(1, stream(input(path, options), 0).Output("pipe:", ff.KwArgs{"fps_mode": "passthrough", "format": "null"}))
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
