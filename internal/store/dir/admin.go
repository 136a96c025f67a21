package dir

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"filmpress/internal/store"
)

// Now is the folder's time: that of a file that is written there now. Where the folder lies on another machine, it is that one's clock, as it is
// for the times of all files; so all who share the folder have one clock. Where nothing can be written, it is this machine's.
func (s *Store) Now(ctx context.Context) (time.Time, error) {
	if err := ctx.Err(); err != nil {
		return time.Time{}, err
	}
	if s.Clock != nil {
		return second(s.Clock()), nil
	}
	root, err := s.open(false)
	if errors.Is(err, store.ErrNotFound) {
		return second(time.Now()), nil
	}
	if err != nil {
		return time.Time{}, err
	}
	f, name, err := createTemp(root)
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS) {
		return second(time.Now()), nil
	}
	if err != nil {
		return time.Time{}, s.wrap(err, "")
	}
	defer f.Close()
	info, err := written(root, f, name)
	if err := errors.Join(err, root.Remove(name)); err != nil {
		return time.Time{}, s.wrap(err, "")
	}
	return second(info.ModTime()), nil
}

func second(t time.Time) time.Time { return t.UTC().Truncate(time.Second) }

// written writes a byte and looks at the file. An empty one would not be sent to a file server before it is closed, and could have this machine's
// time until then.
func written(root *os.Root, f *os.File, name string) (fs.FileInfo, error) {
	if _, err := f.WriteString("."); err != nil {
		return nil, err
	}
	if err := f.Sync(); err != nil {
		return nil, err
	}
	return root.Stat(name)
}

// Reaches is true for another folder.
func (s *Store) Reaches(src store.Store) bool {
	_, ok := src.(*Store)
	return ok
}

// Copy writes a file of its own, as Put does. A hard link would be quicker, and would change both when somebody edits one.
func (s *Store) Copy(ctx context.Context, src store.Store, obj store.Object, name string, meta store.Meta) (store.Object, error) {
	from, ok := src.(*Store)
	if !ok {
		return store.Object{}, fmt.Errorf("%w: %s is no folder", store.ErrUnsupported, src)
	}
	if err := check(name); err != nil {
		return store.Object{}, err
	}
	r, now, err := from.Get(ctx, obj.Name)
	if err == nil {
		defer r.Close()
	}
	if obj.ETag != "" && (errors.Is(err, store.ErrNotFound) || err == nil && now.ETag != obj.ETag) {
		return store.Object{}, fmt.Errorf("%w: %s", store.ErrPrecondition, from.URL(obj.Name))
	}
	if err != nil {
		return store.Object{}, err
	}
	body := store.Body{Size: now.Size, Open: func() (io.ReadSeekCloser, error) { return &original{ReadCloser: r, from: from, was: now}, nil }}
	return s.put(ctx, name, body, meta.SHA256, store.If{}, false)
}

// original is the source of a copy. A large file is not read in one moment, so it is looked at again at its end.
type original struct {
	io.ReadCloser
	from *Store
	was  store.Object
}

func (o *original) Seek(int64, int) (int64, error) { return 0, errors.ErrUnsupported } // it is read once

func (o *original) Read(p []byte) (int, error) {
	n, err := o.ReadCloser.Read(p)
	f, large := o.ReadCloser.(*os.File)
	if err != io.EOF || !large {
		return n, err
	}
	if info, e := f.Stat(); e != nil || etag(info, "") != o.was.ETag {
		return n, fmt.Errorf("%w: %s was written while it was copied", store.ErrPrecondition, o.from.URL(o.was.Name))
	}
	return n, io.EOF
}

// Uploads gives the files aside that a killed writer left and nobody holds, by their own names, since those of their objects are not
// known. They go by themselves when something is written here next.
func (s *Store) Uploads(ctx context.Context, prefix string) iter.Seq2[store.Upload, error] {
	return func(yield func(store.Upload, error) bool) {
		all, err := s.uploads(ctx, prefix)
		if err != nil {
			yield(store.Upload{}, err)
			return
		}
		for _, u := range all {
			if !yield(u, nil) {
				return
			}
		}
	}
}

func (s *Store) uploads(ctx context.Context, prefix string) ([]store.Upload, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	root, err := s.open(false)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	top, err := root.Open(".")
	if err != nil {
		return nil, s.wrap(err, "")
	}
	defer top.Close()
	entries, err := top.ReadDir(-1)
	if err != nil {
		return nil, s.wrap(err, "")
	}
	var all []store.Upload
	for _, e := range entries {
		if !e.Type().IsRegular() || !strings.HasPrefix(e.Name(), tempName) || !strings.HasPrefix(e.Name(), prefix) || held(root, e.Name()) {
			continue
		}
		if info, err := e.Info(); err == nil {
			all = append(all, store.Upload{Name: e.Name(), ID: e.Name(), Begun: info.ModTime()})
		}
	}
	slices.SortFunc(all, func(a, b store.Upload) int { return strings.Compare(a.Name, b.Name) })
	return all, nil
}

// held tells whether the writer of a file aside lives, or cannot be asked after.
func held(root *os.Root, name string) bool {
	f, err := root.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return true
	}
	defer f.Close()
	return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil
}

// Abort removes a file aside that nobody holds.
func (s *Store) Abort(ctx context.Context, u store.Upload) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if !strings.HasPrefix(u.ID, tempName) || strings.Contains(u.ID, "/") {
		return nil
	}
	root, err := s.open(false)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	f, err := root.OpenFile(u.ID, os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return s.wrap(err, u.ID)
	}
	defer f.Close()
	if syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil {
		return nil // its writer lives, and will end it
	}
	return s.wrap(root.Remove(u.ID), u.ID)
}
