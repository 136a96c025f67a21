package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"filmpress/internal/release"
	"filmpress/internal/ui"
)

// rolled is the result of rollback as --json prints it: docs/admin.md.
type rolled struct {
	Target   string `json:"target"`
	Slug     string `json:"slug"`
	From     string `json:"from"` // "" where the film was unpublished
	Release  string `json:"release"`
	Title    string `json:"title"`
	Sequence int    `json:"sequence"` // of the pointer, after the switch
	Objects  int    `json:"objects"`  // that were proved to be there
	Page     string `json:"page"`
	Done     bool   `json:"done"` // false with --dry-run
}

func newRollback(a *app) *cobra.Command {
	var opt release.RollbackOptions
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "rollback TARGET SLUG [RELEASE]",
		Short: "Show an older release of a film again",
		Long: `Goes back to the release before the current one, or to RELEASE (the first digits are enough; filmpress list shows
them). First it is proved that all of the release is still there, by sizes and recorded digests. Then the pointer is
switched with one write, which fails if somebody else switched it meanwhile, and the entrances follow. Nothing is sent
but these few small files. The same command once more undoes it.

A film that was unpublished can be shown again by naming its RELEASE, as long as clean has not removed it.` +
			exits(exitFine, exitFailed, exitUsage, says{exitFindings, "the theme has errors; nothing was changed"}, exitStore, exitInterrupted),
		Example: `  filmpress rollback s3://films/2026 the-lake --dry-run
  filmpress rollback s3://films/2026 the-lake
  filmpress rollback library the-lake 1a0b2325`,
		Args: takes(2, 3),
	}
	addBucket(cmd.Flags())
	addSite(cmd.Flags())
	cmd.Flags().BoolVar(&opt.DryRun, "dry-run", false, "prove the release and say what would be done, and do nothing")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the result as JSON: docs/admin.md")
	cmd.RunE = a.settled(func(cmd *cobra.Command, given []string) error {
		if len(given) == 3 {
			opt.To = given[2]
		}
		p, err := a.openFilms(cmd.Context(), given[0], given[1])
		if err != nil {
			return err
		}
		return a.rollback(cmd.Context(), p, opt, asJSON)
	})
	return cmd
}

func (a *app) rollback(ctx context.Context, p place, opt release.RollbackOptions, asJSON bool) error {
	st, err := a.atSite(ctx, p.st)
	if err != nil {
		return err
	}
	p.st = st
	r, err := release.Rollback(ctx, p.st, p.slug, opt, a.ui.Sink)
	if errors.Is(err, release.ErrNoFilm) {
		return p.noFilm()
	}
	if err != nil {
		return err
	}
	if !opt.DryRun {
		if _, err := a.shelve(ctx, p.st, p.slug, p.show(p.slug)+" shows release "+r.To); err != nil {
			return err
		}
	}
	a.ui.Close()
	page := p.st.URL(p.slug + "/" + release.Entrances[0])
	if asJSON {
		return a.printJSON(rolled{p.name, p.slug, r.From, r.To, r.About.Title, r.Sequence, r.Objects, page, !opt.DryRun})
	}
	from := "release " + r.From
	if r.From == "" {
		from = "nothing, as it was unpublished"
	}
	about := fmt.Sprintf("%s (%s, %s)", r.To, cmp.Or(r.About.Title, p.slug), ui.Clock(time.Duration(r.About.Duration*float64(time.Second))))
	switch {
	case r.From == r.To && r.Written == 0:
		a.ui.Note(fmt.Sprintf("nothing to do: %s shows release %s already, and all of its %s are there", p.show(p.slug), about, counted(r.Objects, "object")))
	case opt.DryRun:
		a.ui.Note(fmt.Sprintf("release %s is whole: %s are there", about, counted(r.Objects, "object")))
		a.ui.Note(fmt.Sprintf("without --dry-run, viewers of %s would see it in the place of %s", p.show(p.slug), from))
	default:
		a.ui.Note(fmt.Sprintf("%s shows release %s now, in the place of %s; %s were proved to be there", p.show(p.slug), about, from, counted(r.Objects, "object")))
		if r.From != "" && r.From != r.To {
			a.ui.Note("to undo this: " + p.command("rollback", p.name, p.slug, r.From))
		}
	}
	_, err = fmt.Fprintln(a.out, page)
	return err
}
