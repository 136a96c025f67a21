package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"filmpress/internal/store/storetest/s3server"
)

// told is what a command answered.
type told struct {
	code     int
	out, err string
}

// tell runs a command line against a server.
func tell(t *testing.T, server s3server.Server, args ...string) told {
	t.Helper()
	server.Setenv(t)
	return say(t, args)
}

// say runs a command line with the environment as it is.
func say(t *testing.T, args []string) told {
	var out, errs bytes.Buffer
	code := Main(t.Context(), args, strings.NewReader(""), &out, &errs)
	return told{code, out.String(), errs.String()}
}

// checksOf runs doctor on a bucket and gives its checks by name.
func checksOf(t *testing.T, server s3server.Server, args ...string) (map[string]check, int) {
	t.Helper()
	got := tell(t, server, append([]string{"doctor", "--json"}, args...)...)
	var result struct{ Checks []check }
	if err := json.Unmarshal([]byte(got.out), &result); err != nil {
		t.Fatalf("%v in %+v", err, got)
	}
	checks := map[string]check{}
	for _, c := range result.Checks {
		checks[c.Name] = c
	}
	return checks, got.code
}

// between puts a proxy before a server.
func between(t *testing.T, server s3server.Server, handle func(w http.ResponseWriter, r *http.Request, pass http.Handler)) s3server.Server {
	t.Helper()
	target, err := url.Parse(server.Endpoint)
	if err != nil {
		t.Fatal(err)
	}
	pass := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.Out.URL.Scheme, r.Out.URL.Host = target.Scheme, target.Host }}
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handle(w, r, pass) }))
	t.Cleanup(proxy.Close)
	server.Endpoint = proxy.URL
	return server
}

func s3Error(w http.ResponseWriter, status int, code string) {
	w.WriteHeader(status)
	fmt.Fprintf(w, `<Error><Code>%s</Code><Message>no</Message></Error>`, code)
}

// keysIn lists a bucket with the owner's rights.
func keysIn(t *testing.T, server s3server.Server) []string {
	t.Helper()
	out, err := server.Client().ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: &server.Bucket})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, o := range out.Contents {
		names = append(names, aws.ToString(o.Key))
	}
	return names
}

// TestCORSApply: what others put there stays, what is printed is what the bucket has, and a browser is answered accordingly.
func TestCORSApply(t *testing.T) {
	server := s3server.Start(t)
	theirs := types.CORSRule{ID: aws.String("upload"), AllowedMethods: []string{"PUT"}, AllowedOrigins: []string{"https://cms.example"}, AllowedHeaders: []string{"x-amz-*"}, MaxAgeSeconds: aws.Int32(5)}
	if _, err := server.Client().PutBucketCors(t.Context(), &s3.PutBucketCorsInput{Bucket: &server.Bucket, CORSConfiguration: &types.CORSConfiguration{CORSRules: []types.CORSRule{theirs}}}); err != nil {
		t.Fatal(err)
	}
	rules := func() []types.CORSRule {
		out, err := server.Client().GetBucketCors(t.Context(), &s3.GetBucketCorsInput{Bucket: &server.Bucket})
		if err != nil {
			t.Fatal(err)
		}
		return out.CORSRules
	}
	printed := tell(t, server, "cors", "s3://films/p", "--allow", "https://a.example")
	if printed.code != 0 || !strings.Contains(printed.err, "not set yet") || len(rules()) != 1 {
		t.Errorf("without --apply: %+v, then %d rules", printed, len(rules()))
	}
	checks, code := checksOf(t, server, "s3://films/p", "--origin", "https://a.example")
	if c := checks["cors"]; code != 0 || c.State != warn || !strings.Contains(c.Mend, "filmpress cors s3://films/p --allow https://a.example") {
		t.Errorf("doctor before: %d, %+v", code, c)
	}
	if c, _ := checksOf(t, server, "s3://films/p"); c["cors"].State != ok || !strings.Contains(c["cors"].What, "cannot play them unless") {
		t.Errorf("doctor without an origin: %+v", c["cors"])
	}
	for _, origin := range []string{"https://a.example", "https://b.example", "https://b.example"} {
		if got := tell(t, server, "cors", "s3://films/p", "--allow", origin, "--apply"); got.code != 0 {
			t.Fatalf("%+v", got)
		}
	}
	now := rules()
	if len(now) != 2 || aws.ToString(now[0].ID) != "upload" || !slices.Equal(now[0].AllowedHeaders, theirs.AllowedHeaders) || aws.ToInt32(now[0].MaxAgeSeconds) != 5 ||
		!slices.Equal(now[1].AllowedOrigins, []string{"https://a.example", "https://b.example"}) {
		t.Errorf("the bucket has %+v", now)
	}
	for origin, fine := range map[string]bool{"https://a.example": true, "https://b.example": true, "https://c.example": false, "https://cms.example": false} {
		checks, _ := checksOf(t, server, "s3://films/p", "--origin", origin)
		if (checks["cors"].State == ok) != fine {
			t.Errorf("%s: %+v", origin, checks["cors"])
		}
	}
}

// TestPolicyApply: strangers read below the prefix and nowhere else, and statements of others stay.
func TestPolicyApply(t *testing.T) {
	server := s3server.Start(t)
	const theirs = `{"Sid":"Theirs","Effect":"Allow","Principal":{"AWS":["guest"]},"Action":["s3:GetObject"],"Resource":["arn:aws:s3:::films/archive/*"]}`
	if err := server.SetPolicy(t.Context(), theirs); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"p/a.txt", "p2/a.txt", "archive/a.txt"} {
		if _, err := server.Client().PutObject(t.Context(), &s3.PutObjectInput{Bucket: &server.Bucket, Key: &key, Body: strings.NewReader("1")}); err != nil {
			t.Fatal(err)
		}
	}
	stranger := func(key string) int {
		response, err := http.Get(server.Endpoint + "/films/" + key)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		return response.StatusCode
	}
	checks, code := checksOf(t, server, "s3://films/p")
	if c := checks["public reading"]; code != 0 || c.State != warn || !strings.Contains(c.What, "refused (403)") || !strings.Contains(c.Mend, "filmpress policy s3://films/p") {
		t.Errorf("doctor before: %d, %+v", code, c)
	}
	if got := tell(t, server, "policy", "s3://films/p"); got.code != 0 || !strings.Contains(got.err, "not set yet") || stranger("p/a.txt") != 403 {
		t.Errorf("without --apply: %+v, %d", got, stranger("p/a.txt"))
	}
	first := tell(t, server, "policy", "s3://films/p", "--apply")
	if first.code != 0 || stranger("p/a.txt") != 200 || stranger("p2/a.txt") != 403 || stranger("archive/a.txt") != 403 || stranger("") != 403 {
		t.Errorf("%+v: %d %d %d %d", first, stranger("p/a.txt"), stranger("p2/a.txt"), stranger("archive/a.txt"), stranger(""))
	}
	again := tell(t, server, "policy", "s3://films/p", "--apply")
	if again.code != 0 || again.out != first.out || !strings.Contains(again.err, "nothing to do") {
		t.Errorf("once more: %+v, first %+v", again, first)
	}
	var policy struct{ Statement []struct{ Sid string } }
	if err := json.Unmarshal([]byte(again.out), &policy); err != nil || len(policy.Statement) != 2 || policy.Statement[0].Sid != "Theirs" {
		t.Errorf("%s, %v", again.out, err)
	}
	if checks, _ := checksOf(t, server, "s3://films/p"); checks["public reading"].State != ok || checks["types"].State != ok {
		t.Errorf("doctor after: %+v", checks)
	}
	changed := strings.Replace(theirs, "Theirs", regexp.MustCompile(`FilmpressRead\w+`).FindString(again.out), 1)
	if err := server.SetPolicy(t.Context(), changed); err != nil {
		t.Fatal(err)
	}
	if got := tell(t, server, "policy", "s3://films/p", "--apply"); got.code != 4 || !strings.Contains(got.err, "changed by somebody") || stranger("p/a.txt") != 403 {
		t.Errorf("ours, changed: %+v", got)
	}
	if err := server.SetPolicy(t.Context(), theirs, `{"Effect":"Deny","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::films/p/*"}`); err != nil {
		t.Fatal(err)
	}
	if got := tell(t, server, "policy", "s3://films/p", "--apply"); got.code != 0 || !strings.Contains(got.err, "a denial goes before") {
		t.Errorf("with a denial: %+v", got)
	}
}

// TestServersWithout: servers that have no policies and CORS rules, that drop them, and that answer an admin's request with something
// else.
func TestServersWithout(t *testing.T) {
	server := s3server.Start(t)
	if err := server.SetPolicy(t.Context(), `{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::films/elsewhere/*"}`); err != nil {
		t.Fatal(err)
	}
	if _, err := server.Client().DeleteBucketCors(t.Context(), &s3.DeleteBucketCorsInput{Bucket: &server.Bucket}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		what   string
		handle func(w http.ResponseWriter, r *http.Request) bool // true: answered
		code   int
		text   string
	}{
		{"none", func(w http.ResponseWriter, r *http.Request) bool { s3Error(w, 501, "NotImplemented"); return true }, 4, "use the provider's console"},
		{"refused", func(w http.ResponseWriter, r *http.Request) bool { s3Error(w, 403, "AccessDenied"); return true }, 4, "they need s3:GetBucket"},
		{"to set is refused", func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method == http.MethodPut {
				s3Error(w, 403, "AccessDenied")
			}
			return r.Method == http.MethodPut
		}, 4, "they need s3:PutBucket"},
		{"dropped", func(w http.ResponseWriter, r *http.Request) bool { return r.Method == http.MethodPut }, 4, "does not have it afterwards"},
		{"a web page", func(w http.ResponseWriter, r *http.Request) bool {
			io.WriteString(w, "<html>hello</html>")
			return true
		}, 4, ""},
	} {
		t.Run(c.what, func(t *testing.T) {
			proxied := between(t, server, func(w http.ResponseWriter, r *http.Request, pass http.Handler) {
				if r.URL.Query().Has("cors") && r.Method == http.MethodGet && c.what == "dropped" {
					s3Error(w, 404, "NoSuchCORSConfiguration")
					return
				}
				if (r.URL.Query().Has("cors") || r.URL.Query().Has("policy")) && c.handle(w, r) {
					io.Copy(io.Discard, r.Body)
					return
				}
				pass.ServeHTTP(w, r)
			})
			for _, args := range [][]string{{"policy", "s3://films/p", "--apply"}, {"cors", "s3://films/p", "--allow", "https://*.example", "--apply"}} {
				got := tell(t, proxied, args...)
				if got.code != c.code || !strings.Contains(got.err, c.text) || strings.Count(got.err, "\n") != 1 || got.out != "" {
					t.Errorf("%s: %+v", args[0], got)
				}
			}
		})
	}
}

// guestMay is a statement by which the tests' other account may do something.
func guestMay(action, resource string) string {
	return fmt.Sprintf(`{"Effect":"Allow","Principal":{"AWS":["guest"]},"Action":[%s],"Resource":[%s]}`, action, resource)
}

// TestDoctorRights: keys that have just what is needed, and those that lack one right.
func TestDoctorRights(t *testing.T) {
	server := s3server.Start(t)
	guest := server.As(server.Guest)
	all := []string{"s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"}
	quoted := func(actions []string) string { return `"` + strings.Join(actions, `","`) + `"` }
	for _, lack := range append([]string{""}, all...) {
		actions := slices.DeleteFunc(slices.Clone(all), func(a string) bool { return a == lack })
		if err := server.SetPolicy(t.Context(), guestMay(quoted(actions), `"arn:aws:s3:::films/p/*"`), guestMay(`"s3:ListBucket","s3:ListBucketMultipartUploads"`, `"arn:aws:s3:::films"`)); err != nil {
			t.Fatal(err)
		}
		checks, code := checksOf(t, guest, "s3://films/p")
		c := checks["rights"]
		if lack == "s3:ListMultipartUploadParts" {
			if code != 0 || c.State != warn || c.What != "the keys do not have "+lack { // large uploads are then begun anew
				t.Errorf("without %q: %d, %+v", lack, code, c)
			}
		} else if lack == "" && (code != 0 || c.State != ok || checks["spare rights"].What != "the keys can also list objects outside the prefix") ||
			lack != "" && (code != 4 || c.State != bad || !strings.HasPrefix(c.What, "the keys do not have "+lack)) {
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
	if err := server.SetPolicy(t.Context(), guestMay(quoted(all), `"arn:aws:s3:::films/*"`), guestMay(`"s3:ListBucket"`, `"arn:aws:s3:::films"`)); err != nil {
		t.Fatal(err)
	}
	checks, code := checksOf(t, guest, "s3://films/p")
	if c := checks["rights"]; code != 0 || c.State != warn || c.What != "the keys do not have s3:ListBucketMultipartUploads" {
		t.Errorf("without the right to list uploads: %d, %+v", code, c)
	}
	if c := checks["spare rights"]; c.State != warn || !strings.Contains(c.What, "write outside the prefix") {
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
		state  state
		text   string
		code   int
	}{
		{"another region", func(w http.ResponseWriter, r *http.Request, pass http.Handler) {
			reply(w, r, pass, func(a *httptest.ResponseRecorder) { a.Header().Set("X-Amz-Bucket-Region", "eu-west-9") })
		}, "region", warn, "the bucket is in eu-west-9, and us-east-1 is set", 0},
		{"no date", func(w http.ResponseWriter, r *http.Request, pass http.Handler) {
			reply(w, r, pass, func(a *httptest.ResponseRecorder) { a.Header()["Date"] = nil })
		}, "clock", warn, "sends no Date", 0},
		{"no conditions", func(w http.ResponseWriter, r *http.Request, pass http.Handler) {
			if r.Header.Get("If-None-Match")+r.Header.Get("If-Match") != "" && r.Method == http.MethodPut {
				s3Error(w, 501, "NotImplemented")
				return
			}
			pass.ServeHTTP(w, r)
		}, "conditional writes", warn, "not kept", 0},
		{"digests ignored", func(w http.ResponseWriter, r *http.Request, pass http.Handler) {
			if digest(r) && r.Header.Get("X-Amz-Meta-Sha256") == "" {
				io.Copy(io.Discard, r.Body)
				w.Header().Set("ETag", `"d41d8cd98f00b204e9800998ecf8427e"`)
				return
			}
			pass.ServeHTTP(w, r)
		}, "checksums", warn, "stores bytes that differ from their digest", 0},
		{"metadata dropped", func(w http.ResponseWriter, r *http.Request, pass http.Handler) {
			reply(w, r, pass, func(a *httptest.ResponseRecorder) { a.Header().Del("X-Amz-Meta-Sha256") })
		}, "checksums", bad, "does not keep x-amz-meta-sha256", 4},
		{"types of its own", func(w http.ResponseWriter, r *http.Request, pass http.Handler) {
			reply(w, r, pass, func(a *httptest.ResponseRecorder) {
				if stranger(r) && strings.HasSuffix(r.URL.Path, ".m4s") {
					a.Header().Set("Content-Type", "application/octet-stream")
				}
			})
		}, "types", warn, `a segment (.m4s) as "application/octet-stream, max-age=60" in place of "video/iso.segment, max-age=60"`, 0},
		{"no ranges", func(w http.ResponseWriter, r *http.Request, pass http.Handler) {
			r.Header.Del("Range")
			pass.ServeHTTP(w, r)
		}, "public reading", warn, "parts of a file are not served", 0},
		{"a CDN that knows nothing", func(w http.ResponseWriter, r *http.Request, pass http.Handler) {
			if stranger(r) {
				http.NotFound(w, r)
				return
			}
			pass.ServeHTTP(w, r)
		}, "public reading", warn, "strangers find nothing (404)", 0},
		{"no CORS", func(w http.ResponseWriter, r *http.Request, pass http.Handler) {
			reply(w, r, pass, func(a *httptest.ResponseRecorder) { a.Header().Del("Access-Control-Allow-Origin") })
		}, "cors", warn, "pages of https://a.example cannot play", 0},
		{"old uploads", func(w http.ResponseWriter, r *http.Request, pass http.Handler) {
			if r.URL.Query().Has("uploads") && r.Method == http.MethodGet {
				fmt.Fprint(w, `<ListMultipartUploadsResult><Upload><Key>p/a.mp4</Key><UploadId>1</UploadId><Initiated>2026-01-02T03:04:05Z</Initiated></Upload></ListMultipartUploadsResult>`)
				return
			}
			pass.ServeHTTP(w, r)
		}, "others' uploads", warn, "1 upload of other objects of more than a week, the oldest of 2026-01-02", 0},
		{"old uploads of films", func(w http.ResponseWriter, r *http.Request, pass http.Handler) {
			if r.URL.Query().Has("uploads") && r.Method == http.MethodGet {
				fmt.Fprint(w, `<ListMultipartUploadsResult><Upload><Key>p/film/o/0123456789abcdef0123456789abcdef/a.mp4</Key><UploadId>1</UploadId><Initiated>2026-01-02T03:04:05Z</Initiated></Upload></ListMultipartUploadsResult>`)
				return
			}
			pass.ServeHTTP(w, r)
		}, "unfinished uploads", warn, "1 upload of films of more than a week, the oldest of 2026-01-02", 0},
		{"not told who may write", func(w http.ResponseWriter, r *http.Request, pass http.Handler) { s3Error(w, 503, "SlowDown") }, "reachable", bad, "keeps answering 503", 4},
	} {
		t.Run(c.what, func(t *testing.T) {
			checks, code := checksOf(t, between(t, server, c.handle), "s3://films/p", "--origin", "https://a.example")
			if got := checks[c.name]; got.State != c.state || !strings.Contains(got.What, c.text) || code != c.code || got.State != ok && c.name != "reachable" && c.name != "checksums" && got.Mend == "" {
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
		checks, code := checksOf(t, server.Behind(t, s3server.Front{Ahead: ahead}), "s3://films/p")
		word := map[bool]string{true: "1h0m0s behind the server's", false: "1h0m0s ahead of the server's"}[ahead > 0]
		if c := checks["clock"]; code != 0 || c.State != warn || !strings.Contains(c.What, word) || !strings.Contains(c.Mend, "set the clock") || checks["rights"].State != ok {
			t.Errorf("%v: %d, %+v", ahead, code, checks)
		}
		checks, code = checksOf(t, server.Behind(t, s3server.Front{Ahead: ahead, HideDate: true}), "s3://films/p")
		if c := checks["reachable"]; code != 4 || c.State != bad || !strings.Contains(c.What, "this machine's clock and the server's are too far apart; set the clock") {
			t.Errorf("%v, not told: %d, %+v", ahead, code, checks)
		}
		if left := keysIn(t, server); len(left) > 0 {
			t.Errorf("left behind: %q", left)
		}
	}
}
