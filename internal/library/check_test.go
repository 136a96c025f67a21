package library_test

import (
	"fmt"
	"strings"
	"testing"

	"filmpress/internal/audit"
	"filmpress/internal/library"
	"filmpress/internal/release"
	"filmpress/internal/release/releasetest"
	"filmpress/internal/report"
	"filmpress/internal/site"
	"filmpress/internal/store"
	"filmpress/internal/store/storetest"
)

// TestVerify: each way in which a library can be wrong is told by its rule, at its object.
func TestVerify(t *testing.T) {
	alter := func(name string, change func([]byte) []byte) func(*testing.T, store.Store) {
		return func(t *testing.T, st store.Store) {
			b, err := releasetest.Content(t.Context(), st, name)
			if err != nil {
				t.Fatal(err)
			}
			storetest.Put(t, st, name, change(b))
		}
	}
	more := func(b []byte) []byte { return append(b, '\n') }
	remove := func(name string) func(*testing.T, store.Store) {
		return func(t *testing.T, st store.Store) {
			if err := st.Delete(t.Context(), name); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, c := range map[string]struct {
		harm func(*testing.T, store.Store)
		want string
	}{
		"as it should be":           {func(*testing.T, store.Store) {}, ""},
		"a page that was changed":   {alter(site.IndexName, more), "warn library-stale index.html"},
		"a feed that was changed":   {alter(site.FeedName, more), "warn library-stale feed.xml"},
		"a sitemap that was lost":   {remove(site.SitemapName), "warn library-stale sitemap.xml"},
		"a page of others":          {alter(site.IndexName, func([]byte) []byte { return []byte("<h1>Mine</h1>") }), "warn library-foreign index.html"},
		"a list that was lost":      {remove(site.FilmsName), "info library-missing films.json"},
		"a list that was damaged":   {alter(site.FilmsName, func(b []byte) []byte { return b[:len(b)/2] }), "error library-broken films.json"},
		"a list that was spaced":    {alter(site.FilmsName, more), "warn library-stale films.json"},
		"a film that is not listed": {func(t *testing.T, st store.Store) { publish(t, st, "three", "c") }, "warn library-stale films.json"},
		"a release before the last": {func(t *testing.T, st store.Store) { publish(t, st, "one", "d") }, "warn library-stale films.json"},
		"a pointer that was lost":   {remove("two/" + release.PointerName), "warn library-stale films.json"},
		"a theme that was damaged":  {func(t *testing.T, st store.Store) { storetest.Put(t, st, site.ThemeName, []byte("{")) }, "warn library-theme " + site.ThemeName},
	} {
		t.Run(name, func(t *testing.T) {
			st := storetest.Memory()
			for _, slug := range []string{"one", "two"} {
				publish(t, st, slug, slug)
				update(t, st, slug, example)
			}
			c.harm(t, st)
			found, err := library.Verify(t.Context(), st, "")
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, f := range found {
				got = append(got, fmt.Sprint(f.Severity, " ", f.Rule, " ", f.Pos.File))
				if _, ok := audit.Lookup(f.Rule); !ok {
					t.Errorf("%s is not in the catalogue", f.Rule)
				}
			}
			if strings.Join(got, "; ") != c.want {
				t.Errorf("%s; want %s", got, c.want)
			}
		})
	}
}

// TestVerifyElsewhere: a library that keeps no address, looked at by another one than it was made for, is not called wrong.
func TestVerifyElsewhere(t *testing.T) {
	st := storetest.Memory()
	publish(t, st, "one", "a")
	update(t, st, "one", library.Options{Fallback: "http://127.0.0.1:9000/films/"})
	if found, err := library.Verify(t.Context(), st, "http://127.0.0.1:9000/films/"); err != nil || len(found) > 0 {
		t.Errorf("%v, %v", found, err)
	}
	found, err := library.Verify(t.Context(), st, "http://[::1]:9000/films/")
	if err != nil || len(found) == 0 {
		t.Errorf("%v, %v", found, err)
	}
	for _, f := range found {
		if f.Severity != report.Info {
			t.Errorf("%v", f)
		}
	}
}
