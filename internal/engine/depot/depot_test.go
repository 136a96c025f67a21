package depot_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filmpress/internal/engine"
	"filmpress/internal/engine/depot"
	"filmpress/internal/engine/local"
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
