package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"filmpress/internal/catalog"
	"filmpress/internal/clean"
	"filmpress/internal/release"
)

// forgotten is the result of forget as --json prints it: docs/admin.md.
type forgotten struct {
	Target  string        `json:"target"`
	Slug    string        `json:"slug"`
	Release string        `json:"release"`
	State   catalog.State `json:"state"`   // it had; "" where only its name was left
	Pointer bool          `json:"pointer"` // named it as the release before, which is struck out
	Objects catalog.Count `json:"objects"` // that no other release names; they are deleted
	Shared  catalog.Count `json:"shared"`  // that viewers do not need and others name
	Others  []string      `json:"others"`  // these releases
	Deleted catalog.Count `json:"deleted"`
	Done    bool          `json:"done"` // false without --yes
}

func newForget(a *app) *cobra.Command {
	var say consent
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "forget TARGET SLUG RELEASE",
		Short: "Delete one old release of a film for good",
		Long: `For what got into a release and must not be seen any more, a name in a subtitle for one. First publish the film without
it: viewers see the new release from then on, but whoever kept an address of the old one can still fetch it, since a
rollback may go back to it. Then forget the old RELEASE (the first digits are enough; filmpress list shows them): its name is taken
out of the pointer, and everything that no other release needs is deleted at once, without the grace of clean.

Without --yes it only tells what would be done. The release that viewers see is not taken; to take the whole film away there
is filmpress unpublish --purge. What other old releases share with it stays and is told of: forget those too. Nobody should
publish or roll back the film in that moment. What browsers and caches hold, and places that filmpress sync brought up to this one, are
out of reach: run it there, too.` +
			exits(exitFine, exitFailed, exitUsage, exitStore, exitInterrupted),
		Example: `  filmpress forget s3://films/2026 the-lake 1a0b2325
  filmpress forget s3://films/2026 the-lake 1a0b2325 --yes`,
		Args: takes(3, 3),
	}
	addBucket(cmd.Flags())
	say.flags(cmd.Flags(), "do it")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the result as JSON: docs/admin.md")
	cmd.RunE = a.settled(func(cmd *cobra.Command, given []string) error {
		if err := say.check(); err != nil {
			return err
		}
		p, err := a.openFilms(cmd.Context(), given[0], given[1])
		if err != nil {
			return err
		}
		return a.forget(cmd.Context(), p, given[2], say.yes, asJSON)
	})
	return cmd
}

func (a *app) forget(ctx context.Context, p place, digits string, yes, asJSON bool) error {
	id, err := release.Named(ctx, p.st, p.slug, digits)
	if err != nil {
		return err
	}
	r, err := clean.Forget(ctx, p.st, p.slug, id, yes, release.Timer{}, a.ui.Sink)
	a.ui.Close()
	if errors.Is(err, release.ErrNoFilm) {
		return p.noFilm()
	}
	if err != nil {
		return err
	}
	out := forgotten{p.name, p.slug, id, r.State, r.Pointer, r.Objects, r.Shared, append([]string{}, r.Others...), r.Deleted, yes}
	if asJSON {
		return a.printJSON(out)
	}
	a.tellForgotten(p, out)
	return nil
}

// tellForgotten says what was done, or would be, and what is left to do.
func (a *app) tellForgotten(p place, out forgotten) {
	name := "release " + out.Release + " of " + p.show(p.slug)
	words := map[bool]string{true: "deleted ", false: "would delete "}[out.Done]
	count := out.Objects
	if out.Done {
		count = out.Deleted
	}
	a.ui.Note(words + objectsOf(count.Objects, count.Bytes) + " that no release but " + name + " needs")
	if out.Pointer {
		a.ui.Note(map[bool]string{true: "the pointer does not name it any more; ", false: "the pointer would not name it any more; "}[out.Done] + "a rollback has nothing to go back to until the film is published anew")
	}
	if out.Shared.Objects > 0 {
		a.ui.Note(fmt.Sprintf("%s that it shares with other old releases stay; if they must go as well: %s", objectsOf(out.Shared.Objects, out.Shared.Bytes), a.forgetOthers(p, out.Others)))
	}
	if out.Done {
		a.ui.Note("caches may hold some of it for as long as they like, and so may places that filmpress sync brought up to this one")
		return
	}
	a.ui.Note("nothing was changed; --yes does it")
}

// forgetOthers are the commands for other releases.
func (a *app) forgetOthers(p place, others []string) string {
	var list []string
	for _, id := range others {
		list = append(list, p.command("forget", p.name, p.slug, id))
	}
	return strings.Join(list, ", then ")
}
