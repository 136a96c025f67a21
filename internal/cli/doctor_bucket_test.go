package cli

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"filmpress/internal/doctor"
	"filmpress/internal/store/storetest/s3server"
)

// TestDoctorRights: keys that have just what is needed, and those that lack one right.
func TestDoctorRights(t *testing.T) {
	server := s3server.Start(t)
	guest := server.As(server.Guest)
	all := []string{"s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"}
	quoted := func(actions []string) string { return `"` + strings.Join(actions, `","`) + `"` }
	for _, lack := range append([]string{""}, all...) {
		actions := slices.DeleteFunc(slices.Clone(all), func(a string) bool { return a == lack })
		if err := server.SetPolicy(t.Context(), guestMay(quoted(actions), `"arn:aws:s3:::`+server.Bucket+`/p/*"`), guestMay(`"s3:ListBucket","s3:ListBucketMultipartUploads"`, `"arn:aws:s3:::`+server.Bucket+`"`)); err != nil {
			t.Fatal(err)
		}
		checks, code := checksOf(t, guest, server.At("p"))
		c := checks["rights"]
		if lack == "s3:ListMultipartUploadParts" {
			if code != 0 || c.State != doctor.Warn || c.What != "the keys do not have "+lack { // large uploads are then begun anew
				t.Errorf("without %q: %d, %+v", lack, code, c)
			}
		} else if lack == "" && (code != 0 || c.State != doctor.OK || checks["spare rights"].What != "the keys can also list objects outside the prefix") ||
			lack != "" && (code != 4 || c.State != doctor.Bad || !strings.HasPrefix(c.What, "the keys do not have "+lack)) {
			t.Errorf("without %q: %d, %+v, %+v", lack, code, c, checks["spare rights"])
		}
		left := keysIn(t, server)
		if want := map[bool]int{lack == "s3:DeleteObject": 1}[true]; len(left) != want {
			t.Errorf("without %q: left behind: %q", lack, left)
		}
		for _, key := range left {
			if _, err := server.Client().DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: &server.Bucket, Key: &key}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := server.SetPolicy(t.Context(), guestMay(quoted(all), `"arn:aws:s3:::`+server.Bucket+`/*"`), guestMay(`"s3:ListBucket"`, `"arn:aws:s3:::`+server.Bucket+`"`)); err != nil {
		t.Fatal(err)
	}
	checks, code := checksOf(t, guest, server.At("p"))
	if c := checks["rights"]; code != 0 || c.State != doctor.Warn || c.What != "the keys do not have s3:ListBucketMultipartUploads" {
		t.Errorf("without the right to list uploads: %d, %+v", code, c)
	}
	if c := checks["spare rights"]; c.State != doctor.Warn || !strings.Contains(c.What, "write outside the prefix") {
		t.Errorf("keys for the whole bucket: %+v", c)
	}
}

// TestDoctorServers: what a server, or what stands before it, does wrong.
func TestDoctorServers(t *testing.T) {
	server := s3server.Start(t)
	reply := func(w http.ResponseWriter, r *http.Request, pass http.Handler, change func(*httptest.ResponseRecorder)) {
		answer := httptest.NewRecorder()
		pass.ServeHTTP(answer, r)
		change(answer)
		maps.Copy(w.Header(), answer.Header())
		w.WriteHeader(answer.Code)
		w.Write(answer.Body.Bytes())
	}
	stranger := func(r *http.Request) bool { return r.Header.Get("Authorization") == "" }
	digest := func(r *http.Request) bool {
		return strings.HasSuffix(r.URL.Path, "-digest") && r.Method == http.MethodPut
	}
	for _, c := range []struct {
		what   string
		handle func(w http.ResponseWriter, r *http.Request, pass http.Handler)
		name   string
		state  doctor.State
		text   string
		code   int
	}{
		{"another region", func(w http.ResponseWriter, r *http.Request, pass http.Handler) {
			reply(w, r, pass, func(a *httptest.ResponseRecorder) { a.Header().Set("X-Amz-Bucket-Region", "eu-west-9") })
		}, "region", doctor.Warn, "the bucket is in eu-west-9, and us-east-1 is set", 0},
		{"no date", func(w http.ResponseWriter, r *http.Request, pass http.Handler) {
			reply(w, r, pass, func(a *httptest.ResponseRecorder) { a.Header()["Date"] = nil })
		}, "clock", doctor.Warn, "sends no Date", 0},
		{"no conditions", func(w http.ResponseWriter, r *http.Request, pass http.Handler) {
			if r.Header.Get("If-None-Match")+r.Header.Get("If-Match") != "" && r.Method == http.MethodPut {
				s3Error(w, 501, "NotImplemented")
				return
			}
			pass.ServeHTTP(w, r)
		}, "conditional writes", doctor.Warn, "not kept", 0},
		{"digests ignored", func(w http.ResponseWriter, r *http.Request, pass http.Handler) {
			if digest(r) && r.Header.Get("X-Amz-Meta-Sha256") == "" {
				io.Copy(io.Discard, r.Body)
				w.Header().Set("ETag", `"d41d8cd98f00b204e9800998ecf8427e"`)
				return
			}
			pass.ServeHTTP(w, r)
		}, "checksums", doctor.Warn, "stores bytes that differ from their digest", 0},
		{"metadata dropped", func(w http.ResponseWriter, r *http.Request, pass http.Handler) {
			reply(w, r, pass, func(a *httptest.ResponseRecorder) { a.Header().Del("X-Amz-Meta-Sha256") })
		}, "checksums", doctor.Bad, "does not keep x-amz-meta-sha256", 4},
		{"types of its own", func(w http.ResponseWriter, r *http.Request, pass http.Handler) {
			reply(w, r, pass, func(a *httptest.ResponseRecorder) {
				if stranger(r) && strings.HasSuffix(r.URL.Path, ".m4s") {
					a.Header().Set("Content-Type", "application/octet-stream")
				}
			})
		}, "types", doctor.Warn, `a segment (.m4s) as "application/octet-stream, max-age=60" in place of "video/iso.segment, max-age=60"`, 0},
		{"no ranges", func(w http.ResponseWriter, r *http.Request, pass http.Handler) {
			r.Header.Del("Range")
			pass.ServeHTTP(w, r)
		}, "public reading", doctor.Warn, "parts of a file are not served", 0},
		{"a CDN that knows nothing", func(w http.ResponseWriter, r *http.Request, pass http.Handler) {
			if stranger(r) {
				http.NotFound(w, r)
				return
			}
			pass.ServeHTTP(w, r)
		}, "public reading", doctor.Warn, "strangers find nothing (404)", 0},
		{"no CORS", func(w http.ResponseWriter, r *http.Request, pass http.Handler) {
			reply(w, r, pass, func(a *httptest.ResponseRecorder) { a.Header().Del("Access-Control-Allow-Origin") })
		}, "cors", doctor.Warn, "pages of https://a.example cannot play", 0},
		{"old uploads", func(w http.ResponseWriter, r *http.Request, pass http.Handler) {
			if r.URL.Query().Has("uploads") && r.Method == http.MethodGet {
				fmt.Fprint(w, `<ListMultipartUploadsResult><Upload><Key>p/a.mp4</Key><UploadId>1</UploadId><Initiated>2026-01-02T03:04:05Z</Initiated></Upload></ListMultipartUploadsResult>`)
				return
			}
			pass.ServeHTTP(w, r)
		}, "others' uploads", doctor.Warn, "1 upload of other objects of more than a week, the oldest of 2026-01-02", 0},
		{"old uploads of films", func(w http.ResponseWriter, r *http.Request, pass http.Handler) {
			if r.URL.Query().Has("uploads") && r.Method == http.MethodGet {
				fmt.Fprint(w, `<ListMultipartUploadsResult><Upload><Key>p/film/o/0123456789abcdef0123456789abcdef/a.mp4</Key><UploadId>1</UploadId><Initiated>2026-01-02T03:04:05Z</Initiated></Upload></ListMultipartUploadsResult>`)
				return
			}
			pass.ServeHTTP(w, r)
		}, "unfinished uploads", doctor.Warn, "1 upload of films of more than a week, the oldest of 2026-01-02", 0},
		{"not told who may write", func(w http.ResponseWriter, r *http.Request, pass http.Handler) { s3Error(w, 503, "SlowDown") }, "reachable", doctor.Bad, "keeps answering 503", 4},
	} {
		t.Run(c.what, func(t *testing.T) {
			checks, code := checksOf(t, between(t, server, c.handle), server.At("p"), "--origin", "https://a.example")
			if got := checks[c.name]; got.State != c.state || !strings.Contains(got.What, c.text) || code != c.code || got.State != doctor.OK && c.name != "reachable" && c.name != "checksums" && got.Mend == "" {
				t.Errorf("%d, %+v", code, got)
			}
			if left := keysIn(t, server); len(left) > 0 {
				t.Errorf("left behind: %q", left)
			}
		})
	}
}

// TestClock: a clock that is an hour off. Where the server tells its time, requests go out with that, and doctor says so; where it does
// not, they are refused, and the sentence names the clock.
func TestClock(t *testing.T) {
	server := s3server.Start(t)
	for _, ahead := range []time.Duration{time.Hour, -time.Hour} {
		checks, code := checksOf(t, server.Behind(t, s3server.Front{Ahead: ahead}), server.At("p"))
		word := map[bool]string{true: "1h0m0s behind the server's", false: "1h0m0s ahead of the server's"}[ahead > 0]
		if c := checks["clock"]; code != 0 || c.State != doctor.Warn || !strings.Contains(c.What, word) || !strings.Contains(c.Mend, "set the clock") || checks["rights"].State != doctor.OK {
			t.Errorf("%v: %d, %+v", ahead, code, checks)
		}
		checks, code = checksOf(t, server.Behind(t, s3server.Front{Ahead: ahead, HideDate: true}), server.At("p"))
		if c := checks["reachable"]; code != 4 || c.State != doctor.Bad || !strings.Contains(c.What, "this machine's clock and the server's are too far apart; set the clock") {
			t.Errorf("%v, not told: %d, %+v", ahead, code, checks)
		}
		if left := keysIn(t, server); len(left) > 0 {
			t.Errorf("left behind: %q", left)
		}
	}
}
