// Package faults stands between a client and an S3 server in tests, and does what networks and servers do on bad days. What
// happens on the level of connections is toxiproxy's; see Toxic.
package faults

import (
	"bytes"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"filmpress/internal/store/storetest/s3server"
)

// Fault is what happens to a request instead of, or besides, the server's answer.
type Fault func(w http.ResponseWriter, r *http.Request, server http.Handler)

// Between puts a proxy before the server. Pick says for each request what happens to it; nil is nothing. It is called from many
// goroutines.
func Between(t testing.TB, s s3server.Server, pick func(*http.Request) Fault) s3server.Server {
	target, err := url.Parse(s.Endpoint)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{MaxIdleConnsPerHost: 64, DisableCompression: true}
	server := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL.Scheme, r.Out.URL.Host = target.Scheme, target.Host // the signed Host stays
		},
		Transport: transport,
		// A client that goes away in the middle is an answer to a fault, and not worth a word.
		ErrorLog:     log.New(io.Discard, "", 0),
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
	}
	proxy := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if fault := pick(r); fault != nil {
			fault(w, r, server)
			return
		}
		server.ServeHTTP(w, r)
	}))
	proxy.Config.ErrorLog = log.New(io.Discard, "", 0)
	proxy.Start()
	t.Cleanup(func() {
		proxy.CloseClientConnections()
		proxy.Close()
		transport.CloseIdleConnections()
	})
	s.Endpoint = proxy.URL
	return s
}

// Answer refuses a request with an error of S3, after its body was read.
func Answer(status int, code string) Fault {
	return func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(status)
		if r.Method != http.MethodHead {
			fmt.Fprintf(w, "<?xml version=\"1.0\"?><Error><Code>%s</Code><Message>no</Message></Error>", code)
		}
	}
}

// Reset breaks the connection before the server hears of the request.
func Reset(http.ResponseWriter, *http.Request, http.Handler) { panic(http.ErrAbortHandler) }

// LostReply has the server do what it was asked, and breaks the connection before the client hears of it.
func LostReply(_ http.ResponseWriter, r *http.Request, server http.Handler) {
	server.ServeHTTP(httptest.NewRecorder(), r)
	panic(http.ErrAbortHandler)
}

// Repeat sends a request twice, as a proxy does that lost the first reply, and gives the second answer: a conditional write that
// won is refused.
func Repeat(w http.ResponseWriter, r *http.Request, server http.Handler) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	again := r.Clone(r.Context())
	r.Body, again.Body = io.NopCloser(bytes.NewReader(body)), io.NopCloser(bytes.NewReader(body))
	server.ServeHTTP(httptest.NewRecorder(), r)
	server.ServeHTTP(w, again)
}

// MangleUpload changes one byte of a request's body.
func MangleUpload(w http.ResponseWriter, r *http.Request, server http.Handler) {
	if r.ContentLength > 0 {
		r.Body = &mangledBody{r.Body, rand.Int64N(r.ContentLength)}
	}
	server.ServeHTTP(w, r)
}

// MangleDownload changes one byte of an answer's body.
func MangleDownload(w http.ResponseWriter, r *http.Request, server http.Handler) {
	reply := record(r, server)
	if n := reply.Body.Len(); n > 0 {
		reply.Body.Bytes()[rand.IntN(n)] ^= 1 << rand.IntN(7)
	}
	replay(w, reply, reply.Body.Len())
}

// CutDownload breaks the connection somewhere in an answer.
func CutDownload(w http.ResponseWriter, r *http.Request, server http.Handler) {
	reply := record(r, server)
	replay(w, reply, rand.IntN(reply.Body.Len()+1))
	http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

// IgnoreConditions has the server write whatever If-Match and If-None-Match say, as old servers do. The request is signed anew, since
// the signature covers them.
func IgnoreConditions(s s3server.Server) Fault {
	signer := v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true })
	keys := aws.Credentials{AccessKeyID: s.AccessKey, SecretAccessKey: s.SecretKey}
	return func(w http.ResponseWriter, r *http.Request, server http.Handler) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead && r.Header.Get("If-Match")+r.Header.Get("If-None-Match") != "" {
			r.Header.Del("If-Match")
			r.Header.Del("If-None-Match")
			r.Header.Del("Authorization")
			r.URL.Scheme, r.URL.Host = "http", r.Host
			if err := signer.SignHTTP(r.Context(), keys, r, r.Header.Get("X-Amz-Content-Sha256"), "s3", "us-east-1", time.Now()); err != nil {
				panic(err) // the keys are there
			}
		}
		server.ServeHTTP(w, r)
	}
}

// NoConditions answers conditional writes as servers do that do not know them, 501, and passes on the rest.
func NoConditions(w http.ResponseWriter, r *http.Request, server http.Handler) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead && r.Header.Get("If-Match")+r.Header.Get("If-None-Match") != "" {
		Answer(http.StatusNotImplemented, "NotImplemented")(w, r, server)
		return
	}
	server.ServeHTTP(w, r)
}

func record(r *http.Request, server http.Handler) *httptest.ResponseRecorder {
	reply := httptest.NewRecorder()
	server.ServeHTTP(reply, r)
	return reply
}

// replay sends the first n bytes of an answer.
func replay(w http.ResponseWriter, reply *httptest.ResponseRecorder, n int) {
	for k, v := range reply.Header() {
		w.Header()[k] = v
	}
	w.WriteHeader(reply.Code)
	w.Write(reply.Body.Bytes()[:n])
}

// mangledBody changes the byte at a place.
type mangledBody struct {
	io.ReadCloser
	at int64
}

func (b *mangledBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.at >= 0 && b.at < int64(n) {
		p[b.at] ^= 0x20
	}
	b.at -= int64(n)
	return n, err
}
