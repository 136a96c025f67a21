package mirror

import (
	"context"
	"errors"
	"strings"

	"filmpress/internal/release"
	"filmpress/internal/store"
)

// named are the objects that a release consists of. The zero value is nothing.
type named struct {
	all   bool              // it cannot be known which, so it may be any of the film
	names map[string]string // with their SHA-256; the manifest's own is not told

	manifest string
	lost     error // why the manifest does not tell; errNoManifest where there is none
}

var errNoManifest = errors.New("it is not there")

func (n named) holds(name string) bool {
	_, ok := n.names[name]
	return n.all || ok
}

// pointer reads which release of a film is current at one side. film ends with a slash, or is "" where the place is a film's own.
func (e end) pointer(ctx context.Context, film string) (release.Pointer, error) {
	p, _, err := release.ReadPointer(ctx, e.Store, strings.TrimSuffix(film, "/"))
	return p, err
}

// named are the objects of a film's current release at one side.
func (r *run) named(ctx context.Context, at end, film string) (named, error) {
	p, err := at.pointer(ctx, film)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return named{}, nil
	case errors.Is(err, release.ErrMalformed): // a file of others that has this name, or ours and damaged
		return named{all: true}, nil
	case err != nil:
		return named{}, err
	}
	return at.contents(ctx, film, p.Release)
}

// mostManifest is what a manifest has at most, in bytes; one of 100,000 objects has about 30 MB.
const mostManifest = 256 << 20

// contents are the objects of a release, as its manifest at one side names them.
func (e end) contents(ctx context.Context, film, id string) (named, error) {
	folder := film + "r/" + id + "/"
	n := named{manifest: folder + manifestName, names: map[string]string{folder + manifestName: ""}}
	b, _, err := release.ReadObject(ctx, e.Store, n.manifest, mostManifest)
	if err != nil && !errors.Is(err, store.ErrNotFound) && !errors.Is(err, release.ErrMalformed) {
		return named{}, err
	}
	var m release.Manifest
	switch {
	case errors.Is(err, store.ErrNotFound):
		n.lost = errNoManifest
	case err != nil:
		n.lost = err
	default:
		m, n.lost = release.ParseManifest(b, "", id)
	}
	n.all = n.lost != nil
	for _, e := range m.Media {
		n.names[film+e.Path] = e.SHA256
	}
	for _, e := range m.Pages {
		n.names[folder+e.Path] = e.SHA256
	}
	return n, nil
}
