package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"filmpress/internal/store"
)

func testConditions(t *testing.T, st store.Store) {
	put := func(content string, cond store.If) (store.Object, error) {
		return st.Put(t.Context(), "pointer.json", store.Bytes([]byte(content)), Meta("pointer.json", []byte(content)), cond)
	}
	_, err := put("0", store.If{ETag: "0123456789abcdef0123456789abcdef"})
	wantErr(t, "an ETag of nothing", err, store.ErrPrecondition)
	first, err := put("1", store.If{Absent: true})
	if err != nil {
		t.Fatal(err)
	}
	_, err = put("2", store.If{Absent: true})
	wantErr(t, "Absent, but it is there", err, store.ErrPrecondition)
	second, err := put("2", store.If{ETag: first.ETag})
	if err != nil {
		t.Fatal(err)
	}
	_, err = put("3", store.If{ETag: first.ETag})
	wantErr(t, "an old ETag", err, store.ErrPrecondition)
	wantBytes(t, st, "pointer.json", []byte("2"))
	if err := st.Delete(t.Context(), "pointer.json"); err != nil {
		t.Fatal(err)
	}
	_, err = put("3", store.If{ETag: second.ETag})
	wantErr(t, "an ETag of what is gone", err, store.ErrPrecondition)
	if _, err = put("4", store.If{Absent: true}); err != nil {
		t.Error(err)
	}
}

// testOneWinner: 32 writers at once with one condition, round after round.
func testOneWinner(t *testing.T, st store.Store) {
	const writers, rounds = 32, 5
	cond := store.If{Absent: true}
	for round := range rounds {
		var wins atomic.Int32
		var won store.Object
		var content []byte
		var all sync.WaitGroup
		for w := range writers {
			all.Go(func() {
				b := fmt.Appendf(nil, "round %d writer %d", round, w)
				obj, err := st.Put(t.Context(), "pointer.json", store.Bytes(b), Meta("", b), cond)
				switch {
				case err == nil && wins.Add(1) == 1:
					won, content = obj, b
				case err != nil && !errors.Is(err, store.ErrPrecondition):
					t.Errorf("a loser's error: %v", err)
				}
			})
		}
		all.Wait()
		if wins.Load() != 1 {
			t.Fatalf("round %d: %d writers won", round, wins.Load())
		}
		wantBytes(t, st, "pointer.json", content)
		cond = store.If{ETag: won.ETag}
	}
}

// testWholeObjects: a reader sees the bytes of one Put, whole.
func testWholeObjects(t *testing.T, st store.Store) {
	versions := [][]byte{bytes.Repeat([]byte("a"), 300_000), bytes.Repeat([]byte("b"), 200_000)}
	Put(t, st, "a/b", versions[0])
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var all sync.WaitGroup
	for w := range 2 {
		all.Go(func() {
			for ctx.Err() == nil {
				if _, err := st.Put(t.Context(), "a/b", store.Bytes(versions[w]), Meta("", versions[w]), store.If{}); err != nil {
					t.Errorf("Put: %v", err)
				}
			}
		})
	}
	for range 100 {
		got := Get(t, st, "a/b")
		if !slices.ContainsFunc(versions, func(v []byte) bool { return bytes.Equal(v, got) }) {
			t.Errorf("a reader saw %d bytes that nobody wrote", len(got))
		}
	}
	cancel()
	all.Wait()
	wantNames(t, st, "", "a/b")
}

func testList(t *testing.T, st store.Store) {
	wantNames(t, st, "")
	wantNames(t, st, "nothing")
	names := []string{"a", "ab", "b-c/x", "b.txt", "b/c/d", "b/c/e", "b/d", "c", "é", "я"}
	for _, name := range slices.Backward(names) {
		Put(t, st, name, []byte(name))
	}
	wantNames(t, st, "", names...)
	wantNames(t, st, "a", "a", "ab")
	wantNames(t, st, "a/")
	wantNames(t, st, "b", "b-c/x", "b.txt", "b/c/d", "b/c/e", "b/d")
	wantNames(t, st, "b/", "b/c/d", "b/c/e", "b/d")
	wantNames(t, st, "b/c", "b/c/d", "b/c/e")
	wantNames(t, st, "b/c/d", "b/c/d")
	wantNames(t, st, "b/c/d/")
	wantNames(t, st, "../")
	for obj, err := range st.List(t.Context(), "") {
		if err != nil || obj.Name != "a" || obj.Size != 1 {
			t.Errorf("the first: %+v, %v", obj, err)
		}
		break
	}
	for obj := range st.List(t.Context(), "b/c/") {
		if obj.Size != int64(len(obj.Name)) {
			t.Errorf("%s: size %d", obj.Name, obj.Size)
		}
	}
}

// testListMany: more objects than a server tells of in one answer.
func testListMany(t *testing.T, st store.Store) {
	const n = 1234
	var all sync.WaitGroup
	work := make(chan string)
	for range 16 {
		all.Go(func() {
			for name := range work {
				if _, err := st.Put(t.Context(), name, store.Bytes([]byte("x")), Meta("", []byte("x")), store.If{}); err != nil {
					t.Errorf("Put: %v", err)
				}
			}
		})
	}
	want := []string{}
	for i := range n {
		want = append(want, fmt.Sprintf("o/%02d/%05d.m4s", i%7, i))
		work <- want[i]
	}
	close(work)
	all.Wait()
	slices.Sort(want)
	wantNames(t, st, "o/", want...)
}

func testDelete(t *testing.T, st store.Store) {
	if err := st.Delete(t.Context(), "never/there"); err != nil {
		t.Errorf("Delete of nothing: %v", err)
	}
	Put(t, st, "a/b/c", []byte("1"))
	Put(t, st, "a/d", []byte("2"))
	if err := st.Delete(t.Context(), "a/b"); err != nil {
		t.Errorf("Delete of a folder: %v", err)
	}
	wantNames(t, st, "", "a/b/c", "a/d")
	for range 2 {
		if err := st.Delete(t.Context(), "a/b/c"); err != nil {
			t.Error(err)
		}
	}
	wantNames(t, st, "", "a/d")
	Put(t, st, "a/b", []byte("3")) // a bucket has no folders that could be in the way
	if err := st.Delete(t.Context(), "a/d"); err != nil {
		t.Error(err)
	}
	wantNames(t, st, "", "a/b")
}

func testCancel(t *testing.T, st store.Store) {
	Put(t, st, "a", []byte("1"))
	ended, end := context.WithCancel(t.Context())
	end()
	_, err := st.Put(ended, "b", store.Bytes([]byte("2")), Meta("", []byte("2")), store.If{})
	wantErr(t, "Put", err, context.Canceled)
	_, err = st.Stat(ended, "a")
	wantErr(t, "Stat", err, context.Canceled)
	_, _, err = st.Get(ended, "a")
	wantErr(t, "Get", err, context.Canceled)
	wantErr(t, "Delete", st.Delete(ended, "a"), context.Canceled)
	for _, err = range st.List(ended, "") {
		wantErr(t, "List", err, context.Canceled)
	}
	wantErr(t, "List", err, context.Canceled)

	// In the middle of a large one: it ends soon and leaves nothing.
	large := Noise(3, 2*Part+Part/2)
	middle, cancel := context.WithCancel(t.Context())
	body := store.Body{Size: int64(len(large)), Open: func() (io.ReadSeekCloser, error) {
		return &cancelling{failing: failing{Reader: bytes.NewReader(large), open: new(atomic.Int32), after: len(large) + 1}, at: Part + Part/4, cancel: cancel}, nil
	}}
	started := time.Now()
	_, err = st.Put(middle, "b", body, Meta("", large), store.If{})
	wantErr(t, "Put, in its middle", err, context.Canceled)
	if took := time.Since(started); took > 10*time.Second {
		t.Errorf("it took %v to end", took)
	}
	wantNames(t, st, "", "a")
}

// cancelling is a body that cancels when it is read up to a place.
type cancelling struct {
	failing
	at     int64
	cancel func()
}

func (c *cancelling) Read(p []byte) (int, error) {
	if c.Size()-int64(c.Len()) >= c.at {
		c.cancel()
	}
	return c.failing.Read(p)
}
