package mirror

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"filmpress/internal/release"
	"filmpress/internal/store"
)

// prove refuses to put an object over another one under a name that never changes its bytes, unless it is what a release at the source says. One of
// the two is damaged, and a sync must not bring the damage to the only place where it was whole. It is rare, so the object is read once more for it.
func (r *run) prove(ctx context.Context, it *item) error {
	film, inside := filmOf(it.src.name)
	if it.dst == nil || !inside {
		return nil
	}
	releases, err := r.saying(ctx, film, it.src.name)
	if err != nil {
		return err
	}
	for _, n := range releases {
		if n.manifest == it.src.name && n.lost != nil && n.lost != errNoManifest {
			return fmt.Errorf("%w: another one lies there, and this one is no manifest of its release: %v", store.ErrDamaged, n.lost)
		}
		want := n.names[it.src.name]
		if want == "" {
			continue
		}
		got, err := release.SumOf(ctx, r.src.Store, it.src.name)
		if err != nil {
			return gone(err)
		}
		if got == want {
			return nil
		}
		return fmt.Errorf("%w: another one lies there, and this one is not what %s says", store.ErrDamaged, n.manifest)
	}
	return nil // nobody says what it should be
}

// saying are the releases of the source that may tell of an object: the one that it lies in, else the current one and the one before.
func (r *run) saying(ctx context.Context, film, name string) ([]named, error) {
	folder, ids := film, r.src.releases
	if rest, ok := strings.CutPrefix(name, film+"r/"); ok {
		id, _, _ := strings.Cut(rest, "/")
		folder, ids = film+"r/"+id+"/", func(context.Context, string) ([]string, error) { return []string{id}, nil }
	}
	r.sayMu.Lock()
	say, asked := r.says[folder]
	if !asked {
		say = sync.OnceValues(func() (all []named, err error) {
			known, err := ids(ctx, film)
			for _, id := range known {
				n, err := r.src.contents(ctx, film, id)
				if err != nil {
					return nil, err
				}
				all = append(all, n)
			}
			return all, err
		})
		r.says[folder] = say
	}
	r.sayMu.Unlock()
	return say()
}

// releases are the current one of a film and the one before.
func (e end) releases(ctx context.Context, film string) ([]string, error) {
	p, err := e.pointer(ctx, film)
	if err != nil && !errors.Is(err, store.ErrNotFound) && !errors.Is(err, release.ErrMalformed) {
		return nil, err
	}
	return slices.DeleteFunc([]string{p.Release, p.Previous}, func(id string) bool { return id == "" }), nil
}
