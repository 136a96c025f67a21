package s3_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"filmpress/internal/store"
	"filmpress/internal/store/s3"
	"filmpress/internal/store/storetest/s3server"
)

// lister is a server that has nothing but lists: page gives the keys of each page, by its number from 0, and the token of the next one.
func lister(t *testing.T, page func(n int, asked http.Header) (keys []string, more bool, token string)) s3server.Server {
	t.Helper()
	n := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		keys, more, token := page(n, r.Header)
		if n++; n > 100 {
			t.Error("the list never ends")
			more = false
		}
		fmt.Fprintf(w, `<?xml version="1.0" encoding="UTF-8"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>films</Name><IsTruncated>%v</IsTruncated>`, more)
		if token != "" {
			fmt.Fprintf(w, "<NextContinuationToken>%s</NextContinuationToken>", token)
		}
		for _, key := range keys {
			fmt.Fprintf(w, "<Contents><Key>%s</Key><Size>1</Size><ETag>&quot;1&quot;</ETag><LastModified>2026-11-23T12:00:00.000Z</LastModified></Contents>", key)
		}
		fmt.Fprint(w, "</ListBucketResult>")
	}))
	t.Cleanup(server.Close)
	return s3server.Server{Endpoint: server.URL, Bucket: "films", AccessKey: "k", SecretKey: "s"}
}

// TestListGoesOn: a server whose list repeats itself, goes back, gives what was not asked for or does not say how it goes on is refused, and nobody
// waits for ever. What a list in order has is given.
func TestListGoesOn(t *testing.T) {
	once := func(keys ...string) func(int, http.Header) ([]string, bool, string) {
		return func(int, http.Header) ([]string, bool, string) { return keys, false, "" }
	}
	for _, c := range []struct {
		what string
		page func(int, http.Header) ([]string, bool, string)
		told string // "" is nothing
		want int    // objects
	}{
		{"in order", once("p/a", "p/a-b", "p/a/", "p/a/b", "p/é", "p/𝄞"), "", 5},
		{"in two pages", func(n int, _ http.Header) ([]string, bool, string) {
			return []string{fmt.Sprint("p/", n)}, n == 0, "next"
		}, "", 2},
		{"an empty page in between", func(n int, _ http.Header) ([]string, bool, string) {
			return map[int][]string{0: {"p/a"}, 2: {"p/b"}}[n], n < 2, fmt.Sprint("t", n)
		}, "", 2},
		{"a page for ever", func(int, http.Header) ([]string, bool, string) { return []string{"p/a", "p/b"}, true, "next" }, "in order", 2},
		{"nothing for ever", func(int, http.Header) ([]string, bool, string) { return nil, true, "next" }, "not from where", 0},
		{"no token", func(int, http.Header) ([]string, bool, string) { return []string{"p/a"}, true, "" }, "not from where", 1},
		{"the last key again", func(n int, _ http.Header) ([]string, bool, string) {
			return []string{fmt.Sprint("p/", n), fmt.Sprint("p/", n+1)}, n == 0, fmt.Sprint("t", n)
		}, "in order", 2},
		{"not in order", once("p/b", "p/a"), "in order", 1},
		{"in the order of UTF-16", once("p/𝄞", "p/\uffee"), "in order", 1},
		{"another prefix", once("p/a", "q/a"), "asked for", 1},
	} {
		t.Run(c.what, func(t *testing.T) {
			st := open(t, lister(t, c.page), s3.Options{Prefix: "p"})
			n := 0
			var failed error
			for obj, err := range st.List(t.Context(), "") {
				if failed = err; err == nil {
					n++
				} else if obj.Name != "" {
					t.Errorf("%q with an error", obj.Name)
				}
			}
			if n != c.want || (failed == nil) != (c.told == "") || failed != nil && (!errors.Is(failed, store.ErrRefused) || !strings.Contains(failed.Error(), c.told)) {
				t.Errorf("%d objects, %v", n, failed)
			}
		})
	}
}

// TestUploadsGoOn: so does a list of uploads, which nobody relies on: it is taken as far as it goes.
func TestUploadsGoOn(t *testing.T) {
	n := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if n++; n > 100 {
			t.Error("the list never ends")
		}
		fmt.Fprintf(w, `<?xml version="1.0" encoding="UTF-8"?><ListMultipartUploadsResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Bucket>films</Bucket><IsTruncated>%v</IsTruncated>
<NextKeyMarker>a</NextKeyMarker><NextUploadIdMarker>1</NextUploadIdMarker><Upload><Key>a</Key><UploadId>1</UploadId></Upload></ListMultipartUploadsResult>`, n <= 100)
	}))
	defer server.Close()
	st := open(t, s3server.Server{Endpoint: server.URL, Bucket: "films", AccessKey: "k", SecretKey: "s"}, s3.Options{})
	for _, err := range st.Uploads(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
	}
}
