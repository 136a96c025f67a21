package mirror

import (
	"context"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"filmpress/internal/release"
	"filmpress/internal/report"
)

// point brings up a film's pointer, as a publisher does: what the release needs is struck out of the destination's tombstone, and only then is looked
// at what is there. Whatever a clean-up deleted since the lists were made shows here, and the viewers' release stays.
func (r *run) point(ctx context.Context, it *item) error {
	if err := r.mayPoint(ctx, it); err != nil || it.verdict != differs {
		return err
	}
	return r.send(ctx, it)
}

// mayPoint decides about a pointer, and leaves open what to think of one that would lead viewers to less than a release. In a dry run what the source
// has counts as copied.
func (r *run) mayPoint(ctx context.Context, it *item) error {
	if err := r.decide(ctx, it); err != nil || it.verdict == same {
		return err
	}
	film := strings.TrimSuffix(it.src.name, pointerName)
	needs, err := r.named(ctx, r.src, film)
	if err != nil {
		return err
	}
	if needs.lost != nil {
		it.verdict = ask
		r.find(report.Finding{Pos: report.Pos{File: r.src.at(needs.manifest)}, Severity: report.Error, Rule: "sync-gone",
			Text: fmt.Sprintf("the pointer was not copied, since the manifest of its release tells nothing: %v", needs.lost),
			Hint: "publish the film once more at the source, or roll it back to a release that is whole; filmpress list tells which there are"})
		return nil
	}
	lacks := map[string]bool{} // until they are seen
	for name := range needs.names {
		if r.Filter.Takes(name) {
			lacks[name] = true
		}
	}
	at := []end{r.dst, r.src}
	if !r.DryRun {
		var needed release.Needs
		for name := range lacks {
			needed.Paths = append(needed.Paths, strings.TrimPrefix(name, film))
		}
		if err := release.Spare(ctx, r.dst.Store, strings.TrimSuffix(film, "/"), needed, release.Timer{}, r.sink); err != nil {
			return err
		}
		at = at[:1]
	}
	for _, e := range at {
		if err := e.strikeOut(ctx, film, lacks); err != nil {
			return err
		}
	}
	if len(lacks) > 0 {
		it.verdict = ask
		name := slices.Min(slices.Collect(maps.Keys(lacks)))
		r.find(report.Finding{Pos: report.Pos{File: r.dst.at(it.src.name)}, Severity: report.Error, Rule: "sync-gone",
			Text: fmt.Sprintf("the pointer was not copied: of what its release needs, %d objects are not there, among them %s", len(lacks), name),
			Hint: "if a clean-up ran there meanwhile, sync again; if not, filmpress verify tells what the source lacks"})
	}
	return nil
}

// strikeOut takes what a side has of a film out of a list of what it may lack.
func (e end) strikeOut(ctx context.Context, film string, lacks map[string]bool) error {
	for _, folder := range []string{"o/", "r/"} {
		if len(lacks) == 0 {
			return nil
		}
		for obj, err := range e.Store.List(ctx, film+folder) {
			if err != nil {
				return err
			}
			delete(lacks, obj.Name)
		}
	}
	return nil
}

// tracked notes of a name which film it belongs to, and tells whether it is a note that filmpress keeps at a place about that place alone: what
// a clean-up found there, and where a rollback was going. Names come in order, so the parts of a film are seen before its notes.
func (m *merging) tracked(name string) bool {
	base := path.Base(name)
	film := strings.TrimSuffix(name, base)
	switch {
	case base == release.TombstoneName || base == release.IntentName:
		return m.films[film]
	case base == pointerName:
		m.films[film] = true
	default:
		if film, inside := filmOf(name); inside {
			m.films[film] = true
		}
	}
	return false
}
