package ffmpeg

import (
	"context"
	"fmt"
	"io"
	"os"

	"filmpress/internal/media"
	"filmpress/internal/media/mp4"
)

// RecodeSpec is how a finished segment is encoded again. H.264 keeps to MaxRate; of AV1 the rate factor is all there is.
type RecodeSpec struct {
	Codec            string // media.AV1; "" is H.264
	Rate             media.Rational
	CRF              float64
	MaxRate, BufSize int64 // bit/s, bits
	GOP              int
	Preset, Tune     string
	AV1              int // SVT-AV1's preset
}

// maxRecoded bounds what Recode takes into memory.
const maxRecoded = 256 << 20

// Recode encodes one of our own segments again, at the same size, to another rate: the same frames, from the
// segment's own pictures, in the same parameter sets. path holds its init section and the segment; the result
// is fragmented MP4 as EncodeLadder gives it. That the parameter sets are the same is for the caller to see:
// it holds where GOP, presets and Tune are those of the first encoding.
func (t Tools) Recode(ctx context.Context, path string, spec RecodeSpec, log string) ([]byte, error) {
	level := ""
	if spec.Codec != media.AV1 {
		var err error
		if level, err = levelOf(path); err != nil {
			return nil, err
		}
	}
	var data []byte
	read := func(r io.Reader) (err error) {
		data, err = io.ReadAll(io.LimitReader(r, maxRecoded))
		return err
	}
	if err := t.Run(ctx, Job{Args: spec.args(path, level), Read: []func(io.Reader) error{read}, Log: log}); err != nil {
		return nil, err
	}
	if len(data) == maxRecoded {
		return nil, fmt.Errorf("a segment came back larger than %d MB", maxRecoded>>20)
	}
	return data, nil
}

func (s RecodeSpec) args(path, level string) []string {
	f := &filters{stream(input(path, nil), 0)}
	f.add("fps", "fps", s.Rate.String(), "start_time", "0")
	e := encoding{Rate: s.Rate, GOP: s.GOP, CRF: s.CRF, MaxRate: s.MaxRate, BufSize: s.BufSize, Preset: s.Preset, Tune: s.Tune, Level: level, AV1: s.AV1}
	if s.Codec == media.AV1 {
		return arguments(1, f.Output(Pipe(0), svtav1(e)))
	}
	return arguments(1, f.Output(Pipe(0), x264(e)))
}

// levelOf reads the level from a file's parameter sets, for -level: "31", or "1b" (14496-10, A.3.1).
func levelOf(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	track, err := mp4.NewReader(f).Init()
	if err != nil {
		return "", err
	}
	if track.Codec != "avc1" || len(track.Config) < 4 {
		return "", fmt.Errorf("%s is no rendition of ours: its picture is %q", path, track.Codec)
	}
	if track.Config[3] == 9 {
		return "1b", nil
	}
	return itoa(int(track.Config[3])), nil
}
