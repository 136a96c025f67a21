package cli

import (
	"context"
	"path/filepath"
	"strings"

	"filmpress/internal/store"
	"filmpress/internal/store/dir"
	"filmpress/internal/store/s3"
)

// target is the place that --to names. Check tells whether it can be reached and written.
type target interface {
	store.Store
	Check(ctx context.Context) error
}

// openTarget opens the place that the settings name. Nothing is written, and no bucket is spoken to.
func (a *app) openTarget(ctx context.Context) (target, error) {
	c := a.config
	if !strings.HasPrefix(c.To, "s3://") {
		return dir.New(c.To)
	}
	bucket, prefix, err := s3.Parse(c.To)
	if err != nil {
		return nil, err
	}
	return s3.Open(ctx, s3.Options{
		Bucket: bucket, Prefix: prefix, Endpoint: c.S3.Endpoint, Region: c.S3.Region, Profile: c.S3.Profile,
		PathStyle: c.S3.PathStyle, PublicURL: c.S3.PublicURL, Warn: a.ui.Note,
		Uploads: filepath.Join(a.keptHere(), "uploads"),
	})
}
