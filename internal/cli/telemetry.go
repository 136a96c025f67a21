package cli

import (
	"context"

	"github.com/spf13/cobra"

	"filmpress/internal/telemetry"
)

// observed is settled, for a command that others can watch: it begins and ends with the metrics and traces that the settings ask for.
func (a *app) observed(run func(*cobra.Command, []string) error) func(*cobra.Command, []string) error {
	return a.settled(func(cmd *cobra.Command, given []string) (err error) {
		a.telemetry, err = telemetry.Start(telemetry.Options{Metrics: a.config.Metrics, Traces: a.config.Traces, Version: thisBuild().Version, Note: a.ui.Note})
		if err != nil {
			return usageError{err}
		}
		defer a.telemetry.Close()
		return run(cmd, given)
	})
}

// publish publishes a film.
func (a *app) publish(ctx context.Context, o publishOptions) error {
	if o.dryRun {
		return a.publishFilm(ctx, o)
	}
	return a.measured(ctx, o.detach, func(own *app) error { return own.publishFilm(ctx, o) })
}

// measured carries out a publish, or the rest of one, and has telemetry tell how it ended. detached says that workers go on.
func (a *app) measured(ctx context.Context, detached bool, publish func(own *app) error) error {
	own := *a // films of a batch are published side by side
	own.publishes = a.telemetry.Publish(a.config.Engine)
	err := publish(&own)
	why := err
	if err != nil && ctx.Err() != nil { // whatever it broke, the user asked for it
		why = ctx.Err()
	}
	own.publishes.End(why, detached)
	return err
}
