package cli

import (
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"filmpress/internal/strictyaml"
	"filmpress/internal/ui"
	"filmpress/internal/userfile"
)

// many is no limit of arguments.
const many = math.MaxInt

// takes makes another number of arguments a usage error that names what is missing, or too much.
func takes(least, most int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, given []string) error {
		_, operands, _ := strings.Cut(cmd.Use, " ")
		form := strings.TrimSpace(cmd.CommandPath() + " " + operands)
		switch {
		case len(given) < least:
			return usagef("%s is missing; write %s", strings.Fields(operands)[len(given)], form)
		case len(given) > most:
			return usagef("%q is one argument too many; write %s", given[most], form)
		}
		return nil
	}
}

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

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

// wrongFlag says what is wrong with a flag in our words: pflag's are those of the library's users.
func wrongFlag(cmd *cobra.Command, err error) error {
	if e, ok := errors.AsType[*pflag.NotExistError](err); ok {
		return noSuchFlag(cmd, e)
	}
	if e, ok := errors.AsType[*pflag.ValueRequiredError](err); ok {
		return nothingBehind(e.GetFlag())
	}
	if e, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
		return usagef("--%s %q %s", e.GetFlag().Name, e.GetValue(), notA(e.GetFlag()))
	}
	if e, ok := errors.AsType[*pflag.InvalidSyntaxError](err); ok {
		return usagef("%q is no flag; write --NAME or --NAME=VALUE", e.GetSpecifiedFlag())
	}
	return usageError{err}
}

// notA says what a flag's value should be, with an example.
func notA(f *pflag.Flag) string {
	switch f.Value.Type() {
	case "int":
		return fmt.Sprintf("is no whole number; write it as in --%s 3", f.Name)
	case "duration":
		return fmt.Sprintf("is no time; write it with its unit, as in --%s 5s, 500ms or 2m", f.Name)
	case "bool":
		return fmt.Sprintf("is neither true nor false; --%s alone says true", f.Name)
	}
	return "cannot be read"
}

// noSuchFlag adds the flag that a mistyped one most likely stands for.
func noSuchFlag(cmd *cobra.Command, e *pflag.NotExistError) error {
	word := e.GetSpecifiedName()
	if name := "-" + e.GetSpecifiedShortnames(); name != "-" {
		if _, err := os.Stat(name); err == nil {
			return usagef("%s is taken for a flag; write the file as %s", ui.Clean(name), userfile.Quote(userfile.WithoutHyphen(name)))
		}
		return usagef("there is no flag -%s; flags of more than one letter begin with --", word)
	}
	var known []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { known = append(known, f.Name) })
	if near := strictyaml.Nearest(word, known); near != "" {
		return usagef("there is no flag --%s; did you mean --%s?", word, near)
	}
	return usagef("there is no flag --%s", word)
}

func didYouMean(word string, known []string) string {
	if near := strictyaml.Nearest(word, known); near != "" {
		return fmt.Sprintf("; did you mean %q?", near)
	}
	return ""
}

func nothingBehind(f *pflag.Flag) error {
	return usagef("--%s is given with nothing behind it; say what, or leave it out", f.Name)
}

// noEmpty refuses flags that are given with nothing: most often a variable of a script that is not set, and a check that
// passes over --film "" proves less than its caller believes.
func noEmpty(flags *pflag.FlagSet) (err error) {
	flags.Visit(func(f *pflag.Flag) {
		if f.Value.Type() == "string" && f.Value.String() == "" && err == nil {
			err = nothingBehind(f)
		}
	})
	return err
}

// repeated are the flags without which a command that is printed for the user would look elsewhere than this one did.
var repeated = []string{"config", "kept", "endpoint", "region", "profile", "path-style", "public-url", "address", "namespace", "queue", "source-key"}

// meant are those without which the next command, by its name, would do something else than the user meant with this one.
var meant = map[string][]string{
	"publish": {"title", "slug", "language", "pipeline", "charset", "tolerant", "audio", "subs", "theme", "ffmpeg", "ffprobe"},
	"attach":  {"site-url", "site-title", "site-language", "theme", "keep-source"},
	"fix":     {"charset", "language"},
}

// idle are those that the next command takes, and has no use for as it is printed: serve keeps steps where it watches a film, and doctor looks at the
// folder of kept results where no bucket is named.
var idle = map[string][]string{"serve": {"kept"}, "doctor": {"kept"}}

// command is what to type next: the words, and those of this command's flags that the next one needs to do what was meant, at the same place.
func (a *app) command(words ...string) string {
	for i, w := range words {
		words[i] = userfile.Quote(w)
	}
	text := "filmpress " + strings.Join(words, " ")
	if a.cmd == nil {
		return text
	}
	next, _, err := a.cmd.Root().Find(words)
	if err != nil {
		return text
	}
	for _, name := range slices.Concat(repeated, meant[next.Name()]) {
		f := a.cmd.Flags().Lookup(name)
		if f == nil || !f.Changed || slices.Contains(idle[next.Name()], name) || next.Flags().Lookup(name) == nil && next.InheritedFlags().Lookup(name) == nil {
			continue
		}
		text += written(f)
	}
	return text
}

// written is a flag as it is typed, with a space before it.
func written(f *pflag.Flag) string {
	if list, ok := f.Value.(pflag.SliceValue); ok {
		text := ""
		for _, value := range list.GetSlice() {
			text += " --" + f.Name + " " + userfile.Quote(value)
		}
		return text
	}
	switch {
	case f.Value.Type() != "bool":
		return " --" + f.Name + " " + userfile.Quote(f.Value.String())
	case f.Value.String() == "true":
		return " --" + f.Name
	}
	return " --" + f.Name + "=false"
}

// counted is a number with its noun: "1 cue", "2 cues".
func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
