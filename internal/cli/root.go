// Package cli is the commands. It wires the floors below together, and it is the only place that decides exit
// codes (exit.go).
package cli

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"filmpress/internal/config"
	"filmpress/internal/engine"
	"filmpress/internal/media/ffmpeg"
	"filmpress/internal/report"
	"filmpress/internal/telemetry"
	"filmpress/internal/ui"
)

// app is what every command works with.
type app struct {
	in       io.Reader
	out, err io.Writer     // out is for the result alone, err for the story
	config   config.Config // settled before a command runs; see settled
	ui       *ui.UI
	cmd      *cobra.Command // that is carried out; nil until it is settled
	piped    []byte         // standard input, once it was read

	turns  *engine.Turns // of all films that are made here at once
	memory int64         // that was free before any was begun, in bytes; 0 is to be asked when one is

	telemetry *telemetry.Telemetry // nil where nobody asked for it
	publishes *telemetry.Publish   // the publish that this app carries out, likewise
}

// Main runs one command line and gives its exit code.
func Main(ctx context.Context, args []string, in io.Reader, out, err io.Writer) (code int) {
	ctx = ffmpeg.Remember(ctx) // a list of films, and serve --watch, look for it again and again
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
in a bucket; there is no server to run and nothing to pay a platform for.

Texts that are named as docs/... lie beside the program's source, and below share/doc/filmpress where it was installed.`,
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
	root.SetFlagErrorFunc(wrongFlag)
	root.PersistentFlags().String("config", "", "settings: the path of a .yml file, or one of "+strings.Join(config.Names(), ", "))
	config.AddFlags(root.PersistentFlags(), "log-format")
	root.SetHelpCommand(newHelp())
	root.SetHelpCommandGroupID("program")
	for _, g := range []struct {
		id, title string
		commands  []*cobra.Command
	}{
		{"publish", "Publish films:", []*cobra.Command{newPublish(a), newPlan(a), newServe(a), newTheme(a), newEmbed(a)}},
		{"after", "Look after what is published:", []*cobra.Command{newList(a), newVerify(a), newRollback(a), newUnpublish(a), newForget(a), newClean(a), newHeaders(a), newLibrary(a), newSync(a)}},
		{"subs", "Work on subtitles:", []*cobra.Command{newSubs(a)}},
		{"buckets", "Set up a bucket:", []*cobra.Command{newCORS(a), newPolicy(a)}},
		{"machines", "Many machines:", []*cobra.Command{newWorker(a), newStatus(a), newAttach(a), newCancel(a)}},
		{"program", "The program itself:", []*cobra.Command{newDoctor(a), newSettings(a), newVersion(a), newCompletion(), newMan()}},
	} {
		root.AddGroup(&cobra.Group{ID: g.id, Title: g.title})
		for _, c := range g.commands {
			c.GroupID = g.id
			root.AddCommand(c)
		}
	}
	complete(root)
	return root
}

// addKept gives a command the flag that says where finished steps, and what was found out of films, are kept.
func addKept(flags *pflag.FlagSet) { config.AddFlags(flags, "kept") }

// addTools gives a command that opens films the flags that name ffmpeg and ffprobe.
func addTools(flags *pflag.FlagSet) { config.AddFlags(flags, "ffmpeg", "ffprobe") }

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
		if report.Blocks(findings) {
			return settingsError{findings}
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
	if err != nil || report.Blocks(findings) {
		return findings, err
	}
	a.config, a.cmd = settings, cmd
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
