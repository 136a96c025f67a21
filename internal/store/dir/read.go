package dir

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path"
	"slices"
	"strings"
	"syscall"

	"filmpress/internal/store"
)

// small is the size up to which a file is read whole for its ETag.
const small = 1 << 20

// Get opens an object. A small one is read at once, so that its bytes and its ETag belong together.
func (s *Store) Get(ctx context.Context, name string) (io.ReadCloser, store.Object, error) {
	f, info, err := s.openObject(ctx, name)
	if err != nil {
		return nil, store.Object{}, err
	}
	if info.Size() > small {
		return f, object(name, info, ""), nil
	}
	defer f.Close()
	b, err := io.ReadAll(f)
	if err != nil {
		return nil, store.Object{}, s.wrap(err, name)
	}
	return io.NopCloser(bytes.NewReader(b)), object(name, info, digest(b)), nil
}

// Stat tells of an object.
func (s *Store) Stat(ctx context.Context, name string) (store.Object, error) {
	r, obj, err := s.Get(ctx, name)
	if err != nil {
		return store.Object{}, err
	}
	return obj, r.Close()
}

// openObject opens a regular file; anything else is no object.
func (s *Store) openObject(ctx context.Context, name string) (*os.File, fs.FileInfo, error) {
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	if check(name) != nil {
		return nil, nil, fmt.Errorf("%w: %q", store.ErrNotFound, name)
	}
	root, err := s.open(false)
	if err != nil {
		return nil, nil, err
	}
	// Not blocking, or a fifo that somebody put there would hold us for ever.
	f, err := root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if errors.Is(err, syscall.ENOTDIR) || errors.Is(err, syscall.ENAMETOOLONG) {
		err = fs.ErrNotExist
	}
	if err != nil {
		return nil, nil, s.wrap(err, name)
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fs.ErrNotExist
	}
	if err != nil {
		f.Close()
		return nil, nil, s.wrap(err, name)
	}
	return f, info, nil
}

// List walks the folders that can hold the prefix. Symbolic links, and files whose names no store can hold, are no
// objects. What comes or goes while it walks is in it or not.
func (s *Store) List(ctx context.Context, prefix string) iter.Seq2[store.Object, error] {
	return func(yield func(store.Object, error) bool) {
		if err := ctx.Err(); err != nil {
			yield(store.Object{}, err)
			return
		}
		root, err := s.open(false)
		if errors.Is(err, store.ErrNotFound) {
			return
		}
		if err != nil {
			yield(store.Object{}, err)
			return
		}
		w := walk{s: s, ctx: ctx, root: root, prefix: prefix, yield: yield}
		w.folder(".")
	}
}

// walk is one List under way.
type walk struct {
	s      *Store
	ctx    context.Context
	root   *os.Root
	prefix string
	yield  func(store.Object, error) bool
}

// folder yields the objects in a folder and below; false ends the walk.
func (w *walk) folder(folder string) bool {
	if err := w.ctx.Err(); err != nil {
		return w.yield(store.Object{}, err) && false
	}
	entries, err := w.entries(folder)
	if err != nil {
		return w.yield(store.Object{}, w.s.wrap(err, folder)) && false
	}
	for _, e := range entries {
		name := path.Join(folder, e.Name())
		switch {
		case e.IsDir():
			if overlaps(name+"/", w.prefix) && !w.folder(name) {
				return false
			}
		case e.Type().IsRegular() && strings.HasPrefix(name, w.prefix) && check(name) == nil:
			info, err := e.Info()
			if err != nil {
				continue // gone meanwhile
			}
			obj := store.Object{Name: name, Size: info.Size(), Meta: store.Meta{Type: store.TypeOf(name)}, Modified: info.ModTime()}
			if !w.yield(obj, nil) {
				return false
			}
		}
	}
	return true
}

// entries gives a folder's entries in the order of the objects' names: a folder counts with its slash, so that
// "a-b" comes before "a/b".
func (w *walk) entries(folder string) ([]fs.DirEntry, error) {
	d, err := w.root.Open(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil // gone meanwhile
	}
	if err != nil {
		return nil, err
	}
	defer d.Close()
	entries, err := d.ReadDir(-1)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil // gone since it was opened
	}
	key := func(e fs.DirEntry) string {
		if e.IsDir() {
			return e.Name() + "/"
		}
		return e.Name()
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return cmp.Compare(key(a), key(b)) })
	return entries, err
}

// overlaps tells whether names that begin with a can begin with b.
func overlaps(a, b string) bool { return strings.HasPrefix(a, b) || strings.HasPrefix(b, a) }

// object describes a file; sum is its SHA-256 where it is known.
func object(name string, info fs.FileInfo, sum string) store.Object {
	meta := store.Meta{Type: store.TypeOf(name), SHA256: sum}
	if info.Size() > small {
		sum = ""
	}
	return store.Object{Name: name, Size: info.Size(), ETag: etag(info, sum), Meta: meta, Modified: info.ModTime()}
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
