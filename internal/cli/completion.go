package cli

import (
	"fmt"

	"github.com/spf13/cobra"
)

func newCompletion() *cobra.Command {
	return &cobra.Command{
		Use:   "completion bash|zsh|fish",
		Short: "Print a script that completes commands and flags in your shell",
		Long:  "Prints a script that completes commands and flags in your shell." + exits(exitFine, exitUsage),
		Example: `  filmpress completion bash > ~/.local/share/bash-completion/completions/filmpress
  filmpress completion zsh  > "${fpath[1]}/_filmpress"
  filmpress completion fish > ~/.config/fish/completions/filmpress.fish`,
		ValidArgs: []string{"bash", "zsh", "fish"},
		Args:      takes(1, 1),
		RunE: func(cmd *cobra.Command, given []string) error {
			root, out := cmd.Root(), cmd.OutOrStdout()
			switch given[0] {
			case "bash":
				return root.GenBashCompletionV2(out, true)
			case "zsh":
				return root.GenZshCompletion(out)
			case "fish":
				return root.GenFishCompletion(out, true)
			}
			return usageError{fmt.Errorf("no completion for %q; there are bash, zsh and fish", given[0])}
		},
	}
}
