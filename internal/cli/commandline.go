package cli

import (
	"errors"
	"fmt"
	"math"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"filmpress/internal/strictyaml"
	"filmpress/internal/ui"
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
			return usagef("%s is taken for a flag; write the file as %s", ui.Clean(name), fileArg(name))
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

// quoteArg is an argument as a shell takes it. What would steer a terminal is written out, which bash, zsh and newer shells read back.
func quoteArg(s string) string {
	switch {
	case ui.Clean(s) != s:
		return "$'" + strings.ReplaceAll(ui.Clean(strings.ReplaceAll(s, `\`, `\\`)), "'", `\'`) + "'"
	case s != "" && !strings.ContainsAny(s, " \t'\"\\$`&|;<>()[]*?!#~{}"):
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// fileArg is a file's name as a shell and this program take it.
func fileArg(name string) string { return quoteArg(withoutHyphen(name)) }

// withoutHyphen is a file's name that is not taken for a flag.
func withoutHyphen(name string) string {
	if strings.HasPrefix(name, "-") && name != "-" {
		return "./" + name
	}
	return name
}

// repeated are the flags without which a command that is printed for the user would look elsewhere than this one did.
var repeated = []string{"config", "kept", "endpoint", "region", "profile", "path-style", "public-url", "address", "namespace", "queue", "source-key"}

// command is what to type next: the words, and those of this command's flags that the next one needs to find the same place.
func (a *app) command(words ...string) string {
	for i, w := range words {
		words[i] = quoteArg(w)
	}
	text := "filmpress " + strings.Join(words, " ")
	if a.cmd == nil {
		return text
	}
	next, _, err := a.cmd.Root().Find(words)
	if err != nil {
		return text
	}
	for _, name := range repeated {
		f := a.cmd.Flags().Lookup(name)
		if f == nil || !f.Changed || next.Flags().Lookup(name) == nil && next.InheritedFlags().Lookup(name) == nil {
			continue
		}
		if f.Value.Type() == "bool" {
			text += fmt.Sprintf(" --%s=%s", name, f.Value)
			continue
		}
		text += fmt.Sprintf(" --%s %s", name, quoteArg(f.Value.String()))
	}
	return text
}

// counted is a number with its noun: "1 cue", "2 cues".
func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
