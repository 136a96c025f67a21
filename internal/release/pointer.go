package release

import (
	"context"
	"errors"
	"fmt"

	"filmpress/internal/store"
)

// tries is how often a write is tried again that another publisher made void.
const tries = 10

// current reads the pointer and keeps its ETag.
func (p *publisher) current(ctx context.Context) (Pointer, error) {
	now, obj, err := ReadPointer(ctx, p.st, p.set.Slug)
	p.etag = obj.ETag
	switch {
	case errors.Is(err, store.ErrNotFound):
		return Pointer{}, nil
	case errors.Is(err, ErrMalformed) && p.opt.Force:
		return Pointer{}, nil
	case errors.Is(err, ErrMalformed):
		return Pointer{}, fmt.Errorf("%w; --force replaces it", err)
	}
	return now, err
}

// point makes this release the current one (barrier 6), if the pointer is still as it was when this Publish began.
func (p *publisher) point(ctx context.Context, old Pointer) error {
	for try := 0; old.Release != p.release; try++ {
		if try == tries {
			return p.conflict(old.Release)
		}
		if err := p.fresh(ctx); err != nil {
			return err
		}
		next := Pointer{Release: p.release, Previous: old.Release, Sequence: old.Sequence + 1}
		f := FromBytes(PointerName, encode(next))
		f.CacheControl = store.Revalidate
		err := p.put(ctx, f, store.If{Absent: p.etag == "", ETag: p.etag})
		switch {
		case err == nil:
			old = next
		case !errors.Is(err, store.ErrPrecondition):
			return err
		default:
			seen := p.etag
			if old, err = p.current(ctx); err != nil {
				return err
			}
			// A server that was asked twice at once may refuse both; then the pointer is as it was, and there is no conflict.
			if old.Release != p.release && p.etag != seen && !p.opt.Force {
				return p.conflict(old.Release)
			}
		}
	}
	p.result.Previous, p.result.Sequence = old.Previous, old.Sequence
	return nil
}

// fresh looks again where the last look is so old that a clean-up could have begun and ended since: on a machine that
// slept, or under a judge who took his time.
func (p *publisher) fresh(ctx context.Context) error {
	if p.again == nil || p.opt.Timer.Since(p.looked) < stale {
		return nil
	}
	return p.again(ctx)
}

func (p *publisher) conflict(theirs string) error {
	if theirs == "" {
		return fmt.Errorf("%w: %s/%s was unpublished, or changed again and again, while release %s was being made current; look at it, then run again",
			ErrConflict, p.st, p.set.Slug, p.release)
	}
	return fmt.Errorf("%w: %s/%s is now release %s, and this is %s; look at it, then publish again or use --force",
		ErrConflict, p.st, p.set.Slug, theirs, p.release)
}

// finish writes the entrances (barrier 7), those that are not there or belong to another release.
func (p *publisher) finish(ctx context.Context) error {
	files, err := p.set.Entrances(p.release)
	if err != nil {
		return err
	}
	written := p.result.Uploaded
	if _, marked := p.there[MarkName]; marked { // it was unpublished, and is no longer
		if err := p.st.Delete(ctx, p.set.Slug+"/"+MarkName); err != nil {
			return err
		}
	}
	for _, f := range files {
		if f.CacheControl == "" {
			f.CacheControl = store.Revalidate
		}
		if err := p.enter(ctx, f); err != nil {
			return err
		}
	}
	if p.result.Uploaded == written {
		return nil
	}
	// Another publisher who went back to the release before ours in these moments found its entrances in place and left
	// them, and the condition, which knows bytes and not times, let us replace them. This cannot be undone, but it is told.
	return p.stillOurs(ctx)
}

// stillOurs is nil while the pointer names this release.
func (p *publisher) stillOurs(ctx context.Context) error {
	pointer, _, err := ReadPointer(ctx, p.st, p.set.Slug)
	if errors.Is(err, store.ErrNotFound) || err == nil && pointer.Release != p.release {
		err = p.conflict(pointer.Release)
	}
	return err
}

// enter writes one entrance. First the entrance is looked at, then the pointer: while it is ours, what was seen cannot
// be newer than ours, and the condition keeps us from overwriting what comes after.
func (p *publisher) enter(ctx context.Context, f File) error {
	for range tries {
		now, err := p.st.Stat(ctx, p.set.Slug+"/"+f.Path)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		exists := err == nil
		if exists && now.SHA256 == f.SHA256 {
			return nil
		}
		if err := p.stillOurs(ctx); err != nil {
			return err
		}
		err = p.put(ctx, f, store.If{Absent: !exists, ETag: now.ETag})
		if !errors.Is(err, store.ErrPrecondition) {
			return err
		}
	}
	return p.conflict("")
}
