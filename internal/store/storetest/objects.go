package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"filmpress/internal/store"
)

func testObjects(t *testing.T, st store.Store) {
	if _, err := st.Stat(t.Context(), "a.txt"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("Stat before Put: %v", err)
	}
	_, err := read(t.Context(), st, "a.txt")
	wantErr(t, "Get before Put", err, store.ErrNotFound)
	for i, content := range []string{"one", "", "two, and longer"} {
		put := Put(t, st, "film/a.txt", []byte(content))
		wantBytes(t, st, "film/a.txt", []byte(content))
		stat, err := st.Stat(t.Context(), "film/a.txt")
		if err != nil || stat.Name != "film/a.txt" || stat.Size != int64(len(content)) || stat.Type != "text/plain; charset=utf-8" {
			t.Errorf("%d: Stat: %+v, %v", i, stat, err)
		}
		want := Meta("", []byte(content)).SHA256
		if put.Name != "film/a.txt" || put.Size != stat.Size || put.ETag == "" || put.ETag != stat.ETag || put.SHA256 != want || stat.SHA256 != want {
			t.Errorf("%d: Put answers %+v, Stat %+v, want the same", i, put, stat)
		}
		r, got, err := st.Get(t.Context(), "film/a.txt")
		if err != nil {
			t.Fatal(err)
		}
		r.Close()
		if got.ETag != put.ETag {
			t.Errorf("%d: Get says ETag %q, Put %q", i, got.ETag, put.ETag)
		}
	}
	_, err = st.Stat(t.Context(), "film")
	wantErr(t, "Stat of a folder", err, store.ErrNotFound)
	_, err = st.Stat(t.Context(), "film/a.txt/b")
	wantErr(t, "Stat below an object", err, store.ErrNotFound)
}

func testMeta(t *testing.T, st store.Store) {
	b := []byte("film")
	meta := Meta("x.m4s", b)
	meta.Disposition = `attachment; filename="film.mp4"`
	if _, err := st.Put(t.Context(), "x.m4s", store.Bytes(b), meta, store.If{}); err != nil {
		t.Fatal(err)
	}
	if got, err := st.Stat(t.Context(), "x.m4s"); err != nil || got.Meta != meta {
		t.Errorf("Stat: %+v, %v, want %+v", got.Meta, err, meta)
	}
	r, got, err := st.Get(t.Context(), "x.m4s")
	if err != nil || got.Meta != meta {
		t.Fatalf("Get: %+v, %v, want %+v", got.Meta, err, meta)
	}
	r.Close()
}

// goodNames are names that a film, a talk or a file system brings along.
var goodNames = []string{
	"-i.mp4", "100%d:film's.mp4", "%2e%2e/%41", "a b/c  d.txt", "a+b=c&d?e#f.txt", `quote".txt`, "a\\b", "~", "...", "..a", "a..", ".hidden/x",
	"фильм/серия 1.mp4", "映画.m3u8", "é\u0301.txt", "emoji🎬.vtt", "[x]{y}*|<z>;$(w)`v`!", "CON", strings.Repeat("x", 255),
}

func testNames(t *testing.T, st store.Store) {
	for _, name := range goodNames {
		Put(t, st, name, []byte(name))
	}
	for _, name := range goodNames {
		wantBytes(t, st, name, []byte(name))
		wantNames(t, st, name, name)
	}
	sorted := slices.Sorted(slices.Values(goodNames))
	wantNames(t, st, "", sorted...)
	for _, name := range goodNames {
		if err := st.Delete(t.Context(), name); err != nil {
			t.Errorf("Delete %q: %v", name, err)
		}
	}
	wantNames(t, st, "")
}

func testBadNames(t *testing.T, st store.Store) {
	for _, name := range []string{"", ".", "..", "/", "/a", "a/", "a//b", "./a", "../a", "a/../b", "a/..", "a/.", "\xff", "a\x00b", "a\nb", "a\x7f", "a\u0085",
		strings.Repeat("x", 256), strings.Repeat("x/", 600) + "x"} {
		_, err := st.Put(t.Context(), name, store.Bytes(nil), Meta("", nil), store.If{})
		wantErr(t, fmt.Sprintf("Put %q", name), err, store.ErrName)
		_, err = st.Stat(t.Context(), name)
		wantErr(t, fmt.Sprintf("Stat %q", name), err, store.ErrNotFound)
		_, err = read(t.Context(), st, name)
		wantErr(t, fmt.Sprintf("Get %q", name), err, store.ErrNotFound)
		if err := st.Delete(t.Context(), name); err != nil {
			t.Errorf("Delete %q: %v", name, err)
		}
	}
	wantNames(t, st, "")
}

// larger is the size of an object in two parts.
const larger = Part + 1<<20

func testDamaged(t *testing.T, st store.Store) {
	Put(t, st, "kept", []byte("old"))
	large := Noise(1, larger)
	for _, c := range []struct {
		what string
		body store.Body
		meta store.Meta
	}{
		{"other bytes", store.Bytes([]byte("abc")), Meta("", []byte("abd"))},
		{"no digest", store.Bytes([]byte("abc")), store.Meta{}},
		{"shorter", store.Body{Size: 4, Open: store.Bytes([]byte("abc")).Open}, Meta("", []byte("abc"))},
		{"longer", store.Body{Size: 2, Open: store.Bytes([]byte("abc")).Open}, Meta("", []byte("abc"))},
		{"large, other bytes", store.Bytes(large), Meta("", large[1:])},
		{"large, longer", store.Body{Size: larger - 1, Open: store.Bytes(large).Open}, Meta("", large[:larger-1])},
		{"large, shorter", store.Body{Size: larger + 1, Open: store.Bytes(large).Open}, Meta("", large)},
	} {
		for _, name := range []string{"kept", "new"} {
			_, err := st.Put(t.Context(), name, c.body, c.meta, store.If{})
			wantErr(t, c.what, err, store.ErrDamaged)
		}
		c.meta.Gzip, c.meta.Type = true, "text/plain"
		_, err := st.Put(t.Context(), "new", c.body, c.meta, store.If{})
		wantErr(t, c.what+", gzip", err, store.ErrDamaged)
	}
	wantNames(t, st, "", "kept")
	wantBytes(t, st, "kept", []byte("old"))
}

// testUndigested: bytes whose digest nobody knows get one, and it is told and kept.
func testUndigested(t *testing.T, st store.Store) {
	for size, name := range map[int]string{0: "empty.mp4", 100: "small.mp4", 5000: "text.m3u8", 2*Part + 1<<20: "large.mp4"} {
		b := bytes.Repeat([]byte("0123456789abcdef\n"), size/17+1)[:size]
		body := store.Bytes(b)
		body.Undigested = true
		var sent atomic.Int64
		body.Sent = func(n int64) { sent.Add(n) }
		want := Meta(name, b)
		put, err := st.Put(t.Context(), name, body, store.Meta{Type: want.Type, Gzip: true}, store.If{})
		if err != nil || put.SHA256 != want.SHA256 || sent.Load() != int64(size) {
			t.Fatalf("%s: %+v, %v, heard of %d bytes", name, put, err, sent.Load())
		}
		wantBytes(t, st, name, b)
		if now, err := st.Stat(t.Context(), name); err != nil || now.ETag != put.ETag || now.SHA256 != "" && now.SHA256 != want.SHA256 {
			t.Errorf("%s: Stat %+v, %v, want the digest %s", name, now, err, want.SHA256)
		}
		for what, size := range map[string]int64{"longer": int64(size) - 1, "shorter": int64(size) + 1} {
			if size < 0 {
				continue
			}
			_, err := st.Put(t.Context(), name+what, store.Body{Size: size, Open: body.Open, Undigested: true}, store.Meta{}, store.If{})
			wantErr(t, name+", "+what, err, store.ErrDamaged)
		}
		if _, err = st.Put(t.Context(), name, body, Meta("", []byte("others")), store.If{}); !errors.Is(err, store.ErrDamaged) {
			t.Errorf("%s: a digest that was given does not count: %v", name, err)
		}
	}
	wantNames(t, st, "", "empty.mp4", "large.mp4", "small.mp4", "text.m3u8")
}

// testSource: an error of the body is the body's, everything opened is closed, and nothing is stored.
func testSource(t *testing.T, st store.Store) {
	broken := errors.New("the card was pulled out")
	for _, size := range []int{10, larger} {
		var open atomic.Int32
		b := Noise(2, size)
		body := store.Body{Size: int64(size), Open: func() (io.ReadSeekCloser, error) {
			open.Add(1)
			return &failing{Reader: bytes.NewReader(b), open: &open, after: size / 2, err: broken}, nil
		}}
		_, err := st.Put(t.Context(), "a", body, Meta("", b), store.If{})
		wantErr(t, "Put of a body that breaks", err, broken)
		_, err = st.Put(t.Context(), "a", store.Body{Size: int64(size), Open: func() (io.ReadSeekCloser, error) { return nil, broken }}, Meta("", b), store.If{})
		wantErr(t, "Put of a body that does not open", err, broken)
		wantNames(t, st, "")
		body.Open = func() (io.ReadSeekCloser, error) {
			open.Add(1)
			return &failing{Reader: bytes.NewReader(b), open: &open, after: size + 1}, nil
		}
		if _, err := st.Put(t.Context(), "a", body, Meta("", b), store.If{}); err != nil {
			t.Errorf("Put of a body that can only be read in turn: %v", err)
		}
		wantBytes(t, st, "a", b)
		if n := open.Load(); n != 0 {
			t.Errorf("%d bodies were left open", n)
		}
		st.Delete(t.Context(), "a")
	}
}

// failing is a reader without ReadAt that breaks off.
type failing struct {
	*bytes.Reader
	open  *atomic.Int32
	after int
	err   error
}

func (f *failing) ReadAt() {} // hides the Reader's

func (f *failing) WriteTo() {} // hides the Reader's

func (f *failing) Read(p []byte) (int, error) {
	at := int(f.Size()) - f.Len()
	if at >= f.after {
		return 0, f.err
	}
	return f.Reader.Read(p[:min(len(p), f.after-at)])
}

func (f *failing) Close() error {
	f.open.Add(-1)
	return nil
}

func testLarge(t *testing.T, st store.Store) {
	for _, size := range []int{Part, Part + 1, 2*Part + 1<<20} {
		b := Noise(uint64(size), size)
		var sent atomic.Int64
		body := store.Bytes(b)
		body.Sent = func(n int64) { sent.Add(n) }
		put, err := st.Put(t.Context(), "big.mp4", body, Meta("big.mp4", b), store.If{})
		if err != nil {
			t.Fatal(err)
		}
		if sent.Load() != int64(size) {
			t.Errorf("Sent heard of %d bytes, want %d", sent.Load(), size)
		}
		wantBytes(t, st, "big.mp4", b)
		stat, err := st.Stat(t.Context(), "big.mp4")
		if err != nil || stat.Size != int64(size) || stat.ETag != put.ETag || stat.Type != "video/mp4" {
			t.Errorf("Stat: %+v, %v; Put: %+v", stat, err, put)
		}
		_, err = st.Put(t.Context(), "big.mp4", store.Bytes(b), Meta("", b), store.If{Absent: true})
		wantErr(t, "Put of a large one that is there", err, store.ErrPrecondition)
		_, err = st.Put(t.Context(), "big.mp4", store.Bytes(b), Meta("", b), store.If{ETag: put.ETag})
		if err != nil {
			t.Errorf("Put with its ETag: %v", err)
		}
	}
}

func testGzip(t *testing.T, st store.Store) {
	b := []byte(strings.Repeat("#EXTINF:6.000,\nsegment.m4s\n", 1000))
	meta := Meta("a.m3u8", b)
	meta.Gzip = true
	for range 2 { // the same text gives the same bytes
		put, err := st.Put(t.Context(), "a.m3u8", store.Bytes(b), meta, store.If{})
		if err != nil {
			t.Fatal(err)
		}
		wantBytes(t, st, "a.m3u8", b)
		stat, err := st.Stat(t.Context(), "a.m3u8")
		if err != nil || stat.Size != put.Size || stat.ETag != put.ETag || stat.Gzip != put.Gzip || stat.SHA256 != meta.SHA256 {
			t.Errorf("Stat %+v, %v; Put %+v", stat, err, put)
		}
	}
	tiny := []byte("x")
	meta = Meta("tiny.txt", tiny)
	meta.Gzip = true
	if put, err := st.Put(t.Context(), "tiny.txt", store.Bytes(tiny), meta, store.If{}); err != nil || put.Gzip || put.Size != 1 {
		t.Errorf("what gzip makes longer: %+v, %v", put, err)
	}
	wantBytes(t, st, "tiny.txt", tiny)
}
