package ffmpeg

import (
	"context"
	"errors"
	"fmt"
	"time"

	"filmpress/internal/media"
	"filmpress/internal/report"

	ff "github.com/u2takey/ffmpeg-go"
)

// sound tells of tracks that hold nothing.
func (j *judge) sound(p probed, timings []*timing) {
	for _, s := range p.streams {
		if s.kind == "audio" && s.codec != "" && timings[s.index].packets == 0 {
			j.find(report.Warn, "film-sound-empty", fmt.Sprintf("sound track %d is empty; it is left out", s.audio.Track), "if the film should have sound, export it again")
		}
	}
}

// trySound decodes the beginning of every sound track: one that cannot be decoded is left out where there is another, and
// is said before the film is encoded where there is none.
func (t Tools) trySound(ctx context.Context, j *judge, source *media.Source) error {
	if j.failed() || j.tolerant || j.begins {
		return nil
	}
	var good []media.Audio
	var bad []string
	for _, a := range source.Audio {
		why, err := t.decodesSound(ctx, j.path, a)
		switch {
		case err != nil:
			return err
		case why == "":
			good = append(good, a)
		default:
			bad = append(bad, fmt.Sprintf("sound track %d (%s) is damaged or cannot be decoded; ffmpeg says: %s", a.Track, a.Codec, why))
		}
	}
	for _, text := range bad {
		if len(good) == 0 {
			j.damaged("film-sound-undecodable", text)
			return nil
		}
		j.find(report.Warn, "film-sound-undecodable", text+"; it is left out", again+" if it is wanted")
	}
	source.Audio = good
	return nil
}

// decodesSound tries a few frames of a sound track. why is "" where they decode.
func (t Tools) decodesSound(ctx context.Context, path string, a media.Audio) (why string, err error) {
	var got time.Duration
	err = t.Run(ctx, Job{Args: trySoundArgs(path, a), Progress: func(p Progress) { got = p.OutTime }})
	if exit := (*ExitError)(nil); errors.As(err, &exit) {
		if exit.Why == "" {
			return "its data is damaged", nil
		}
		return exit.Why, nil
	}
	if err == nil && got <= 0 {
		return "it decodes to nothing", nil
	}
	return "", err
}

func trySoundArgs(path string, a media.Audio) []string {
	f := &filters{stream(input(path, reading(a.Reading)), a.Index)}
	f.add("anull")
	return arguments(1, f.Output("pipe:", ff.KwArgs{"frames:a": "10", "vn": "", "format": "null"}))
}
