package mirror_test

import (
	"context"
	"errors"
	"fmt"
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
	"filmpress/internal/store/storetest"
)

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

// TestOrder looks at the destination, as a viewer does, around every single write and deletion.
func TestOrder(t *testing.T) {
	for _, dst := range []mirror.Place{memory(t, nil), folder(t, nil)} {
		var looks atomic.Int64
		look := func(int, string, string) error { looks.Add(1); return whole(t, dst.Store) }
		w := &storetest.Watched{Store: dst.Store, Before: look, After: look}
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
				w := &storetest.Watched{Store: dst.Store}
				stop := func(i int, op, name string) error {
					if i >= n {
						cancel() // nothing more is done, as after a kill
						return power
					}
					return nil
				}
				if lost {
					w.After = stop
				} else {
					w.Before = stop
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
	w := &storetest.Watched{Store: dst.Store, Before: func(_ int, op, name string) error {
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
		w := &storetest.Watched{Store: storetest.Memory(), Before: func(_ int, op, _ string) error {
			if op == "put" {
				return kind
			}
			return nil
		}}
		_, err := mirror.Run(t.Context(), folder(t, many), mirror.Place{Store: w}, options(t), report.Discard)
		if !errors.Is(err, kind) || w.Count("put") > 80 {
			t.Errorf("%v, after %d tries", err, w.Count("put"))
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
	w := &storetest.Watched{Store: dst.Store}
	var would []mirror.Action
	o.Action = func(a mirror.Action) { would = append(would, a) }
	before := bring(t, src, mirror.Place{Store: w}, o)
	if n := w.Count("put") + w.Count("delete"); n > 0 {
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
