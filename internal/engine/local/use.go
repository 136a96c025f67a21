package local

import (
	"cmp"
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"filmpress/internal/engine"
)

// Use is Look, and holds what it gives against Trim, of this process and of others, until release is called. It waits for whoever
// makes that result, while ctx lasts.
func (k *Kept) Use(ctx context.Context, digest string) (r engine.Result, release func(), ok bool) {
	unlock, err := flock(ctx, filepath.Join(k.dir, digest+".lock"), syscall.LOCK_SH)
	if err != nil {
		return engine.Result{}, nil, false
	}
	if r, ok = k.Look(digest); !ok {
		unlock()
		return engine.Result{}, nil, false
	}
	now := time.Now()
	os.Chtimes(k.record(digest), now, now) // when it was last used; where that cannot be written, it goes earlier
	return r, unlock, true
}

// Keep makes the finished folder out the result of digest; see Work for where such a folder is made. It waits for whoever makes or
// uses a result of that digest.
func (k *Kept) Keep(ctx context.Context, digest, out string) (engine.Result, error) {
	unlock, err := k.lock(ctx, digest)
	if err != nil {
		return engine.Result{}, err
	}
	defer unlock()
	return k.keep(digest, out)
}

// Exclusive waits until nobody else, here or in another process, does what is named so, and keeps others out until unlock.
func (k *Kept) Exclusive(ctx context.Context, name string) (unlock func(), err error) {
	return flock(ctx, filepath.Join(k.dir, name+".lock"), syscall.LOCK_EX)
}

// Trim removes results, those first that were not used for the longest time, until they take at most so many bytes. What is in use,
// or being made, stays.
func (k *Kept) Trim(most int64) error {
	type candidate struct {
		digest string
		used   time.Time
		size   int64
	}
	entries, err := os.ReadDir(k.dir)
	if err != nil {
		return err
	}
	var all []candidate
	var sum int64
	for _, e := range entries {
		digest, record := strings.CutSuffix(e.Name(), ".json")
		info, err := e.Info()
		if !record || err != nil {
			continue
		}
		if r, ok := k.Look(digest); ok {
			c := candidate{digest: digest, used: info.ModTime(), size: r.Size()}
			all, sum = append(all, c), sum+c.size
		}
	}
	slices.SortFunc(all, func(a, b candidate) int {
		return cmp.Or(a.used.Compare(b.used), cmp.Compare(a.digest, b.digest))
	})
	for _, c := range all {
		if sum <= most {
			return nil
		}
		unlock, err := tryLock(filepath.Join(k.dir, c.digest+".lock"), syscall.LOCK_EX)
		if err != nil {
			continue
		}
		err = k.Drop(c.digest)
		unlock()
		if err != nil && !os.IsNotExist(err) {
			return &fs.PathError{Op: "remove", Path: k.folder(c.digest), Err: err}
		}
		sum -= c.size
	}
	return nil
}
