// Package library keeps the list of a place's films, and the page, the feed and the sitemap that are made of it, in step with the films' pointers.
//
// A film is in the list if it has a pointer, with what the manifest of its current release says. So an update is no operation of its own that
// could be lost or done twice: it reads the list, then the pointer, and writes the list if it is still the one that was read. Whoever changes a
// pointer updates the list afterwards. So the last one who writes the list has read the pointers of all who wrote before, and those who come
// later have an update before them. The page, the feed and the sitemap follow by the same rule: they are written while the list is still the
// one they are made of, and whoever replaces the list writes them anew.
//
// Where a server keeps no conditions, two who write in the same instant can lose one film. So there each looks once more after a moment that is
// longer than the time between a reading and its writing, and adds his film again if it is gone.
package library

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path"
	"slices"
	"strings"
	"time"

	"filmpress/internal/release"
	"filmpress/internal/report"
	"filmpress/internal/site"
	"filmpress/internal/store"
	"filmpress/internal/theme"
)

// Options say how the library looks.
type Options struct {
	Site  site.Site    // what is set here; the list keeps the rest
	Theme *theme.Theme // nil keeps the one that is there
	// Fallback is the library's address where neither the list nor Site tells one; it is not kept. "" is none.
	Fallback string
	// Settle is how long to wait before looking again, where the server keeps no conditions; 0 is 3 s.
	Settle time.Duration
	Sink   report.Sink // hears how far a list is that takes long; nil is nobody
}

// Result is what an update did.
type Result struct {
	Films    int              // in the list
	Written  []string         // of the library's objects
	Findings []report.Finding // objects of others that stand where ours should
	Address  string           // of the library; "" is not known, and then there is no feed and no sitemap
}

// ErrBroken is a films.json that is not ours or was damaged. Nothing is written then.
var ErrBroken = errors.New("the list of films cannot be read")

// ErrBusy is a list that others changed again and again.
var ErrBusy = errors.New("the list of films changes again and again; run the same command once more")

// tries is how often a write is tried again that another publisher made void: as often as others may win.
const tries = 60

// errRaced says that the list is another one by now.
var errRaced = errors.New("the list changed meanwhile")

// keeper is one update under way.
type keeper struct {
	st  store.Store
	opt Options
	now state
	res Result
}

// state is the list as it was read.
type state struct {
	lib   site.Library
	bytes []byte // nil: there is none
	etag  string
}

// Update brings one film's line up to its pointer, and all that is made of the list.
func Update(ctx context.Context, st store.Store, slug string, o Options) (Result, error) {
	k := &keeper{st: st, opt: o}
	if err := k.settle(ctx, slug); err != nil {
		return k.res, err
	}
	guard, ok := st.(store.Guard)
	if !ok {
		return k.res, nil
	}
	guarded, err := guard.Guarded(ctx)
	for i := 0; err == nil && !guarded && i < 2; i++ {
		if err = (release.Timer{}).Pause(ctx, cmp.Or(o.Settle, 3*time.Second)); err == nil {
			err = k.settle(ctx, slug)
		}
	}
	return k.res, err
}

// settle updates until nobody came between.
func (k *keeper) settle(ctx context.Context, slug string) error {
	for try := 0; ; try++ {
		err := k.once(ctx, func(ctx context.Context, lib *site.Library) error {
			film, ok, err := Current(ctx, k.st, slug)
			if err != nil {
				return err
			}
			lib.Remove(slug)
			if ok {
				lib.Set(film)
			}
			return nil
		})
		switch {
		case !errors.Is(err, errRaced):
			return err
		case try == tries:
			return ErrBusy
		}
		if err := (release.Timer{}).Pause(ctx, time.Duration(rand.IntN(20*(min(try, 20)+1)))*time.Millisecond); err != nil {
			return err
		}
	}
}

// once reads the list, changes it, and writes what differs. errRaced is that somebody else wrote meanwhile.
func (k *keeper) once(ctx context.Context, change func(context.Context, *site.Library) error) error {
	var err error
	if k.now, err = read(ctx, k.st); err != nil {
		return err
	}
	lib := k.now.lib
	if k.now.bytes == nil { // the first film here, or the first since libraries have lists
		if lib, err = Survey(ctx, k.st, k.opt.Sink); err != nil {
			return err
		}
	}
	if err := change(ctx, &lib); err != nil {
		return err
	}
	lib.Site = lib.Site.Over(k.opt.Site)
	return k.write(ctx, lib)
}

// write writes the list and what is made of it.
func (k *keeper) write(ctx context.Context, lib site.Library) error {
	if b := lib.Bytes(); !bytes.Equal(b, k.now.bytes) {
		etag, err := k.put(ctx, site.FilmsName, b, store.If{Absent: k.now.etag == "", ETag: k.now.etag})
		if err != nil {
			return err
		}
		k.now = state{lib, b, etag}
	}
	look, err := k.theme(ctx)
	if err != nil {
		return err
	}
	lib.Site.URL = cmp.Or(lib.Site.URL, k.opt.Fallback)
	k.res.Films, k.res.Address, k.res.Findings = len(lib.Films), lib.Site.URL, nil
	for _, o := range made(lib, look) {
		if err := k.follow(ctx, o.name, o.bytes); err != nil {
			return err
		}
	}
	return k.still(ctx)
}

// object is an object of the library that is made of the list.
type object struct {
	name  string
	bytes []byte
}

// made renders what follows from the list.
func made(lib site.Library, look theme.Theme) []object {
	all := []object{{site.FeedName, lib.Feed()}, {site.SitemapName, lib.Sitemap()}, {site.IndexName, lib.Index(look)}}
	out := all[:0]
	for _, o := range all {
		if o.bytes != nil {
			out = append(out, o)
		}
	}
	return out
}

// still is errRaced once the list is another one.
func (k *keeper) still(ctx context.Context) error {
	obj, err := k.st.Stat(ctx, site.FilmsName)
	if errors.Is(err, store.ErrNotFound) || err == nil && obj.ETag != k.now.etag {
		return errRaced
	}
	return err
}

// follow writes an object that is made of the list. First it is looked at, then the list: while that is ours, what was seen is not newer.
func (k *keeper) follow(ctx context.Context, name string, b []byte) error {
	now, err := k.st.Stat(ctx, name)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	exists := err == nil
	if exists && now.SHA256 == release.FromBytes(name, b).SHA256 {
		return nil
	}
	if exists {
		ours, err := isOurs(ctx, k.st, name)
		if err != nil {
			return err
		}
		if !ours {
			k.res.Findings = append(k.res.Findings, foreign(name))
			return nil
		}
	}
	if err := k.still(ctx); err != nil {
		return err
	}
	_, err = k.put(ctx, name, b, store.If{Absent: !exists, ETag: now.ETag})
	return err
}

// theme gives the library's look, and keeps a new one.
func (k *keeper) theme(ctx context.Context) (theme.Theme, error) {
	b, obj, err := release.ReadObject(ctx, k.st, site.ThemeName, theme.MaxBytes)
	if err != nil && !errors.Is(err, store.ErrNotFound) && !errors.Is(err, release.ErrMalformed) {
		return theme.Theme{}, err
	}
	exists := !errors.Is(err, store.ErrNotFound)
	var look theme.Theme
	if err == nil {
		look, err = theme.Parse(b)
	}
	if want := k.opt.Theme; want != nil {
		if err == nil && look == *want || !exists && *want == (theme.Theme{}) {
			return *want, nil
		}
		_, err := k.put(ctx, site.ThemeName, theme.Bytes(*want), store.If{Absent: !exists, ETag: obj.ETag})
		return *want, err
	}
	if exists && err != nil { // damaged, or somebody else's: our own look is safe
		k.res.Findings = append(k.res.Findings, report.Finding{Pos: report.Pos{File: site.ThemeName}, Severity: report.Warn, Rule: "library-theme",
			Text: "the library's theme cannot be read, so its page has filmpress's own look", Hint: "give the theme again: --theme DIR, or --theme none"})
		return theme.Theme{}, nil
	}
	return look, nil
}

// put writes one object, and gives its ETag. A condition that did not hold is errRaced.
func (k *keeper) put(ctx context.Context, name string, b []byte, cond store.If) (etag string, err error) {
	f := release.FromBytes(name, b)
	meta := store.Meta{Type: store.TypeOf(name), CacheControl: store.Revalidate, SHA256: f.SHA256, MD5: f.MD5, Gzip: true}
	obj, err := k.st.Put(ctx, name, store.Body{Size: f.Size, Open: f.Open}, meta, cond)
	if errors.Is(err, store.ErrPrecondition) {
		return "", errRaced
	}
	if err == nil && !slices.Contains(k.res.Written, name) {
		k.res.Written = append(k.res.Written, name)
	}
	return obj.ETag, err
}

// read reads the list. None is a state without bytes.
func read(ctx context.Context, st store.Store) (state, error) {
	b, obj, err := release.ReadObject(ctx, st, site.FilmsName, site.MaxBytes)
	if errors.Is(err, store.ErrNotFound) {
		return state{}, nil
	}
	if errors.Is(err, release.ErrMalformed) {
		return state{etag: obj.ETag}, fmt.Errorf("%w: %v", ErrBroken, err)
	}
	if err != nil {
		return state{}, err
	}
	lib, err := site.Parse(b)
	if err != nil {
		return state{etag: obj.ETag}, fmt.Errorf("%w: %s: %v", ErrBroken, st.URL(site.FilmsName), err)
	}
	return state{lib, b, obj.ETag}, nil
}

// Read gives the list of a place; one without a list has no films. ErrBroken is one that cannot be read.
func Read(ctx context.Context, st store.Store) (site.Library, error) {
	s, err := read(ctx, st)
	return s.lib, err
}

// Ours tells whether one of the library's objects is there and was made by filmpress.
func Ours(ctx context.Context, st store.Store, name string) (bool, error) {
	if name != site.FilmsName && name != site.ThemeName {
		return isOurs(ctx, st, name)
	}
	b, _, err := release.ReadObject(ctx, st, name, site.MaxBytes)
	if errors.Is(err, release.ErrMalformed) || errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if name == site.FilmsName {
		_, err = site.Parse(b)
	} else {
		_, err = theme.Parse(b)
	}
	return err == nil, nil
}

// isOurs tells whether an object bears our mark, so that it may be written over.
func isOurs(ctx context.Context, st store.Store, name string) (bool, error) {
	b, _, err := release.ReadObject(ctx, st, name, site.MaxBytes)
	if errors.Is(err, release.ErrMalformed) || errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return bytes.Contains(b[:min(len(b), 400)], []byte(site.Mark)), err
}

func foreign(name string) report.Finding {
	return report.Finding{Pos: report.Pos{File: name}, Severity: report.Warn, Rule: "library-foreign",
		Text: "this object was not made by filmpress, so it is left alone, and the library goes without its own", Hint: "to have the library's, move it to another name and run filmpress library TARGET --yes"}
}

// Current is a film as its pointer and manifest tell of it; false is that it has no pointer.
func Current(ctx context.Context, st store.Store, slug string) (site.Film, bool, error) {
	p, _, err := release.ReadPointer(ctx, st, slug)
	if errors.Is(err, store.ErrNotFound) {
		return site.Film{}, false, nil
	}
	if err != nil {
		return site.Film{}, false, err
	}
	m, err := release.ReadManifest(ctx, st, slug, p.Release)
	if err != nil {
		return site.Film{}, false, err
	}
	return Film(slug, p.Release, m), true, nil
}

// Film is what a manifest tells of its film, as the list has it. Of a release that an older filmpress published it is less.
func Film(slug, id string, m release.Manifest) site.Film {
	a := m.About()
	f := site.Film{Slug: slug, Release: id, Title: cmp.Or(a.Title, slug), Language: a.Language, Description: a.Description, Date: a.Date, Duration: a.Duration,
		Subtitles: append([]string{}, a.Subtitles...), Width: a.Width, Height: a.Height}
	for _, e := range m.Media {
		switch path.Base(e.Path) {
		case "poster.jpg":
			f.Poster = e.Path
		case "film.mp4":
			f.MP4, f.Size = e.Path, e.Size
		}
	}
	for _, t := range a.Tracks {
		f.Tracks = append(f.Tracks, site.Track{Language: t.Language, Kind: t.Kind, Path: t.Path})
	}
	for _, e := range m.Pages {
		if e.Path == "chapters.json" {
			f.Chapters = "r/" + id + "/" + e.Path
		}
	}
	return f
}

// slugOf is the film whose pointer an object is; "" is none.
func slugOf(name string) string {
	slug, rest, _ := strings.Cut(name, "/")
	if rest != release.PointerName {
		return ""
	}
	return slug
}
