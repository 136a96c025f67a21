package mirror

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"filmpress/internal/release"
	"filmpress/internal/report"
	"filmpress/internal/store"
)

// deleteAll deletes what only the destination has, from entrances down to media, so that no link leads to what is gone. Nothing is deleted while
// anything is left to copy.
func (r *run) deleteAll(ctx context.Context) error {
	count := 0
	for _, list := range r.gone {
		count += len(list)
	}
	if count == 0 {
		return nil
	}
	if r.result.Failed > 0 && !r.DryRun {
		r.result.Waiting += count
		return nil
	}
	if err := r.splitPlaylists(ctx); err != nil {
		return err
	}
	if err := r.spare(ctx); err != nil {
		return err
	}
	for at := ranks; at > 0; at-- {
		list := r.gone[at-1]
		if r.result.Failed > 0 && !r.DryRun {
			r.result.Waiting += len(list)
			continue
		}
		if r.DryRun {
			for _, e := range list {
				r.act(Action{Delete, e.name, e.size, "only there"})
			}
			continue
		}
		if err := r.each(ctx, itemsOf(list), func(ctx context.Context, it *item) error { return r.remove(ctx, it.src) }); err != nil {
			return err
		}
	}
	return nil
}

// itemsOf gives what the destination has as items, so that each can go through it.
func itemsOf(list []entry) []*item {
	items := make([]*item, len(list))
	for i, e := range list {
		items[i] = &item{src: e}
	}
	return items
}

// remove deletes one object, unless the source has it by now.
func (r *run) remove(ctx context.Context, e entry) error {
	if r.src.folder != nil {
		if info, err := r.src.root.Lstat(e.name); err == nil && !info.IsDir() {
			return nil
		}
	}
	if r.fold.has(e.name) { // on that disk it is the file of another name, which was copied
		return nil
	}
	if err := r.dst.Store.Delete(ctx, e.name); err != nil {
		return err
	}
	r.act(Action{Delete, e.name, e.size, "only there"})
	return nil
}

// spare keeps what the destination's current releases name: a source that lacks it is not whole, and deleting would break a film that is being
// watched. Where a film's pointer goes too, the whole film goes, and nothing is spared.
func (r *run) spare(ctx context.Context) error {
	going := map[string]bool{}
	for _, e := range r.gone[pointers] {
		going[strings.TrimSuffix(e.name, pointerName)] = true
	}
	kept := map[string]named{}
	for at := range r.gone {
		var stays []entry
		for _, e := range r.gone[at] {
			film, inside := filmOf(e.name)
			if !inside || going[film] {
				stays = append(stays, e)
				continue
			}
			n, asked := kept[film]
			if !asked {
				var err error
				if n, err = r.named(ctx, r.dst, film); err != nil {
					return err
				}
				kept[film] = n
			}
			if n.all || n.names[e.name] {
				r.find(report.Finding{Pos: report.Pos{File: r.dst.at(e.name)}, Severity: report.Error, Rule: "sync-named",
					Text: "the current release at the destination names this object and the source does not have it, so it was not deleted",
					Hint: "the source is not whole: filmpress verify tells what is missing there"})
				continue
			}
			stays = append(stays, e)
		}
		r.gone[at] = stays
	}
	return nil
}

// named are the objects that a film's current release consists of; all where that cannot be known.
type named struct {
	all   bool
	names map[string]bool
}

// named reads a film's pointer and manifest at one side. film ends with a slash, or is "" where the place is a film's own.
func (r *run) named(ctx context.Context, at end, film string) (named, error) {
	b, err := readSmall(ctx, at, film+pointerName)
	if errors.Is(err, store.ErrNotFound) {
		return named{}, nil
	}
	if err != nil {
		return named{}, err
	}
	pointer, err := release.ParsePointer(b)
	if err != nil {
		return named{all: true}, nil
	}
	b, err = readSmall(ctx, at, film+"r/"+pointer.Release+"/"+manifestName)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return named{}, err
	}
	m, err := release.ParseManifest(b, "", pointer.Release)
	if err != nil { // not there, or not ours: all of the film stays
		return named{all: true}, nil
	}
	n := named{names: map[string]bool{film + "r/" + pointer.Release + "/" + manifestName: true}}
	for _, e := range m.Media {
		n.names[film+e.Path] = true
	}
	for _, e := range m.Pages {
		n.names[film+"r/"+pointer.Release+"/"+e.Path] = true
	}
	return n, nil
}

// mostManifest is what a manifest has at most, in bytes; one of 100,000 objects has about 30 MB.
const mostManifest = 256 << 20

// readSmall reads a pointer or a manifest.
func readSmall(ctx context.Context, at end, name string) ([]byte, error) {
	body, _, err := at.Store.Get(ctx, name)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	return io.ReadAll(io.LimitReader(body, mostManifest))
}

// filmOf gives what comes before o/<digest>/ or r/<release>/ in a name, with its slash.
func filmOf(name string) (film string, inside bool) {
	if !immutable(name) {
		return "", false
	}
	for i := 0; i < len(name); i++ {
		if i > 0 && name[i-1] != '/' {
			continue
		}
		rest := name[i:]
		if (strings.HasPrefix(rest, "o/") || strings.HasPrefix(rest, "r/")) && immutable(rest) {
			// The first that fits: a film inside of an immutable folder is none.
			return name[:i], true
		}
	}
	panic(fmt.Sprintf("%q is immutable and in no film", name))
}
