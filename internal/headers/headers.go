// Package headers finds objects that are served with the wrong type, the wrong cache header or the wrong name for a download, and
// mends them without moving their bytes, but for the few small ones that change. What is right stands in the manifests of films; of other objects only the type is
// known, by their names.
package headers

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"mime"
	"path"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"filmpress/internal/catalog"
	"filmpress/internal/library"
	"filmpress/internal/release"
	"filmpress/internal/report"
	"filmpress/internal/site"
	"filmpress/internal/store"
)

// The rules. Their IDs are stable.
const (
	TypeRule        = "header-type"
	CacheRule       = "header-cache"
	DispositionRule = "header-disposition"
)

// Options say what to look at, and whether to mend it.
type Options struct {
	Slug    string // this film alone; "" is all
	All     bool   // objects that are not of filmpress too, by their names
	Do      bool   // mend
	Workers int    // requests at once; 0 is 32
}

// Wrong is a fault that some objects share.
type Wrong struct {
	Rule   string `json:"rule"`
	First  string `json:"first"` // the first of them, by name
	Count  int    `json:"count"`
	Have   string `json:"have"` // "" is missing
	Want   string `json:"want"` // "" is that there should be none
	Mended int    `json:"mended"`
}

// Report is what was looked at and found.
type Report struct {
	Looked   int
	Wrong    []Wrong // sorted by the first object, then by rule
	Objects  int     // that have a fault
	Mended   int     // of these
	Findings []report.Finding
}

// ErrByName is a place that keeps no headers: they follow from the names of files.
var ErrByName = errors.New("types follow from the names of files there, and cache headers from the web server's settings")

// wish is how an object should be served. A part that is not known is not judged.
type wish struct {
	store.Meta
	cache, disposition bool // CacheControl, Disposition are known
	changes            bool // the object's bytes may be replaced by others
}

// Run looks at a place.
func Run(ctx context.Context, st store.Store, o Options, sink report.Sink) (Report, error) {
	labels, ok := st.(store.Labeller)
	if !ok {
		return Report{}, ErrByName
	}
	c := &check{st: st, labels: labels, o: o, sink: sink, wrong: map[key]*Wrong{}, films: map[string]bool{}, own: map[string]bool{}}
	c.o.Workers = cmp.Or(max(o.Workers, 0), 32)
	_, err := catalog.Scan(ctx, st, catalog.Options{Slug: o.Slug, Sink: sink}, c.film)
	if err == nil && o.Slug == "" {
		err = c.library(ctx)
	}
	if err == nil && o.All {
		err = c.others(ctx)
	}
	return c.report(), err
}

// key groups faults, so that a bucket in which everything is wrong costs no memory.
type key struct{ rule, ext, have, want string }

type check struct {
	st     store.Store
	labels store.Labeller
	o      Options
	sink   report.Sink

	mu       sync.Mutex
	wrong    map[key]*Wrong
	films    map[string]bool
	own      map[string]bool // of the library
	looked   int
	objects  int
	mended   int
	findings []report.Finding
}

// film judges the objects of one film.
func (c *check) film(ctx context.Context, f *catalog.Film) error {
	c.mu.Lock()
	c.films[f.Slug] = true
	c.findings = append(c.findings, f.Findings...)
	c.mu.Unlock()
	wishes := map[string]wish{}
	for _, r := range slices.Backward(f.Releases) { // the current one has the last word
		if r.State == catalog.Unfinished || r.State == catalog.Damaged {
			continue
		}
		m, err := release.ReadManifest(ctx, c.st, f.Slug, r.ID)
		if errors.Is(err, store.ErrNotFound) || errors.Is(err, release.ErrMalformed) {
			continue // told with the film
		}
		if err != nil {
			return err
		}
		for _, e := range m.All(r.ID) {
			wishes[e.Path] = wish{Meta: store.Meta{Type: e.Type, CacheControl: e.CacheControl, Disposition: e.Disposition}, cache: true, disposition: true}
		}
	}
	work, ctx := errgroup.WithContext(ctx)
	work.SetLimit(c.o.Workers)
	for _, o := range f.Objects {
		w, known := wishes[o.Path]
		if !known {
			w = unlisted(o)
		}
		work.Go(func() error { return report.Caught(func() error { return c.object(ctx, o.Name, w) }) })
	}
	return work.Wait()
}

// unlisted is what is right for an object of ours that no manifest names: the pointer, entrances, notes, manifests
// themselves, and what waits for the clean-up.
func unlisted(o catalog.Object) wish {
	w := wish{Meta: store.Meta{Type: store.TypeOf(o.Path), CacheControl: store.Immutable}, cache: true}
	if o.Part == release.Switch || o.Part == release.Entrance || o.Part == release.Note {
		w.CacheControl, w.changes, w.disposition = store.Revalidate, true, true
	}
	return w
}

// library judges the library's own objects. One of its names that others made is left to them.
func (c *check) library(ctx context.Context) error {
	for _, name := range site.Names {
		ours, err := library.Ours(ctx, c.st, name)
		if err != nil {
			return err
		}
		if !ours {
			continue
		}
		c.own[name] = true
		w := wish{Meta: store.Meta{Type: store.TypeOf(name), CacheControl: store.Revalidate}, cache: true, disposition: true, changes: true}
		if err := c.object(ctx, name, w); err != nil {
			return err
		}
	}
	return nil
}

// others judges what is not of filmpress, by names that say a type.
func (c *check) others(ctx context.Context) error {
	prefix := ""
	if c.o.Slug != "" {
		prefix = c.o.Slug + "/"
	}
	work, ctx := errgroup.WithContext(ctx)
	work.SetLimit(c.o.Workers)
	for obj, err := range c.st.List(ctx, prefix) {
		if err != nil {
			if failed := work.Wait(); failed != nil {
				return failed // which ended the list as well
			}
			return err
		}
		slug, rest, _ := strings.Cut(obj.Name, "/")
		if part, _ := release.PartOf(rest); c.films[slug] && part != release.Foreign || c.own[obj.Name] {
			continue
		}
		if t := store.TypeOf(obj.Name); t != store.TypeOf("") {
			// Whether others replace its bytes is not known, so the headers are set as for what may change.
			work.Go(func() error {
				return report.Caught(func() error { return c.object(ctx, obj.Name, wish{Meta: store.Meta{Type: t}}) })
			})
		}
	}
	return work.Wait()
}

// fault is one header that is not as it should be.
type fault struct{ rule, have, want string }

// object looks at one object, and mends it.
func (c *check) object(ctx context.Context, name string, w wish) error {
	obj, err := c.st.Stat(ctx, name)
	if errors.Is(err, store.ErrNotFound) {
		return nil // deleted since the list
	}
	if err != nil {
		return err
	}
	faults := w.judge(obj.Meta)
	mended := false
	if len(faults) > 0 && c.o.Do {
		if mended, err = c.mend(ctx, obj, w); err != nil {
			return err
		}
	}
	c.note(name, faults, mended)
	return nil
}

// judge compares how an object is served with what is right.
func (w wish) judge(have store.Meta) (faults []fault) {
	if !sameType(have.Type, w.Type) {
		faults = append(faults, fault{TypeRule, have.Type, w.Type})
	}
	if w.cache && !sameWords(have.CacheControl, w.CacheControl) {
		faults = append(faults, fault{CacheRule, have.CacheControl, w.CacheControl})
	}
	if w.disposition && have.Disposition != w.Disposition {
		faults = append(faults, fault{DispositionRule, have.Disposition, w.Disposition})
	}
	return faults
}

// sameType compares content types by what they mean (RFC 9110, 8.3.1): case and spaces do not matter.
func sameType(a, b string) bool {
	typeA, paramsA, errA := mime.ParseMediaType(a)
	typeB, paramsB, errB := mime.ParseMediaType(b)
	if errA != nil || errB != nil {
		return a == b
	}
	same := typeA == typeB && len(paramsA) == len(paramsB)
	for name, value := range paramsA {
		same = same && strings.EqualFold(paramsB[name], value)
	}
	return same
}

// sameWords compares cache headers, in which case, spaces and order do not matter (RFC 9111, 5.2).
func sameWords(a, b string) bool {
	words := func(s string) []string {
		var out []string
		for w := range strings.SplitSeq(s, ",") {
			out = append(out, strings.ToLower(strings.TrimSpace(w)))
		}
		slices.Sort(out)
		return out
	}
	return slices.Equal(words(a), words(b))
}

// mend sets the headers that are known, and keeps the others. An object that somebody replaced meanwhile is left to him.
func (c *check) mend(ctx context.Context, obj store.Object, w wish) (bool, error) {
	meta := obj.Meta
	meta.Type = w.Type
	if w.cache {
		meta.CacheControl = w.CacheControl
	}
	if w.disposition {
		meta.Disposition = w.Disposition
	}
	label := c.labels.Relabel
	if w.changes {
		label = c.labels.Rewrite
	}
	_, err := label(ctx, obj, meta)
	if errors.Is(err, store.ErrPrecondition) || errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

func (c *check) note(name string, faults []fault, mended bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.looked++; c.looked%5000 == 0 {
		c.sink(report.Event{Kind: report.Note, Text: fmt.Sprintf("%d objects looked at", c.looked)})
	}
	if len(faults) == 0 {
		return
	}
	c.objects++
	if mended {
		c.mended++
	}
	for _, f := range faults {
		k := key{f.rule, path.Ext(name), f.have, f.want}
		w := c.wrong[k]
		if w == nil {
			w = &Wrong{Rule: f.rule, First: name, Have: f.have, Want: f.want}
			c.wrong[k] = w
		}
		w.First = min(w.First, name)
		w.Count++
		if mended {
			w.Mended++
		}
	}
}

// report gives what was found, sorted.
func (c *check) report() Report {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := Report{Looked: c.looked, Objects: c.objects, Mended: c.mended, Findings: c.findings}
	for _, w := range c.wrong {
		r.Wrong = append(r.Wrong, *w)
	}
	slices.SortFunc(r.Wrong, func(a, b Wrong) int {
		return cmp.Or(strings.Compare(a.First, b.First), strings.Compare(a.Rule, b.Rule), strings.Compare(a.Have, b.Have))
	})
	for _, w := range r.Wrong {
		r.Findings = append(r.Findings, w.finding())
	}
	report.Sort(r.Findings)
	return r
}

// finding tells of a fault. What is mended is no more than a remark.
func (w Wrong) finding() report.Finding {
	f := report.Finding{Pos: report.Pos{File: w.First}, Severity: report.Warn, Rule: w.Rule, Hint: "filmpress headers TARGET --yes"}
	if w.Rule == TypeRule || w.Rule == CacheRule && w.Want == store.Revalidate {
		f.Severity = report.Error // players refuse the one, viewers keep an old film by the other
	}
	header := map[string]string{TypeRule: "Content-Type", CacheRule: "Cache-Control", DispositionRule: "Content-Disposition"}[w.Rule]
	f.Text = fmt.Sprintf("%s is %s and should be %s", header, named(w.Have), named(w.Want))
	if w.Count > 1 {
		f.Text += fmt.Sprintf("; so it is for %d more objects of this kind", w.Count-1)
	}
	if w.Mended == w.Count {
		f.Severity, f.Hint = report.Info, ""
		f.Text += "; mended"
	} else if w.Mended > 0 {
		f.Text += fmt.Sprintf("; mended for %d of them", w.Mended)
	}
	return f
}

func named(s string) string {
	if s == "" {
		return "missing"
	}
	return fmt.Sprintf("%q", s)
}
