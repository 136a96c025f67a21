package step

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"filmpress/internal/media/ffmpeg"
	"filmpress/internal/media/mp4"
	"filmpress/internal/plan"
	"filmpress/internal/report"
)

// chunk encodes all rungs of one stretch of the film, and proves that they decode. Where it cannot be sought in the film
// (there is no index, or a keyframe is none), all before the stretch is decoded, too.
func (w *Worker) chunk(ctx context.Context, j job) error {
	var p plan.ChunkParams
	j.step.Decode(&p)
	var ready held
	told := j
	if p.First > 0 { // nothing is sent before it is known that this attempt holds
		told.sink = ready.before(j.sink)
	}
	facts, err := w.encodeChunk(ctx, told, p, false)
	if p.First > 0 && ctx.Err() == nil && misplaced(err) {
		for _, r := range p.Rungs {
			if err := os.RemoveAll(filepath.Join(j.out, r.Name)); err != nil {
				return err
			}
		}
		ready.events = nil
		j.sink(report.Event{Kind: report.StepRetried, Text: j.step.About})
		facts, err = w.encodeChunk(ctx, told, p, true)
	}
	if err != nil {
		return damage(err, p.Tolerant)
	}
	if err := w.prove(ctx, j, facts, p.Rungs); err != nil {
		return err
	}
	for _, e := range ready.events {
		j.sink(e)
	}
	return writeFacts(j.out, facts)
}

// errUnfinished says that fewer pictures came than were planned.
var errUnfinished = errors.New("the film could not be decoded to its end")

// misplaced says whether a failure can come of decoding that began in a wrong place: pictures were missing, or could not be
// decoded. A full disk, a film that is gone and an ffmpeg that was killed would be met again, only later: from the beginning of a
// long film after hours.
func misplaced(err error) bool {
	if exit, ok := errors.AsType[*ffmpeg.ExitError](err); ok {
		return !exit.Outside()
	}
	return errors.Is(err, errUnfinished) || errors.Is(err, mp4.ErrMalformed) || errors.Is(err, io.ErrUnexpectedEOF)
}

// held keeps what is told of finished files.
type held struct {
	mu     sync.Mutex // the rungs tell of theirs side by side
	events []report.Event
}

// before is a sink that holds back finished files, and passes everything else on.
func (h *held) before(sink report.Sink) report.Sink {
	return func(e report.Event) {
		if e.Kind != report.FileReady {
			sink(e)
			return
		}
		h.mu.Lock()
		defer h.mu.Unlock()
		h.events = append(h.events, e)
	}
}

// damage tells the way out of what the film's own data is to blame for.
func damage(err error, tolerant bool) error {
	if exit := (*ffmpeg.ExitError)(nil); errors.As(err, &exit) && exit.Damaged() && !tolerant {
		return fmt.Errorf("the film is damaged: %w. Export or copy it again, or give --tolerant to publish what can be decoded", err)
	}
	return err
}

// damaged tells where a film is damaged, of which what can be decoded is published.
func (j job) damaged(p plan.ChunkParams, complaints int, first string) {
	j.sink(report.Event{Kind: report.Note, Text: fmt.Sprintf("between %s the picture is damaged (%s; the decoder complains %d times); what cannot be decoded is made up or held",
		stretch(p), first, complaints)})
}

// changed tells where a film's pictures change their size or form.
func (j job) changed(p plan.ChunkParams) {
	j.sink(report.Event{Kind: report.Note, Text: fmt.Sprintf("between %s the picture changes its size or form; all of it is shown at the first one, %dx%d", stretch(p), p.Source.Width, p.Source.Height)})
}

// stretch is the part of the film that a chunk is: "0:00 and 1:00".
func stretch(p plan.ChunkParams) string {
	at := func(frame int64) string {
		s := int64(float64(frame) / p.Rate.Float())
		return fmt.Sprintf("%d:%02d", s/60, s%60)
	}
	return at(p.First) + " and " + at(p.First+p.Frames)
}

// encodeChunk makes all rungs from one decode, and cuts them into segments while they come.
func (w *Worker) encodeChunk(ctx context.Context, j job, p plan.ChunkParams, noSeek bool) (facts VideoFacts, err error) {
	writers := make([]*renditionWriter, len(p.Rungs)) // as the rungs: from small to large
	read := make([]func(io.Reader) error, len(p.Rungs))
	ladder := ffmpeg.Ladder{
		Film: j.in["film"], Stream: p.Source.Index, Source: p.Source, Rate: p.Rate, First: p.First, Frames: p.Frames, GOP: p.GOP, Preset: p.Preset, AV1: p.AV1,
		NoSeek: noSeek, Tolerant: p.Tolerant, Fields: p.Fields,
		Damage:  func(complaints int, first string) { j.damaged(p, complaints, first) },
		Changed: func() { j.changed(p) },
	}
	for i, rung := range p.Rungs {
		if writers[i], err = newRenditionWriter(j.out, rung, p, j.sink); err != nil {
			return facts, err
		}
	}
	for n, i := range downward(p.Rungs) {
		rung := p.Rungs[i]
		read[n] = writers[i].read
		ladder.Rungs = append(ladder.Rungs, ffmpeg.Rung{Width: rung.Width, Height: rung.Height, CRF: rung.CRF, MaxRate: rung.Max, BufSize: rung.Buffer, Codec: rung.Codec})
	}
	total := time.Duration(float64(p.Frames) / p.Rate.Float() * float64(time.Second))
	if err := w.Tools.EncodeLadder(ctx, ladder, read, j.progress(total), w.log(j, "ladder")); err != nil {
		return facts, err
	}
	for _, out := range writers {
		facts.Renditions = append(facts.Renditions, out.out)
	}
	return facts, nil
}

// downward are the places of the rungs from large to small, since each is scaled from the next larger one; of one size
// H.264 comes first.
func downward(rungs []plan.Rung) []int {
	order := make([]int, len(rungs))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return rungs[b].Width*rungs[b].Height - rungs[a].Width*rungs[a].Height })
	return order
}

// prove decodes what was written: every frame of the smallest rung, and the keyframes of the others. All came from the
// same frames and through the same code; the rest is what `filmpress verify --deep` is for. Of AV1 every frame is decoded,
// because its decoders do not look for keyframes alone.
func (w *Worker) prove(ctx context.Context, j job, facts VideoFacts, rungs []plan.Rung) error {
	dir, remove, err := j.scratch()
	if err != nil {
		return err
	}
	defer remove()
	want, counted := make([]int, len(rungs)), make([]ffmpeg.Counted, len(rungs))
	for i, r := range facts.Renditions {
		c := ffmpeg.Counted{Path: filepath.Join(dir, r.Name+".mp4"), Keys: i > 0 && !isAV1(rungs[i].Codec)}
		if err := j.joinOwn(c.Path, r); err != nil {
			return err
		}
		counted[i], want[i] = c, r.Frames()
		if c.Keys {
			want[i] = r.keys()
		}
	}
	got, err := w.Tools.CountFrames(ctx, counted, w.log(j, "prove"))
	if err != nil {
		return fmt.Errorf("what was encoded cannot be decoded: %w", err)
	}
	for i, r := range facts.Renditions {
		if got[i] != int64(want[i]) {
			return fmt.Errorf("rung %s: %d frames were written, and %d can be decoded", r.Name, want[i], got[i])
		}
	}
	return nil
}
