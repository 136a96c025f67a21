package cli

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"filmpress/internal/catalog"
	"filmpress/internal/library"
	"filmpress/internal/release"
	"filmpress/internal/report"
	"filmpress/internal/ui"
)

// catalogued is the result of list as --json prints it. The shape is a contract: docs/admin.md.
type catalogued struct {
	Target    string           `json:"target"`
	Films     []cataloguedFilm `json:"films"`
	Foreign   catalog.Count    `json:"foreign"`   // objects that are not ours
	Elsewhere []string         `json:"elsewhere"` // places further down in which films seem to lie
	Findings  []report.Finding `json:"findings"`
}

type cataloguedFilm struct {
	Slug       string              `json:"slug"`
	Title      string              `json:"title"`
	Language   string              `json:"language"`
	Duration   float64             `json:"duration"` // seconds
	Subtitles  []string            `json:"subtitles"`
	Visibility catalog.Visibility  `json:"visibility"`
	Page       string              `json:"page"`     // "" where viewers do not find it
	Sequence   int                 `json:"sequence"` // how many times the pointer was switched
	All        catalog.Count       `json:"all"`
	Free       catalog.Count       `json:"free"` // what clean would free, once its grace has passed
	Foreign    catalog.Count       `json:"foreign"`
	Releases   []cataloguedRelease `json:"releases"`
}

type cataloguedRelease struct {
	Release   string        `json:"release"`
	State     catalog.State `json:"state"`
	Kept      bool          `json:"kept"`     // by clean, with the --keep that was given
	Modified  *time.Time    `json:"modified"` // when the store last wrote its manifest, by the store's clock; null is not known
	Title     string        `json:"title"`
	Language  string        `json:"language"`
	Duration  float64       `json:"duration"`
	Subtitles []string      `json:"subtitles"`
	All       catalog.Count `json:"all"` // that it names
	Own       catalog.Count `json:"own"` // of these, what no other release names
	Missing   int           `json:"missing"`
}

func newList(a *app) *cobra.Command {
	var asJSON bool
	var keep int
	cmd := &cobra.Command{
		Use:   "list TARGET [SLUG]",
		Short: "Tell which films lie in a folder or bucket, their releases, and what they take up",
		Long: `Lists every film with its releases: the current one, the one before, older ones, and those that were never
finished. A release's size is that of all it names; media that several releases share are counted once in the film's.
Dates are the store's: when it last wrote a release's manifest.

What a list shows to be wrong is told as well: a pointer or a manifest that cannot be read, objects that are missing.
filmpress verify proves more. Nothing is written. Objects that are not of filmpress are counted, and left alone.` +
			exits(exitFine, exitFailed, exitUsage, says{exitFindings, "something is wrong with a film; the list is whole all the same"}, exitStore, stopped),
		Example: `  filmpress list library
  filmpress list s3://films/2026 the-lake
  filmpress list s3://films/2026 --json`,
		Args: takes(1, 2),
	}
	addBucket(cmd.Flags())
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON: docs/admin.md")
	cmd.Flags().IntVar(&keep, "keep", 0, "count as clean --keep does what would be freed")
	cmd.RunE = a.settled(func(cmd *cobra.Command, given []string) error {
		if err := checkKeep(keep); err != nil {
			return err
		}
		p, err := a.openFilms(cmd.Context(), given[0], second(given))
		if err != nil {
			return err
		}
		return a.list(cmd.Context(), p, keep, asJSON)
	})
	return cmd
}

func second(given []string) string {
	if len(given) > 1 {
		return given[1]
	}
	return ""
}

func (a *app) list(ctx context.Context, p place, keep int, asJSON bool) error {
	out := catalogued{Target: p.name, Films: []cataloguedFilm{}, Elsewhere: []string{}, Findings: []report.Finding{}}
	var mu sync.Mutex
	rest, err := catalog.Scan(ctx, p.st, catalog.Options{Slug: p.slug, Keep: keep, Sink: a.ui.Sink}, func(_ context.Context, f *catalog.Film) error {
		listed := listedFilm(p, f)
		mu.Lock()
		defer mu.Unlock()
		out.Films = append(out.Films, listed)
		out.Findings = append(out.Findings, p.shown(f.Findings)...)
		return nil
	})
	if err != nil {
		return err
	}
	if p.slug != "" && len(out.Films) == 0 {
		return p.noFilm()
	}
	out.Foreign = rest.Foreign
	for _, folder := range rest.Elsewhere {
		out.Elsewhere = append(out.Elsewhere, p.show(folder))
	}
	if p.slug == "" {
		current := map[string]string{}
		for _, f := range out.Films {
			if f.Visibility == catalog.Published {
				current[f.Slug] = f.Releases[0].Release
			}
		}
		found, err := library.Check(ctx, p.st, current)
		if err != nil {
			return err
		}
		out.Findings = append(out.Findings, p.shown(found)...)
	}
	slices.SortFunc(out.Films, func(a, b cataloguedFilm) int { return strings.Compare(a.Slug, b.Slug) })
	report.Sort(out.Findings)
	if err := a.showList(p, out, asJSON); err != nil {
		return err
	}
	if report.Blocks(out.Findings) {
		return silentError(exitFindings)
	}
	return nil
}

// listedFilm takes what is told of a film, so that its objects can be forgotten.
func listedFilm(p place, f *catalog.Film) cataloguedFilm {
	out := cataloguedFilm{Slug: f.Slug, Title: f.Slug, Subtitles: []string{}, Visibility: f.Visibility, Sequence: f.Pointer.Sequence, All: f.All, Foreign: f.Foreign,
		Releases: []cataloguedRelease{}}
	if f.Visibility == catalog.Published && f.Has(release.Entrances[0]) {
		out.Page = p.st.URL(f.Slug + "/" + release.Entrances[0])
	}
	for _, o := range f.Unreferenced() {
		out.Free.Add(o.Size)
	}
	for i, r := range f.Releases {
		one := cataloguedRelease{Release: r.ID, State: r.State, Kept: r.Kept, Title: r.About.Title, Language: r.About.Language, Duration: r.About.Duration,
			Subtitles: append([]string{}, r.About.Subtitles...), All: r.All, Own: r.Own, Missing: r.Missing}
		if !r.Written.IsZero() {
			at := r.Written.UTC()
			one.Modified = &at
		}
		out.Releases = append(out.Releases, one)
		if i == 0 { // the current one, or the newest
			out.Title, out.Language, out.Duration, out.Subtitles = cmp.Or(r.About.Title, f.Slug), r.About.Language, r.About.Duration, one.Subtitles
		}
	}
	return out
}

func (a *app) showList(p place, out catalogued, asJSON bool) error {
	a.ui.Findings(out.Findings)
	a.ui.Close()
	if asJSON {
		return a.printJSON(out)
	}
	var all catalog.Count
	for i, f := range out.Films {
		all.Objects += f.All.Objects
		all.Bytes += f.All.Bytes
		if i > 0 {
			fmt.Fprintln(a.out)
		}
		a.showFilm(f)
	}
	text := fmt.Sprintf("%s: %s, %s", p.name, counted(len(out.Films), "film"), objectsOf(all.Objects, all.Bytes))
	if n := out.Foreign.Objects; n > 0 {
		text += "; besides, " + objectsOf(n, out.Foreign.Bytes) + " not of filmpress"
	}
	a.ui.Note(text)
	if len(out.Elsewhere) > 0 {
		a.ui.Note("films seem to lie further down: " + strings.Join(out.Elsewhere, ", "))
	}
	return nil
}

// visible is what is said of a film that viewers do not find as usual.
var visible = map[catalog.Visibility]string{
	catalog.Unpublished: "unpublished", catalog.Pointerless: "not published", catalog.Unreadable: "its pointer cannot be read",
}

func (a *app) showFilm(f cataloguedFilm) {
	facts := []string{f.Slug}
	if f.Duration > 0 {
		facts = append(facts, f.Language, ui.Clock(time.Duration(f.Duration*float64(time.Second))))
	}
	if len(f.Subtitles) > 0 {
		facts = append(facts, "subtitles "+strings.Join(slices.Compact(slices.Sorted(slices.Values(f.Subtitles))), ", "))
	}
	if word := visible[f.Visibility]; word != "" {
		facts = append(facts, word)
	}
	fmt.Fprintf(a.out, "%s (%s)\n", ui.Clean(f.Title), ui.Clean(strings.Join(facts, "; ")))
	for _, r := range f.Releases {
		at := time.Time{}
		if r.Modified != nil {
			at = *r.Modified
		}
		more := ""
		if r.Missing > 0 {
			more = fmt.Sprintf("  %d missing", r.Missing)
		}
		fmt.Fprintf(a.out, "  %s  %-10s  %s  %8s  of its own %8s%s\n", r.Release, r.State, moment(at), ui.Bytes(r.All.Bytes), ui.Bytes(r.Own.Bytes), more)
	}
	text := objectsOf(f.All.Objects, f.All.Bytes) + " in all"
	if f.Free.Objects > 0 {
		text += ", of which clean would free " + objectsOf(f.Free.Objects, f.Free.Bytes)
	}
	if f.Foreign.Objects > 0 {
		text += "; besides, " + objectsOf(f.Foreign.Objects, f.Foreign.Bytes) + " not of filmpress"
	}
	fmt.Fprintf(a.out, "  %s\n", text)
}
