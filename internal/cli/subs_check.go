package cli

import (
	"context"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"filmpress/internal/annotate"
	"filmpress/internal/lint"
	"filmpress/internal/report"
	"filmpress/internal/subtitle/rules"
)

// checkFlags are the command line of subs check.
type checkFlags struct {
	format, output, profile, language, charset, failOn string
	film, against                                      string
	levels, values                                     []string // ID=LEVEL, THRESHOLD=NUMBER
	baseline                                           string
	writeBaseline                                      bool
	explain                                            string
	stdinName                                          string
	paths                                              []string
}

func newSubsCheck(a *app) *cobra.Command {
	var f checkFlags
	profiles := strings.Join(rules.ProfileNames(), ", ")
	cmd := &cobra.Command{
		Use:   "check FILE|DIR|GLOB...",
		Short: "Check subtitle files, and tell each fault with its line and its mend",
		Long: `Reads SRT and WebVTT files and judges them: structure, encoding, letters, reading speed; with --film against the
film, with --against against another language's track. A folder is searched for .srt and .vtt files. A pattern in
quotes ("**/*.ru.srt") is expanded by filmpress. - is standard input.

Language and kind are told by names: film.ru.srt, film.en.sdh.vtt. Settings also stand in ` + lint.SettingsName + `, in the
file's folder or the nearest one above:

  profile: netflix                 # ` + profiles + `
  language: ru                     # of files whose names do not say
  fail-on: error                   # or warn
  frame-rate: 25                   # for thresholds in frames
  children: false                  # they read more slowly
  rules: {cue-overlap: warn}       # error, warn, info or off
  set: {cue-cps.max: 20}
  ignore: [drafts/, "*.old.srt"]
  languages: {"ru/**": ru}         # by pattern, where names do not say
  kinds: {"deaf/**": sdh}          # or forced

With --baseline FILE, findings that stand in the file do not count. --write-baseline writes it anew.` +
			exits(exitFine, exitFailed, exitUsage, says{exitFindings, "findings at or above --fail-on"}, exitTool, stopped) + `

1 also means that a path could not be read, and 2 that a settings file is wrong; all that could be read was checked.`,
		Example: `  filmpress subs check subtitles/
  filmpress subs check "**/*.srt" --profile netflix --fail-on warn
  filmpress subs check film.ru.srt --film film.mp4 --against film.en.srt
  filmpress subs check . --format sarif -o findings.sarif
  filmpress subs check --explain cue-cps`,
	}
	flags := cmd.Flags()
	addKept(flags)
	addTools(flags)
	flags.StringVar(&f.format, "format", "", formatUsage())
	flags.StringVarP(&f.output, "output", "o", "", "write the findings into a file")
	flags.StringVar(&f.profile, "profile", "", "whose style to hold the files to: "+profiles)
	flags.StringArrayVar(&f.levels, "rule", nil, "set a rule to error, warn, info or off, as in cue-overlap=warn; may be given several times")
	flags.StringArrayVar(&f.values, "set", nil, "set a threshold, as in cue-cps.max=20; may be given several times")
	flags.StringVar(&f.language, "language", "", "language of files whose names do not say: en, ru, pt-BR")
	flags.StringVar(&f.charset, "charset", "", "encoding of files that are not UTF-8: windows-1251, koi8-r")
	flags.StringVar(&f.film, "film", "", "check the times against this film, too")
	flags.StringVar(&f.against, "against", "", "check against this track of the same film in another language, too")
	flags.StringVar(&f.failOn, "fail-on", "", "what ends with exit code 3: error (the default), or warn")
	flags.StringVar(&f.baseline, "baseline", "", "a file of known findings, which do not count")
	flags.BoolVar(&f.writeBaseline, "write-baseline", false, "write today's findings into the file of --baseline")
	flags.StringVar(&f.explain, "explain", "", "tell about a rule, and check nothing")
	flags.StringVar(&f.stdinName, "stdin-name", "", "name for what comes on standard input, as in film.ru.srt")
	cmd.RunE = a.settled(func(cmd *cobra.Command, given []string) error {
		f.paths = given
		if err := noEmpty(cmd.Flags()); err != nil {
			return err
		}
		if cmd.Flags().Changed("explain") {
			return a.explain(f)
		}
		c, err := a.newCheck(f)
		if err != nil {
			return err
		}
		return c.run(cmd.Context())
	})
	return cmd
}

// subsCheck is one run of the command.
type subsCheck struct {
	*app
	checkFlags
	choice   lint.Choice
	settings *lint.Settings
	options  lint.Options
	base     *lint.Baseline // nil without --baseline
	stdin    string         // the name of standard input among the files; "" where it is not read
	doc      *document
	root     func(name string) string
	sum      tally
}

func (c *subsCheck) run(ctx context.Context) error {
	found := lint.Collect(c.paths)
	names := found.Files
	if c.stdin != "" {
		names = append(names, c.stdin)
		slices.Sort(names)
	}
	if c.output != "" && slices.Contains(names, path.Clean(filepath.ToSlash(c.output))) {
		return usagef("-o %s is one of the files to check; name another one", c.output)
	}
	wrong := c.settings.Prepare(names)
	if err := c.look(ctx); err != nil {
		return err
	}
	doc, err := c.openDocument()
	if err != nil {
		return err
	}
	defer doc.drop() // what is not whole
	c.doc, c.root = doc, rooted(c.format)
	c.sum.astray = len(wrong) > 0
	for _, fs := range [][]report.Finding{wrong, found.Findings} {
		if err := c.onPaths(fs); err != nil {
			return err
		}
	}
	if err := lint.Run(ctx, names, c.settings, c.options, c.take); err != nil {
		return err
	}
	if err := doc.finish(); err != nil {
		return err
	}
	if c.writeBaseline {
		if _, err := replaceFile(c.baseline, c.base.Bytes()); err != nil {
			return err
		}
	}
	c.summarize()
	switch {
	case len(wrong) > 0:
		return silentError(exitUsage)
	case found.Unread || c.sum.unread > 0:
		return silentError(exitFailed)
	case c.sum.fails:
		return silentError(exitFindings)
	}
	return nil
}

// onPaths tells what is wrong with paths and settings files.
func (c *subsCheck) onPaths(fs []report.Finding) error {
	for len(fs) > 0 {
		n := 1
		for n < len(fs) && fs[n].Pos.File == fs[0].Pos.File {
			n++
		}
		if err := c.write(annotate.File{Name: fs[0].Pos.File, Findings: fs[:n], Bar: c.choice.FailOn.Or(report.Error), Aside: true}); err != nil {
			return err
		}
		fs = fs[n:]
	}
	return nil
}

// take is given each file's result, in order.
func (c *subsCheck) take(r lint.Result) error {
	switch {
	case r.Ignored:
		c.sum.ignored++
		return nil
	case r.Unread:
		c.sum.unread++
	default:
		c.sum.files++
	}
	f := annotate.File{Name: r.Name, Findings: r.Findings, Bar: r.Bar}
	if c.base != nil && !r.Unread {
		f.Findings, f.Known = c.base.Split(r.Findings)
		if c.writeBaseline { // they are known from now on
			f.Findings, f.Known = nil, len(f.Findings)
		}
	}
	return c.write(f)
}

func (c *subsCheck) write(f annotate.File) error {
	c.sum.count(f)
	f.Name = c.root(f.Name)
	for i := range f.Findings {
		f.Findings[i].Pos.File = c.root(f.Findings[i].Pos.File)
	}
	return c.doc.File(f)
}
