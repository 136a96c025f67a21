package release

import (
	"context"
	"errors"
	"fmt"

	"filmpress/internal/report"
	"filmpress/internal/store"
)

// Disown takes the name of a release out of what everybody can read of a film, so that its media can be deleted: out of the pointer, where it is the
// one before, and out of the notes. It tells whether the pointer named it. The current release is ErrConflict. Run again, it finishes.
func Disown(ctx context.Context, st store.Store, slug, id string) (bool, error) {
	p := &publisher{st: st, set: Set{Slug: slug}, sink: report.Discard, there: inventory{}}
	struck, err := p.disown(ctx, id)
	if err != nil {
		return false, err
	}
	if to, err := p.begun(ctx); err != nil {
		return struck, err
	} else if to.To == id {
		if err := st.Delete(ctx, slug+"/"+IntentName); err != nil {
			return struck, err
		}
	}
	old, _, err := ReadMark(ctx, st, slug)
	if err == nil && old.Release == id {
		err = writeMark(ctx, st, slug)
	}
	return struck, err
}

// Seen is why a release cannot be forgotten that is current.
func Seen(st store.Store, slug, id string) error {
	return fmt.Errorf("%w: release %s is what viewers of %s/%s see; publish the film without what must go, then forget this release", ErrConflict, id, st, slug)
}

// disown writes the pointer without a release before.
func (p *publisher) disown(ctx context.Context, id string) (bool, error) {
	for range tries {
		now, err := p.current(ctx)
		switch {
		case err != nil:
			return false, err
		case now.Release == id:
			return false, Seen(p.st, p.set.Slug, id)
		case now.Previous != id:
			return false, nil
		}
		now.Previous = ""
		f := FromBytes(PointerName, encode(now))
		f.CacheControl = store.Revalidate
		if err := p.put(ctx, f, store.If{ETag: p.etag}); !errors.Is(err, store.ErrPrecondition) {
			return err == nil, err
		}
	}
	return false, p.conflict("")
}

// Named finds the release of a film whose name begins with some digits, four at least.
func Named(ctx context.Context, st store.Store, slug, digits string) (string, error) {
	p := &publisher{st: st, set: Set{Slug: slug}}
	if err := p.set.check(); err != nil {
		return "", err
	}
	return p.named(ctx, digits)
}
