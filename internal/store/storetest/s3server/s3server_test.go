package s3server_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"filmpress/internal/store/storetest/s3server"
)

// A page of another origin plays from the bucket: it asks for ranges, with a preflight, and nobody logs in.
func TestStrangersRead(t *testing.T) {
	s := s3server.Start(t)
	_, err := s.Client().PutObject(t.Context(), &s3.PutObjectInput{Bucket: &s.Bucket, Key: aws.String("a/b.m4s"),
		Body: strings.NewReader("0123456789"), ContentType: aws.String("video/iso.segment")})
	if err != nil {
		t.Fatal(err)
	}
	ask := func(method string) *http.Response {
		request, _ := http.NewRequest(method, s.Endpoint+"/"+s.Bucket+"/a/b.m4s", nil)
		request.Header.Set("Origin", "https://films.example")
		if method == http.MethodOptions {
			request.Header.Set("Access-Control-Request-Method", "GET")
			request.Header.Set("Access-Control-Request-Headers", "range")
		} else {
			request.Header.Set("Range", "bytes=2-4")
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		return response
	}
	for _, method := range []string{http.MethodOptions, http.MethodGet} {
		if r := ask(method); r.StatusCode >= 300 || r.Header.Get("Access-Control-Allow-Origin") == "" {
			t.Errorf("%s: %s %v", method, r.Status, r.Header)
		}
	}
	if r := ask(http.MethodGet); r.StatusCode != http.StatusPartialContent || r.Header.Get("Content-Type") != "video/iso.segment" {
		t.Errorf("GET: %s %v", r.Status, r.Header)
	}
	if r := ask(http.MethodDelete); r.StatusCode != http.StatusForbidden {
		t.Errorf("DELETE by a stranger: %s", r.Status)
	}
	if b, err := os.ReadFile(filepath.Join(s.Dir, "a/b.m4s")); string(b) != "0123456789" {
		t.Errorf("the object as a file: %q, %v", b, err)
	}
}
