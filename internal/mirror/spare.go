package mirror

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"filmpress/internal/release"
	"filmpress/internal/report"
	"filmpress/internal/store"
)

// hold takes out of what is to be deleted what viewers at the destination have before them, and what a rollback there goes to: of the pointer
// that is there as the sync begins, and of the source's, which is there when it ends, the current release and the one before. It comes before
// deletions are counted and anything is written.
func (r *run) hold(ctx context.Context) error {
	if !r.Delete {
		return nil
	}
	return r.sift(ctx, r.held, func(entry) {
		r.result.Kept++
		r.result.Extra--
	})
}

// held are the objects of a film's releases that are kept. Those of the release that is current at the end are not among them: a source that
// lacks one of them is not whole, and spare tells that.
func (r *run) held(ctx context.Context, film string) (named, error) {
	ids, current := map[string]bool{}, ""
	for _, at := range []end{r.dst, r.src} {
		p, err := at.pointer(ctx, film)
		if errors.Is(err, store.ErrNotFound) || errors.Is(err, release.ErrMalformed) {
			continue
		}
		if err != nil {
			return named{}, err
		}
		ids[p.Release], ids[p.Previous], current = true, true, p.Release
	}
	delete(ids, current)
	delete(ids, "") // a first release has none before it
	keep := named{names: map[string]string{}}
	for _, id := range slices.Sorted(maps.Keys(ids)) {
		n, err := r.dst.contents(ctx, film, id)
		if err != nil {
			return named{}, err
		}
		if n.lost == errNoManifest { // nobody can go back to it
			continue
		}
		if n.lost != nil {
			keep.all = true
			r.find(report.Finding{Pos: report.Pos{File: r.dst.at(n.manifest)}, Severity: report.Warn, Rule: "sync-named",
				Text: fmt.Sprintf("nothing of this film is deleted, since what a release needs to which a rollback may go cannot be read: %v", n.lost),
				Hint: "delete this manifest if nobody goes back to that release"})
		}
		maps.Copy(keep.names, n.names)
	}
	if current != "" && len(keep.names) > 0 {
		now, err := r.src.contents(ctx, film, current)
		if err != nil {
			return named{}, err
		}
		maps.DeleteFunc(keep.names, func(name, _ string) bool { _, ok := now.names[name]; return ok })
	}
	return keep, nil
}

// spare keeps what the destination's current releases name: a source that lacks it is not whole, and deleting would break a film that is being
// watched.
func (r *run) spare(ctx context.Context) error {
	current := func(ctx context.Context, film string) (named, error) { return r.named(ctx, r.dst, film) }
	return r.sift(ctx, current, func(e entry) {
		r.find(report.Finding{Pos: report.Pos{File: r.dst.at(e.name)}, Severity: report.Error, Rule: "sync-named",
			Text: "the current release at the destination names this object and the source does not have it, so it was not deleted",
			Hint: "the source is not whole: filmpress verify tells what is missing there"})
	})
}

// sift takes out of what is to be deleted what look names of a film, and tells kept of it. Where a film's pointer goes too, the whole film goes,
// and nothing of it is taken out.
func (r *run) sift(ctx context.Context, look func(ctx context.Context, film string) (named, error), kept func(entry)) error {
	going := map[string]bool{}
	for _, e := range r.gone[pointers] {
		going[strings.TrimSuffix(e.name, pointerName)] = true
	}
	films := map[string]named{}
	for at := range r.gone {
		var stays []entry
		for _, e := range r.gone[at] {
			film, inside := filmOf(e.name)
			if !inside || going[film] {
				stays = append(stays, e)
				continue
			}
			n, asked := films[film]
			if !asked {
				var err error
				if n, err = look(ctx, film); err != nil {
					return err
				}
				films[film] = n
			}
			if n.holds(e.name) {
				kept(e)
				continue
			}
			stays = append(stays, e)
		}
		r.gone[at] = stays
	}
	return nil
}
