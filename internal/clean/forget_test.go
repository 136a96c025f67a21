package clean_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"filmpress/internal/clean"
	"filmpress/internal/release"
	"filmpress/internal/release/releasetest"
	"filmpress/internal/report"
	"filmpress/internal/store"
	"filmpress/internal/store/s3"
	"filmpress/internal/store/storetest"
	"filmpress/internal/store/storetest/s3server"
)

// everybody reads all that a stranger can who knows the film's name: pointer, notes, entrances.
func everybody(t *testing.T, st store.Store) string {
	t.Helper()
	var all bytes.Buffer
	for _, name := range append([]string{release.PointerName, release.TombstoneName, release.MarkName, release.IntentName}, release.Entrances...) {
		b, err := releasetest.Content(t.Context(), st, releasetest.Slug+"/"+name)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			t.Fatal(err)
		}
		all.Write(b)
	}
	return all.String()
}

// TestForget: of an old release nothing is left, neither its objects nor its name; the current one, what it shares with it, and other old ones are whole.
func TestForget(t *testing.T) {
	for name, st := range bothPlaces(t, "") {
		t.Run(name, func(t *testing.T) {
			var ids []string
			for _, v := range []string{"one", "two", "three"} {
				ids = append(ids, releasetest.MustPublish(t, st, v).Release)
			}
			if _, err := clean.Run(t.Context(), st, all(clean.Options{Do: true}), report.Discard); err != nil { // it notes the oldest
				t.Fatal(err)
			}
			before := storetest.Names(t, st, "")
			forget := func(id string, do bool) (clean.Forgotten, error) {
				return clean.Forget(t.Context(), st, releasetest.Slug, id, do, release.Timer{}, report.Discard)
			}
			r, err := forget(ids[1], false)
			if err != nil || !r.Pointer || r.State != "previous" || r.Objects.Objects != 8 || r.Shared.Objects != 0 || r.Deleted.Objects != 0 {
				t.Fatalf("a look: %+v, %v", r, err)
			}
			if got := storetest.Names(t, st, ""); !slices.Equal(got, before) {
				t.Errorf("a look changed something: %q", got)
			}
			if r, err = forget(ids[1], true); err != nil || r.Deleted != r.Objects {
				t.Fatalf("%+v, %v", r, err)
			}
			want := slices.DeleteFunc(slices.Clone(before), func(name string) bool {
				return strings.Contains(name, ids[1]) || strings.Contains(name, releasetest.Digest("video two")) || strings.Contains(name, releasetest.Digest("track two"))
			})
			if got := storetest.Names(t, st, ""); !slices.Equal(got, want) || len(want) != len(before)-8 {
				t.Errorf("left:\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
			if err := releasetest.Whole(t.Context(), st, "three"); err != nil {
				t.Error(err)
			}
			if text := everybody(t, st); strings.Contains(text, ids[1]) || strings.Contains(text, releasetest.Digest("video two")) {
				t.Errorf("its name is told: %s", text)
			}
			if _, err := forget(ids[1], true); !errors.Is(err, release.ErrNoRelease) {
				t.Errorf("again: %v", err)
			}
			if _, err := forget(ids[2], true); !errors.Is(err, release.ErrConflict) {
				t.Errorf("the current one: %v", err)
			}
			// What the clean-up had noted waits on as long as it did.
			if r, err := clean.Run(t.Context(), ahead(st, grace+time.Minute), all(clean.Options{}), report.Discard); err != nil || r.Ripe().Objects != 8 {
				t.Errorf("of the oldest: %+v, %v", r, err)
			}
			if _, err := release.Rollback(t.Context(), st, releasetest.Slug, release.RollbackOptions{}, report.Discard); !errors.Is(err, release.ErrNoRelease) {
				t.Errorf("a rollback: %v", err)
			}
			if _, err := release.Rollback(t.Context(), st, releasetest.Slug, release.RollbackOptions{To: ids[0]}, report.Discard); err != nil {
				t.Errorf("to the oldest: %v", err)
			}
			if err := releasetest.Whole(t.Context(), st, "one"); err != nil {
				t.Error(err)
			}
		})
	}
	if _, err := clean.Forget(t.Context(), storetest.Memory(), releasetest.Slug, strings.Repeat("0", 20), true, release.Timer{}, report.Discard); !errors.Is(err, release.ErrNoFilm) {
		t.Errorf("no film: %v", err)
	}
}

// TestForgetShared: what another old release names, too, stays, and is told with that release's name.
func TestForgetShared(t *testing.T) {
	st := storetest.Memory()
	publish := func(version string) string {
		set := releasetest.Film(st, version)
		if version != "mended" {
			set.Tracks = append(set.Tracks, release.FromBytes("o/"+releasetest.Digest("leak")+"/track.vtt", []byte("WEBVTT\n\na name")))
		}
		r, err := release.Publish(t.Context(), st, set, release.Options{Workers: 1}, report.Discard)
		if err != nil {
			t.Fatal(err)
		}
		return r.Release
	}
	one, two := publish("one"), publish("two")
	publish("mended")
	leak := func() bool { return len(storetest.Names(t, st, "the-lake/o/"+releasetest.Digest("leak"))) > 0 }
	r, err := clean.Forget(t.Context(), st, releasetest.Slug, two, true, release.Timer{}, report.Discard)
	if err != nil || r.Shared.Objects != 1 || !slices.Equal(r.Others, []string{one}) || !leak() {
		t.Fatalf("%+v, %v, there %v", r, err, leak())
	}
	if r, err = clean.Forget(t.Context(), st, releasetest.Slug, one, true, release.Timer{}, report.Discard); err != nil || r.Shared.Objects != 0 || leak() {
		t.Errorf("%+v, %v, there %v", r, err, leak())
	}
	if err := releasetest.Whole(t.Context(), st, "mended"); err != nil {
		t.Error(err)
	}
}

// TestForgetUnsafe: where it cannot be known what others need, nothing is deleted.
func TestForgetUnsafe(t *testing.T) {
	s := newScene(t)
	var ids []string
	for _, name := range storetest.Names(t, s.st, releasetest.Slug+"/r/") {
		if strings.HasSuffix(name, release.ManifestName) {
			ids = append(ids, strings.Split(name, "/")[2])
		}
	}
	pointer, _, err := release.ReadPointer(t.Context(), s.st, releasetest.Slug)
	if err != nil {
		t.Fatal(err)
	}
	old := slices.DeleteFunc(ids, func(id string) bool { return id == pointer.Release || id == pointer.Previous })[0]
	storetest.Put(t, s.st, "the-lake/r/"+old+"/"+release.ManifestName, []byte("{"))
	before := storetest.Names(t, s.st, "")
	var unsafe *clean.UnsafeError
	if _, err := clean.Forget(t.Context(), s.st, releasetest.Slug, pointer.Previous, true, s.timer(), report.Discard); !errors.As(err, &unsafe) {
		t.Errorf("%v", err)
	}
	if got := storetest.Names(t, s.st, ""); !slices.Equal(got, before) {
		t.Errorf("%q", got)
	}
}

// TestForgetCrash ends it at every operation: viewers notice nothing, and the next run finishes.
func TestForgetCrash(t *testing.T) {
	crash := errors.New("the power went out")
	for n := 1; ; n++ {
		s := newScene(t)
		pointer, _, err := release.ReadPointer(t.Context(), s.st, releasetest.Slug)
		if err != nil {
			t.Fatal(err)
		}
		forget := func(ctx context.Context, st store.Store) error {
			_, err := clean.Forget(ctx, st, releasetest.Slug, pointer.Previous, true, s.timer(), report.Discard)
			return err
		}
		err = forget(t.Context(), &releasetest.Actor{Store: s.st, Clock: s.clock, Before: func(i int, op, name string) error {
			if i >= n {
				return fmt.Errorf("%w at %s %s", crash, op, name)
			}
			return nil
		}})
		if err != nil && !errors.Is(err, crash) {
			t.Fatalf("at %d: %v", n, err)
		}
		if broken := releasetest.Whole(t.Context(), s.st, "three"); broken != nil {
			t.Fatalf("at %d: %v", n, broken)
		}
		if again := forget(t.Context(), s.st); again != nil && !errors.Is(again, release.ErrNoRelease) {
			t.Fatalf("at %d: again: %v", n, again)
		}
		for _, name := range storetest.Names(t, s.st, "") {
			if strings.Contains(name, pointer.Previous) || strings.Contains(name, releasetest.Digest("video two")) {
				t.Errorf("at %d: %s is left", n, name)
			}
		}
		if broken := releasetest.Whole(t.Context(), s.st, "three"); broken != nil {
			t.Fatalf("at %d: again: %v", n, broken)
		}
		if err == nil {
			break
		}
	}
}

var releaseName = regexp.MustCompile(`[0-9a-f]{20}`)

// TestNotesTellNothing: what lies there for everybody names, of a film that was unpublished, no release, and of what is to be deleted, no path.
func TestNotesTellNothing(t *testing.T) {
	s := newScene(t)
	tomb, err := releasetest.Content(t.Context(), s.st, "the-lake/"+release.TombstoneName)
	if err != nil || releaseName.Match(tomb) || bytes.Contains(tomb, []byte("o/")) {
		t.Errorf("%s, %v", tomb, err)
	}
	if _, err := release.Unpublish(t.Context(), s.st, releasetest.Slug, false, report.Discard); err != nil {
		t.Fatal(err)
	}
	if _, err := s.clean(t.Context(), s.st); err != nil { // which notes all that is left
		t.Fatal(err)
	}
	if text := everybody(t, s.st); text == "" || releaseName.MatchString(text) {
		t.Errorf("%s", text)
	}
	// A note of an older version is written anew.
	storetest.Put(t, s.st, "the-lake/"+release.MarkName, []byte(`{"release":"0123456789abcdef0123"}`))
	if _, err := release.Unpublish(t.Context(), s.st, releasetest.Slug, false, report.Discard); err != nil {
		t.Fatal(err)
	}
	if text := everybody(t, s.st); releaseName.MatchString(text) {
		t.Errorf("%s", text)
	}
}

// TestOldTombstone: one of an older version, with paths, counts as it did: what has waited there is ripe, and what a publisher needs is struck out.
func TestOldTombstone(t *testing.T) {
	for _, needed := range []bool{false, true} {
		s := newScene(t)
		now, etag, err := release.ReadTombstone(t.Context(), s.st, releasetest.Slug)
		if err != nil {
			t.Fatal(err)
		}
		type doomed struct {
			Path     string    `json:"path"`
			Size     int64     `json:"size"`
			ETag     string    `json:"etag,omitempty"`
			Modified time.Time `json:"modified"`
			Since    time.Time `json:"since"`
		}
		old := struct {
			Format  int      `json:"format"`
			Objects []doomed `json:"objects"`
		}{Format: 1, Objects: []doomed{}}
		for obj, err := range s.st.List(t.Context(), releasetest.Slug+"/") {
			if err != nil {
				t.Fatal(err)
			}
			path := strings.TrimPrefix(obj.Name, releasetest.Slug+"/")
			if d, ok := now.Named()[now.Key(path)]; ok {
				old.Objects = append(old.Objects, doomed{path, obj.Size, obj.ETag, obj.Modified, d.Since})
			}
		}
		b, err := json.Marshal(old)
		if err != nil || len(old.Objects) != 8 || etag == "" {
			t.Fatalf("%+v, %v", old, err)
		}
		storetest.Put(t, s.st, "the-lake/"+release.TombstoneName, b)
		if needed {
			if err := s.comeback(t.Context(), s.st); err != nil {
				t.Fatal(err)
			}
			left, _, err := release.ReadTombstone(t.Context(), s.st, releasetest.Slug)
			if err != nil || len(left.Objects) != 0 || left.Format != 2 {
				t.Errorf("struck out: %+v, %v", left, err)
			}
			continue
		}
		r, err := s.clean(t.Context(), s.st)
		if err != nil || r.Ripe().Objects != 8 || r.Films[0].Deleted.Objects != 8 {
			t.Errorf("%+v, %v", r, err)
		}
		if err := releasetest.Whole(t.Context(), s.st, "three"); err != nil {
			t.Error(err)
		}
	}
}

// TestImpossibleAnnouncement: a tombstone whose deletions end in the year 3000 holds nobody up: a publish is told the mend, a clean-up leaves the film
// alone, and what must go goes.
func TestImpossibleAnnouncement(t *testing.T) {
	s := newScene(t)
	old, etag, err := release.ReadTombstone(t.Context(), s.st, releasetest.Slug)
	if err != nil {
		t.Fatal(err)
	}
	old.Until = time.Date(3000, 1, 1, 0, 0, 0, 0, time.UTC)
	if _, err := release.WriteTombstone(t.Context(), s.st, releasetest.Slug, old, etag); err != nil {
		t.Fatal(err)
	}
	waited := 0
	timer := s.timer()
	timer.Wait = func(context.Context, time.Duration) error {
		if waited++; waited > 100 {
			return errors.New("it waits for ever")
		}
		return nil
	}
	_, err = release.Publish(t.Context(), s.st, releasetest.Film(s.st, "one"), release.Options{Workers: 1, Timer: timer}, report.Discard)
	if !errors.Is(err, release.ErrMalformed) || waited > 0 || !strings.Contains(err.Error(), "3000-01-01") {
		t.Errorf("published: %v, after %d waits", err, waited)
	}
	r, err := s.clean(t.Context(), s.st)
	if err != nil || len(r.Films) != 1 || r.Films[0].Unsafe == "" || r.Films[0].Deleted.Objects != 0 {
		t.Errorf("cleaned: %+v, %v", r, err)
	}
	g, err := release.Unpublish(t.Context(), s.st, releasetest.Slug, false, report.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := clean.Purge(t.Context(), s.st, releasetest.Slug, g.Objects, report.Discard); err != nil {
		t.Errorf("purged: %v", err)
	}
	if left := storetest.Names(t, s.st, "the-lake/o/"); len(left) > 0 {
		t.Errorf("%q", left)
	}
}

// TestYoungUpload: an upload goes on for a week at least, however short the grace.
func TestYoungUpload(t *testing.T) {
	server := s3server.Start(t)
	server.Setenv(t)
	st, err := s3.Open(t.Context(), s3.Options{Bucket: server.Bucket})
	if err != nil {
		t.Fatal(err)
	}
	begin(t, server, "the-lake/o/"+releasetest.Digest("large")+"/film.mp4")
	for after, want := range map[time.Duration]int{2 * time.Hour: 0, 6 * 24 * time.Hour: 0, 8 * 24 * time.Hour: 1} {
		r, err := clean.Run(t.Context(), ahead(st, after), all(clean.Options{Grace: time.Hour}), report.Discard)
		if err != nil || len(r.Uploads) != want {
			t.Errorf("after %v: %+v, %v", after, r.Uploads, err)
		}
	}
}
