package cli

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"filmpress/internal/annotate"
	"filmpress/internal/audit"
	"filmpress/internal/config"
	"filmpress/internal/gather"
	"filmpress/internal/subtitle"
	"filmpress/internal/subtitle/foreign"
	"filmpress/internal/subtitle/rules"
)

// subtitleFiles are the extensions of files that the commands on subtitles read.
var subtitleFiles = []string{"srt", "vtt", "ass", "ssa", "ttml", "xml", "dfxp", "stl", "scc", "ts"}

// complete tells the shell which values flags and arguments take, for all commands below root.
func complete(root *cobra.Command) {
	root.PersistentFlags().VisitAll(func(f *pflag.Flag) { completeFlag(root, f) })
	for _, c := range allCommands(root) {
		c.NonInheritedFlags().VisitAll(func(f *pflag.Flag) { completeFlag(c, f) })
		if c.ValidArgsFunction == nil && len(c.ValidArgs) == 0 {
			c.ValidArgsFunction = argumentsOf(c)
		}
	}
}

// allCommands are root's commands and theirs, without those that are hidden.
func allCommands(root *cobra.Command) (all []*cobra.Command) {
	for _, c := range root.Commands() {
		if !c.Hidden {
			all = append(append(all, c), allCommands(c)...)
		}
	}
	return all
}

// completeFlag tells the values of a flag that takes one of a few.
func completeFlag(c *cobra.Command, f *pflag.Flag) {
	if f.NoOptDefVal != "" { // it needs no value
		return
	}
	err := c.RegisterFlagCompletionFunc(f.Name, func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) { return valuesOf(c, f) })
	if err != nil {
		panic(err) // told twice, or of a flag that is not there
	}
}

func valuesOf(c *cobra.Command, f *pflag.Flag) ([]string, cobra.ShellCompDirective) {
	const closed, files = cobra.ShellCompDirectiveNoFileComp, cobra.ShellCompDirectiveDefault
	switch name := f.Name; {
	case config.Values(f) != nil:
		return config.Values(f), closed
	case name == "config" || name == "src-config" || name == "dst-config":
		return config.Names(), files
	case name == "pipeline":
		return gather.PipelineNames(), files
	case name == "format":
		return annotate.Formats(), closed
	case name == "fail-on":
		return []string{"error", "warn"}, closed
	case name == "profile" && config.Setting(f) == "":
		return rules.ProfileNames(), closed
	case name == "explain" && c.Name() == "verify":
		return idsOf(audit.Catalogue(), func(r audit.Rule) string { return r.ID }), closed
	case name == "explain":
		return idsOf(checkRules(), func(r rules.Rule) string { return r.ID }), closed
	case name == "to" && c.Name() == "convert":
		return idsOf(foreign.Writable(), subtitle.Format.String), closed
	case name == "to" && c.Name() == "merge":
		return []string{"srt", "vtt"}, closed
	case name == "to" && c.Name() == "transcript":
		return []string{"txt", "md", "html"}, closed
	case name == "to" || name == "kept" || name == "cache" || name == "theme":
		return nil, cobra.ShellCompDirectiveFilterDirs
	case name == "against":
		return subtitleFiles, cobra.ShellCompDirectiveFilterFileExt
	}
	return nil, files
}

func idsOf[T any](all []T, id func(T) string) (ids []string) {
	for _, one := range all {
		ids = append(ids, id(one))
	}
	return ids
}

// argumentsOf tells what a command's first argument is: a folder of films, a subtitle file, or any file.
func argumentsOf(c *cobra.Command) cobra.CompletionFunc {
	_, operands, _ := strings.Cut(c.Use, " ")
	first := strings.TrimLeft(operands, "[")
	switch {
	case operands == "":
		return cobra.NoFileCompletions
	case strings.HasPrefix(first, "TARGET"), strings.HasPrefix(first, "DIR"), strings.HasPrefix(first, "SRC"):
		return cobra.FixedCompletions(nil, cobra.ShellCompDirectiveFilterDirs)
	case strings.HasPrefix(first, "SLUG"):
		return cobra.NoFileCompletions
	case c.Parent().Name() == "subs" && c.Name() != "extract" && c.Name() != "check":
		return cobra.FixedCompletions(subtitleFiles, cobra.ShellCompDirectiveFilterFileExt)
	}
	return nil
}
