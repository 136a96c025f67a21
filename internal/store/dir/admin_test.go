package dir

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"filmpress/internal/store"
	"filmpress/internal/store/storetest"
)

// TestLeftovers: the file aside of a killed writer is told and can be removed; that of a living one is left alone.
func TestLeftovers(t *testing.T) {
	folder := t.TempDir()
	st := folderAt(t, folder)
	storetest.Put(t, st, "a.txt", []byte("1")) // the sweep of the first write is over
	dead, begun := filepath.Join(folder, tempName+"DEAD"), time.Unix(1_700_000_000, 0)
	if err := errors.Join(os.WriteFile(dead, []byte("half a film"), 0o644), os.Chtimes(dead, begun, begun), os.WriteFile(filepath.Join(folder, lockName+"x"), nil, 0o644)); err != nil {
		t.Fatal(err)
	}
	reading, going := make(chan struct{}), make(chan struct{})
	done := make(chan error)
	go func() {
		_, err := st.Put(t.Context(), "b.txt", store.Body{Size: 1, Open: func() (io.ReadSeekCloser, error) {
			close(reading)
			<-going
			return store.Bytes([]byte("2")).Open()
		}}, storetest.Meta("b.txt", []byte("2")), store.If{})
		done <- err
	}()
	<-reading
	var found []store.Upload
	for u, err := range st.Uploads(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, u)
	}
	if len(found) != 1 || found[0].Name != tempName+"DEAD" || !found[0].Begun.Equal(begun) {
		t.Errorf("found %+v", found)
	}
	entries, err := filepath.Glob(filepath.Join(folder, tempName+"*"))
	if err != nil || len(entries) != 2 {
		t.Fatalf("%q, %v", entries, err)
	}
	for _, path := range entries {
		if err := st.Abort(t.Context(), store.Upload{Name: filepath.Base(path), ID: filepath.Base(path)}); err != nil {
			t.Error(err)
		}
	}
	close(going)
	if err := <-done; err != nil {
		t.Errorf("the living writer: %v", err)
	}
	if _, err := os.Stat(dead); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the dead one's file: %v", err)
	}
	if got := storetest.Get(t, st, "b.txt"); string(got) != "2" {
		t.Errorf("b.txt holds %q", got)
	}
}

// TestCopyIsItsOwn: a copy shares nothing with its source, and a large source that is written meanwhile is noticed.
func TestCopyIsItsOwn(t *testing.T) {
	src, dst := folderAt(t, t.TempDir()), folderAt(t, t.TempDir())
	b := storetest.Noise(1, small+1)
	storetest.Put(t, src, "a.bin", b)
	old, err := src.Stat(t.Context(), "a.bin")
	if err != nil {
		t.Fatal(err)
	}
	copied, err := dst.Copy(t.Context(), src, old, "b.bin", store.Meta{})
	if err != nil || copied.SHA256 != digest(b) {
		t.Fatalf("%+v, %v", copied, err)
	}
	f, err := os.OpenFile(src.URL("a.bin"), os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt([]byte("other"), 10); err != nil {
		t.Fatal(err)
	}
	f.Close()
	if got := storetest.Get(t, dst, "b.bin"); digest(got) != digest(b) {
		t.Error("the copy changed with its source")
	}
	if _, err := dst.Copy(t.Context(), src, old, "c.bin", store.Meta{}); !errors.Is(err, store.ErrPrecondition) {
		t.Errorf("an old ETag: %v", err)
	}
	r, now, err := src.Get(t.Context(), "a.bin")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	o := &original{ReadCloser: r, from: src, was: now}
	if _, err := io.CopyN(io.Discard, o, 100); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(src.URL("a.bin"), time.Time{}, time.Unix(1, 0)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, struct{ io.Reader }{o}); !errors.Is(err, store.ErrPrecondition) {
		t.Errorf("written in the middle: %v", err)
	}
}

func TestInjectedClock(t *testing.T) {
	st := folderAt(t, t.TempDir())
	st.Clock = func() time.Time { return time.Date(2026, 11, 2, 3, 4, 5, 6, time.FixedZone("", 3600)) }
	if now, err := st.Now(t.Context()); err != nil || !now.Equal(time.Date(2026, 11, 2, 2, 4, 5, 0, time.UTC)) || now.Location() != time.UTC {
		t.Errorf("%v, %v", now, err)
	}
}

func folderAt(t *testing.T, path string) *Store {
	t.Helper()
	st, err := New(path)
	if err != nil {
		t.Fatal(err)
	}
	return st
}
