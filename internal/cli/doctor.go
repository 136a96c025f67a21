package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"filmpress/internal/doctor"
	"filmpress/internal/report"
	"filmpress/internal/store/s3"
	"filmpress/internal/ui"
	"filmpress/internal/userfile"
)

func newDoctor(a *app) *cobra.Command {
	var asJSON bool
	var origin string
	cmd := &cobra.Command{
		Use:   "doctor [TARGET]",
		Short: "Tell what is installed, missing or too old, and how to mend it",
		Long: `Looks at everything a publish needs: ffmpeg with each part that is used, the player, the settings, the place
to publish to (a small object is written there and deleted again), credentials, and space on the disk.

With TARGET, a bucket, it looks at that alone, and closely: whether it is reached, its region and its clock;
which rights the keys have, and whether they have more than is needed; conditional writes; checksums; what
viewers get without logging in: types, cache headers, parts of files, and whether pages of other sites may
play (--origin names one). Tiny objects are written for that below TARGET and deleted again.` +
			exits(exitFine, says{exitFailed, "finished steps cannot be kept"}, exitUsage, exitStore, exitTool, stopped),
		Example: `  filmpress doctor
  filmpress doctor --to s3://films --config ./our-minio.yml
  filmpress doctor s3://films --origin https://example.org`,
		Args: takes(0, 1),
		RunE: func(cmd *cobra.Command, given []string) error {
			if origin != "" {
				if len(given) == 0 {
					return usagef("--origin belongs to a bucket; name it: filmpress doctor s3://bucket --origin %s", origin)
				}
				if err := s3.CheckOrigin(origin); err != nil {
					return usageError{err}
				}
			}
			if len(given) == 1 && !strings.HasPrefix(given[0], "s3://") {
				return usagef("%s is no bucket; write s3://bucket or s3://bucket/prefix, or look at a folder with --to", given[0])
			}
			checks := a.examine(cmd, given, origin)
			if err := cmd.Context().Err(); err != nil {
				return err
			}
			if err := a.printChecks(checks, asJSON); err != nil {
				return err
			}
			return verdict(checks)
		},
	}
	addTarget(cmd.Flags())
	cmd.Flags().Lookup("to").Usage = "the folder, or s3://bucket/prefix, that a publish would go to"
	addKept(cmd.Flags())
	addTools(cmd.Flags())
	cmd.Flags().StringVar(&origin, "origin", "", "a site whose pages shall play films from TARGET: https://example.org")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// checkSettings settles what the other checks look at. A broken settings file is one of doctor's results.
func (a *app) checkSettings(cmd *cobra.Command) doctor.Check {
	findings, err := a.settle(cmd)
	switch {
	case err != nil:
		return doctor.Check{Name: "settings", State: doctor.Bad, What: ui.Clean(userfile.Sentence(err)), Mend: "see filmpress help settings", Fault: doctor.Settings}
	case len(findings) > 0:
		state := map[bool]doctor.State{true: doctor.Bad, false: doctor.Warn}[report.Blocks(findings)]
		return doctor.Check{Name: "settings", State: state, What: ui.Clean(findings[0].String()), Mend: findings[0].Hint, Fault: doctor.Settings}
	}
	return doctor.Check{Name: "settings", State: doctor.OK, What: "read"}
}

// examine looks at everything, or at one bucket.
func (a *app) examine(cmd *cobra.Command, bucket []string, origin string) []doctor.Check {
	settings := a.checkSettings(cmd)
	if len(bucket) == 1 {
		if settings.State == doctor.Bad {
			return []doctor.Check{settings}
		}
		return append([]doctor.Check{settings}, a.examineBucket(cmd.Context(), bucket[0], origin)...)
	}
	checks := append([]doctor.Check{settings}, doctor.Tools(cmd.Context(), a.config.FFmpeg, a.config.FFprobe)...)
	checks = append(checks, doctor.Player())
	if settings.State == doctor.Bad { // which folder and which bucket is not known then
		return checks
	}
	return append(append(checks, doctor.Kept(a.keptHere())), a.checkTarget(cmd.Context())...)
}

// examineBucket opens a bucket and looks at it.
func (a *app) examineBucket(ctx context.Context, place, origin string) []doctor.Check {
	st, err := a.openBucketAt(ctx, place, "doctor --to looks at folders")
	if err != nil {
		return []doctor.Check{{Name: "target", State: doctor.Bad, What: ui.Clean(err.Error()), Mend: "see filmpress help settings", Fault: doctor.Place}}
	}
	return doctor.Bucket(ctx, st, origin, a.command)
}

// checkTarget looks at the place to publish to.
func (a *app) checkTarget(ctx context.Context) []doctor.Check {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	mend := "see filmpress help settings"
	if !strings.HasPrefix(a.config.To, "s3://") {
		mend = "name another folder with --to"
	}
	st, err := a.openTarget(ctx)
	if err != nil {
		return []doctor.Check{{Name: "target", State: doctor.Bad, What: ui.Clean(err.Error()), Mend: mend, Fault: doctor.Place}}
	}
	return doctor.Target(ctx, st, mend)
}

func (a *app) printChecks(checks []doctor.Check, asJSON bool) error {
	if asJSON {
		return a.printJSON(map[string][]doctor.Check{"checks": checks})
	}
	width := 0
	for _, c := range checks {
		width = max(width, len(c.Name))
	}
	for _, c := range checks {
		fmt.Fprintf(a.out, "%-4s  %-*s  %s\n", c.State, width, c.Name, c.What)
		if c.Mend != "" {
			fmt.Fprintf(a.out, "%*s  %s\n", width+6, "", "mend: "+c.Mend)
		}
	}
	return nil
}

// verdict is the exit code of the worst: settings, then tools, then the place.
func verdict(checks []doctor.Check) error {
	for _, worst := range []struct {
		fault doctor.Fault
		code  int
	}{{doctor.Settings, exitUsage}, {doctor.Tool, exitTool}, {doctor.Place, exitStore}, {doctor.Room, exitFailed}} {
		if slices.ContainsFunc(checks, func(c doctor.Check) bool { return c.State == doctor.Bad && c.Fault == worst.fault }) {
			return silentError(worst.code)
		}
	}
	return nil
}
