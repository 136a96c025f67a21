package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"filmpress/internal/annotate"
	"filmpress/internal/audit"
	"filmpress/internal/library"
	"filmpress/internal/origin"
	"filmpress/internal/report"
	"filmpress/internal/site"
	"filmpress/internal/store"
	"filmpress/internal/store/dir"
	"filmpress/internal/ui"
	"filmpress/internal/verify"
)

// verifyOptions are the command line of verify.
type verifyOptions struct {
	deep                                  bool
	slug, format, output, failOn, explain string
	hosts                                 []string
	target                                string
}

func newVerify(a *app) *cobra.Command {
	var o verifyOptions
	cmd := &cobra.Command{
		Use:   "verify [TARGET]",
		Short: "Prove that published films are sound: ours, and anyone's HLS",
		Long: `Reads every playlist, init section and segment of a film, and holds what they declare against what they are: the
rules of Apple's HLS authoring specification and of RFC 8216. Of films that filmpress published also the digests of all
objects, the page and the entrances, subtitles against their tracks, and that nothing tells names, places or tools; and
where all of a place is verified, its list of films, and the page, feed and sitemap that are made of it.

TARGET is a folder, a bucket (s3://bucket/prefix), a playlist (.m3u8), or the http(s) address of a film's page or master
playlist. In a folder or bucket of several films, all are verified, or that of --slug. Without TARGET it is where films are published to
(to: of the settings, FILMPRESS_TO, ./library). Nothing is ever written there. Over http(s), only the host of the address is spoken to.

docs/verify-rules.md has all rules, and what is not checked; --explain tells about one.` +
			exits(exitFine, exitFailed, exitUsage, says{exitFindings, "findings at or above --fail-on"}, exitStore, exitTool, stopped),
		Example: `  filmpress verify library
  filmpress verify s3://films/2026 --slug the-lake --deep
  filmpress verify https://example.org/the-lake/
  filmpress verify https://example.org/hls/master.m3u8 --format sarif -o verify.sarif
  filmpress verify --explain hls-8.1`,
		Args: takes(0, 1),
	}
	flags := cmd.Flags()
	flags.BoolVar(&o.deep, "deep", false, "decode every picture and sound, and read every object whole")
	flags.StringVar(&o.slug, "slug", "", "the film to verify, in a place of several")
	flags.StringVar(&o.format, "format", "", formatUsage())
	flags.StringVarP(&o.output, "output", "o", "", "write the findings into a file")
	flags.StringVar(&o.failOn, "fail-on", "error", "what ends with exit code 3: error, or warn")
	flags.StringVar(&o.explain, "explain", "", "tell about a rule, and verify nothing")
	flags.StringArrayVar(&o.hosts, "allow-host", nil, "follow playlists to this host, too; may be given several times")
	addBucket(flags)
	addTools(flags)
	cmd.RunE = a.settled(func(cmd *cobra.Command, given []string) error {
		if cmd.Flags().Changed("explain") {
			return a.explainVerify(o.explain, given)
		}
		o.target = a.config.To
		if len(given) == 1 {
			o.target = given[0]
		}
		return a.verify(cmd.Context(), o)
	})
	return cmd
}

func (a *app) verify(ctx context.Context, o verifyOptions) error {
	var bar report.Severity
	if err := bar.UnmarshalText([]byte(o.failOn)); err != nil || bar == report.Info {
		return usagef("--fail-on is error or warn, not %q", o.failOn)
	}
	var err error
	if o.format, err = findingsFormat(o.format, o.output); err != nil {
		return err
	}
	options := verify.Options{Sink: a.ui.Sink, Ahead: 4}
	if o.deep {
		tools, err := a.tools(ctx)
		if err != nil {
			return err
		}
		scratch, remove, err := verify.Scratch()
		if err != nil {
			return err
		}
		defer remove()
		options.Tools, options.Scratch = &tools, scratch
	}
	place, err := a.openPlace(ctx, o)
	if err != nil {
		return err
	}
	doc, err := a.openDocument(o.format, o.output, annotate.Options{Tool: annotate.Tool{Name: "filmpress verify", Version: thisBuild().Version}, Rules: verifyRules()})
	if err != nil {
		return err
	}
	defer doc.drop() // what is not whole
	v := verifying{app: a, target: o.target, place: place, options: options, doc: doc, bar: bar}
	if err := v.all(ctx); err != nil {
		return err
	}
	if err := doc.finish(); err != nil {
		return err
	}
	blind := place.Blind
	if !o.deep {
		blind = append(blind, "whether all of it decodes, which --deep tells")
	}
	if len(blind) > 0 {
		a.ui.Note("not looked at: " + strings.Join(blind, "; "))
	}
	if v.fails {
		return silentError(exitFindings)
	}
	return nil
}

// verifying is one run of the command.
type verifying struct {
	*app
	target  string // as the user named it
	place   verify.Place
	options verify.Options
	doc     *document
	bar     report.Severity
	fails   bool
}

func (v *verifying) all(ctx context.Context) error {
	var crash *report.Bug // one film's fault of ours; the others are judged first
	for _, film := range v.place.Films {
		v.ui.Sink(report.Event{Kind: report.StepStarted, Step: verify.Step, Text: "verifying " + v.place.Show(film.Name())})
		r, err := v.place.Run(ctx, film, v.options)
		v.ui.Close()
		f := annotate.File{Name: r.Name, Findings: r.Findings, Bar: v.bar}
		if err == nil || len(r.Findings) > 0 {
			if err := v.doc.File(f); err != nil {
				return err
			}
		}
		if bug, is := errors.AsType[*report.Bug](err); is {
			crash = cmp.Or(crash, bug)
			continue
		}
		if err != nil {
			return err
		}
		v.fails = v.fails || f.Fails()
		v.tell(r)
	}
	if crash != nil {
		return crash
	}
	if v.place.Shelf == nil {
		return nil
	}
	return v.shelf(ctx)
}

// shelf holds the list of films, and the library's page, feed and sitemap, to the films.
func (v *verifying) shelf(ctx context.Context) error {
	found, err := library.Verify(ctx, v.place.Shelf, ownAddress(v.place.Shelf))
	if err != nil {
		return err
	}
	for i := range found {
		found[i].Pos.File = v.place.Show(found[i].Pos.File)
		found[i].Hint = atPlace(found[i].Hint, v.target, v.command)
	}
	report.Sort(found)
	f := annotate.File{Name: v.place.Show(site.FilmsName), Findings: found, Bar: v.bar}
	if err := v.doc.File(f); err != nil {
		return err
	}
	v.fails = v.fails || f.Fails()
	if len(found) == 0 {
		v.ui.Note(f.Name + ": as the films are, and so are the library's page, feed and sitemap")
	}
	return nil
}

// tell sums up what was found about a film.
func (v *verifying) tell(r verify.Result) {
	var errors, warnings int
	for _, f := range r.Findings {
		switch f.Severity {
		case report.Error:
			errors++
		case report.Warn:
			warnings++
		}
	}
	found := "sound"
	switch {
	case errors > 0:
		found = "not sound: " + counted(errors, "error") + " and " + counted(warnings, "warning")
	case warnings > 0:
		found = "sound, with " + counted(warnings, "warning")
	}
	s := r.Summary
	parts := []string{counted(s.Pictures, "picture size"), counted(s.Sounds, "sound track"), counted(s.Texts, "subtitle track"), ui.Clock(s.Length)}
	v.ui.Note(fmt.Sprintf("%s: %s (%s; %s, %s read)", r.Name, found, strings.Join(parts, ", "), counted(s.Files, "file"), ui.Bytes(s.Bytes)))
}

// openPlace opens a target by its form.
func (a *app) openPlace(ctx context.Context, o verifyOptions) (verify.Place, error) {
	if err := knownScheme(o.target); err != nil {
		return verify.Place{}, err
	}
	if strings.HasPrefix(o.target, "https://") || strings.HasPrefix(o.target, "http://") {
		return a.openWeb(ctx, o)
	}
	if len(o.hosts) > 0 {
		return verify.Place{}, usagef("--allow-host belongs to http(s) addresses; a folder or bucket is never left")
	}
	if strings.HasPrefix(o.target, "s3://") {
		return a.openBucket(ctx, o)
	}
	return openFolder(ctx, o)
}

func knownScheme(target string) error {
	if target == "" {
		return usagef("name a folder, a bucket (s3://bucket/prefix), a playlist, or an http(s) address")
	}
	scheme, _, found := strings.Cut(target, "://")
	if found && !slices.Contains([]string{"http", "https", "s3"}, scheme) {
		return usagef("%s:// is not understood; name a folder, a bucket (s3://bucket/prefix), a playlist, or an http(s) address", scheme)
	}
	return nil
}

func (a *app) openWeb(ctx context.Context, o verifyOptions) (verify.Place, error) {
	u, err := url.Parse(o.target)
	switch {
	case err != nil || u.Host == "":
		return verify.Place{}, usagef("this is no address: %q", o.target)
	case u.User != nil:
		return verify.Place{}, usagef("the address holds a name or a password; only what is public can be verified by its address")
	case o.slug != "":
		u = u.JoinPath(o.slug + "/")
	}
	return verify.OnWeb(ctx, origin.NewWeb(u, o.hosts, "filmpress/"+thisBuild().Version+" verify"), u)
}

// openBucket opens a prefix, or the place above it where the prefix is a film's own.
func (a *app) openBucket(ctx context.Context, o verifyOptions) (verify.Place, error) {
	p, err := a.openFilms(ctx, o.target, o.slug)
	if err != nil {
		return verify.Place{}, err
	}
	return verify.InStore(ctx, p.st, p.name, p.slug, true)
}

// isFilm tells whether a place is a film's own folder.
func isFilm(ctx context.Context, st store.Store) (bool, error) {
	_, err := st.Stat(ctx, "release.json")
	if isAny(err, store.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// openFolder opens a folder of films, a film's own folder, or a single playlist.
func openFolder(ctx context.Context, o verifyOptions) (verify.Place, error) {
	info, err := os.Stat(o.target)
	if errors.Is(err, os.ErrNotExist) {
		return verify.Place{}, &absentError{o.target + ": there is no such file or folder"}
	}
	if err != nil {
		return verify.Place{}, err
	}
	if !info.IsDir() {
		return openPlaylist(o.target)
	}
	folder := filepath.Clean(o.target)
	st, err := dir.New(folder)
	if err != nil {
		return verify.Place{}, err
	}
	if film, err := isFilm(ctx, st); err != nil {
		return verify.Place{}, err
	} else if film && o.slug == "" {
		abs, err := filepath.Abs(folder)
		if err != nil {
			return verify.Place{}, err
		}
		o.slug = filepath.Base(abs)
		if parent := filepath.Dir(folder); folder != "." && parent != folder && filepath.Base(folder) != ".." {
			folder = parent
		} else {
			folder = filepath.Dir(abs)
		}
		if st, err = dir.New(folder); err != nil {
			return verify.Place{}, err
		}
	}
	return verify.InStore(ctx, st, filepath.ToSlash(folder), o.slug, false)
}

// openPlaylist opens the folder in which a playlist lies.
func openPlaylist(name string) (verify.Place, error) {
	if !strings.EqualFold(filepath.Ext(name), ".m3u8") {
		return verify.Place{}, usagef("%s is no playlist (.m3u8) and no folder", name)
	}
	folder := filepath.Dir(name)
	st, err := dir.New(folder)
	if err != nil {
		return verify.Place{}, err
	}
	return verify.Playlist(st, filepath.ToSlash(folder), filepath.Base(name)), nil
}

// explainVerify tells everything about a rule.
func (a *app) explainVerify(id string, given []string) error {
	if len(given) > 0 {
		return usagef("--explain tells about a rule and verifies nothing; leave the target out")
	}
	r, ok := audit.Lookup(id)
	if !ok {
		var ids []string
		for _, r := range verifyRules() {
			ids = append(ids, r.ID)
		}
		return noSuchRule(id, ids, "docs/verify-rules.md lists them")
	}
	_, err := fmt.Fprintf(a.out, "%s\n%s.\n\nWhy:\n  %s\n\nLevel:\n  %s\n\nSource:\n  %s\n\nMend:\n  %s\n", r.ID, r.Title, r.Why, r.Level, r.Source, r.Mend)
	return err
}

// verifyRules are all rules, for the forms that describe them.
func verifyRules() []annotate.Rule {
	var out []annotate.Rule
	for _, r := range audit.Catalogue() {
		out = append(out, annotate.Rule{ID: r.ID, Title: r.Title, Why: r.Why, Mend: r.Mend, Level: r.Level})
	}
	return out
}
