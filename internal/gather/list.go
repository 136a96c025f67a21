package gather

import (
	"fmt"
	"path/filepath"
	"strings"

	"filmpress/internal/engine"
	"filmpress/internal/report"
	"filmpress/internal/strictyaml"
	"filmpress/internal/userfile"
)

// filmList is the file of --batch. What an entry leaves out is as on the command line.
type filmList struct {
	Films []Listed `yaml:"films"`
}

// Listed is one film of a list. Paths in it are seen from the list's folder; Path and Wishes give them as seen from here.
type Listed struct {
	list      string // the list's path
	line, col int    // of its entry there

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

// Path is the film's, as seen from here.
func (f Listed) Path() string { return f.path(f.Film) }

// Wishes are what publish would have been given for the film alone. all is what is said of all films of the list.
func (f Listed) Wishes(all Wishes) Wishes {
	flags := all
	flags.Title, flags.Slug = f.Title, f.Slug
	for _, own := range []struct {
		value string
		into  *string
	}{{f.Language, &flags.Language}, {f.Charset, &flags.Charset}, {f.Pipeline, &flags.Pipeline}} {
		if own.value != "" {
			*own.into = own.value
		}
	}
	if strings.ContainsAny(f.Pipeline, `./\`) {
		flags.Pipeline = f.path(f.Pipeline)
	}
	flags.Tolerant = flags.Tolerant || f.Tolerant
	flags.Audio = append(flags.Audio[:len(flags.Audio):len(flags.Audio)], f.Audio...)
	for _, s := range f.Subs {
		if lang, path, ok := strings.Cut(s, "="); ok {
			s = lang + "=" + f.path(path)
		}
		flags.Subs = append(flags.Subs[:len(flags.Subs):len(flags.Subs)], s)
	}
	return flags
}

// path is one of the list's, as seen from here.
func (f Listed) path(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(filepath.Dir(f.list), path)
}

// ReadList reads the .yml file of --batch strictly. Findings are all errors, and then there are no films.
func ReadList(name string) ([]Listed, []report.Finding, error) {
	data, err := userfile.Read(name, 1<<20+1)
	if err != nil {
		return nil, nil, flagf("--batch %s", userfile.Sentence(err))
	}
	var list filmList
	found := strictyaml.Decode(name, data, 1, &list)
	places := strictyaml.Places(data, "films")
	seen := map[string]bool{}
	for i := range list.Films {
		f := &list.Films[i]
		f.list = name
		if i < len(places) {
			f.line, f.col = places[i].Line, places[i].Col
		}
		switch {
		case f.Film == "":
			found = append(found, f.finding("batch-film", fmt.Sprintf("entry %d of films names no film", i+1), "write film: path/to/film.mp4"))
		case seen[f.Film]:
			found = append(found, f.finding("batch-twice", f.Film+" is listed twice", "take one away"))
		}
		seen[f.Film] = true
	}
	if len(list.Films) == 0 && len(found) == 0 {
		found = append(found, Listed{list: name}.finding("batch-empty", "no films are listed", "write films: and below it, for each, - film: path/to/film.mp4"))
	}
	if len(found) > 0 {
		return nil, found, nil
	}
	return list.Films, nil, nil
}

// SameSlugs complains of films that would take each other's place. Which of them is meant, nobody knows, so none is begun.
func SameSlugs(films []Listed, all Wishes) (found []report.Finding) {
	first := map[string]int{}
	for i, f := range films {
		slug := f.slug(all)
		before, taken := first[slug]
		switch {
		case slug == "":
		case taken:
			found = append(found, f.finding("batch-slug", fmt.Sprintf("%s (entry %d) and %s (entry %d) would both be published as %s", films[before].Film, before+1, f.Film, i+1, slug),
				fmt.Sprintf("give one of them a slug: of its own, such as slug: %s-%d", slug, i+1)))
		default:
			first[slug] = i
		}
	}
	return found
}

// slug is the film's part of the address, as publish settles it; "" where publish refuses what it is made of, and says so.
func (f Listed) slug(all Wishes) string {
	path, err := filepath.Abs(f.Path())
	if err != nil {
		return ""
	}
	g := Film{Sources: map[string]engine.Source{}}
	article, err := g.readArticle(path)
	if err == nil {
		err = g.nameFilm(path, article, f.Wishes(all))
	}
	if err != nil {
		return ""
	}
	return g.Request.Slug
}

// finding is a complaint about the film's entry in the list.
func (f Listed) finding(rule, text, hint string) report.Finding {
	return report.Finding{Pos: report.Pos{File: f.list, Line: f.line, Col: f.col}, Severity: report.Error, Rule: rule, Text: text, Hint: hint}
}
