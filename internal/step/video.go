package step

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"filmpress/internal/media/ffmpeg"
	"filmpress/internal/plan"
)

// video encodes all rungs from one decode, cuts them into segments while they come, and levels their peaks.
func (w *Worker) video(ctx context.Context, j job) error {
	var p plan.VideoParams
	j.params(&p)
	writers := make([]*renditionWriter, len(p.Rungs)) // as the rungs: from small to large
	read := make([]func(io.Reader) error, len(p.Rungs))
	ladder := ffmpeg.Ladder{
		Film: j.in["film"], Stream: p.Source.Index, Source: p.Source, Rate: p.Rate, Frames: p.Frames, GOP: p.GOP, Preset: p.Preset, Threads: p.Threads,
	}
	for i, rung := range p.Rungs {
		var err error
		if writers[i], err = newRenditionWriter(j.out, rung, p, j.sink); err != nil {
			return err
		}
		read[i] = writers[i].read
		ladder.Rungs = append(ladder.Rungs, ffmpeg.Rung{Width: rung.Width, Height: rung.Height, CRF: p.CRF, MaxRate: rung.Max, BufSize: 2 * rung.Max})
	}
	slices.Reverse(ladder.Rungs) // each rung is scaled from the next larger one
	slices.Reverse(read)
	total := time.Duration(float64(p.Frames) / p.Rate.Float() * float64(time.Second))
	if err := w.Tools.EncodeLadder(ctx, ladder, read, j.progress(total), w.log(j, "ladder")); err != nil {
		return err
	}
	var facts VideoFacts
	for i, out := range writers {
		if err := out.level(ctx, w.recoder(j, p, p.Rungs[i])); err != nil {
			return err
		}
		out.release()
		facts.Renditions = append(facts.Renditions, out.out)
	}
	return writeFacts(j.out, facts)
}

// recoder encodes single segments of a rung again.
func (w *Worker) recoder(j job, p plan.VideoParams, rung plan.Rung) recoder {
	return func(ctx context.Context, joined []byte, max int64) ([]byte, error) {
		dir, remove, err := j.scratch()
		if err != nil {
			return nil, err
		}
		defer remove()
		path := filepath.Join(dir, "segment.mp4")
		if err := os.WriteFile(path, joined, 0o644); err != nil {
			return nil, err
		}
		return w.Tools.Recode(ctx, path, ffmpeg.RecodeSpec{Rate: p.Rate, CRF: p.CRF, MaxRate: max, BufSize: max, GOP: p.GOP, Preset: p.Preset, Threads: p.Threads}, w.log(j, "level-"+rung.Name))
	}
}
