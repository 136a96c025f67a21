// Package storetest proves the contract of store.Store. Every implementation, and every wrapper of one, passes it.
package storetest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"testing"

	"filmpress/internal/store"
)

// Contract runs the suite. Open gives an empty store, a new one each time it is asked; keepsMeta is for stores that
// hold types and headers, and not only bytes. The powers of store/admin.go are proved where the store has them; whether it has them
// is for the implementation's own tests to say.
func Contract(t *testing.T, open func(testing.TB) store.Store, keepsMeta bool) {
	for _, c := range []struct {
		name string
		run  func(*testing.T, store.Store)
	}{
		{"Objects", testObjects},
		{"Names", testNames},
		{"BadNames", testBadNames},
		{"Damaged", testDamaged},
		{"Undigested", testUndigested},
		{"Source", testSource},
		{"Conditions", testConditions},
		{"OneWinner", testOneWinner},
		{"WholeObjects", testWholeObjects},
		{"List", testList},
		{"ListMany", testListMany},
		{"Delete", testDelete},
		{"Cancel", testCancel},
		{"Large", testLarge},
		{"Gzip", testGzip},
		{"Check", testCheck},
		{"Modified", testModified},
		{"Clock", testClock},
		{"Labeller", testLabeller},
		{"Uploader", testUploader},
	} {
		t.Run(c.name, func(t *testing.T) { c.run(t, open(t)) })
	}
	t.Run("Copier", func(t *testing.T) { testCopier(t, open(t), open(t), keepsMeta) })
	if keepsMeta {
		t.Run("Meta", func(t *testing.T) { testMeta(t, open(t)) })
	}
}

// Part is the size above which the suite's objects are large. A store that sends large objects in parts is opened with parts of that size, which is
// the least that S3 takes: the suite writes each large object many times.
const Part = 5 << 20

// Meta is the metadata of bytes, typed by the object's name.
func Meta(name string, b []byte) store.Meta {
	sum := sha256.Sum256(b)
	return store.Meta{Type: store.TypeOf(name), CacheControl: store.Immutable, SHA256: hex.EncodeToString(sum[:])}
}

// Put stores bytes, or ends the test.
func Put(t testing.TB, st store.Store, name string, b []byte) store.Object {
	t.Helper()
	obj, err := st.Put(t.Context(), name, store.Bytes(b), Meta(name, b), store.If{})
	if err != nil {
		t.Fatalf("Put %q: %v", name, err)
	}
	return obj
}

// Get reads an object whole, or ends the test.
func Get(t testing.TB, st store.Store, name string) []byte {
	t.Helper()
	b, err := read(t.Context(), st, name)
	if err != nil {
		t.Fatalf("Get %q: %v", name, err)
	}
	return b
}

func read(ctx context.Context, st store.Store, name string) ([]byte, error) {
	r, _, err := st.Get(ctx, name)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

// Names lists the names that begin with prefix, or ends the test.
func Names(t testing.TB, st store.Store, prefix string) []string {
	t.Helper()
	names := []string{}
	for obj, err := range st.List(t.Context(), prefix) {
		if err != nil {
			t.Fatalf("List %q: %v", prefix, err)
		}
		names = append(names, obj.Name)
	}
	return names
}

// Noise is n bytes that do not compress, the same for the same seed.
func Noise(seed uint64, n int) []byte {
	var key [32]byte
	key[0], key[1] = byte(seed), byte(seed>>8)
	b := make([]byte, n)
	rand.NewChaCha8(key).Read(b)
	return b
}

func wantErr(t testing.TB, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: %v, want %v", what, err, want)
	}
}

func wantBytes(t testing.TB, st store.Store, name string, want []byte) {
	t.Helper()
	if got := Get(t, st, name); !bytes.Equal(got, want) {
		t.Errorf("%q holds %d bytes %.40q, want %d bytes %.40q", name, len(got), got, len(want), want)
	}
}

func wantNames(t testing.TB, st store.Store, prefix string, want ...string) {
	t.Helper()
	if got := Names(t, st, prefix); !slices.Equal(got, want) {
		t.Errorf("List %q:\n got %q\nwant %q", prefix, got, want)
	}
}

func testCheck(t *testing.T, st store.Store) {
	if err := st.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantNames(t, st, "")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	wantErr(t, "Check after the end", st.Check(ctx), context.Canceled)
}
