package cli

import "github.com/spf13/pflag"

// consent is what is said to a command that only tells what it would do until it is told to do it, since no second command brings back what was there.
type consent struct{ yes, dry bool }

// flags adds --yes and --dry-run; act says in the help what --yes does: "write it".
func (c *consent) flags(flags *pflag.FlagSet, act string) {
	flags.BoolVar(&c.yes, "yes", false, act+"; else it is only told")
	flags.BoolVar(&c.dry, "dry-run", false, "only tell, which is the default")
}

// check refuses both at once.
func (c consent) check() error {
	if c.yes && c.dry {
		return usagef("--yes does it and --dry-run only tells; give one of them")
	}
	return nil
}
