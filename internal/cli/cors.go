package cli

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"filmpress/internal/store/s3"
	"filmpress/internal/ui"
)

func newCORS(a *app) *cobra.Command {
	var allow []string
	var apply bool
	cmd := &cobra.Command{
		Use:   "cors TARGET --allow ORIGIN...",
		Short: "Print or set which web pages may play films from a bucket",
		Long: `A page that lies in the bucket plays without this. A page of another site may read the films by script only
if the bucket says so (CORS). This prints the rules that the bucket needs, as JSON that can be pasted into a
console or given to aws s3api put-bucket-cors. Rules that are there stay, ours comes last. With --apply they
are set, read back and printed. Without --allow it prints the rules that are there.

An ORIGIN is what browsers send: https://films.example.org, without a path; https://*.example.org for all
below a domain; "*" for everybody. CORS is a bucket's, not a prefix's: the rules hold for all that is in it.

To read the rules s3:GetBucketCORS is needed, to set them s3:PutBucketCORS.` + exits(exitFine, exitFailed, exitUsage, exitStore, stopped),
		Example: `  filmpress cors s3://films --allow https://example.org
  filmpress cors s3://films --allow https://example.org --allow https://beta.example.org --apply`,
		Args: takes(1, 1),
		RunE: a.settled(func(cmd *cobra.Command, given []string) error {
			if apply && len(allow) == 0 {
				return usagef("--apply sets what --allow names; name an origin, as in --allow https://example.org")
			}
			return a.cors(cmd.Context(), given[0], allow, apply)
		}),
	}
	addBucket(cmd.Flags())
	cmd.Flags().StringArrayVar(&allow, "allow", nil, "an origin whose pages may play; again for more")
	cmd.Flags().BoolVar(&apply, "apply", false, "set the rules, read them back and print them")
	return cmd
}

func (a *app) cors(ctx context.Context, place string, allow []string, apply bool) error {
	if _, _, err := (s3.CORSRules{}).Allow(allow); err != nil { // before anything is asked of the bucket
		return usageError{err}
	}
	st, err := a.openBucketAt(ctx, place, "which pages may read a folder is for its web server to say")
	if err != nil {
		return err
	}
	have, err := st.CORS(ctx)
	if err != nil {
		if apply || len(allow) == 0 || ctx.Err() != nil {
			return err
		}
		a.ui.Note(ui.Clean(err.Error()))
		a.ui.Note("so the rules that are there are not known: keep them when you paste this, as it replaces all")
	}
	want, added, err := have.Allow(allow)
	if err != nil {
		return err
	}
	switch {
	case len(allow) == 0:
		a.ui.Note("these are the rules of the bucket; --allow ORIGIN adds to them")
	case len(added) == 0:
		a.ui.Note("nothing to do: pages of " + strings.Join(allow, ", ") + " may play already")
	case !apply:
		a.ui.Note("this is not set yet: --apply does it, or paste it into the bucket's CORS settings, where it replaces the rules that are there")
	default:
		if want, err = a.applyCORS(ctx, st, want, added); err != nil {
			return err
		}
	}
	return a.printJSON(want)
}

// applyCORS sets the rules, and compares what the server has then.
func (a *app) applyCORS(ctx context.Context, st *s3.Store, want s3.CORSRules, added []string) (s3.CORSRules, error) {
	now, err := st.SetCORS(ctx, want)
	if err != nil {
		return now, err
	}
	if _, missing, err := now.Allow(added); err != nil || len(missing) > 0 || len(now.Rules) < len(want.Rules) {
		return now, errors.Join(err, s3.ErrNotKept)
	}
	a.ui.Note("set and read back: pages of " + strings.Join(slices.Sorted(slices.Values(added)), ", ") + " may play now; browsers keep an old answer for a while. " +
		a.command("doctor", st.String(), "--origin", added[0]) + " tries it")
	return now, nil
}
