package storetest

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"filmpress/internal/store"
)

// power gives a store as what it may be, or ends the test where it is not.
func power[P any](t *testing.T, st store.Store) P {
	t.Helper()
	p, ok := st.(P)
	if !ok {
		t.Skip("this store does not claim to do that")
	}
	return p
}

// testModified: every way of asking tells when an object was written, by the store's own clock.
func testModified(t *testing.T, st store.Store) {
	now := time.Now
	if c, ok := st.(store.Clock); ok {
		now = func() time.Time {
			at, err := c.Now(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return at
		}
	}
	before := now()
	Put(t, st, "a.txt", []byte("1"))
	after := now()
	told := map[string]time.Time{}
	for obj, err := range st.List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		told["List"] = obj.Modified
	}
	stat, err := st.Stat(t.Context(), "a.txt")
	if err != nil {
		t.Fatal(err)
	}
	told["Stat"] = stat.Modified
	r, got, err := st.Get(t.Context(), "a.txt")
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
	told["Get"] = got.Modified
	for how, at := range told {
		// Headers tell whole seconds, a listing more; a disk's clock lags by a tick.
		if at.Before(before.Add(-time.Second)) || at.After(after.Add(2*time.Second)) {
			t.Errorf("%s: modified at %v, want from %v to %v", how, at, before, after)
		}
		if d := at.Sub(told["Stat"]).Abs(); d >= time.Second {
			t.Errorf("%s and Stat differ by %v", how, d)
		}
	}
	if len(told) != 3 {
		t.Errorf("told: %v", told)
	}
}

func testClock(t *testing.T, st store.Store) {
	c := power[store.Clock](t, st)
	first, err := c.Now(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if first.IsZero() || first.Nanosecond() != 0 || first.Location() != time.UTC {
		t.Errorf("it is %v", first)
	}
	second, err := c.Now(t.Context())
	if err != nil || second.Before(first) {
		t.Errorf("first %v, then %v, %v", first, second, err)
	}
	ended, end := context.WithCancel(t.Context())
	end()
	_, err = c.Now(ended)
	wantErr(t, "Now after the end", err, context.Canceled)
}

func testCopier(t *testing.T, src, dst store.Store, keepsMeta bool) {
	c := power[store.Copier](t, dst)
	if !c.Reaches(src) || !c.Reaches(dst) || c.Reaches(struct{ store.Store }{src}) {
		t.Errorf("Reaches: its like %v, itself %v, a stranger %v", c.Reaches(src), c.Reaches(dst), c.Reaches(struct{ store.Store }{src}))
	}
	for _, name := range goodNames {
		b := []byte("bytes of " + name)
		old := Put(t, src, name, b)
		meta := Meta("x.vtt", b)
		meta.CacheControl, meta.Disposition = store.Revalidate, `attachment; filename="a.vtt"`
		copied, err := c.Copy(t.Context(), src, old, "copies/"+name, meta)
		if err != nil {
			t.Fatalf("Copy %q: %v", name, err)
		}
		wantBytes(t, dst, "copies/"+name, b)
		wantBytes(t, src, name, b)
		now, err := dst.Stat(t.Context(), "copies/"+name)
		if err != nil || copied.Name != "copies/"+name || copied.Size != int64(len(b)) || copied.ETag == "" || copied.ETag != now.ETag || copied.SHA256 != meta.SHA256 || now.SHA256 != meta.SHA256 {
			t.Errorf("%q: Copy answers %+v, Stat %+v, %v", name, copied, now, err)
		}
		if keepsMeta && now.Meta != meta {
			t.Errorf("%q: %+v, want %+v", name, now.Meta, meta)
		}
	}
	testCopyRules(t, c, src, dst)
	testCopyGzip(t, c, src, dst)
}

func testCopyRules(t *testing.T, c store.Copier, src, dst store.Store) {
	b := []byte("first")
	first := Put(t, src, "kept.txt", b)
	Put(t, dst, "kept.txt", []byte("theirs"))
	if _, err := c.Copy(t.Context(), src, store.Object{Name: "kept.txt"}, "unasked.txt", store.Meta{Type: "text/plain"}); err != nil {
		t.Errorf("Copy of an object of which the name is known: %v", err)
	}
	wantBytes(t, dst, "unasked.txt", b)
	if now, err := dst.Stat(t.Context(), "unasked.txt"); err != nil || now.SHA256 != first.SHA256 {
		t.Errorf("an empty SHA256 became %q, %v, want the source's %s", now.SHA256, err, first.SHA256)
	}
	Put(t, src, "kept.txt", []byte("second"))
	_, err := c.Copy(t.Context(), src, first, "kept.txt", Meta("kept.txt", b))
	wantErr(t, "Copy of what changed", err, store.ErrPrecondition)
	_, err = c.Copy(t.Context(), src, store.Object{Name: "kept.txt"}, "kept.txt", Meta("kept.txt", b))
	wantErr(t, "Copy under another digest", err, store.ErrDamaged)
	wantErr(t, "Delete", src.Delete(t.Context(), "kept.txt"), nil)
	_, err = c.Copy(t.Context(), src, first, "kept.txt", Meta("kept.txt", b))
	wantErr(t, "Copy of what is gone", err, store.ErrPrecondition)
	_, err = c.Copy(t.Context(), src, store.Object{Name: "kept.txt"}, "kept.txt", Meta("kept.txt", b))
	wantErr(t, "Copy of nothing", err, store.ErrNotFound)
	wantBytes(t, dst, "kept.txt", []byte("theirs"))
	old := Put(t, src, "kept.txt", b)
	_, err = c.Copy(t.Context(), src, old, "../kept.txt", Meta("kept.txt", b))
	wantErr(t, "Copy to a bad name", err, store.ErrName)
	_, err = c.Copy(t.Context(), struct{ store.Store }{src}, old, "kept.txt", Meta("kept.txt", b))
	wantErr(t, "Copy from a stranger", err, store.ErrUnsupported)
	ended, end := context.WithCancel(t.Context())
	end()
	_, err = c.Copy(ended, src, old, "kept.txt", Meta("kept.txt", b))
	wantErr(t, "Copy after the end", err, context.Canceled)
	if _, err := c.Copy(t.Context(), dst, store.Object{Name: "kept.txt"}, "beside.txt", store.Meta{Type: "text/plain"}); err != nil {
		t.Errorf("Copy within a store: %v", err)
	}
	wantBytes(t, dst, "beside.txt", []byte("theirs"))
	empty := Put(t, src, "empty.txt", nil)
	if _, err := c.Copy(t.Context(), src, empty, "empty.txt", Meta("empty.txt", nil)); err != nil {
		t.Errorf("Copy of an empty object: %v", err)
	}
	wantBytes(t, dst, "empty.txt", nil)
}

// testCopyGzip: packed bytes are told to be packed.
func testCopyGzip(t *testing.T, c store.Copier, src, dst store.Store) {
	b := []byte(strings.Repeat("#EXTINF:6.000,\nsegment.m4s\n", 1000))
	meta := Meta("a.m3u8", b)
	meta.Gzip = true
	old, err := src.Put(t.Context(), "a.m3u8", store.Bytes(b), meta, store.If{})
	if err != nil {
		t.Fatal(err)
	}
	copied, err := c.Copy(t.Context(), src, old, "b.m3u8", Meta("b.m3u8", b))
	if err != nil {
		t.Fatal(err)
	}
	now, err := dst.Stat(t.Context(), "b.m3u8")
	if err != nil || copied.Gzip != old.Gzip || now.Gzip != old.Gzip || now.Size != old.Size || copied.Size != old.Size {
		t.Errorf("of %+v came %+v, Stat %+v, %v", old, copied, now, err)
	}
	wantBytes(t, dst, "b.m3u8", b)
}

func testLabeller(t *testing.T, st store.Store) {
	l := power[store.Labeller](t, st)
	testLabels(t, st, "Relabel", l.Relabel)
	testLabels(t, st, "Rewrite", l.Rewrite)
}

// testLabels: either way of giving an object new headers keeps its bytes, and what somebody wrote meanwhile.
func testLabels(t *testing.T, st store.Store, how string, label func(context.Context, store.Object, store.Meta) (store.Object, error)) {
	b := bytes.Repeat([]byte("WEBVTT\n"), 100)
	for name, meta := range map[string]store.Meta{
		"plain %+é.vtt":  {Type: "application/octet-stream", CacheControl: store.Immutable, Disposition: "attachment"},
		"packed %+é.vtt": {Type: "text/plain", Gzip: true},
	} {
		meta.SHA256 = Meta("", b).SHA256
		old, err := st.Put(t.Context(), name, store.Bytes(b), meta, store.If{})
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []store.Meta{
			{Type: "text/vtt; charset=utf-8", CacheControl: store.Revalidate, Disposition: `attachment; filename="a.vtt"`},
			{Type: "text/vtt", CacheControl: store.Immutable},
			{Type: "text/vtt", CacheControl: store.Immutable}, // as it is already
		} {
			told, err := label(t.Context(), old, want)
			if err != nil {
				t.Fatalf("%s %q: %v", how, name, err)
			}
			now, err := st.Stat(t.Context(), name)
			want.SHA256, want.Gzip = old.SHA256, old.Gzip
			if err != nil || now.Meta != want || told.Meta != want || now.Size != old.Size || told.ETag != now.ETag {
				t.Errorf("%q: %s answers %+v, Stat %+v, %v, want %+v", name, how, told, now, err, want)
			}
			wantBytes(t, st, name, b)
			old = now
		}
	}
	old := Put(t, st, "changed.txt", []byte("1"))
	Put(t, st, "changed.txt", []byte("2"))
	_, err := label(t.Context(), old, store.Meta{Type: "text/vtt"})
	wantErr(t, how+" of what changed", err, store.ErrPrecondition)
	if now, err := st.Stat(t.Context(), "changed.txt"); err != nil || now.Type != store.TypeOf("changed.txt") {
		t.Errorf("%+v, %v", now, err)
	}
	_, err = label(t.Context(), store.Object{Name: "nothing.txt"}, store.Meta{Type: "text/vtt"})
	wantErr(t, how+" of nothing", err, store.ErrNotFound)
	ended, end := context.WithCancel(t.Context())
	end()
	_, err = label(ended, old, store.Meta{Type: "text/vtt"})
	wantErr(t, how+" after the end", err, context.Canceled)
}

// testUploader: what went well, and what went wrong, leaves nothing unfinished, and nothing is no error.
func testUploader(t *testing.T, st store.Store) {
	u := power[store.Uploader](t, st)
	none := func(when string) {
		t.Helper()
		for left, err := range u.Uploads(t.Context(), "") {
			t.Errorf("%s: %+v, %v", when, left, err)
		}
	}
	none("at first")
	b := Noise(4, larger)
	Put(t, st, "large", b)
	none("after a Put")
	_, err := st.Put(t.Context(), "large", store.Bytes(b), Meta("", b[1:]), store.If{})
	wantErr(t, "Put", err, store.ErrDamaged)
	none("after a Put that failed")
	for _, gone := range []store.Upload{{}, {Name: "large", ID: "never-there"}, {Name: "../large", ID: "../large"}} {
		if err := u.Abort(t.Context(), gone); err != nil {
			t.Errorf("Abort of %+v: %v", gone, err)
		}
	}
	wantBytes(t, st, "large", b)
	ended, end := context.WithCancel(t.Context())
	end()
	for _, err = range u.Uploads(ended, "") {
	}
	wantErr(t, "Uploads after the end", err, context.Canceled)
}
