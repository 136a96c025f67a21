package cli

import (
	"context"
	"path/filepath"

	"filmpress/internal/media/ffmpeg"
	"filmpress/internal/report"
	"filmpress/internal/subtitle/rules"
)

type filmLook struct {
	path, language string
	speech, cuts   bool
}

func (a *app) filmFacts(ctx context.Context, look filmLook) (rules.Film, []report.Finding, error) {
	path, err := filepath.Abs(look.path)
	if err != nil {
		return rules.Film{}, nil, err
	}
	tools, err := ffmpeg.Find(ctx, a.config.FFmpeg, a.config.FFprobe)
	if err != nil {
		return rules.Film{}, nil, err
	}
	source, findings, err := tools.Inspect(ctx, path, func(report.Event) {})
	for i := range findings {
		findings[i].Pos.File = look.path
	}
	if err != nil || blocks(findings) {
		return rules.Film{}, findings, err
	}
	return factsOf(source), nil, nil
}
