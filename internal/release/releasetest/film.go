// Package releasetest has small films for tests of what happens to releases, a viewer who follows every link, and a
// scheduler that lets two commands run in any order of their operations.
package releasetest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"filmpress/internal/dash"
	"filmpress/internal/hls"
	"filmpress/internal/release"
	"filmpress/internal/report"
	"filmpress/internal/store"
	"filmpress/internal/watch"
)

// entrances are those that a Film has. The page for frames and the oEmbed response come from the same bytes and are tested by themselves.
var entrances = release.Entrances[:3]

// Slug is that of every film here.
const Slug = "the-lake"

// Digest is a step's digest by its name.
func Digest(name string) string {
	sum := sha256.Sum256([]byte(name))
	return hex.EncodeToString(sum[:16])
}

// Film is a version of a film: all versions share a segment and a poster; each has a segment and a track of its own.
func Film(st store.Store, version string) release.Set {
	file := func(path, content string) release.File { return release.FromBytes(path, []byte(content)) }
	shared, own, track, stills := "o/"+Digest("shared"), "o/"+Digest("video "+version), "o/"+Digest("track "+version), "o/"+Digest("stills")
	page := watch.Page{Film: watch.Film{Title: "The Lake <" + version + ">", Slug: Slug, Language: "en"}, Master: "master.m3u8", Poster: "../../" + stills + "/poster.jpg",
		MP4: "../../" + own + "/film.mp4", Width: 16, Height: 9, Duration: time.Minute,
		Tracks: []watch.Track{{Language: "en", Name: "English", Kind: "subtitles", VTT: "../../" + track + "/track.vtt"}}}
	master := func(base string) []byte {
		return hls.Master{Version: hls.Version, Variants: []hls.Variant{{Bandwidth: 1000, Codecs: "avc1.64001f", URI: base + "v0.m3u8"}}}.Bytes()
	}
	manifest := func(base string) []byte {
		return dash.Manifest{Base: base, Duration: time.Minute, Sets: []dash.Set{{Type: "video", Representations: []dash.Representation{{ID: "v0", Bandwidth: 1000,
			Timescale: 1, Init: shared + "/init.mp4", Segments: []dash.Segment{{URI: own + "/00000.m4s", Duration: 60}}}}}}}.Bytes()
	}
	v0 := hls.VOD(60, "../../"+shared+"/init.mp4", []hls.Segment{{URI: "../../" + own + "/00000.m4s", Duration: time.Minute}})
	return release.Set{
		Slug:   Slug,
		Media:  []release.File{file(shared+"/init.mp4", "init"), file(own+"/00000.m4s", "segment of "+version), file(own+"/film.mp4", "film of "+version)},
		Tracks: []release.File{file(track+"/track.vtt", "WEBVTT\n\n"+strings.Repeat(version, 100)), file(stills+"/poster.jpg", "poster")},
		Pages: []release.File{release.FromBytes("index.html", rendered(page)), release.FromBytes("master.m3u8", master("")),
			release.FromBytes("manifest.mpd", manifest("../../")), release.FromBytes("v0.m3u8", v0.Bytes())},
		Summary: []byte(`{"title":"The Lake","language":"en","duration":60,"subtitles":["en"],"pipeline":"documentary"}`),
		Entrances: func(id string) ([]release.File, error) {
			page := page
			page.Base, page.PublicURL = "r/"+id+"/", release.PageURL(st, Slug)
			return []release.File{release.FromBytes("index.html", rendered(page)), release.FromBytes("master.m3u8", master("r/"+id+"/")),
				release.FromBytes("manifest.mpd", manifest(""))}, nil
		},
	}
}

// pages are kept, since a test of thousands of orders renders the same few.
var pages sync.Map

func rendered(p watch.Page) []byte {
	key := p.Film.Title + " " + p.Base + " " + p.PublicURL
	if b, ok := pages.Load(key); ok {
		return b.([]byte)
	}
	b, err := watch.Render(p)
	if err != nil {
		panic(err)
	}
	pages.Store(key, b)
	return b
}

// Publish publishes a version with one worker, so that operations come in the same order each time.
func Publish(ctx context.Context, st store.Store, version string) (release.Result, error) {
	return release.Publish(ctx, st, Film(st, version), release.Options{Workers: 1}, report.Discard)
}

// MustPublish publishes a version, or ends the test.
func MustPublish(t testing.TB, st store.Store, version string) release.Result {
	t.Helper()
	r, err := Publish(t.Context(), st, version)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

var links = regexp.MustCompile(`(?:"|^|>)((?:\.\./\.\./|r/[0-9a-f]{20}/|)(?:o/[0-9a-f]{32}/[a-z0-9/.]+|master\.m3u8|v0\.m3u8))(?:"|$|<)`)

// linked are the links of texts, kept since a test of thousands of orders has a viewer look at the same few after every change.
var linked sync.Map

func linksOf(text string) []string {
	if l, ok := linked.Load(text); ok {
		return l.([]string)
	}
	var found []string
	for line := range strings.Lines(text) {
		for _, m := range links.FindAllStringSubmatch(strings.TrimSpace(line), -1) {
			found = append(found, m[1])
		}
	}
	linked.Store(text, found)
	return found
}

// Watch follows every link from the entrances, as a viewer can, and gives which entrances there are and the words of each
// version that they lead to. An object that is not there is an error.
func Watch(ctx context.Context, st store.Store) (seenFrom map[string]string, err error) {
	seenFrom = map[string]string{}
	for _, name := range release.Entrances {
		b, err := Content(ctx, st, Slug+"/"+name)
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		seen := map[string]bool{}
		if err := follow(ctx, st, Slug+"/"+name, string(b), seen); err != nil {
			return nil, fmt.Errorf("from %s: %w", name, err)
		}
		for object := range seen {
			if strings.HasSuffix(object, "/00000.m4s") {
				b, err := Content(ctx, st, object)
				if err != nil {
					return nil, err
				}
				seenFrom[name] += strings.TrimPrefix(string(b), "segment of ")
			}
		}
	}
	return seenFrom, nil
}

func follow(ctx context.Context, st store.Store, at, text string, seen map[string]bool) error {
	folder := at[:strings.LastIndex(at, "/")+1]
	for _, link := range linksOf(text) {
		name := folder + link
		if strings.HasPrefix(link, "../../") {
			name = Slug + "/" + strings.TrimPrefix(link, "../../")
		}
		if seen[name] {
			continue
		}
		seen[name] = true
		b, err := Content(ctx, st, name)
		if err != nil {
			return fmt.Errorf("%s names %s: %w", at, link, err)
		}
		if strings.HasSuffix(name, ".m3u8") || strings.HasSuffix(name, ".html") {
			if err := follow(ctx, st, name, string(b), seen); err != nil {
				return err
			}
		}
	}
	return nil
}

// Content is an object's bytes.
func Content(ctx context.Context, st store.Store, name string) ([]byte, error) {
	r, _, err := st.Get(ctx, name)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

// Whole wants the pointer to lead to a version of which every object of the manifest is there with its bytes, and the
// entrances to the same. "" is that nothing is visible.
func Whole(ctx context.Context, st store.Store, version string) error {
	seen, err := Watch(ctx, st)
	if err != nil {
		return err
	}
	pointer, _, err := release.ReadPointer(ctx, st, Slug)
	if version == "" {
		if len(seen) > 0 || !errors.Is(err, store.ErrNotFound) {
			return fmt.Errorf("something is visible: %v, %+v, %v", seen, pointer, err)
		}
		return nil
	}
	if err != nil {
		return err
	}
	m, err := release.ReadManifest(ctx, st, Slug, pointer.Release)
	if err != nil {
		return err
	}
	for _, e := range m.All(pointer.Release) {
		b, err := Content(ctx, st, Slug+"/"+e.Path)
		if err != nil {
			return err
		}
		if release.FromBytes(e.Path, b).SHA256 != e.SHA256 {
			return fmt.Errorf("%s has other bytes", e.Path)
		}
	}
	for _, name := range entrances {
		if seen[name] != version {
			return fmt.Errorf("%s leads to %q, not to %q", name, seen[name], version)
		}
	}
	return nil
}
