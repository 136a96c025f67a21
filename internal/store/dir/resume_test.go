package dir_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filmpress/internal/store"
	"filmpress/internal/store/storetest"
)

// counted is a body that counts what is read of it, and ends the context after some of it.
type counted struct {
	io.ReadSeeker
	read, most int
	stop       func()
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.ReadSeeker.Read(p)
	if c.read += n; c.read >= c.most {
		c.stop()
	}
	return n, err
}

func (*counted) Close() error { return nil }

// TestGoOn: a large object whose writing was broken off is gone on with; only what is missing is read again, and what was left behind wrongly is noticed.
func TestGoOn(t *testing.T) {
	folder := t.TempDir()
	b := storetest.Noise(1, 40<<20)
	st := at(t, folder)
	ctx, cancel := context.WithCancel(t.Context())
	src := &counted{ReadSeeker: reader(b), most: 25 << 20, stop: cancel}
	body := store.Body{Size: int64(len(b)), Open: func() (io.ReadSeekCloser, error) { return src, nil }}
	if _, err := st.Put(ctx, "a/film.mp4", body, storetest.Meta("", b), store.If{}); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if names := storetest.Names(t, st, ""); len(names) > 0 {
		t.Fatalf("a part is visible: %q", names)
	}
	storetest.Put(t, at(t, folder), "other", nil) // the next writer's sweep leaves it
	src = &counted{ReadSeeker: reader(b), most: 1 << 40}
	var arrived int64
	body.Sent = func(n int64) { arrived += n }
	if _, err := at(t, folder).Put(t.Context(), "a/film.mp4", body, storetest.Meta("", b), store.If{}); err != nil {
		t.Fatal(err)
	}
	if src.read > 16<<20 || arrived != int64(len(b)) {
		t.Errorf("%d bytes were read again, %d arrived", src.read, arrived)
	}
	if got := storetest.Get(t, st, "a/film.mp4"); string(got) != string(b) {
		t.Error("it holds other bytes")
	}
	left(t, folder)

	// Wrong bytes, and too many of them.
	for _, wrong := range [][]byte{make([]byte, 20<<20), make([]byte, 41<<20)} {
		begun := filepath.Join(folder, ".filmpress-put-begun-"+storetest.Meta("", b).SHA256)
		if err := os.WriteFile(begun, wrong, 0o644); err != nil {
			t.Fatal(err)
		}
		put := func() error {
			_, err := st.Put(t.Context(), "again.mp4", store.Bytes(b), storetest.Meta("", b), store.If{})
			return err
		}
		if err := put(); len(wrong) < len(b) && !errors.Is(err, store.ErrDamaged) || len(wrong) > len(b) && err != nil {
			t.Errorf("%v", err)
		}
		if err := put(); err != nil {
			t.Error(err)
		}
		left(t, folder)
	}

	// What nobody came back to goes.
	begun := filepath.Join(folder, ".filmpress-put-begun-"+strings.Repeat("0", 64))
	old := time.Now().Add(-8 * 24 * time.Hour)
	if err := errors.Join(os.WriteFile(begun, b, 0o644), os.Chtimes(begun, old, old)); err != nil {
		t.Fatal(err)
	}
	storetest.Put(t, at(t, folder), "other", nil)
	left(t, folder)
}

func reader(b []byte) io.ReadSeeker {
	r, err := store.Bytes(b).Open()
	if err != nil {
		panic(err)
	}
	return r
}

// left wants no files aside in a folder.
func left(t *testing.T, folder string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, ".filmpress-put-*"))
	if err != nil || len(files) > 0 {
		t.Errorf("left behind: %q, %v", files, err)
	}
}
