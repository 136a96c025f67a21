package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"filmpress/internal/catalog"
	"filmpress/internal/clean"
	"filmpress/internal/mirror"
	"filmpress/internal/release"
	"filmpress/internal/report"
)

// cleaned is the result of clean as --json prints it: docs/admin.md.
type cleaned struct {
	Target   string           `json:"target"`
	Now      time.Time        `json:"now"` // the store's clock
	Grace    string           `json:"grace"`
	Done     bool             `json:"done"` // false without --yes
	Films    []cleanedFilm    `json:"films"`
	Uploads  int              `json:"uploads"` // unfinished, older than the grace; given up with --yes
	Ours     catalog.Count    `json:"ours"`
	Findings []report.Finding `json:"findings"`
}

type cleanedFilm struct {
	Slug         string             `json:"slug"`
	Visibility   catalog.Visibility `json:"visibility"`
	Kept         []string           `json:"kept"`
	Unreferenced catalog.Count      `json:"unreferenced"`
	Ripe         catalog.Count      `json:"ripe"` // its grace has passed
	Waiting      catalog.Count      `json:"waiting"`
	Next         *time.Time         `json:"next"` // when the first that wait can be deleted; null where that is not counted yet
	Deleted      catalog.Count      `json:"deleted"`
	LeftAlone    string             `json:"left_alone,omitempty"` // why nothing of the film is deleted
}

// cleanOptions are the command line of clean.
type cleanOptions struct {
	consent
	grace, max string
	keep       int
	json       bool
	parsed     clean.Options
}

func newClean(a *app) *cobra.Command {
	var o cleanOptions
	cmd := &cobra.Command{
		Use:   "clean TARGET [SLUG]",
		Short: "Remove what no release needs any more",
		Long: `Of each film the current release and the one before are kept, and --keep older ones. What none of these names is
removed in two runs: the first with --yes writes it down, the next one after the grace deletes what nobody came to need
since. Time is counted by the store's clock. Films may be published meanwhile. Uploads that were begun and given up
longer ago than the grace are ended too; they cost money and no list shows them.

Without --yes it only tells. --max-delete keeps one run from deleting more than that many objects, or than that share of
all objects of filmpress here; with more, it deletes nothing. A film of which anything cannot be read is left alone, and
so is everything that is not of filmpress. Of films that were unpublished, nothing is kept.` +
			exits(exitFine, exitFailed, exitUsage, exitStore, exitInterrupted),
		Example: `  filmpress clean s3://films/2026
  filmpress clean s3://films/2026 --yes
  filmpress clean library the-lake --keep 3 --grace 30d --max-delete 500 --yes`,
		Args: takes(1, 2),
	}
	flags := cmd.Flags()
	addBucket(flags)
	o.flags(flags, "do it")
	flags.IntVar(&o.keep, "keep", 0, "how many releases to keep besides the current one and the one before")
	flags.StringVar(&o.grace, "grace", "7d", "how long something must have been unneeded: 7d, 36h; an hour at least")
	flags.StringVar(&o.max, "max-delete", "50%", "delete at most so many objects in this run: 500, or 20%")
	flags.BoolVar(&o.json, "json", false, "print the result as JSON: docs/admin.md")
	cmd.RunE = a.settled(func(cmd *cobra.Command, given []string) error {
		if err := o.parse(); err != nil {
			return usageError{err}
		}
		p, err := a.openFilms(cmd.Context(), given[0], second(given))
		if err != nil {
			return err
		}
		return a.clean(cmd.Context(), p, o)
	})
	return cmd
}

func (o *cleanOptions) parse() (err error) {
	if err := o.check(); err != nil {
		return err
	}
	o.parsed = clean.Options{Keep: o.keep, Do: o.yes}
	if o.parsed.Grace, err = parseAge(o.grace); err != nil {
		return fmt.Errorf("--grace: %w", err)
	}
	if o.parsed.Grace < release.Grace {
		return fmt.Errorf("--grace is an hour at least, not %s: a publish that goes on needs that time", o.grace)
	}
	if err := checkKeep(o.keep); err != nil {
		return err
	}
	o.parsed.Max, err = parseLimit(o.max)
	return err
}

func checkKeep(keep int) error {
	if keep < 0 {
		return usagef("--keep is 0 or more, not %d", keep)
	}
	return nil
}

// parseLimit reads "500" or "20%".
func parseLimit(text string) (clean.Limit, error) {
	l, err := mirror.ParseLimit(text)
	switch {
	case err != nil:
		return clean.Limit{}, fmt.Errorf("--max-delete %w", err)
	case l.Count < 0:
		return clean.Limit{Percent: l.Share}, nil
	}
	return clean.Limit{Objects: l.Count}, nil
}

func (a *app) clean(ctx context.Context, p place, o cleanOptions) error {
	o.parsed.Slug = p.slug
	r, err := clean.Run(ctx, p.st, o.parsed, a.ui.Sink)
	a.ui.Findings(p.shown(r.Findings))
	a.ui.Close()
	if err != nil {
		return err
	}
	if p.slug != "" && r.All == 0 {
		return p.noFilm()
	}
	if o.json {
		return a.printJSON(cleanedOf(p, o, r))
	}
	for _, f := range r.Films {
		fmt.Fprintln(a.out, cleanLine(f, o.yes))
	}
	a.tellClean(p, r, o)
	return nil
}

// cleanLine tells of one film.
func cleanLine(f clean.Film, done bool) string {
	text := f.Slug + ": "
	switch {
	case f.Unsafe != "":
		return text + "left alone, because " + f.Unsafe
	case done && f.Deleted.Objects > 0:
		text += "deleted " + objectsOf(f.Deleted.Objects, f.Deleted.Bytes)
	case f.Ripe.Objects > 0:
		text += objectsOf(f.Ripe.Objects, f.Ripe.Bytes) + " to delete"
	default:
		text += "nothing to delete yet"
	}
	if f.Waiting.Objects > 0 {
		text += "; " + objectsOf(f.Waiting.Objects, f.Waiting.Bytes)
		switch {
		case !f.Next.IsZero():
			text += " unneeded, the first of which can go on " + moment(f.Next)
		case done:
			text += " unneeded and written down now"
		default:
			text += " unneeded and not written down yet"
		}
	}
	return text
}

// tellClean sums up, and says what to do next.
func (a *app) tellClean(p place, r clean.Report, o cleanOptions) {
	var waiting, deleted catalog.Count
	for _, f := range r.Films {
		waiting.Objects += f.Waiting.Objects
		waiting.Bytes += f.Waiting.Bytes
		deleted.Objects += f.Deleted.Objects
		deleted.Bytes += f.Deleted.Bytes
	}
	ripe := r.Ripe()
	uploads := ""
	if n := len(r.Uploads); n > 0 {
		uploads = ", " + counted(n, "upload") + " given up long ago"
	}
	if o.yes {
		a.ui.Note(fmt.Sprintf("%s: %s looked at; deleted %s%s; %s wait", p.name, counted(r.All, "film"), objectsOf(deleted.Objects, deleted.Bytes), uploads, objectsOf(waiting.Objects, waiting.Bytes)))
		if waiting.Objects > 0 {
			a.ui.Note("what waits is deleted by the first clean --yes after " + ageText(o.parsed.Grace) + ", unless somebody needs it again")
		}
		return
	}
	a.ui.Note(fmt.Sprintf("%s: %s looked at; to delete now: %s%s; unneeded and still waiting: %s", p.name, counted(r.All, "film"), objectsOf(ripe.Objects, ripe.Bytes), uploads, objectsOf(waiting.Objects, waiting.Bytes)))
	if ripe.Objects+waiting.Objects+len(r.Uploads) > 0 {
		a.ui.Note("nothing was changed; --yes does it")
	}
}

func cleanedOf(p place, o cleanOptions, r clean.Report) cleaned {
	out := cleaned{Target: p.name, Now: r.Now.UTC(), Grace: ageText(o.parsed.Grace), Done: o.yes, Films: []cleanedFilm{}, Uploads: len(r.Uploads), Ours: r.Ours, Findings: p.shown(r.Findings)}
	for _, f := range r.Films {
		one := cleanedFilm{Slug: f.Slug, Visibility: f.Visibility, Kept: append([]string{}, f.Kept...), Unreferenced: f.Unreferenced, Ripe: f.Ripe, Waiting: f.Waiting,
			Deleted: f.Deleted, LeftAlone: f.Unsafe}
		if !f.Next.IsZero() {
			at := f.Next.UTC()
			one.Next = &at
		}
		out.Films = append(out.Films, one)
	}
	return out
}
