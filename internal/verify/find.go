package verify

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"

	"filmpress/internal/audit"
	"filmpress/internal/hls"
	"filmpress/internal/origin"
	"filmpress/internal/release"
	"filmpress/internal/store"
)

// NothingError says that there is no presentation at a target.
type NothingError struct{ Text string }

func (e *NothingError) Error() string { return e.Text }

// InStore finds the films in a folder or a bucket: that of a slug, or all of ours, or else those of a stranger. target is
// how the user named the place; heads says that objects have heads there.
func InStore(ctx context.Context, st store.Store, target, slug string, heads bool) (Place, error) {
	p := Place{Source: origin.Store{Store: st, Heads: heads}, Show: func(uri string) string { return join(target, uri) }}
	p.Blind = []string{"content types, cache headers and CORS, which a folder does not have"}
	if heads {
		p.Blind = []string{"CORS and byte ranges, which only the public address shows"}
	}
	if slug != "" {
		return p, p.bySlug(ctx, st, target, slug)
	}
	var lists []string
	for obj, err := range st.List(ctx, "") {
		if err != nil {
			return p, err
		}
		folder, rest, ok := strings.Cut(obj.Name, "/")
		switch {
		case ok && rest == release.PointerName:
			p.Films = append(p.Films, Film{Base: folder + "/", Slug: folder})
		case strings.HasSuffix(obj.Name, ".m3u8") && len(lists) < maxLists:
			lists = append(lists, obj.Name)
		}
	}
	if len(p.Films) > 0 {
		p.Shelf = st
		return p, nil
	}
	return p, p.strangers(ctx, target, lists)
}

func join(target, uri string) string {
	if uri == "" || strings.Contains(uri, "://") {
		return uri
	}
	return strings.TrimSuffix(target, "/") + "/" + uri
}

// maxLists is how many playlists of a stranger are looked at to find the multivariant ones.
const maxLists = 1000

func (p *Place) bySlug(ctx context.Context, st store.Store, target, slug string) error {
	if err := store.CheckName(slug); err != nil || strings.Contains(slug, "/") {
		return &NothingError{fmt.Sprintf("%q is no slug of a film", slug)}
	}
	_, err := st.Stat(ctx, slug+"/"+release.PointerName)
	if errors.Is(err, store.ErrNotFound) {
		return &NothingError{fmt.Sprintf("there is no film %q in %s: no %s/%s", slug, target, slug, release.PointerName)}
	}
	p.Films = []Film{{Base: slug + "/", Slug: slug}}
	return err
}

// strangers takes the multivariant playlists among those that are there, and a single media playlist where there are none.
func (p *Place) strangers(ctx context.Context, target string, lists []string) error {
	slices.SortStableFunc(lists, func(a, b string) int { return cmp.Compare(strings.Count(a, "/"), strings.Count(b, "/")) })
	for _, name := range lists {
		f, err := p.Source.Read(ctx, audit.Request{URI: name, Limit: 16 << 20})
		if fatal(ctx, err) {
			return err
		}
		if err == nil && hls.IsMaster(f.Data) {
			p.Films = append(p.Films, Film{Master: name})
		}
	}
	switch {
	case len(p.Films) > 0:
		return nil
	case len(lists) == 1:
		p.Films = []Film{{Master: lists[0]}}
		return nil
	case len(lists) > 1:
		return &NothingError{fmt.Sprintf("there are %d media playlists in %s, and no multivariant one; name the playlist to verify", len(lists), target)}
	}
	return &NothingError{fmt.Sprintf("there is no film in %s: neither a %s of filmpress nor a playlist (.m3u8)", target, release.PointerName)}
}

// releaseForm is a path that ends in a release of ours.
var releaseForm = regexp.MustCompile(`/r/[0-9a-f]{20}/[^/]*$`)

// OnWeb finds the film at an address: of a playlist, or of a page or folder of ours, or of a page that names a playlist.
func OnWeb(ctx context.Context, web *origin.Web, address *url.URL) (Place, error) {
	p := Place{Source: web, Show: withoutSecrets}
	folder := *address
	folder.RawQuery, folder.Fragment, folder.RawFragment = "", "", ""
	folder.Path = releaseForm.ReplaceAllString(folder.Path, "/")
	if !strings.HasSuffix(folder.Path, "/") && path.Ext(folder.Path) == "" {
		folder.Path += "/" // a film's folder, its slash forgotten
	}
	name := path.Base(address.Path)
	folder.Path, folder.RawPath = folder.Path[:strings.LastIndex(folder.Path, "/")+1], ""
	if strings.HasSuffix(name, ".m3u8") && name != "master.m3u8" {
		return p, p.byPage(ctx, address) // one of our media playlists, or anyone's: that alone
	}
	base := folder.String()
	b, err := p.read(ctx, base+release.PointerName)
	if fatal(ctx, err) {
		return p, err
	}
	if err == nil && bytes.HasPrefix(bytes.TrimSpace(b), []byte("{")) { // and no page that a server gives for everything
		p.Films = []Film{{Base: base}}
		return p, nil
	}
	return p, p.byPage(ctx, address)
}

// secretForm finds the queries of addresses, in a text or as all of it, and secretValue the values in a query that are long enough to be a secret.
var (
	secretForm  = regexp.MustCompile(`\?[^\s"'<>?]+`)
	secretValue = regexp.MustCompile(`=[^&;#]{5,}`)
)

// withoutSecrets takes the values out of the queries of addresses. In a signed address they open the film for whoever reads a report, and reports
// are kept; what is signed still shows.
func withoutSecrets(text string) string {
	return secretForm.ReplaceAllStringFunc(text, func(query string) string { return secretValue.ReplaceAllString(query, "=…") })
}

// listForm finds a playlist in the source of a page.
var listForm = regexp.MustCompile(`["'(]([^"'()\s<>]+\.m3u8(?:\?[^"'()\s<>]*)?)["')]`)

func (p *Place) byPage(ctx context.Context, address *url.URL) error {
	uri := address.String()
	f, err := p.Source.Read(ctx, audit.Request{URI: uri, Limit: 16 << 20})
	if fatal(ctx, err) {
		return err
	}
	if strings.HasSuffix(address.Path, ".m3u8") || bytes.HasPrefix(f.Data, []byte("#EXTM3U")) {
		p.Films = []Film{{Master: uri}} // that it is missing is found by the audit, too
		return nil
	}
	shown := withoutSecrets(uri)
	if err != nil {
		return &NothingError{fmt.Sprintf("%s cannot be fetched: %s; name the address of the film's page or of its master playlist", shown, withoutSecrets(err.Error()))}
	}
	m := listForm.FindSubmatch(f.Data)
	if m == nil {
		return &NothingError{fmt.Sprintf("%s names no playlist; name the address of the master playlist (.m3u8)", shown)}
	}
	ref, err := url.Parse(string(m[1]))
	if err != nil {
		return &NothingError{fmt.Sprintf("the playlist that %s names has no usable address", shown)}
	}
	p.Films = []Film{{Master: address.ResolveReference(ref).String()}}
	return nil
}

// Playlist is a single playlist in a folder.
func Playlist(st store.Store, folder, name string) Place {
	return Place{Source: origin.Store{Store: st}, Films: []Film{{Master: name}}, Show: func(uri string) string { return join(folder, uri) },
		Blind: []string{"content types, cache headers and CORS, which a folder does not have"}}
}
