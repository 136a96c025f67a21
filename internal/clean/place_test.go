package clean_test

import (
	"context"
	"iter"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/service/s3"

	"filmpress/internal/store"
	"filmpress/internal/store/storetest/s3server"
)

// shifted is a place as it will be found after a while: its clock is ahead by so much.
type shifted struct {
	store.Store
	by time.Duration
}

func (s *shifted) Now(ctx context.Context) (time.Time, error) {
	now, err := s.Store.(store.Clock).Now(ctx)
	return now.Add(s.by), err
}

func (s *shifted) Uploads(ctx context.Context, prefix string) iter.Seq2[store.Upload, error] {
	return s.Store.(store.Uploader).Uploads(ctx, prefix)
}

func (s *shifted) Abort(ctx context.Context, u store.Upload) error {
	return s.Store.(store.Uploader).Abort(ctx, u)
}

// begin begins an upload that nobody ends.
func begin(t *testing.T, server s3server.Server, name string) {
	t.Helper()
	if _, err := server.Client().CreateMultipartUpload(t.Context(), &sdk.CreateMultipartUploadInput{Bucket: &server.Bucket, Key: &name}); err != nil {
		t.Fatal(err)
	}
}
