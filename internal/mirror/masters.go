package mirror

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"filmpress/internal/store"
)

// headBytes is how much of a playlist is read to learn which kind it is. The tags that tell stand among the first lines.
const headBytes = 64 << 10

// findMasters moves master playlists out of the rank of media playlists: a master names the others, so it comes after them. Names do not tell which is
// which (index.m3u8 is either), so those that will be copied are looked into.
func (r *run) findMasters(ctx context.Context) error {
	if err := r.each(ctx, r.items[playlists], r.decide); err != nil {
		return err
	}
	list := slices.DeleteFunc(r.items[playlists], func(it *item) bool { return it.verdict == same })
	err := r.each(ctx, list, func(ctx context.Context, it *item) error {
		if it.verdict != differs { // it failed before
			return nil
		}
		var err error
		it.master, err = r.isMaster(ctx, r.src, it.src)
		return err
	})
	if err != nil {
		return err
	}
	r.items[playlists] = nil
	for _, it := range list {
		switch {
		case it.verdict != differs: // it failed, and was told
		case it.master:
			r.items[masters] = append(r.items[masters], it)
		default:
			r.items[playlists] = append(r.items[playlists], it)
		}
	}
	return nil
}

// splitPlaylists does the same with what is to be deleted: masters go before the playlists that they name.
func (r *run) splitPlaylists(ctx context.Context) error {
	items := itemsOf(r.gone[playlists])
	err := r.each(ctx, items, func(ctx context.Context, it *item) error {
		var err error
		it.master, err = r.isMaster(ctx, r.dst, it.src)
		if errors.Is(err, errChanged) { // gone or written meanwhile: then it is told when it is deleted
			err = nil
		}
		return err
	})
	if err != nil {
		return err
	}
	r.gone[playlists] = nil
	for _, it := range items {
		at := playlists
		if it.master {
			at = masters
		}
		r.gone[at] = append(r.gone[at], it.src)
	}
	return nil
}

// isMaster looks into a playlist: only a master has EXT-X-STREAM-INF (RFC 8216 section 4.3.4.2).
func (r *run) isMaster(ctx context.Context, in end, e entry) (bool, error) {
	var body io.ReadCloser
	var err error
	if in.folder != nil {
		body, err = in.folder.open(e)
	} else {
		body, _, err = in.Store.Get(ctx, e.name)
		err = gone(err)
	}
	if err != nil {
		return false, err
	}
	defer body.Close()
	head, err := io.ReadAll(io.LimitReader(body, headBytes))
	return bytes.Contains(head, []byte("#EXT-X-STREAM-INF")), err
}

// label mends the headers of an object that holds the right bytes.
func (r *run) label(ctx context.Context, it *item) error {
	if r.dst.folder != nil {
		return nil
	}
	now, err := r.dst.Store.Stat(ctx, it.dst.name)
	if err != nil {
		return err
	}
	want := r.Rules.Meta(it.src.name)
	if r.src.folder == nil {
		beside, err := r.src.Store.Stat(ctx, it.src.name)
		if err != nil {
			return gone(err)
		}
		want = r.Rules.Over(it.src.name, beside.Meta)
	}
	if now.Type == want.Type && now.CacheControl == want.CacheControl && now.Disposition == want.Disposition {
		return nil
	}
	if !r.DryRun {
		l, ok := r.dst.Store.(store.Labeller)
		if !ok {
			return fmt.Errorf("%w: headers cannot be mended there", store.ErrUnsupported)
		}
		label := l.Relabel
		if r.guarded(it.src.name) {
			label = l.Rewrite
		}
		if _, err := label(ctx, now, want); err != nil {
			return err
		}
	}
	r.act(Action{Label, it.src.name, it.src.size, "other headers"})
	return nil
}
