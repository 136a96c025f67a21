package clean_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"filmpress/internal/catalog"
	"filmpress/internal/clean"
	"filmpress/internal/release"
	"filmpress/internal/release/releasetest"
	"filmpress/internal/report"
	"filmpress/internal/store"
	"filmpress/internal/store/dir"
	"filmpress/internal/store/s3"
	"filmpress/internal/store/storetest"
	"filmpress/internal/store/storetest/s3server"
)

func all(o clean.Options) clean.Options {
	if o.Grace == 0 {
		o.Grace = grace
	}
	if o.Max == (clean.Limit{}) {
		o.Max = clean.Limit{Percent: 100}
	}
	return o
}

// ahead gives a place as it will be found after a while: its clock is the place's own, and so much later.
func ahead(st store.Store, d time.Duration) store.Store {
	return &shifted{Store: st, by: d}
}

// bothPlaces are an empty folder and an empty bucket, seen from a prefix on, which may be "".
func bothPlaces(t *testing.T, prefix string) map[string]store.Store {
	t.Helper()
	server := s3server.Start(t)
	server.Setenv(t)
	bucket, err := s3.Open(t.Context(), s3.Options{Bucket: server.Bucket, Prefix: prefix})
	if err != nil {
		t.Fatal(err)
	}
	folder, err := dir.New(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return map[string]store.Store{"folder": folder, "bucket": bucket}
}

// TestPlaces: in a folder and in a bucket, the first run notes, the one after the grace deletes, and what others put there stays.
func TestPlaces(t *testing.T) {
	for name, st := range bothPlaces(t, "films") {
		t.Run(name, func(t *testing.T) {
			var ids []string
			for _, v := range []string{"one", "two", "three"} {
				ids = append(ids, releasetest.MustPublish(t, st, v).Release)
			}
			storetest.Put(t, st, "the-lake/notes.txt", []byte("mine"))
			storetest.Put(t, st, "photos/o/"+releasetest.Digest("x")+"/1.jpg", []byte("not ours"))
			storetest.Put(t, st, "photos/1.jpg", []byte("not ours"))
			before := storetest.Names(t, st, "")
			r, err := clean.Run(t.Context(), st, all(clean.Options{}), report.Discard)
			if err != nil || len(r.Films) != 1 || r.Films[0].Unreferenced.Objects != 8 || r.Ripe().Objects != 0 || r.All != 1 {
				t.Fatalf("dry: %+v, %v", r, err)
			}
			if got := storetest.Names(t, st, ""); !slices.Equal(got, before) {
				t.Errorf("a dry run changed something: %q", got)
			}
			for range 2 {
				if r, err = clean.Run(t.Context(), st, all(clean.Options{Do: true}), report.Discard); err != nil || r.Ripe().Objects != 0 {
					t.Fatalf("first: %+v, %v", r, err)
				}
			}
			if r, err = clean.Run(t.Context(), ahead(st, grace-time.Hour), all(clean.Options{Do: true}), report.Discard); err != nil || r.Ripe().Objects != 0 || r.Films[0].Next.IsZero() {
				t.Fatalf("too early: %+v, %v", r, err)
			}
			if r, err = clean.Run(t.Context(), ahead(st, grace+time.Minute), all(clean.Options{}), report.Discard); err != nil || r.Ripe().Objects != 8 {
				t.Fatalf("dry, after the grace: %+v, %v", r, err)
			}
			var limit *clean.LimitError
			for _, max := range []clean.Limit{{Objects: 7}, {Percent: 10}} {
				if _, err = clean.Run(t.Context(), ahead(st, grace+time.Minute), all(clean.Options{Do: true, Max: max}), report.Discard); !errors.As(err, &limit) {
					t.Errorf("more than %v: %v", max, err)
				}
			}
			if err := releasetest.Whole(t.Context(), st, "three"); err != nil {
				t.Error(err)
			}
			r, err = clean.Run(t.Context(), ahead(st, grace+time.Minute), all(clean.Options{Do: true, Max: clean.Limit{Objects: 8}}), report.Discard)
			if err != nil || r.Films[0].Deleted.Objects != 8 || r.Films[0].Deleted.Bytes == 0 {
				t.Fatalf("after the grace: %+v, %v", r, err)
			}
			want := slices.DeleteFunc(before, func(name string) bool {
				return strings.Contains(name, ids[0]) || strings.Contains(name, releasetest.Digest("video one")) || strings.Contains(name, releasetest.Digest("track one"))
			})
			want = append(want, "the-lake/tombstone.json")
			slices.Sort(want)
			if got := storetest.Names(t, st, ""); !slices.Equal(got, want) {
				t.Errorf("left:\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
			if err := releasetest.Whole(t.Context(), st, "three"); err != nil {
				t.Error(err)
			}
			if _, err := release.Rollback(t.Context(), st, releasetest.Slug, release.RollbackOptions{}, report.Discard); err != nil {
				t.Errorf("the release before is not there any more: %v", err)
			}
		})
	}
}

// TestKeep: older releases stay as long as they are asked for, counted from the newest.
func TestKeep(t *testing.T) {
	for keep, gone := range map[int]int{0: 3, 1: 2, 2: 1, 3: 0, 9: 0} {
		clock := releasetest.NewClock()
		st := storetest.MemoryAt(clock.Now)
		for i := range 5 {
			releasetest.MustPublish(t, st, fmt.Sprint("v", i))
			clock.Go(time.Minute)
		}
		o := all(clean.Options{Do: true, Keep: keep})
		for range 2 {
			if _, err := clean.Run(t.Context(), st, o, report.Discard); err != nil {
				t.Fatal(err)
			}
			clock.Go(grace)
		}
		for i := range 5 {
			there := len(storetest.Names(t, st, "the-lake/o/"+releasetest.Digest(fmt.Sprint("video v", i)))) > 0
			if there != (i >= gone) {
				t.Errorf("keep %d: version %d there: %v", keep, i, there)
			}
		}
	}
}

// TestUnpublished: of a film that was unpublished nothing is left in the end, not even a note; of one that lost its
// pointer, everything.
func TestUnpublished(t *testing.T) {
	for _, lost := range []bool{false, true} {
		clock := releasetest.NewClock()
		st := storetest.MemoryAt(clock.Now)
		releasetest.MustPublish(t, st, "one")
		if lost {
			if err := st.Delete(t.Context(), "the-lake/release.json"); err != nil {
				t.Fatal(err)
			}
		} else if _, err := release.Unpublish(t.Context(), st, releasetest.Slug, false, report.Discard); err != nil {
			t.Fatal(err)
		}
		before := len(storetest.Names(t, st, ""))
		var r clean.Report
		var err error
		for range 3 {
			if r, err = clean.Run(t.Context(), st, all(clean.Options{Do: true, Keep: 9}), report.Discard); err != nil {
				t.Fatal(err)
			}
			clock.Go(grace)
		}
		switch left := len(storetest.Names(t, st, "")); {
		case lost && (left != before || len(r.Films) != 1 || r.Films[0].Unsafe == "" || len(r.Findings) == 0):
			t.Errorf("its pointer was lost: %d of %d are left, %+v", left, before, r)
		case !lost && left != 0:
			t.Errorf("left: %q", storetest.Names(t, st, ""))
		}
	}
}

// TestPurge ends it at every operation: the next run finishes, and nothing is left.
func TestPurge(t *testing.T) {
	crash := errors.New("the power went out")
	for n := 1; ; n++ {
		clock := releasetest.NewClock()
		st := storetest.MemoryAt(clock.Now)
		releasetest.MustPublish(t, st, "one")
		releasetest.MustPublish(t, st, "two")
		storetest.Put(t, st, "the-lake/notes.txt", []byte("mine"))
		purge := func(st store.Store) error {
			g, err := release.Unpublish(t.Context(), st, releasetest.Slug, false, report.Discard)
			if err == nil {
				_, err = clean.Purge(t.Context(), st, releasetest.Slug, g.Objects, report.Discard)
			}
			return err
		}
		err := purge(&releasetest.Actor{Store: st, Clock: clock, Before: func(i int, op, name string) error {
			if i >= n {
				return crash
			}
			return nil
		}})
		if err != nil && !errors.Is(err, crash) {
			t.Fatalf("at %d: %v", n, err)
		}
		if _, broken := releasetest.Watch(t.Context(), st); broken != nil {
			t.Errorf("at %d: %v", n, broken)
		}
		if again := purge(st); again != nil && !errors.Is(again, release.ErrNoFilm) {
			t.Errorf("at %d: again: %v", n, again)
		}
		clock.Go(time.Hour)
		if _, err := clean.Run(t.Context(), st, all(clean.Options{Do: true}), report.Discard); err != nil {
			t.Errorf("at %d: %v", n, err)
		}
		for _, name := range storetest.Names(t, st, "the-lake/") {
			if part, _ := release.PartOf(strings.TrimPrefix(name, "the-lake/")); part == release.Media || part == release.Page || part == release.Entrance || part == release.Switch {
				t.Errorf("at %d: %s is left", n, name)
			}
		}
		if got := storetest.Get(t, st, "the-lake/notes.txt"); string(got) != "mine" {
			t.Errorf("at %d: somebody's notes: %q", n, got)
		}
		if err == nil {
			break
		}
	}
}

// TestUploads: what was begun long ago under a name of ours is ended; what is young, or somebody else's, is not.
func TestUploads(t *testing.T) {
	server := s3server.Start(t)
	server.Setenv(t)
	st, err := s3.Open(t.Context(), s3.Options{Bucket: server.Bucket})
	if err != nil {
		t.Fatal(err)
	}
	releasetest.MustPublish(t, st, "one")
	ours := "the-lake/o/" + releasetest.Digest("large") + "/film.mp4"
	for _, name := range []string{ours, "photos/large.raw"} {
		begin(t, server, name)
	}
	count := func() (n int) {
		for _, err := range st.Uploads(t.Context(), "") {
			if err != nil {
				t.Fatal(err)
			}
			n++
		}
		return n
	}
	if r, err := clean.Run(t.Context(), st, all(clean.Options{Do: true}), report.Discard); err != nil || len(r.Uploads) != 0 || count() != 2 {
		t.Fatalf("at once: %+v, %v", r, err)
	}
	if r, err := clean.Run(t.Context(), ahead(st, grace+time.Minute), all(clean.Options{}), report.Discard); err != nil || len(r.Uploads) != 1 || r.Uploads[0].Name != ours || count() != 2 {
		t.Fatalf("dry: %+v, %v", r, err)
	}
	if r, err := clean.Run(t.Context(), ahead(st, grace+time.Minute), all(clean.Options{Do: true}), report.Discard); err != nil || r.Aborted != 1 || count() != 1 {
		t.Fatalf("after the grace: %+v, %v", r, err)
	}
}

// TestStrangeTombstone: a film whose note cannot be read is left alone, and the others are not.
func TestStrangeTombstone(t *testing.T) {
	s := newScene(t)
	storetest.Put(t, s.st, "the-lake/tombstone.json", []byte("?"))
	r, err := s.clean(t.Context(), s.st)
	if err != nil || len(r.Films) != 1 || r.Films[0].Unsafe == "" || r.Findings[0].Rule != "clean-tombstone" || r.Films[0].Deleted != (catalog.Count{}) {
		t.Errorf("%+v, %v", r, err)
	}
}

// TestGrace: one that is shorter than a publish may need is refused.
func TestGrace(t *testing.T) {
	if _, err := clean.Run(t.Context(), storetest.Memory(), clean.Options{Grace: time.Minute}, report.Discard); err == nil {
		t.Error("a minute is enough")
	}
}

// slow is a place that takes its time to delete.
type slow struct {
	shifted
	takes time.Duration
}

func (s *slow) Delete(ctx context.Context, name string) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(s.takes):
		return s.Store.Delete(ctx, name)
	}
}

// TestSlowPlace: a deletion that nobody answers, and deletions that would be under way when the lease ends, are given up and told in one sentence;
// the next clean-up does the rest.
func TestSlowPlace(t *testing.T) {
	for takes, c := range map[time.Duration]struct {
		told string
		left int // of eight objects
	}{
		time.Hour:        {" could not be deleted within 30s; run clean again to go on", 8},
		29 * time.Second: {" was ended; run clean again to go on", 4},
	} {
		t.Run(takes.String(), func(t *testing.T) {
			folder, err := dir.New(t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range []string{"one", "two", "three"} {
				releasetest.MustPublish(t, folder, v)
			}
			if _, err := clean.Run(t.Context(), folder, all(clean.Options{Do: true}), report.Discard); err != nil {
				t.Fatal(err)
			}
			later := grace + time.Minute
			due := time.Now().Add(later)
			synctest.Test(t, func(t *testing.T) { // on a clock that stands in the year 2000 and runs as soon as all wait
				folder.Clock = time.Now
				defer func() { folder.Clock = nil }()
				_, err := clean.Run(t.Context(), &slow{shifted{folder, time.Until(due)}, takes}, all(clean.Options{Do: true, Workers: 1}), report.Discard)
				if !errors.Is(err, store.ErrUnreachable) || errors.Is(err, context.DeadlineExceeded) || !strings.HasSuffix(err.Error(), c.told) {
					t.Errorf("%v", err)
				}
			})
			if r, err := clean.Run(t.Context(), ahead(folder, later), all(clean.Options{Do: true}), report.Discard); err != nil || r.Ripe().Objects != c.left {
				t.Errorf("afterwards: %+v, %v", r, err)
			}
		})
	}
}
