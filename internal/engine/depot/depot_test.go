package depot_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
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
	"filmpress/internal/store/dir"
)

const digest = "00112233445566778899aabbccddeeff"

func open(t *testing.T) *local.Kept {
	t.Helper()
	k, err := local.OpenKept(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func newDepot(t *testing.T) (*depot.Depot, string) {
	t.Helper()
	place := t.TempDir()
	st, err := dir.New(place)
	if err != nil {
		t.Fatal(err)
	}
	return &depot.Depot{Store: st, Facts: "facts.json"}, place
}

// make keeps a result.
func keep(t *testing.T, k *local.Kept, digest string, files map[string]string) engine.Result {
	t.Helper()
	work, release, err := k.Work()
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	for name, text := range files {
		path := filepath.Join(work, "out", name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	r, err := k.Keep(t.Context(), digest, filepath.Join(work, "out"))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestThereAndBack: what one machine sends another fetches, byte for byte; what was damaged on the way is noticed, and forgotten.
func TestThereAndBack(t *testing.T) {
	d, place := newDepot(t)
	ours, theirs := open(t), open(t)
	if _, ok, err := d.Look(t.Context(), digest); ok || err != nil {
		t.Fatal(ok, err)
	}
	if _, _, err := d.Fetch(t.Context(), digest, theirs); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("what is not there: %v", err)
	}
	r := keep(t, ours, digest, map[string]string{"facts.json": `{"a":1}`, "v0/00000.m4s": strings.Repeat("segment", 1000), "v0/init.mp4": "init"})
	for range 2 { // the second finds it there
		if err := d.Send(t.Context(), r, ours); err != nil {
			t.Fatal(err)
		}
	}
	facts := t.TempDir()
	if err := d.FetchFacts(t.Context(), digest, facts); err != nil {
		t.Fatal(err)
	}
	if b, _ := os.ReadFile(filepath.Join(facts, "facts.json")); string(b) != `{"a":1}` {
		t.Errorf("facts: %q", b)
	}
	got, release, err := d.Fetch(t.Context(), digest, theirs)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Files) != 3 || !theirs.Whole(got) {
		t.Errorf("got %+v", got)
	}
	if err := theirs.Trim(0); err != nil {
		t.Fatal(err)
	}
	if _, ok := theirs.Look(digest); !ok {
		t.Error("what is in use was removed")
	}
	release()
	if err := theirs.Trim(0); err != nil {
		t.Fatal(err)
	}
	if _, ok := theirs.Look(digest); ok {
		t.Error("what is not in use stayed")
	}

	object, _ := filepath.Glob(filepath.Join(place, "results", digest, "*.tar"))
	b, err := os.ReadFile(object[0])
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(b, []byte("segment"))
	b[at] ^= 1
	if err := os.WriteFile(object[0], b, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, _, err := d.Fetch(t.Context(), digest, theirs); !errors.Is(err, store.ErrDamaged) || !strings.HasSuffix(err.Error(), "; it is forgotten there: publish the film again, which makes it anew") {
		t.Errorf("a damaged result: %v", err)
	}
	if _, ok, err := d.Look(t.Context(), digest); ok || err != nil {
		t.Errorf("it is still there: %v", err)
	}
	if _, ok := theirs.Look(digest); ok {
		t.Error("it is kept here")
	}

	// A bucket's own rules may take the files and leave the record: the next publish makes it anew.
	lose := func() {
		t.Helper()
		if err := errors.Join(d.Send(t.Context(), r, ours), os.Remove(object[0])); err != nil {
			t.Fatal(err)
		}
	}
	for name, meet := range map[string]func() error{
		"fetched": func() error {
			_, _, err := d.Fetch(t.Context(), digest, theirs)
			if !errors.Is(err, store.ErrNotFound) || !strings.HasSuffix(err.Error(), "is gone from there; publish the film again, which makes it anew") {
				return err
			}
			return nil
		},
		"looked for": func() error {
			if ok, err := d.Has(t.Context(), digest); ok || err != nil {
				return fmt.Errorf("it is there: %v, %v", ok, err)
			}
			return nil
		},
	} {
		lose()
		if err := meet(); err != nil {
			t.Errorf("a record without files, %s: %v", name, err)
		}
		if _, ok, err := d.Look(t.Context(), digest); ok || err != nil {
			t.Errorf("%s: the record is still there: %v", name, err)
		}
	}
	if err := d.Send(t.Context(), r, ours); err != nil {
		t.Fatal(err)
	}
	if ok, err := d.Has(t.Context(), digest); !ok || err != nil {
		t.Errorf("what was made anew is not there: %v", err)
	}
}

// TestTrim: what was not used for the longest time goes first.
func TestTrim(t *testing.T) {
	k := open(t)
	for _, name := range []string{"aa", "bb", "cc"} {
		keep(t, k, name, map[string]string{"f": strings.Repeat("x", 100)})
	}
	_, release, ok := k.Use(t.Context(), "aa")
	if !ok {
		t.Fatal("not there")
	}
	release()
	if err := k.Trim(250); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{"aa": true, "bb": false, "cc": true} {
		if _, ok := k.Look(name); ok != want {
			t.Errorf("%s: kept is %v", name, ok)
		}
	}
}

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

// TestDamagedIsNotSent: a result that its disk has lost some of is not sent: who fetches it would only find that out.
func TestDamagedIsNotSent(t *testing.T) {
	d, _ := newDepot(t)
	ours := open(t)
	r := keep(t, ours, digest, map[string]string{"facts.json": "{}", "v0/00000.m4s": "segment"})
	if err := os.WriteFile(filepath.Join(r.Dir, "v0", "00000.m4s"), []byte("segmunt"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := d.Send(t.Context(), r, ours); !errors.Is(err, store.ErrDamaged) {
		t.Errorf("got %v", err)
	}
	if _, ok, err := d.Look(t.Context(), digest); ok || err != nil {
		t.Errorf("it is there: %v", err)
	}
}

// TestPlace: where a publish goes to is told by its digest alone.
func TestPlace(t *testing.T) {
	d, place := newDepot(t)
	name, err := d.SavePlace(t.Context(), "/home/anna/films-osh")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := d.Place(t.Context(), name); err != nil || got != "/home/anna/films-osh" || strings.Contains(name, "anna") {
		t.Errorf("%s: %q, %v", name, got, err)
	}
	if err := os.WriteFile(filepath.Join(place, "places", name+".json"), []byte(`"/srv/elsewhere"`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Place(t.Context(), name); !errors.Is(err, store.ErrDamaged) {
		t.Errorf("another place under that name: %v", err)
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
