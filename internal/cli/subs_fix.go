package cli

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"filmpress/internal/gather"
	"filmpress/internal/lint"
	"filmpress/internal/report"
	"filmpress/internal/strictyaml"
	"filmpress/internal/subtitle/repair"
	"filmpress/internal/subtitle/rules"
	"filmpress/internal/userfile"
)

// fixOptions are the command line of subs fix.
type fixOptions struct {
	out             string
	inPlace, dryRun bool
	only            []string
	charset         string
	language        string
}

func newSubsFix(a *app) *cobra.Command {
	var o fixOptions
	cmd := &cobra.Command{
		Use:   "fix FILE...",
		Short: "Mend what can be mended without asking",
		Long: `Mends what is wrong with subtitle files where there is only one way to mend it, and leaves every other line as it
is. No text is lost, and fixing twice changes nothing more. What needs a person is told with its place and its mend.

Without -o and --in-place nothing is written: the changes are shown on stdout, as a diff. FILE is - for standard input. A file whose
encoding is not certain is left alone and named; the others go on. A rule that ` + lint.SettingsName + ` turns off is not mended.

Mended are: ` + wrapped(repair.IDs(), 110) + `.
Only where --only names it: ` + strings.Join(repair.OnlyAsked(), ", ") + `.` +
			subsExits("a file could not be mended, or has errors left that need a person"),
		Example: `  filmpress subs fix film.ru.srt                          to see what would be changed
  filmpress subs fix film.ru.srt --in-place
  filmpress subs fix *.srt --in-place --only enc-not-utf8
  filmpress subs fix old.srt --charset windows-1251 -o film.ru.srt`,
		Args: takes(1, many),
		RunE: a.settled(func(cmd *cobra.Command, given []string) error { return a.subsFix(cmd.Context(), given, o) }),
	}
	flags := cmd.Flags()
	flags.StringVarP(&o.out, "output", "o", "", "write the mended file here; - is stdout")
	flags.BoolVar(&o.inPlace, "in-place", false, "write the mended files in place of the old ones")
	flags.BoolVar(&o.dryRun, "dry-run", false, "write nothing, show the changes")
	flags.StringSliceVar(&o.only, "only", nil, "mend these rules alone: srt-index,enc-not-utf8")
	addCharset(cmd, &o.charset, "encoding of files that are not UTF-8: windows-1251, koi8-r; else it is found out")
	flags.StringVar(&o.language, "language", "", "language of the files, where their names do not say: ru")
	return cmd
}

// wrapped joins words by commas, in lines of a width.
func wrapped(words []string, width int) string {
	var b strings.Builder
	column := len("Mended are: ")
	for i, word := range words {
		switch {
		case i == 0:
		case column+len(", ")+len(word) > width:
			b.WriteString(",\n")
			column = 0
		default:
			b.WriteString(", ")
			column += len(", ")
		}
		b.WriteString(word)
		column += len(word)
	}
	return b.String()
}

// check refuses a command line that contradicts itself.
func (o *fixOptions) check(files []string) error {
	var err error
	switch {
	case o.out != "" && o.inPlace:
		err = errors.New("-o and --in-place say two things; give one of them")
	case slices.Contains(files, "-") && (o.inPlace || len(files) > 1):
		err = errors.New("- is standard input, which stands alone and cannot be mended in place; write it elsewhere with -o")
	case len(files) > 1 && o.out != "":
		err = fmt.Errorf("-o takes one file, and %d are given; several are mended with --in-place", len(files))
	case len(files) > 1 && !o.inPlace && !o.dryRun:
		err = errors.New("several files are mended with --in-place, or shown with --dry-run; give one of them")
	case keepsFormat(files[0], o.out) != nil:
		err = keepsFormat(files[0], o.out)
	case o.only != nil && len(o.only) == 0:
		err = errors.New("--only names no rule")
	}
	if err != nil {
		return usageError{err}
	}
	for _, id := range o.only {
		if err := checkFixable(id); err != nil {
			return usageError{err}
		}
	}
	if o.language, err = gather.LanguageTag(o.language); err != nil {
		return err
	}
	if o.language == "und" {
		return gather.NotALanguage(o.language)
	}
	return checkCharset(o.charset)
}

// checkFixable refuses a rule that nothing here mends.
func checkFixable(id string) error {
	ids := repair.IDs()
	if slices.Contains(ids, id) {
		return nil
	}
	if _, known := rules.Lookup(id); known {
		return fmt.Errorf("--only %s: this rule needs a person; filmpress subs check tells how to mend it", id)
	}
	if near := strictyaml.Nearest(id, ids); near != "" {
		return fmt.Errorf("--only %s: there is no such rule; did you mean %s?", id, near)
	}
	return fmt.Errorf("--only %s: there is no such rule; there are %s", id, strings.Join(ids, ", "))
}

func (a *app) subsFix(ctx context.Context, files []string, o fixOptions) error {
	if err := o.check(files); err != nil {
		return err
	}
	settings, err := lint.NewSettings(lint.Choice{Language: lint.Language(o.language)}, subtitleBytes)
	if err != nil {
		return err
	}
	code := exitFine
	if wrong := settings.Prepare(files); len(wrong) > 0 {
		a.ui.Findings(wrong)
		code = exitUsage // as subs check has it; files are mended all the same, by what of the settings could be read
	}
	for _, path := range files {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		clean, err := a.fixFile(path, settings, o)
		switch {
		case err != nil && len(files) == 1:
			return err
		case err != nil:
			a.ui.Failed(userfile.Sentence(err))
			if code != exitUsage {
				code = exitFailed
			}
		case !clean && code == exitFine:
			code = exitFindings
		}
	}
	if code != exitFine {
		return silentError(code)
	}
	return nil
}

// fixFile mends one file. It reports whether no error is left in it.
func (a *app) fixFile(path string, settings *lint.Settings, o fixOptions) (clean bool, err error) {
	name, data, err := a.readInput(path)
	if err != nil {
		return false, err
	}
	opt := repair.Options{Only: o.only}
	opt.Read.Charset = o.charset
	opt.Rules, _ = settings.For(path) // what is wrong with them was told
	opt.Read.Language, opt.Rules.Kind = settings.Named(path)
	for _, id := range o.only {
		if rule, _ := rules.Lookup(id); opt.Rules.Level(id) == rules.Off { // off for everybody, but asked for now
			if err := opt.Rules.SetLevel(id, cmp.Or(rule.Level, rules.Info).String()); err != nil {
				return false, err
			}
		}
	}
	r := repair.Fix(name, data, opt)
	if r.Refused {
		a.ui.Findings(r.Left)
		a.ui.Note(name + ": left alone; mend it by hand first")
		return false, nil
	}
	wrote, err := a.putFixed(path, name, data, r, o)
	if err != nil {
		return false, err
	}
	left := slices.DeleteFunc(r.Left, func(f report.Finding) bool { return o.only != nil && !slices.Contains(o.only, f.Rule) })
	a.tellFixed(name, r.Changes, left, wrote)
	return !report.Blocks(left), nil
}

// putFixed writes the mended file to where it was asked for, or its changes to stdout. wrote says where it is.
func (a *app) putFixed(path, name string, data []byte, r repair.Result, o fixOptions) (wrote string, err error) {
	switch {
	case o.dryRun || o.out == "" && !o.inPlace:
		_, err = fmt.Fprint(a.out, unifiedDiff(name, r.Before, r.After))
		return "", err
	case o.inPlace && bytes.Equal(r.Out, data):
		return name, nil // as it is
	}
	return a.putChanged(path, o.out, o.inPlace, r.Out)
}

// tellFixed says what was done, what was left, and where the file is.
func (a *app) tellFixed(name string, changes []repair.Change, left []report.Finding, wrote string) {
	places := 0
	for _, c := range changes {
		places += c.Count
		a.ui.Note(fmt.Sprintf("%s: %d x %s (%s)", name, c.Count, c.Text, c.Rule))
	}
	all := len(left)
	left = slices.DeleteFunc(left, func(f report.Finding) bool { // these are for somebody with the time to read
		rule, _ := rules.Lookup(f.Rule)
		return f.Severity == report.Info || f.Severity == report.Warn && rule.Group == rules.Readability
	})
	a.ui.Findings(left)
	done := "nothing to mend"
	switch {
	case places > 0 && wrote == "":
		done = counted(places, "place") + " would be mended; --in-place writes it"
	case places > 0:
		done = counted(places, "place") + " mended, written to " + wrote
	case wrote != "" && wrote != name:
		done += ", written to " + wrote + " as it is"
	}
	if len(left) == 1 {
		done += ". 1 place needs a person, see above"
	} else if len(left) > 1 {
		done += fmt.Sprintf(". %d places need a person, see above", len(left))
	}
	if len(left) > 0 && places > 0 && wrote == "" {
		done += " (the lines are those of the mended file)"
	}
	if notes := all - len(left); notes > 0 {
		done += fmt.Sprintf("; filmpress subs check has %s more, on how it reads", counted(notes, "finding"))
	}
	a.ui.Note(name + ": " + done)
}
