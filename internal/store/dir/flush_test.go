package dir_test

import (
	"slices"
	"testing"

	"filmpress/internal/store"
	"filmpress/internal/store/storetest"
)

// TestFlushes: a pointer's folder is flushed with it, the first one's too; those of the thousands of other objects once, when that is asked for.
func TestFlushes(t *testing.T) {
	st := at(t, t.TempDir()+"/library")
	var flushed []string
	st.Flushed = func(folder string) { flushed = append(flushed, folder) }
	put := func(name, cache string, cond store.If, want ...string) store.Object {
		t.Helper()
		flushed = nil
		b := []byte(name + cache)
		meta := storetest.Meta(name, b)
		meta.CacheControl = cache
		obj, err := st.Put(t.Context(), name, store.Bytes(b), meta, cond)
		if err != nil || !slices.Equal(flushed, want) {
			t.Errorf("%s: %v, flushed %q, want %q", name, err, flushed, want)
		}
		return obj
	}
	put("lake/o/1/a.m4s", store.Immutable, store.If{Absent: true})
	put("lake/o/1/b.m4s", store.Immutable, store.If{})
	put("lake/r/1/index.html", store.Immutable, store.If{})
	first := put("lake/release.json", store.Revalidate, store.If{Absent: true}, "lake")
	put("lake/release.json", store.Immutable, store.If{ETag: first.ETag}, "lake")
	for _, want := range [][]string{{"lake/r/1", "lake/r", "lake/o/1", "lake/o", "lake", "."}, nil} {
		flushed = nil
		if err := st.Flush(t.Context()); err != nil || !slices.Equal(flushed, want) {
			t.Errorf("%v, flushed %q, want %q", err, flushed, want)
		}
	}
	put("gone/a.m4s", store.Immutable, store.If{})
	if err := st.Delete(t.Context(), "gone/a.m4s"); err != nil {
		t.Fatal(err)
	}
	if err := st.Flush(t.Context()); err != nil {
		t.Errorf("a folder that went with its last object: %v", err)
	}
}
