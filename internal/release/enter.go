package release

import (
	"context"
	"fmt"
	"slices"

	"filmpress/internal/dash"
	"filmpress/internal/hls"
	"filmpress/internal/store"
	"filmpress/internal/watch"
)

// derive makes the entrances of a release from its own pages, as publish writes them. url is where viewers open the
// film's page, "" where nobody knows. A release has those entrances of which it has the page.
func derive(ctx context.Context, st store.Store, m Manifest, slug, release, url string) ([]File, error) {
	place := "r/" + release + "/"
	var out []File
	for _, name := range Entrances {
		i := slices.IndexFunc(m.Pages, func(e Entry) bool { return e.Path == name })
		if i < 0 {
			continue
		}
		page, _, err := ReadObject(ctx, st, slug+"/"+place+name, maxManifest)
		if err != nil {
			return nil, err
		}
		if f := FromBytes(name, page); f.SHA256 != m.Pages[i].SHA256 {
			return nil, fmt.Errorf("%w: %s/%s/%s%s has other bytes than its manifest says", ErrIncomplete, st, slug, place, name)
		}
		if page, err = enter(name, page, place, url); err != nil {
			return nil, fmt.Errorf("%w: %s/%s/%s%s: %v", ErrMalformed, st, slug, place, name, err)
		}
		if page != nil { // nil is that nobody knows the page's address, which this entrance is about
			out = append(out, FromBytes(name, page))
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("%w: release %s of %s has no page and no playlist to lead to", ErrMalformed, release, slug)
	}
	return out, nil
}

func enter(name string, page []byte, place, url string) ([]byte, error) {
	switch name {
	case "master.m3u8":
		return hls.Below(page, place), nil
	case "manifest.mpd":
		return dash.Rise(page), nil
	case "oembed.json":
		return watch.OEmbedEntrance(page, place, url)
	}
	return watch.Entrance(page, place, url)
}
