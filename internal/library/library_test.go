package library_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"filmpress/internal/library"
	"filmpress/internal/release"
	"filmpress/internal/release/releasetest"
	"filmpress/internal/report"
	"filmpress/internal/site"
	"filmpress/internal/store"
	"filmpress/internal/store/storetest"
)

// publish puts a version of a film of its own slug into a place, without its line in the library.
func publish(t testing.TB, st store.Store, slug, version string) string {
	t.Helper()
	set := releasetest.Film(st, version)
	set.Slug = slug
	r, err := release.Publish(t.Context(), st, set, release.Options{Workers: 1}, report.Discard)
	if err != nil {
		t.Fatal(err)
	}
	return r.Release
}

func update(t testing.TB, st store.Store, slug string, o library.Options) library.Result {
	t.Helper()
	r, err := library.Update(t.Context(), st, slug, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// slugs are the films that each object of the library leads to; all must agree.
func slugs(t testing.TB, st store.Store) string {
	t.Helper()
	lib, err := library.Read(t.Context(), st)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, f := range lib.Films {
		out = append(out, f.Slug)
	}
	for _, name := range []string{site.IndexName, site.FeedName, site.SitemapName} {
		b, err := releasetest.Content(t.Context(), st, name)
		if errors.Is(err, store.ErrNotFound) && name != site.IndexName && lib.Site.URL == "" {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, slug := range out {
			if !bytes.Contains(b, []byte(slug+"/index.html")) {
				t.Errorf("%s does not lead to %s", name, slug)
			}
		}
		unit := map[string]string{site.IndexName: "<li ", site.FeedName: "<item>", site.SitemapName: "<video:video>"}[name]
		if n := bytes.Count(b, []byte(unit)); n != len(out) {
			t.Errorf("%s has %d films, the list %d", name, n, len(out))
		}
	}
	return strings.Join(out, " ")
}

var example = library.Options{Site: site.Site{URL: "https://films.example.org/"}}

func TestUpdate(t *testing.T) {
	st := storetest.Memory()
	publish(t, st, "one", "a")
	if r := update(t, st, "one", example); r.Films != 1 || strings.Join(r.Written, " ") != "films.json feed.xml sitemap.xml index.html" {
		t.Errorf("%+v", r)
	}
	publish(t, st, "two", "b")
	update(t, st, "two", library.Options{}) // whoever does not know the address keeps it
	if got := slugs(t, st); got != "one two" {
		t.Error(got)
	}
	if r := update(t, st, "two", library.Options{}); len(r.Written) > 0 || r.Address != "https://films.example.org/" {
		t.Errorf("nothing changed: %+v", r)
	}
	second := publish(t, st, "one", "c")
	update(t, st, "one", library.Options{})
	lib, err := library.Read(t.Context(), st)
	if f, _ := lib.Find("one"); err != nil || f.Release != second || f.Poster == "" || f.MP4 == "" || f.Size != int64(len("film of c")) || f.Duration != 60 {
		t.Errorf("%+v, %v", f, err)
	}
	if _, err := release.Unpublish(t.Context(), st, "one", false, report.Discard); err != nil {
		t.Fatal(err)
	}
	update(t, st, "one", library.Options{})
	if got := slugs(t, st); got != "two" {
		t.Error(got)
	}
}

// TestSameBytes: two places in which the same films were published in another order, on other days, hold the same library.
func TestSameBytes(t *testing.T) {
	var first map[string][]byte
	for _, order := range [][]string{{"one", "two", "three"}, {"three", "two", "one"}} {
		st := storetest.MemoryAt(releasetest.NewClock().Now)
		for _, slug := range order {
			publish(t, st, slug, slug)
			update(t, st, slug, example)
		}
		got := map[string][]byte{}
		for _, name := range []string{site.FilmsName, site.IndexName, site.FeedName, site.SitemapName} {
			b, err := releasetest.Content(t.Context(), st, name)
			if err != nil {
				t.Fatal(err)
			}
			got[name] = b
		}
		for name := range first {
			if !bytes.Equal(first[name], got[name]) {
				t.Errorf("%s differs:\n%s\n%s", name, first[name], got[name])
			}
		}
		first = got
	}
}

// TestAtOnce: many publishers at once all end up in the list, and the page is made of the last one.
func TestAtOnce(t *testing.T) {
	st := storetest.Memory()
	var want []string
	var work sync.WaitGroup
	for i := range 12 {
		slug := fmt.Sprintf("film-%02d", i)
		want = append(want, slug)
		publish(t, st, slug, slug)
		work.Go(func() { update(t, st, slug, example) })
	}
	work.Wait()
	if got := slugs(t, st); got != strings.Join(want, " ") {
		t.Error(got)
	}
}

// loose is a server without conditions, which it looks at, and forgets between looking and writing.
type loose struct {
	store.Store
	between func(name string)
}

func (l *loose) Guarded(context.Context) (bool, error) { return false, nil }

func (l *loose) Put(ctx context.Context, name string, body store.Body, meta store.Meta, cond store.If) (store.Object, error) {
	now, err := l.Store.Stat(ctx, name)
	exists := err == nil
	if cond.Absent && exists || cond.ETag != "" && (!exists || now.ETag != cond.ETag) {
		return store.Object{}, store.ErrPrecondition
	}
	l.between(name)
	return l.Store.Put(ctx, name, body, meta, store.If{})
}

// TestLoose: on a server without conditions one of two writers is lost in the same instant, and comes back when it looks again.
func TestLoose(t *testing.T) {
	mem := storetest.Memory()
	for _, slug := range []string{"zero", "one", "two"} {
		publish(t, mem, slug, slug)
	}
	update(t, mem, "zero", example)
	// The list was just rebuilt with all; take two away again, as though their publishers had not come to it yet.
	lib, err := library.Read(t.Context(), mem)
	if err != nil {
		t.Fatal(err)
	}
	lib.Remove("one")
	lib.Remove("two")
	storetest.Put(t, mem, site.FilmsName, lib.Bytes())
	var both sync.WaitGroup
	both.Add(2)
	var once [2]sync.Once
	var work sync.WaitGroup
	for i, slug := range []string{"one", "two"} {
		st := &loose{mem, func(name string) {
			if name == site.FilmsName { // both have looked before either writes
				once[i].Do(func() { both.Done(); both.Wait() })
			}
		}}
		work.Go(func() { update(t, st, slug, library.Options{Settle: 100 * time.Millisecond}) })
	}
	work.Wait()
	if got := slugs(t, mem); got != "one two zero" {
		t.Error(got)
	}
}

// TestOthers: what others made is never written over, and a list that cannot be read is never taken for an empty one.
func TestOthers(t *testing.T) {
	st := storetest.Memory()
	storetest.Put(t, st, site.IndexName, []byte("<h1>My site</h1>"))
	publish(t, st, "one", "a")
	r := update(t, st, "one", example)
	if len(r.Findings) != 1 || r.Findings[0].Rule != "library-foreign" || r.Findings[0].Pos.File != site.IndexName {
		t.Errorf("%+v", r.Findings)
	}
	if b, _ := releasetest.Content(t.Context(), st, site.IndexName); string(b) != "<h1>My site</h1>" {
		t.Errorf("%s", b)
	}
	for _, broken := range []string{"{", `{"format":1,"films":[{"slug":"../../etc"}]}`, `{"my":"films"}`, strings.Repeat(" ", site.MaxBytes+1)} {
		storetest.Put(t, st, site.FilmsName, []byte(broken))
		if _, err := library.Update(t.Context(), st, "one", example); !errors.Is(err, library.ErrBroken) {
			t.Errorf("%.40s: %v", broken, err)
		}
		if b, _ := releasetest.Content(t.Context(), st, site.FilmsName); string(b) != broken {
			t.Errorf("%.40s was written over with %.40s", broken, b)
		}
	}
}

func TestRebuild(t *testing.T) {
	st := storetest.Memory()
	for _, slug := range []string{"one", "two"} {
		publish(t, st, slug, slug)
	}
	storetest.Put(t, st, "photos/release.json", []byte("{}")) // of others
	update(t, st, "one", example)
	whole, err := releasetest.Content(t.Context(), st, site.FilmsName)
	if err != nil {
		t.Fatal(err)
	}
	if c, err := library.Rebuild(t.Context(), st, library.Options{}, true); err != nil || len(c.Stale)+len(c.Added)+len(c.Changed)+len(c.Removed) > 0 {
		t.Errorf("nothing to do: %+v, %v", c, err)
	}
	storetest.Put(t, st, site.FilmsName, []byte("{broken"))
	c, err := library.Rebuild(t.Context(), st, example, true)
	if err != nil || c.Broken == "" || strings.Join(c.Added, " ") != "one two" || strings.Join(c.Stale, " ") != site.FilmsName {
		t.Errorf("%+v, %v", c, err)
	}
	if b, _ := releasetest.Content(t.Context(), st, site.FilmsName); string(b) != "{broken" {
		t.Error("a dry run wrote")
	}
	if c, err := library.Rebuild(t.Context(), st, example, false); err != nil || strings.Join(c.Written, " ") != site.FilmsName {
		t.Errorf("%+v, %v", c, err)
	}
	if b, _ := releasetest.Content(t.Context(), st, site.FilmsName); !bytes.Equal(b, whole) {
		t.Errorf("the list was made anew as\n%s\nand was\n%s", b, whole)
	}
	// A film that was deleted by hand, and one that was copied in.
	for obj, err := range st.List(t.Context(), "two/") {
		if err != nil {
			t.Fatal(err)
		}
		if err := st.Delete(t.Context(), obj.Name); err != nil {
			t.Fatal(err)
		}
	}
	id := publish(t, st, "three", "three")
	c, err = library.Rebuild(t.Context(), st, library.Options{}, false)
	if err != nil || strings.Join(c.Added, " ") != "three" || strings.Join(c.Removed, " ") != "two" || len(c.Changed) > 0 {
		t.Errorf("%+v, %v", c, err)
	}
	if got := slugs(t, st); got != "one three" {
		t.Error(got)
	}
	for _, c := range []struct {
		current map[string]string
		want    string
	}{
		{map[string]string{"one": "x", "three": id}, "library-stale"}, {map[string]string{"three": id}, "library-stale"},
	} {
		found, err := library.Check(t.Context(), st, c.current)
		if err != nil || len(found) != 1 || found[0].Rule != c.want {
			t.Errorf("%v: %v, %v", c.current, found, err)
		}
	}
}

// counted counts what is read.
type counted struct {
	store.Store
	mu    sync.Mutex
	calls map[string]int
}

func (c *counted) add(what string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls[what]++
}

func (c *counted) Stat(ctx context.Context, name string) (store.Object, error) {
	c.add("stat")
	return c.Store.Stat(ctx, name)
}

// many is a library of films without films: only its list.
func many(n int) site.Library {
	lib := site.Library{Site: site.Site{URL: "https://films.example.org/"}}
	for i := range n {
		lib.Films = append(lib.Films, site.Film{Slug: fmt.Sprintf("film-%03d", i), Release: "0123456789abcdef0123", Title: strings.Repeat("A long title <b>& more</b> ", 3), Language: "ru",
			Description: strings.Repeat("Слова о фильме. ", 20), Date: fmt.Sprintf("20%02d-01-02", i%90+10), Duration: 3600, Subtitles: []string{"en", "ru", "ky"}, Width: 1280, Height: 720,
			Poster: "o/0123456789abcdef0123456789abcdef/poster.jpg", MP4: "o/0123456789abcdef0123456789abcdef/film.mp4", Size: 1 << 30})
	}
	return lib
}

// worked is the processor time of this process: on a busy machine a clock on the wall says nothing.
func worked(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// TestFiveHundred: in a library of 500 films a publish reads one list and one manifest, and takes less than two seconds.
func TestFiveHundred(t *testing.T) {
	st := &counted{Store: storetest.Memory(), calls: map[string]int{}}
	storetest.Put(t, st, site.FilmsName, many(500).Bytes())
	publish(t, st, "one", "a")
	st.calls = map[string]int{}
	began := worked(t)
	r := update(t, st, "one", library.Options{})
	took := worked(t) - began
	if r.Films != 501 || took > 2*time.Second || st.calls["stat"] > 10 {
		t.Errorf("%d films in %v with %v", r.Films, took, st.calls)
	}
	t.Logf("%d films: %v, %v", r.Films, took, st.calls)
	for _, name := range []string{site.FilmsName, site.IndexName, site.FeedName, site.SitemapName} {
		b, err := releasetest.Content(t.Context(), st, name)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: %d kB, %d kB gzipped", name, len(b)/1000, len(store.Gzip(b))/1000)
	}
}

func BenchmarkUpdate500(b *testing.B) {
	st := storetest.Memory()
	storetest.Put(b, st, site.FilmsName, many(500).Bytes())
	for i := 0; b.Loop(); i++ {
		b.StopTimer()
		publish(b, st, "one", fmt.Sprint("version ", i%2))
		b.StartTimer()
		update(b, st, "one", library.Options{})
	}
}
