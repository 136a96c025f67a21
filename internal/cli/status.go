package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"filmpress/internal/config"
	"filmpress/internal/engine/temporal"
	"filmpress/internal/step"
	"filmpress/internal/ui"
)

func newStatus(a *app) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "status [SLUG]",
		Short: "Tell how far films are that workers make",
		Long: `Lists the films that were published with --engine temporal, the latest first; or tells which steps of one film are being done, on
which machine, and what went wrong with those that are tried again; their names are read from the kept results.` + exits(exitFine, exitFailed, exitUsage, exitStore, stopped),
		Example: "  filmpress status\n  filmpress status the-lake --kept s3://films-work/kept",
		Args:    takes(0, 1),
	}
	addServer(cmd.Flags())
	addKept(cmd.Flags())
	config.AddFlags(cmd.Flags(), "s3.endpoint", "s3.region", "s3.profile", "s3.path-style")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print it as JSON")
	cmd.RunE = a.settled(func(cmd *cobra.Command, given []string) error {
		c, err := a.dial(cmd.Context())
		if err != nil {
			return err
		}
		defer c.Close()
		if len(given) == 1 {
			return a.statusOf(cmd.Context(), c, given[0], asJSON)
		}
		all, err := c.List(cmd.Context())
		if err != nil {
			return err
		}
		if asJSON {
			rows := []statusRow{}
			for _, p := range all {
				rows = append(rows, rowOf(p))
			}
			return a.printJSON(rows)
		}
		if len(all) == 0 {
			a.ui.Note("no film is being made; begin with " + a.command("publish", "FILM", "--engine", "temporal"))
		}
		table := tabwriter.NewWriter(a.out, 0, 4, 2, ' ', 0)
		for _, p := range all {
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", p.Slug, p.State, p.Started.Local().Format("2006-01-02 15:04"), ui.Clean(p.Memo.To))
		}
		return table.Flush()
	})
	return cmd
}

// statusRow is a publish as --json tells of it.
type statusRow struct {
	Slug    string         `json:"slug"`
	State   temporal.State `json:"state"`
	Started time.Time      `json:"started"`
	Ended   *time.Time     `json:"ended,omitempty"`
	To      string         `json:"to"`
}

func rowOf(p temporal.Publish) statusRow {
	r := statusRow{p.Slug, p.State, p.Started, nil, p.Memo.To}
	if !p.Ended.IsZero() {
		r.Ended = &p.Ended
	}
	return r
}

// statusOf tells of one film.
func (a *app) statusOf(ctx context.Context, c *temporal.Cluster, slug string, asJSON bool) error {
	p, err := c.Find(ctx, slug)
	if err != nil {
		return err
	}
	at, err := c.Look(ctx, p)
	if err != nil {
		return err
	}
	if err := a.nameSteps(ctx, p, at.Working); err != nil {
		a.ui.Note(fmt.Sprintf("the steps' names stand in the plan, which cannot be read: %v", err))
	}
	if asJSON {
		return a.printJSON(struct {
			statusRow
			temporal.Progress
		}{rowOf(p), at})
	}
	fmt.Fprintf(a.out, "%s: %s, begun %s\n", p.Slug, p.State, p.Started.Local().Format("2006-01-02 15:04"))
	if p.State == temporal.Running {
		fmt.Fprintf(a.out, "%d of %d steps done\n", at.Done, at.Steps)
	}
	for _, w := range at.Working {
		line := "  " + cmp.Or(ui.Clean(w.Name), fmt.Sprintf("step %d", w.Step))
		switch {
		case !w.Running && w.Attempt <= 1:
			continue // it waits for a worker, like many
		case !w.Running:
			line += " waits to be tried again"
		default:
			line += " on " + ui.Clean(w.Worker)
			if w.Total > 0 {
				line += fmt.Sprintf(", %d %%", 100*w.Pulse.Done/w.Total)
			}
		}
		if w.Attempt > 1 {
			line += fmt.Sprintf(", attempt %d", w.Attempt)
		}
		if w.Failure != "" {
			line += ": " + ui.Clean(w.Failure)
		}
		fmt.Fprintln(a.out, line)
	}
	if waiting := at.Waiting(); waiting > 0 {
		fmt.Fprintf(a.out, "  %d more wait for a worker\n", waiting)
	}
	if p.State == temporal.Finished {
		a.ui.Note("its steps are done; if it is not released yet: " + a.command("attach", slug))
	}
	return nil
}

// nameSteps reads the names of steps from the plan: the server knows their numbers alone.
func (a *app) nameSteps(ctx context.Context, p temporal.Publish, steps []temporal.Working) error {
	if len(steps) == 0 {
		return nil
	}
	d, err := a.reachDepot(ctx)
	if err != nil {
		return err
	}
	planned, err := d.Plan(ctx, p.Memo.Plan)
	if err != nil {
		return err
	}
	for i, s := range steps {
		if s.Step < len(planned.Steps) {
			steps[i].Name = planned.Steps[s.Step].ID
		}
	}
	return nil
}

func newAttach(a *app) *cobra.Command {
	var o publishOptions
	cmd := &cobra.Command{
		Use:   "attach SLUG",
		Short: "Wait for a film that workers make, and release it",
		Long: `Goes on where filmpress publish --engine temporal was interrupted or detached: shows the progress, and makes the release when the steps are
done. It may run on another machine; it needs the kept results, and the place that the film is published to: the rights to the bucket, or the folder itself.` +
			exits(exitFine, exitFailed, exitUsage, says{exitFindings, "the release is not sound, or the theme has errors; nothing was published"}, exitStore, exitInterrupted),
		Example: "  filmpress attach the-lake --kept s3://films-work/kept",
		Args:    takes(1, 1),
	}
	flags := cmd.Flags()
	addServer(flags)
	addKept(flags)
	addSite(flags)
	config.AddFlags(flags, "cache", "cache-size", "metrics", "traces", "s3.endpoint", "s3.region", "s3.profile", "s3.path-style", "s3.public-url")
	flags.BoolVar(&o.json, "json", false, "print the result as one JSON object")
	flags.BoolVar(&o.force, "force", false, "replace a release that somebody else published meanwhile")
	flags.BoolVar(&o.unproved, "skip-verify", false, "make the release visible even if the check before finds faults")
	flags.BoolVar(&o.keepSource, "keep-source", false, "leave the film with the kept results when the release is out")
	cmd.RunE = a.observed(func(cmd *cobra.Command, given []string) error {
		a.config.Engine = "temporal"
		return a.measured(cmd.Context(), false, func(own *app) error { return own.attachTo(cmd.Context(), given[0], o) })
	})
	return cmd
}

// attachTo finds a publish and what it was about.
func (a *app) attachTo(ctx context.Context, slug string, o publishOptions) error {
	kept, err := a.openKept()
	if err != nil {
		return err
	}
	d, c, err := a.meet(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	p, err := c.Find(ctx, slug)
	if err != nil {
		return err
	}
	planned, err := d.Plan(ctx, p.Memo.Plan)
	if err != nil {
		return err
	}
	a.config.To = p.Memo.To
	if p.Memo.Place != "" {
		if a.config.To, err = d.Place(ctx, p.Memo.Place); err != nil {
			return err
		}
		if _, err := os.Stat(a.config.To); errors.Is(err, os.ErrNotExist) {
			return &absentError{fmt.Sprintf("%s goes to the folder %s, which is not there: attach on a machine that has it, or make it first if it is to lie on this one", slug, a.config.To)}
		}
	}
	a.tellPublic(a.config.To)
	st, err := a.openTarget(ctx)
	if err != nil {
		return err
	}
	if err := st.Check(ctx); err != nil {
		return err
	}
	if st, err = a.atSite(ctx, st); err != nil {
		return err
	}
	a.ui.Begin(planned, step.FilmLength(planned))
	return a.attach(ctx, attached{cluster: c, depot: d, kept: kept, plan: planned, publish: func(context.Context) (temporal.Publish, error) { return p, nil }}, st, o)
}

// endedAs is what is said to who cancels a film that is not being made any more.
var endedAs = map[temporal.State]string{
	temporal.Finished: "all its steps were done before, and are kept", temporal.Failed: "it had failed before; what is finished is kept",
	temporal.Cancelled: "it was cancelled before; what is finished is kept", temporal.Lost: "the server had given it up; what is finished is kept",
}

func newCancel(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "cancel SLUG",
		Short: "End the making of a film by workers",
		Long: `Tells the server that the film is not wanted any more. Workers stop within half a minute. What is finished stays kept, so that a later publish goes
on from there; the film itself is removed from among the kept results, also where a publish was killed before the server heard of it. What is
released stays released.` +
			exits(exitFine, exitFailed, exitUsage, exitStore, exitInterrupted),
		Example: "  filmpress cancel the-lake --kept s3://films-work/kept",
		Args:    takes(1, 1),
	}
	addServer(cmd.Flags())
	addKept(cmd.Flags())
	config.AddFlags(cmd.Flags(), "s3.endpoint", "s3.region", "s3.profile", "s3.path-style")
	cmd.RunE = a.settled(func(cmd *cobra.Command, given []string) error {
		d, c, err := a.meet(cmd.Context())
		if err != nil {
			return err
		}
		defer c.Close()
		p, unknown := c.Find(cmd.Context(), given[0])
		if unknown != nil && !errors.Is(unknown, temporal.ErrNoPublish) {
			return unknown
		}
		if p.State == temporal.Running {
			if err := c.Cancel(cmd.Context(), p); err != nil {
				return err
			}
		}
		dropped, err := d.DropSources(cmd.Context(), given[0])
		switch {
		case err != nil:
			return err
		case unknown != nil && dropped == 0:
			return unknown
		case unknown != nil:
			a.ui.Note(given[0] + ": it was not being made; what was sent of it is removed")
		case p.State != temporal.Running:
			a.ui.Note(fmt.Sprintf("%s: %s; %s", p.Slug, endedAs[p.State], map[bool]string{true: "what lay there of the film is removed", false: "nothing of the film lies there any more"}[dropped > 0]))
		default:
			a.ui.Note(p.Slug + ": cancelled; what is finished is kept")
		}
		return nil
	})
	return cmd
}
