package release_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"filmpress/internal/release"
	"filmpress/internal/report"
	"filmpress/internal/store"
	"filmpress/internal/store/dir"
	"filmpress/internal/store/s3"
	"filmpress/internal/store/storetest"
	"filmpress/internal/store/storetest/s3server"
)

// film is a small release: media that both versions share, and one track that differs between them.
func film(version string) release.Set {
	playlist := strings.Repeat("#EXTINF:6.000,\n../../o/aa/00001.m4s\n", 20)
	return release.Set{
		Slug:    "our film",
		Media:   []release.File{file("o/aa/init.mp4", "init"), file("o/aa/00001.m4s", "segment one"), file("o/aa/00002.m4s", "segment two")},
		Tracks:  []release.File{file("o/"+version+"/en/00001.vtt", "WEBVTT\n\n"+strings.Repeat(version, 100)), file("o/bb/poster.jpg", "poster")},
		Pages:   []release.File{file("master.m3u8", playlist+version), file("index.html", "<html>"+version)},
		Summary: json.RawMessage(`{ "title": "A <film> & more" }`),
		Entrances: func(id string) ([]release.File, error) {
			return []release.File{file("index.html", "see r/"+id+"/"), file("master.m3u8", "#EXTM3U\nr/"+id+"/")}, nil
		},
	}
}

func file(path, content string) release.File { return release.FromBytes(path, []byte(content)) }

func folder(t testing.TB) store.Store {
	st, err := dir.New(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return st
}

func bucket(t testing.TB, server s3server.Server, prefix string) store.Store {
	server.Setenv(t)
	st, err := s3.Open(t.Context(), s3.Options{Bucket: server.Bucket, Prefix: prefix})
	if err != nil {
		t.Fatal(err)
	}
	return st
}

func publish(t testing.TB, st store.Store, set release.Set) release.Result {
	t.Helper()
	r, err := release.Publish(t.Context(), st, set, release.Options{}, report.Discard)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// whole is what a viewer can reach: each entrance and the pointer lead to a release of which everything is there.
// It returns the releases by the object that leads to them.
func whole(ctx context.Context, st store.Store, slug string) (map[string]string, error) {
	found := map[string]string{}
	for _, name := range []string{"index.html", "master.m3u8", "release.json"} {
		b, err := content(ctx, st, slug+"/"+name)
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		id := regexp.MustCompile(`(?:r/|"release":")([0-9a-f]{20})`).FindSubmatch(b)
		if id == nil {
			return nil, fmt.Errorf("%s leads nowhere: %q", name, b)
		}
		found[name] = string(id[1])
		if err := complete(ctx, st, slug, found[name]); err != nil {
			return nil, fmt.Errorf("%s leads to %s: %w", name, id[1], err)
		}
	}
	return found, nil
}

func complete(ctx context.Context, st store.Store, slug, id string) error {
	m, err := release.ReadManifest(ctx, st, slug, id)
	if err != nil {
		return err
	}
	check := func(place string, entries []release.Entry) error {
		for _, e := range entries {
			b, err := content(ctx, st, slug+"/"+place+e.Path)
			if err != nil {
				return err
			}
			if f := release.FromBytes(e.Path, b); f.SHA256 != e.SHA256 {
				return fmt.Errorf("%s differs from its manifest", e.Path)
			}
		}
		return nil
	}
	if len(m.Media) != 5 || len(m.Pages) != 2 {
		return fmt.Errorf("the manifest names %d and %d objects", len(m.Media), len(m.Pages))
	}
	return errors.Join(check("", m.Media), check("r/"+id+"/", m.Pages))
}

func content(ctx context.Context, st store.Store, name string) ([]byte, error) {
	r, _, err := st.Get(ctx, name)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	var b bytes.Buffer
	_, err = b.ReadFrom(r)
	return b.Bytes(), err
}

// leadsTo ends the test unless entrances and pointer all lead to one release.
func leadsTo(t testing.TB, st store.Store, slug, id string) {
	t.Helper()
	found, err := whole(t.Context(), st, slug)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"index.html", "master.m3u8", "release.json"} {
		if found[name] != id {
			t.Errorf("%s leads to %q, want %s", name, found[name], id)
		}
	}
}

// TestPublish: a film, the same again, a mended subtitle, and back.
func TestPublish(t *testing.T) {
	server := s3server.Start(t)
	for name, st := range map[string]store.Store{"folder": folder(t), "bucket": bucket(t, server, "library")} {
		t.Run(name, func(t *testing.T) {
			one := publish(t, st, film("v1"))
			if one.Uploaded != 11 || one.Present != 0 || one.Sequence != 1 || one.Previous != "" {
				t.Errorf("first: %+v", one)
			}
			leadsTo(t, st, "our film", one.Release)
			again := publish(t, st, film("v1"))
			if again.Uploaded != 0 || again.Present != 8 || again.Sequence != 1 || again.Release != one.Release {
				t.Errorf("again: %+v", again)
			}
			two := publish(t, st, film("v2"))
			// The track, two pages, the manifest, the pointer, two entrances.
			if two.Uploaded != 7 || two.Present != 4 || two.Sequence != 2 || two.Previous != one.Release {
				t.Errorf("mended: %+v", two)
			}
			leadsTo(t, st, "our film", two.Release)
			if err := complete(t.Context(), st, "our film", one.Release); err != nil {
				t.Errorf("the first release is no longer whole: %v", err)
			}
			back := publish(t, st, film("v1"))
			if back.Uploaded != 3 || back.Sequence != 3 || back.Previous != two.Release {
				t.Errorf("back: %+v", back)
			}
			leadsTo(t, st, "our film", one.Release)
		})
	}
	t.Run("headers", func(t *testing.T) { checkHeaders(t, bucket(t, server, "library")) })
}

func checkHeaders(t *testing.T, st store.Store) {
	p, _, err := release.ReadPointer(t.Context(), st, "our film")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, mime, cache string
		gzip              bool
	}{
		{"o/aa/init.mp4", "video/mp4", store.Immutable, false},
		{"o/aa/00001.m4s", "video/iso.segment", store.Immutable, false},
		{"o/v1/en/00001.vtt", "text/vtt; charset=utf-8", store.Immutable, true},
		{"r/" + p.Release + "/master.m3u8", "application/vnd.apple.mpegurl", store.Immutable, true},
		{"r/" + p.Release + "/manifest.json", "application/json", store.Immutable, true},
		{"release.json", "application/json", store.Revalidate, false},
		{"index.html", "text/html; charset=utf-8", store.Revalidate, false}, // too small to be worth it
	} {
		got, err := st.Stat(t.Context(), "our film/"+c.name)
		if err != nil || got.Type != c.mime || got.CacheControl != c.cache || got.Gzip != c.gzip {
			t.Errorf("%s: %+v, %v, want %+v", c.name, got.Meta, err, c)
		}
	}
}

// TestRepeatable: the same set gives the same release, whatever the order of its files.
func TestRepeatable(t *testing.T) {
	a, b := film("v1"), film("v1")
	slices.Reverse(b.Media)
	slices.Reverse(b.Pages)
	if a, b := publish(t, folder(t), a), publish(t, folder(t), b); a.Release != b.Release {
		t.Errorf("%s and %s", a.Release, b.Release)
	}
}

// TestEvents: bytes add up, every object is told of.
func TestEvents(t *testing.T) {
	var mu sync.Mutex
	var last, total int64
	var objects []string
	sink := func(e report.Event) {
		mu.Lock()
		defer mu.Unlock()
		switch e.Kind {
		case report.Uploading:
			last, total = max(last, e.Done), e.Total
		case report.Uploaded:
			objects = append(objects, e.Object)
		}
	}
	if _, err := release.Publish(t.Context(), folder(t), film("v1"), release.Options{}, sink); err != nil {
		t.Fatal(err)
	}
	if last == 0 || last != total || len(objects) != 11 || objects[10] != "our film/master.m3u8" || objects[8] != "our film/release.json" {
		t.Errorf("%d of %d bytes, objects %q", last, total, objects)
	}
}

// TestDiffers: other bytes under an immutable name stop the publish before anything is sent.
func TestDiffers(t *testing.T) {
	server := s3server.Start(t)
	st := bucket(t, server, "")
	publish(t, st, film("v1"))
	before := storetest.Names(t, st, "")
	set := film("v2")
	set.Media[1] = file("o/aa/00001.m4s", "segment 0ne")
	set.Tracks[1] = file("o/bb/poster.jpg", "another poster")
	_, err := release.Publish(t.Context(), st, set, release.Options{Force: true}, report.Discard)
	var differs *release.DiffersError
	if !errors.Is(err, release.ErrDiffers) || !errors.As(err, &differs) || !slices.Equal(differs.Paths, []string{"o/aa/00001.m4s", "o/bb/poster.jpg"}) {
		t.Errorf("got %v", err)
	}
	if after := storetest.Names(t, st, ""); !slices.Equal(before, after) {
		t.Errorf("objects before %q, after %q", before, after)
	}
}

// TestDamaged: an object of the release itself that was damaged or lost is sent again.
func TestDamaged(t *testing.T) {
	st := folder(t)
	id := publish(t, st, film("v1")).Release
	if err := os.WriteFile(st.URL("our film/r/"+id+"/index.html"), []byte("cut"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(st.URL("our film/o/aa/00002.m4s")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(st.URL("our film/index.html"), []byte("somebody's own"), 0o644); err != nil {
		t.Fatal(err)
	}
	if r := publish(t, st, film("v1")); r.Uploaded != 3 {
		t.Errorf("%+v", r)
	}
	leadsTo(t, st, "our film", id)
}

func TestBadSlug(t *testing.T) {
	for _, slug := range []string{"", "a/b", "..", "a\nb"} {
		set := film("v1")
		set.Slug = slug
		if _, err := release.Publish(t.Context(), folder(t), set, release.Options{}, report.Discard); !errors.Is(err, store.ErrName) {
			t.Errorf("%q: %v", slug, err)
		}
	}
}
