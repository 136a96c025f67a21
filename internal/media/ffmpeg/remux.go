package ffmpeg

import (
	"context"

	ff "github.com/u2takey/ffmpeg-go"
)

// Remux joins a finished rendition of the picture and one of the sound ("" is none), each init section and
// segments in one file, into a progressive MP4 with its index in front. Nothing is encoded again; both start at 0.
func (t Tools) Remux(ctx context.Context, video, audio, out, log string) error {
	return t.Run(ctx, Job{Args: remuxArgs(video, audio, out), Log: log})
}

func remuxArgs(video, audio, out string) []string {
	streams := []*ff.Stream{stream(input(video, nil), 0)}
	if audio != "" {
		streams = append(streams, stream(input(audio, nil), 0))
	}
	result := ff.Output(streams, fileURL(out), with(clean(), ff.KwArgs{"c": "copy", "map_metadata:s": "-1", "flags:v": "+bitexact", "flags:a": "+bitexact",
		"movflags": "+faststart", "empty_hdlr_name": "1", "format": "mp4"}))
	return append(arguments(len(streams), result), "-y")
}

// Decode decodes a file of ours whole and fails where anything in it cannot be decoded.
func (t Tools) Decode(ctx context.Context, path string, progress func(Progress), log string) error {
	in := input(path, ff.KwArgs{"err_detect": "explode"})
	return t.Run(ctx, Job{Args: arguments(1, in.Output("pipe:", ff.KwArgs{"format": "null"})), Progress: progress, Log: log})
}
