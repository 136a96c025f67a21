package gather

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

// FilmLook is what the checks against a film want to know of it.
type FilmLook struct {
	Path         string
	Language     string // of the sound track to listen to; "" is the first
	Speech, Cuts bool   // look for them; both take a while
}

// Facts gathers what rules.CheckFilm needs. What was found once is kept in dir, beside the film's other facts, so that many
// tracks of one film cost one look. Findings say why the film cannot be read; Speech is nil where the film has none, or
// nothing that is enough like it.
func Facts(ctx context.Context, tools ffmpeg.Tools, dir string, look FilmLook, sink report.Sink) (rules.Film, []report.Finding, error) {
	path, err := filepath.Abs(look.Path)
	if err != nil {
		return rules.Film{}, nil, err
	}
	source, findings, err := Remembering(dir, tools)(ctx, path, sink)
	if err != nil || report.Blocks(findings) {
		return rules.Film{}, named(findings, look.Path), err
	}
	film := factsOf(source)
	if track, ok := ffmpeg.Dialogue(source.Audio, look.Language); ok && look.Speech {
		speech, err := Hear(ctx, tools, dir, path, track, sink)
		if err != nil {
			return rules.Film{}, nil, err
		}
		if speech.Confidence >= likeSpeech {
			for _, s := range speech.Spans {
				film.Speech = append(film.Speech, rules.Span(s))
			}
		}
	}
	if look.Cuts && len(source.Video) > 0 {
		film.Cuts, err = findCuts(ctx, tools, dir, path, source.Video[0], source.Duration, sink)
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

// Hear finds the speech of a sound track of the film at a path. dir is where it is kept.
func Hear(ctx context.Context, tools ffmpeg.Tools, dir, path string, track media.Audio, sink report.Sink) (align.Speech, error) {
	return remembered(dir, path, tools, fmt.Sprint("speech-", track.Index), func() (align.Speech, error) {
		var speech align.Speech
		err := tools.Listen(ctx, path, track, func(r io.Reader) (err error) {
			speech, err = align.DetectSpeech(r)
			return err
		}, looking(sink, "speech", "listening for speech", track.End))
		return speech, err
	})
}

func findCuts(ctx context.Context, tools ffmpeg.Tools, dir, path string, v media.Video, length time.Duration, sink report.Sink) ([]time.Duration, error) {
	return remembered(dir, path, tools, fmt.Sprint("cuts-", v.Index), func() ([]time.Duration, error) {
		return tools.Cuts(ctx, path, v, looking(sink, "cuts", "looking for cuts", length))
	})
}

// looking tells of progress through a film of a length; 0 is not known.
func looking(sink report.Sink, step, about string, length time.Duration) func(ffmpeg.Progress) {
	return func(p ffmpeg.Progress) {
		sink(report.Event{Kind: report.StepProgress, Step: step, Text: about, Done: p.OutTime.Milliseconds(), Total: length.Milliseconds(), Speed: p.Speed})
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
