package s3server

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// Front is a server that the one of the tests cannot be: with another clock, or with sessions. It checks what it is there for, and signs
// what it lets through anew for the server behind it.
type Front struct {
	Ahead    time.Duration // of its clock; it refuses what was signed 15 minutes off that, as S3 does
	HideDate bool          // it does not tell its time
	Token    string        // the session token that requests must have; "" is none
}

// Behind gives the server as it is reached through a front, which stands until the test ends.
func (s Server) Behind(t testing.TB, f Front) Server {
	t.Helper()
	target, err := url.Parse(s.Endpoint)
	if err != nil {
		t.Fatal(err)
	}
	date := func(h http.Header) {
		if h["Date"] = nil; !f.HideDate {
			h.Set("Date", time.Now().Add(f.Ahead).UTC().Format(http.TimeFormat))
		}
	}
	signer := v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true })
	pass := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL.Scheme, r.Out.URL.Host, r.Out.Host = target.Scheme, target.Host, target.Host
			if r.Out.Header.Get("Authorization") == "" {
				return // a stranger
			}
			r.Out.Header.Del("Authorization")
			r.Out.Header.Del("X-Amz-Security-Token")
			keys := aws.Credentials{AccessKeyID: s.AccessKey, SecretAccessKey: s.SecretKey}
			if err := signer.SignHTTP(r.Out.Context(), keys, r.Out, r.Out.Header.Get("X-Amz-Content-Sha256"), "s3", "us-east-1", time.Now()); err != nil {
				t.Error(err)
			}
		},
		ModifyResponse: func(r *http.Response) error { date(r.Header); return nil },
	}
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if code := f.refuses(r); code != "" {
			date(w.Header())
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprintf(w, "<Error><Code>%s</Code><Message>refused by the tests</Message></Error>", code)
			return
		}
		pass.ServeHTTP(w, r)
	}))
	t.Cleanup(proxy.Close)
	s.Endpoint = proxy.URL
	return s
}

// refuses gives the code by which a request is refused, or "".
func (f Front) refuses(r *http.Request) string {
	if r.Header.Get("Authorization") == "" {
		return ""
	}
	if r.Header.Get("X-Amz-Security-Token") != f.Token {
		return "InvalidToken"
	}
	at, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
	if err != nil || at.Sub(time.Now().Add(f.Ahead)).Abs() > 15*time.Minute {
		return "RequestTimeTooSkewed"
	}
	return ""
}
