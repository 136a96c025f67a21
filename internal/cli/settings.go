package cli

import (
	"strings"

	"github.com/spf13/cobra"

	"filmpress/internal/config"
)

// newSettings tells about settings, and prints the samples that come with the program.
func newSettings(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "settings [NAME]",
		Short: "Tell about settings files, variables and flags, or print a sample file",
		Long: `Settings say where a film goes and with which tools it is made. The later of these wins:
defaults, ` + "~/.config/filmpress/config.yml" + `, the file of --config (or FILMPRESS_CONFIG), variables, flags.

Sample files come with the program: ` + strings.Join(config.Names(), ", ") + `. With NAME, that one is printed,
for a copy of your own: fill it in, and name it with --config. Those that have nothing to fill in can be
named as they are: --config minio.

` + config.Help() + `
Credentials are no settings. For a bucket they are taken from where AWS tools look: AWS_ACCESS_KEY_ID and
AWS_SECRET_ACCESS_KEY, the files of ~/.aws, or the machine's role.` + exits(exitFine, exitUsage),
		Example:   "  filmpress settings r2 > our-r2.yml\n  filmpress publish film.mp4 --config ./our-r2.yml",
		Args:      takes(0, 1),
		ValidArgs: config.Names(),
		RunE: func(cmd *cobra.Command, given []string) error {
			if len(given) == 0 {
				return cmd.Help()
			}
			sample, err := config.Sample(given[0])
			if err != nil {
				return err
			}
			_, err = a.out.Write(sample)
			return err
		},
	}
}
