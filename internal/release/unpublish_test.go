package release_test

import (
	"errors"
	"fmt"
	"testing"

	"filmpress/internal/release"
	"filmpress/internal/release/releasetest"
	"filmpress/internal/report"
	"filmpress/internal/store"
	"filmpress/internal/store/storetest"
	"filmpress/internal/store/storetest/s3server"
)

func unpublish(t testing.TB, st store.Store, onlyLook bool) (release.Gone, error) {
	return release.Unpublish(t.Context(), st, releasetest.Slug, onlyLook, report.Discard)
}

// TestUnpublish: viewers get nothing, publishing again sends no media, and a rollback shows it as it was.
func TestUnpublish(t *testing.T) {
	server := s3server.Start(t)
	for name, st := range map[string]store.Store{"folder": folder(t), "bucket": bucket(t, server, "")} {
		t.Run(name, func(t *testing.T) {
			one := releasetest.MustPublish(t, st, "one")
			g, err := unpublish(t, st, true)
			if err != nil || g.Release != one.Release || len(g.Names) != 4 || g.Names[0] != release.PointerName || g.Objects != 10 {
				t.Errorf("a look: %+v, %v", g, err)
			}
			leadsAll(t, st, "one")
			if g, err = unpublish(t, st, false); err != nil || len(g.Names) != 4 {
				t.Errorf("%+v, %v", g, err)
			}
			leadsAll(t, st, "")
			if g, err = unpublish(t, st, false); err != nil || len(g.Names) != 0 {
				t.Errorf("again: %+v, %v", g, err)
			}
			if r := releasetest.MustPublish(t, st, "one"); r.Uploaded != 4 || r.Present != 10 || r.Sequence != 1 {
				t.Errorf("published again: %+v", r)
			}
			leadsAll(t, st, "one")
			if _, marked, err := release.ReadMark(t.Context(), st, releasetest.Slug); marked || err != nil {
				t.Errorf("it is still marked: %v", err)
			}
			if _, err := unpublish(t, st, false); err != nil {
				t.Fatal(err)
			}
			if r, err := rollback(t.Context(), st, one.Release); err != nil || r.From != "" || r.Sequence != 1 {
				t.Errorf("shown again: %+v, %v", r, err)
			}
			leadsAll(t, st, "one")
		})
	}
	if _, err := unpublish(t, folder(t), false); !errors.Is(err, release.ErrNoFilm) {
		t.Errorf("no film: %v", err)
	}
	st := folder(t)
	storetest.Put(t, st, releasetest.Slug+"/index.html", []byte("somebody's page"))
	if _, err := unpublish(t, st, false); !errors.Is(err, release.ErrNoFilm) {
		t.Errorf("somebody else's: %v", err)
	}
	if len(storetest.Names(t, st, "")) != 1 {
		t.Error("somebody's page is gone")
	}
	storetest.Put(t, st, releasetest.Slug+"/release.json", []byte("damaged"))
	storetest.Put(t, st, releasetest.Slug+"/o/"+releasetest.Digest("x")+"/1.m4s", []byte("ours"))
	if g, err := unpublish(t, st, false); err != nil || g.Release != "" || len(g.Names) != 2 {
		t.Errorf("a damaged pointer: %+v, %v", g, err)
	}
}

// TestUnpublishCrash ends it at every operation: nobody meets half a film, nor is a film found that is gone, and the next run finishes.
func TestUnpublishCrash(t *testing.T) {
	crash := errors.New("the power went out")
	for _, lost := range []bool{false, true} {
		n := 1
		for ; ; n++ {
			st := storetest.Memory()
			releasetest.MustPublish(t, st, "one")
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
			_, err := unpublish(t, w, false)
			if err != nil && !errors.Is(err, crash) {
				t.Fatalf("crash at %d: %v", n, err)
			}
			seen, broken := releasetest.Watch(t.Context(), st)
			if broken != nil {
				t.Errorf("lost %v, crash at %d (%v): %v", lost, n, err, broken)
			}
			if _, _, pointer := release.ReadPointer(t.Context(), st, releasetest.Slug); pointer == nil && len(seen) != 3 {
				t.Errorf("lost %v, crash at %d: the film is listed, and its page is gone: %v", lost, n, seen)
			}
			if _, err := unpublish(t, st, false); err != nil {
				t.Errorf("lost %v, crash at %d: again: %v", lost, n, err)
			}
			leadsAll(t, st, "")
			if err == nil {
				break
			}
		}
		if n < 9 {
			t.Errorf("lost %v: only %d operations", lost, n)
		}
	}
}

// TestUnpublishMeanwhile: a film that is published while it is being unpublished is whole afterwards, or gone.
func TestUnpublishMeanwhile(t *testing.T) {
	for n := 1; ; n++ {
		st := storetest.Memory()
		releasetest.MustPublish(t, st, "one")
		published := false
		w := &releasetest.Actor{Store: st, Clock: releasetest.NewClock(), Before: func(i int, op, name string) error {
			if i == n {
				releasetest.MustPublish(t, st, "two")
				published = true
			}
			return nil
		}}
		_, err := unpublish(t, w, false)
		switch {
		case errors.Is(err, release.ErrConflict):
			leadsAll(t, st, "two")
		case err != nil:
			t.Errorf("at %d: %v", n, err)
		default:
			leadsAll(t, st, "")
		}
		if !published {
			break
		}
	}
	// And the other way round: unpublished in the middle of a publish.
	for n := 1; ; n++ {
		st := storetest.Memory()
		releasetest.MustPublish(t, st, "one")
		gone := false
		w := &releasetest.Actor{Store: st, Clock: releasetest.NewClock(), Before: func(i int, op, name string) error {
			if i == n {
				gone = true
				if _, err := unpublish(t, st, false); err != nil {
					t.Errorf("at %d: %v", n, err)
				}
			}
			return nil
		}}
		_, err := releasetest.Publish(t.Context(), w, "two")
		if _, broken := releasetest.Watch(t.Context(), st); broken != nil {
			t.Errorf("at %d (%v): %v", n, err, broken)
		}
		if err != nil && !errors.Is(err, release.ErrConflict) {
			t.Errorf("at %d: %v", n, err)
		}
		releasetest.MustPublish(t, st, "two")
		leadsAll(t, st, "two")
		if !gone {
			break
		}
	}
}
