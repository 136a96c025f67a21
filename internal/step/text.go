package step

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"filmpress/internal/plan"
	"filmpress/internal/report"
	"filmpress/internal/subtitle"
	"filmpress/internal/subtitle/prose"
	"filmpress/internal/watch"
)

// The files of a subtitle result, beside its segments.
const (
	trackVTT = "track.vtt"
	trackSRT = "track.srt"
	trackTXT = "track.txt" // the transcript: paragraphs with their times
)

// subtitle cuts one track into WebVTT segments and writes it whole for downloads. The track was read and found
// good before the plan was made; an error here means that the file changed in between.
func (w *Worker) subtitle(_ context.Context, j job) error {
	var p plan.SubtitleParams
	j.step.Decode(&p)
	data, err := os.ReadFile(j.in["track"])
	if err != nil {
		return err
	}
	track, findings := subtitle.Read(p.Name, data, subtitle.Options{Charset: p.Charset})
	if worst, any := report.Worst(findings); any && worst == report.Error {
		return fmt.Errorf("%s changed while the film was being published; run the command again", j.in["track"])
	}
	srt := track.Bare(subtitle.SRT) // of the file itself, since SRT has colours that WebVTT has not
	track = track.Bare(subtitle.WebVTT)
	var facts SubtitleFacts
	for i, s := range track.Segments(p.Segment, p.Duration) {
		t := TextSegment{URI: fmt.Sprintf("s/%05d.vtt", i), Duration: s.Duration, Size: int64(len(s.Data))}
		if err := j.write(t.URI, s.Data); err != nil {
			return err
		}
		facts.Segments = append(facts.Segments, t)
	}
	for _, l := range track.Transcript() {
		facts.Lines = append(facts.Lines, Line{l.Start, l.End, l.Speaker, l.Text})
	}
	whole := track.WebVTT()
	facts.Whole = int64(len(whole))
	if err := j.write(trackVTT, whole); err != nil {
		return err
	}
	if err := j.write(trackSRT, srt.SRT()); err != nil {
		return err
	}
	if err := j.write(trackTXT, []byte(prose.Text(prose.Paragraphs(track, prose.Pause), prose.Options{Times: true}))); err != nil {
		return err
	}
	return writeFacts(j.out, facts)
}

// errNoPlayer is a plan that asks for the player, in a program that was built without it.
var errNoPlayer = errors.New("the player is not built into this filmpress; take the program or the image that the publisher has, or build it from its sources with make")

// player lays out the bundle that was built into the program.
func (w *Worker) player(_ context.Context, j job) error {
	bundle, ok := watch.Bundle()
	if !ok {
		return errNoPlayer
	}
	for _, f := range bundle.Files() {
		if err := j.write(f.Name, f.Data); err != nil {
			return err
		}
	}
	return nil
}

// write puts one finished file into the result and tells of it.
func (j job) write(path string, data []byte) error {
	if err := j.save(path, data); err != nil {
		return err
	}
	j.sink(report.Event{Kind: report.FileReady, Path: path})
	return nil
}

// save puts one file into the result.
func (j job) save(path string, data []byte) error {
	full := filepath.Join(j.out, filepath.FromSlash(path))
	if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
		return err
	}
	return os.WriteFile(full, data, 0o644)
}
