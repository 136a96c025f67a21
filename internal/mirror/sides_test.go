package mirror_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/service/s3"

	"filmpress/internal/mirror"
	"filmpress/internal/report"
	"filmpress/internal/store"
	"filmpress/internal/store/s3"
	"filmpress/internal/store/storetest"
	"filmpress/internal/store/storetest/s3server"
)

// partly runs a sync of which a part must fail, and gives the findings' rules.
func partly(t testing.TB, src, dst mirror.Place, o mirror.Options) (mirror.Result, []string) {
	t.Helper()
	r, err := mirror.Run(t.Context(), src, dst, o, report.Discard)
	if !errors.Is(err, mirror.ErrPartly) {
		t.Fatalf("%v %+v", err, r)
	}
	for _, f := range r.Findings {
		if f.Pos.File == "" || f.Text == "" || f.Hint == "" {
			t.Errorf("it does not say all: %+v", f)
		}
	}
	return r, rules(r.Findings)
}

// TestOddFiles: what is no file, or cannot be read or named, is told; the rest is copied, nothing outside is read, and what the destination has in the place
// of what could not be looked at stays.
func TestOddFiles(t *testing.T) {
	outside := t.TempDir()
	write(t, outside, "secret.ts", "secret")
	src := folder(t, map[string]string{"a.ts": "a", "real/b.ts": "b", "seven\x01.ts": "x", "\xff.ts": "x"})
	at := func(name string) string { return filepath.Join(src.Folder, name) }
	if err := errors.Join(os.Symlink("a.ts", at("inside.ts")), os.Symlink(filepath.Join(outside, "secret.ts"), at("outside.ts")), os.Symlink("../"+filepath.Base(outside), at("folder-outside")),
		os.Symlink("real", at("folder-inside")), os.Symlink("nowhere", at("nowhere.ts")), os.Symlink("loop", at("loop")), syscall.Mkfifo(at("pipe.ts"), 0o644)); err != nil {
		t.Fatal(err)
	}
	dst := memory(t, map[string]string{"outside.ts": "kept", "folder-outside/x.ts": "kept", "folder-inside/b.ts": "kept", "folder-inside-not": "extra", "pipe.ts": "kept", "loop/x": "kept", "other": "extra"})
	o := options(t)
	o.Delete = true
	r, got := partly(t, src, dst, o)
	want := []string{"sync-link", "sync-link", "sync-link", "sync-link", "sync-link", "sync-name", "sync-name", "sync-special"}
	if slices.Sort(got); !slices.Equal(got, want) || r.Failed != 7 {
		t.Errorf("%v, %d failed", got, r.Failed)
	}
	wantContent(t, dst, map[string]string{"a.ts": "a", "real/b.ts": "b", "inside.ts": "a", "outside.ts": "kept", "folder-outside/x.ts": "kept", "folder-inside/b.ts": "kept",
		"folder-inside-not": "extra", "pipe.ts": "kept", "loop/x": "kept", "other": "extra"}) // nothing is deleted while something failed
	for _, name := range []string{"outside*", "folder-outside", "folder-inside", "nowhere.ts", "loop", "seven*", "?.ts"} {
		p, err := mirror.ParsePattern(name)
		if err != nil {
			t.Fatal(err)
		}
		o.Filter.Exclude = append(o.Filter.Exclude, p)
	}
	r, err := mirror.Run(t.Context(), src, dst, o, report.Discard)
	if err != nil || r.Deleted != 2 || len(r.Findings) != 1 || r.Findings[0].Severity != report.Warn {
		t.Errorf("%+v, %v", r, err)
	}
	wantContent(t, dst, map[string]string{"a.ts": "a", "real/b.ts": "b", "inside.ts": "a", "outside.ts": "kept", "folder-outside/x.ts": "kept", "folder-inside/b.ts": "kept",
		"pipe.ts": "kept", "loop/x": "kept"})
}

func TestUnreadable(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root may read everything")
	}
	src := folder(t, map[string]string{"a.ts": "a", "shut/b.ts": "b", "c.ts": "c"})
	if err := errors.Join(os.Chmod(filepath.Join(src.Folder, "shut"), 0), os.Chmod(filepath.Join(src.Folder, "c.ts"), 0)); err != nil {
		t.Fatal(err)
	}
	defer os.Chmod(filepath.Join(src.Folder, "shut"), 0o700)
	dst := memory(t, map[string]string{"shut/b.ts": "kept"})
	o := options(t)
	o.Delete = true
	if r, got := partly(t, src, dst, o); !slices.Equal(got, []string{"sync-failed", "sync-unreadable"}) {
		t.Errorf("%v %+v", got, r)
	}
	wantContent(t, dst, map[string]string{"a.ts": "a", "shut/b.ts": "kept"})
}

// TestNoSource: a source that is not there is no empty one.
func TestNoSource(t *testing.T) {
	o := options(t)
	o.Delete = true
	dst := memory(t, map[string]string{"a": "1"})
	if _, err := mirror.Run(t.Context(), folderAt(t, filepath.Join(t.TempDir(), "none")), dst, o, report.Discard); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
	wantContent(t, dst, map[string]string{"a": "1"})
}

// TestChanges: a file that is written while it is read is not copied, whatever its size.
func TestChanges(t *testing.T) {
	for _, size := range []int{10, 400 << 10, 17 << 20} {
		src := folder(t, map[string]string{"a.ts": strings.Repeat("x", size), "a.m3u8": "#EXTM3U\na.ts"})
		dst := memory(t, nil)
		w := &storetest.Watched{Store: dst.Store, Before: func(_ int, op, name string) error {
			if op == "put" && name == "a.ts" {
				write(t, src.Folder, "a.ts", strings.Repeat("y", size))
			}
			return nil
		}}
		r, err := mirror.Run(t.Context(), src, mirror.Place{Store: w}, options(t), report.Discard)
		if size <= 256<<10 { // it was in memory as a whole before
			if err != nil || r.Copied != 2 {
				t.Errorf("%d: %+v, %v", size, r, err)
			}
			wantContent(t, dst, map[string]string{"a.ts": strings.Repeat("x", size), "a.m3u8": "#EXTM3U\na.ts"})
		} else if !errors.Is(err, mirror.ErrPartly) || !slices.Equal(rules(r.Findings), []string{"sync-changed"}) || r.Waiting != 1 {
			t.Errorf("%d: %+v, %v", size, r, err)
		} else {
			wantContent(t, dst, nil)
		}
		bring(t, src, dst, options(t))
		wantContent(t, dst, map[string]string{"a.ts": strings.Repeat("y", size), "a.m3u8": "#EXTM3U\na.ts"})
	}
}

// TestClash: what a folder cannot hold is told, and the rest copied.
func TestClash(t *testing.T) {
	src := memory(t, map[string]string{"a": "file", "a-b": "file", "a/b": "below a file", "a/c/d": "below a file", "b/c": "ok", ".filmpress-x": "reserved"})
	dst := folder(t, nil)
	r, got := partly(t, src, dst, options(t))
	if !slices.Equal(got, []string{"sync-name", "sync-name"}) || r.Copied != 3 {
		t.Errorf("%v %+v", got, r)
	}
	wantContent(t, dst, map[string]string{"a": "file", "a-b": "file", "b/c": "ok"})
	// A file where a folder must be, and a folder where a file must be.
	dst = folder(t, map[string]string{"b": "in the way", "a-b/c": "in the way"})
	if r, got = partly(t, src, dst, options(t)); !slices.Equal(got, []string{"sync-name", "sync-name", "sync-name", "sync-name"}) {
		t.Errorf("%v %+v", got, r)
	}
	wantContent(t, dst, map[string]string{"a": "file", "b": "in the way", "a-b/c": "in the way"})
}

// TestStrange: keys of a bucket that are no names are told.
func TestStrange(t *testing.T) {
	o := options(t)
	o.Strange = func() []string { return []string{"a//b", "../x"} }
	r, got := partly(t, memory(t, map[string]string{"ok.ts": "x"}), memory(t, nil), o)
	if !slices.Equal(got, []string{"sync-name", "sync-name"}) || r.Copied != 1 {
		t.Errorf("%v %+v", got, r)
	}
}

// TestRequests: what is the same by list and cache costs a list a side and nothing else; without the cache, MD5 tells as much.
func TestRequests(t *testing.T) {
	server := s3server.Start(t)
	files := map[string]string{}
	for i := range 50 {
		files[fmt.Sprintf("v/%02d.ts", i)] = strings.Repeat(fmt.Sprint(i), 500)
	}
	src := folder(t, files)
	time.Sleep(60 * time.Millisecond)
	bare := bucket(t, server, "requests")
	w := &storetest.Watched{Store: bare.Store}
	dst := mirror.Place{Store: w}
	o := options(t)
	bring(t, src, dst, o)
	if w.Count("put") != 50 || w.Count("list") != 1 || len(w.Ops) != 51 {
		t.Errorf("%d requests to put 50: %q", len(w.Ops), w.Ops)
	}
	for _, cache := range []string{o.Cache, ""} {
		o.Cache, w.Ops = cache, nil
		if r := bring(t, src, dst, o); r.Same != 50 || len(w.Ops) != 1 {
			t.Errorf("cache %q: %d requests to find 50 the same: %q", cache, len(w.Ops), w.Ops)
		}
	}
	w.Ops = nil
	back := folder(t, nil)
	o = options(t)
	bring(t, dst, back, o)
	if w.Count("get") != 50 || len(w.Ops) != 51 {
		t.Errorf("%d requests to get 50: %q", len(w.Ops), w.Ops)
	}
	w.Ops = nil
	if r := bring(t, dst, back, o); r.Same != 50 || len(w.Ops) != 1 {
		t.Errorf("%d requests to find 50 the same: %q", len(w.Ops), w.Ops)
	}
	copied := &storetest.Watched{Store: bucket(t, server, "copied").Store}
	bring(t, bare, mirror.Place{Store: copied}, o)
	w.Ops, copied.Ops = nil, nil
	if r := bring(t, dst, mirror.Place{Store: copied}, o); r.Same != 50 || len(w.Ops)+len(copied.Ops) != 2 {
		t.Errorf("two buckets: %q %q", w.Ops, copied.Ops)
	}
}

// TestGzip: texts that a bucket holds gzipped are the same as their files, with the cache and without, and become the same files again.
func TestGzip(t *testing.T) {
	server := s3server.Start(t)
	files := map[string]string{"a.m3u8": strings.Repeat("#EXTINF:6,\nsegment\n", 2000), "b.vtt": strings.Repeat("WEBVTT\n", 100_000), "tiny.txt": "x", "c.ts": strings.Repeat("video", 1000)}
	rs, findings := mirror.ParseRules("r", []byte("rules: [{match: '*', gzip: true}]"))
	if len(findings) > 0 {
		t.Fatal(findings)
	}
	src := folder(t, files)
	time.Sleep(60 * time.Millisecond)
	dst := bucket(t, server, "packed")
	o := options(t)
	o.Rules = rs
	bring(t, src, dst, o)
	wantContent(t, dst, files)
	for name, packed := range map[string]bool{"a.m3u8": true, "b.vtt": true, "tiny.txt": false, "c.ts": false} {
		if now, err := dst.Store.Stat(t.Context(), name); err != nil || now.Gzip != packed {
			t.Errorf("%s: %+v, %v", name, now, err)
		}
	}
	for _, cache := range []string{o.Cache, ""} {
		o.Cache = cache
		w := &storetest.Watched{Store: dst.Store}
		if r := bring(t, src, mirror.Place{Store: w}, o); r.Same != 4 || cache != "" && w.Count("stat") > 0 || w.Count("stat") > 2 {
			t.Errorf("cache %q: %+v, %q", cache, r, w.Ops)
		}
	}
	back := folder(t, nil)
	o = options(t)
	bring(t, dst, back, o)
	wantContent(t, back, files)
	if r := bring(t, dst, back, o); r.Same != 4 {
		t.Errorf("%+v", r)
	}
	// To another server, which is not reached by a copy of the first one's.
	other := bucket(t, server.Twin(t), "other")
	server.Setenv(t)
	bring(t, dst, other, o)
	wantContent(t, other, files)
	if now, err := other.Store.Stat(t.Context(), "a.m3u8"); err != nil || !now.Gzip || now.Type != "application/vnd.apple.mpegurl" {
		t.Errorf("%+v, %v", now, err)
	}
	if r := bring(t, dst, other, o); r.Same != 4 {
		t.Errorf("%+v", r)
	}
}

// TestHeaders: headers are looked at where that is wanted, and mended without sending the bytes.
func TestHeaders(t *testing.T) {
	server := s3server.Start(t)
	src := folder(t, map[string]string{"a.m3u8": "#EXTM3U", "b.ts": "x"})
	dst := bucket(t, server, "headers")
	wrong := storetest.Meta("a", []byte("#EXTM3U"))
	wrong.Type = "text/plain"
	if _, err := dst.Store.Put(t.Context(), "a.m3u8", store.Bytes([]byte("#EXTM3U")), wrong, store.If{}); err != nil {
		t.Fatal(err)
	}
	o := options(t)
	bring(t, src, dst, o)
	if now, err := dst.Store.Stat(t.Context(), "a.m3u8"); err != nil || now.Type != "text/plain" {
		t.Fatalf("%+v, %v", now, err)
	}
	o.Headers = true
	w := &storetest.Watched{Store: dst.Store}
	o.DryRun = true
	if r := bring(t, src, mirror.Place{Store: w}, o); r.Labelled != 1 || w.Count("put") > 0 {
		t.Errorf("%+v", r)
	}
	o.DryRun = false
	if r := bring(t, src, dst, o); r.Labelled != 1 || r.Copied != 0 || r.Same != 2 {
		t.Errorf("%+v", r)
	}
	if now, err := dst.Store.Stat(t.Context(), "a.m3u8"); err != nil || now.Type != "application/vnd.apple.mpegurl" || now.CacheControl != "no-cache" {
		t.Errorf("%+v, %v", now, err)
	}
	if r := bring(t, src, dst, o); r.Labelled != 0 {
		t.Errorf("%+v", r)
	}
}

// TestFilters: what is left out is neither copied nor deleted.
func TestFilters(t *testing.T) {
	src, dst := folder(t, film), memory(t, map[string]string{"lake/old.ts": "x", "lake/index.html": "kept", "private/x": "kept", "stranger/old.ts": "goes"})
	o := options(t)
	o.Delete = true
	for _, text := range []string{"private", "lake/**"} {
		p, err := mirror.ParsePattern(text)
		if err != nil {
			t.Fatal(err)
		}
		o.Filter.Exclude = append(o.Filter.Exclude, p)
	}
	bring(t, src, dst, o)
	want := map[string]string{"lake/old.ts": "x", "lake/index.html": "kept", "private/x": "kept"}
	for name, content := range film {
		if !strings.HasPrefix(name, "lake/") {
			want[name] = content
		}
	}
	wantContent(t, dst, want)
}

// TestResume: a large file whose upload was broken off is gone on with, and its parts are not sent again.
func TestResume(t *testing.T) {
	const part = storetest.Part
	server := s3server.Start(t)
	big := string(storetest.Noise(1, 7*part+part/2))
	src := folder(t, map[string]string{"film.mp4": big})
	uploads := t.TempDir()
	var sent int64
	ctx, cancel := context.WithCancel(t.Context())
	pace := func(_ context.Context, n int) error {
		if sent += int64(n); sent > 5*part+part/2 && ctx.Err() == nil {
			cancel()
		}
		return nil
	}
	counted := make(chan struct{}, 1) // the pace is asked from several goroutines
	counted <- struct{}{}
	dst := bucket(t, server, "resume", func(o *s3.Options) {
		o.Uploads = uploads
		o.Pace = func(ctx context.Context, n int) error {
			<-counted
			defer func() { counted <- struct{}{} }()
			return pace(ctx, n)
		}
	})
	if _, err := mirror.Run(ctx, src, dst, options(t), report.Discard); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	sent = 0
	bring(t, src, dst, options(t))
	if sent > 6*part+part/2 { // four parts were under way, so at least one had arrived
		t.Errorf("%d bytes of %d went over the network in the second run", sent, len(big))
	}
	wantContent(t, dst, map[string]string{"film.mp4": big})
	if left, err := os.ReadDir(uploads); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// foreign puts an object as others do, without a recorded digest.
func foreign(t testing.TB, server s3server.Server, key, content string) {
	t.Helper()
	_, err := server.Client().PutObject(t.Context(), &sdk.PutObjectInput{Bucket: &server.Bucket, Key: &key, Body: strings.NewReader(content)})
	if err != nil {
		t.Fatal(err)
	}
}
