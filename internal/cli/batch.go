package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"sync"
	"text/tabwriter"

	"golang.org/x/sync/errgroup"

	"filmpress/internal/engine"
	"filmpress/internal/report"
	"filmpress/internal/strictyaml"
	"filmpress/internal/ui"
)

// batchFlags are those of --batch.
type batchFlags struct {
	list     string
	parallel int
}

// batchList is the file of --batch. What an entry leaves out is as on the command line.
type batchList struct {
	Films []batchFilm `yaml:"films"`
}

// batchFilm is one film of a list. Paths are seen from the list's folder.
type batchFilm struct {
	line, col int // of its entry in the list

	Film     string   `yaml:"film"`
	Title    string   `yaml:"title"`
	Slug     string   `yaml:"slug"`
	Language string   `yaml:"language"`
	Pipeline string   `yaml:"pipeline"`
	Charset  string   `yaml:"charset"`
	Subs     []string `yaml:"subs"`  // LANG=PATH
	Audio    []string `yaml:"audio"` // as --audio
	Tolerant bool     `yaml:"tolerant"`
}

// outcome is what became of one film.
type outcome struct {
	Film  string          `json:"film"`
	Exit  int             `json:"exit"`             // as publish alone would have ended
	Error string          `json:"error,omitempty"`  // one sentence
	Out   json.RawMessage `json:"result,omitempty"` // of publish --json
	Plan  json.RawMessage `json:"plan,omitempty"`   // of plan --json, with --dry-run

	page string
}

// publishBatch publishes a list of films. A film that fails does not stop the others; what is published and unchanged costs a look.
func (a *app) publishBatch(ctx context.Context, o publishOptions) error {
	if o.detach {
		return usagef("--detach is for one film; a batch waits for its films, and can be run again")
	}
	if o.film.title+o.film.slug != "" {
		return usagef("--title and --slug are for one film; in a batch they stand in the list")
	}
	films, err := readBatch(o.batch.list)
	if err != nil {
		return err
	}
	if found := sameSlugs(films, o); len(found) > 0 {
		return findingsError{found}
	}
	if o.batch.parallel > 1 {
		a.memory = freeMemory() // before films are made: what they take is not taken from them again
	}
	all := make([]outcome, len(films))
	var mu sync.Mutex
	var group errgroup.Group
	group.SetLimit(o.batch.parallel)
	for i, f := range films {
		all[i] = outcome{Film: f.Film, Exit: exitInterrupted, Error: "not begun"}
		group.Go(func() error {
			if ctx.Err() == nil {
				all[i] = a.publishOne(ctx, o, f, &prefixed{to: a.err, mu: &mu, prefix: fmt.Sprintf("[%d/%d %s] ", i+1, len(films), ui.Clean(f.Film))})
			}
			return nil
		})
	}
	group.Wait() // nothing fails here
	return a.summarise(all, o)
}

// publishOne publishes one film of a list; its story has its name before each line.
func (a *app) publishOne(ctx context.Context, o publishOptions, f batchFilm, story io.Writer) outcome {
	var out bytes.Buffer
	one := &app{in: a.in, out: &out, err: story, config: a.config, turns: a.turns, memory: a.memory, telemetry: a.telemetry, cmd: a.cmd}
	options := a.ui.Options
	options.Out, options.Color, options.Film = story, false, f.Film
	if options.Style == ui.Bar {
		options.Style = ui.Plain
	}
	one.ui = ui.New(options)
	own := o
	own.batch, own.name, own.json, own.film = batchFlags{}, f.path(o.batch.list, f.Film), true, f.flags(o)
	err := report.Caught(func() error { return one.publish(ctx, own) })
	one.ui.Close()
	result := outcome{Film: f.Film, Exit: exitCode(ctx, err)}
	if err != nil {
		result.Error = one.tell(err)
		one.ui.Failed(result.Error)
		return result
	}
	var p published
	switch {
	case o.dryRun:
		result.Plan = out.Bytes()
	case json.Unmarshal(out.Bytes(), &p) == nil:
		result.Out, result.page = out.Bytes(), p.Page
	}
	return result
}

// flags are what publish would have been given.
func (f batchFilm) flags(o publishOptions) filmFlags {
	flags := o.film
	flags.title, flags.slug = f.Title, f.Slug
	for _, own := range []struct {
		value string
		into  *string
	}{{f.Language, &flags.language}, {f.Charset, &flags.charset}, {f.Pipeline, &flags.pipeline}} {
		if own.value != "" {
			*own.into = own.value
		}
	}
	if strings.ContainsAny(f.Pipeline, `./\`) {
		flags.pipeline = f.path(o.batch.list, f.Pipeline)
	}
	flags.tolerant = flags.tolerant || f.Tolerant
	flags.audio = append(flags.audio[:len(flags.audio):len(flags.audio)], f.Audio...)
	for _, s := range f.Subs {
		if lang, path, ok := strings.Cut(s, "="); ok {
			s = lang + "=" + f.path(o.batch.list, path)
		}
		flags.subs = append(flags.subs[:len(flags.subs):len(flags.subs)], s)
	}
	return flags
}

// path is one of the list's, as seen from here.
func (batchFilm) path(list, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(filepath.Dir(list), path)
}

// readBatch reads a list strictly.
func readBatch(name string) ([]batchFilm, error) {
	data, err := readCapped(name, 1<<20+1)
	if err != nil {
		return nil, unreadable("--batch", err)
	}
	var list batchList
	found := strictyaml.Decode(name, data, 1, &list)
	places := strictyaml.Places(data, "films")
	seen := map[string]bool{}
	for i := range list.Films {
		f := &list.Films[i]
		if i < len(places) {
			f.line, f.col = places[i].Line, places[i].Col
		}
		switch {
		case f.Film == "":
			found = append(found, f.finding(name, "batch-film", fmt.Sprintf("entry %d of films names no film", i+1), "write film: path/to/film.mp4"))
		case seen[f.Film]:
			found = append(found, f.finding(name, "batch-twice", f.Film+" is listed twice", "take one away"))
		}
		seen[f.Film] = true
	}
	if len(list.Films) == 0 && len(found) == 0 {
		found = append(found, batchFilm{}.finding(name, "batch-empty", "no films are listed", "write films: and below it, for each, - film: path/to/film.mp4"))
	}
	if len(found) > 0 {
		return nil, findingsError{found}
	}
	return list.Films, nil
}

// sameSlugs complains of films that would take each other's place. Which of them is meant, nobody knows, so none is begun.
func sameSlugs(films []batchFilm, o publishOptions) (found []report.Finding) {
	first := map[string]int{}
	for i, f := range films {
		slug := f.slug(o)
		before, taken := first[slug]
		switch {
		case slug == "":
		case taken:
			found = append(found, f.finding(o.batch.list, "batch-slug", fmt.Sprintf("%s (entry %d) and %s (entry %d) would both be published as %s", films[before].Film, before+1, f.Film, i+1, slug),
				fmt.Sprintf("give one of them a slug: of its own, such as slug: %s-%d", slug, i+1)))
		default:
			first[slug] = i
		}
	}
	return found
}

// slug is the film's part of the address, as publish settles it; "" where publish refuses what it is made of, and says so.
func (f batchFilm) slug(o publishOptions) string {
	path, err := filepath.Abs(f.path(o.batch.list, f.Film))
	if err != nil {
		return ""
	}
	g := gathered{sources: map[string]engine.Source{}}
	article, err := g.readArticle(path)
	if err == nil {
		err = g.nameFilm(path, article, f.flags(o))
	}
	if err != nil {
		return ""
	}
	return g.request.Slug
}

// finding is a complaint about the film's entry in the list.
func (f batchFilm) finding(list, rule, text, hint string) report.Finding {
	return report.Finding{Pos: report.Pos{File: list, Line: f.line, Col: f.col}, Severity: report.Error, Rule: rule, Text: text, Hint: hint}
}

// summarise tells what became of each film. The exit code is the worst that a film had.
func (a *app) summarise(all []outcome, o publishOptions) error {
	a.ui.Close()
	bad, worst := 0, exitFine
	for _, one := range all {
		if one.Exit != exitFine {
			bad++
			worst = max(worst, one.Exit)
		}
	}
	if o.json {
		if err := a.printJSON(all); err != nil {
			return err
		}
	} else {
		table := tabwriter.NewWriter(a.out, 0, 4, 2, ' ', 0)
		for _, one := range all {
			state, rest := "published", one.page
			switch {
			case one.Exit != exitFine:
				state, rest = "failed", one.Error
			case o.dryRun:
				state, rest = "planned", "filmpress plan tells more"
			}
			fmt.Fprintf(table, "%s\t%s\t%s\n", ui.Clean(one.Film), state, ui.Clean(rest))
		}
		if err := table.Flush(); err != nil {
			return err
		}
	}
	switch {
	case bad == 0 && o.dryRun:
		a.ui.Note(fmt.Sprintf("all %d films can be published; nothing was, as --dry-run asks", len(all)))
		return nil
	case bad == 0:
		a.ui.Note(fmt.Sprintf("all %d films are published", len(all)))
		return nil
	case o.dryRun:
		a.ui.Failed(fmt.Sprintf("%d of %d films cannot be published; mend what is told above", bad, len(all)))
	default:
		a.ui.Failed(fmt.Sprintf("%d of %d films were not published; mend what is told above and run the same command again, which does what is left", bad, len(all)))
	}
	return silentError(worst)
}

// prefixed writes whole lines, each with what it is about before it.
type prefixed struct {
	to     io.Writer
	mu     *sync.Mutex // of all that write to the same place
	prefix string
	line   []byte
}

func (p *prefixed) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.line = append(p.line, b...)
	for {
		line, rest, whole := bytes.Cut(p.line, []byte("\n"))
		if !whole {
			return len(b), nil
		}
		if bytes.HasPrefix(line, []byte("{")) { // an event for a program
			fmt.Fprintf(p.to, "%s\n", line)
		} else {
			fmt.Fprintf(p.to, "%s%s\n", p.prefix, line)
		}
		p.line = append([]byte{}, rest...)
	}
}
