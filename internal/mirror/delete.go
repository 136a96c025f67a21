package mirror

import (
	"context"
	"fmt"
	"strings"
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
