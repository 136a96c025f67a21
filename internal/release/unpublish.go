package release

import (
	"context"
	"errors"
	"fmt"

	"filmpress/internal/report"
	"filmpress/internal/store"
)

// ErrNoFilm is a folder in which nothing of a film of ours lies.
var ErrNoFilm = errors.New("there is no such film")

// Mark is <slug>/unpublished.json: the film has no pointer because somebody wanted it so, and what it had may be cleaned
// up. Beside a pointer it means nothing. A film that has neither lost its pointer, or is being published for the first time.
//
// Whoever knows the film's address can read it, so it does not name the release that was current: with that name all of the film could be fetched.
type Mark struct {
	Release string `json:"release,omitempty"` // that was current, as older versions wrote it
}

// Gone is what an unpublish took away, or would.
type Gone struct {
	Release string   // that was current; "" where none was, or where the pointer cannot be read
	Names   []string // pointer and entrances that are there, in the order in which they go
	Objects int      // of ours that stay
	Bytes   int64    // their size
}

// Unpublish takes a film away from viewers: first the pointer, by which films are found, so that no list of films leads
// to what is gone, then the entrances. Each of them leads to a whole release as long as it is there, since the releases
// themselves stay. Run again after an interrupt, it finishes; with nothing left to do it says so by empty Names.
func Unpublish(ctx context.Context, st store.Store, slug string, onlyLook bool, sink report.Sink) (Gone, error) {
	p := &publisher{st: st, set: Set{Slug: slug}, sink: sink}
	if err := p.set.check(); err != nil {
		return Gone{}, err
	}
	var err error
	if p.there, err = list(ctx, st, slug); err != nil {
		return Gone{}, err
	}
	g, ours := p.visible()
	if !ours {
		return Gone{}, fmt.Errorf("%w: %q in %s", ErrNoFilm, slug, st)
	}
	if old, _, err := ReadPointer(ctx, st, slug); err == nil {
		g.Release = old.Release
	} else if !errors.Is(err, store.ErrNotFound) && !errors.Is(err, ErrMalformed) {
		return g, err
	}
	if onlyLook {
		return g, nil
	}
	if old, marked, err := ReadMark(ctx, st, slug); !marked || old.Release != "" || len(g.Names) > 0 {
		if err != nil && !errors.Is(err, ErrMalformed) {
			return g, err
		}
		if err := writeMark(ctx, st, slug); err != nil {
			return g, err
		}
	}
	for _, name := range g.Names {
		if err := st.Delete(ctx, slug+"/"+name); err != nil {
			return g, err
		}
	}
	return g, p.stillGone(ctx)
}

func writeMark(ctx context.Context, st store.Store, slug string) error {
	f := FromBytes(MarkName, encode(Mark{}))
	f.CacheControl = store.Revalidate
	_, err := st.Put(ctx, slug+"/"+MarkName, store.Body{Size: f.Size, Open: f.Open}, f.meta(), store.If{})
	return err
}

// visible says what viewers reach, and whether the folder is a film of ours at all.
func (p *publisher) visible() (g Gone, ours bool) {
	for _, name := range append([]string{PointerName}, Entrances...) {
		if _, ok := p.there[name]; ok {
			g.Names = append(g.Names, name)
		}
	}
	for path, obj := range p.there {
		switch part, _ := PartOf(path); part {
		case Media, Page:
			ours = true
			g.Objects++
			g.Bytes += obj.Size
		case Switch, Note:
			ours = true
		}
	}
	return g, ours
}

// stillGone looks for a publisher who made the film visible again while it went: his entrances may have been taken from
// under his pointer, so they are written again, and he wins.
func (p *publisher) stillGone(ctx context.Context) error {
	now, err := p.current(ctx)
	if errors.Is(err, ErrMalformed) || err == nil && now.Release == "" {
		return nil
	}
	if err != nil {
		return err
	}
	m, err := ReadManifest(ctx, p.st, p.set.Slug, now.Release)
	if err != nil {
		return err
	}
	files, err := derive(ctx, p.st, m, p.set.Slug, now.Release, PageURL(p.st, p.set.Slug))
	if err != nil {
		return err
	}
	p.release, p.set.Entrances = now.Release, func(string) ([]File, error) { return files, nil }
	p.there[MarkName] = store.Object{Name: MarkName}
	if err := p.finish(ctx); err != nil {
		return err
	}
	return fmt.Errorf("%w: %s/%s is visible again as release %s; unpublish it again if that is not wanted", ErrConflict, p.st, p.set.Slug, now.Release)
}

// ReadMark tells whether a film without a pointer was unpublished on purpose.
func ReadMark(ctx context.Context, st store.Store, slug string) (Mark, bool, error) {
	b, _, err := ReadObject(ctx, st, slug+"/"+MarkName, maxPointer)
	if errors.Is(err, store.ErrNotFound) {
		return Mark{}, false, nil
	}
	var m Mark
	if err == nil {
		if err = decode(b, &m); err != nil || m.Release != "" && !IsRelease(m.Release) {
			err = fmt.Errorf("%w: %s", ErrMalformed, st.URL(slug+"/"+MarkName))
		}
	}
	return m, err == nil, err
}
