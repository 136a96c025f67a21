package cli

import (
	"context"
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"filmpress/internal/clean"
	"filmpress/internal/release"
	"filmpress/internal/ui"
)

// unpublished is the result of unpublish as --json prints it: docs/admin.md.
type unpublished struct {
	Target  string   `json:"target"`
	Slug    string   `json:"slug"`
	Release string   `json:"release"` // that was current; "" where none was
	Removed []string `json:"removed"` // pointer and entrances that are taken away
	Objects int      `json:"objects"` // media and pages; they stay, or are deleted with --purge
	Bytes   int64    `json:"bytes"`
	Purged  bool     `json:"purged"`
	Done    bool     `json:"done"` // false without --yes
}

func newUnpublish(a *app) *cobra.Command {
	var say consent
	var purge, asJSON bool
	cmd := &cobra.Command{
		Use:   "unpublish TARGET SLUG",
		Short: "Take a film away from viewers",
		Long: `Removes what leads viewers to a film: the pointer, then the page and the playlists that addresses name. Nobody sees
half a film meanwhile. Without --yes it only tells what would be done.

Media and releases stay, so that publishing the film again sends nothing twice, and filmpress rollback TARGET SLUG RELEASE
shows it again as it was. filmpress clean removes them after its grace. Until then, whoever kept the address of a media
file can still fetch it. --purge deletes everything of the film at once, for what must not be seen any more; nobody may
publish the film in that moment. What browsers and caches hold is out of reach.` +
			exits(exitFine, exitFailed, exitUsage, says{exitFindings, "the theme has errors; nothing was changed"}, exitStore, exitInterrupted),
		Example: `  filmpress unpublish s3://films/2026 the-lake
  filmpress unpublish s3://films/2026 the-lake --yes
  filmpress unpublish library the-lake --purge --yes`,
		Args: takes(2, 2),
	}
	addBucket(cmd.Flags())
	addSite(cmd.Flags())
	say.flags(cmd.Flags(), "do it")
	cmd.Flags().BoolVar(&purge, "purge", false, "delete all media and releases of the film as well, at once")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the result as JSON: docs/admin.md")
	cmd.RunE = a.settled(func(cmd *cobra.Command, given []string) error {
		if err := say.check(); err != nil {
			return err
		}
		p, err := a.openFilms(cmd.Context(), given[0], given[1])
		if err != nil {
			return err
		}
		return a.unpublish(cmd.Context(), p, say.yes, purge, asJSON)
	})
	return cmd
}

func (a *app) unpublish(ctx context.Context, p place, yes, purge, asJSON bool) error {
	st, err := a.atSite(ctx, p.st)
	if err != nil {
		return err
	}
	p.st = st
	gone, err := release.Unpublish(ctx, p.st, p.slug, !yes, a.ui.Sink)
	if errors.Is(err, release.ErrNoFilm) {
		return p.noFilm()
	}
	if err != nil {
		return err
	}
	if yes {
		if _, err := a.shelve(ctx, p.st, p.slug, "viewers do not find "+p.show(p.slug)+" any more"); err != nil {
			return err
		}
	}
	if yes && purge {
		if _, err := clean.Purge(ctx, p.st, p.slug, gone.Objects, a.ui.Sink); err != nil {
			return err
		}
	}
	a.ui.Close()
	out := unpublished{Target: p.name, Slug: p.slug, Release: gone.Release, Removed: append([]string{}, gone.Names...), Objects: gone.Objects, Bytes: gone.Bytes, Purged: yes && purge, Done: yes}
	if asJSON {
		return a.printJSON(out)
	}
	a.tellGone(p, out, purge)
	return nil
}

// tellGone says what was done, or would be, and what to do next.
func (a *app) tellGone(p place, out unpublished, purge bool) {
	film, media := p.show(p.slug), counted(out.Objects, "object")+" of media and pages ("+ui.Bytes(out.Bytes)+")"
	names := strings.Join(out.Removed, ", ")
	switch {
	case !out.Done && len(out.Removed) == 0 && (!purge || out.Objects == 0):
		a.ui.Note("nothing to do: viewers do not find " + film + " any more; " + media + " are left")
	case !out.Done:
		if names != "" {
			a.ui.Note("would remove " + names + " of " + film + ", so that viewers do not find it any more")
		}
		a.ui.Note(map[bool]string{true: media + " would be deleted at once, and could not be brought back", false: media + " would stay until filmpress clean removes them"}[purge])
		a.ui.Note("nothing was changed; --yes does it")
	default:
		if names != "" {
			a.ui.Note("removed " + names + " of " + film + "; viewers do not find it any more")
		}
		if out.Purged {
			a.ui.Note("deleted " + media + "; caches may hold some for as long as they like")
			return
		}
		a.ui.Note(media + " stay; " + p.command("clean", p.name, "--yes") + " removes them after its grace")
		if release.IsRelease(out.Release) {
			a.ui.Note("to show it again: " + p.command("rollback", p.name, p.slug, out.Release))
		}
	}
}
