// Package clean removes what no kept release of a film names, and what nobody will end: old uploads.
//
// It deletes in two runs. The first writes down what is unreferenced, and when, into the film's tombstone; a later one,
// after the grace, deletes of that what is unreferenced still and was not written since. A publisher who needs such an
// object strikes it out first. Why that holds whatever happens in between is told in docs/design.md, "Deleting while others
// publish".
package clean

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"filmpress/internal/catalog"
	"filmpress/internal/release"
	"filmpress/internal/report"
	"filmpress/internal/store"
)

// Options say what to keep, and how much may go.
type Options struct {
	Slug    string // this film alone; "" is all
	Keep    int    // releases besides the current one and the previous one
	Grace   time.Duration
	Do      bool  // else it only tells
	Max     Limit // of one run
	Workers int   // deletions at once; 0 is 16
	Timer   release.Timer
}

func (o Options) catalog(slug string) catalog.Options {
	return catalog.Options{Slug: slug, Keep: o.Keep, AtOnce: min(o.Workers, 4)}
}

// Limit is the most that a run may delete: a number of objects, or a share of all of ours.
type Limit struct {
	Objects int
	Percent float64 // counts where Objects is 0
}

func (l Limit) allows(n, of int) bool {
	if l.Objects > 0 {
		return n <= l.Objects
	}
	return float64(n) <= l.Percent/100*float64(of)
}

func (l Limit) String() string {
	if l.Objects > 0 {
		return fmt.Sprint(l.Objects)
	}
	return fmt.Sprintf("%g%%", l.Percent)
}

// Film is what is to be done, or was done, in one film.
type Film struct {
	Slug         string
	Visibility   catalog.Visibility
	Kept         []string      // releases
	Unreferenced catalog.Count // all of it
	Waiting      catalog.Count // of that, what is not deleted yet: its grace has not passed
	Next         time.Time     // when the grace of the first of these has passed, by the store's clock; zero where none is written down
	Ripe         catalog.Count // of that, what is deleted
	Deleted      catalog.Count // that was
	Unsafe       string        // why nothing of it is deleted; see catalog.Film
}

// Report is what a run found and did.
type Report struct {
	Now      time.Time // the store's
	Films    []Film    // with something to do, by slug
	All      int       // films
	Ours     catalog.Count
	Uploads  []store.Upload // older than the grace, and than a week
	Aborted  int
	Findings []report.Finding
}

// Ripe is what is deleted in all films.
func (r Report) Ripe() (c catalog.Count) {
	for _, f := range r.Films {
		c.Objects += f.Ripe.Objects
		c.Bytes += f.Ripe.Bytes
	}
	return c
}

// LimitError is a run that would delete more than it may. Nothing was deleted.
type LimitError struct {
	Ripe, Ours int
	Max        Limit
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("%d of %d objects would be deleted, and --max-delete allows %s, so nothing was; look at what clean tells without --yes, and raise --max-delete if that is right",
		e.Ripe, e.Ours, e.Max)
}

// Run cleans a place up, or tells what that would do.
func Run(ctx context.Context, st store.Store, o Options, sink report.Sink) (Report, error) {
	if o.Grace < release.Grace {
		return Report{}, fmt.Errorf("the grace is %v, and must be %v at least: a publish that runs needs that time", o.Grace, release.Grace)
	}
	o.Workers = cmp.Or(max(o.Workers, 0), 16)
	now, err := release.Now(ctx, st)
	if err != nil {
		return Report{}, err
	}
	r := Report{Now: now}
	if err := r.look(ctx, st, o, sink); err != nil {
		return r, err
	}
	if ripe := r.Ripe().Objects; o.Do && !o.Max.allows(ripe, r.Ours.Objects) {
		return r, &LimitError{ripe, r.Ours.Objects, o.Max}
	}
	if !o.Do {
		return r, nil
	}
	for i := range r.Films {
		f := &r.Films[i]
		if f.Unsafe != "" {
			continue
		}
		s := sweep{st: st, o: o, slug: f.Slug, sink: sink, allowed: f.Ripe.Objects}
		done, err := s.film(ctx)
		f.Deleted = done
		if err != nil {
			return r, err
		}
	}
	return r, r.abort(ctx, st)
}

// look finds out what there is to do, and changes nothing.
func (r *Report) look(ctx context.Context, st store.Store, o Options, sink report.Sink) error {
	var mu sync.Mutex
	all := o.catalog(o.Slug)
	all.Sink = sink
	_, err := catalog.Scan(ctx, st, all, func(ctx context.Context, film *catalog.Film) error {
		f, todo, err := judge(ctx, st, film, r.Now, o.Grace)
		mu.Lock()
		defer mu.Unlock()
		r.All++
		r.Ours.Objects += film.All.Objects
		r.Ours.Bytes += film.All.Bytes
		r.Findings = append(r.Findings, film.Findings...)
		if errors.Is(err, release.ErrMalformed) {
			f.Unsafe, err = "its tombstone cannot be read", nil
			r.Findings = append(r.Findings, report.Finding{Pos: report.Pos{File: film.Slug + "/" + release.TombstoneName}, Severity: report.Warn, Rule: "clean-tombstone",
				Text: "the note of what is unreferenced cannot be read, so nothing of the film is deleted", Hint: "delete this object; nothing is lost but the time that clean waited"})
		}
		if todo || f.Unsafe != "" {
			r.Films = append(r.Films, f)
		}
		return err
	})
	if err != nil {
		return err
	}
	slices.SortFunc(r.Films, func(a, b Film) int { return strings.Compare(a.Slug, b.Slug) })
	report.Sort(r.Findings)
	return r.uploads(ctx, st, o)
}

// judge says what is to be done in a film by its tombstone as it is now.
func judge(ctx context.Context, st store.Store, film *catalog.Film, now time.Time, grace time.Duration) (f Film, todo bool, err error) {
	f = Film{Slug: film.Slug, Visibility: film.Visibility, Unsafe: film.Unsafe}
	for _, r := range film.Releases {
		if r.Kept {
			f.Kept = append(f.Kept, r.ID)
		}
	}
	var old release.Tombstone
	if film.Has(release.TombstoneName) {
		if old, _, err = release.ReadTombstone(ctx, st, film.Slug); err == nil {
			err = old.Possible(st, film.Slug, now)
		}
		if err != nil {
			return f, false, err
		}
	}
	next, ripe := compare(old, film.Unreferenced(), now, grace)
	known := old.Named()
	for _, d := range next {
		f.Unreferenced.Add(d.Size)
		if ripe[d.Path] {
			f.Ripe.Add(d.Size)
			continue
		}
		f.Waiting.Add(d.Size)
		if at, was := d.Since.Add(grace), known[d.Key].Key != ""; was && (f.Next.IsZero() || at.Before(f.Next)) {
			f.Next = at
		}
	}
	stray := film.Visibility == catalog.Published && film.Has(release.MarkName)
	return f, len(next) > 0 || len(old.Objects) > 0 || stray || over(film), nil
}

// over tells of a film that was unpublished and of which only notes are left.
func over(film *catalog.Film) bool {
	return film.Unsafe == "" && film.Visibility != catalog.Published &&
		!slices.ContainsFunc(film.Objects, func(o catalog.Object) bool { return o.Part != release.Note })
}

// compare brings a tombstone up to what is unreferenced now, and says what of it has waited for its grace. An object that is new, or was
// written since it was noted, waits from now on.
func compare(old release.Tombstone, unreferenced []catalog.Object, now time.Time, grace time.Duration) (next []release.Doomed, ripe map[string]bool) {
	before := old.Named()
	ripe = map[string]bool{}
	for _, o := range unreferenced {
		d := doomed(old, o, now)
		if was, ok := before[d.Key]; ok && was.Same(d) {
			d.Since = was.Since
			ripe[o.Path] = !now.Before(was.Since.Add(grace))
		}
		next = append(next, d)
	}
	return next, ripe
}

// doomed is an object as a film's tombstone names it from now on.
func doomed(t release.Tombstone, o catalog.Object, now time.Time) release.Doomed {
	return release.Doomed{Path: o.Path, Key: t.Key(o.Path), Size: o.Size, ETag: t.Seal(o.ETag), Modified: o.Modified, Since: now}
}

// uploadGrace is how long an upload may take, whatever the grace: a film of many hours over a thin line is sent for days, and would be begun anew
// each time.
const uploadGrace = 7 * 24 * time.Hour

// uploads finds what nobody will end. Only names of our forms count: what others upload here is theirs.
func (r *Report) uploads(ctx context.Context, st store.Store, o Options) error {
	place, ok := st.(store.Uploader)
	if !ok {
		return nil
	}
	prefix := ""
	if o.Slug != "" {
		prefix = o.Slug + "/"
	}
	for u, err := range place.Uploads(ctx, prefix) {
		if errors.Is(err, store.ErrUnsupported) {
			return nil
		}
		if err != nil {
			return err
		}
		if EndsUpload(u.Name) && u.Begun.Add(max(o.Grace, uploadGrace)).Before(r.Now) {
			r.Uploads = append(r.Uploads, u)
		}
	}
	return nil
}

// EndsUpload tells whether a clean-up gives up an old upload of that name. Those of other names than films' objects are left to whoever began them.
func EndsUpload(name string) bool {
	_, path, inside := strings.Cut(name, "/")
	if !inside {
		return strings.HasPrefix(name, ".filmpress-") // a folder's files aside
	}
	part, _ := release.PartOf(path)
	return part == release.Media || part == release.Page
}

func (r *Report) abort(ctx context.Context, st store.Store) error {
	for _, u := range r.Uploads {
		if err := st.(store.Uploader).Abort(ctx, u); err != nil {
			return err
		}
		r.Aborted++
	}
	return nil
}
