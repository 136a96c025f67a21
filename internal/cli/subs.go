package cli

import "github.com/spf13/cobra"

// newSubs is the parent of the commands on subtitle files. They need no film and no target.
func newSubs(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "subs",
		Short: "Check, mend, convert and time subtitle files",
		Long: `Commands on subtitle files alone; none of them needs a film or publishes anything, unless it says so. Each
tells more with --help.` + exits(exitFine, exitFailed, exitUsage),
		Example: "  filmpress subs check subtitles/\n  filmpress subs fix film.ru.srt --in-place",
		Args:    noSuchCommand,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newSubsCheck(a), newSubsFix(a), newSubsConvert(a), newSubsSync(a), newSubsDiff(a), newSubsMerge(a), newSubsTranscript(a),
		newSubsExtract(a), newSubsCues(a))
	return cmd
}
