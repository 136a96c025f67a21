package release

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"filmpress/internal/report"
	"filmpress/internal/store"
)

// ErrNoRelease is a release that is named, or would be gone back to, and is not there.
var ErrNoRelease = errors.New("there is no such release")

// RollbackOptions say where to go back to, and how.
type RollbackOptions struct {
	To      string // a release, or the first digits of its name; "" is the previous one
	DryRun  bool   // looks whether the release is whole, and changes nothing
	Workers int    // requests at once; 0 is 16
	Timer   Timer
}

// Rolled is what a rollback did, or would do.
type Rolled struct {
	From     string // "" where the film was unpublished
	To       string
	Sequence int // of the pointer afterwards
	Objects  int // that were looked at
	About    Summary
	Written  int // pointer and entrances
}

// intent is <slug>/rollback.json. Without it a rollback to "the previous one" that was interrupted behind the pointer
// would, when it is run again, take the release it came from for the previous one, and go back to it.
type intent struct {
	To       string `json:"to"`
	Sequence int    `json:"sequence"` // of the pointer that is to be written
}

// Rollback makes a release current that is in the store already, whole, and writes the entrances as Publish does. Run
// again after an interrupt, it finishes.
func Rollback(ctx context.Context, st store.Store, slug string, opt RollbackOptions, sink report.Sink) (Rolled, error) {
	p := &publisher{st: st, set: Set{Slug: slug}, opt: Options{Workers: opt.Workers, Timer: opt.Timer}, sink: sink}
	if err := p.set.check(); err != nil {
		return Rolled{}, err
	}
	if p.opt.Workers <= 0 {
		p.opt.Workers = 16
	}
	old, err := p.current(ctx)
	if err != nil {
		return Rolled{}, err
	}
	if err := p.exists(ctx, old); err != nil {
		return Rolled{}, err
	}
	if p.release, err = p.destination(ctx, old, opt.To); err != nil {
		return Rolled{}, err
	}
	m, err := ReadManifest(ctx, st, slug, p.release)
	if errors.Is(err, store.ErrNotFound) {
		err = fmt.Errorf("%w: %s/%s/r/%s has no %s, so it was never whole, or was cleaned up", ErrNoRelease, st, slug, p.release, ManifestName)
	}
	if err != nil {
		return Rolled{}, err
	}
	r := Rolled{From: old.Release, To: p.release, Sequence: old.Sequence, Objects: len(m.Media) + len(m.Pages), About: m.About()}
	if r.From != r.To {
		r.Sequence++
	}
	files, err := p.prove(ctx, m, opt.DryRun)
	if err != nil || opt.DryRun {
		return r, err
	}
	p.set.Entrances = func(string) ([]File, error) { return files, nil }
	err = p.goBack(ctx, old, opt.To == "")
	r.Sequence, r.Written = p.result.Sequence, p.result.Uploaded
	return r, err
}

// exists is ErrNoFilm where there is neither a pointer nor a release.
func (p *publisher) exists(ctx context.Context, now Pointer) error {
	if now.Release != "" {
		return nil
	}
	for obj, err := range p.st.List(ctx, p.set.Slug+"/r/") {
		if err != nil {
			return err
		}
		if part, _ := PartOf(strings.TrimPrefix(obj.Name, p.set.Slug+"/")); part == Page {
			return nil
		}
	}
	return fmt.Errorf("%w: %q in %s", ErrNoFilm, p.set.Slug, p.st)
}

// prove makes sure that the release is whole and stays so, and gives its entrances.
func (p *publisher) prove(ctx context.Context, m Manifest, onlyLook bool) ([]File, error) {
	for _, e := range m.Media {
		p.set.Media = append(p.set.Media, File{Path: e.Path}) // what look spares
	}
	look := p.look
	if onlyLook {
		look = func(ctx context.Context) (inventory, error) { return list(ctx, p.st, p.set.Slug) }
	}
	p.again = func(ctx context.Context) (err error) {
		if p.there, err = look(ctx); err != nil {
			return err
		}
		return p.whole(ctx, m)
	}
	if err := p.again(ctx); err != nil {
		return nil, err
	}
	return derive(ctx, p.st, m, p.set.Slug, p.release, PageURL(p.st, p.set.Slug))
}

// goBack switches the pointer and the entrances.
func (p *publisher) goBack(ctx context.Context, old Pointer, remember bool) error {
	if remember && old.Release != p.release {
		f := FromBytes(IntentName, encode(intent{p.release, old.Sequence + 1}))
		f.CacheControl = store.Revalidate
		if _, err := p.st.Put(ctx, p.set.Slug+"/"+IntentName, store.Body{Size: f.Size, Open: f.Open}, f.meta(), store.If{}); err != nil {
			return err
		}
		p.there[IntentName] = store.Object{Name: IntentName}
	}
	if err := p.point(ctx, old); err != nil {
		return err
	}
	if err := p.finish(ctx); err != nil {
		return err
	}
	if err := p.leave(ctx); err != nil {
		return err
	}
	if _, ok := p.there[IntentName]; ok {
		return p.st.Delete(ctx, p.set.Slug+"/"+IntentName)
	}
	return nil
}

// leave takes away entrances that this release does not have: they lead to another one.
func (p *publisher) leave(ctx context.Context) error {
	files, err := p.set.Entrances(p.release)
	if err != nil {
		return err
	}
	for _, name := range Entrances {
		if slices.ContainsFunc(files, func(f File) bool { return f.Path == name }) || p.there[name].Name == "" {
			continue
		}
		if err := p.stillOurs(ctx); err != nil {
			return err
		}
		if err := p.st.Delete(ctx, p.set.Slug+"/"+name); err != nil {
			return err
		}
	}
	return nil
}

// destination finds the release that is meant.
func (p *publisher) destination(ctx context.Context, now Pointer, to string) (string, error) {
	if to != "" {
		return p.named(ctx, to)
	}
	begun, err := p.begun(ctx)
	switch {
	case err != nil:
		return "", err
	case begun.To != "" && begun.To == now.Release && begun.Sequence == now.Sequence:
		return begun.To, nil // switched already; the entrances may be missing
	case now.Release == "":
		return "", fmt.Errorf("%w: %s/%s is not published; name the release to publish again, which filmpress list shows", ErrNoRelease, p.st, p.set.Slug)
	case now.Previous == "":
		return "", fmt.Errorf("%w: release %s of %s/%s is the first one; name another, which filmpress list shows", ErrNoRelease, now.Release, p.st, p.set.Slug)
	}
	return now.Previous, nil
}

// begun reads where an interrupted rollback went to. What cannot be read is none.
func (p *publisher) begun(ctx context.Context) (i intent, err error) {
	b, _, err := ReadObject(ctx, p.st, p.set.Slug+"/"+IntentName, maxPointer)
	if errors.Is(err, store.ErrNotFound) || errors.Is(err, ErrMalformed) {
		return intent{}, nil
	}
	if err != nil {
		return intent{}, err
	}
	if decode(b, &i) != nil {
		return intent{}, nil
	}
	return i, nil
}

// named finds the release whose name begins with some digits.
func (p *publisher) named(ctx context.Context, digits string) (string, error) {
	if IsRelease(digits) {
		return digits, nil
	}
	if !hexOf(digits, len(digits)) || len(digits) < 4 || len(digits) > releaseDigits {
		return "", fmt.Errorf("%w: %q is no name of a release: 20 digits from 0 to f, or the first ones, four at least", ErrNoRelease, digits)
	}
	var found []string
	for obj, err := range p.st.List(ctx, p.set.Slug+"/r/"+digits) {
		if err != nil {
			return "", err
		}
		part, id := PartOf(strings.TrimPrefix(obj.Name, p.set.Slug+"/"))
		if part == Page && !slices.Contains(found, id) {
			found = append(found, id)
		}
	}
	switch len(found) {
	case 0:
		return "", fmt.Errorf("%w: no release of %s/%s begins with %s; filmpress list shows them", ErrNoRelease, p.st, p.set.Slug, digits)
	case 1:
		return found[0], nil
	}
	return "", fmt.Errorf("%w: %s begins the names of %d releases of %s/%s; give more digits", ErrNoRelease, digits, len(found), p.st, p.set.Slug)
}

// nothingHere is the body of an object that lies in the store alone.
func nothingHere() (io.ReadSeekCloser, error) { return nil, errors.New("not on this machine") }
