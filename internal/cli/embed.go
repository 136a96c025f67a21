package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"filmpress/internal/config"
	"filmpress/internal/library"
	"filmpress/internal/release"
	"filmpress/internal/store"
	"filmpress/internal/watch"
)

func newEmbed(a *app) *cobra.Command {
	var wordpress bool
	cmd := &cobra.Command{
		Use:   "embed TARGET SLUG",
		Short: "Print the code with which others show a film on their pages",
		Long: `Prints an HTML frame that shows the film's player on any page, with a link to the film's own. With --wordpress it is a block
for the code view of WordPress's editor. Sites that know oEmbed need only the address of the film's page.
WordPress and others put films of sites that they do not know into a frame without rights (sandbox), to which the bucket must
allow everybody: filmpress cors TARGET --allow '*' --apply.

The address comes from the bucket, or from --site-url, or from what the library remembers of it. Nothing is written.` +
			exits(exitFine, exitFailed, exitUsage, exitStore, stopped),
		Example: `  filmpress embed s3://films/2026 the-lake
  filmpress embed library the-lake --site-url https://films.example.org --wordpress`,
		Args: takes(2, 2),
	}
	addBucket(cmd.Flags())
	config.AddFlags(cmd.Flags(), "site.url")
	cmd.Flags().BoolVar(&wordpress, "wordpress", false, "print it as a block of WordPress's editor")
	cmd.RunE = a.settled(func(cmd *cobra.Command, given []string) error {
		p, err := a.openFilms(cmd.Context(), given[0], given[1])
		if err != nil {
			return err
		}
		return a.embed(cmd.Context(), p, wordpress)
	})
	return cmd
}

func (a *app) embed(ctx context.Context, p place, wordpress bool) error {
	film, ok, err := library.Current(ctx, p.st, p.slug)
	if err != nil && !errors.Is(err, store.ErrName) {
		return err
	}
	if !ok {
		return p.noFilm()
	}
	if _, err := p.st.Stat(ctx, p.slug+"/"+watch.EmbedName); errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("%w: %s has no page for frames, as an older filmpress published it; publish the film again", release.ErrNoRelease, p.show(p.slug))
	} else if err != nil {
		return err
	}
	st, err := a.atSite(ctx, p.st)
	if err != nil {
		return err
	}
	address := st.URL(p.slug + "/" + watch.EmbedName)
	if filepath.IsAbs(address) {
		return usagef("nobody knows where viewers open %s; --site-url tells it", p.name)
	}
	code := watch.EmbedCode(address, film.Title, film.Width, film.Height) + "\n"
	if wordpress {
		code = watch.WordPress(code[:len(code)-1])
	}
	_, err = fmt.Fprint(a.out, code)
	return err
}
