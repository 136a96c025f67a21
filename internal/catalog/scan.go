// Package catalog tells what lies in a folder or a bucket: the films in it, their releases, what these take up, and what
// is wrong with them as far as a list shows. One List is taken of the place; pointers and manifests are read side by
// side while it goes on. Objects that are not ours are counted and forgotten, so that a bucket with a million of them
// costs no memory.
package catalog

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"path"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"filmpress/internal/release"
	"filmpress/internal/report"
	"filmpress/internal/site"
	"filmpress/internal/store"
)

const (
	filmsAtOnce     = 8 // that are looked at while the list goes on
	manifestsAtOnce = 4 // of one film, where Options do not say otherwise
	maxElsewhere    = 5
)

// Count is objects and their size as stored.
type Count struct {
	Objects int   `json:"objects"`
	Bytes   int64 `json:"bytes"`
}

// Add counts one more object.
func (c *Count) Add(bytes int64) {
	c.Objects++
	c.Bytes += bytes
}

// Place is what a scan found beside films.
type Place struct {
	Foreign   Count    // objects that are not ours
	Library   Count    // the library's own: films.json and what is made of it
	Elsewhere []string // folders further down in which films seem to lie; some of them
}

// Options say what to look at.
type Options struct {
	Slug string // this film alone; "" is all
	Keep int    // releases that are kept besides the current one and the previous one
	// AtOnce is how many manifests of one film are read at once; 0 is 4. Each may have some megabytes.
	AtOnce int
	Sink   report.Sink // hears how far a list is that takes long; nil is nobody
}

// group is one folder of the place: the objects that have the form of ours, and a count of the others.
type group struct {
	slug    string
	objects []store.Object
	foreign Count
	twice   string // a name that the list gave twice
}

// Scan looks at every film of a place and gives each to film, which may be called from several goroutines at once, in any
// order. The Film and its objects are not kept here. A list that is not in order, or gives what was not asked for, is store.ErrRefused: a film
// that came in two pieces would seem to need none of its media.
func Scan(ctx context.Context, st store.Store, o Options, film func(context.Context, *Film) error) (Place, error) {
	var p Place
	prefix := ""
	if o.Slug != "" {
		prefix = o.Slug + "/"
	}
	looks, ctx := errgroup.WithContext(ctx)
	looks.SetLimit(filmsAtOnce)
	now := &group{}
	end := func() {
		g := now
		if g.slug == "" || len(g.objects) == 0 {
			p.Foreign.Objects += g.foreign.Objects
			p.Foreign.Bytes += g.foreign.Bytes
			return
		}
		looks.Go(func() error {
			return report.Caught(func() error {
				f, err := look(ctx, st, g, o)
				if err != nil || f == nil {
					return err
				}
				return film(ctx, f)
			})
		})
	}
	order := store.Order{Place: st.String(), Prefix: prefix}
	for obj, err := range Watched(st.List(ctx, prefix), o.Sink) {
		if err == nil {
			err = order.Take(obj.Name)
			if wrong, ok := errors.AsType[*store.OrderError](err); ok && wrong.Twice() {
				now.twice = obj.Name
				continue
			}
		}
		if err != nil {
			return p, first(looks.Wait(), err)
		}
		slug, rest, inside := strings.Cut(obj.Name, "/")
		if !inside {
			if slices.Contains(site.Names, obj.Name) {
				p.Library.Add(obj.Size)
			} else {
				p.Foreign.Add(obj.Size)
			}
			continue
		}
		if slug != now.slug {
			end()
			now = &group{slug: slug}
		}
		if part, _ := release.PartOf(rest); part != release.Foreign {
			now.objects = append(now.objects, obj)
			continue
		}
		now.foreign.Add(obj.Size)
		p.elsewhere(obj.Name)
	}
	end()
	return p, looks.Wait()
}

// tellEvery is after how many objects it is told how far a list is. A place with fewer is listed at once, and nothing is told.
const tellEvery = 1000

// Watched is a list that tells sink how far it is; a nil sink hears nothing.
func Watched(list iter.Seq2[store.Object, error], sink report.Sink) iter.Seq2[store.Object, error] {
	if sink == nil {
		return list
	}
	const step = "look"
	return func(yield func(store.Object, error) bool) {
		n := 0
		for obj, err := range list {
			if !yield(obj, err) {
				return
			}
			if n++; n == tellEvery {
				sink(report.Event{Kind: report.StepStarted, Step: step, Text: "listing what lies there"})
			}
			if n%tellEvery == 0 {
				sink(report.Event{Kind: report.StepProgress, Step: step, Text: fmt.Sprintf("listing what lies there: %d objects", n)})
			}
		}
		if n >= tellEvery {
			sink(report.Event{Kind: report.StepDone, Step: step})
		}
	}
}

// first is the error that came before others, which it may have caused.
func first(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

// elsewhere notes where a film seems to lie in a deeper folder, for whoever named one too far up.
func (p *Place) elsewhere(name string) {
	folder, last := path.Split(name)
	if last != release.PointerName || len(p.Elsewhere) == maxElsewhere {
		return
	}
	above := path.Dir(strings.TrimSuffix(folder, "/"))
	for _, known := range p.Elsewhere {
		if known == above {
			return
		}
	}
	p.Elsewhere = append(p.Elsewhere, above)
}
