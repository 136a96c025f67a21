package cli

import (
	"context"

	"github.com/spf13/cobra"

	"filmpress/internal/store/s3"
	"filmpress/internal/ui"
)

func newPolicy(a *app) *cobra.Command {
	var apply bool
	cmd := &cobra.Command{
		Use:   "policy TARGET",
		Short: "Print or set what lets everybody watch films from a bucket",
		Long: `Viewers read the objects of a bucket without logging in. This prints the policy that lets them, as JSON
that can be pasted into a console or given to aws s3api put-bucket-policy: everybody may read (s3:GetObject)
what lies below TARGET, and nothing else; nobody may list or write. Statements that are there stay as they
are. With --apply the policy is set, read back and printed.

Some providers have no policies: at Cloudflare R2 a domain is connected to the bucket, at Backblaze B2 the
bucket is made public, Garage serves it as a website. At Amazon, Block Public Access has to allow it first.

To read the policy s3:GetBucketPolicy is needed, to set it s3:PutBucketPolicy.` + exits(exitFine, exitFailed, exitUsage, exitStore, stopped),
		Example: `  filmpress policy s3://films/documentaries
  filmpress policy s3://films/documentaries --apply`,
		Args: takes(1, 1),
		RunE: a.settled(func(cmd *cobra.Command, given []string) error { return a.policy(cmd.Context(), given[0], apply) }),
	}
	addBucket(cmd.Flags())
	cmd.Flags().BoolVar(&apply, "apply", false, "set the policy, read it back and print it")
	return cmd
}

func (a *app) policy(ctx context.Context, place string, apply bool) error {
	st, err := a.openBucketAt(ctx, place, "who may read a folder is for its web server to say")
	if err != nil {
		return err
	}
	resource, err := st.Resource()
	if err != nil {
		return err
	}
	have, err := st.Policy(ctx)
	if err != nil {
		if apply || ctx.Err() != nil {
			return err
		}
		a.ui.Note(ui.Clean(err.Error()))
		a.ui.Note("so the policy that is there is not known: keep its statements when you paste this, as it replaces all")
	}
	want, open, err := have.Open(resource)
	if err != nil {
		return err
	}
	switch {
	case open:
		a.ui.Note("nothing to do: everybody may read what lies below " + st.String() + " already")
	case !apply:
		a.ui.Note("this is not set yet: --apply does it, or paste it into the bucket's policy, where it replaces the one that is there")
	default:
		if want, err = st.SetPolicy(ctx, want); err != nil {
			return err
		}
		if _, open, err := want.Open(resource); err != nil || !open {
			return s3.ErrNotKept
		}
		a.ui.Note("set and read back: everybody may read what lies below " + st.String() + "; " + a.command("doctor", st.String()) + " tries it")
	}
	if want.Denies() {
		a.ui.Note("a statement of the policy denies something, and a denial goes before all that is allowed; " + a.command("doctor", st.String()) + " tells whether films can be read")
	}
	return a.printJSON(want)
}
