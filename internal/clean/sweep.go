package clean

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"filmpress/internal/catalog"
	"filmpress/internal/release"
	"filmpress/internal/report"
	"filmpress/internal/store"
)

// While a sweep deletes, its tombstone says so, and until when. A deletion is begun within the first part of that time
// only, and given up before the second: the rest is for one that is on its way for long.
const (
	lease   = release.Lease
	begin   = time.Minute      // of this machine's time since the store was asked for its own
	request = 30 * time.Second // of one deletion

	tries = 10
)

// ErrMore is a film of which more would be deleted than was told before, because it changed or could not be read whole.
var ErrMore = errors.New("the place is not as it was a moment ago")

// sweep cleans one film up.
type sweep struct {
	st      store.Store
	o       Options
	slug    string
	sink    report.Sink
	allowed int    // objects to delete at most: as many as were told
	purge   bool   // everything, and at once
	forget  string // a release: what it alone names, at once; "" is none

	etag  string         // of the tombstone as we wrote it
	salt  string         // of its keys
	asked release.Moment // when the present lease began
	old   time.Time      // until when another sweep, that did not end, may be deleting
	gone  catalog.Count
}

func (s *sweep) elapsed() time.Duration { return s.o.Timer.Since(s.asked) }

// film writes down what is unreferenced, and deletes what is ripe. Another writer of the tombstone makes it look anew.
func (s *sweep) film(ctx context.Context) (catalog.Count, error) {
	for try := 0; ; try++ {
		err := s.once(ctx)
		if !errors.Is(err, store.ErrPrecondition) || try == tries {
			if errors.Is(err, store.ErrPrecondition) {
				err = fmt.Errorf("%w: %s/%s: others clean it up or publish it all the while; run clean again later", store.ErrPrecondition, s.st, s.slug)
			}
			return s.gone, err
		}
	}
}

// once goes through: the tombstone, the look, the tombstone, the deletions, the tombstone. The look comes after the first reading
// of the tombstone, and the conditional write that announces the deletions fails if anybody struck something out since.
func (s *sweep) once(ctx context.Context) error {
	old, etag, err := release.ReadTombstone(ctx, s.st, s.slug)
	if err != nil {
		return err
	}
	film, err := catalog.Look(ctx, s.st, s.o.catalog(s.slug))
	if err != nil {
		return err
	}
	if film.Unsafe != "" && s.forget != "" {
		return &UnsafeError{s.slug, film.Unsafe}
	}
	if film.Unsafe != "" && !s.purge {
		return nil
	}
	s.asked = s.o.Timer.Moment()
	now, err := release.Now(ctx, s.st)
	if err != nil {
		return err
	}
	if err := old.Possible(s.st, s.slug, now); err != nil {
		if !s.purge && s.forget == "" {
			return err
		}
		old.Until = time.Time{} // what must go does not wait for a wrong clock
	}
	s.etag, s.salt, s.old = etag, old.Salt, old.Until
	next, doomed := s.choose(old, film, now)
	if s.gone.Objects+len(doomed) > s.allowed {
		return fmt.Errorf("%w: of %s, %d objects are to be deleted now, which were %d a moment ago; nothing more was deleted, look at it and run clean again",
			ErrMore, s.slug, s.gone.Objects+len(doomed), s.allowed)
	}
	if len(doomed) == 0 && s.forget != "" {
		return nil
	}
	if len(doomed) == 0 {
		return s.note(ctx, old, next, film, now)
	}
	if s.old.After(now) {
		next = joined(next, old.Objects) // what another sweep may be deleting stays named, whether it is there or not
	}
	if err := s.announce(ctx, next, now); err != nil {
		return err
	}
	if err := s.delete(ctx, next, doomed); err != nil {
		return err
	}
	return s.end(ctx, next, doomed, now)
}

// joined adds to a list what another one has besides.
func joined(list, more []release.Doomed) []release.Doomed {
	known := map[string]bool{}
	for _, d := range list {
		known[d.Key] = true
	}
	list = slices.Clone(list)
	for _, d := range more {
		if !known[d.Key] {
			list = append(list, d)
		}
	}
	return list
}

// choose gives the new tombstone, and what of it is deleted now.
func (s *sweep) choose(old release.Tombstone, film *catalog.Film, now time.Time) (next, gone []release.Doomed) {
	if s.purge {
		for _, o := range film.Objects {
			if o.Part == release.Media || o.Part == release.Page {
				next = append(next, doomed(old, o, now))
			}
		}
		return next, next
	}
	if s.forget != "" {
		for _, o := range film.Only(s.forget) {
			gone = append(gone, doomed(old, o, now))
		}
		return joined(gone, old.Objects), gone // what a clean-up has noted waits on
	}
	next, ripe := compare(old, film.Unreferenced(), now, s.o.Grace)
	for _, d := range next {
		if ripe[d.Path] {
			gone = append(gone, d)
		}
	}
	return next, gone
}

// note writes the tombstone where it changed, or takes the film's last notes away.
func (s *sweep) note(ctx context.Context, old release.Tombstone, next []release.Doomed, film *catalog.Film, now time.Time) error {
	if old.Until.After(now) {
		return nil // what is in it stands until another sweep, which was killed, cannot delete any more
	}
	if len(next) == 0 && over(film) {
		return s.lastNotes(ctx)
	}
	if film.Visibility == catalog.Published && film.Has(release.MarkName) {
		if err := s.st.Delete(ctx, s.slug+"/"+release.MarkName); err != nil {
			return err
		}
	}
	slices.SortFunc(next, func(a, b release.Doomed) int { return strings.Compare(a.Key, b.Key) })
	readable := slices.ContainsFunc(old.Objects, func(d release.Doomed) bool { return d.Path != "" }) // as older versions wrote it
	if slices.EqualFunc(old.Objects, next, equal) && old.Until.IsZero() && !readable {
		return nil
	}
	_, err := s.write(ctx, time.Time{}, next)
	return err
}

// write replaces the tombstone as it was read, or written last.
func (s *sweep) write(ctx context.Context, until time.Time, objects []release.Doomed) (string, error) {
	return release.WriteTombstone(ctx, s.st, s.slug, release.Tombstone{Salt: s.salt, Until: until, Objects: objects}, s.etag)
}

func equal(a, b release.Doomed) bool {
	return a.Key == b.Key && a.Size == b.Size && a.ETag == b.ETag && a.Modified.Equal(b.Modified) && a.Since.Equal(b.Since)
}

// lastNotes removes the notes of a film of which nothing else is left. The mark goes last: it says whose the folder is.
func (s *sweep) lastNotes(ctx context.Context) error {
	for _, name := range []string{release.IntentName, release.TombstoneName, release.MarkName} {
		if err := s.st.Delete(ctx, s.slug+"/"+name); err != nil {
			return err
		}
	}
	return nil
}

// announce says that deletions begin, if the tombstone is as it was before the look.
func (s *sweep) announce(ctx context.Context, next []release.Doomed, now time.Time) (err error) {
	until := now.Add(lease)
	if s.old.After(until) {
		until = s.old
	}
	s.etag, err = s.write(ctx, until, next)
	return err
}

// renew makes sure that a deletion may begin now.
func (s *sweep) renew(ctx context.Context, next []release.Doomed) error {
	if s.elapsed() < begin {
		return nil
	}
	s.asked = s.o.Timer.Moment()
	now, err := release.Now(ctx, s.st)
	if err != nil {
		return err
	}
	return s.announce(ctx, next, now)
}

// some is how many objects are deleted between two looks at the clock: a few seconds' worth.
const some = 256

// delete removes manifests first: a release of which something is missing must not look whole. What is forgotten goes with its manifest last, which
// tells the next run what is left; nobody can go back to it meanwhile, since a rollback proves that all is there.
func (s *sweep) delete(ctx context.Context, next, doomed []release.Doomed) error {
	isManifest := func(d release.Doomed) bool {
		return strings.HasPrefix(d.Path, "r/") && strings.HasSuffix(d.Path, "/"+release.ManifestName)
	}
	var manifests, rest []release.Doomed
	for _, d := range doomed {
		if isManifest(d) {
			manifests = append(manifests, d)
		} else {
			rest = append(rest, d)
		}
	}
	s.sink(report.Event{Kind: report.StepStarted, Step: s.slug, Text: fmt.Sprintf("deleting %d objects", len(doomed))})
	gone := 0
	lists := [][]release.Doomed{manifests, rest}
	if s.forget != "" {
		slices.Reverse(lists)
	}
	for _, list := range lists {
		for part := range slices.Chunk(list, some) {
			if err := s.renew(ctx, next); err != nil {
				return err
			}
			if err := s.deleteAll(ctx, part); err != nil {
				return err
			}
			gone += len(part)
			s.sink(report.Event{Kind: report.StepProgress, Step: s.slug, Text: "deleting", Done: int64(gone), Total: int64(len(doomed))})
		}
	}
	s.sink(report.Event{Kind: report.StepDone, Step: s.slug})
	return nil
}

// deleteAll deletes side by side. One that would begin too late is left for the next run.
func (s *sweep) deleteAll(ctx context.Context, part []release.Doomed) error {
	var deleted atomic.Int64
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(s.o.Workers)
	for _, d := range part {
		group.Go(func() error {
			return report.Caught(func() error {
				if s.elapsed() > 2*begin-request {
					return fmt.Errorf("%w fast enough: deleting in %s/%s was ended; run clean again to go on", store.ErrUnreachable, s.st, s.slug)
				}
				once, cancel := context.WithTimeout(ctx, request)
				defer cancel()
				if err := s.st.Delete(once, s.slug+"/"+d.Path); err != nil {
					if once.Err() != nil && ctx.Err() == nil {
						return fmt.Errorf("%w: %s/%s/%s could not be deleted within %v; run clean again to go on", store.ErrUnreachable, s.st, s.slug, d.Path, request)
					}
					return err
				}
				deleted.Add(1)
				return nil
			})
		})
	}
	err := group.Wait()
	if err == nil {
		for _, d := range part {
			s.gone.Add(d.Size)
		}
	} else {
		s.gone.Objects += int(deleted.Load())
	}
	return err
}

// end strikes out what is gone. Where another sweep may still be deleting the same, that stays in the tombstone as long.
func (s *sweep) end(ctx context.Context, next, doomed []release.Doomed, now time.Time) error {
	if s.old.After(now) {
		_, err := s.write(ctx, s.old, next)
		return err
	}
	dead := map[string]bool{}
	for _, d := range doomed {
		dead[d.Key] = true
	}
	left := slices.DeleteFunc(slices.Clone(next), func(d release.Doomed) bool { return dead[d.Key] })
	if _, err := s.write(ctx, time.Time{}, left); err != nil {
		return err
	}
	film, err := catalog.Look(ctx, s.st, s.o.catalog(s.slug))
	if err == nil && len(left) == 0 && over(film) {
		err = s.lastNotes(ctx)
	}
	return err
}

// Purge deletes everything of a film that was unpublished, at once and without a grace: for what must not be seen by
// anybody any more, whoever has its addresses. Nobody may publish the film meanwhile; where somebody did, he is told of.
func Purge(ctx context.Context, st store.Store, slug string, allowed int, sink report.Sink) (catalog.Count, error) {
	s := &sweep{st: st, o: Options{Workers: 16, Grace: release.Grace}, slug: slug, sink: sink, allowed: allowed, purge: true}
	gone, err := s.film(ctx)
	if err != nil {
		return gone, err
	}
	pointer, _, err := release.ReadPointer(ctx, st, slug)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return gone, nil
	case err != nil:
		return gone, err
	}
	return gone, fmt.Errorf("%w: %s/%s, release %s, while its media were being deleted, so it may not be whole; unpublish it again, or publish it again from its sources",
		release.ErrConflict, st, slug, pointer.Release)
}
