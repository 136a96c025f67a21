package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"filmpress/internal/config"
	"filmpress/internal/library"
	"filmpress/internal/report"
	"filmpress/internal/site"
	"filmpress/internal/store"
	"filmpress/internal/store/dir"
)

// addSite gives a command the flags that say how the library looks and where it is opened.
func addSite(flags *pflag.FlagSet) {
	config.AddFlags(flags, "site.url", "site.title", "site.language", "theme")
}

// libraryOptions are the settings of the library for a place.
func (a *app) libraryOptions(st store.Store) (library.Options, error) {
	c := a.config.Site
	o := library.Options{Site: site.Site{URL: folderURL(c.URL), Title: strings.TrimSpace(c.Title), Language: c.Language}}
	o.Fallback, o.Sink = ownAddress(st), a.ui.Sink
	look, found, err := a.theme()
	if err != nil {
		return o, err
	}
	if report.Blocks(found) {
		return o, findingsError{found}
	}
	o.Theme = look
	return o, nil
}

// ownAddress is where a place is opened, as far as it knows itself: a bucket does, a folder does not.
func ownAddress(st store.Store) string {
	if address := st.URL(site.IndexName); !filepath.IsAbs(address) {
		return strings.TrimSuffix(address, site.IndexName)
	}
	return ""
}

// folderURL is an address with a slash at its end.
func folderURL(address string) string {
	if address == "" || strings.HasSuffix(address, "/") {
		return address
	}
	return address + "/"
}

// addressed is a folder of which somebody said where viewers find it.
type addressed struct {
	*dir.Store
	base string // with a slash at its end
}

func (a addressed) URL(name string) string { return a.base + name }

// atSite gives a folder the address that the settings or its list tell, so that pages know their own. A list that cannot be read is told; a
// bucket knows its address.
func (a *app) atSite(ctx context.Context, st target) (target, error) {
	lib, err := library.Read(ctx, st)
	if errors.Is(err, library.ErrBroken) {
		a.ui.Findings([]report.Finding{{Pos: report.Pos{File: st.String() + "/" + site.FilmsName}, Severity: report.Warn, Rule: "library-broken",
			Text: err.Error() + "; it is left as it is", Hint: a.command("library", st.String()) + " tells what a new list would hold, and --yes writes it"}})
	} else if err != nil {
		return st, err
	}
	if base := cmp.Or(folderURL(a.config.Site.URL), lib.Site.URL); base != "" {
		if folder, ok := st.(*dir.Store); ok {
			return addressed{folder, base}, nil
		}
	}
	return st, nil
}

// shelve brings the library up to what happened to a film, and tells what viewers find now. done says what went well before, for whoever
// learns that the list could not follow.
func (a *app) shelve(ctx context.Context, st store.Store, slug, done string) (library.Result, error) {
	o, err := a.libraryOptions(st)
	if err != nil {
		return library.Result{}, err
	}
	r, err := library.Update(ctx, st, slug, o)
	switch {
	case errors.Is(err, library.ErrBroken):
		return r, fmt.Errorf("%s, but the library does not show that: %w; %s tells what a new list would hold, and --yes writes it", done, err, a.command("library", st.String()))
	case err != nil:
		return r, fmt.Errorf("%s, but the library does not show that yet: %w; the same command again finishes it", done, err)
	}
	for i := range r.Findings {
		r.Findings[i].Hint = atPlace(r.Findings[i].Hint, st.String(), a.command)
	}
	a.ui.Findings(r.Findings)
	return r, nil
}

// noAddress says why a library has no feed.
const noAddress = "the library has no feed and no sitemap, since these need whole addresses: --site-url tells where viewers open it"

// rebuilt is the result of library as --json prints it: docs/admin.md.
type rebuilt struct {
	Target   string           `json:"target"`
	Address  string           `json:"address"` // of the library's page; "" is not known
	Films    int              `json:"films"`   // in the list
	Added    []string         `json:"added"`
	Removed  []string         `json:"removed"`
	Changed  []string         `json:"changed"`
	Objects  []string         `json:"objects"` // of the library that are not as they should be, or were written
	Broken   string           `json:"broken"`  // why the list could not be read; "" where it could
	Findings []report.Finding `json:"findings"`
	Done     bool             `json:"done"` // false without --yes
}

func newLibrary(a *app) *cobra.Command {
	var say consent
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "library TARGET",
		Short: "Make the list of films, its page, feed and sitemap anew",
		Long: `Reads the pointer and the manifest of every film of a place, makes films.json, index.html, feed.xml and sitemap.xml of them,
and tells what differs from what is there. Without --yes nothing is written.

Publish, rollback and unpublish keep these files up to date by themselves. This command is for a list that was damaged or
lost, for films that were copied or deleted by other means, and for a new title, address, language or theme.` +
			exits(exitFine, exitFailed, exitUsage, says{exitFindings, "the theme has errors; nothing was changed"}, exitStore, exitInterrupted),
		Example: `  filmpress library library
  filmpress library s3://films/2026 --yes
  filmpress library library --site-url https://films.example.org --site-title "Our films" --yes`,
		Args: takes(1, 1),
	}
	flags := cmd.Flags()
	addBucket(flags)
	addSite(flags)
	say.flags(flags, "write it")
	flags.BoolVar(&asJSON, "json", false, "print the result as JSON: docs/admin.md")
	cmd.RunE = a.settled(func(cmd *cobra.Command, given []string) error {
		if err := say.check(); err != nil {
			return err
		}
		p, err := a.openFilms(cmd.Context(), given[0], "")
		if err != nil {
			return err
		}
		return a.rebuildLibrary(cmd.Context(), p, say.yes, asJSON)
	})
	return cmd
}

func (a *app) rebuildLibrary(ctx context.Context, p place, yes, asJSON bool) error {
	o, err := a.libraryOptions(p.st)
	if err != nil {
		return err
	}
	c, err := library.Rebuild(ctx, p.st, o, !yes)
	if err != nil {
		return err
	}
	out := rebuilt{Target: p.name, Films: c.Films, Added: append([]string{}, c.Added...), Removed: append([]string{}, c.Removed...), Changed: append([]string{}, c.Changed...),
		Objects: append(append([]string{}, c.Stale...), c.Written...), Broken: c.Broken, Findings: p.shown(c.Findings), Done: yes}
	if c.Address != "" {
		out.Address = c.Address + site.IndexName
	}
	a.ui.Close()
	if asJSON {
		return a.printJSON(out)
	}
	a.ui.Findings(out.Findings)
	a.tellLibrary(p, out)
	return nil
}

// tellLibrary says what was written, or would be.
func (a *app) tellLibrary(p place, out rebuilt) {
	if out.Broken != "" {
		a.ui.Note(out.Broken)
	}
	for _, group := range []struct {
		sign  string
		slugs []string
	}{{"+", out.Added}, {"-", out.Removed}, {"~", out.Changed}} {
		for _, slug := range group.slugs {
			fmt.Fprintf(a.out, "%s %s\n", group.sign, slug)
		}
	}
	films, names := counted(out.Films, "film"), strings.Join(out.Objects, ", ")
	switch {
	case names == "":
		a.ui.Note(fmt.Sprintf("nothing to do: the library of %s shows its %s", p.name, films))
	case out.Done:
		a.ui.Note(fmt.Sprintf("wrote %s of %s, with %s", names, p.name, films))
	default:
		a.ui.Note(fmt.Sprintf("would write %s of %s, with %s", names, p.name, films))
		a.ui.Note("nothing was changed; --yes does it")
	}
	if out.Address == "" {
		a.ui.Note(noAddress)
	}
}
