package release

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"filmpress/internal/store"
)

// IncompleteError names what a release lacks, by the paths below <slug>/.
type IncompleteError struct {
	Release string
	Paths   []string // missing, or with other bytes than the manifest says; sorted
}

func (e *IncompleteError) Error() string {
	more := ""
	if n := len(e.Paths); n > 1 {
		more = fmt.Sprintf(" and %d more", n-1)
	}
	return fmt.Sprintf("%v: of release %s, %s%s is missing or damaged; publish the film again from its sources", ErrIncomplete, e.Release, e.Paths[0], more)
}

func (e *IncompleteError) Unwrap() error { return ErrIncomplete }

// All gives the entries of a release with their paths below <slug>/.
func (m Manifest) All(release string) []Entry {
	out := slices.Clone(m.Media)
	for _, e := range m.Pages {
		e.Path = "r/" + release + "/" + e.Path
		out = append(out, e)
	}
	return out
}

// whole holds every object of a release against its manifest: by the list's sizes and MD5s, and by the recorded SHA-256
// where the list alone does not prove it. An object without one is read.
func (p *publisher) whole(ctx context.Context, m Manifest) error {
	var mu sync.Mutex
	var bad []string
	var files []File
	// A clean-up deletes the manifest first, so it may be gone since it was read, and nothing else.
	if manifest := "r/" + p.release + "/" + ManifestName; p.there[manifest].Name == "" {
		bad = append(bad, manifest)
	}
	for _, e := range m.All(p.release) {
		if p.there[e.Path].Name == "" {
			bad = append(bad, e.Path)
			continue
		}
		files = append(files, File{Path: e.Path, Size: e.Size, SHA256: e.SHA256, MD5: e.MD5, Type: e.Type, Open: nothingHere})
	}
	err := p.each(ctx, files, func(ctx context.Context, f File) error {
		ok, err := holds(ctx, p.st, p.there[f.Path], f)
		if err != nil && !errors.Is(err, store.ErrNotFound) && !errors.Is(err, store.ErrDamaged) {
			return err
		}
		if !ok {
			mu.Lock()
			defer mu.Unlock()
			bad = append(bad, f.Path)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if slices.Sort(bad); len(bad) > 0 {
		return &IncompleteError{p.release, bad}
	}
	return nil
}
