package clean_test

import (
	"testing"
	"testing/synctest"
	"time"

	"filmpress/internal/clean"
	"filmpress/internal/release"
	"filmpress/internal/release/releasetest"
	"filmpress/internal/report"
	"filmpress/internal/store/dir"
)

// TestSharedFolder: a cleaner whose machine's clock is far behind announces its deletions by the folder's clock, so that a publisher on another
// machine waits for it; and what it has just written down is not ripe for a cleaner whose clock is ahead.
func TestSharedFolder(t *testing.T) {
	path := t.TempDir()
	open := func() *dir.Store {
		st, err := dir.New(path)
		if err != nil {
			t.Fatal(err)
		}
		return st
	}
	mine := open()
	for _, v := range []string{"one", "two", "three"} {
		releasetest.MustPublish(t, mine, v)
	}
	synctest.Test(t, func(t *testing.T) { // the other machine, on which it is the year 2000
		if _, err := clean.Run(t.Context(), open(), all(clean.Options{Do: true}), report.Discard); err != nil {
			t.Fatal(err)
		}
	})
	now, err := release.Now(t.Context(), mine)
	if err != nil {
		t.Fatal(err)
	}
	noted, _, err := release.ReadTombstone(t.Context(), mine, releasetest.Slug)
	if err != nil || len(noted.Objects) == 0 || now.Sub(noted.Objects[0].Since) > time.Hour {
		t.Fatalf("noted at %v, it is %v; %v", noted, now, err)
	}
	if r, err := clean.Run(t.Context(), mine, all(clean.Options{Do: true}), report.Discard); err != nil || r.Ripe().Objects != 0 {
		t.Errorf("ripe at once: %+v, %v", r, err)
	}
	var until time.Time
	look := func(e report.Event) {
		if e.Kind == report.StepStarted {
			tomb, _, err := release.ReadTombstone(t.Context(), mine, releasetest.Slug)
			if err != nil {
				t.Error(err)
			}
			until = tomb.Until
		}
	}
	synctest.Test(t, func(t *testing.T) {
		r, err := clean.Run(t.Context(), &shifted{open(), grace + time.Minute}, all(clean.Options{Do: true}), look)
		if err != nil || r.Films[0].Deleted.Objects != 8 {
			t.Fatalf("%+v, %v", r, err)
		}
	})
	if ahead := until.Sub(now.Add(grace + time.Minute)); ahead < time.Minute || ahead > time.Hour {
		t.Errorf("its deletions end at %v, %v from now by the folder's clock", until, ahead)
	}
}
