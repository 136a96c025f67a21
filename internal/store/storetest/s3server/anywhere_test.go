package s3server_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"filmpress/internal/store/storetest/s3server"
)

// A server that is there already gives each test a bucket, which strangers may read, and has it no more when the test ended.
func TestAnywhere(t *testing.T) {
	there := s3server.Start(t)
	s3server.Elsewhere(t, there)
	var s s3server.Server
	t.Run("test", func(t *testing.T) {
		s = s3server.Anywhere(t)
		other := s3server.Anywhere(t)
		if s.Bucket == other.Bucket || s.Endpoint != there.Endpoint || s.Dir != "" {
			t.Errorf("%+v and %+v", s, other)
		}
		for _, key := range []string{"film 1/o/a.m4s", "film 1/index.html", "film 2/index.html"} {
			if _, err := s.Client().PutObject(t.Context(), &s3.PutObjectInput{Bucket: &s.Bucket, Key: aws.String(key), Body: strings.NewReader(key)}); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Empty(t.Context(), "film 2/"); err != nil {
			t.Error(err)
		}
		for address, want := range map[string]int{"film%201/index.html": 200, "film%202/index.html": 404} {
			reply, err := http.Get(s.Endpoint + "/" + s.Bucket + "/" + address)
			if err != nil {
				t.Fatal(err)
			}
			reply.Body.Close()
			if reply.StatusCode != want {
				t.Errorf("%s: %s", address, reply.Status)
			}
		}
	})
	if _, err := s.Client().HeadBucket(t.Context(), &s3.HeadBucketInput{Bucket: &s.Bucket}); err == nil {
		t.Error("the bucket is still there")
	}
}
