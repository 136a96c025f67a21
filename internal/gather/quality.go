package gather

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"

	"filmpress/internal/engine/local"
	"filmpress/internal/machine"
	"filmpress/internal/media"
	"filmpress/internal/media/ffmpeg"
	"filmpress/internal/plan"
	"filmpress/internal/report"
)

// qualityVersion counts up when the same samples would be measured otherwise than before.
const qualityVersion = 3

// Measure fills in what samples of the film at a path cost and how they look; nothing where the pipeline does not ask or the film is
// too short. H.264 is measured first: what it costs tells which sizes are worth measuring in AV1. atOnce is how many encodes of a largest picture of so
// many pixels go side by side.
func Measure(ctx context.Context, kept *local.Kept, tools ffmpeg.Tools, r *plan.Request, film string, atOnce func(pixels int) int, sink report.Sink) error {
	metric, err := metricOf(ctx, tools, *r)
	if err != nil {
		return err
	}
	for _, codec := range []struct {
		look func(plan.Request, string) (plan.Look, bool)
		into **media.Quality
	}{{plan.LookAt, &r.Quality}, {plan.LookAtAV1, &r.AV1}} {
		if look, ok := codec.look(*r, metric); ok {
			if *codec.into, err = measured(ctx, kept, tools, film, look, atOnce, sink); err != nil {
				return err
			}
		}
	}
	return nil
}

// measured is what a look gives. What was measured once is kept beside the results: a plan that is computed again costs nothing.
func measured(ctx context.Context, kept *local.Kept, tools ffmpeg.Tools, film string, look plan.Look, atOnce func(pixels int) int, sink report.Sink) (*media.Quality, error) {
	good := func(q media.Quality) bool { return answers(q, look) } // else for reasons that may be gone the next time
	q, err := recall(qualityFile(kept.Dir(), look, tools), good, func() (media.Quality, error) {
		return lookAt(ctx, kept, tools, film, look, atOnce, sink)
	})
	return &q, err
}

// answers says whether all was measured that was asked for.
func answers(q media.Quality, look plan.Look) bool {
	return len(q.Rungs) == len(look.Rungs) && !slices.ContainsFunc(q.Rungs, func(c media.Curve) bool { return len(c.Points) == 0 })
}

// metricOf is the measure that is used: the pipeline's first choice, where this ffmpeg has it.
func metricOf(ctx context.Context, tools ffmpeg.Tools, r plan.Request) (string, error) {
	if wish := r.Pipeline.Video.Quality; wish == nil || wish.VMAF == 0 {
		return media.SSIM, nil
	}
	has, err := tools.Has(ctx, "filter", "libvmaf")
	if err != nil || !has {
		return media.SSIM, err
	}
	return media.VMAF, nil
}

// qualityFile names the file of what is measured. The digest covers the film, all that its samples are made with, and
// the ffmpeg build.
func qualityFile(dir string, look plan.Look, tools ffmpeg.Tools) string {
	key, err := json.Marshal(look)
	if err != nil {
		panic(err) // plain structs
	}
	sum := sha256.Sum256(fmt.Append(key, "\x00", qualityVersion, "\x00", tools.Build))
	return filepath.Join(dir, "quality-"+hex.EncodeToString(sum[:16])+".json")
}

// lookAt encodes and compares the samples.
func lookAt(ctx context.Context, kept *local.Kept, tools ffmpeg.Tools, film string, look plan.Look, atOnce func(pixels int) int, sink report.Sink) (media.Quality, error) {
	scratch, release, err := kept.Work()
	if err != nil {
		return media.Quality{}, err
	}
	defer release()
	text := "looking what a good picture costs"
	if look.Codec == media.AV1 {
		text += " in AV1"
	}
	sink(report.Event{Kind: report.StepStarted, Step: "quality", Text: text})
	done := int64(0)
	spec := ffmpeg.SampleSpec{
		Ladder: ffmpeg.Ladder{Film: film, Stream: look.Source.Index, Source: look.Source, Rate: look.Rate, Frames: look.Frames, GOP: look.GOP,
			Preset: look.Preset, AV1: look.AV1, Fields: look.Fields},
		Metric: look.Metric, Starts: look.Starts, Scratch: scratch,
		Looked: func(int, int) {
			sink(report.Event{Kind: report.StepProgress, Step: "quality", Text: text, Done: done, Total: int64(len(look.Starts) + (len(look.Starts)+1)/2)})
			done++
		},
	}
	pixels := 0
	for _, r := range look.Rungs {
		pixels = max(pixels, r.Width*r.Height)
	}
	if look.Codec == media.AV1 {
		pixels = int(machine.WithAV1 * float64(pixels))
	}
	spec.AtOnce = atOnce(pixels)
	for _, r := range slices.Backward(look.Rungs) { // ffmpeg scales each rung from the next larger one
		spec.Rungs = append(spec.Rungs, ffmpeg.Rung{Width: r.Width, Height: r.Height, Codec: r.Codec})
	}
	q, err := tools.Measure(ctx, spec, func(have []media.Curve) []float64 {
		factors := look.Next(reversed(have))
		slices.Reverse(factors)
		return factors
	})
	slices.Reverse(q.Rungs)
	if err == nil {
		sink(report.Event{Kind: report.StepDone, Step: "quality"})
	}
	return q, err
}

func reversed[T any](list []T) []T {
	list = slices.Clone(list)
	slices.Reverse(list)
	return list
}
