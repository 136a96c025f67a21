package s3_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/s3"

	"filmpress/internal/store"
	"filmpress/internal/store/s3"
	"filmpress/internal/store/storetest"
	"filmpress/internal/store/storetest/s3server"
)

// undigested is a body of which nobody has taken the digest.
func undigested(b []byte) store.Body {
	body := store.Bytes(b)
	body.Undigested = true
	return body
}

// TestPartDigests: parts go under a CRC-32 where the server compares it, and under their SHA-256 where it does not know it or passes over it. A
// part that arrives changed is sent again.
func TestPartDigests(t *testing.T) {
	server := s3server.Start(t)
	b := storetest.Noise(3, 2*storetest.Part+storetest.Part/2)
	for _, c := range []struct {
		what     string
		refuse   bool // CRCs
		ignore   bool // CRCs: the wrong one is taken
		mangle   bool // the first part
		unsigned bool
	}{{"compares", false, false, false, true}, {"does not know", true, false, false, false}, {"ignores", false, true, false, false}, {"changes bytes", false, false, true, true}} {
		var mu sync.Mutex
		var payloads []string
		mangled := false
		between := between(t, server, func(w http.ResponseWriter, r *http.Request, pass http.Handler) {
			crc := r.Header.Get("X-Amz-Checksum-Crc32") != ""
			part := r.URL.Query().Get("partNumber") != ""
			mu.Lock()
			if part {
				payloads = append(payloads, r.Header.Get("X-Amz-Content-Sha256"))
			}
			first := part && c.mangle && !mangled
			mangled = mangled || first
			mu.Unlock()
			switch {
			case crc && c.refuse:
				io.Copy(io.Discard, r.Body)
				refuse(w, http.StatusNotImplemented, "NotImplemented")
				return
			case crc && c.ignore && !part:
				io.Copy(io.Discard, r.Body)
				w.Header().Set("ETag", `"00000000000000000000000000000000"`)
				return
			case first:
				whole, _ := io.ReadAll(r.Body)
				whole[100] ^= 1
				r.Body = io.NopCloser(bytes.NewReader(whole))
			}
			pass.ServeHTTP(w, r)
		})
		st := open(t, between, s3.Options{Prefix: c.what, Part: storetest.Part})
		put, err := st.Put(t.Context(), "film.mp4", undigested(b), store.Meta{Type: "video/mp4"}, store.If{})
		want := storetest.Meta("", b).SHA256
		if err != nil || put.SHA256 != want {
			t.Errorf("%s: %+v, %v", c.what, put, err)
			continue
		}
		if now, err := st.Stat(t.Context(), "film.mp4"); err != nil || now.SHA256 != want || !bytes.Equal(storetest.Get(t, st, "film.mp4"), b) {
			t.Errorf("%s: %+v, %v", c.what, now, err)
		}
		parts := 3
		if c.mangle {
			parts++
		}
		if len(payloads) != parts || slices.Contains(payloads, "UNSIGNED-PAYLOAD") != c.unsigned {
			t.Errorf("%s: %q", c.what, payloads)
		}
		if names := storetest.Names(t, st, ""); !slices.Equal(names, []string{"film.mp4"}) {
			t.Errorf("%s: left behind: %q", c.what, names)
		}
	}
}

// TestGetFrom: bytes from an offset on, of that version alone.
func TestGetFrom(t *testing.T) {
	st := open(t, s3server.Start(t), s3.Options{Prefix: "x"})
	obj := storetest.Put(t, st, "a b+c.ts", []byte("0123456789"))
	for off, want := range map[int64]string{0: "0123456789", 4: "456789", 9: "9"} {
		r, err := st.GetFrom(t.Context(), obj, off)
		if err != nil {
			t.Fatal(err)
		}
		if b, err := io.ReadAll(r); err != nil || string(b) != want {
			t.Errorf("%d: %q, %v", off, b, err)
		}
		r.Close()
	}
	storetest.Put(t, st, "a b+c.ts", []byte("other bytes"))
	if _, err := st.GetFrom(t.Context(), obj, 4); !errors.Is(err, store.ErrPrecondition) {
		t.Errorf("of another version: %v", err)
	}
	if _, err := st.GetFrom(t.Context(), store.Object{Name: "none", Size: 10, ETag: "x"}, 1); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("of none: %v", err)
	}
}

// TestPacing: all that goes over the network is counted, both ways, and an end of the wait ends the request.
func TestPacing(t *testing.T) {
	server := s3server.Start(t)
	var n atomic.Int64
	st := open(t, server, s3.Options{Prefix: "x", Pace: func(ctx context.Context, k int) error { n.Add(int64(k)); return ctx.Err() }})
	b := storetest.Noise(1, 1<<20)
	storetest.Put(t, st, "a.ts", b)
	if up := n.Load(); up < 1<<20 || up > 1<<20+4096 {
		t.Errorf("%d bytes were counted on the way up", up)
	}
	n.Store(0)
	if !bytes.Equal(storetest.Get(t, st, "a.ts"), b) || n.Load() < 1<<20 {
		t.Errorf("%d bytes were counted on the way down", n.Load())
	}
	stop := errors.New("stop")
	st = open(t, server, s3.Options{Prefix: "x", Pace: func(context.Context, int) error { return stop }})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := st.Put(ctx, "b.ts", store.Bytes(b), storetest.Meta("", b), store.If{}); err == nil {
		t.Error("it was sent without a turn")
	}
}

// TestStrangeKeys: what List passes over is told.
func TestStrangeKeys(t *testing.T) {
	server := s3server.Start(t)
	var strange []string
	st := open(t, server, s3.Options{Prefix: "x", Strange: func(key string, _ int64) { strange = append(strange, key) }})
	storetest.Put(t, st, "ok.ts", nil)
	for _, key := range []string{"x/folder/"} {
		if _, err := server.Client().PutObject(t.Context(), &sdk.PutObjectInput{Bucket: &server.Bucket, Key: aws.String(key), Body: strings.NewReader("")}); err != nil {
			t.Fatal(err)
		}
	}
	if names := storetest.Names(t, st, ""); !slices.Equal(names, []string{"ok.ts"}) || !slices.Equal(strange, []string{"folder/"}) {
		t.Errorf("%q, strange %q", names, strange)
	}
}
