package library

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"filmpress/internal/catalog"
	"filmpress/internal/release"
	"filmpress/internal/report"
	"filmpress/internal/site"
	"filmpress/internal/store"
)

// filmsAtOnce is how many pointers and manifests are read side by side.
const filmsAtOnce = 16

// Survey makes the list anew from the pointers and manifests of a place; sink hears how far it is, and may be nil. It lists all of it, so it is not what a publish does.
func Survey(ctx context.Context, st store.Store, sink report.Sink) (site.Library, error) {
	var slugs []string
	for obj, err := range catalog.Watched(st.List(ctx, ""), sink) {
		if err != nil {
			return site.Library{}, err
		}
		if slug := slugOf(obj.Name); slug != "" {
			slugs = append(slugs, slug)
		}
	}
	return Gather(ctx, st, slugs)
}

// Gather reads the films of some folders. A folder without a pointer of ours is none; a film whose manifest cannot be read is listed by its slug, as
// its page may still play.
func Gather(ctx context.Context, st store.Store, slugs []string) (site.Library, error) {
	var lib site.Library
	var mu sync.Mutex
	work, ctx := errgroup.WithContext(ctx)
	work.SetLimit(filmsAtOnce)
	for _, slug := range slugs {
		work.Go(func() error {
			return report.Caught(func() error {
				film, ok, err := Current(ctx, st, slug)
				if errors.Is(err, release.ErrMalformed) || errors.Is(err, store.ErrNotFound) || errors.Is(err, store.ErrDamaged) {
					p, _, unread := release.ReadPointer(ctx, st, slug)
					if unread != nil {
						return nil
					}
					film, ok, err = site.Film{Slug: slug, Release: p.Release, Title: slug, Subtitles: []string{}}, true, nil
				}
				if err != nil || !ok {
					return err
				}
				mu.Lock()
				defer mu.Unlock()
				lib.Set(film)
				return nil
			})
		})
	}
	return lib, work.Wait()
}

// Changes are what a rebuild writes, or would.
type Changes struct {
	Result
	Added, Removed, Changed []string // slugs
	Broken                  string   // why the list could not be read; "" where it could
	Stale                   []string // objects that are not as they should be
}

// Rebuild makes the list and all that follows from it anew. With dry it only tells what would change.
func Rebuild(ctx context.Context, st store.Store, o Options, dry bool) (Changes, error) {
	k := &keeper{st: st, opt: o}
	for try := 0; ; try++ {
		c, err := k.rebuild(ctx, dry)
		c.Result = k.res
		switch {
		case !errors.Is(err, errRaced):
			return c, err
		case try == tries:
			return c, ErrBusy
		}
		if err := (release.Timer{}).Pause(ctx, 50*time.Millisecond); err != nil {
			return c, err
		}
	}
}

func (k *keeper) rebuild(ctx context.Context, dry bool) (c Changes, err error) {
	k.now, err = read(ctx, k.st) // before the pointers, so that one which is switched later shows in the condition
	if errors.Is(err, ErrBroken) {
		c.Broken = err.Error()
	} else if err != nil {
		return c, err
	}
	lib, err := Survey(ctx, k.st, k.opt.Sink)
	if err != nil {
		return c, err
	}
	lib.Site = k.now.lib.Site.Over(k.opt.Site)
	c.compare(k.now.lib, lib)
	if !dry {
		return c, k.write(ctx, lib)
	}
	k.res.Films = len(lib.Films)
	return c, k.compare(ctx, lib, &c)
}

// compare tells films that come, go and change.
func (c *Changes) compare(before, after site.Library) {
	for _, f := range after.Films {
		old, ok := before.Find(f.Slug)
		switch {
		case !ok:
			c.Added = append(c.Added, f.Slug)
		case !same(old, f):
			c.Changed = append(c.Changed, f.Slug)
		}
	}
	for _, f := range before.Films {
		if _, ok := after.Find(f.Slug); !ok {
			c.Removed = append(c.Removed, f.Slug)
		}
	}
	for _, slugs := range [][]string{c.Added, c.Removed, c.Changed} {
		slices.Sort(slugs)
	}
}

func same(a, b site.Film) bool {
	return string(site.Library{Films: []site.Film{a}}.Bytes()) == string(site.Library{Films: []site.Film{b}}.Bytes())
}

// compare tells which objects differ from what they should be.
func (k *keeper) compare(ctx context.Context, lib site.Library, c *Changes) error {
	look := k.opt.Theme
	if look == nil {
		t, err := k.theme(ctx) // reads only
		if err != nil {
			return err
		}
		look = &t
	}
	want := []object{{site.FilmsName, lib.Bytes()}}
	if lib.Site.URL == "" {
		lib.Site.URL = k.opt.Fallback
	}
	k.res.Address = lib.Site.URL
	for _, o := range append(want, made(lib, *look)...) {
		now, err := k.st.Stat(ctx, o.name)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		if err == nil && now.SHA256 == release.FromBytes(o.name, o.bytes).SHA256 {
			continue
		}
		if err == nil && o.name != site.FilmsName {
			ours, err := isOurs(ctx, k.st, o.name)
			if err != nil {
				return err
			}
			if !ours {
				k.res.Findings = append(k.res.Findings, foreign(o.name))
				continue
			}
		}
		c.Stale = append(c.Stale, o.name)
	}
	return nil
}
