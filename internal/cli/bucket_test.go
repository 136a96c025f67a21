package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"filmpress/internal/doctor"
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
func checksOf(t *testing.T, server s3server.Server, args ...string) (map[string]doctor.Check, int) {
	t.Helper()
	got := tell(t, server, append([]string{"doctor", "--json"}, args...)...)
	var result struct{ Checks []doctor.Check }
	if err := json.Unmarshal([]byte(got.out), &result); err != nil {
		t.Fatalf("%v in %+v", err, got)
	}
	checks := map[string]doctor.Check{}
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
	printed := tell(t, server, "cors", server.At("p"), "--allow", "https://a.example")
	if printed.code != 0 || !strings.Contains(printed.err, "not set yet") || len(rules()) != 1 {
		t.Errorf("without --apply: %+v, then %d rules", printed, len(rules()))
	}
	checks, code := checksOf(t, server, server.At("p"), "--origin", "https://a.example")
	if c := checks["cors"]; code != 0 || c.State != doctor.Warn || !strings.Contains(c.Mend, "filmpress cors "+server.At("p")+" --allow https://a.example") {
		t.Errorf("doctor before: %d, %+v", code, c)
	}
	if c, _ := checksOf(t, server, server.At("p")); c["cors"].State != doctor.OK || !strings.Contains(c["cors"].What, "cannot play them unless") {
		t.Errorf("doctor without an origin: %+v", c["cors"])
	}
	for _, origin := range []string{"https://a.example", "https://b.example", "https://b.example"} {
		if got := tell(t, server, "cors", server.At("p"), "--allow", origin, "--apply"); got.code != 0 {
			t.Fatalf("%+v", got)
		}
	}
	now := rules()
	if len(now) != 2 || aws.ToString(now[0].ID) != "upload" || !slices.Equal(now[0].AllowedHeaders, theirs.AllowedHeaders) || aws.ToInt32(now[0].MaxAgeSeconds) != 5 ||
		!slices.Equal(now[1].AllowedOrigins, []string{"https://a.example", "https://b.example"}) {
		t.Errorf("the bucket has %+v", now)
	}
	for origin, fine := range map[string]bool{"https://a.example": true, "https://b.example": true, "https://c.example": false, "https://cms.example": false} {
		checks, _ := checksOf(t, server, server.At("p"), "--origin", origin)
		if (checks["cors"].State == doctor.OK) != fine {
			t.Errorf("%s: %+v", origin, checks["cors"])
		}
	}
}

// TestPolicyApply: strangers read below the prefix and nowhere else, and statements of others stay.
func TestPolicyApply(t *testing.T) {
	server := s3server.Start(t)
	theirs := `{"Sid":"Theirs","Effect":"Allow","Principal":{"AWS":["guest"]},"Action":["s3:GetObject"],"Resource":["arn:aws:s3:::` + server.Bucket + `/archive/*"]}`
	if err := server.SetPolicy(t.Context(), theirs); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"p/a.txt", "p2/a.txt", "archive/a.txt"} {
		if _, err := server.Client().PutObject(t.Context(), &s3.PutObjectInput{Bucket: &server.Bucket, Key: &key, Body: strings.NewReader("1")}); err != nil {
			t.Fatal(err)
		}
	}
	stranger := func(key string) int {
		response, err := http.Get(server.Endpoint + "/" + server.Bucket + "/" + key)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		return response.StatusCode
	}
	checks, code := checksOf(t, server, server.At("p"))
	if c := checks["public reading"]; code != 0 || c.State != doctor.Warn || !strings.Contains(c.What, "refused (403)") || !strings.Contains(c.Mend, "filmpress policy "+server.At("p")) {
		t.Errorf("doctor before: %d, %+v", code, c)
	}
	if got := tell(t, server, "policy", server.At("p")); got.code != 0 || !strings.Contains(got.err, "not set yet") || stranger("p/a.txt") != 403 {
		t.Errorf("without --apply: %+v, %d", got, stranger("p/a.txt"))
	}
	first := tell(t, server, "policy", server.At("p"), "--apply")
	if first.code != 0 || stranger("p/a.txt") != 200 || stranger("p2/a.txt") != 403 || stranger("archive/a.txt") != 403 || stranger("") != 403 {
		t.Errorf("%+v: %d %d %d %d", first, stranger("p/a.txt"), stranger("p2/a.txt"), stranger("archive/a.txt"), stranger(""))
	}
	again := tell(t, server, "policy", server.At("p"), "--apply")
	if again.code != 0 || again.out != first.out || !strings.Contains(again.err, "nothing to do") {
		t.Errorf("once more: %+v, first %+v", again, first)
	}
	var policy struct{ Statement []struct{ Sid string } }
	if err := json.Unmarshal([]byte(again.out), &policy); err != nil || len(policy.Statement) != 2 || policy.Statement[0].Sid != "Theirs" {
		t.Errorf("%s, %v", again.out, err)
	}
	if checks, _ := checksOf(t, server, server.At("p")); checks["public reading"].State != doctor.OK || checks["types"].State != doctor.OK {
		t.Errorf("doctor after: %+v", checks)
	}
	changed := strings.Replace(theirs, "Theirs", regexp.MustCompile(`FilmpressRead\w+`).FindString(again.out), 1)
	if err := server.SetPolicy(t.Context(), changed); err != nil {
		t.Fatal(err)
	}
	if got := tell(t, server, "policy", server.At("p"), "--apply"); got.code != 4 || !strings.Contains(got.err, "changed by somebody") || stranger("p/a.txt") != 403 {
		t.Errorf("ours, changed: %+v", got)
	}
	if err := server.SetPolicy(t.Context(), theirs, `{"Effect":"Deny","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::`+server.Bucket+`/p/*"}`); err != nil {
		t.Fatal(err)
	}
	if got := tell(t, server, "policy", server.At("p"), "--apply"); got.code != 0 || !strings.Contains(got.err, "a denial goes before") {
		t.Errorf("with a denial: %+v", got)
	}
}

// TestServersWithout: servers that have no policies and CORS rules, that drop them, and that answer an admin's request with something
// else.
func TestServersWithout(t *testing.T) {
	server := s3server.Start(t)
	if err := server.SetPolicy(t.Context(), `{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::`+server.Bucket+`/elsewhere/*"}`); err != nil {
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
		}, 4, "no S3 server"},
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
			for _, args := range [][]string{{"policy", server.At("p"), "--apply"}, {"cors", server.At("p"), "--allow", "https://*.example", "--apply"}} {
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
