package mirror_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"filmpress/internal/mirror"
	"filmpress/internal/report"
	"filmpress/internal/store"
	"filmpress/internal/store/storetest"
	"filmpress/internal/store/storetest/faults"
	"filmpress/internal/store/storetest/s3server"
)

// TestConflict: a pointer that somebody else switched meanwhile is left as he left it.
func TestConflict(t *testing.T) {
	for _, there := range []map[string]string{{}, {"lake/release.json": "old"}} {
		dst := memory(t, there)
		w := &storetest.Watched{Store: dst.Store, Before: func(_ int, op, name string) error {
			if op == "put" && name == "lake/a.ts" {
				storetest.Put(t, dst.Store, "lake/release.json", []byte("theirs"))
			}
			return nil
		}}
		_, got := partly(t, folder(t, map[string]string{"lake/a.ts": "a", "lake/release.json": "ours", "lake/index.html": "page"}), mirror.Place{Store: w}, options(t))
		if !slices.Equal(got, []string{"sync-conflict"}) {
			t.Error(got)
		}
		wantContent(t, dst, map[string]string{"lake/a.ts": "a", "lake/release.json": "theirs"})
	}
}

// TestConflictInOneServer: the same where a server copies within itself. It keeps no condition on what a copy replaces, so nothing that viewers' addresses
// name goes by a copy.
func TestConflictInOneServer(t *testing.T) {
	server := s3server.Start(t)
	for i, name := range []string{"lake/release.json", "lake/index.html", "lake/master.m3u8", "lake/feed.xml", "films.json", "index.html"} {
		for _, there := range []string{"", "old"} {
			prefix := fmt.Sprintf("%d%s", i, there)
			var once sync.Once
			theirs := bucket(t, server, prefix+"/dst")
			proxied := faults.Between(t, server, func(r *http.Request) faults.Fault {
				if r.Header.Get("X-Amz-Copy-Source") != "" && strings.HasSuffix(r.URL.Path, "/dst/lake/a.ts") {
					once.Do(func() { storetest.Put(t, theirs.Store, name, []byte("theirs")) })
				}
				return nil
			})
			src, dst := bucket(t, proxied, prefix+"/src"), bucket(t, proxied, prefix+"/dst")
			for _, p := range []mirror.Place{src, dst} {
				storetest.Put(t, p.Store, "lake/release.json", []byte("a file of that name"))
			}
			storetest.Put(t, src.Store, "lake/a.ts", []byte("a"))
			storetest.Put(t, src.Store, name, []byte("ours"))
			if there != "" {
				storetest.Put(t, dst.Store, name, []byte(there))
			} else if err := dst.Store.Delete(t.Context(), name); err != nil {
				t.Fatal(err)
			}
			if _, got := partly(t, src, dst, options(t)); !slices.Equal(got, []string{"sync-conflict"}) {
				t.Errorf("%s, first %q: %v", name, there, got)
			}
			if now := storetest.Get(t, dst.Store, name); string(now) != "theirs" {
				t.Errorf("%s, first %q: it holds %q", name, there, now)
			}
		}
	}
}

// copying is a server that mends headers by copying an object onto itself, and keeps no condition there: what somebody writes in that moment is lost.
type copying struct {
	store.Store
	theirs string
	anew   []string
}

func (c *copying) Relabel(ctx context.Context, obj store.Object, meta store.Meta) (store.Object, error) {
	body, was, err := c.Store.Get(ctx, obj.Name)
	if err != nil {
		return was, err
	}
	old, err := io.ReadAll(body)
	if err != nil {
		return was, err
	}
	if err := c.somebody(ctx, obj.Name); err != nil {
		return was, err
	}
	meta.SHA256 = was.SHA256
	return c.Store.Put(ctx, obj.Name, store.Bytes(old), meta, store.If{})
}

func (c *copying) Rewrite(ctx context.Context, obj store.Object, meta store.Meta) (store.Object, error) {
	c.anew = append(c.anew, obj.Name)
	if err := c.somebody(ctx, obj.Name); err != nil {
		return obj, err
	}
	return c.Store.(store.Labeller).Rewrite(ctx, obj, meta)
}

func (c *copying) somebody(ctx context.Context, name string) error {
	b := []byte(c.theirs)
	_, err := c.Store.Put(ctx, name, store.Bytes(b), storetest.Meta(name, b), store.If{})
	return err
}

// TestLabelMeanwhile: mending headers does not put an old pointer, entrance or list over one that somebody writes meanwhile. What does not change is mended by the
// server, without its bytes.
func TestLabelMeanwhile(t *testing.T) {
	for name, guarded := range map[string]bool{"lake/release.json": true, "lake/index.html": true, "lake/master.m3u8": true, "films.json": true, "lake/a.ts": false} {
		files := map[string]string{"lake/release.json": "a file of that name"}
		files[name] = "same"
		dst := memory(t, nil)
		for n, text := range files {
			meta := mirror.Rules{}.Meta(n)
			meta.SHA256 = storetest.Meta("", []byte(text)).SHA256
			if n == name {
				meta.Type = "text/wrong"
			}
			if _, err := dst.Store.Put(t.Context(), n, store.Bytes([]byte(text)), meta, store.If{}); err != nil {
				t.Fatal(err)
			}
		}
		c := &copying{Store: dst.Store, theirs: "theirs"}
		o := options(t)
		o.Headers = true
		r, err := mirror.Run(t.Context(), folder(t, files), mirror.Place{Store: c}, o, report.Discard)
		if now := storetest.Get(t, dst.Store, name); guarded != (string(now) == "theirs") || guarded != (err != nil) || guarded != slices.Contains(rules(r.Findings), "sync-conflict") || guarded != (len(c.anew) == 1) {
			t.Errorf("%s: it holds %q, anew %q, %v, %+v", name, now, c.anew, err, r)
		}
	}
}

// endless is a store in which one object has no end.
type endless struct {
	store.Store
	name string
	read atomic.Int64
}

func (e *endless) Get(ctx context.Context, name string) (io.ReadCloser, store.Object, error) {
	body, obj, err := e.Store.Get(ctx, name)
	if err == nil && name == e.name {
		obj.SHA256 = ""
		body = io.NopCloser(e)
	}
	return body, obj, err
}

func (e *endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	e.read.Add(int64(len(p)))
	return len(p), nil
}

// TestLargePointer: a file that is larger than any pointer is none of ours, and is not read to its end. Nothing of its film is deleted.
func TestLargePointer(t *testing.T) {
	files := map[string]string{"lake/release.json": "{}", "lake/" + laked + "a.ts": "a"}
	st := memory(t, files).Store
	storetest.Put(t, st, "lake/"+laked+"b.ts", []byte("b"))
	e := &endless{Store: st, name: "lake/release.json"}
	o := options(t)
	o.Delete = true
	src := folder(t, files)
	r, got := partly(t, src, mirror.Place{Store: e}, o)
	if !slices.Equal(got, []string{"sync-named"}) || r.Deleted != 0 || e.read.Load() > 1<<20 {
		t.Errorf("%v, %d bytes read, %+v", got, e.read.Load(), r)
	}
}
