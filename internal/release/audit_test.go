package release_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"filmpress/internal/release"
	"filmpress/internal/report"
	"filmpress/internal/store"
)

// TestAuditComesBeforeTheSwitch: the judge sees the whole release while viewers still see the old one, and a refusal
// changes nothing for them.
func TestAuditComesBeforeTheSwitch(t *testing.T) {
	st := folder(t)
	first := publish(t, st, film("v1"))
	refusal := errors.New("not sound")
	asked := 0
	judge := func(answer error) func(context.Context, string) error {
		return func(ctx context.Context, id string) error {
			asked++
			if _, err := release.ReadManifest(ctx, st, "our film", id); err != nil {
				t.Errorf("the release is not whole when it is judged: %v", err)
			}
			p, _, err := release.ReadPointer(ctx, st, "our film")
			if err != nil || p.Release != first.Release {
				t.Errorf("viewers see %s already, %v", p.Release, err)
			}
			return answer
		}
	}
	_, err := release.Publish(t.Context(), st, film("v2"), release.Options{Audit: judge(refusal)}, report.Discard)
	if !errors.Is(err, refusal) || asked != 1 {
		t.Fatalf("%v, asked %d times", err, asked)
	}
	seen, err := whole(t.Context(), st, "our film")
	if err != nil {
		t.Fatal(err)
	}
	for object, id := range seen {
		if id != first.Release {
			t.Errorf("%s leads to %s", object, id)
		}
	}
	second, err := release.Publish(t.Context(), st, film("v2"), release.Options{Audit: judge(nil)}, report.Discard)
	if err != nil || asked != 2 || second.Previous != first.Release {
		t.Fatalf("%+v, %v, asked %d times", second, err, asked)
	}
	again, err := release.Publish(t.Context(), st, film("v2"), release.Options{Audit: func(context.Context, string) error { return refusal }}, report.Discard)
	if err != nil || again.Release != second.Release {
		t.Errorf("what is current already was judged again: %v", err)
	}
}

// TestParse: bytes of a manifest are held against the release's name, and against the slug where it is known.
func TestParse(t *testing.T) {
	st := folder(t)
	r := publish(t, st, film("v1"))
	b, err := content(t.Context(), st, "our film/r/"+r.Release+"/"+release.ManifestName)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		slug, id string
		ok       bool
	}{{"our film", r.Release, true}, {"", r.Release, true}, {"another", r.Release, false}, {"", strings.Repeat("0", 20), false}} {
		if _, err := release.ParseManifest(b, c.slug, c.id); (err == nil) != c.ok {
			t.Errorf("%q, %s: %v", c.slug, c.id, err)
		}
	}
	if b, err = content(t.Context(), st, "our film/"+release.PointerName); err != nil {
		t.Fatal(err)
	}
	if p, err := release.ParsePointer(b); err != nil || p.Release != r.Release {
		t.Errorf("%+v, %v", p, err)
	}
	if _, err := content(t.Context(), st, "our film/none"); !errors.Is(err, store.ErrNotFound) {
		t.Error(err)
	}
}
