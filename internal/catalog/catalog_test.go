package catalog_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"filmpress/internal/catalog"
	"filmpress/internal/release"
	"filmpress/internal/release/releasetest"
	"filmpress/internal/report"
	"filmpress/internal/store"
	"filmpress/internal/store/storetest"
)

// scan gives the films of a place by their slugs.
func scan(t testing.TB, st store.Store, o catalog.Options) (map[string]*catalog.Film, catalog.Place) {
	t.Helper()
	films := map[string]*catalog.Film{}
	var mu sync.Mutex
	place, err := catalog.Scan(t.Context(), st, o, func(_ context.Context, f *catalog.Film) error {
		mu.Lock()
		defer mu.Unlock()
		films[f.Slug] = f
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return films, place
}

// library publishes versions, a minute after each other.
func library(t testing.TB, versions ...string) (store.Store, *releasetest.Clock, []string) {
	clock := releasetest.NewClock()
	st := storetest.MemoryAt(clock.Now)
	var ids []string
	for _, v := range versions {
		ids = append(ids, releasetest.MustPublish(t, st, v).Release)
		clock.Go(time.Minute)
	}
	return st, clock, ids
}

func rules(f *catalog.Film) (out []string) {
	for _, x := range f.Findings {
		out = append(out, fmt.Sprintf("%s %s %s", x.Severity, x.Rule, x.Pos.File))
	}
	return out
}

func TestFilm(t *testing.T) {
	st, _, ids := library(t, "one", "two", "three")
	storetest.Put(t, st, "the-lake/notes.txt", []byte("mine"))
	storetest.Put(t, st, "the-lake/o/readme.txt", []byte("mine, too"))
	storetest.Put(t, st, "top.txt", []byte("1"))
	unfinished := "0123456789abcdef0123"
	storetest.Put(t, st, "the-lake/r/"+unfinished+"/index.html", []byte("<html>"))
	films, place := scan(t, st, catalog.Options{})
	f := films["the-lake"]
	if len(films) != 1 || f.Visibility != catalog.Published || f.Unsafe != "" || len(f.Findings) > 0 {
		t.Fatalf("%+v", films)
	}
	if place.Foreign != (catalog.Count{Objects: 1, Bytes: 1}) || f.Foreign != (catalog.Count{Objects: 2, Bytes: 13}) {
		t.Errorf("of others: %+v, %+v", place, f.Foreign)
	}
	var got []string
	for _, r := range f.Releases {
		got = append(got, fmt.Sprintf("%s %s kept=%v %s", r.ID, r.State, r.Kept, r.About.Title))
	}
	want := []string{ids[2] + " current kept=true The Lake", ids[1] + " previous kept=true The Lake", ids[0] + " older kept=false The Lake", unfinished + " unfinished kept=false "}
	if !slices.Equal(got, want) {
		t.Errorf("releases:\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	// Each release names two shared objects, three of its own, and five pages: what they share counts once.
	if r := f.Releases[0]; r.All.Objects != 10 || r.Own.Objects != 8 || r.Missing != 0 || r.Written.IsZero() {
		t.Errorf("%+v", r)
	}
	if f.All.Objects != 2+3*8+1+4 {
		t.Errorf("%d objects in all", f.All.Objects)
	}
	free := f.Unreferenced()
	if len(free) != 8+1 {
		t.Errorf("%d objects are unreferenced", len(free))
	}
	for _, o := range free {
		if strings.Contains(o.Path, releasetest.Digest("shared")) || strings.Contains(o.Path, ids[1]) {
			t.Errorf("%s is needed", o.Path)
		}
	}
	films, _ = scan(t, st, catalog.Options{Slug: "the-lake", Keep: 1})
	if free := films["the-lake"].Unreferenced(); len(free) != 1 {
		t.Errorf("keeping one more: %d are unreferenced", len(free))
	}
}

// TestTrouble: what is wrong is told, and nothing of such a film is deleted.
func TestTrouble(t *testing.T) {
	for name, c := range map[string]struct {
		harm       func(st store.Store, ids []string)
		visibility catalog.Visibility
		finding    string
		safe       bool
	}{
		"damaged pointer": {func(st store.Store, _ []string) { storetest.Put(t, st, "the-lake/release.json", []byte("{")) }, catalog.Unreadable,
			"error release-manifest the-lake/release.json", false},
		"pointer to nothing": {func(st store.Store, _ []string) {
			storetest.Put(t, st, "the-lake/release.json", []byte(`{"release":"0123456789abcdef0123","sequence":9}`))
		}, catalog.Published, "error release-manifest the-lake/r/0123456789abcdef0123/manifest.json", false},
		"damaged manifest": {func(st store.Store, ids []string) {
			storetest.Put(t, st, "the-lake/r/"+ids[2]+"/manifest.json", []byte("{}"))
		}, catalog.Published, "error release-manifest the-lake/r/", false},
		"damaged old manifest": {func(st store.Store, ids []string) {
			storetest.Put(t, st, "the-lake/r/"+ids[0]+"/manifest.json", []byte("{}"))
		}, catalog.Published, "warn release-manifest the-lake/r/", false},
		"no pointer": {func(st store.Store, _ []string) { st.Delete(t.Context(), "the-lake/release.json") }, catalog.Pointerless,
			"warn release-pointer the-lake/release.json", false},
		"unpublished": {func(st store.Store, _ []string) {
			if _, err := release.Unpublish(t.Context(), st, "the-lake", false, report.Discard); err != nil {
				t.Fatal(err)
			}
		}, catalog.Unpublished, "", true},
		"damaged mark": {func(st store.Store, _ []string) {
			st.Delete(t.Context(), "the-lake/release.json")
			storetest.Put(t, st, "the-lake/unpublished.json", []byte("?"))
		}, catalog.Pointerless, "warn release-manifest the-lake/unpublished.json", false},
		"missing media": {func(st store.Store, _ []string) {
			st.Delete(t.Context(), "the-lake/o/"+releasetest.Digest("shared")+"/init.mp4")
		}, catalog.Published,
			"error release-missing the-lake/o/", true},
		"no page": {func(st store.Store, _ []string) { st.Delete(t.Context(), "the-lake/index.html") }, catalog.Published, "error release-entrance the-lake/index.html", true},
		"no previous": {func(st store.Store, ids []string) { st.Delete(t.Context(), "the-lake/r/"+ids[1]+"/manifest.json") }, catalog.Published,
			"warn release-previous the-lake/release.json", true},
	} {
		st, _, ids := library(t, "one", "two", "three")
		c.harm(st, ids)
		films, _ := scan(t, st, catalog.Options{})
		f := films["the-lake"]
		if f == nil || f.Visibility != c.visibility || (f.Unsafe == "") != c.safe || !c.safe && len(f.Unreferenced()) > 0 {
			t.Errorf("%s: %+v", name, f)
			continue
		}
		if got := rules(f); c.finding == "" && len(got) > 0 || c.finding != "" && !slices.ContainsFunc(got, func(s string) bool { return strings.HasPrefix(s, c.finding) }) {
			t.Errorf("%s: %q, want %q", name, got, c.finding)
		}
	}
}

// TestNotOurs: what only looks like ours by chance is no film, and so is never touched.
func TestNotOurs(t *testing.T) {
	st := storetest.Memory()
	for _, name := range []string{
		"app/release.json", "site/index.html", "site/master.m3u8", "data/o/0123456789abcdef0123456789abcdef/x.bin", "data/more.bin",
		"a/r/0123456789abcdef0123/index.html", "a/b.txt", "deep/er/the-lake/release.json", "deep/er/x", "o/0123456789abcdef0123456789abcdef/x",
	} {
		storetest.Put(t, st, name, []byte("{}"))
	}
	films, place := scan(t, st, catalog.Options{})
	for slug, f := range films {
		t.Errorf("%s is taken for a film: %+v", slug, f)
	}
	if !slices.Equal(place.Elsewhere, []string{"deep/er"}) {
		t.Errorf("elsewhere: %q", place.Elsewhere)
	}
	// The first publish of a film, in the middle: only media, and nothing foreign beside them.
	storetest.Put(t, st, "new/o/0123456789abcdef0123456789abcdef/x", []byte("media"))
	if films, _ = scan(t, st, catalog.Options{}); films["new"] == nil || films["new"].Visibility != catalog.Pointerless || len(films["new"].Unreferenced()) != 1 {
		t.Errorf("%+v", films)
	}
}

// crowd is a store with many foreign objects, which are made up as they are listed.
type crowd struct {
	store.Store
	foreign int
}

func (c *crowd) List(ctx context.Context, prefix string) iter.Seq2[store.Object, error] {
	return func(yield func(store.Object, error) bool) {
		for i := range c.foreign {
			if !yield(store.Object{Name: fmt.Sprintf("photos/%09d.jpg", i), Size: 1000}, nil) {
				return
			}
		}
		c.Store.List(ctx, prefix)(yield)
	}
}

// TestCrowd: a million foreign objects are counted, and cost neither memory nor requests.
func TestCrowd(t *testing.T) {
	st, _, _ := library(t, "one")
	c := &crowd{Store: st, foreign: 1_000_000}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	films, place := scan(t, c, catalog.Options{})
	runtime.GC()
	runtime.ReadMemStats(&after)
	if len(films) != 1 || place.Foreign.Objects != c.foreign || place.Foreign.Bytes != int64(c.foreign)*1000 {
		t.Errorf("%v, %+v", films, place)
	}
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 1<<20 {
		t.Errorf("%d bytes more are held", grown)
	}
}

// TestScanTells: how far a list is that takes long is told, and of a small place nothing.
func TestScanTells(t *testing.T) {
	st, _, _ := library(t, "one")
	var events []report.Event
	sink := func(e report.Event) { events = append(events, e) }
	scan(t, st, catalog.Options{Sink: sink})
	if len(events) > 0 {
		t.Errorf("of a small place: %+v", events)
	}
	scan(t, &crowd{Store: st, foreign: 2500}, catalog.Options{Sink: sink})
	if len(events) != 4 || events[0].Kind != report.StepStarted || events[2].Text != "listing what lies there: 2000 objects" || events[3].Kind != report.StepDone {
		t.Errorf("of a large one: %+v", events)
	}
}

// TestScanFails: an error of the list, and one of a film, end the scan.
func TestScanFails(t *testing.T) {
	st, _, _ := library(t, "one")
	refused := fmt.Errorf("%w: no", store.ErrRefused)
	for _, op := range []string{"list", "get"} {
		a := &releasetest.Actor{Store: st, Clock: releasetest.NewClock(), Before: func(_ int, o, _ string) error {
			if o == op {
				return refused
			}
			return nil
		}}
		_, err := catalog.Scan(t.Context(), a, catalog.Options{}, func(context.Context, *catalog.Film) error { return nil })
		if !errors.Is(err, store.ErrRefused) {
			t.Errorf("%s: %v", op, err)
		}
	}
	own := errors.New("enough")
	if _, err := catalog.Scan(t.Context(), st, catalog.Options{}, func(context.Context, *catalog.Film) error { return own }); !errors.Is(err, own) {
		t.Errorf("got %v", err)
	}
}
