package cli

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"filmpress/internal/media"
	"filmpress/internal/media/ffmpeg"
	"filmpress/internal/report"
	"filmpress/internal/subtitle/align"
	"filmpress/internal/subtitle/rules"
)

// likeSpeech is the confidence of the detector from which its spans are taken for speech.
const likeSpeech = 0.3

// heardVersion counts up when speech or cuts are found in another way than before.
const heardVersion = 1

// filmLook is what the checks against a film want to know of it.
type filmLook struct {
	path         string
	language     string // of the sound track to listen to; "" is the first
	speech, cuts bool   // look for them; both take a while
}

// filmFacts gathers what rules.CheckFilm needs. What was found once is kept beside the film's other facts, so that many
// tracks of one film cost one look. Findings say why the film cannot be read; Speech is nil where the film has none, or
// nothing that is enough like it.
func (a *app) filmFacts(ctx context.Context, look filmLook) (rules.Film, []report.Finding, error) {
	tools, err := a.tools(ctx)
	if err != nil {
		return rules.Film{}, nil, err
	}
	kept, err := a.openKept()
	if err != nil {
		return rules.Film{}, nil, err
	}
	path, err := filepath.Abs(look.path)
	if err != nil {
		return rules.Film{}, nil, err
	}
	source, findings, err := remembering(kept.Dir(), tools)(ctx, path, a.ui.Sink)
	if err != nil || report.Blocks(findings) {
		return rules.Film{}, named(findings, look.path), err
	}
	film := factsOf(source)
	if track, ok := ffmpeg.Dialogue(source.Audio, look.language); ok && look.speech {
		speech, err := a.hear(ctx, tools, kept.Dir(), path, track)
		if err != nil {
			return rules.Film{}, nil, err
		}
		if speech.Confidence >= likeSpeech {
			for _, s := range speech.Spans {
				film.Speech = append(film.Speech, rules.Span(s))
			}
		}
	}
	if look.cuts && len(source.Video) > 0 {
		film.Cuts, err = a.findCuts(ctx, tools, kept.Dir(), path, source.Video[0], source.Duration)
	}
	return film, nil, err
}

// named gives findings a file's name as the user wrote it.
func named(fs []report.Finding, name string) []report.Finding {
	for i := range fs {
		fs[i].Pos.File = name
	}
	return fs
}

// hear finds the speech of a sound track. dir is where it is kept.
func (a *app) hear(ctx context.Context, tools ffmpeg.Tools, dir, path string, track media.Audio) (align.Speech, error) {
	return remembered(dir, path, tools, fmt.Sprint("speech-", track.Index), func() (align.Speech, error) {
		var speech align.Speech
		err := tools.Listen(ctx, path, track, func(r io.Reader) (err error) {
			speech, err = align.DetectSpeech(r)
			return err
		}, a.looking("speech", "listening for speech", track.End))
		return speech, err
	})
}

func (a *app) findCuts(ctx context.Context, tools ffmpeg.Tools, dir, path string, v media.Video, length time.Duration) ([]time.Duration, error) {
	return remembered(dir, path, tools, fmt.Sprint("cuts-", v.Index), func() ([]time.Duration, error) {
		return tools.Cuts(ctx, path, v, a.looking("cuts", "looking for cuts", length))
	})
}

// looking tells of progress through a film of a length; 0 is not known.
func (a *app) looking(step, about string, length time.Duration) func(ffmpeg.Progress) {
	return func(p ffmpeg.Progress) {
		a.ui.Sink(report.Event{Kind: report.StepProgress, Step: step, Text: about, Done: p.OutTime.Milliseconds(), Total: length.Milliseconds(), Speed: p.Speed})
	}
}

// remembered makes a fact of a film, or finds it as it was made before. The film is known again as in factsFile.
func remembered[T any](dir, path string, tools ffmpeg.Tools, what string, find func() (T, error)) (T, error) {
	file := factsFile(dir, path, tools)
	if file != "" {
		file = strings.TrimSuffix(file, ".json") + fmt.Sprintf("-%s-%d.json", what, heardVersion)
	}
	return recall(file, func(T) bool { return true }, find)
}
