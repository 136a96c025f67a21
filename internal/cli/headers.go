package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"filmpress/internal/annotate"
	"filmpress/internal/headers"
	"filmpress/internal/report"
)

// labelled is the result of headers as --json prints it: docs/admin.md.
type labelled struct {
	Target   string           `json:"target"`
	Done     bool             `json:"done"`   // false without --yes
	Looked   int              `json:"looked"` // objects
	Objects  int              `json:"objects"`
	Mended   int              `json:"mended"`
	Wrong    []headers.Wrong  `json:"wrong"`
	Findings []report.Finding `json:"findings"`
}

func newHeaders(a *app) *cobra.Command {
	var o headers.Options
	var say consent
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "headers TARGET [SLUG]",
		Short: "Find objects that a bucket serves with wrong headers, and mend them",
		Long: `Asks for the headers of every object of every film, and compares Content-Type, Cache-Control and Content-Disposition with
what the film's manifest says. With --all it looks at all other objects too, and judges their Content-Type by the table
that is built in. Without --yes it only tells.

With --yes the headers are mended by the bucket itself, which copies an object onto itself: no bytes are sent, and all
other headers, tags and rights stay. The few small files that change with each release are sent anew instead, if nobody
writes them meanwhile. Run again after an interrupt, it mends the rest. In a folder, types follow from the names of files.` +
			exits(exitFine, exitFailed, exitUsage, says{exitFindings, "wrong headers were found, and are not mended"}, exitStore, exitInterrupted),
		Example: `  filmpress headers s3://films/2026
  filmpress headers s3://films/2026 the-lake --yes
  filmpress headers s3://hls-of-others --all`,
		Args: takes(1, 2),
	}
	flags := cmd.Flags()
	addBucket(flags)
	say.flags(flags, "mend what is wrong")
	flags.BoolVar(&o.All, "all", false, "look at objects that are not of filmpress as well")
	flags.BoolVar(&asJSON, "json", false, "print the result as JSON: docs/admin.md")
	cmd.RunE = a.settled(func(cmd *cobra.Command, given []string) error {
		if err := say.check(); err != nil {
			return err
		}
		o.Do = say.yes
		p, err := a.openFilms(cmd.Context(), given[0], second(given))
		if err != nil {
			return err
		}
		return a.headers(cmd.Context(), p, o, asJSON)
	})
	return cmd
}

func (a *app) headers(ctx context.Context, p place, o headers.Options, asJSON bool) error {
	o.Slug = p.slug
	r, err := headers.Run(ctx, p.st, o, a.ui.Sink)
	if errors.Is(err, headers.ErrByName) {
		a.ui.Note(fmt.Sprintf("%s is a folder: %v; nothing to do", p.name, err))
		if asJSON {
			return a.printJSON(labelled{Target: p.name, Done: o.Do, Wrong: []headers.Wrong{}, Findings: []report.Finding{}})
		}
		return nil
	}
	a.ui.Close()
	if err != nil {
		if r.Mended > 0 {
			a.ui.Note(fmt.Sprintf("mended %s before it was stopped; the same command mends the rest", counted(r.Mended, "object")))
		}
		return err
	}
	if p.slug != "" && r.Looked == 0 {
		return p.noFilm()
	}
	if err := a.showHeaders(p, r, o, asJSON); err != nil {
		return err
	}
	if r.Mended < r.Objects || report.Blocks(r.Findings) {
		return silentError(exitFindings)
	}
	return nil
}

func (a *app) showHeaders(p place, r headers.Report, o headers.Options, asJSON bool) error {
	if asJSON {
		out := labelled{p.name, o.Do, r.Looked, r.Objects, r.Mended, append([]headers.Wrong{}, r.Wrong...), p.shown(r.Findings)}
		for i := range out.Wrong {
			out.Wrong[i].First = p.show(out.Wrong[i].First)
		}
		return a.printJSON(out)
	}
	doc, err := a.openDocument("text", "", annotate.Options{})
	if err != nil {
		return err
	}
	defer doc.drop()
	if err := doc.File(annotate.File{Name: p.name, Findings: p.shown(r.Findings), Bar: report.Warn}); err != nil {
		return err
	}
	if err := doc.finish(); err != nil {
		return err
	}
	text := fmt.Sprintf("%s: %s looked at", p.name, counted(r.Looked, "object"))
	switch {
	case r.Objects == 0:
		text += ", all with the right headers"
	case o.Do:
		text += fmt.Sprintf(", %s of %d with wrong headers mended", counted(r.Mended, "object"), r.Objects)
	default:
		text += fmt.Sprintf(", %d with wrong headers; --yes mends them", r.Objects)
	}
	a.ui.Note(text)
	if o.Do && r.Mended < r.Objects {
		a.ui.Note("the others were written or deleted by somebody meanwhile; run it again")
	}
	return nil
}
