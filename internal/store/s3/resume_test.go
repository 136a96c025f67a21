package s3_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"filmpress/internal/store"
	"filmpress/internal/store/s3"
	"filmpress/internal/store/storetest"
	"filmpress/internal/store/storetest/faults"
	"filmpress/internal/store/storetest/s3server"
)

// line is a proxy whose mood can change; an upload is remembered with its server's address.
type line struct {
	s3server.Server
	folder string       // of records
	parts  atomic.Int32 // that were sent
	mood   atomic.Pointer[func(*http.Request) faults.Fault]
}

func newLine(t *testing.T, server s3server.Server) *line {
	l := &line{folder: t.TempDir()}
	l.Server = faults.Between(t, server, func(r *http.Request) faults.Fault {
		if mood := l.mood.Load(); mood != nil {
			return (*mood)(r)
		}
		if r.Method == http.MethodPut && r.URL.Query().Has("partNumber") {
			l.parts.Add(1)
		}
		return nil
	})
	return l
}

// be changes what happens to requests; nil is nothing.
func (l *line) be(mood func(*http.Request) faults.Fault) {
	l.parts.Store(0)
	if mood == nil {
		l.mood.Store(nil)
		return
	}
	l.mood.Store(&mood)
}

func (l *line) open(t *testing.T) *s3.Store {
	return open(t, l.Server, s3.Options{Uploads: l.folder, Part: storetest.Part})
}

// interrupted puts a large object and is stopped after three parts.
func (l *line) interrupted(t *testing.T, large []byte, cond store.If) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var n atomic.Int32
	l.be(func(r *http.Request) faults.Fault {
		if r.Method != http.MethodPut || !r.URL.Query().Has("partNumber") {
			return nil
		}
		return func(w http.ResponseWriter, r *http.Request, pass http.Handler) {
			if n.Add(1) <= 3 {
				pass.ServeHTTP(w, r)
				return
			}
			for entries := []os.DirEntry{}; ; entries, _ = os.ReadDir(l.folder) { // until the first three are remembered
				if len(entries) == 1 {
					if b, err := os.ReadFile(filepath.Join(l.folder, entries[0].Name())); err == nil && strings.Count(string(b), "etag") == 3 {
						break
					}
				}
				time.Sleep(10 * time.Millisecond)
			}
			cancel()
			panic(http.ErrAbortHandler)
		}
	})
	_, err := l.open(t).Put(ctx, "film.mp4", store.Bytes(large), storetest.Meta("film.mp4", large), cond)
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	l.be(nil)
}

// TestResume: what an interrupted run sent is not sent again, whatever the condition; the object is whole and has its metadata.
func TestResume(t *testing.T) {
	server := s3server.Start(t)
	large := storetest.Noise(5, 6*storetest.Part+storetest.Part/4) // seven parts
	for _, cond := range []store.If{{}, {Absent: true}} {
		l := newLine(t, server)
		l.interrupted(t, large, cond)
		st := l.open(t)
		var arrived atomic.Int64
		body := store.Bytes(large)
		body.Sent = func(n int64) { arrived.Add(n) }
		obj, err := st.Put(t.Context(), "film.mp4", body, storetest.Meta("film.mp4", large), cond)
		if err != nil {
			t.Fatal(err)
		}
		// Four are missing. On a machine with too much to do one of them may be sent twice; what was remembered is not.
		if n := l.parts.Load(); n < 4 || n > 5 || arrived.Load() != int64(len(large)) {
			t.Errorf("%d parts were sent again, %d bytes arrived", n, arrived.Load())
		}
		if !bytes.Equal(storetest.Get(t, st, "film.mp4"), large) {
			t.Error("the bytes differ")
		}
		if now, err := st.Stat(t.Context(), "film.mp4"); err != nil || now.SHA256 != storetest.Meta("", large).SHA256 || now.ETag != obj.ETag || now.Type != "video/mp4" {
			t.Errorf("Put says %+v, Stat %+v, %v", obj, now, err)
		}
		nothingLeft(t, server, l.folder)
		if err := st.Delete(t.Context(), "film.mp4"); err != nil {
			t.Fatal(err)
		}
	}
}

const fiveParts = 4*storetest.Part + storetest.Part/3

// TestResumeOther: other bytes under the same name, an upload that was given up, a record that was cut, and no right to ask: the
// object is sent as if there were nothing.
func TestResumeOther(t *testing.T) {
	server := s3server.Start(t)
	large := storetest.Noise(6, fiveParts)
	other := bytes.Clone(large)
	other[4*storetest.Part-1000]++ // the first three parts are the same
	for _, c := range []struct {
		what    string
		bytes   []byte
		between func(t *testing.T, l *line)
	}{
		{"other bytes", other, func(*testing.T, *line) {}},
		{"given up", large, func(t *testing.T, _ *line) { giveUp(t, server) }},
		{"cut record", large, func(t *testing.T, l *line) { cutRecord(t, l.folder) }},
		{"nobody can be asked", large, func(_ *testing.T, l *line) {
			l.be(func(r *http.Request) faults.Fault {
				if r.Method == http.MethodGet && r.URL.Query().Has("uploadId") {
					return faults.Answer(400, "NotImplemented")
				}
				return nil
			})
		}},
		{"no right to ask", large, func(_ *testing.T, l *line) {
			l.be(func(r *http.Request) faults.Fault {
				if r.Method == http.MethodGet && r.URL.Query().Has("uploadId") {
					return faults.Answer(403, "AccessDenied")
				}
				return nil
			})
		}},
	} {
		t.Run(c.what, func(t *testing.T) {
			l := newLine(t, server)
			l.interrupted(t, large, store.If{})
			c.between(t, l)
			st := l.open(t)
			storetest.Put(t, st, "film.mp4", c.bytes)
			if now, err := st.Stat(t.Context(), "film.mp4"); err != nil || now.SHA256 != storetest.Meta("", c.bytes).SHA256 {
				t.Errorf("Stat: %+v, %v", now, err)
			}
			if !bytes.Equal(storetest.Get(t, st, "film.mp4"), c.bytes) {
				t.Error("the bytes differ")
			}
			giveUp(t, server)
		})
	}
}

// TestResumeUnreachable: the record stays for the run after the next.
func TestResumeUnreachable(t *testing.T) {
	server := s3server.Start(t)
	large := storetest.Noise(6, fiveParts)
	l := newLine(t, server)
	l.interrupted(t, large, store.If{})
	l.be(func(*http.Request) faults.Fault { return faults.Reset })
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if _, err := l.open(t).Put(ctx, "film.mp4", store.Bytes(large), storetest.Meta("film.mp4", large), store.If{}); err == nil {
		t.Fatal("it was stored through a broken line")
	}
	l.be(nil)
	storetest.Put(t, l.open(t), "film.mp4", large)
	if n := l.parts.Load(); n != 2 {
		t.Errorf("%d parts were sent again", n)
	}
	nothingLeft(t, server, l.folder)
}

func nothingLeft(t *testing.T, server s3server.Server, folder string) {
	t.Helper()
	out, err := server.Client().ListMultipartUploads(t.Context(), listUploads(server))
	if err != nil || len(out.Uploads) != 0 {
		t.Errorf("uploads left: %v, %v", out, err)
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) != 0 {
		t.Errorf("records left: %v, %v", left, err)
	}
}

func giveUp(t *testing.T, server s3server.Server) {
	t.Helper()
	out, err := server.Client().ListMultipartUploads(t.Context(), listUploads(server))
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range out.Uploads {
		if _, err := server.Client().AbortMultipartUpload(t.Context(), abortUpload(server, *u.Key, *u.UploadId)); err != nil {
			t.Fatal(err)
		}
	}
}

func cutRecord(t *testing.T, folder string) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil || len(entries) != 1 {
		t.Fatalf("records: %v, %v", entries, err)
	}
	name := folder + "/" + entries[0].Name()
	info, err := os.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(name, info.Size()-9); err != nil {
		t.Fatal(err)
	}
}

// TestMangled: bytes that change on the way are sent again; where they always change, that is said, and it is not called our damage.
func TestMangled(t *testing.T) {
	server := s3server.Start(t)
	small, large := storetest.Noise(8, 1000), storetest.Noise(8, storetest.Part+storetest.Part/4)
	for _, b := range [][]byte{small, large} {
		var n atomic.Int32
		sometimes := faults.Between(t, server, func(r *http.Request) faults.Fault {
			if r.Method == http.MethodPut && n.Add(1)%2 == 1 {
				return faults.MangleUpload
			}
			return nil
		})
		st := open(t, sometimes, s3.Options{Part: storetest.Part})
		storetest.Put(t, st, "a", b)
		if !bytes.Equal(storetest.Get(t, st, "a"), b) {
			t.Error("wrong bytes were stored")
		}
		always := faults.Between(t, server, func(r *http.Request) faults.Fault {
			if r.Method == http.MethodPut {
				return faults.MangleUpload
			}
			return nil
		})
		_, err := open(t, always, s3.Options{Part: storetest.Part}).Put(t.Context(), "b", store.Bytes(b), storetest.Meta("", b), store.If{})
		if !errors.Is(err, store.ErrUnreachable) || errors.Is(err, store.ErrDamaged) || !strings.Contains(err.Error(), "on the way") {
			t.Errorf("%d bytes: %v", len(b), err)
		}
	}
	if names := storetest.Names(t, open(t, server, s3.Options{}), "b"); len(names) != 0 {
		t.Errorf("stored: %q", names)
	}
}

// TestRepeated: a proxy that repeats a conditional write, and gives the refusal of the second one, does not make it a conflict.
func TestRepeated(t *testing.T) {
	server := s3server.Start(t)
	st := open(t, faults.Between(t, server, func(r *http.Request) faults.Fault {
		if r.Method == http.MethodPut {
			return faults.Repeat
		}
		return nil
	}), s3.Options{})
	b := []byte("pointer")
	obj, err := st.Put(t.Context(), "pointer.json", store.Bytes(b), storetest.Meta("", b), store.If{Absent: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := st.Put(t.Context(), "pointer.json", store.Bytes(b), storetest.Meta("", b), store.If{Absent: true}); !errors.Is(err, store.ErrPrecondition) {
		t.Errorf("a real conflict: %v", err)
	}
	next := []byte("next")
	if _, err := st.Put(t.Context(), "pointer.json", store.Bytes(next), storetest.Meta("", next), store.If{ETag: obj.ETag}); err != nil {
		t.Error(err)
	}
}

// TestSilence: a server that neither answers nor reads, and an answer that stops in its middle, are given up.
func TestSilence(t *testing.T) {
	server := s3server.Start(t)
	large := storetest.Noise(9, 12<<20)
	storetest.Put(t, open(t, server, s3.Options{}), "a", large)
	ended := make(chan struct{})
	var puts atomic.Int32
	silent := faults.Between(t, server, func(r *http.Request) faults.Fault {
		return func(w http.ResponseWriter, r *http.Request, pass http.Handler) {
			if r.Method == http.MethodPut {
				puts.Add(1)
			}
			if r.Method == http.MethodGet {
				w.Header().Set("Content-Length", "100")
				w.Header().Set("ETag", `"0123"`) // as every S3 server tells it
				w.Write([]byte("<"))
				http.NewResponseController(w).Flush()
			}
			select {
			case <-ended:
			case <-r.Context().Done():
			}
		}
	})
	t.Cleanup(func() { close(ended) }) // before the proxy's own, which waits for its handlers
	st := open(t, silent, s3.Options{Patience: 200 * time.Millisecond})
	began := time.Now()
	r, _, err := st.Get(t.Context(), "a")
	if err == nil {
		_, err = io.ReadAll(r)
		r.Close()
	}
	if !errors.Is(err, store.ErrUnreachable) || !strings.Contains(err.Error(), "in time") {
		t.Errorf("Get: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second) // the SDK tries on: that is how it shows that the first try was given up
	defer cancel()
	if _, err := st.Put(ctx, "b", store.Bytes(large), storetest.Meta("", large), store.If{}); err == nil || puts.Load() < 2 {
		t.Errorf("Put: %v, after %d tries", err, puts.Load())
	}
	if took := time.Since(began); took > time.Minute {
		t.Errorf("it took %v", took)
	}
}
