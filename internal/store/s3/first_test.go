package s3_test

import (
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"filmpress/internal/store"
	"filmpress/internal/store/s3"
	"filmpress/internal/store/storetest/s3server"
)

// TestFirst: a server that never answers is called three times, not for a minute; one that has answered once is waited for.
func TestFirst(t *testing.T) {
	server := s3server.Start(t)
	for _, c := range []struct {
		what     string
		silent   func(n int32) bool
		requests int32
		fails    bool
	}{
		{"never", func(int32) bool { return true }, 3, true},
		{"at the third call", func(n int32) bool { return n < 3 }, 3, false},
		{"after its first answer, for three calls", func(n int32) bool { return n > 1 && n < 5 }, 5, false},
	} {
		t.Run(c.what, func(t *testing.T) {
			var n atomic.Int32
			st := open(t, between(t, server, func(w http.ResponseWriter, r *http.Request, pass http.Handler) {
				if c.silent(n.Add(1)) {
					panic(http.ErrAbortHandler)
				}
				pass.ServeHTTP(w, r)
			}), s3.Options{})
			_, err := st.Now(t.Context())
			if err == nil && n.Load() < c.requests {
				_, err = st.Now(t.Context())
			}
			if (err != nil) != c.fails || n.Load() != c.requests {
				t.Errorf("%d requests, %v", n.Load(), err)
			}
		})
	}
}

// TestCertificateOnce: a certificate that is not trusted will not be a second later.
func TestCertificateOnce(t *testing.T) {
	var n atomic.Int32
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			n.Add(1)
		}
	}
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	defer secure.Close()
	_, err := open(t, s3server.Server{Endpoint: secure.URL, Bucket: "films", AccessKey: "a", SecretKey: "b"}, s3.Options{}).Now(t.Context())
	if !errors.Is(err, store.ErrUnreachable) || n.Load() != 1 {
		t.Errorf("%d connections, %v", n.Load(), err)
	}
}
