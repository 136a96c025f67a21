package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"filmpress/internal/config"
)

func newMan() *cobra.Command {
	return &cobra.Command{
		Use:     "man DIR",
		Short:   "Write the man pages into a folder",
		Long:    "Writes a man page for each command into a folder, which is made if need be." + exits(exitFine, exitFailed, exitUsage),
		Example: "  filmpress man ~/.local/share/man/man1",
		Args:    takes(1, 1),
		RunE: func(cmd *cobra.Command, given []string) error {
			if err := os.MkdirAll(given[0], 0o755); err != nil {
				return err
			}
			for _, c := range append([]*cobra.Command{cmd.Root()}, allCommands(cmd.Root())...) {
				c.InitDefaultHelpFlag()
				name := strings.ReplaceAll(c.CommandPath(), " ", "-") + ".1"
				if err := os.WriteFile(filepath.Join(given[0], name), []byte(manPage(c)), 0o644); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

// manPage writes a command's help with the man macros (man(7)). It holds no date, so that the same program writes
// the same pages.
func manPage(c *cobra.Command) string {
	name := strings.ReplaceAll(c.CommandPath(), " ", "-")
	var b strings.Builder
	fmt.Fprintf(&b, ".TH %s 1 \"\" \"filmpress %s\"\n.SH NAME\n%s \\- %s\n", strings.ToUpper(name), roff(thisBuild().Version), roff(name), roff(c.Short))
	section := func(title, text string) { fmt.Fprintf(&b, ".SH %s\n.nf\n%s\n.fi\n", title, roff(text)) }
	if c.Runnable() {
		section("SYNOPSIS", c.UseLine())
	}
	long, codes, _ := strings.Cut(c.Long, "\n\nExit codes:\n")
	section("DESCRIPTION", long)
	if c.HasAvailableSubCommands() {
		b.WriteString(".SH COMMANDS\n")
		for _, sub := range c.Commands() {
			fmt.Fprintf(&b, ".TP\n.B %s\n%s\n", roff(sub.Name()), roff(sub.Short))
		}
		var pages []string
		for _, sub := range c.Commands() {
			if !sub.Hidden {
				pages = append(pages, roff(strings.ReplaceAll(sub.CommandPath(), " ", "-")+"(1)"))
			}
		}
		fmt.Fprintf(&b, ".SH SEE ALSO\n%s\n", strings.Join(pages, ", "))
	}
	flags(&b, "OPTIONS", c.NonInheritedFlags())
	flags(&b, "GLOBAL OPTIONS", c.InheritedFlags())
	if codes != "" {
		section("EXIT STATUS", codes)
	}
	if c.Example != "" {
		section("EXAMPLES", c.Example)
	}
	return b.String()
}

func flags(b *strings.Builder, title string, set *pflag.FlagSet) {
	if !set.HasAvailableFlags() {
		return
	}
	fmt.Fprintf(b, ".SH %s\n", title)
	set.VisitAll(func(f *pflag.Flag) {
		kind, about := pflag.UnquoteUsage(f)
		spelling := strings.TrimSpace("--" + f.Name + " " + kind)
		if f.Shorthand != "" {
			spelling = "-" + f.Shorthand + ", " + spelling
		}
		if f.DefValue != "" && f.DefValue != "false" && f.DefValue != "[]" && !config.OfUser(f) {
			about += " (default " + f.DefValue + ")"
		}
		fmt.Fprintf(b, ".TP\n.B %s\n%s\n", roff(spelling), roff(about))
	})
}

// roff escapes what the formatter would read as its own: backslashes, hyphens (which it turns into dashes), and a dot
// or an apostrophe at the beginning of a line.
func roff(s string) string {
	s = strings.NewReplacer(`\`, `\e`, `-`, `\-`).Replace(strings.TrimRight(s, "\n"))
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		if strings.HasPrefix(l, ".") || strings.HasPrefix(l, "'") {
			lines[i] = `\&` + l
		}
	}
	return strings.Join(lines, "\n")
}
