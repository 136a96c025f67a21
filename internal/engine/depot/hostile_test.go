package depot_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filmpress/internal/engine"
	"filmpress/internal/store"
)

// endless is a store whose objects have no end.
type endless struct {
	store.Store
	read *int64
}

func (e endless) Get(ctx context.Context, name string) (io.ReadCloser, store.Object, error) {
	body, o, err := e.Store.Get(ctx, name)
	if err != nil || strings.HasSuffix(name, ".json") {
		return body, o, err
	}
	body.Close()
	return io.NopCloser(zeros{e.read}), o, nil
}

type zeros struct{ read *int64 }

func (z zeros) Read(b []byte) (int, error) {
	if *z.read += int64(len(b)); *z.read > 64<<20 {
		return 0, errors.New("far too much was read")
	}
	return len(b), nil
}

// TestHostileRecords: who can write small objects in the depot writes no file elsewhere on a worker, fills no disk, and has nothing removed.
func TestHostileRecords(t *testing.T) {
	d, place := newDepot(t)
	film := filepath.Join(t.TempDir(), "film.mp4")
	if err := os.WriteFile(film, []byte("film"), 0o600); err != nil {
		t.Fatal(err)
	}
	right := source(t, film)
	if err := d.SendSource(t.Context(), right, engine.Source{Path: film}, "one", open(t)); err != nil {
		t.Fatal(err)
	}
	record := filepath.Join(place, "sources", right+".json")
	honest, err := os.ReadFile(record)
	if err != nil {
		t.Fatal(err)
	}
	write := func(path, text string) {
		t.Helper()
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	for name, change := range map[string]func(string) string{
		"outside":        func(s string) string { return strings.Replace(s, "source.mp4", "../../../evil.desktop", 1) },
		"absolute":       func(s string) string { return strings.Replace(s, "source.mp4", "/tmp/evil", 1) },
		"another name":   func(s string) string { return strings.Replace(s, "source.mp4", ".bashrc", 1) },
		"two files":      func(s string) string { return strings.Replace(s, `"files":[`, `"files":[{"path":"source"},`, 1) },
		"other bytes":    func(s string) string { return strings.Replace(s, `"sha256":"`+right[:4], `"sha256":"0000`, 1) },
		"another object": func(s string) string { return strings.Replace(s, `"object":"sources/`+right, `"object":"results/x`, 1) },
	} {
		write(record, change(string(honest)))
		kept := open(t)
		if _, _, err := d.FetchSource(t.Context(), right, kept); !errors.Is(err, store.ErrDamaged) {
			t.Errorf("%s: %v", name, err)
		}
		filepath.WalkDir(filepath.Dir(kept.Dir()), func(path string, e os.DirEntry, err error) error {
			if strings.Contains(path, "evil") || strings.Contains(path, ".bashrc") {
				t.Errorf("%s: %s was written", name, path)
			}
			return err
		})
	}
	write(record, string(honest))
	var read int64
	e := *d
	e.Store = endless{d.Store, &read}
	if _, _, err := e.FetchSource(t.Context(), right, open(t)); !errors.Is(err, store.ErrDamaged) {
		t.Errorf("an object without an end: %v, after %d bytes", err, read)
	}
	write(filepath.Join(place, "results", digest+".json"), `{"files":[{"path":"a","size":1,"sha256":"x","md5":"y"}],"object":"sources/`+right+`/`+right+`"}`)
	if _, _, err := d.Fetch(t.Context(), digest, open(t)); !errors.Is(err, store.ErrDamaged) {
		t.Errorf("a result that names another object: %v", err)
	}
	if _, release, err := d.FetchSource(t.Context(), right, open(t)); err != nil {
		t.Errorf("what it named is gone: %v", err)
	} else {
		release()
	}
}
