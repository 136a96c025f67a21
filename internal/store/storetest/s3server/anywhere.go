package s3server

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// elsewhere is a server of somebody's, for campaigns, as the variables named it when the process began: tests set AWS's anew.
var elsewhere = Server{Endpoint: os.Getenv("FILMPRESS_TEST_CAMPAIGN_S3"), AccessKey: os.Getenv("AWS_ACCESS_KEY_ID"), SecretKey: os.Getenv("AWS_SECRET_ACCESS_KEY")}

// Anywhere is Start or, where FILMPRESS_TEST_CAMPAIGN_S3 is the address of another server (http://host:port) and AWS_ACCESS_KEY_ID and
// AWS_SECRET_ACCESS_KEY are keys to it, a bucket of its own there, which is removed when the test ends. Such a server has no Dir and no
// Guest, and cannot be stopped.
func Anywhere(t testing.TB) Server {
	t.Helper()
	if elsewhere.Endpoint == "" {
		return Start(t)
	}
	s := elsewhere
	s.Bucket = "filmpress-test-" + strings.ToLower(rand.Text())
	if err := s.make(t.Context()); err != nil {
		t.Fatalf("a bucket cannot be made at %s: %v", s.Endpoint, err)
	}
	t.Cleanup(func() {
		ctx := context.WithoutCancel(t.Context())
		err := s.Empty(ctx, "")
		if err == nil {
			_, err = s.Client().DeleteBucket(ctx, &s3.DeleteBucketInput{Bucket: &s.Bucket})
		}
		if err != nil {
			t.Errorf("the bucket %s is left behind: %v", s.Bucket, err)
		}
	})
	// Without the right to list, strangers are told 403 of what is not there, and not 404.
	if err := s.SetPolicy(t.Context(), s.readable(),
		fmt.Sprintf(`{"Effect":"Allow","Principal":"*","Action":"s3:ListBucket","Resource":"arn:aws:s3:::%s"}`, s.Bucket)); err != nil {
		t.Fatalf("the bucket of the tests cannot be opened to readers: %v", err)
	}
	return s
}

// Keys is no server, but has the keys of all that Anywhere gives: for the environment of a process that reaches several.
func Keys() Server {
	if elsewhere.Endpoint == "" {
		return Server{AccessKey: accessKey, SecretKey: secretKey}
	}
	return Server{AccessKey: elsewhere.AccessKey, SecretKey: elsewhere.SecretKey}
}

// Empty deletes what lies in the bucket below a prefix.
func (s Server) Empty(ctx context.Context, prefix string) error {
	client := s.Client()
	pages := s3.NewListObjectsV2Paginator(client, &s3.ListObjectsV2Input{Bucket: &s.Bucket, Prefix: &prefix})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		var batch types.Delete
		for _, o := range page.Contents {
			batch.Objects = append(batch.Objects, types.ObjectIdentifier{Key: o.Key})
		}
		if len(batch.Objects) == 0 {
			continue
		}
		out, err := client.DeleteObjects(ctx, &s3.DeleteObjectsInput{Bucket: &s.Bucket, Delete: &batch})
		if err != nil {
			return err
		}
		if len(out.Errors) > 0 {
			return fmt.Errorf("%s: %s", aws.ToString(out.Errors[0].Key), aws.ToString(out.Errors[0].Message))
		}
	}
	return nil
}
