package clean_test

import (
	"context"
	"iter"
	"strings"
	"testing"
	"time"

	"filmpress/internal/clean"
	"filmpress/internal/release/releasetest"
	"filmpress/internal/report"
	"filmpress/internal/store"
)

// repeating is a server that gives one key of each film's media twice, as one does whose pages begin with the last key of the page before.
type repeating struct{ store.Store }

func (r *repeating) Now(ctx context.Context) (time.Time, error) {
	return r.Store.(store.Clock).Now(ctx)
}

func (r *repeating) List(ctx context.Context, prefix string) iter.Seq2[store.Object, error] {
	return func(yield func(store.Object, error) bool) {
		for obj, err := range r.Store.List(ctx, prefix) {
			if !yield(obj, err) || err == nil && strings.HasSuffix(obj.Name, "/00000.m4s") && !yield(obj, nil) {
				return
			}
		}
	}
}

// TestKeyListedTwice: what a release needs stays, however often the list names it, and however often clean runs.
func TestKeyListedTwice(t *testing.T) {
	s := newScene(t)
	for range 3 {
		st := &repeating{s.st}
		if _, err := clean.Run(t.Context(), st, clean.Options{Grace: grace, Do: true, Max: clean.Limit{Percent: 100}, Timer: s.timer()}, report.Discard); err != nil {
			t.Fatal(err)
		}
		if err := releasetest.Whole(t.Context(), s.st, "three"); err != nil {
			t.Fatal(err)
		}
		s.clock.Go(grace + time.Minute)
	}
}
