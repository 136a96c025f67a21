package cli

import (
	"context"
	"strings"

	"github.com/spf13/pflag"

	"filmpress/internal/config"
	"filmpress/internal/store/s3"
)

// addBucket gives a command that takes TARGET the flags that say how a bucket is reached.
func addBucket(flags *pflag.FlagSet) {
	config.AddFlags(flags, "s3.endpoint", "s3.region", "s3.profile", "s3.path-style", "s3.public-url")
}

// openBucketAt opens the bucket that a command names. Nothing is asked of it yet.
func (a *app) openBucketAt(ctx context.Context, place, why string) (*s3.Store, error) {
	if !strings.HasPrefix(place, "s3://") {
		return nil, usagef("%s is no bucket: %s; write s3://bucket or s3://bucket/prefix", place, why)
	}
	other := *a
	other.config.To = place
	st, err := other.openTarget(ctx)
	if err != nil {
		return nil, err
	}
	return st.(*s3.Store), nil
}
