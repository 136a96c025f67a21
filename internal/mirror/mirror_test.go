package mirror_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"filmpress/internal/mirror"
	"filmpress/internal/report"
	"filmpress/internal/store"
	"filmpress/internal/store/dir"
	"filmpress/internal/store/s3"
	"filmpress/internal/store/storetest"
	"filmpress/internal/store/storetest/s3server"
)

// folder is a place in a folder of its own, with files in it.
func folder(t testing.TB, files map[string]string) mirror.Place {
	t.Helper()
	path := t.TempDir()
	for name, content := range files {
		write(t, path, name, content)
	}
	return folderAt(t, path)
}

func folderAt(t testing.TB, path string) mirror.Place {
	t.Helper()
	st, err := dir.New(path)
	if err != nil {
		t.Fatal(err)
	}
	return mirror.Place{Store: st, Folder: path}
}

func write(t testing.TB, folder, name, content string) {
	t.Helper()
	path := filepath.Join(folder, filepath.FromSlash(name))
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(content), 0o644)); err != nil {
		t.Fatal(err)
	}
}

// memory is a bucket in memory, with objects in it.
func memory(t testing.TB, files map[string]string) mirror.Place {
	t.Helper()
	st := storetest.Memory()
	for name, content := range files {
		storetest.Put(t, st, name, []byte(content))
	}
	return mirror.Place{Store: st}
}

// bucket is a real bucket below a prefix of its own.
func bucket(t testing.TB, server s3server.Server, prefix string, set ...func(*s3.Options)) mirror.Place {
	t.Helper()
	server.Setenv(t)
	o := s3.Options{Bucket: server.Bucket, Prefix: prefix, Endpoint: server.Endpoint, Region: "us-east-1"}
	for _, f := range set {
		f(&o)
	}
	st, err := s3.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return mirror.Place{Store: st}
}

// content reads a whole place.
func content(t testing.TB, p mirror.Place) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, name := range storetest.Names(t, p.Store, "") {
		all[name] = string(storetest.Get(t, p.Store, name))
	}
	return all
}

func wantContent(t testing.TB, p mirror.Place, want map[string]string) {
	t.Helper()
	got := content(t, p)
	if maps.Equal(got, want) {
		return
	}
	for name := range want {
		if got[name] != want[name] {
			t.Errorf("%s: %q holds %.60q, want %.60q", p.Store, name, got[name], want[name])
		}
	}
	for name := range got {
		if _, ok := want[name]; !ok {
			t.Errorf("%s: %q is there", p.Store, name)
		}
	}
}

func options(t testing.TB) mirror.Options {
	return mirror.Options{Cache: t.TempDir(), MaxDelete: mirror.Limit{Count: -1, Share: 100}}
}

// bring runs a sync that must go well.
func bring(t testing.TB, src, dst mirror.Place, o mirror.Options) mirror.Result {
	t.Helper()
	r, err := mirror.Run(t.Context(), src, dst, o, report.Discard)
	if err != nil {
		t.Fatalf("%v %+v", err, r)
	}
	return r
}

func rules(fs []report.Finding) []string {
	var out []string
	for _, f := range fs {
		out = append(out, f.Rule)
	}
	return out
}

// film is a small film's files, with all that has a rank.
var film = map[string]string{
	"lake/o/0123456789abcdef/v0/00000.m4s":      "segment 0",
	"lake/o/0123456789abcdef/v0/init.mp4":       "init",
	"lake/r/0123456789abcdef0123/en.m3u8":       "#EXTM3U\n../../o/0123456789abcdef/v0/00000.m4s\n",
	"lake/r/0123456789abcdef0123/index.html":    "page of the release",
	"lake/r/0123456789abcdef0123/manifest.json": "{}",
	"lake/r/0123456789abcdef0123/master.m3u8":   "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nen.m3u8\n",
	"lake/index.html":                           "entrance",
	"lake/master.m3u8":                          "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nr/0123456789abcdef0123/en.m3u8\n",
	"lake/release.json":                         "{}",
	"a b+c%20d/ключ \"x\" & <y>; 'z'/日本.ts":     "strange names",
	"a b+c%20d/ключ \"x\" & <y>; 'z'/100%.txt":  "percent",
	"empty.vtt":                                     "",
	"stranger/index.m3u8":                           "#EXTM3U\nseg-1.ts\n",
	"stranger/seg-1.ts":                             "segment",
	"stranger/main.m3u8":                            "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nindex.m3u8\n",
	"stranger/feed.xml":                             "feed",
	"stranger/manifest.mpd":                         "mpd",
	"stranger-2/[a-z]*?.ts":                         "a name that looks like a pattern",
	"stranger-2/" + strings.Repeat("long", 50):      strings.Repeat("long ", 100_000),
	"stranger/" + strings.Repeat("deep/", 20) + "x": "deep",
}

// places makes an empty place of each kind.
func places(t testing.TB) map[string]func(prefix string, files map[string]string) mirror.Place {
	server := sync.OnceValue(func() s3server.Server { return s3server.Start(t) })
	fill := func(p mirror.Place, files map[string]string) mirror.Place {
		for name, content := range files {
			storetest.Put(t, p.Store, name, []byte(content))
		}
		return p
	}
	return map[string]func(string, map[string]string) mirror.Place{
		"folder": func(_ string, files map[string]string) mirror.Place { return folder(t, files) },
		"memory": func(_ string, files map[string]string) mirror.Place { return memory(t, files) },
		"bucket": func(prefix string, files map[string]string) mirror.Place {
			return fill(bucket(t, server(), prefix), files)
		},
	}
}

// TestEverySide brings each kind of place up to each other kind: what is missing, what differs, and with Delete what is left over. The second
// run finds nothing to do, with the cache and without.
func TestEverySide(t *testing.T) {
	for from, newSrc := range places(t) {
		for to, newDst := range places(t) {
			t.Run(from+" to "+to, func(t *testing.T) {
				src := newSrc(from+" to "+to+"/src", film)
				other := map[string]string{"lake/index.html": "entranCe", "empty.vtt": "not empty", "ours/only.ts": "here", "stranger/zzz": "third party"}
				dst := newDst(from+" to "+to+"/dst", other)
				o := options(t)
				r := bring(t, src, dst, o)
				want := maps.Clone(film)
				maps.Copy(want, map[string]string{"ours/only.ts": "here", "stranger/zzz": "third party"})
				wantContent(t, dst, want)
				if r.Objects != len(film) || r.Copied != len(film) || r.Extra != 2 || r.Deleted != 0 {
					t.Errorf("%+v", r)
				}
				for _, cache := range []string{o.Cache, ""} {
					o.Cache = cache
					r = bring(t, src, dst, o)
					if r.Copied != 0 || r.Same != len(film) || r.Differs(false) || !r.Differs(true) {
						t.Errorf("again, with the cache %q: %+v", cache, r)
					}
				}
				o.Delete = true
				r = bring(t, src, dst, o)
				if r.Deleted != 2 || r.Copied != 0 {
					t.Errorf("delete: %+v", r)
				}
				wantContent(t, dst, film)
			})
		}
	}
}

// TestRandom: whatever both sides held before, and however often the cache was right, wrong or lost, they list the same afterwards.
func TestRandom(t *testing.T) {
	for seed := range uint64(60) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		some := func() map[string]string {
			files := map[string]string{}
			for range rnd.IntN(30) {
				name := fmt.Sprintf("%c", 'a'+rnd.IntN(4))
				for range rnd.IntN(3) {
					name += []string{"/", "-", "", "+"}[rnd.IntN(4)] + fmt.Sprintf("%c", 'a'+rnd.IntN(3))
				}
				name += []string{".ts", ".m3u8", ".html", ""}[rnd.IntN(4)]
				if !strings.Contains(name, "//") {
					files[name] = strings.Repeat("x", rnd.IntN(3)) + fmt.Sprint(rnd.IntN(3))
				}
			}
			return files
		}
		// A folder cannot hold "a" and "a/b".
		for files := some(); ; files = some() {
			if clash(files) {
				continue
			}
			src := folder(t, files)
			dst := memory(t, some())
			o := options(t)
			o.Delete, o.Workers = true, 1+rnd.IntN(4)
			for range 3 {
				bring(t, src, dst, o)
				wantContent(t, dst, files)
				for name := range files { // changed without another size or time
					if rnd.IntN(3) == 0 {
						path := filepath.Join(src.Folder, name)
						info, err := os.Stat(path)
						if err != nil {
							t.Fatal(err)
						}
						files[name] = strings.Map(func(r rune) rune { return '0' + (r-'0'+1)%10 }, files[name])
						write(t, src.Folder, name, files[name])
						os.Chtimes(path, info.ModTime(), info.ModTime())
					}
				}
				if rnd.IntN(3) == 0 {
					o.Cache = t.TempDir()
				}
			}
			bring(t, src, dst, o)
			back := folderAt(t, filepath.Join(t.TempDir(), "new"))
			bring(t, dst, back, o)
			wantContent(t, back, files)
			break
		}
	}
}

func clash(files map[string]string) bool {
	for a := range files {
		for b := range files {
			if strings.HasPrefix(b, a+"/") {
				return true
			}
		}
	}
	return false
}

// watched is a store whose operations can be counted, looked at, or made to fail.
type watched struct {
	store.Store
	mu     sync.Mutex
	ops    []string
	before func(n int, op, name string) error // an error keeps the operation from being done
	after  func(n int, op, name string) error // an error says that it failed though it was done: a lost reply
}

func (w *watched) around(op, name string, do func() error) error {
	w.mu.Lock()
	w.ops = append(w.ops, op+" "+name)
	n := len(w.ops)
	w.mu.Unlock()
	if w.before != nil {
		if err := w.before(n, op, name); err != nil {
			return err
		}
	}
	err := do()
	if err == nil && w.after != nil {
		err = w.after(n, op, name)
	}
	return err
}

func (w *watched) Put(ctx context.Context, name string, body store.Body, meta store.Meta, cond store.If) (obj store.Object, err error) {
	err = w.around("put", name, func() error { obj, err = w.Store.Put(ctx, name, body, meta, cond); return err })
	return obj, err
}

func (w *watched) Get(ctx context.Context, name string) (r io.ReadCloser, obj store.Object, err error) {
	err = w.around("get", name, func() error { r, obj, err = w.Store.Get(ctx, name); return err })
	return r, obj, err
}

func (w *watched) Stat(ctx context.Context, name string) (obj store.Object, err error) {
	err = w.around("stat", name, func() error { obj, err = w.Store.Stat(ctx, name); return err })
	return obj, err
}

func (w *watched) Delete(ctx context.Context, name string) error {
	return w.around("delete", name, func() error { return w.Store.Delete(ctx, name) })
}

func (w *watched) List(ctx context.Context, prefix string) iter.Seq2[store.Object, error] {
	return func(yield func(store.Object, error) bool) {
		if err := w.around("list", prefix, func() error { return nil }); err != nil {
			yield(store.Object{}, err)
			return
		}
		w.Store.List(ctx, prefix)(yield)
	}
}

func (w *watched) count(op string) (n int) {
	for _, o := range w.ops {
		if strings.HasPrefix(o, op+" ") {
			n++
		}
	}
	return n
}

// whole fails the test where a playlist or page at a place leads to what is not there.
func whole(t testing.TB, st store.Store) error {
	t.Helper()
	have := map[string]bool{}
	for obj, err := range st.List(t.Context(), "") {
		if err != nil {
			return err
		}
		have[obj.Name] = true
	}
	needs := map[string][]string{
		"lake/r/0123456789abcdef0123/en.m3u8":       {"lake/o/0123456789abcdef/v0/00000.m4s", "lake/o/0123456789abcdef/v0/init.mp4"},
		"lake/r/0123456789abcdef0123/master.m3u8":   {"lake/r/0123456789abcdef0123/en.m3u8"},
		"lake/r/0123456789abcdef0123/index.html":    {"lake/r/0123456789abcdef0123/master.m3u8"},
		"lake/r/0123456789abcdef0123/manifest.json": {"lake/r/0123456789abcdef0123/index.html", "lake/r/0123456789abcdef0123/master.m3u8"},
		"lake/release.json":                         {"lake/r/0123456789abcdef0123/manifest.json"},
		"lake/index.html":                           {"lake/release.json", "lake/r/0123456789abcdef0123/master.m3u8"},
		"lake/master.m3u8":                          {"lake/release.json", "lake/r/0123456789abcdef0123/en.m3u8"},
		"stranger/index.m3u8":                       {"stranger/seg-1.ts"},
		"stranger/main.m3u8":                        {"stranger/index.m3u8"},
		"stranger/manifest.mpd":                     {"stranger/seg-1.ts"},
		"stranger/feed.xml":                         {"stranger/main.m3u8"},
	}
	for name, links := range needs {
		for _, link := range links {
			if have[name] && !have[link] {
				return fmt.Errorf("%s is there, and %s, to which it leads, is not", name, link)
			}
		}
	}
	return nil
}

// TestOrder looks at the destination, as a viewer does, around every single write and deletion.
func TestOrder(t *testing.T) {
	for _, dst := range []mirror.Place{memory(t, nil), folder(t, nil)} {
		var looks atomic.Int64
		look := func(int, string, string) error { looks.Add(1); return whole(t, dst.Store) }
		w := &watched{Store: dst.Store, before: look, after: look}
		seen := mirror.Place{Store: w, Folder: dst.Folder}
		o := options(t)
		bring(t, folder(t, film), seen, o)
		wantContent(t, dst, film)
		o.Delete = true
		bring(t, folder(t, nil), seen, o)
		if wantContent(t, dst, nil); looks.Load() < 60 {
			t.Errorf("only %d looks", looks.Load())
		}
	}
}

// TestStopped ends a sync at every operation at the destination, before it was done and after. At every moment links lead somewhere, nothing that only
// the destination has is gone, and the next run finishes.
func TestStopped(t *testing.T) {
	power := errors.New("the power went out")
	for _, lost := range []bool{false, true} {
		for _, from := range []func(testing.TB, map[string]string) mirror.Place{folder, memory} {
			n := 1
			for ; ; n++ {
				src := from(t, film)
				dst := memory(t, map[string]string{"theirs.ts": "theirs", "stranger/index.m3u8": "#EXTM3U\nold.ts\n", "stranger/seg-1.ts": "old", "old.html": ""})
				ctx, cancel := context.WithCancel(t.Context())
				w := &watched{Store: dst.Store}
				stop := func(i int, op, name string) error {
					if i >= n {
						cancel() // nothing more is done, as after a kill
						return power
					}
					return nil
				}
				if lost {
					w.after = stop
				} else {
					w.before = stop
				}
				o := options(t)
				o.Workers, o.Delete = 1, true
				_, err := mirror.Run(ctx, src, mirror.Place{Store: w}, o, report.Discard)
				cancel()
				if broken := whole(t, dst.Store); broken != nil {
					t.Fatalf("lost %v, stopped at %d (%v): %v", lost, n, err, broken)
				}
				bring(t, src, dst, o)
				wantContent(t, dst, film)
				if err == nil {
					break
				}
			}
			if n < 20 {
				t.Errorf("only %d operations", n)
			}
		}
	}
}

// TestFailures: what fails is told, what comes after it in the order waits, nothing is deleted, and the rest is done.
func TestFailures(t *testing.T) {
	src := folder(t, film)
	dst := memory(t, map[string]string{"theirs.ts": "theirs"})
	fault := fmt.Errorf("%w: not today", store.ErrRefused)
	w := &watched{Store: dst.Store, before: func(_ int, op, name string) error {
		if name == "lake/o/0123456789abcdef/v0/init.mp4" {
			return fault
		}
		return nil
	}}
	o := options(t)
	o.Delete = true
	r, err := mirror.Run(t.Context(), src, mirror.Place{Store: w}, o, report.Discard)
	if !errors.Is(err, mirror.ErrPartly) || r.Failed != 1 || r.Waiting != 12 || r.Copied != len(film)-12 || r.Deleted != 0 {
		t.Errorf("%+v, %v", r, err)
	}
	if got := rules(r.Findings); !slices.Equal(got, []string{"sync-failed"}) || !strings.Contains(r.Findings[0].Text, "not today") || !strings.HasSuffix(r.Findings[0].Pos.File, "init.mp4") {
		t.Errorf("%+v", r.Findings)
	}
	if err := whole(t, dst.Store); err != nil {
		t.Error(err)
	}
	bring(t, src, dst, o)
	wantContent(t, dst, film)
}

// TestGivesUp: a store that refuses everything is not asked for everything.
func TestGivesUp(t *testing.T) {
	many := map[string]string{}
	for i := range 500 {
		many[fmt.Sprintf("%03d.ts", i)] = "x"
	}
	for _, kind := range []error{store.ErrRefused, store.ErrUnreachable, store.ErrFull} {
		w := &watched{Store: storetest.Memory(), before: func(_ int, op, _ string) error {
			if op == "put" {
				return kind
			}
			return nil
		}}
		_, err := mirror.Run(t.Context(), folder(t, many), mirror.Place{Store: w}, options(t), report.Discard)
		if !errors.Is(err, kind) || w.count("put") > 80 {
			t.Errorf("%v, after %d tries", err, w.count("put"))
		}
	}
}

// TestMaxDelete: too many deletions are refused before anything is written.
func TestMaxDelete(t *testing.T) {
	for _, c := range []struct {
		limit  string
		refuse bool
	}{{"0", true}, {"1", true}, {"2", false}, {"49%", true}, {"50%", false}, {"100%", false}} {
		dst := memory(t, map[string]string{"a": "1", "b": "1", "c": "1", "d": "1"})
		o := options(t)
		o.Delete = true
		var err error
		if o.MaxDelete, err = mirror.ParseLimit(c.limit); err != nil {
			t.Fatal(err)
		}
		_, err = mirror.Run(t.Context(), folder(t, map[string]string{"a": "1", "b": "2", "new": "x"}), dst, o, report.Discard)
		var tooMany *mirror.ErrTooMany
		if errors.As(err, &tooMany) != c.refuse {
			t.Errorf("%s: %v", c.limit, err)
		}
		if c.refuse {
			wantContent(t, dst, map[string]string{"a": "1", "b": "1", "c": "1", "d": "1"})
		}
	}
	for _, bad := range []string{"", "-1", "x", "101%", "-1%", "NaN%", "%", "1.5"} {
		if _, err := mirror.ParseLimit(bad); err == nil {
			t.Errorf("%q is accepted", bad)
		}
	}
}

// TestDryRun: nothing is written, and what is told is what then is done, in the order in which it is done.
func TestDryRun(t *testing.T) {
	src, dst := folder(t, film), memory(t, map[string]string{"lake/index.html": "old", "theirs.ts": "x", "empty.vtt": ""})
	o := options(t)
	o.Delete, o.DryRun, o.Workers = true, true, 1
	w := &watched{Store: dst.Store}
	var would []mirror.Action
	o.Action = func(a mirror.Action) { would = append(would, a) }
	before := bring(t, src, mirror.Place{Store: w}, o)
	if n := w.count("put") + w.count("delete"); n > 0 {
		t.Errorf("a dry run wrote %d times", n)
	}
	wantContent(t, dst, map[string]string{"lake/index.html": "old", "theirs.ts": "x", "empty.vtt": ""})
	o.DryRun = false
	var did []mirror.Action
	o.Action = func(a mirror.Action) { did = append(did, a) }
	after := bring(t, src, dst, o)
	if !slices.Equal(would, did) || before.Copied != after.Copied || before.Deleted != 1 || after.Deleted != 1 || len(did) != len(film) {
		t.Errorf("it said\n%v, and did\n%v", would, did)
	}
	if last := did[len(did)-1]; last.Do != mirror.Delete {
		t.Errorf("the last was %v", last)
	}
}

// TestTimesDoNotCount: a file with another time is the same, and one with the same time and size may not be.
func TestTimesDoNotCount(t *testing.T) {
	src, dst := folder(t, map[string]string{"a.ts": "one", "b.ts": "one"}), memory(t, nil)
	o := options(t)
	bring(t, src, dst, o)
	time.Sleep(60 * time.Millisecond) // so that the files are old enough to be remembered
	bring(t, src, dst, o)
	a := filepath.Join(src.Folder, "a.ts")
	info, err := os.Stat(a)
	if err != nil {
		t.Fatal(err)
	}
	write(t, src.Folder, "a.ts", "two")
	if err := errors.Join(os.Chtimes(a, info.ModTime(), info.ModTime()), os.Chtimes(filepath.Join(src.Folder, "b.ts"), time.Unix(1, 0), time.Unix(1, 0))); err != nil {
		t.Fatal(err)
	}
	if r := bring(t, src, dst, o); r.Copied != 1 || r.Same != 1 {
		t.Errorf("%+v", r)
	}
	wantContent(t, dst, map[string]string{"a.ts": "two", "b.ts": "one"})
}

// TestUnsorted: a list that is not in order is refused, since objects would seem to be missing.
func TestUnsorted(t *testing.T) {
	o := options(t)
	o.Delete = true
	dst := memory(t, map[string]string{"a": "", "b": ""})
	_, err := mirror.Run(t.Context(), mirror.Place{Store: backwards{storetest.Memory()}}, dst, o, report.Discard)
	if !errors.Is(err, store.ErrRefused) || !strings.Contains(err.Error(), "order") {
		t.Error(err)
	}
	wantContent(t, dst, map[string]string{"a": "", "b": ""})
}

type backwards struct{ store.Store }

func (backwards) List(context.Context, string) iter.Seq2[store.Object, error] {
	return func(yield func(store.Object, error) bool) {
		_ = yield(store.Object{Name: "b"}, nil) && yield(store.Object{Name: "a"}, nil)
	}
}

// TestEvents: each object is told, and how far the whole is.
func TestEvents(t *testing.T) {
	var kinds []report.Kind
	var mu sync.Mutex
	o := options(t)
	o.Delete = true
	_, err := mirror.Run(t.Context(), folder(t, map[string]string{"a.ts": "x"}), memory(t, map[string]string{"b.ts": "y"}), o, func(e report.Event) {
		mu.Lock()
		defer mu.Unlock()
		kinds = append(kinds, e.Kind)
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []report.Kind{report.StepStarted, report.Uploaded, report.Deleted, report.StepProgress, report.StepDone} {
		if !slices.Contains(kinds, want) {
			t.Errorf("no %s among %v", want, kinds)
		}
	}
}
