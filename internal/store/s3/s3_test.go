package s3_test

import (
	"compress/gzip"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"os"
	"path"
	"strings"
	"sync/atomic"
	"testing"

	"filmpress/internal/store"
	"filmpress/internal/store/s3"
	"filmpress/internal/store/storetest"
	"filmpress/internal/store/storetest/s3server"
)

func TestContract(t *testing.T) {
	server := s3server.Start(t)
	uploads := t.TempDir()
	var n atomic.Int32
	storetest.Contract(t, func(t testing.TB) store.Store {
		return open(t, server, s3.Options{Prefix: fmt.Sprintf("test %d", n.Add(1)), Uploads: uploads, Part: storetest.Part})
	}, true)
}

// TestContractElsewhere runs the suite in a bucket of somebody's: FILMPRESS_TEST_S3 names it (s3://bucket or s3://bucket/prefix), and the
// variables that AWS tools read tell how it is reached. All is written below a prefix of its own, and deleted afterwards.
func TestContractElsewhere(t *testing.T) {
	target := os.Getenv("FILMPRESS_TEST_S3")
	if target == "" {
		t.Skip("skipped: FILMPRESS_TEST_S3 names no bucket of another server (CONTRIBUTING.md tells how)")
	}
	bucket, prefix, err := s3.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	var n atomic.Int32
	prefix = path.Join(prefix, "filmpress-test-"+rand.Text())
	storetest.Contract(t, func(t testing.TB) store.Store {
		st, err := s3.Open(t.Context(), s3.Options{Bucket: bucket, Prefix: fmt.Sprintf("%s/test %d", prefix, n.Add(1)), Part: storetest.Part, Warn: func(w string) { t.Log(w) }})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { empty(t, st) })
		return st
	}, true)
}

// empty deletes what a test wrote.
func empty(t testing.TB, st store.Store) {
	ctx := context.WithoutCancel(t.Context())
	for obj, err := range st.List(ctx, "") {
		if err == nil {
			err = st.Delete(ctx, obj.Name)
		}
		if err != nil {
			t.Errorf("left behind: %v", err)
			return
		}
	}
}

func open(t testing.TB, server s3server.Server, o s3.Options) *s3.Store {
	t.Helper()
	server.Setenv(t)
	if o.Bucket == "" {
		o.Bucket = server.Bucket
	}
	st, err := s3.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return st
}

func TestParse(t *testing.T) {
	for target, want := range map[string]string{
		"s3://b":              "b||",
		"s3://b/":             "b||",
		"s3://b/p/q":          "b|p/q|",
		"s3://b/p/q/":         "b|p/q|",
		"s3://b/фильмы":       "b|фильмы|",
		"s3:///p":             "error",
		"s3://":               "error",
		"s3://b//p":           "error",
		"s3://b/../p":         "error",
		"b/p":                 "error",
		"https://b/p":         "error",
		"s3://key:secret@b/p": "error",
		"s3://b c":            "error",
	} {
		bucket, prefix, err := s3.Parse(target)
		got := bucket + "|" + prefix + "|"
		if err != nil {
			got = "error"
		}
		if got != want {
			t.Errorf("%q: %s (%v), want %s", target, got, err, want)
		}
	}
}

func TestPlaces(t *testing.T) {
	for k, v := range map[string]string{"AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s", "AWS_ENDPOINT_URL": "", "AWS_REGION": "",
		"AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null"} {
		t.Setenv(k, v)
	}
	yes, no := true, false
	for _, c := range []struct {
		o    s3.Options
		want string
	}{
		{s3.Options{Region: "eu-central-1"}, "https://b.s3.eu-central-1.amazonaws.com/p/"},
		{s3.Options{Region: "eu-central-1", PathStyle: &yes}, "https://s3.eu-central-1.amazonaws.com/b/p/"},
		{s3.Options{Region: "cn-north-1"}, "https://b.s3.cn-north-1.amazonaws.com.cn/p/"},
		{s3.Options{Endpoint: "https://s3.example.org"}, "https://s3.example.org/b/p/"},
		{s3.Options{Endpoint: "https://s3.example.org/", PathStyle: &no}, "https://b.s3.example.org/p/"},
		{s3.Options{Endpoint: "http://127.0.0.1:9000/sub"}, "http://127.0.0.1:9000/sub/b/p/"},
		{s3.Options{Endpoint: "https://s3.example.org", PublicURL: "https://films.example.org/"}, "https://films.example.org/"},
	} {
		c.o.Bucket, c.o.Prefix = "b", "p"
		st, err := s3.Open(t.Context(), c.o)
		if err != nil {
			t.Errorf("%+v: %v", c.o, err)
			continue
		}
		if got, want := st.URL("a b/c+d%é'/x.m4s"), c.want+"a%20b/c%2Bd%25%C3%A9%27/x.m4s"; got != want || st.String() != "s3://b/p" {
			t.Errorf("%+v: %s %s, want %s", c.o, st, got, want)
		}
	}
}

// TestServed: what a browser gets is typed, and unpacked by itself.
func TestServed(t *testing.T) {
	server := s3server.Start(t)
	st := open(t, server, s3.Options{Prefix: "a library"})
	text := []byte(strings.Repeat("#EXTINF:6.000,\n+ 1.m4s\n", 100))
	meta := storetest.Meta("m.m3u8", text)
	meta.Gzip = true
	if _, err := st.Put(t.Context(), "film 1/a+b%.m3u8", store.Bytes(text), meta, store.If{}); err != nil {
		t.Fatal(err)
	}
	request, _ := http.NewRequest("GET", st.URL("film 1/a+b%.m3u8"), nil)
	request.Header.Set("Accept-Encoding", "gzip")
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	unpacked, err := gzip.NewReader(response.Body)
	if err != nil {
		t.Fatalf("%s: %v", response.Status, err)
	}
	got, err := io.ReadAll(unpacked)
	if err != nil || string(got) != string(text) {
		t.Errorf("%q, %v", got, err)
	}
	for header, want := range map[string]string{"Content-Type": "application/vnd.apple.mpegurl", "Content-Encoding": "gzip",
		"Cache-Control": store.Immutable, "X-Amz-Meta-Sha256": meta.SHA256} {
		if response.Header.Get(header) != want {
			t.Errorf("%s: %q, want %q", header, response.Header.Get(header), want)
		}
	}
	if response.ContentLength >= int64(len(text))/2 {
		t.Errorf("%d bytes were served of %d", response.ContentLength, len(text))
	}
}

// TestNoPartsLeft: an upload that fails or is cancelled leaves no parts that somebody pays for.
func TestNoPartsLeft(t *testing.T) {
	server := s3server.Start(t)
	st := open(t, server, s3.Options{Part: storetest.Part})
	large := storetest.Noise(1, 2*storetest.Part+storetest.Part/2)
	if _, err := st.Put(t.Context(), "a", store.Bytes(large), storetest.Meta("", large[1:]), store.If{}); err == nil {
		t.Error("damaged bytes were stored")
	}
	out, err := server.Client().ListMultipartUploads(t.Context(), listUploads(server))
	if err != nil || len(out.Uploads) != 0 {
		t.Errorf("uploads left: %v, %v", out, err)
	}
}
