package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"filmpress/internal/config"
	"filmpress/internal/gather"
	"filmpress/internal/plan"
	"filmpress/internal/ui"
	"filmpress/internal/userfile"
)

func newPlan(a *app) *cobra.Command {
	var f gather.Wishes
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "plan FILM [SUBTITLE...]",
		Short: "Tell what publish would do, and why",
		Long: `Looks at the film and the files beside it, and tells which sizes, sound tracks and subtitles would be made, which
would not and why, and which steps are finished already. Where the pipeline asks for a quality, a few samples are
encoded to see what it costs; that is kept. Nothing is written to the target.` +
			exits(exitFine, exitFailed, exitUsage, says{exitFindings, "something is wrong with the film or a file beside it"}, exitTool, exitInterrupted),
		Example: "  filmpress plan film.mp4\n  filmpress plan film.mp4 --pipeline archive --json",
		Args:    takes(1, many),
	}
	addFilmFlags(cmd, &f)
	addKept(cmd.Flags())
	addTools(cmd.Flags())
	config.AddFlags(cmd.Flags(), "theme")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the plan as JSON")
	cmd.RunE = a.settled(func(cmd *cobra.Command, given []string) error {
		s, err := a.study(cmd.Context(), given[0], given[1:], f)
		if err != nil {
			return err
		}
		if err := a.showPlan(s, asJSON); err != nil || asJSON {
			return err
		}
		words := []string{"publish"}
		for _, name := range given {
			words = append(words, userfile.WithoutHyphen(name))
		}
		a.ui.Note("to do it: " + a.command(words...) + "; it goes into " + a.config.To + ", or where --to says")
		return nil
	})
	return cmd
}

// showPlan prints a plan with what is kept of it.
func (a *app) showPlan(s studied, asJSON bool) error {
	a.ui.Findings(s.findings)
	a.ui.Close()
	if asJSON {
		named := s.plan
		named.Pipeline = s.pipeline
		type plannedStep struct {
			plan.Step
			Kept bool `json:"kept"`
		}
		var steps []plannedStep
		for _, st := range s.plan.Steps {
			_, kept := s.kept.Look(st.Digest)
			steps = append(steps, plannedStep{st, kept})
		}
		return a.printJSON(struct {
			plan.Plan
			Steps []plannedStep `json:"steps"`
		}{named, steps})
	}
	fmt.Fprintf(a.out, "%s (%s), pipeline %s\n\n", s.plan.Title, s.plan.Slug, ui.Clean(s.pipeline))
	for _, r := range s.plan.Reasons {
		fmt.Fprintf(a.out, "  %s %-16s %s\n", map[bool]string{true: "+", false: "-"}[r.Taken], r.Subject, r.Why)
	}
	fmt.Fprintln(a.out, "\nSteps:")
	a.showSteps(s)
	return nil
}

// showSteps prints a line a step; the parts of a film stand in one line a kind.
func (a *app) showSteps(s studied) {
	for steps := s.plan.Steps; len(steps) > 0; {
		first, n, kept := steps[0], 0, 0
		for n < len(steps) && (n == 0 || steps[n].Kind == first.Kind && (first.Kind == plan.Chunk || first.Kind == plan.Level)) {
			if _, ok := s.kept.Look(steps[n].Digest); ok {
				kept++
			}
			n++
		}
		name, about := first.ID, first.About
		if n > 1 {
			name, about = fmt.Sprintf("%s to %s", first.ID, steps[n-1].ID), strings.TrimSuffix(about, fmt.Sprintf(", part 1 of %d", n))
		}
		switch {
		case kept == n:
			about = "kept, nothing to do"
		case kept > 0:
			about += fmt.Sprintf("; %d of %d are kept", kept, n)
		}
		fmt.Fprintf(a.out, "  %-14s %s\n", name, about)
		steps = steps[n:]
	}
}
