package mirror_test

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"filmpress/internal/mirror"
	"filmpress/internal/report"
	"filmpress/internal/store"
	"filmpress/internal/store/storetest"
)

func TestHidden(t *testing.T) {
	for name, want := range map[string]bool{
		".DS_Store": true, "film/.DS_Store": true, ".git/config": true, ".~lock.film.md#": true, "film.md~": true, "~$film.docx": true, "old~/a.ts": true, "a/Thumbs.db": true,
		".well-known/security.txt": false, ".well-known/.x": true, "a.ts": false, "a/b.c/d": false, "~a": false, "a~b": false,
	} {
		if mirror.Hidden(name) != want {
			t.Errorf("%q: %v", name, !want)
		}
	}
}

// TestNothingHidden: what editors leave is not published, and told; at the destination such names stay as they are.
func TestNothingHidden(t *testing.T) {
	files := map[string]string{"film.md": "x", ".~lock.film.md#": "Anna,anna-laptop", "film.md~": "old", "a/.DS_Store": "x", ".git/config": "x", ".git/HEAD": "x", "a/b.ts": "x", ".well-known/x": "x"}
	src := folder(t, files)
	if err := os.Symlink("anna@anna-laptop.1234", filepath.Join(src.Folder, ".#film.md")); err != nil { // as Emacs locks a file
		t.Fatal(err)
	}
	dst := memory(t, map[string]string{".git/old": "theirs"})
	o := options(t)
	o.Delete = true
	o.Filter.NoHidden = true
	r, err := mirror.Run(t.Context(), src, dst, o, report.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if got := storetest.Names(t, dst.Store, ""); !slices.Equal(got, []string{".git/old", ".well-known/x", "a/b.ts", "film.md"}) {
		t.Errorf("there are %q", got)
	}
	if len(r.Findings) != 1 || r.Findings[0].Rule != "sync-hidden" || r.Findings[0].Severity != report.Info || !strings.Contains(r.Findings[0].Text, ".#film.md, .git/, .~lock.film.md# and 2 more") {
		t.Errorf("%+v", r.Findings)
	}
	if again, err := mirror.Run(t.Context(), src, dst, o, report.Discard); err != nil || again.Differs(true) {
		t.Errorf("again: %+v, %v", again, err)
	}
	if err := os.Remove(filepath.Join(src.Folder, ".#film.md")); err != nil {
		t.Fatal(err)
	}
	o.Filter.NoHidden = false
	r = bring(t, src, dst, o)
	if got := storetest.Names(t, dst.Store, ""); len(got) != len(files) || len(r.Findings) > 0 {
		t.Errorf("asked for: %q, %+v", got, r)
	}
}

// TestUnpackedBomb: a packed object of a foreign bucket that unpacks to far more than its size is told, and does not fill the disk.
func TestUnpackedBomb(t *testing.T) {
	src := mirror.Place{Store: bomb{memory(t, map[string]string{"a.txt": strings.Repeat("x", 1<<20)}).Store, 80 << 20}}
	dst := folder(t, nil)
	r, rules := partly(t, src, dst, options(t))
	if !slices.Equal(rules, []string{"sync-failed"}) || !strings.Contains(r.Findings[0].Text, "64 times") || r.Copied != 0 {
		t.Errorf("%+v", r)
	}
	src.Store = bomb{src.Store.(bomb).Store, 60 << 20}
	if r := bring(t, src, dst, options(t)); r.Copied != 1 {
		t.Errorf("%+v", r)
	}
}

// bomb is a bucket whose objects are packed, and have so many plain bytes.
type bomb struct {
	store.Store
	plain int64
}

func (b bomb) Get(ctx context.Context, name string) (io.ReadCloser, store.Object, error) {
	body, obj, err := b.Store.Get(ctx, name)
	if err == nil {
		body.Close()
	}
	obj.Gzip, obj.SHA256 = true, ""
	return io.NopCloser(io.LimitReader(zeros{}, b.plain)), obj, err
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }
