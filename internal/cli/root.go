// Package cli is the commands. It wires the floors below together, and it is the only place that decides exit
// codes (exit.go).
package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"filmpress/internal/config"
	"filmpress/internal/engine"
	"filmpress/internal/report"
	"filmpress/internal/strictyaml"
	"filmpress/internal/telemetry"
	"filmpress/internal/ui"
)

// app is what every command works with.
type app struct {
	in       io.Reader
	out, err io.Writer     // out is for the result alone, err for the story
	config   config.Config // settled before a command runs; see settled
	ui       *ui.UI

	turns  *engine.Turns // of all films that are made here at once
	memory int64         // that was free before any was begun, in bytes; 0 is to be asked when one is

	telemetry *telemetry.Telemetry // nil where nobody asked for it
	publishes *telemetry.Publish   // the publish that this app carries out, likewise
}

// Main runs one command line and gives its exit code.
func Main(ctx context.Context, args []string, in io.Reader, out, err io.Writer) (code int) {
	a := &app{in: in, out: out, err: err, turns: &engine.Turns{}}
	a.ui = ui.New(ui.Detect(err, os.Getenv("FILMPRESS_LOG_FORMAT"), os.Getenv))
	defer func() {
		if v := recover(); v != nil {
			code = a.crashed(args, &report.Bug{Value: v, Stack: debug.Stack()})
		}
	}()
	root := newRoot(a)
	root.SetArgs(args)
	cmd, failure := root.ExecuteContextC(ctx)
	if bug, ok := errors.AsType[*report.Bug](failure); ok {
		return a.crashed(args, bug)
	}
	return a.finish(ctx, cmd, failure)
}

func newRoot(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:   "filmpress",
		Short: "Publish a film as a page that plays",
		Long: `Filmpress takes an editor's export and its subtitles, and makes a page on which the film plays: with
every size the film allows, subtitles, chapters, a transcript and downloads. The page lies in a folder or
in a bucket; there is no server to run and nothing to pay a platform for.`,
		Example: `  filmpress publish film.mp4                      into ./library
  filmpress publish film.mp4 --to s3://films      into a bucket
  filmpress serve                                 to look at ./library in a browser`,
		Version:       versionText(),
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          noSuchCommand,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetIn(a.in)
	root.SetOut(a.out)
	root.SetErr(a.err)
	root.SetVersionTemplate("{{.Version}}\n")
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return usageError{nearFlag(cmd, err)} })
	root.PersistentFlags().String("config", "", "settings: one of "+strings.Join(config.Names(), ", ")+", or the path of a .yml file")
	config.AddFlags(root.PersistentFlags(), "log-format", "kept", "ffmpeg", "ffprobe")
	root.AddCommand(newPublish(a), newPlan(a), newServe(a), newVerify(a), newSync(a), newSubs(a), newDoctor(a), newCORS(a), newPolicy(a), newVersion(a), newCompletion(), newMan(), settingsTopic())
	root.AddCommand(newList(a), newRollback(a), newUnpublish(a), newForget(a), newClean(a), newHeaders(a), newLibrary(a), newTheme(a), newEmbed(a))
	root.AddCommand(newWorker(a), newStatus(a), newAttach(a), newCancel(a))
	root.SetHelpCommand(newHelp())
	return root
}

// addTarget gives a command the flags that say where a film goes.
func addTarget(flags *pflag.FlagSet) {
	config.AddFlags(flags, "to", "s3.endpoint", "s3.region", "s3.profile", "s3.path-style", "s3.public-url")
}

// settled makes a command begin with the settings: a.config, and a.ui in the format that was asked for.
func (a *app) settled(run func(cmd *cobra.Command, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		findings, err := a.settle(cmd)
		if err != nil {
			return err
		}
		if blocks(findings) {
			return findingsError{findings}
		}
		a.ui.Findings(findings)
		return run(cmd, args)
	}
}

// settle gathers the settings, and makes the UI anew in the format which they name.
func (a *app) settle(cmd *cobra.Command) ([]report.Finding, error) {
	name, err := cmd.Flags().GetString("config")
	if err != nil {
		panic(err) // every command has it from the root
	}
	settings, findings, err := config.Load(config.Sources{Name: name, Flags: cmd.Flags()})
	if err != nil || blocks(findings) {
		return findings, err
	}
	a.config = settings
	a.ui = ui.New(ui.Detect(a.err, settings.LogFormat, os.Getenv))
	return findings, nil
}

// printJSON writes a result for other programs: one object, indented, on stdout.
func (a *app) printJSON(v any) error {
	e := json.NewEncoder(a.out)
	e.SetEscapeHTML(false) // an & in an address stays readable
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// args makes a wrong number of arguments a usage error.
func args(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, given []string) error {
		if err := check(cmd, given); err != nil {
			return usageError{err}
		}
		return nil
	}
}

func noSuchCommand(cmd *cobra.Command, given []string) error {
	if len(given) == 0 {
		return nil
	}
	return usageError{fmt.Errorf("there is no command %q%s", given[0], didYouMean(given[0], names(cmd)))}
}

func names(cmd *cobra.Command) []string {
	var known []string
	for _, c := range cmd.Commands() {
		if !c.Hidden {
			known = append(known, c.Name())
		}
	}
	return known
}

// nearFlag adds the flag that a mistyped one most likely stands for.
func nearFlag(cmd *cobra.Command, err error) error {
	word, ok := strings.CutPrefix(err.Error(), "unknown flag: --")
	if !ok {
		return err
	}
	var known []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { known = append(known, f.Name) })
	if near := strictyaml.Nearest(word, known); near != "" {
		return fmt.Errorf("there is no flag --%s; did you mean --%s?", word, near)
	}
	return fmt.Errorf("there is no flag --%s", word)
}

func didYouMean(word string, known []string) string {
	if near := strictyaml.Nearest(word, known); near != "" {
		return fmt.Sprintf("; did you mean %q?", near)
	}
	return ""
}

// newHelp is cobra's help command, but what it does not know is a usage error.
func newHelp() *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND]",
		Short: "Tell what a command does, with an example and its exit codes",
		RunE: func(cmd *cobra.Command, given []string) error {
			topic, rest, err := cmd.Root().Find(given)
			if err != nil || len(rest) > 0 {
				return noSuchCommand(cmd.Root(), given)
			}
			topic.InitDefaultHelpFlag()
			return topic.Help()
		},
		ValidArgsFunction: func(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
			return names(cmd.Root()), cobra.ShellCompDirectiveNoFileComp
		},
	}
}

// settingsTopic is no command: `filmpress help settings` shows it.
func settingsTopic() *cobra.Command {
	return &cobra.Command{
		Use:   "settings",
		Short: "Settings files, variables and flags",
		Long: `Settings say where a film goes and with which tools it is made. The later of these wins:
defaults, ` + "~/.config/filmpress/config.yml" + `, the file of --config (or FILMPRESS_CONFIG), variables, flags.
Sample files come with the program: --config ` + strings.Join(config.Names(), ", ") + `.

` + config.Help() + `
Credentials are no settings. For a bucket they are taken from where AWS tools look: AWS_ACCESS_KEY_ID and
AWS_SECRET_ACCESS_KEY, the files of ~/.aws, or the machine's role.`,
	}
}
