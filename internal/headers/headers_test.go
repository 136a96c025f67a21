package headers_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"filmpress/internal/headers"
	"filmpress/internal/release"
	"filmpress/internal/release/releasetest"
	"filmpress/internal/report"
	"filmpress/internal/store"
	"filmpress/internal/store/dir"
	"filmpress/internal/store/s3"
	"filmpress/internal/store/storetest"
	"filmpress/internal/store/storetest/s3server"
)

func bucket(t testing.TB) store.Store {
	server := s3server.Start(t)
	server.Setenv(t)
	st, err := s3.Open(t.Context(), s3.Options{Bucket: server.Bucket, Prefix: "films"})
	if err != nil {
		t.Fatal(err)
	}
	return st
}

// spoil stores an object with other headers.
func spoil(t testing.TB, st store.Store, name string, change func(*store.Meta)) {
	t.Helper()
	b, obj, err := release.ReadObject(t.Context(), st, name, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	meta := obj.Meta
	change(&meta)
	if _, err := st.Put(t.Context(), name, store.Bytes(b), meta, store.If{}); err != nil {
		t.Fatal(err)
	}
}

func meta(t testing.TB, st store.Store, name string) string {
	t.Helper()
	obj, err := st.Stat(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%s | %s | %s | %v", obj.Type, obj.CacheControl, obj.Disposition, obj.Gzip)
}

// TestMend finds each kind of fault on a real server, mends it, and keeps everything else.
func TestMend(t *testing.T) {
	st := bucket(t)
	set := releasetest.Film(st, "one")
	film := slices.IndexFunc(set.Media, func(f release.File) bool { return strings.HasSuffix(f.Path, "film.mp4") })
	set.Media[film].Disposition = `inline; filename="the-lake.mp4"`
	if _, err := release.Publish(t.Context(), st, set, release.Options{}, report.Discard); err != nil {
		t.Fatal(err)
	}
	releasetest.MustPublish(t, st, "two")
	o := "the-lake/o/"
	names := []string{o + releasetest.Digest("shared") + "/init.mp4", o + releasetest.Digest("video two") + "/00000.m4s", o + releasetest.Digest("track two") + "/track.vtt",
		"the-lake/release.json", "the-lake/index.html", "the-lake/" + set.Media[film].Path}
	before := map[string]string{}
	for _, n := range names {
		before[n] = meta(t, st, n)
	}
	clean, err := headers.Run(t.Context(), st, headers.Options{}, report.Discard)
	if err != nil || clean.Objects != 0 || clean.Looked != 8*2+2+4 || len(clean.Findings) != 0 {
		t.Fatalf("nothing is wrong: %+v, %v", clean, err)
	}
	spoil(t, st, names[0], func(m *store.Meta) { m.Type = "application/octet-stream" })
	spoil(t, st, names[1], func(m *store.Meta) { m.Type, m.CacheControl = "text/plain", "no-cache" })
	spoil(t, st, names[2], func(m *store.Meta) { m.Type = "TEXT/VTT;charset=UTF-8"; m.CacheControl = "" })
	spoil(t, st, names[3], func(m *store.Meta) { m.CacheControl = "max-age=3600" })
	spoil(t, st, names[4], func(m *store.Meta) { m.Disposition = "attachment" })
	spoil(t, st, names[5], func(m *store.Meta) { m.Disposition = "" })
	foreign := storetest.Put(t, st, "hls/clip.ts", []byte("a clip"))
	spoil(t, st, foreign.Name, func(m *store.Meta) { m.Type, m.CacheControl = "text/vnd.trolltech.linguist", "max-age=60" })

	r, err := headers.Run(t.Context(), st, headers.Options{}, report.Discard)
	if err != nil || r.Objects != 6 || r.Mended != 0 {
		t.Fatalf("%+v, %v", r, err)
	}
	var rules []string
	for _, w := range r.Wrong {
		rules = append(rules, w.Rule)
	}
	slices.Sort(rules)
	if got := strings.Join(rules, " "); got != "header-cache header-cache header-cache header-disposition header-disposition header-type header-type" {
		t.Errorf("rules: %s", got)
	}
	if meta(t, st, names[0]) == before[names[0]] {
		t.Error("a dry run mended something")
	}
	if r, err = headers.Run(t.Context(), st, headers.Options{Do: true}, report.Discard); err != nil || r.Objects != 6 || r.Mended != 6 {
		t.Fatalf("%+v, %v", r, err)
	}
	for _, n := range names {
		if got := meta(t, st, n); got != before[n] && !(n == names[2] && strings.Contains(got, store.Immutable)) {
			t.Errorf("%s: %s, want %s", n, got, before[n])
		}
	}
	if err := releasetest.Whole(t.Context(), st, "two"); err != nil {
		t.Error(err)
	}
	if r, err = headers.Run(t.Context(), st, headers.Options{Do: true, All: true}, report.Discard); err != nil || r.Objects != 1 || r.Mended != 1 {
		t.Fatalf("others': %+v, %v", r, err)
	}
	if got := meta(t, st, foreign.Name); got != "video/mp2t | max-age=60 |  | false" {
		t.Errorf("a stranger's: %s", got)
	}
	if again := releasetest.MustPublish(t, st, "two"); again.Uploaded != 0 {
		t.Errorf("publishing again sends %+v", again)
	}
}

// TestMendAgain ends it at every write: the next run mends the rest.
func TestMendAgain(t *testing.T) {
	crash := errors.New("the power went out")
	for n := 1; ; n++ {
		st := storetest.Memory()
		releasetest.MustPublish(t, st, "one")
		for _, name := range storetest.Names(t, st, "") {
			spoil(t, st, name, func(m *store.Meta) { m.Type, m.CacheControl = "binary/octet-stream", "private" })
		}
		total := len(storetest.Names(t, st, ""))
		w := &stopped{Store: st, at: n, err: crash}
		r, err := headers.Run(t.Context(), w, headers.Options{Do: true, Workers: 1}, report.Discard)
		if err != nil && (!errors.Is(err, crash) || r.Mended != n-1) {
			t.Fatalf("at %d: %+v, %v", n, r, err)
		}
		if r, err := headers.Run(t.Context(), st, headers.Options{Do: true}, report.Discard); err != nil || r.Mended != total-n+1 || r.Mended != r.Objects {
			t.Errorf("at %d: again: %+v, %v", n, r, err)
		}
		if err := releasetest.Whole(t.Context(), st, "one"); err != nil {
			t.Errorf("at %d: %v", n, err)
		}
		if err == nil {
			if n != total+1 {
				t.Errorf("%d writes for %d objects", n-1, total)
			}
			break
		}
	}
}

// TestPointerMeanwhile: a release that is published while headers are mended is not undone.
func TestPointerMeanwhile(t *testing.T) {
	st := storetest.Memory()
	releasetest.MustPublish(t, st, "one")
	spoil(t, st, "the-lake/release.json", func(m *store.Meta) { m.CacheControl = "private" })
	w := &stopped{Store: st, before: func(name string) {
		if name == "the-lake/release.json" {
			releasetest.MustPublish(t, st, "two")
		}
	}}
	if r, err := headers.Run(t.Context(), w, headers.Options{Do: true, Workers: 1}, report.Discard); err != nil || r.Objects != 1 || r.Mended != 0 {
		t.Errorf("%+v, %v", r, err)
	}
	if err := releasetest.Whole(t.Context(), st, "two"); err != nil {
		t.Error(err)
	}
}

func TestFolder(t *testing.T) {
	st, err := dir.New(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	releasetest.MustPublish(t, st, "one")
	if _, err := headers.Run(t.Context(), st, headers.Options{}, report.Discard); !errors.Is(err, headers.ErrByName) {
		t.Errorf("got %v", err)
	}
}

// stopped is a store whose n-th write fails, and in which each can be looked at before.
type stopped struct {
	store.Store
	at, n  int
	err    error
	before func(name string)
}

func (s *stopped) write(name string) error {
	if s.before != nil {
		s.before(name)
	}
	if s.n++; s.at > 0 && s.n >= s.at {
		return s.err
	}
	return nil
}

func (s *stopped) Put(ctx context.Context, name string, body store.Body, m store.Meta, cond store.If) (store.Object, error) {
	if err := s.write(name); err != nil {
		return store.Object{}, err
	}
	return s.Store.Put(ctx, name, body, m, cond)
}

func (s *stopped) Relabel(ctx context.Context, obj store.Object, m store.Meta) (store.Object, error) {
	if err := s.write(obj.Name); err != nil {
		return store.Object{}, err
	}
	return s.Store.(store.Labeller).Relabel(ctx, obj, m)
}

func (s *stopped) Rewrite(ctx context.Context, obj store.Object, m store.Meta) (store.Object, error) {
	if err := s.write(obj.Name); err != nil {
		return store.Object{}, err
	}
	return s.Store.(store.Labeller).Rewrite(ctx, obj, m)
}
