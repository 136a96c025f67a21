// Package gather makes of a film's path, the files beside it and a producer's wishes what plan.Compute asks for, and what the engine reads: it probes the
// film, reads and judges film.md, the subtitles and the poster, and looks what a good picture costs. What took long to find out is kept and found again.
package gather

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
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
	"filmpress/internal/userfile"
	"filmpress/internal/watch"
	"filmpress/pipelines"
)

// Wishes are what a producer says of a film: by the flags of publish and plan, or in a list of films. "" is not said.
type Wishes struct {
	Title, Slug string
	Language    string   // a tag of BCP 47: of the page, and of sound and subtitles that do not say
	Pipeline    string   // one of PipelineNames, or the path of a .yml file
	Charset     string   // of subtitle files that are not UTF-8
	Subs        []string // LANG=PATH
	Audio       []string // TRACK=LANG, LEFT+RIGHT=LANG or TRACK=off
	Tolerant    bool     // publish what can be decoded of a damaged film
}

// Film is everything that is known once a film and the files beside it were read.
type Film struct {
	Request  plan.Request             // without the quality, which Measure looks for, and the theme
	Sources  map[string]engine.Source // by digest, for the engine
	Findings []report.Finding         // sorted; an error among them stops a publish, and then the film itself may not have been read
	subs     trackJudge
}

// sidecar is a subtitle file that belongs to the film.
type sidecar struct {
	path, language, kind string
	found                bool // beside the film, by its name: nobody named it
}

// Read reads the film and what lies beside it, and files, subtitles that were named besides. Complaints about all of them are findings. Errors are a
// *FlagError where the wishes cannot be meant, an *engine.ChangedError where the film changed meanwhile, and what the prober met.
func Read(ctx context.Context, film string, files []string, f Wishes, tools ffmpeg.Tools, probe Prober, sink report.Sink) (Film, error) {
	path, err := filepath.Abs(film)
	if err != nil {
		return Film{}, err
	}
	g := Film{Sources: map[string]engine.Source{}, Request: plan.Request{Name: film, NameOf: subtitle.NativeName, Tool: tools.Build, Page: watch.Version(), Tolerant: f.Tolerant}}
	if bundle, ok := watch.Bundle(); ok {
		g.Request.Bundle = step.BundleDigest(bundle)
	}
	if g.Request.Pipeline, err = g.readPipeline(f.Pipeline); err != nil {
		return g, err
	}
	if g.Request.Sounds, err = readSounds(f.Audio); err != nil {
		return g, err
	}
	article, err := g.readArticle(path)
	if err != nil {
		return g, err
	}
	if err := g.nameFilm(path, article, f); err != nil {
		return g, err
	}
	tracks, err := findSidecars(path, files, f.Subs)
	if err != nil {
		return g, err
	}
	for _, t := range tracks {
		if err := g.readTrack(t, f.Charset); err != nil {
			return g, err
		}
	}
	g.judgeBeginning(film, article.Subtitles)
	if article.Poster.File != "" {
		if err := g.readPoster(ctx, tools, filepath.Dir(path), article.Poster.File); err != nil {
			return g, err
		}
	}
	if report.Blocks(g.Findings) { // subtitles, article and poster cost nothing to read: they are judged before a film of hours is
		report.Sort(g.Findings)
		return g, nil
	}
	if g.Request.Pipeline.Video.AV1 != nil { // so is what ffmpeg can do: not in the middle of an encode
		if err := tools.CanAV1(ctx); err != nil {
			return g, lacking(err, f.Pipeline)
		}
	}
	var findings []report.Finding
	source := engine.Source{Path: path}
	source.Stamp, _ = filestamp.At(path) // of a film that is not there the probe tells
	if g.Request.Film, findings, err = probe(ctx, path, sink); err != nil {
		return g, err
	}
	g.Findings = append(g.Findings, named(findings, film)...)
	if !report.Blocks(findings) {
		if err := source.Unchanged(); err != nil { // its digest may be of neither version
			return g, err
		}
		g.judgeTimes()
	}
	g.Sources[g.Request.Film.Digest] = source
	report.Sort(g.Findings)
	return g, nil
}

// Prober gives the facts of the film at a path, and what is wrong with it. Remembering makes one.
type Prober func(ctx context.Context, path string, sink report.Sink) (media.Source, []report.Finding, error)

// ownPipeline is what a pipeline of the user's is called where it is published: its file may be named after somebody.
const ownPipeline = "own"

// readPipeline takes the name of a pipeline that comes with the program, or the path of a file.
func (g *Film) readPipeline(name string) (pipeline.Pipeline, error) {
	file := name
	data, err := pipelines.FS.ReadFile(name + ".yml")
	if err == nil {
		file = "pipelines/" + name + ".yml"
	} else if strings.ContainsAny(name, `./\`) {
		if data, err = userfile.Read(name, 1<<20); err != nil {
			return pipeline.Pipeline{}, flagf("--pipeline %s", userfile.Sentence(err))
		}
		name = ownPipeline
	} else {
		return pipeline.Pipeline{}, unknownPipeline(name)
	}
	p, findings := pipeline.Read(name, file, data)
	g.Findings = append(g.Findings, findings...)
	return p, nil
}

// PipelineNames are the pipelines that come with the program.
func PipelineNames() (known []string) {
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
	known, hint := PipelineNames(), ""
	if near := strictyaml.Nearest(name, known); near != "" {
		hint = fmt.Sprintf(" Did you mean %s?", near)
	}
	return flagf("there is no pipeline %q.%s There are %s, or give the path of a .yml file", name, hint, strings.Join(known, ", "))
}

// readArticle reads film.md beside film.mp4, if there is one.
func (g *Film) readArticle(film string) (watch.Article, error) {
	path := strings.TrimSuffix(film, filepath.Ext(film)) + ".md"
	data, err := userfile.ReadBeside(path, 2<<20)
	if errors.Is(err, fs.ErrNotExist) {
		return watch.Article{}, nil
	}
	if err != nil {
		g.unreadable(path, err)
		return watch.Article{}, nil
	}
	article, findings := watch.ParseArticle(userfile.Shown(path), data)
	g.Findings = append(g.Findings, findings...)
	g.Request.Article = digestOf(data)
	g.Sources[g.Request.Article] = engine.Source{Path: path, Data: data}
	return article, nil
}

// nameFilm settles title, slug and language: flags first, then the article, then the file's name.
func (g *Film) nameFilm(film string, a watch.Article, f Wishes) error {
	r := &g.Request
	r.Poster.At, r.NoChapters = a.Poster.At, a.NoChapters
	stem := strings.TrimSuffix(filepath.Base(film), filepath.Ext(film))
	r.Title = cmp.Or(strings.TrimSpace(f.Title), a.Title, strings.TrimSpace(strings.NewReplacer("_", " ", "-", " ").Replace(stem)), stem)
	if strings.TrimSpace(f.Title) == "" && a.Title == "" {
		g.Findings = append(g.Findings, report.Finding{Pos: report.Pos{File: userfile.Shown(film)}, Severity: report.Warn, Rule: "film-title",
			Text: fmt.Sprintf("nobody gave the film a title, so viewers read its file's name: %q", r.Title), Hint: "give it one with --title, or with title: in its .md file"})
	}
	r.Slug = cmp.Or(f.Slug, a.Slug)
	if r.Slug == "" {
		r.Slug = plan.Slug(cmp.Or(f.Title, a.Title, stem))
	} else if plan.Slug(r.Slug) != r.Slug {
		return flagf("--slug %q cannot be an address; %q can", r.Slug, plan.Slug(r.Slug))
	}
	var err error
	r.Language, err = LanguageTag(cmp.Or(f.Language, a.Language))
	return err
}

// judgeBeginning says where the article asks for subtitles that the film does not have.
func (g *Film) judgeBeginning(film, lang string) {
	var tracks []watch.Track
	for _, t := range g.Request.Tracks {
		tracks = append(tracks, watch.Track{Language: t.Language, Forced: t.Kind == "forced"})
	}
	if lang == "" || watch.Begins(tracks, lang) != "" {
		return
	}
	g.Findings = append(g.Findings, report.Finding{Pos: report.Pos{File: strings.TrimSuffix(film, filepath.Ext(film)) + ".md"}, Severity: report.Warn, Rule: "article-subtitles",
		Text: fmt.Sprintf("subtitles in %s are to be on at first, and the film has none", lang), Hint: "lay the file beside the film, or take the key subtitles out"})
}

// LanguageTag is what --language says, a tag of BCP 47, in its canonical form; "" stays so. The error is that of NotALanguage.
func LanguageTag(given string) (string, error) {
	if given == "" {
		return "", nil
	}
	tag, err := language.Parse(given)
	if err != nil {
		return "", NotALanguage(given)
	}
	return tag.String(), nil
}

// NotALanguage refuses what --language says.
func NotALanguage(given string) error {
	return flagf("--language %q is not a language tag; write en, ru, ky or pt-BR", given)
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
	g.subs.charset = charset
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

// unreadable tells of a file beside the film that cannot be read.
func (g *Film) unreadable(path string, err error) {
	g.Findings = append(g.Findings, report.Finding{Pos: report.Pos{File: userfile.Shown(path)}, Severity: report.Error, Rule: "file-unreadable",
		Text: strings.TrimPrefix(userfile.Sentence(err), path+": "), Hint: "name a file that can be read, or leave it out"})
}

func digestOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// FlagError is a wish that cannot be carried out, whatever lies on the disk. Its sentence names the flag.
type FlagError struct{ err error }

func (e *FlagError) Error() string { return e.err.Error() }
func (e *FlagError) Unwrap() error { return e.err }

func flagf(format string, args ...any) error { return &FlagError{fmt.Errorf(format, args...)} }

// lacking tells who needs a part that this ffmpeg was built without.
func lacking(err error, pipeline string) error {
	if lacks, ok := errors.AsType[*ffmpeg.ErrLacks](err); ok {
		lacks.For = "the pipeline " + pipeline
	}
	return err
}
