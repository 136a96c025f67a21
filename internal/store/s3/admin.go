package s3

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"filmpress/internal/store"
)

// Now is the Date of the server's answer to a listing of one key, which asks for no right that List does not.
func (s *Store) Now(ctx context.Context) (time.Time, error) {
	one := int32(1)
	out, err := s.client.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: &s.bucket, Prefix: text(s.prefix), MaxKeys: &one})
	if err == nil && !isListing(out) {
		err = errNotS3
	}
	if err != nil {
		return time.Time{}, s.wrap(ctx, err, "")
	}
	now, ok := awsmiddleware.GetServerTime(out.ResultMetadata)
	if !ok {
		return time.Time{}, fmt.Errorf("%w: %s at %s sends no Date, so that the age of objects is not known", store.ErrUnsupported, s, s.endpoint.Host)
	}
	return now.UTC().Truncate(time.Second), nil
}

// Uploads lists unfinished uploads. All are gathered before the first is given, since servers differ in their order. MinIO lists
// them for a whole bucket or for the full name of one object, and gives none for a prefix.
func (s *Store) Uploads(ctx context.Context, prefix string) iter.Seq2[store.Upload, error] {
	return func(yield func(store.Upload, error) bool) {
		all, err := s.uploads(ctx, prefix)
		if err != nil {
			yield(store.Upload{}, err)
			return
		}
		for _, u := range all {
			if !yield(u, nil) {
				return
			}
		}
	}
}

func (s *Store) uploads(ctx context.Context, prefix string) ([]store.Upload, error) {
	var all []store.Upload
	pages := s3.NewListMultipartUploadsPaginator(s.client, &s3.ListMultipartUploadsInput{Bucket: &s.bucket, Prefix: text(s.key(prefix))})
	last := ""
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, s.wrap(ctx, err, "")
		}
		for _, u := range page.Uploads {
			name, ok := strings.CutPrefix(aws.ToString(u.Key), s.prefix)
			if ok && strings.HasPrefix(name, prefix) && store.CheckName(name) == nil {
				all = append(all, store.Upload{Name: name, ID: aws.ToString(u.UploadId), Begun: aws.ToTime(u.Initiated)})
			}
		}
		next := aws.ToString(page.NextKeyMarker) + "\x00" + aws.ToString(page.NextUploadIdMarker)
		if next == "\x00" || next == last {
			break // the server does not go on from where it ended; what it has besides is for another time
		}
		last = next
	}
	slices.SortFunc(all, func(a, b store.Upload) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), a.Begun.Compare(b.Begun), cmp.Compare(a.ID, b.ID))
	})
	return all, nil
}

// Abort gives an upload up.
func (s *Store) Abort(ctx context.Context, u store.Upload) error {
	if store.CheckName(u.Name) != nil || u.ID == "" {
		return nil
	}
	_, err := s.client.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: &s.bucket, Key: aws.String(s.key(u.Name)), UploadId: &u.ID})
	if err != nil && (codeOf(err) == "NoSuchUpload" || codeOf(err) == "NoSuchKey") {
		return nil
	}
	return s.wrap(ctx, err, u.Name)
}
