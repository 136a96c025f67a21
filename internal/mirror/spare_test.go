package mirror_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"filmpress/internal/mirror"
	"filmpress/internal/release"
	"filmpress/internal/report"
	"filmpress/internal/store/storetest"
)

// TestSpare: an object that the destination's current release names is not deleted, though the source lacks it, and that is told. Neither is what
// viewers may still watch, or a rollback goes to: the release before, of the pointer that is replaced and of the one that replaces it. When the
// source has no release of that film any more, all of it goes.
func TestSpare(t *testing.T) {
	st := storetest.Memory()
	publish := func(words string) string {
		return lake(t, st, words, release.FromBytes("o/fedcba9876543210/b.ts", []byte("b"))).Release
	}
	old := publish("old")
	publish("now")
	published := content(t, mirror.Place{Store: st})
	o := options(t)
	o.Delete = true

	source := maps.Clone(published)
	delete(source, "lake/o/fedcba9876543210/b.ts")
	for name := range source {
		if strings.Contains(name, old) {
			delete(source, name)
		}
	}
	dst := memory(t, published)
	r, got := partly(t, folder(t, source), dst, o)
	if !slices.Equal(got, []string{"sync-named"}) || r.Deleted != 0 || r.Kept != 2 || !strings.Contains(r.Findings[0].Pos.File, "b.ts") {
		t.Errorf("%v %+v", got, r)
	}
	wantContent(t, dst, published)

	source["lake/o/fedcba9876543210/b.ts"] = "b"
	for _, dry := range []bool{true, false} {
		o.DryRun = dry
		if r := bring(t, folder(t, source), dst, o); r.Deleted != 0 || r.Kept != 2 || r.Extra != 0 || r.Differs(true) {
			t.Errorf("dry %v: the release before did not stay: %+v", dry, r)
		}
	}
	wantContent(t, dst, published)

	// Two publishes later, the pointer that is replaced names two releases that the source has no more, and the one that replaces it another one.
	dst = memory(t, published)
	next := publish("next")
	latest := publish("latest")
	source = content(t, mirror.Place{Store: st})
	for name := range source {
		if strings.Contains(name, "/r/") && !strings.Contains(name, latest) {
			delete(source, name)
		}
	}
	if r := bring(t, folder(t, source), dst, o); r.Deleted != 0 || r.Kept != 4 {
		t.Errorf("a newer pointer: %+v", r)
	}
	if r := bring(t, folder(t, source), dst, o); r.Deleted != 4 || r.Kept != 0 {
		t.Errorf("what neither pointer names, did not go: %+v", r)
	}
	wantContent(t, dst, source)

	// What a release before needs is not known where its manifest is damaged, so all of the film stays.
	before := content(t, mirror.Place{Store: st})
	before["lake/r/"+next+"/manifest.json"] = "{"
	dst = memory(t, before)
	r, err := mirror.Run(t.Context(), folder(t, source), dst, o, report.Discard)
	if err != nil || !slices.Equal(rules(r.Findings), []string{"sync-named"}) || r.Findings[0].Severity != report.Warn || r.Deleted != 0 || r.Kept != 6 {
		t.Errorf("%+v, %v", r, err)
	}

	dst = memory(t, published)
	bring(t, folder(t, map[string]string{"other.ts": "x"}), dst, o)
	wantContent(t, dst, map[string]string{"other.ts": "x"})

	// A pointer that nobody can read keeps all of its film.
	broken := maps.Clone(published)
	broken["lake/release.json"] = "{"
	dst = memory(t, broken)
	if r, got := partly(t, folder(t, map[string]string{"lake/release.json": "{"}), dst, o); !slices.Contains(got, "sync-named") || r.Deleted != 0 {
		t.Errorf("%v %+v", got, r)
	}
}
