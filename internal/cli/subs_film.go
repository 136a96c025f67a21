package cli

import (
	"context"
	"path/filepath"

	"filmpress/internal/media/ffmpeg"
	"filmpress/internal/report"
	"filmpress/internal/subtitle/rules"
)

// filmFacts is what the rules need to know of a film.
func (a *app) filmFacts(ctx context.Context, film string) (rules.Film, error) {
	path, err := filepath.Abs(film)
	if err != nil {
		return rules.Film{}, err
	}
	tools, err := ffmpeg.Find(ctx, a.config.FFmpeg, a.config.FFprobe)
	if err != nil {
		return rules.Film{}, err
	}
	source, findings, err := tools.Inspect(ctx, path, func(report.Event) {})
	if err != nil {
		return rules.Film{}, err
	}
	if blocks(findings) {
		for i := range findings {
			findings[i].Pos.File = film
		}
		return rules.Film{}, findingsError{findings}
	}
	return factsOf(source), nil
}
