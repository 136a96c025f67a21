package cli

import (
	"maps"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"filmpress/internal/store/storetest/s3server"
)

// versions are the objects of a bucket, with what tells their bytes.
func versions(t *testing.T, server s3server.Server) map[string]string {
	t.Helper()
	out, err := server.Client().ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: &server.Bucket})
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, o := range out.Contents {
		all[aws.ToString(o.Key)] = aws.ToString(o.ETag)
	}
	return all
}

// TestDeniedPrefix: keys that may do everything below one prefix, and nothing or only read below another, are refused there in one sentence, and nothing
// of it is half done.
func TestDeniedPrefix(t *testing.T) {
	server := s3server.Start(t)
	publish := tinyFilm(t)
	for _, title := range []string{"The Lake", "The Pond", "The Sea"} { // the oldest release is what clean would remove
		if got := tell(t, server, append(publish[:len(publish):len(publish)], "--to", server.At("theirs"), "--slug", "lake", "--title", title)...); got.code != 0 {
			t.Fatalf("%+v", got)
		}
	}
	all := guestMay(`"s3:GetObject","s3:PutObject","s3:DeleteObject","s3:AbortMultipartUpload"`, `"arn:aws:s3:::`+server.Bucket+`/ours/*"`)
	list := guestMay(`"s3:ListBucket","s3:ListBucketMultipartUploads"`, `"arn:aws:s3:::`+server.Bucket+`"`)
	for what, statements := range map[string][]string{"nothing": {all, list}, "only reading": {all, list, guestMay(`"s3:GetObject"`, `"arn:aws:s3:::`+server.Bucket+`/theirs/*"`)}} {
		if err := server.SetPolicy(t.Context(), statements...); err != nil {
			t.Fatal(err)
		}
		before := versions(t, server)
		for _, args := range [][]string{{"clean", server.At("theirs"), "--yes"}, {"rollback", server.At("theirs"), "lake"}, {"unpublish", server.At("theirs"), "lake", "--yes"},
			{"unpublish", server.At("theirs"), "lake", "--purge", "--yes"}} {
			got := tell(t, server.As(server.Guest), args...)
			sentence := strings.TrimSuffix(got.err, "\n")
			if got.code != 4 || got.out != "" || strings.Contains(sentence, "\n") || !regexp.MustCompile(`^filmpress: .*theirs.* no right to (do )?that; they need s3:`).MatchString(sentence) {
				t.Errorf("%s, %s: %d, %q\n%s", what, args[0], got.code, got.out, got.err)
			}
			if now := versions(t, server); !maps.Equal(now, before) {
				t.Fatalf("%s, %s: half done: %v, before %v", what, args[0], now, before)
			}
		}
	}
}
