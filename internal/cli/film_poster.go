package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"

	"filmpress/internal/engine"
	"filmpress/internal/media/ffmpeg"
	"filmpress/internal/report"
)

// maxPoster bounds a poster's file, in bytes: a photograph of 64 million pixels has about 30 MB.
const maxPoster = 64 << 20

// readPoster reads the picture file that film.md names. What is wrong with it is a finding.
func (g *gathered) readPoster(ctx context.Context, tools ffmpeg.Tools, dir, name string) error {
	path := filepath.Join(dir, filepath.FromSlash(name))
	fail := func(rule, text, hint string) error {
		g.findings = append(g.findings, report.Finding{Pos: report.Pos{File: shown(path)}, Severity: report.Error, Rule: rule, Text: text, Hint: hint})
		return nil
	}
	data, err := readInside(dir, name, maxPoster+1)
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
	g.request.Poster.File, g.request.Poster.Name = &picture, shown(path)
	g.sources[picture.Digest] = engine.Source{Path: path, Data: data}
	return nil
}

// readInside reads at most max bytes of a plain file in a folder, which no link leads out of.
func readInside(dir, name string, max int64) ([]byte, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	return readPlain(root.Stat, root.Open, name, max)
}

// readBeside reads at most max bytes of a file that nobody named, but that lies where such files lie. A link in its place may lead to a file of the same
// folder: what else it leads to, keys or a list of names, would be published, and nobody meant that.
func readBeside(path string, max int64) ([]byte, error) {
	dir, name := filepath.Split(path)
	info, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	link := info.Mode()&os.ModeSymlink != 0
	data, err := readInside(cmp.Or(dir, "."), name, max)
	switch {
	case err == nil || errors.Is(err, os.ErrNotExist):
		return data, err
	case link:
		return nil, fmt.Errorf("%s is a link that leads out of its folder, and what it leads to would be published; put the file itself there, or take the link away", shown(path))
	case errors.Is(err, os.ErrPermission): // a folder that nobody may list cannot be opened as a root
		return readCapped(path, max)
	}
	if at, ok := errors.AsType[*os.PathError](err); ok {
		err = &os.PathError{Op: at.Op, Path: path, Err: at.Err}
	}
	return nil, err
}

// reason is an error without the path that it happened at.
func reason(err error) string {
	if at, ok := errors.AsType[*os.PathError](err); ok {
		err = at.Err
	} else if at, ok := errors.AsType[*net.OpError](err); ok {
		err = at.Err
	}
	return err.Error()
}
