package cli

import (
	"crypto/tls"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"filmpress/internal/doctor"
	"filmpress/internal/store/storetest/s3server"
)

// tinyFilm gives the arguments of publish for a film of two seconds and a pipeline that is done with it soon. The film and its kept results are
// the same for all tests: it is encoded once.
func tinyFilm(t *testing.T) []string {
	t.Helper()
	needFFmpeg(t)
	film, pipe := filepath.Join(shared, "film.mp4"), filepath.Join(shared, "fast.yml")
	if err := makeTiny(film, pipe); err != nil {
		t.Fatal(err)
	}
	return []string{"publish", film, "--language", "en", "--pipeline", pipe, "--kept", filepath.Join(shared, "kept")}
}

func makeTiny(film, pipe string) error {
	if _, err := os.Stat(pipe); err == nil {
		return nil
	}
	out, err := exec.Command("ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=s=160x90:r=10:d=2", "-f", "lavfi", "-i", "sine=d=2",
		"-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac", film).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w\n%s", err, out)
	}
	return os.WriteFile(pipe, []byte(fast), 0o644)
}

// TestBadBuckets: whatever is wrong with a bucket, its keys or the way to it, each command ends with exit code 4 and one sentence that names
// the cause and the mend, and nothing is half done.
func TestBadBuckets(t *testing.T) {
	server := s3server.Start(t)
	publish := tinyFilm(t)
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "a.txt"), []byte("1"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := server.SetPolicy(t.Context(), guestMay(`"s3:GetObject","s3:PutObject","s3:DeleteObject","s3:AbortMultipartUpload"`, `"arn:aws:s3:::`+server.Bucket+`/ours/*"`),
		guestMay(`"s3:ListBucket"`, `"arn:aws:s3:::`+server.Bucket+`"`)); err != nil {
		t.Fatal(err)
	}
	shut := server.Another(t)
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, "<!doctype html><title>Router login</title>")
	}))
	defer page.Close()
	lost := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(404)
		io.WriteString(w, "<!doctype html><title>404 \x1b[31mNot Found</title>")
	}))
	defer lost.Close()
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	defer secure.Close()
	answer := func(status int, code string, headers ...string) string {
		return between(t, server, func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
			for i := 0; i < len(headers); i += 2 {
				w.Header().Set(headers[i], headers[i+1])
			}
			s3Error(w, status, code)
		}).Endpoint
	}
	for _, c := range []struct {
		what   string
		server func(s *s3server.Server)
		region string
		target string
		text   string // in the sentence of all commands, as a pattern
	}{
		{"a key that nobody has", func(s *s3server.Server) { s.AccessKey = "AKIANOBODY" }, "", server.At("p"), `does not know this access key; check AWS_ACCESS_KEY_ID`},
		{"a secret that does not fit", func(s *s3server.Server) { s.SecretKey = "other" }, "", server.At("p"), `secret key does not fit .* check AWS_SECRET_ACCESS_KEY`},
		{"a wrong region", nil, "eu-west-3", server.At("p"), `region.*set AWS_REGION`},
		{"a region that the answer names", func(s *s3server.Server) {
			s.Endpoint = answer(301, "PermanentRedirect", "X-Amz-Bucket-Region", "eu-central-1")
		}, "", server.At("p"), `is in the region eu-central-1; set AWS_REGION to it`},
		{"no such bucket", nil, "", "s3://nothere/p", `no such bucket; create it, or correct the name`},
		{"no right to the prefix", func(s *s3server.Server) { *s = s.As(s.Guest) }, "", server.At("theirs"), `no right to (do )?that; they need s3:`},
		{"no right to list", func(s *s3server.Server) { *s = s.As(s.Guest) }, "", shut.At("p"), `no right to (do )?that; they need s3:`},
		{"a clock that is off, and a server that does not say so", func(s *s3server.Server) { *s = s.Behind(t, s3server.Front{Ahead: time.Hour, HideDate: true}) }, "", server.At("p"), `clock.* too far apart; set the clock`},
		{"an expired session", func(s *s3server.Server) { s.Endpoint = answer(400, "ExpiredToken") }, "", server.At("p"), `session has expired; log in again`},
		{"a web page", func(s *s3server.Server) { s.Endpoint = page.URL }, "", server.At("p"), `no S3 server; check the endpoint`},
		{"a web page that is not there", func(s *s3server.Server) { s.Endpoint = lost.URL }, "", server.At("p"), `no S3 server; check the endpoint`},
		{"a certificate of nobody's", func(s *s3server.Server) { s.Endpoint = secure.URL }, "", server.At("p"), `certificate is not trusted; name the authority's file in AWS_CA_BUNDLE`},
		{"TLS to a server without", func(s *s3server.Server) { s.Endpoint = strings.Replace(s.Endpoint, "http:", "https:", 1) }, "", server.At("p"), `plain HTTP; write http://`},
		{"TLS that breaks off", func(s *s3server.Server) { s.Endpoint = "https://" + brokenTLS(t) }, "", server.At("p"), `TLS.*check the endpoint|connection broke; check network and endpoint`},
		{"nobody there", func(s *s3server.Server) { s.Endpoint = "http://127.0.0.1:1" }, "", server.At("p"), `nothing listens there; check the endpoint`},
		{"no such host", func(s *s3server.Server) { s.Endpoint = "http://nothere.invalid" }, "", server.At("p"), `no host of that name; check the endpoint|not answer in time|connection broke`},
		{"a bucket that cannot be called so", nil, "", "s3://F/p", `cannot be called that; correct the name|no such bucket`},
	} {
		t.Run(c.what, func(t *testing.T) {
			s := server
			if c.server != nil {
				c.server(&s)
			}
			commands := [][]string{append(publish[:len(publish):len(publish)], "--to", c.target), {"verify", c.target}, {"policy", c.target, "--apply"}, {"cors", c.target, "--allow", "https://a.example", "--apply"},
				{"list", c.target}, {"clean", c.target, "--yes"}, {"headers", c.target}, {"headers", c.target, "--yes"}, {"library", c.target, "--yes"}, {"verify", c.target, "--deep"}, {"rollback", c.target, "film"}, {"unpublish", c.target, "film", "--yes"},
				{"sync", c.target, filepath.Join(t.TempDir(), "copy")}, {"sync", folder, c.target}}
			if c.target == server.At("theirs") {
				// To list is all that the others need where there is nothing, and that is allowed; sync tells of each object.
				commands = slices.DeleteFunc(commands, func(args []string) bool { return !slices.Contains([]string{"publish", "policy", "cors"}, args[0]) })
			}
			answers, work := make([]told, len(commands)), sync.WaitGroup{}
			s.Setenv(t)
			for i, args := range commands { // at once, since most of them wait
				if c.region != "" {
					args = append(args[:len(args):len(args)], "--region", c.region)
				}
				work.Go(func() { answers[i] = say(t, args) })
			}
			work.Wait()
			for i, args := range commands {
				got := answers[i]
				sentence := strings.TrimSuffix(regexp.MustCompile(`(ffmpeg runs without a sandbox.*|sync: listing both sides|verify: verifying .*)\n`).ReplaceAllString(got.err, ""), "\n") // not every kernel has one
				if got.code != 4 || got.out != "" || strings.ContainsAny(sentence, "\n\x1b") || !regexp.MustCompile(c.text).MatchString(sentence) || !strings.HasPrefix(sentence, "filmpress: ") {
					t.Errorf("%s: %d, %q\n%s", args[0], got.code, got.out, got.err)
				}
				if strings.Contains(got.err, s.SecretKey) || regexp.MustCompile(`(?i)operation error|https response|api error|RequestID|goroutine`).MatchString(got.err) {
					t.Errorf("%s: not our own words: %s", args[0], got.err)
				}
			}
			looked, cause := []string{"doctor", c.target}, c.text // tells it as one of its checks
			if strings.HasPrefix(c.what, "no right to ") {
				cause = `do not have s3:` // of which it names those that are missing
			}
			if c.region != "" {
				looked = append(looked, "--region", c.region)
			}
			if got := say(t, looked); got.code != 4 || !regexp.MustCompile(`(?m)^bad .*(`+cause+`)`).MatchString(got.out) || strings.Contains(got.out+got.err, s.SecretKey) {
				t.Errorf("doctor: %d, %s\n%s", got.code, got.out, got.err)
			}
			if left := keysIn(t, server); len(left) > 0 {
				t.Errorf("half done: %q", left)
			}
			out, err := server.Client().ListMultipartUploads(t.Context(), &s3.ListMultipartUploadsInput{Bucket: &server.Bucket})
			if err != nil || len(out.Uploads) > 0 {
				t.Errorf("half sent: %+v, %v", out, err)
			}
		})
	}
}

// brokenTLS is a listener that hangs up in the middle of the greeting.
func brokenTLS(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			io.ReadFull(c, make([]byte, 5))
			c.Write([]byte{22, 3, 3, 0, 200, 2})
			c.Close()
		}
	}()
	return l.Addr().String()
}

// TestCABundle: a server with a certificate of one's own is reached by what the sentence above says.
func TestCABundle(t *testing.T) {
	server := s3server.Start(t)
	proxied := httptest.NewUnstartedServer(nil)
	plain := between(t, server, func(w http.ResponseWriter, r *http.Request, pass http.Handler) { pass.ServeHTTP(w, r) })
	proxied.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		request, err := http.NewRequestWithContext(r.Context(), r.Method, plain.Endpoint+r.URL.RequestURI(), r.Body)
		if err != nil {
			t.Error(err)
			return
		}
		request.Header, request.Host, request.ContentLength = r.Header, r.Host, r.ContentLength
		response, err := http.DefaultTransport.RoundTrip(request)
		if err != nil {
			t.Error(err)
			return
		}
		defer response.Body.Close()
		for k, v := range response.Header {
			w.Header()[k] = v
		}
		w.WriteHeader(response.StatusCode)
		io.Copy(w, response.Body)
	})
	proxied.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	proxied.StartTLS()
	defer proxied.Close()
	bundle := filepath.Join(t.TempDir(), "ours.pem")
	if err := os.WriteFile(bundle, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: proxied.Certificate().Raw}), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Setenv("AWS_CA_BUNDLE", bundle)
	server.Endpoint = proxied.URL
	checks, code := checksOf(t, server, server.At("p"))
	if code != 0 || checks["public reading"].State != doctor.OK || checks["conditional writes"].State != doctor.OK {
		t.Errorf("%d, %+v", code, checks)
	}
}

// TestOddNames: prefixes and titles with spaces, plus signs, percent signs and other scripts are published, proved, opened to the public and
// read by strangers.
func TestOddNames(t *testing.T) {
	server := s3server.Start(t)
	if err := server.SetPolicy(t.Context(), guestMay(`"s3:GetObject"`, `"arn:aws:s3:::`+server.Bucket+`/elsewhere/*"`)); err != nil {
		t.Fatal(err)
	}
	publish := tinyFilm(t)
	for i, prefix := range []string{"our films/2026/a+b=c&d/100%/%2e%2E%20", "фильмы/документальные/映画/e\u0301🎬", "'quoted' \"twice\"/semi;colon,#hash"} {
		target := server.At(prefix)
		got := tell(t, server, append(publish[:len(publish):len(publish)], "--to", target, "--title", fmt.Sprintf("Film %d: %s", i, prefix))...)
		if got.code != 0 {
			t.Errorf("%q: %+v", prefix, got)
			continue
		}
		if got := tell(t, server, "policy", target, "--apply"); got.code != 0 {
			t.Errorf("%q: %+v", prefix, got)
		}
		if response, err := http.Get(strings.TrimSpace(got.out)); err != nil || response.StatusCode != 200 || response.Header.Get("Content-Type") != "text/html; charset=utf-8" {
			t.Errorf("%q: %s: %+v, %v", prefix, got.out, response, err)
		} else {
			response.Body.Close()
		}
		if got := tell(t, server, "verify", target); got.code != 0 {
			t.Errorf("%q: %+v", prefix, got)
		}
		if checks, code := checksOf(t, server, target); code != 0 || checks["public reading"].State != doctor.OK || checks["types"].State != doctor.OK {
			t.Errorf("%q: %d, %+v", prefix, code, checks)
		}
	}
}
