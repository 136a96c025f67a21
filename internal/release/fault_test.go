package release_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"filmpress/internal/release"
	"filmpress/internal/report"
	"filmpress/internal/store"
	"filmpress/internal/store/storetest"
)

// TestCrash ends a publish at every operation, before it was done and after, with and without a release that is
// current already. At every moment a viewer meets one whole release, and the next run finishes.
func TestCrash(t *testing.T) {
	crash := errors.New("the power went out")
	for _, old := range []bool{false, true} {
		for _, lost := range []bool{false, true} {
			n := 1
			for ; ; n++ {
				st := storetest.Memory()
				before := ""
				if old {
					before = publish(t, st, film("v1")).Release
				}
				w := &storetest.Watched{Store: st}
				fail := func(i int, op, name string) error {
					if i >= n {
						return fmt.Errorf("%w at %s %s", crash, op, name)
					}
					return nil
				}
				if lost {
					w.After = fail
				} else {
					w.Before = fail
				}
				// One worker, so that the n-th operation is the same each time.
				_, err := release.Publish(t.Context(), w, film("v2"), release.Options{Workers: 1}, report.Discard)
				if err != nil && !errors.Is(err, crash) {
					t.Fatalf("crash at %d: %v", n, err)
				}
				found, broken := whole(t.Context(), st, "our film")
				if broken != nil {
					t.Fatalf("old %v, lost %v, crash at %d (%v): %v", old, lost, n, err, broken)
				}
				after := publish(t, st, film("v2"))
				for name, id := range found {
					if id != before && id != after.Release {
						t.Errorf("crash at %d: %s led to %s", n, name, id)
					}
				}
				leadsTo(t, st, "our film", after.Release)
				if want := 1; !old && after.Sequence != want || old && after.Sequence != 2 {
					t.Errorf("crash at %d: the pointer was switched %d times", n, after.Sequence)
				}
				if err == nil {
					break
				}
			}
			if n < 15 {
				t.Errorf("old %v, lost %v: only %d operations", old, lost, n)
			}
		}
	}
}

// TestAlwaysWhole looks at the store as a viewer does around every single write.
func TestAlwaysWhole(t *testing.T) {
	st := folder(t)
	publish(t, st, film("v1"))
	look := func(_ int, op, name string) error {
		if op != "put" {
			return nil
		}
		_, err := whole(t.Context(), st, "our film")
		return err
	}
	w := &storetest.Watched{Store: st, Before: look, After: look}
	publish(t, w, film("v2"))
	publish(t, w, film("v1"))
}

// meanwhile runs f once, at the first write of a name.
func meanwhile(st store.Store, name string, f func()) store.Store {
	var once sync.Once
	return &storetest.Watched{Store: st, Before: func(_ int, op, n string) error {
		if op == "put" && n == name {
			once.Do(f)
		}
		return nil
	}}
}

func TestConflict(t *testing.T) {
	for _, old := range []bool{false, true} {
		st := folder(t)
		if old {
			publish(t, st, film("v0"))
		}
		w := meanwhile(st, "our film/release.json", func() { publish(t, st, film("theirs")) })
		_, err := release.Publish(t.Context(), w, film("ours"), release.Options{}, report.Discard)
		if !errors.Is(err, release.ErrConflict) {
			t.Errorf("old %v: %v", old, err)
		}
		theirs := publish(t, st, film("theirs")) // still current: nothing to do
		if theirs.Uploaded != 0 {
			t.Errorf("old %v: the other release was disturbed: %+v", old, theirs)
		}
		leadsTo(t, st, "our film", theirs.Release)

		w = meanwhile(st, "our film/release.json", func() { publish(t, st, film("more")) })
		forced, err := release.Publish(t.Context(), w, film("ours"), release.Options{Force: true}, report.Discard)
		if err != nil {
			t.Fatal(err)
		}
		leadsTo(t, st, "our film", forced.Release)
	}
}

// TestSameMeanwhile: the same release from another machine is no conflict.
func TestSameMeanwhile(t *testing.T) {
	st := folder(t)
	for _, name := range []string{"our film/o/aa/00001.m4s", "our film/release.json", "our film/index.html"} {
		set := film("of " + name[9:12])
		w := meanwhile(st, name, func() { publish(t, st, set) })
		r, err := release.Publish(t.Context(), w, set, release.Options{}, report.Discard)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		leadsTo(t, st, "our film", r.Release)
	}
}

// TestOvertaken: a release that came after ours keeps its entrances.
func TestOvertaken(t *testing.T) {
	for _, name := range []string{"our film/index.html", "our film/master.m3u8"} {
		st := folder(t)
		var theirs release.Result
		w := meanwhile(st, name, func() { theirs = publish(t, st, film("theirs")) })
		_, err := release.Publish(t.Context(), w, film("ours"), release.Options{}, report.Discard)
		if !errors.Is(err, release.ErrConflict) {
			t.Errorf("%s: %v", name, err)
		}
		leadsTo(t, st, "our film", theirs.Release)
	}
}

// TestBackMeanwhile: somebody goes back to the release before ours while we write our entrances. Viewers meet whole
// releases, we are told, and the next publish puts all entrances right.
func TestBackMeanwhile(t *testing.T) {
	st := folder(t)
	old := publish(t, st, film("old"))
	w := meanwhile(st, "our film/master.m3u8", func() { publish(t, st, film("old")) })
	_, err := release.Publish(t.Context(), w, film("ours"), release.Options{}, report.Discard)
	if !errors.Is(err, release.ErrConflict) {
		t.Errorf("got %v", err)
	}
	if _, err := whole(t.Context(), st, "our film"); err != nil {
		t.Error(err)
	}
	publish(t, st, film("old"))
	leadsTo(t, st, "our film", old.Release)
}

// TestOtherBytesMeanwhile: what another publisher wrote under a shared name since the list is not overwritten.
func TestOtherBytesMeanwhile(t *testing.T) {
	st := folder(t)
	w := meanwhile(st, "our film/o/aa/00001.m4s", func() { storetest.Put(t, st, "our film/o/aa/00001.m4s", []byte("another encoder")) })
	_, err := release.Publish(t.Context(), w, film("v1"), release.Options{}, report.Discard)
	if !errors.Is(err, release.ErrDiffers) {
		t.Errorf("got %v", err)
	}
	if _, _, err := release.ReadPointer(t.Context(), st, "our film"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("it was published: %v", err)
	}
}

// TestVerify: what the store said it took and then lost is noticed before anybody is led to it.
func TestVerify(t *testing.T) {
	st := folder(t)
	w := &storetest.Watched{Store: st, After: func(_ int, op, name string) error {
		if op == "put" && name == "our film/o/aa/00002.m4s" {
			return st.Delete(t.Context(), name)
		}
		return nil
	}}
	_, err := release.Publish(t.Context(), w, film("v1"), release.Options{}, report.Discard)
	if !errors.Is(err, release.ErrIncomplete) {
		t.Errorf("got %v", err)
	}
	if found, err := whole(t.Context(), st, "our film"); err != nil || len(found) != 0 {
		t.Errorf("viewers are led to %v, %v", found, err)
	}
}

// TestManyPublishers: several at once, of the same film and of others; one release stays, whole.
func TestManyPublishers(t *testing.T) {
	st := folder(t)
	for _, same := range []bool{true, false} {
		var all sync.WaitGroup
		for i := range 8 {
			all.Go(func() {
				set := film("round")
				if !same {
					set = film(fmt.Sprint("number ", i))
				}
				_, err := release.Publish(t.Context(), st, set, release.Options{}, report.Discard)
				if err != nil && (same || !errors.Is(err, release.ErrConflict)) {
					t.Errorf("same %v: %v", same, err)
				}
			})
		}
		all.Wait()
		p, _, err := release.ReadPointer(t.Context(), st, "our film")
		if err != nil {
			t.Fatal(err)
		}
		leadsTo(t, st, "our film", p.Release)
	}
}

func TestStrangePointer(t *testing.T) {
	st := folder(t)
	storetest.Put(t, st, "our film/release.json", []byte("{}"))
	_, err := release.Publish(t.Context(), st, film("v1"), release.Options{}, report.Discard)
	if !errors.Is(err, release.ErrMalformed) {
		t.Errorf("got %v", err)
	}
	r, err := release.Publish(t.Context(), st, film("v1"), release.Options{Force: true}, report.Discard)
	if err != nil {
		t.Fatal(err)
	}
	leadsTo(t, st, "our film", r.Release)
}
