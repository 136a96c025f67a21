package gather

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/text/language"

	"filmpress/internal/engine"
	"filmpress/internal/plan"
	"filmpress/internal/report"
	"filmpress/internal/subtitle"
	"filmpress/internal/userfile"
)

// sidecar is a subtitle file that belongs to the film.
type sidecar struct {
	path, language, kind string
	found                bool // beside the film, by its name: nobody named it
}

// findSidecars collects the files beside the film that are named like it, those on the command line and those of
// --subs. A file that is named twice is taken once, with what --subs says of it.
func findSidecars(film string, files, subs []string) ([]sidecar, error) {
	var out []sidecar
	add := func(s sidecar) {
		if !slices.ContainsFunc(out, func(o sidecar) bool { return o.path == s.path }) {
			out = append(out, s)
		}
	}
	for _, arg := range subs {
		lang, path, ok := strings.Cut(arg, "=")
		tag, err := language.Parse(lang)
		if !ok || err != nil || path == "" {
			return nil, flagf("--subs %q: write a language and a file, as in --subs en=path/to/file.srt", arg)
		}
		if path, err = filepath.Abs(path); err != nil {
			return nil, err
		}
		_, kind := kindInName(path)
		add(sidecar{path: path, language: tag.String(), kind: kind})
	}
	for _, path := range files {
		path, err := filepath.Abs(path)
		if err != nil {
			return nil, err
		}
		lang, kind := kindInName(path)
		add(sidecar{path: path, language: lang, kind: kind})
	}
	stem := strings.TrimSuffix(filepath.Base(film), filepath.Ext(film))
	entries, err := os.ReadDir(filepath.Dir(film))
	if err != nil && !errors.Is(err, fs.ErrPermission) { // a folder that cannot be listed has no sidecars to find
		return nil, err
	}
	for _, e := range entries {
		if s, ok := subtitle.ParseSidecar(stem, e.Name()); ok && !e.IsDir() && e.Name() != filepath.Base(film) {
			add(sidecar{filepath.Join(filepath.Dir(film), e.Name()), s.Language, string(s.Kind), true})
		}
	}
	return out, nil
}

// kindInName reads language and kind from any file's name, whatever its stem: "anything.en.sdh.srt".
func kindInName(path string) (lang, kind string) {
	s := subtitle.ParseName(filepath.Base(path))
	return s.Language, string(s.Kind)
}

// readTrack reads one subtitle file and keeps what is wrong with it.
func (g *Film) readTrack(s sidecar, charset string) error {
	read := userfile.Read // who names a link means what it leads to
	if s.found {
		read = userfile.ReadBeside
	}
	data, err := read(s.path, subtitle.MaxBytes+1)
	if err != nil {
		g.unreadable(s.path, err)
		return nil
	}
	name := userfile.Shown(s.path)
	if s.language == "" {
		s.language = g.Request.Language
	}
	if s.language == "" {
		g.Findings = append(g.Findings, report.Finding{Pos: report.Pos{File: name}, Severity: report.Error, Rule: "subtitle-language",
			Text: "nobody says which language this file is in", Hint: "name it film.en.srt, or give --subs en=" + name})
		return nil
	}
	t, found := subtitle.Read(name, data, subtitle.Options{Charset: charset, Language: s.language})
	if err := g.judgeTrack(&t, found, s); err != nil {
		return err
	}
	if charset == "" && !strings.HasPrefix(strings.ToUpper(t.Charset), "UTF") {
		charset = t.Charset // guessed with the language's help, which the step that reads it again does not have
	}
	track := plan.Track{Digest: digestOf(data), File: name, Ext: strings.ToLower(filepath.Ext(s.path)), Charset: charset, Language: s.language, Kind: s.kind}
	g.Request.Tracks = append(g.Request.Tracks, track)
	g.Sources[track.Digest] = engine.Source{Path: s.path, Data: data}
	return nil
}
