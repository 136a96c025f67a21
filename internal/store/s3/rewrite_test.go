package s3_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"filmpress/internal/store"
	"filmpress/internal/store/s3"
	"filmpress/internal/store/storetest"
	"filmpress/internal/store/storetest/s3server"
)

// TestRewriteMeanwhile: what somebody puts in the middle of a Rewrite stays, also where the server keeps no conditions, a lost answer is understood, and
// tags that cannot be seen are not put at risk.
func TestRewriteMeanwhile(t *testing.T) {
	server := s3server.Start(t)
	plain := open(t, server, s3.Options{})
	labelled := store.Meta{Type: "text/vtt", CacheControl: "no-cache"}
	isRewrite := func(r *http.Request) bool {
		return r.Method == http.MethodPut && strings.HasSuffix(r.URL.Path, "/pointer.json")
	}
	for _, c := range []struct {
		what   string
		handle func(w http.ResponseWriter, r *http.Request, pass http.Handler)
		err    error
		now    string
	}{
		{"lost", lose(isRewrite), nil, "old"},
		{"before the bytes are sent", func(w http.ResponseWriter, r *http.Request, pass http.Handler) {
			if isRewrite(r) {
				storetest.Put(t, plain, "pointer.json", []byte("theirs"))
			}
			pass.ServeHTTP(w, r)
		}, store.ErrPrecondition, "theirs"},
		{"before the bytes are read", func(w http.ResponseWriter, r *http.Request, pass http.Handler) {
			if r.URL.Query().Has("tagging") {
				storetest.Put(t, plain, "pointer.json", []byte("theirs"))
			}
			pass.ServeHTTP(w, r)
		}, store.ErrPrecondition, "theirs"},
		{"after the bytes were sent, and no conditions", func(w http.ResponseWriter, r *http.Request, pass http.Handler) {
			if r.Method == http.MethodPut && r.Header.Get("If-None-Match")+r.Header.Get("If-Match") != "" {
				refuse(w, 501, "NotImplemented")
				return
			}
			pass.ServeHTTP(w, r)
			if isRewrite(r) {
				storetest.Put(t, plain, "pointer.json", []byte("theirs"))
			}
		}, store.ErrPrecondition, "theirs"},
		{"hidden tags", func(w http.ResponseWriter, r *http.Request, pass http.Handler) {
			if r.URL.Query().Has("tagging") {
				refuse(w, 403, "AccessDenied")
				return
			}
			pass.ServeHTTP(w, r)
		}, store.ErrRefused, "old"},
	} {
		old := storetest.Put(t, plain, "pointer.json", []byte("old"))
		_, err := open(t, between(t, server, c.handle), s3.Options{}).Rewrite(t.Context(), old, labelled)
		if !errors.Is(err, c.err) {
			t.Errorf("%s: %v", c.what, err)
		}
		if got := storetest.Get(t, plain, "pointer.json"); string(got) != c.now {
			t.Errorf("%s: it holds %q", c.what, got)
		}
	}
}
