package mirror_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"filmpress/internal/mirror"
	"filmpress/internal/store"
	"filmpress/internal/store/storetest"
	"filmpress/internal/store/storetest/s3server"
)

// TestTwoServers: what goes from one server to another comes whole, with what stands beside it, also where nobody recorded a digest.
func TestTwoServers(t *testing.T) {
	one := s3server.Start(t)
	two := one.Twin(t)
	src := bucket(t, one, "src")
	big := string(storetest.Noise(1, storetest.Part+storetest.Part/4))
	files := map[string]string{"small.ts": "x", "middle.mp4": big[:3<<20], "big.mp4": big, "empty": ""}
	for name, content := range files {
		m := storetest.Meta(name, []byte(content))
		m.Disposition = `attachment; filename="x"`
		if _, err := src.Store.Put(t.Context(), name, store.Bytes([]byte(content)), m, store.If{}); err != nil {
			t.Fatal(err)
		}
	}
	foreign(t, one, "src/foreign.ts", "not ours")
	files["foreign.ts"] = "not ours"
	dst := bucket(t, two, "dst")
	o := options(t)
	o.Spool = t.TempDir()
	bring(t, src, dst, o)
	wantContent(t, dst, files)
	if now, err := dst.Store.Stat(t.Context(), "big.mp4"); err != nil || now.Disposition != `attachment; filename="x"` || now.CacheControl != store.Immutable || now.SHA256 != storetest.Meta("", []byte(big)).SHA256 {
		t.Errorf("%+v, %v", now, err)
	}
	if r := bring(t, src, dst, o); r.Same != 5 {
		t.Errorf("%+v", r)
	}
	if left, err := os.ReadDir(o.Spool); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// TestDamage: bytes that are not those of the recorded digest are not written anywhere.
func TestDamage(t *testing.T) {
	server := s3server.Start(t)
	src := bucket(t, server, "")
	storetest.Put(t, src.Store, "a.ts", []byte("right"))
	storetest.Put(t, src.Store, "b.ts", storetest.Noise(1, 1<<20))
	if err := os.WriteFile(filepath.Join(server.Dir, "a.ts"), []byte("wrong"), 0o644); err != nil {
		t.Fatal(err)
	}
	dst := folder(t, map[string]string{"a.ts": "older"})
	if r, got := partly(t, src, dst, options(t)); !slices.Equal(got, []string{"sync-damaged"}) || r.Copied != 1 {
		t.Errorf("%v %+v", got, r)
	}
	wantContent(t, dst, map[string]string{"a.ts": "older", "b.ts": string(storetest.Noise(1, 1<<20))})
}

// TestBroken: a connection that breaks in the middle of an object is gone on with.
func TestBroken(t *testing.T) {
	files := map[string]string{"a.ts": string(storetest.Noise(1, 3<<20)), "b.ts": "small"}
	src := memory(t, files)
	cut := &cutting{Store: src.Store, times: map[string]int{}, most: 3}
	dst := folder(t, nil)
	bring(t, mirror.Place{Store: cut}, dst, options(t))
	wantContent(t, dst, files)
	cut = &cutting{Store: src.Store, times: map[string]int{}, most: 100}
	dst = folder(t, nil)
	if _, got := partly(t, mirror.Place{Store: cut}, dst, options(t)); len(got) != 2 {
		t.Error(got)
	}
	wantContent(t, dst, nil)
}

// cutting breaks each Get of an object off, some times.
type cutting struct {
	store.Store
	most  int
	mu    sync.Mutex
	times map[string]int
}

func (c *cutting) Get(ctx context.Context, name string) (io.ReadCloser, store.Object, error) {
	body, obj, err := c.Store.Get(ctx, name)
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil || c.times[name] >= c.most {
		return body, obj, err
	}
	c.times[name]++
	after := obj.Size * int64(c.times[name]) / 10
	return struct {
		io.Reader
		io.Closer
	}{io.MultiReader(io.LimitReader(body, after), broken{}), body}, obj, nil
}

type broken struct{}

func (broken) Read([]byte) (int, error) {
	return 0, fmt.Errorf("%w: the line broke", store.ErrUnreachable)
}

// behind is a store that viewers reach by the address of a network that stands before many.
type behind struct {
	store.Store
	home string
}

func (behind) URL(name string) string { return "https://cdn.example.org/" + name }
func (b behind) Home() string         { return b.home }

// TestOneAddress: what is remembered of two buckets is not taken for what two others hold that viewers reach by the same address.
func TestOneAddress(t *testing.T) {
	o := options(t)
	o.Cache = t.TempDir()
	for _, home := range []string{"one/", "two/"} {
		at := func(files map[string]string, bucket string) mirror.Place {
			return mirror.Place{Store: behind{memory(t, files).Store, home + bucket}}
		}
		bring(t, at(map[string]string{"a.ts": "a"}, "src"), at(nil, "dst"), o)
	}
	if kept, err := filepath.Glob(filepath.Join(o.Cache, "pair-*")); err != nil || len(kept) != 2 {
		t.Errorf("%q, %v", kept, err)
	}
}
