package clean

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"filmpress/internal/catalog"
	"filmpress/internal/release"
	"filmpress/internal/report"
	"filmpress/internal/store"
)

// UnsafeError is a film of which something cannot be read, so that nobody knows what its releases need. Nothing was deleted.
type UnsafeError struct{ Slug, Why string }

func (e *UnsafeError) Error() string {
	return fmt.Sprintf("nothing of %s was deleted, because %s", e.Slug, e.Why)
}

// Unwrap is that something cannot be read.
func (e *UnsafeError) Unwrap() error { return release.ErrMalformed }

// Forgotten is what a Forget did, or would do.
type Forgotten struct {
	Release string
	State   catalog.State // it had; "" where nothing of it is left
	Pointer bool          // names it as the one before, which is struck out
	Objects catalog.Count // that it alone names
	Deleted catalog.Count
	// Shared are the media that the release names, the current one does not, and Others do: who wants them gone forgets these too.
	Shared catalog.Count
	Others []string
}

// Forget takes one old release of a film out for good: its name out of the pointer and the notes, then, without a grace, what no other release names.
// It is for what must not be seen any more by those who kept an address, while the film goes on. The current release is release.ErrConflict. Deletions
// are announced in the tombstone as those of a clean-up are, so a publisher who begins meanwhile waits; one who had looked at the film before
// and needs what goes is found afterwards, and told of. Run again after an interrupt, it finishes.
func Forget(ctx context.Context, st store.Store, slug, id string, do bool, timer release.Timer, sink report.Sink) (Forgotten, error) {
	out := Forgotten{Release: id}
	film, err := catalog.Look(ctx, st, catalog.Options{Slug: slug})
	if err != nil {
		return out, err
	}
	if len(film.Objects) == 0 {
		return out, fmt.Errorf("%w: %q in %s", release.ErrNoFilm, slug, st)
	}
	if film.Unsafe != "" {
		return out, &UnsafeError{slug, film.Unsafe}
	}
	out.Pointer = film.Pointer.Previous == id
	for _, o := range film.Only(id) {
		out.Objects.Add(o.Size)
	}
	at := slices.IndexFunc(film.Releases, func(r catalog.Release) bool { return r.ID == id })
	if at < 0 && !out.Pointer {
		return out, fmt.Errorf("%w: %s of %s/%s", release.ErrNoRelease, id, st, slug)
	}
	if film.Pointer.Release == id {
		return out, release.Seen(st, slug, id)
	}
	if at >= 0 {
		out.State = film.Releases[at].State
	}
	if err := out.share(ctx, st, film); err != nil || !do {
		return out, err
	}
	if _, err := release.Disown(ctx, st, slug, id); err != nil {
		return out, err
	}
	s := &sweep{st: st, o: Options{Workers: 16, Grace: release.Grace, Timer: timer}, slug: slug, sink: sink, allowed: out.Objects.Objects, forget: id}
	if out.Deleted, err = s.film(ctx); err != nil {
		return out, err
	}
	return out, out.stillWhole(ctx, st, slug)
}

// share finds what of the release stays for others, though viewers do not need it.
func (out *Forgotten) share(ctx context.Context, st store.Store, film *catalog.Film) error {
	paths := func(r catalog.Release) (map[string]bool, error) {
		m, err := release.ReadManifest(ctx, st, film.Slug, r.ID)
		if errors.Is(err, store.ErrNotFound) {
			return nil, nil
		}
		all := make(map[string]bool, len(m.Media))
		for _, e := range m.Media {
			all[e.Path] = true
		}
		return all, err
	}
	var mine, current map[string]bool
	others := map[string]map[string]bool{}
	for _, r := range film.Releases {
		if r.State == catalog.Unfinished {
			continue
		}
		all, err := paths(r)
		if err != nil {
			return err
		}
		switch {
		case r.ID == out.Release:
			mine = all
		case r.State == catalog.Current:
			current = all
		default:
			others[r.ID] = all
		}
	}
	for _, o := range film.Objects {
		if !mine[o.Path] || current[o.Path] {
			continue
		}
		stays := false
		for id, all := range others {
			if all[o.Path] {
				stays = true
				if !slices.Contains(out.Others, id) {
					out.Others = append(out.Others, id)
				}
			}
		}
		if stays {
			out.Shared.Add(o.Size)
		}
	}
	slices.Sort(out.Others)
	return nil
}

// stillWhole finds a publisher who needed what was deleted, and had looked before that was announced.
func (out *Forgotten) stillWhole(ctx context.Context, st store.Store, slug string) error {
	film, err := catalog.Look(ctx, st, catalog.Options{Slug: slug})
	if err != nil {
		return err
	}
	for _, r := range film.Releases {
		if r.State == catalog.Current && r.Missing == 0 {
			return nil
		}
	}
	if film.Visibility != catalog.Published {
		return nil
	}
	return fmt.Errorf("%w: %s/%s, release %s, needs what was being deleted, and is not whole; publish it again from its sources", release.ErrConflict, st, slug, film.Pointer.Release)
}
