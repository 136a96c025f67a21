// Package step knows how each kind of step is done. It reads results and sources, starts ffmpeg through
// media/ffmpeg, and writes files of a result; it knows nothing of order, reuse or places.
package step

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"filmpress/internal/media/ffmpeg"
	"filmpress/internal/plan"
	"filmpress/internal/report"
)

// Worker does steps on this machine; it is an engine.Worker. LogDir takes ffmpeg's logs, one file a run.
type Worker struct {
	Tools  ffmpeg.Tools
	LogDir string
}

// job is one step being done.
type job struct {
	step plan.Step
	in   map[string]string
	out  string
	sink report.Sink
}

// scratch makes a folder for what is not part of the result, beside it and gone with it.
func (j job) scratch() (dir string, remove func(), err error) {
	dir, err = os.MkdirTemp(filepath.Dir(j.out), "scratch-")
	return dir, func() { os.RemoveAll(dir) }, err
}

// progress turns ffmpeg's reports into events, against the film's duration.
func (j job) progress(total time.Duration) func(ffmpeg.Progress) {
	return func(p ffmpeg.Progress) {
		j.sink(report.Event{Kind: report.StepProgress, Text: j.step.About, Done: p.OutTime.Milliseconds(), Total: total.Milliseconds(), Speed: p.Speed})
	}
}

// Do does one step; see engine.Worker.
func (w *Worker) Do(ctx context.Context, s plan.Step, in map[string]string, out string, sink report.Sink) error {
	do, ok := map[string]func(context.Context, job) error{
		plan.Chunk: w.chunk, plan.Peaks: w.peaks, plan.Level: w.level, plan.Video: w.video, plan.Audio: w.audio, plan.Subtitle: w.subtitle, plan.Pictures: w.pictures,
		plan.MP4: w.mp4, plan.Player: w.player, plan.Package: w.pack,
	}[s.Kind]
	if !ok {
		return fmt.Errorf("this filmpress does not know how to do a %q step; it is older than the plan", s.Kind)
	}
	sink(report.Event{Kind: report.StepStarted, Text: s.About})
	try := func() error {
		g := &guard{ctx: ctx, out: out, sink: sink, checked: map[string]bool{}}
		if err := do(ctx, job{s, in, out, g.watch}); err != nil {
			return err
		}
		return g.finish()
	}
	err := try()
	if is := (*ffmpeg.ErrStalled)(nil); errors.As(err, &is) && ctx.Err() == nil {
		sink(report.Event{Kind: report.Note, Text: s.About + ": " + err.Error() + "; it is tried once more"})
		sink(report.Event{Kind: report.StepRetried, Text: s.About})
		if err = empty(out); err == nil { // the same bytes come again, so what was told of them still holds
			err = try()
		}
	}
	return err
}

// FactsOnly tells of steps that read nothing of other steps' results but their facts.
func FactsOnly(s plan.Step) bool { return s.Kind == plan.Peaks || s.Kind == plan.Package }

// Only is the one file that such steps read; see engine.Partial.
func (w *Worker) Only(s plan.Step) (file string, ok bool) { return FactsName, FactsOnly(s) }

// FilmLength is how long the film of a plan is.
func FilmLength(p plan.Plan) time.Duration {
	for _, s := range p.Steps {
		if s.Kind == plan.Package {
			var pack plan.PackageParams
			s.Decode(&pack)
			return pack.Duration
		}
	}
	return 0
}

// empty takes everything out of a folder.
func empty(dir string) error {
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		err = errors.Join(err, os.RemoveAll(filepath.Join(dir, e.Name())))
	}
	return err
}

// log is where ffmpeg's output of a step goes.
func (w *Worker) log(j job, what string) string {
	return filepath.Join(w.LogDir, fmt.Sprintf("%s-%s-%s.log", j.step.ID, what, j.step.Digest[:min(8, len(j.step.Digest))]))
}
