package cli

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"filmpress/internal/release"
	"filmpress/internal/report"
	bucket "filmpress/internal/store/s3"
	films "filmpress/internal/store/storetest/campaign"
	"filmpress/internal/store/storetest/s3server"
)

// TestNoReading: keys that may list a film and not read it are told so in one sentence by each command, and nothing is changed.
func TestNoReading(t *testing.T) {
	server := s3server.Start(t)
	server.Setenv(t)
	st, err := bucket.Open(t.Context(), bucket.Options{Bucket: server.Bucket, Prefix: "theirs"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := release.Publish(t.Context(), st, films.Film("the-lake", "one", 20, false), release.Options{}, report.Discard); err != nil {
		t.Fatal(err)
	}
	if err := server.SetPolicy(t.Context(), guestMay(`"s3:ListBucket","s3:ListBucketMultipartUploads"`, `"arn:aws:s3:::`+server.Bucket+`"`)); err != nil {
		t.Fatal(err)
	}
	before := keysIn(t, server)
	for _, args := range [][]string{{"list"}, {"verify"}, {"clean", "--yes"}, {"headers"}, {"headers", "--yes"}, {"library", "--yes"}, {"rollback", "the-lake"}, {"unpublish", "the-lake", "--yes"}} {
		args = slices.Insert(args, 1, server.At("theirs"))
		got := tell(t, server.As(server.Guest), args...)
		if got.code != 4 || !regexp.MustCompile(`no right to (do )?that; they need s3:`).MatchString(got.err) || strings.Count(got.err, "filmpress: ") != 1 {
			t.Errorf("%q: %+v", args, got)
		}
	}
	if after := keysIn(t, server); !slices.Equal(before, after) {
		t.Errorf("half done: %q", after)
	}
}
