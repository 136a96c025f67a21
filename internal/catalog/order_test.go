package catalog_test

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strings"
	"testing"

	"filmpress/internal/catalog"
	"filmpress/internal/store"
)

// odd is a store whose list somebody changes.
type odd struct {
	store.Store
	change func([]store.Object) []store.Object
	wide   bool // it passes over the prefix
}

func (o *odd) List(ctx context.Context, prefix string) iter.Seq2[store.Object, error] {
	if o.wide {
		prefix = ""
	}
	var all []store.Object
	for obj, err := range o.Store.List(ctx, prefix) {
		if err != nil {
			return func(yield func(store.Object, error) bool) { yield(obj, err) }
		}
		all = append(all, obj)
	}
	return func(yield func(store.Object, error) bool) {
		for _, obj := range o.change(all) {
			if !yield(obj, nil) {
				return
			}
		}
	}
}

func same(all []store.Object) []store.Object { return all }

// TestListedTwice: an object that the list names twice is there once, and while the list is such, nothing of the film is unreferenced.
func TestListedTwice(t *testing.T) {
	st, _, _ := library(t, "one", "two", "three")
	whole, _ := scan(t, st, catalog.Options{})
	for i := range whole["the-lake"].Objects {
		o := &odd{Store: st, change: func(all []store.Object) []store.Object { return slices.Insert(all, i, all[i]) }}
		films, _ := scan(t, o, catalog.Options{})
		f := films["the-lake"]
		if f.Unsafe == "" || len(f.Unreferenced()) > 0 || f.All != whole["the-lake"].All {
			t.Fatalf("object %d twice: %q, %v, %+v", i, f.Unsafe, f.Unreferenced(), f.All)
		}
	}
}

// TestListedOutOfOrder: a film that comes in pieces would seem to need nothing of its media, and one that nobody asked for would be taken for
// another. Both lists are refused.
func TestListedOutOfOrder(t *testing.T) {
	st, _, _ := library(t, "one", "two")
	pieces := func(all []store.Object) []store.Object {
		var media, rest []store.Object
		for _, obj := range all {
			if strings.Contains(obj.Name, "/o/") {
				media = append(media, obj)
			} else {
				rest = append(rest, obj)
			}
		}
		return slices.Concat(rest, []store.Object{{Name: "zebra/1.jpg", Size: 1}}, media)
	}
	for what, o := range map[string]*odd{"in pieces": {Store: st, change: pieces}, "another film": {Store: st, change: same, wide: true}} {
		slug := ""
		if o.wide {
			slug = "a-lake"
		}
		_, err := catalog.Scan(t.Context(), o, catalog.Options{Slug: slug}, func(_ context.Context, f *catalog.Film) error {
			if n := len(f.Unreferenced()); n > 0 {
				t.Errorf("%s: %d objects of %s could be deleted", what, n, f.Slug)
			}
			return nil
		})
		if !errors.Is(err, store.ErrRefused) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := catalog.Look(t.Context(), &odd{Store: st, change: same, wide: true}, catalog.Options{Slug: "a-lake"}); !errors.Is(err, store.ErrRefused) {
		t.Errorf("the film that was not asked for: %v", err)
	}
}
