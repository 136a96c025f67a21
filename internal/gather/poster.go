package gather

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"filmpress/internal/engine"
	"filmpress/internal/media/ffmpeg"
	"filmpress/internal/report"
	"filmpress/internal/userfile"
)

// maxPoster bounds a poster's file, in bytes: a photograph of 64 million pixels has about 30 MB.
const maxPoster = 64 << 20

// readPoster reads the picture file that film.md names. What is wrong with it is a finding.
func (g *Film) readPoster(ctx context.Context, tools ffmpeg.Tools, dir, name string) error {
	path := filepath.Join(dir, filepath.FromSlash(name))
	fail := func(rule, text, hint string) error {
		g.Findings = append(g.Findings, report.Finding{Pos: report.Pos{File: userfile.Shown(path)}, Severity: report.Error, Rule: rule, Text: text, Hint: hint})
		return nil
	}
	data, err := userfile.ReadInside(dir, name, maxPoster+1)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return fail("poster-missing", "its .md file wants this picture as poster, and there is no such file", "check its name, or leave `poster:` out")
	case err != nil:
		return fail("poster-unreadable", "the poster cannot be read: "+reason(err), "put the picture itself beside the film")
	case len(data) > maxPoster:
		return fail("poster-size", fmt.Sprintf("the poster has more than %d MB", maxPoster>>20), "export it smaller: more than the film's own size is not shown")
	}
	picture, err := tools.Picture(ctx, path, data)
	if bad, ok := errors.AsType[*ffmpeg.ErrPicture](err); ok {
		return fail("poster-unreadable", "the poster cannot be used: "+bad.Why, bad.Mend)
	} else if err != nil {
		return err
	}
	picture.Digest = digestOf(data)
	g.Request.Poster.File, g.Request.Poster.Name = &picture, userfile.Shown(path)
	g.Sources[picture.Digest] = engine.Source{Path: path, Data: data}
	return nil
}

// reason is an error without the path that it happened at.
func reason(err error) string {
	if at, ok := errors.AsType[*os.PathError](err); ok {
		err = at.Err
	}
	return err.Error()
}
