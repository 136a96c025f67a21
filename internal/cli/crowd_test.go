package cli

import (
	"encoding/xml"
	"fmt"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"filmpress/internal/release"
	"filmpress/internal/report"
	bucket "filmpress/internal/store/s3"
	films "filmpress/internal/store/storetest/campaign"
	"filmpress/internal/store/storetest/s3server"
)

// crowd is a server whose lists begin with many foreign objects, made up as they are asked for.
type crowd struct {
	s3server.Server
	foreign int
	asked   atomic.Int64  // requests for one of them
	heap    atomic.Uint64 // the most that was seen
}

func newCrowd(t *testing.T, server s3server.Server, foreign int) *crowd {
	c := &crowd{foreign: foreign}
	c.Server = between(t, server, func(w http.ResponseWriter, r *http.Request, pass http.Handler) {
		if q := r.URL.Query(); q.Get("list-type") == "2" && q.Get("prefix") == "" && q.Get("max-keys") != "1" {
			c.page(t, server, w, q.Get("continuation-token"))
			return
		}
		if strings.Contains(r.URL.Path, "/photos/") {
			c.asked.Add(1)
		}
		pass.ServeHTTP(w, r)
	})
	return c
}

// page answers a list: the tokens count the foreign ones, and the server's own come last.
func (c *crowd) page(t *testing.T, server s3server.Server, w http.ResponseWriter, token string) {
	from, _ := strconv.Atoi(token)
	if from%20_000 == 0 {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		c.heap.Store(max(c.heap.Load(), m.HeapAlloc))
	}
	if from < c.foreign {
		fmt.Fprintf(w, `<ListBucketResult><Name>%s</Name><IsTruncated>true</IsTruncated><NextContinuationToken>%d</NextContinuationToken>`, server.Bucket, from+1000)
		for i := range 1000 {
			entry(w, fmt.Sprintf("photos/%09d.jpg", from+i), 1000, `"0123456789abcdef0123456789abcdef"`)
		}
	} else {
		fmt.Fprintf(w, `<ListBucketResult><Name>%s</Name><IsTruncated>false</IsTruncated>`, server.Bucket)
		out, err := server.Client().ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: &server.Bucket})
		if err != nil {
			t.Error(err)
			return
		}
		for _, o := range out.Contents {
			entry(w, *o.Key, *o.Size, *o.ETag)
		}
	}
	fmt.Fprint(w, `</ListBucketResult>`)
}

func entry(w http.ResponseWriter, key string, size int64, etag string) {
	fmt.Fprint(w, "<Contents><Key>")
	xml.EscapeText(w, []byte(key))
	fmt.Fprintf(w, `</Key><Size>%d</Size><ETag>%s</ETag><LastModified>2026-01-02T03:04:05Z</LastModified></Contents>`, size, etag)
}

// TestCrowd: however many foreign objects a bucket holds, the commands find the film among them, ask for none of the others, and hold no list of them in
// memory. FILMPRESS_TEST_CAMPAIGN=1 makes it a million.
func TestCrowd(t *testing.T) {
	foreign := 20_000
	if campaign {
		foreign = 1_000_000
	}
	server := s3server.Start(t)
	server.Setenv(t)
	st, err := bucket.Open(t.Context(), bucket.Options{Bucket: server.Bucket})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := release.Publish(t.Context(), st, films.Film("the-lake", "one", 20, false), release.Options{}, report.Discard); err != nil {
		t.Fatal(err)
	}
	c := newCrowd(t, server, foreign)
	mirror := newCrowd(t, server, foreign)
	settings := t.TempDir() + "/mirror.yml"
	if err := os.WriteFile(settings, []byte("s3:\n  endpoint: "+mirror.Endpoint+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, command := range []struct {
		code int
		text string
		args []string
	}{
		{0, "the-lake", []string{"list", server.At("")}},
		{3, "the-lake", []string{"verify", server.At("")}},
		{0, "", []string{"headers", server.At("")}},
		{0, "the-lake", []string{"library", server.At("")}},
		{0, "", []string{"sync", server.At(""), server.At(""), "--dst-config", settings, "--check"}},
	} {
		runtime.GC()
		var before runtime.MemStats
		runtime.ReadMemStats(&before)
		c.heap.Store(0)
		got := tell(t, c.Server, command.args...)
		if got.code != command.code || !strings.Contains(got.out+got.err, command.text) {
			t.Errorf("%s: %+v", command.args[0], got)
		}
		if grown := int64(c.heap.Load()) - int64(before.HeapAlloc); grown > 64<<20 {
			t.Errorf("%s: %d MB more were held", command.args[0], grown>>20)
		}
	}
	if n := c.asked.Load() + mirror.asked.Load(); n > 0 {
		t.Errorf("%d requests for foreign objects", n)
	}
}
