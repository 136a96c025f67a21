package catalog

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"filmpress/internal/release"
	"filmpress/internal/report"
	"filmpress/internal/store"
)

// State says what a release is for its film.
type State string

const (
	Current    State = "current"
	Previous   State = "previous"
	Older      State = "older"
	Unfinished State = "unfinished" // it has no manifest: a publish that goes on, or was given up
	Damaged    State = "damaged"    // its manifest cannot be read
)

// Visibility says whether viewers find a film.
type Visibility string

const (
	Published   Visibility = "published"
	Unpublished Visibility = "unpublished" // on purpose
	Pointerless Visibility = "pointerless" // its first publish has not ended, or its pointer was lost
	Unreadable  Visibility = "unreadable"  // its pointer is damaged
)

// Release is one release of a film.
type Release struct {
	ID      string
	State   State
	Written time.Time // its manifest, by the store's clock; zero where the store does not tell
	Kept    bool      // by the clean-up
	All     Count     // that it names, as stored
	Own     Count     // of these, what no other release names
	Missing int       // that it names and that are not there, or have another size
	About   release.Summary
}

// Object is an object of a film.
type Object struct {
	store.Object
	Path string // below <slug>/
	Part release.Part
	refs int32 // releases that name it
	only int32 // the last of them
	kept bool
}

// Film is what lies below one slug.
type Film struct {
	Slug       string
	Visibility Visibility
	Pointer    release.Pointer
	Releases   []Release // current, previous, then the newest first; unfinished ones last
	Objects    []Object  // of ours, sorted by path
	All        Count     // of these
	Foreign    Count     // other people's objects in the film's folder
	Findings   []report.Finding
	// Unsafe says why nothing of the film may be deleted, as words that follow "because"; "" is that it may.
	Unsafe string

	index map[string]int // into Objects, by path
}

// Unreferenced gives the objects that no kept release names. Entrances, the pointer and notes are never among them. A path counts and not
// an entry of the list: of two for one path neither is given where a release names it.
func (f *Film) Unreferenced() []Object {
	if f.Unsafe != "" {
		return nil
	}
	var out []Object
	for i, o := range f.Objects {
		if f.index[o.Path] == i && !o.kept && (o.Part == release.Media || o.Part == release.Page) {
			out = append(out, o)
		}
	}
	return out
}

// Only gives the objects that one release needs and no other one: its pages, and the media that it alone names.
func (f *Film) Only(id string) []Object {
	var out []Object
	for i, o := range f.Objects {
		alone := o.refs == 1 && f.Releases[o.only].ID == id
		if f.index[o.Path] == i && (alone || o.refs == 0 && strings.HasPrefix(o.Path, "r/"+id+"/")) && (o.Part == release.Media || o.Part == release.Page) {
			out = append(out, o)
		}
	}
	return out
}

// Has tells whether the film's folder holds an object of ours.
func (f *Film) Has(path string) bool { _, ok := f.index[path]; return ok }

// Look looks at the film of o.Slug alone.
func Look(ctx context.Context, st store.Store, o Options) (*Film, error) {
	var found *Film
	_, err := Scan(ctx, st, o, func(_ context.Context, f *Film) error {
		found = f
		return nil
	})
	if err == nil && found == nil {
		found = &Film{Slug: o.Slug, Visibility: Pointerless, Unsafe: "there is no film"}
	}
	return found, err
}

// look judges a group. A folder that has something of our forms by chance, and nothing that proves it to be ours, is nil.
func look(ctx context.Context, st store.Store, g *group, o Options) (*Film, error) {
	f := &Film{Slug: g.slug, Foreign: g.foreign, index: make(map[string]int, len(g.objects))}
	known := map[string]*Release{}
	if g.twice != "" {
		f.Unsafe = "the list names " + g.twice + " twice"
	}
	for _, obj := range g.objects {
		one := Object{Object: obj, Path: strings.TrimPrefix(obj.Name, g.slug+"/")}
		var id string
		one.Part, id = release.PartOf(one.Path)
		f.index[one.Path] = len(f.Objects)
		f.Objects = append(f.Objects, one)
		f.All.Add(one.Size)
		if one.Part != release.Page {
			continue
		}
		if known[id] == nil {
			known[id] = &Release{ID: id, State: Unfinished}
		}
		if one.Path == "r/"+id+"/"+release.ManifestName {
			known[id].State, known[id].Written = Older, one.Modified
		}
	}
	for _, r := range known {
		f.Releases = append(f.Releases, *r)
	}
	slices.SortFunc(f.Releases, func(a, b Release) int { return strings.Compare(a.ID, b.ID) })
	if err := f.readPointer(ctx, st); err != nil {
		return nil, err
	}
	f.choose(o.Keep)
	if err := f.readManifests(ctx, st, cmp.Or(o.AtOnce, manifestsAtOnce)); err != nil {
		return nil, err
	}
	f.settle()
	if !f.ours() {
		return nil, nil
	}
	f.complain()
	return f, nil
}

// readPointer finds out what viewers see.
func (f *Film) readPointer(ctx context.Context, st store.Store) error {
	f.Visibility = Pointerless
	if f.Has(release.PointerName) {
		p, _, err := release.ReadPointer(ctx, st, f.Slug)
		switch {
		case err == nil:
			f.Visibility, f.Pointer = Published, p
			return nil
		case errors.Is(err, release.ErrMalformed):
			f.Visibility, f.Unsafe = Unreadable, "its pointer cannot be read"
			f.find(report.Error, "release-manifest", release.PointerName, "the pointer to the current release cannot be read",
				"publish the film again with --force, or roll back to a release by its name after deleting this object")
			return nil
		case !errors.Is(err, store.ErrNotFound): // gone since the list: as if it had not been there
			return err
		}
	}
	if !f.Has(release.MarkName) {
		if f.finished() { // else there is only what a first publish sent, which goes on or was given up
			f.Unsafe = "no release is current, and nobody unpublished it"
		}
		return nil
	}
	_, marked, err := release.ReadMark(ctx, st, f.Slug)
	switch {
	case errors.Is(err, release.ErrMalformed):
		f.Unsafe = "the note that it was unpublished cannot be read"
		f.find(report.Warn, "release-manifest", release.MarkName, "the note that the film was unpublished cannot be read", "unpublish the film once more")
	case err != nil:
		return err
	case marked:
		f.Visibility = Unpublished
	}
	return nil
}

// choose says which releases are kept, and puts them in order. Of an unpublished film none is.
func (f *Film) choose(keep int) {
	for i := range f.Releases {
		r := &f.Releases[i]
		if r.State == Unfinished {
			continue
		}
		switch r.ID {
		case f.Pointer.Release:
			r.State, r.Kept = Current, true
		case f.Pointer.Previous:
			r.State, r.Kept = Previous, true
		}
	}
	rank := map[State]int{Current: 0, Previous: 1, Older: 2, Unfinished: 3}
	slices.SortStableFunc(f.Releases, func(a, b Release) int {
		return cmp.Or(cmp.Compare(rank[a.State], rank[b.State]), b.Written.Compare(a.Written), strings.Compare(a.ID, b.ID))
	})
	var last time.Time
	for i := range f.Releases {
		r := &f.Releases[i]
		if r.State != Older || f.Visibility == Unpublished {
			continue
		}
		// Of releases that were written in the same second none is the older one.
		if keep > 0 || !last.IsZero() && r.Written.Equal(last) {
			r.Kept, last = true, r.Written
			keep--
		} else if r.Written.IsZero() {
			r.Kept = true
		}
	}
}

// readManifests reads them side by side, and says of each object which releases name it.
func (f *Film) readManifests(ctx context.Context, st store.Store, atOnce int) error {
	var mu sync.Mutex
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for i := range f.Releases {
		r := &f.Releases[i]
		if r.State == Unfinished {
			continue
		}
		group.Go(func() error {
			return report.Caught(func() error {
				m, err := release.ReadManifest(ctx, st, f.Slug, r.ID)
				mu.Lock()
				defer mu.Unlock()
				switch {
				case errors.Is(err, store.ErrNotFound): // deleted since the list
					r.State, r.Kept = Unfinished, false
				case errors.Is(err, release.ErrMalformed) || errors.Is(err, store.ErrDamaged):
					f.damaged(r)
				case err != nil:
					return err
				default:
					f.name(int32(i), r, m)
				}
				return nil
			})
		})
	}
	return group.Wait()
}

// damaged tells of a manifest that cannot be read: what its release needs is not known, so nothing is safe to delete.
func (f *Film) damaged(r *Release) {
	severity := report.Warn
	if r.State == Current {
		severity = report.Error
	}
	f.find(severity, "release-manifest", "r/"+r.ID+"/"+release.ManifestName, fmt.Sprintf("the manifest of release %s (%s) cannot be read", r.ID, r.State),
		"publish the film again; a release that nobody needs can be deleted by hand")
	f.Unsafe = "the manifest of release " + r.ID + " cannot be read"
	if r.State == Older {
		r.State = Damaged
	}
}

// name marks what a release names.
func (f *Film) name(at int32, r *Release, m release.Manifest) {
	r.About = m.About()
	missing := ""
	for _, e := range append(m.All(r.ID), release.Entry{Path: "r/" + r.ID + "/" + release.ManifestName, Size: -1}) {
		i, ok := f.index[e.Path]
		if !ok || e.Size >= 0 && !fits(f.Objects[i].Size, e) {
			r.Missing++
			missing = cmp.Or(missing, e.Path)
		}
		if !ok {
			continue
		}
		o := &f.Objects[i]
		o.refs++
		o.only = at
		o.kept = o.kept || r.Kept
		r.All.Add(o.Size)
	}
	if missing == "" {
		return
	}
	severity := report.Warn
	if r.State == Current {
		severity = report.Error
	}
	f.find(severity, "release-missing", missing, fmt.Sprintf("of release %s (%s), %s not there or has another size than the manifest says", r.ID, r.State,
		map[bool]string{true: "this object is", false: fmt.Sprintf("this and %d more objects are", r.Missing-1)}[r.Missing == 1]),
		"publish the film again from its sources")
}

// fits tells whether an object can be that of an entry by its size. Texts may be stored gzipped, and are then smaller.
func fits(stored int64, e release.Entry) bool {
	return stored == e.Size || stored < e.Size && stored > 0 && store.Compressible(e.Type)
}

// settle counts what belongs to one release alone.
func (f *Film) settle() {
	for _, o := range f.Objects {
		if o.refs == 1 {
			f.Releases[o.only].Own.Add(o.Size)
		}
	}
	for i := range f.Releases {
		r := &f.Releases[i]
		if r.State != Unfinished {
			continue
		}
		for _, o := range f.Objects {
			if strings.HasPrefix(o.Path, "r/"+r.ID+"/") {
				r.All.Add(o.Size)
				r.Own.Add(o.Size)
			}
		}
	}
}

// ours tells whether anything proves that the folder is a film's. Media alone do where nothing foreign lies beside them:
// that is how the first publish of a film begins.
func (f *Film) ours() bool {
	switch {
	case f.Visibility == Published || f.Visibility == Unpublished:
		return true
	case f.finished():
		return true
	}
	media := slices.ContainsFunc(f.Objects, func(o Object) bool {
		return o.Part == release.Media || o.Part == release.Page || o.Part == release.Note
	})
	return media && f.Foreign.Objects == 0
}

// finished tells whether a release has a manifest.
func (f *Film) finished() bool {
	return slices.ContainsFunc(f.Releases, func(r Release) bool { return r.State != Unfinished })
}

// complain tells what a list shows to be wrong.
func (f *Film) complain() {
	hint := "publish the film again; or, to show a release that is there, filmpress rollback TARGET " + f.Slug + " RELEASE"
	has := func(id string) bool {
		return slices.ContainsFunc(f.Releases, func(r Release) bool { return r.ID == id && r.State != Unfinished })
	}
	switch {
	case f.Visibility == Pointerless && f.finished():
		f.find(report.Warn, "release-pointer", release.PointerName, "no release is current: the first publish has not ended, or the pointer was lost",
			hint+"; or unpublish it, and clean removes it")
	case f.Visibility == Published && !has(f.Pointer.Release):
		f.Unsafe = "the current release is not there"
		f.find(report.Error, "release-manifest", "r/"+f.Pointer.Release+"/"+release.ManifestName, "the current release "+f.Pointer.Release+" has no manifest", hint)
	case f.Visibility == Published:
		for _, name := range release.Entrances[:2] {
			if !f.Has(name) {
				f.find(report.Error, "release-entrance", name, "viewers do not find the film: this entrance is not there",
					"publish the film again, or write its entrances anew with filmpress rollback TARGET "+f.Slug+" "+f.Pointer.Release)
			}
		}
		if p := f.Pointer.Previous; p != "" && !has(p) {
			f.find(report.Warn, "release-previous", release.PointerName, "the release before, "+p+", is not there any more: a rollback has nothing to go back to", "publish the film once more")
		}
	}
	report.Sort(f.Findings)
}

func (f *Film) find(s report.Severity, rule, path, text, hint string) {
	f.Findings = append(f.Findings, report.Finding{Pos: report.Pos{File: f.Slug + "/" + path}, Severity: s, Rule: rule, Text: text, Hint: hint})
}
