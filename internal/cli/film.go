package cli

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/text/language"

	"filmpress/internal/engine"
	"filmpress/internal/filestamp"
	"filmpress/internal/media"
	"filmpress/internal/media/ffmpeg"
	"filmpress/internal/pipeline"
	"filmpress/internal/plan"
	"filmpress/internal/report"
	"filmpress/internal/step"
	"filmpress/internal/strictyaml"
	"filmpress/internal/subtitle"
	"filmpress/internal/watch"
	"filmpress/pipelines"
)

// filmFlags are what publish and plan both take.
type filmFlags struct {
	title, slug, language, pipeline, charset string
	subs                                     []string // LANG=PATH
	audio                                    []string // TRACK=LANG, LEFT+RIGHT=LANG or TRACK=off
	tolerant                                 bool     // publish what can be decoded of a damaged film
}

// gathered is everything that is known once a film and the files beside it were read.
type gathered struct {
	request  plan.Request
	sources  map[string]engine.Source // by digest, for the engine
	findings []report.Finding
	pipeline string // as the command line names it: what is told here, and never published
	subs     trackJudge
}

// sidecar is a subtitle file that belongs to the film.
type sidecar struct {
	path, language, kind string
	found                bool // beside the film, by its name: nobody named it
}

// gather reads the film and what lies beside it. Complaints about those files are findings, not errors.
func gather(ctx context.Context, film string, files []string, f filmFlags, tools ffmpeg.Tools, probe prober, sink report.Sink) (gathered, error) {
	path, err := filepath.Abs(film)
	if err != nil {
		return gathered{}, err
	}
	g := gathered{pipeline: f.pipeline, sources: map[string]engine.Source{}, request: plan.Request{Name: film, NameOf: subtitle.NativeName, Tool: tools.Build, Page: watch.Version(), Tolerant: f.tolerant}}
	if bundle, ok := watch.Bundle(); ok {
		g.request.Bundle = step.BundleDigest(bundle)
	}
	if g.request.Pipeline, err = g.readPipeline(f.pipeline); err != nil {
		return g, err
	}
	if g.request.Sounds, err = readSounds(f.audio); err != nil {
		return g, err
	}
	article, err := g.readArticle(path)
	if err != nil {
		return g, err
	}
	if err := g.nameFilm(path, article, f); err != nil {
		return g, err
	}
	tracks, err := findSidecars(path, files, f.subs)
	if err != nil {
		return g, err
	}
	for _, t := range tracks {
		if err := g.readTrack(t, f.charset); err != nil {
			return g, err
		}
	}
	g.judgeBeginning(film, article.Subtitles)
	if article.Poster.File != "" {
		if err := g.readPoster(ctx, tools, filepath.Dir(path), article.Poster.File); err != nil {
			return g, err
		}
	}
	if blocks(g.findings) { // subtitles, article and poster cost nothing to read: they are judged before a film of hours is
		report.Sort(g.findings)
		return g, nil
	}
	if g.request.Pipeline.Video.AV1 != nil { // so is what ffmpeg can do: not in the middle of an encode
		if err := tools.CanAV1(ctx); err != nil {
			return g, lacking(err, g.pipeline)
		}
	}
	var findings []report.Finding
	source := engine.Source{Path: path}
	source.Stamp, _ = filestamp.At(path) // of a film that is not there the probe tells
	if g.request.Film, findings, err = probe(ctx, path, sink); err != nil {
		return g, err
	}
	g.findings = append(g.findings, named(findings, film)...)
	if !blocks(findings) {
		if err := source.Unchanged(); err != nil { // its digest may be of neither version
			return g, err
		}
		g.judgeTimes()
	}
	g.sources[g.request.Film.Digest] = source
	report.Sort(g.findings)
	return g, nil
}

// prober gives a film's facts; see probe.go for the one that remembers.
type prober func(ctx context.Context, path string, sink report.Sink) (media.Source, []report.Finding, error)

// blocks says whether findings stop a publish.
func blocks(fs []report.Finding) bool {
	worst, any := report.Worst(fs)
	return any && worst == report.Error
}

// ownPipeline is what a pipeline of the user's is called where it is published: its file may be named after somebody.
const ownPipeline = "own"

// readPipeline takes the name of a pipeline that comes with the program, or the path of a file.
func (g *gathered) readPipeline(name string) (pipeline.Pipeline, error) {
	file := name
	data, err := pipelines.FS.ReadFile(name + ".yml")
	if err == nil {
		file = "pipelines/" + name + ".yml"
	} else if strings.ContainsAny(name, `./\`) {
		if data, err = readCapped(name, 1<<20); err != nil {
			return pipeline.Pipeline{}, unreadable("--pipeline", err)
		}
		name = ownPipeline
	} else {
		return pipeline.Pipeline{}, unknownPipeline(name)
	}
	p, findings := pipeline.Read(name, file, data)
	g.findings = append(g.findings, findings...)
	return p, nil
}

// pipelineNames are the pipelines that come with the program.
func pipelineNames() (known []string) {
	entries, err := pipelines.FS.ReadDir(".")
	if err != nil {
		panic(err) // embedded
	}
	for _, e := range entries {
		if base, ok := strings.CutSuffix(e.Name(), ".yml"); ok {
			known = append(known, base)
		}
	}
	return known
}

func unknownPipeline(name string) error {
	known, hint := pipelineNames(), ""
	if near := strictyaml.Nearest(name, known); near != "" {
		hint = fmt.Sprintf(" Did you mean %s?", near)
	}
	return usageError{fmt.Errorf("there is no pipeline %q.%s There are %s, or give the path of a .yml file", name, hint, strings.Join(known, ", "))}
}

// readArticle reads film.md beside film.mp4, if there is one.
func (g *gathered) readArticle(film string) (watch.Article, error) {
	path := strings.TrimSuffix(film, filepath.Ext(film)) + ".md"
	data, err := readBeside(path, 2<<20)
	if errors.Is(err, fs.ErrNotExist) {
		return watch.Article{}, nil
	}
	if err != nil {
		g.unreadable(path, err)
		return watch.Article{}, nil
	}
	article, findings := watch.ParseArticle(shown(path), data)
	g.findings = append(g.findings, findings...)
	g.request.Article = digestOf(data)
	g.sources[g.request.Article] = engine.Source{Path: path, Data: data}
	return article, nil
}

// nameFilm settles title, slug and language: flags first, then the article, then the file's name.
func (g *gathered) nameFilm(film string, a watch.Article, f filmFlags) error {
	r := &g.request
	r.Poster.At, r.NoChapters = a.Poster.At, a.NoChapters
	stem := strings.TrimSuffix(filepath.Base(film), filepath.Ext(film))
	r.Title = cmp.Or(strings.TrimSpace(f.title), a.Title, strings.TrimSpace(strings.NewReplacer("_", " ", "-", " ").Replace(stem)), stem)
	if strings.TrimSpace(f.title) == "" && a.Title == "" {
		g.findings = append(g.findings, report.Finding{Pos: report.Pos{File: shown(film)}, Severity: report.Warn, Rule: "film-title",
			Text: fmt.Sprintf("nobody gave the film a title, so viewers read its file's name: %q", r.Title), Hint: "give it one with --title, or with title: in its .md file"})
	}
	r.Slug = cmp.Or(f.slug, a.Slug)
	if r.Slug == "" {
		r.Slug = plan.Slug(cmp.Or(f.title, a.Title, stem))
	} else if plan.Slug(r.Slug) != r.Slug {
		return usageError{fmt.Errorf("--slug %q cannot be an address; %q can", r.Slug, plan.Slug(r.Slug))}
	}
	var err error
	r.Language, err = languageTag(cmp.Or(f.language, a.Language))
	return err
}

// judgeBeginning says where the article asks for subtitles that the film does not have.
func (g *gathered) judgeBeginning(film, lang string) {
	var tracks []watch.Track
	for _, t := range g.request.Tracks {
		tracks = append(tracks, watch.Track{Language: t.Language, Forced: t.Kind == "forced"})
	}
	if lang == "" || watch.Begins(tracks, lang) != "" {
		return
	}
	g.findings = append(g.findings, report.Finding{Pos: report.Pos{File: strings.TrimSuffix(film, filepath.Ext(film)) + ".md"}, Severity: report.Warn, Rule: "article-subtitles",
		Text: fmt.Sprintf("subtitles in %s are to be on at first, and the film has none", lang), Hint: "lay the file beside the film, or take the key subtitles out"})
}

// languageTag is what --language says, in its canonical form; "" stays so.
func languageTag(given string) (string, error) {
	if given == "" {
		return "", nil
	}
	tag, err := language.Parse(given)
	if err != nil {
		return "", notALanguage(given)
	}
	return tag.String(), nil
}

func notALanguage(given string) error {
	return usageError{fmt.Errorf("--language %q is not a language tag; write en, ru, ky or pt-BR", given)}
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
			return nil, usageError{fmt.Errorf("--subs %q: write a language and a file, as in --subs en=path/to/file.srt", arg)}
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
func (g *gathered) readTrack(s sidecar, charset string) error {
	read := readCapped // who names a link means what it leads to
	if s.found {
		read = readBeside
	}
	data, err := read(s.path, subtitle.MaxBytes+1)
	if err != nil {
		g.unreadable(s.path, err)
		return nil
	}
	name := shown(s.path)
	if s.language == "" {
		s.language = g.request.Language
	}
	if s.language == "" {
		g.findings = append(g.findings, report.Finding{Pos: report.Pos{File: name}, Severity: report.Error, Rule: "subtitle-language",
			Text: "nobody says which language this file is in", Hint: "name it film.en.srt, or give --subs en=" + name})
		return nil
	}
	g.subs.charset = charset
	t, found := subtitle.Read(name, data, subtitle.Options{Charset: charset, Language: s.language})
	if err := g.judgeTrack(&t, found, s); err != nil {
		return err
	}
	if charset == "" && !strings.HasPrefix(strings.ToUpper(t.Charset), "UTF") {
		charset = t.Charset // guessed with the language's help, which the step that reads it again does not have
	}
	track := plan.Track{Digest: digestOf(data), File: name, Ext: strings.ToLower(filepath.Ext(s.path)), Charset: charset, Language: s.language, Kind: s.kind}
	g.request.Tracks = append(g.request.Tracks, track)
	g.sources[track.Digest] = engine.Source{Path: s.path, Data: data}
	return nil
}

// unreadable tells of a file beside the film that cannot be read.
func (g *gathered) unreadable(path string, err error) {
	g.findings = append(g.findings, report.Finding{Pos: report.Pos{File: shown(path)}, Severity: report.Error, Rule: "file-unreadable",
		Text: strings.TrimPrefix(sentence(err), path+": "), Hint: "name a file that can be read, or leave it out"})
}

func digestOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// readCapped reads a regular file, but never more than max bytes: what is larger is for the reader to refuse.
func readCapped(path string, max int64) ([]byte, error) {
	return readPlain(os.Stat, os.Open, path, max)
}

// readPlain is readCapped for a place with its own ways to look and to open, such as an os.Root.
func readPlain(stat func(string) (fs.FileInfo, error), open func(string) (*os.File, error), path string, max int64) ([]byte, error) {
	info, err := stat(path) // before opening: a fifo would wait for its writer
	switch {
	case err != nil:
		return nil, err
	case info.IsDir():
		return nil, fmt.Errorf("%s is a folder, not a file", shown(path))
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is not a plain file", shown(path))
	}
	f, err := open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var b bytes.Buffer
	b.Grow(int(min(info.Size(), max)) + bytes.MinRead) // the whole file at once: growing step by step would take twice the memory
	_, err = b.ReadFrom(io.LimitReader(f, max))
	return b.Bytes(), err
}

// shown is a path as the user would write it: relative where the file lies below the working folder.
func shown(path string) string {
	dir, err := os.Getwd()
	if err != nil {
		return path
	}
	if rel, err := filepath.Rel(dir, path); err == nil && filepath.IsLocal(rel) {
		return rel
	}
	return path
}
