package depot_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"

	"filmpress/internal/engine"
	"filmpress/internal/engine/depot"
	"filmpress/internal/engine/local"
	"filmpress/internal/report"
	"filmpress/internal/store"
)

// source is a file's digest.
func source(t *testing.T, path string) string {
	t.Helper()
	f, err := local.Hash(path)
	if err != nil {
		t.Fatal(err)
	}
	return f.SHA256
}

// TestSourceIsWhatWasJudged: bytes that came to lie there after the film was looked at are not sent under its digest, with a key or without.
func TestSourceIsWhatWasJudged(t *testing.T) {
	folder := t.TempDir()
	film, key := filepath.Join(folder, "film.mp4"), filepath.Join(folder, "key")
	identity, err := age.GenerateX25519Identity()
	if err := errors.Join(err, os.WriteFile(film, []byte("judged"), 0o600), os.WriteFile(key, []byte(identity.String()), 0o600)); err != nil {
		t.Fatal(err)
	}
	judged := source(t, film)
	if err := os.WriteFile(film, []byte("a face"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, encrypts := range []bool{false, true} {
		d, place := newDepot(t)
		if encrypts {
			if d.Key, err = depot.ReadKey(key); err != nil {
				t.Fatal(err)
			}
		}
		err := d.SendSource(t.Context(), judged, engine.Source{Path: film}, "one", open(t))
		if _, ok := errors.AsType[*engine.ChangedError](err); !ok {
			t.Errorf("got %v", err)
		}
		if _, err := os.Stat(filepath.Join(place, "sources", judged+".json")); !os.IsNotExist(err) {
			t.Errorf("it is there: %v", err)
		}
		if err := d.SendSource(t.Context(), judged, engine.Source{Path: film, Data: []byte("judged")}, "one", open(t)); err != nil { // as the small ones are held
			t.Fatal(err)
		}
		path, release, err := d.FetchSource(t.Context(), judged, open(t))
		if err != nil {
			t.Fatal(err)
		}
		release()
		if b, _ := os.ReadFile(path); string(b) != "judged" || filepath.Base(path) != "source.mp4" {
			t.Errorf("%s: %q", path, b)
		}
	}
}

// TestSource: the film is there while somebody needs it, in a form that nobody reads without the key.
func TestSource(t *testing.T) {
	d, place := newDepot(t)
	folder := t.TempDir()
	film, key := filepath.Join(folder, "Interview Aizada.MP4"), filepath.Join(folder, "key")
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.WriteFile(film, []byte(strings.Repeat("face ", 100)), 0o600), os.WriteFile(key, []byte(identity.String()), 0o600)); err != nil {
		t.Fatal(err)
	}
	abc, other := source(t, film), filepath.Join(folder, "Aizada 2.mp4")
	if err := os.WriteFile(other, []byte("another face"), 0o600); err != nil {
		t.Fatal(err)
	}
	var told report.Event
	d.Sink = func(e report.Event) { told = e }
	if err := d.SendSource(t.Context(), abc, engine.Source{Path: film}, "one", open(t)); err != nil { // before there was a key
		t.Fatal(err)
	}
	if told.Kind != report.Uploading || told.Done != 500 || told.Total != 500 {
		t.Errorf("of the bytes that were sent it is told %+v", told)
	}
	d.Sink = nil
	if d.Key, err = depot.ReadKey(key); err != nil {
		t.Fatal(err)
	}
	for _, user := range []string{"one", "two"} {
		if err := d.SendSource(t.Context(), abc, engine.Source{Path: film}, user, open(t)); err != nil {
			t.Fatal(err)
		}
	}
	filepath.WalkDir(place, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		if b, _ := os.ReadFile(path); bytes.Contains(b, []byte("face")) || bytes.Contains(b, []byte("Aizada")) || strings.Contains(path, "Aizada") {
			t.Errorf("%s tells of the film", path)
		}
		return nil
	})
	path, release, err := d.FetchSource(t.Context(), abc, open(t))
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	if b, _ := os.ReadFile(path); string(b) != strings.Repeat("face ", 100) || filepath.Base(path) != "source.mp4" {
		t.Errorf("%s: %q", path, b)
	}
	blind := *d
	blind.Key = depot.Key{}
	if _, _, err := blind.FetchSource(t.Context(), abc, open(t)); err == nil || !strings.Contains(err.Error(), "--source-key") {
		t.Errorf("without the key: %v", err)
	}
	if err := blind.SendSource(t.Context(), abc, engine.Source{Path: film}, "one", open(t)); err == nil || !strings.Contains(err.Error(), "--source-key") {
		t.Errorf("a readable film in the place of an encrypted one: %v", err)
	}
	if err := d.SendSource(t.Context(), source(t, other), engine.Source{Path: other}, "two", open(t)); err != nil {
		t.Fatal(err)
	}
	if n, err := d.DropSources(t.Context(), "one"); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	if _, release, err := d.FetchSource(t.Context(), abc, open(t)); err != nil {
		t.Errorf("while one still needs it: %v", err)
	} else {
		release()
	}
	if n, err := d.DropSources(t.Context(), "two"); n != 2 || err != nil {
		t.Fatal(n, err)
	}
	if _, _, err := d.FetchSource(t.Context(), abc, open(t)); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("when nobody needs it: %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(place, "sources", "*")); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
	if err := os.WriteFile(key, []byte("AGE-SECRET-KEY-hunter2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := depot.ReadKey(key); err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("a key that is none: %v", err)
	}
}
