package release_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"filmpress/internal/release"
	"filmpress/internal/release/releasetest"
	"filmpress/internal/report"
	"filmpress/internal/store"
	"filmpress/internal/store/storetest"
	"filmpress/internal/store/storetest/s3server"
)

func rollback(ctx context.Context, st store.Store, to string) (release.Rolled, error) {
	return release.Rollback(ctx, st, releasetest.Slug, release.RollbackOptions{To: to, Workers: 1}, report.Discard)
}

func leadsAll(t testing.TB, st store.Store, version string) {
	t.Helper()
	if err := releasetest.Whole(t.Context(), st, version); err != nil {
		t.Errorf("not %q: %v", version, err)
	}
}

// TestRollback goes back and forth, in a folder and in a bucket with an address of its own for viewers. What it leaves is
// what a publish leaves: publishing the same then sends nothing.
func TestRollback(t *testing.T) {
	server := s3server.Start(t)
	for name, st := range map[string]store.Store{"folder": folder(t), "bucket": bucket(t, server, "library & more")} {
		t.Run(name, func(t *testing.T) {
			one, two := releasetest.MustPublish(t, st, "one"), releasetest.MustPublish(t, st, "two")
			if r, err := release.Rollback(t.Context(), st, releasetest.Slug, release.RollbackOptions{DryRun: true}, report.Discard); err != nil || r.To != one.Release {
				t.Errorf("dry run: %+v, %v", r, err)
			}
			leadsAll(t, st, "two")
			r, err := rollback(t.Context(), st, "")
			if err != nil || r.From != two.Release || r.To != one.Release || r.Sequence != 3 || r.Objects != 9 || r.Written != 4 || r.About.Title != "The Lake" {
				t.Errorf("back: %+v, %v", r, err)
			}
			leadsAll(t, st, "one")
			if again := releasetest.MustPublish(t, st, "one"); again.Uploaded != 0 || again.Sequence != 3 {
				t.Errorf("publishing the same after it: %+v", again)
			}
			if r, err := rollback(t.Context(), st, ""); err != nil || r.To != two.Release {
				t.Errorf("forth: %+v, %v", r, err)
			}
			leadsAll(t, st, "two")
			if r, err := rollback(t.Context(), st, one.Release[:8]); err != nil || r.To != one.Release {
				t.Errorf("by its first digits: %+v, %v", r, err)
			}
			if r, err := rollback(t.Context(), st, one.Release); err != nil || r.Written != 0 || r.Sequence != 5 {
				t.Errorf("where it is already: %+v, %v", r, err)
			}
			for _, to := range []string{"0000000000000000dead", "dead", "xyz", "12", "../../other", strings.Repeat("a", 64)} {
				if _, err := rollback(t.Context(), st, to); !errors.Is(err, release.ErrNoRelease) {
					t.Errorf("%q: %v", to, err)
				}
			}
			if names := storetest.Names(t, st, releasetest.Slug+"/rollback"); len(names) > 0 {
				t.Errorf("left: %v", names)
			}
		})
	}
	if _, err := rollback(t.Context(), folder(t), ""); !errors.Is(err, release.ErrNoFilm) {
		t.Errorf("no film: %v", err)
	}
	st := folder(t)
	releasetest.MustPublish(t, st, "one")
	if _, err := rollback(t.Context(), st, ""); !errors.Is(err, release.ErrNoRelease) {
		t.Errorf("the first release: %v", err)
	}
}

// TestRollbackLooksFirst: what is not whole does not become current, whatever is wrong with it.
func TestRollbackLooksFirst(t *testing.T) {
	server := s3server.Start(t)
	segment := releasetest.Slug + "/o/" + releasetest.Digest("video one") + "/00000.m4s"
	track := releasetest.Slug + "/o/" + releasetest.Digest("track one") + "/track.vtt"
	for name, harm := range map[string]func(store.Store) error{
		"missing":     func(st store.Store) error { return st.Delete(t.Context(), segment) },
		"shorter":     func(st store.Store) error { storetest.Put(t, st, segment, []byte("x")); return nil },
		"other bytes": func(st store.Store) error { storetest.Put(t, st, segment, []byte("segment of ONE")); return nil },
		"other text": func(st store.Store) error {
			storetest.Put(t, st, track, []byte("WEBVTT\n\n"+strings.Repeat("eno", 100)))
			return nil
		},
	} {
		for place, st := range map[string]store.Store{"folder": folder(t), "bucket": bucket(t, server, name)} {
			releasetest.MustPublish(t, st, "one")
			releasetest.MustPublish(t, st, "two")
			if err := harm(st); err != nil {
				t.Fatal(err)
			}
			_, err := rollback(t.Context(), st, "")
			var incomplete *release.IncompleteError
			if place == "folder" && strings.HasPrefix(name, "other") { // a folder records no digests; verify reads it
				continue
			}
			if !errors.As(err, &incomplete) || len(incomplete.Paths) != 1 {
				t.Errorf("%s in a %s: %v", name, place, err)
			}
			leadsAll(t, st, "two")
		}
	}
}

// TestRollbackCrash ends a rollback at every operation, before it was done and after. The same command again finishes; it
// does not go back to where it came from.
func TestRollbackCrash(t *testing.T) {
	crash := errors.New("the power went out")
	for _, lost := range []bool{false, true} {
		n := 1
		for ; ; n++ {
			st := storetest.Memory()
			releasetest.MustPublish(t, st, "one")
			releasetest.MustPublish(t, st, "two")
			fail := func(i int, op, name string) error {
				if i >= n {
					return fmt.Errorf("%w at %s %s", crash, op, name)
				}
				return nil
			}
			w := &releasetest.Actor{Store: st, Clock: releasetest.NewClock(), Before: fail}
			if lost {
				w.Before, w.After = nil, fail
			}
			_, err := rollback(t.Context(), w, "")
			if err != nil && !errors.Is(err, crash) {
				t.Fatalf("crash at %d: %v", n, err)
			}
			if _, broken := releasetest.Watch(t.Context(), st); broken != nil {
				t.Errorf("lost %v, crash at %d (%v): %v", lost, n, err, broken)
			}
			if err == nil {
				leadsAll(t, st, "one")
				break
			}
			finished := releasetest.Whole(t.Context(), st, "one") == nil && len(storetest.Names(t, st, releasetest.Slug+"/rollback")) == 0
			if finished { // the last reply was lost; the command again would go forth, and says so
				continue
			}
			if r, err := rollback(t.Context(), st, ""); err != nil || r.Sequence != 3 {
				t.Errorf("lost %v, crash at %d: again: %+v, %v", lost, n, r, err)
			}
			leadsAll(t, st, "one")
		}
		if n < 15 {
			t.Errorf("lost %v: only %d operations", lost, n)
		}
	}
}

// TestRollbackMeanwhile: a publisher who switches the pointer first wins, and the rollback says so.
func TestRollbackMeanwhile(t *testing.T) {
	for _, object := range []string{"release.json", "index.html", "manifest.mpd"} {
		st := storetest.Memory()
		releasetest.MustPublish(t, st, "one")
		releasetest.MustPublish(t, st, "two")
		done := false
		w := &releasetest.Actor{Store: st, Clock: releasetest.NewClock(), Before: func(_ int, op, name string) error {
			if op == "put" && name == releasetest.Slug+"/"+object && !done {
				done = true
				releasetest.MustPublish(t, st, "three")
			}
			return nil
		}}
		if _, err := rollback(t.Context(), w, ""); !errors.Is(err, release.ErrConflict) {
			t.Errorf("%s: %v", object, err)
		}
		leadsAll(t, st, "three")
		// What the rollback left of its intent does not lead the next one astray: the release before is two, or one.
		before, _, err := release.ReadPointer(t.Context(), st, releasetest.Slug)
		if err != nil {
			t.Fatal(err)
		}
		if r, err := rollback(t.Context(), st, ""); err != nil || r.To != before.Previous {
			t.Errorf("%s: the next one: %+v, %v", object, r, err)
		}
	}
}

// TestRollbackWithoutDASH: a release of an older version has no DASH manifest, so its entrance goes, which would lead to another one.
func TestRollbackWithoutDASH(t *testing.T) {
	st := storetest.Memory()
	old := releasetest.Film(st, "one")
	old.Pages = append(old.Pages[:2], old.Pages[3:]...)
	entrances := old.Entrances
	old.Entrances = func(id string) ([]release.File, error) {
		files, err := entrances(id)
		return files[:2], err
	}
	if _, err := release.Publish(t.Context(), st, old, release.Options{}, report.Discard); err != nil {
		t.Fatal(err)
	}
	releasetest.MustPublish(t, st, "two")
	if _, err := rollback(t.Context(), st, ""); err != nil {
		t.Fatal(err)
	}
	seen, err := releasetest.Watch(t.Context(), st)
	if err != nil || len(seen) != 2 || seen["index.html"] != "one" || seen["master.m3u8"] != "one" {
		t.Errorf("%v, %v", seen, err)
	}
	releasetest.MustPublish(t, st, "two")
	leadsAll(t, st, "two")
}

// TestSpareWaits: a publisher who needs what is being deleted waits until its time is over, and then sends it anew.
func TestSpareWaits(t *testing.T) {
	clock := releasetest.NewClock()
	st := storetest.MemoryAt(clock.Now)
	releasetest.MustPublish(t, st, "one")
	path := "o/" + releasetest.Digest("video one") + "/film.mp4"
	doomed := release.Tombstone{Until: clock.Now().Add(3 * time.Minute), Objects: []release.Doomed{{Path: path, Since: clock.Now()}}}
	if _, err := release.WriteTombstone(t.Context(), st, releasetest.Slug, doomed, ""); err != nil {
		t.Fatal(err)
	}
	began := clock.Now()
	var notes []string
	timer := release.Timer{Now: clock.Now, Wait: func(_ context.Context, d time.Duration) error {
		clock.Go(d)
		return st.Delete(t.Context(), releasetest.Slug+"/"+path) // the cleaner goes on
	}}
	sink := func(e report.Event) {
		if e.Kind == report.Note {
			notes = append(notes, e.Text)
		}
	}
	r, err := release.Publish(t.Context(), st, releasetest.Film(st, "one"), release.Options{Timer: timer}, sink)
	if err != nil || r.Uploaded != 1 {
		t.Errorf("%+v, %v", r, err)
	}
	if waited := clock.Now().Sub(began); waited < 3*time.Minute || waited > 4*time.Minute || len(notes) != 1 {
		t.Errorf("waited %v, said %q", waited, notes)
	}
	leadsAll(t, st, "one")
	if left, _, err := release.ReadTombstone(t.Context(), st, releasetest.Slug); err != nil || len(left.Objects) > 0 || !left.Until.IsZero() {
		t.Errorf("%+v, %v", left, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := release.Spare(ctx, st, releasetest.Slug, release.Needs{Paths: []string{path}}, release.Timer{}, report.Discard); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
}

// TestStrangeTombstone: one that cannot be read stops a publish with the mend, rather than being guessed at.
func TestStrangeTombstone(t *testing.T) {
	for _, text := range []string{"", "{}", `{"format":2,"objects":[]}`, `{"format":1,"objects":[{"path":"release.json","size":1,"since":"2026-01-01T00:00:00Z"}]}`} {
		st := folder(t)
		storetest.Put(t, st, releasetest.Slug+"/tombstone.json", []byte(text))
		_, err := releasetest.Publish(t.Context(), st, "one")
		if !errors.Is(err, release.ErrMalformed) || !strings.Contains(err.Error(), "delete this one object") {
			t.Errorf("%q: %v", text, err)
		}
	}
}
