package dir

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"sync"
	"syscall"

	"filmpress/internal/store"
)

// Put writes the object aside, flushes it to disk and renames it.
func (s *Store) Put(ctx context.Context, name string, body store.Body, meta store.Meta, cond store.If) (store.Object, error) {
	if err := check(name); err != nil {
		return store.Object{}, err
	}
	if meta.SHA256 == "" && !body.Undigested {
		return store.Object{}, fmt.Errorf("%w: %s: no sha256 was given", store.ErrDamaged, name)
	}
	// What replaces a known version, or is asked for again each time (a first pointer, an entrance), is what others rely on: its folder is flushed
	// too, and with it, as file systems keep the order of their journals, the names of all objects before it. Those thousands are not flushed one by one.
	relied := cond.ETag != "" || cond.Absent && meta.CacheControl == store.Revalidate
	return s.put(ctx, name, body, meta.SHA256, cond, relied)
}

// put is Put for a body of the digest sum, or of any where sum is "".
func (s *Store) put(ctx context.Context, name string, body store.Body, sum string, cond store.If, relied bool) (store.Object, error) {
	if err := ctx.Err(); err != nil {
		return store.Object{}, err
	}
	root, err := s.open(true)
	if err != nil {
		return store.Object{}, err
	}
	f, temp, err := aside(root, body.Size, sum)
	if err != nil {
		return store.Object{}, s.wrap(err, name)
	}
	defer f.Close()
	info, sum, err := s.fill(ctx, f, name, body, sum)
	if err == nil {
		err = s.place(ctx, root, temp, name, cond)
	}
	if err == nil {
		err = s.placed(root, path.Dir(name), relied)
	}
	if err != nil {
		if !strings.HasPrefix(temp, begunName) || pointless(err) {
			root.Remove(temp)
		}
		return store.Object{}, err
	}
	return object(name, info, sum), nil
}

// pointless tells whether what was written is of no use to the next writer, or takes the room that it needs.
func pointless(err error) bool {
	for _, kind := range []error{store.ErrDamaged, store.ErrPrecondition, store.ErrName, store.ErrFull} {
		if errors.Is(err, kind) {
			return true
		}
	}
	return false
}

// aside opens the file in which an object is written before it has its name.
func aside(root *os.Root, size int64, sum string) (f *os.File, name string, err error) {
	if size >= resumeFrom && sum != "" {
		if f, name, err = openBegun(root, sum); f != nil || err != nil {
			return f, name, err
		}
	}
	return createTemp(root)
}

// buffers are kept, since each of many small files would need one of its own.
var buffers = sync.Pool{New: func() any { b := make([]byte, 128<<10); return &b }}

// fill copies the body into f, compares it with its digest where that is known, and flushes it. It gives the digest.
func (s *Store) fill(ctx context.Context, f *os.File, name string, body store.Body, sum string) (fs.FileInfo, string, error) {
	src, err := body.Open()
	if err != nil {
		return nil, "", err
	}
	defer src.Close()
	hash := sha256.New()
	buffer := buffers.Get().(*[]byte)
	defer buffers.Put(buffer)
	begun, err := goOn(f, src, body.Size, hash, *buffer)
	if err != nil {
		return nil, "", s.wrap(err, name)
	}
	body.Arrived(begun)
	r := &reader{ctx: ctx, src: src, arrived: body.Arrived}
	n, err := io.CopyBuffer(io.MultiWriter(f, hash), r, *buffer)
	n += begun
	if r.err != nil {
		return nil, "", r.err // of the body, not of this folder
	}
	if err != nil {
		return nil, "", s.wrap(err, name)
	}
	got := hex.EncodeToString(hash.Sum(nil))
	if sum != "" && got != sum || n != body.Size {
		return nil, "", fmt.Errorf("%w: %s: %d bytes with sha256 %s, want %d with %s", store.ErrDamaged, name, n, got, body.Size, sum)
	}
	// The mode is set here and not at opening, where the umask would take from it.
	if err := errors.Join(f.Chmod(0o644), f.Sync()); err != nil {
		return nil, "", s.wrap(err, name)
	}
	info, err := f.Stat()
	return info, got, s.wrap(err, name)
}

// goOn hashes what an earlier writer left in the file aside, and lets the source begin behind it. Whether these bytes are right shows in the digest
// of the whole. A source that cannot do that is written from its beginning.
func goOn(f *os.File, src io.ReadSeeker, size int64, hash hash.Hash, buffer []byte) (int64, error) {
	info, err := f.Stat()
	if err != nil || info.Size() == 0 {
		return 0, err
	}
	if info.Size() <= size {
		if at, err := src.Seek(info.Size(), io.SeekStart); err == nil && at == info.Size() {
			n, err := io.CopyBuffer(hash, struct{ io.Reader }{f}, buffer)
			if err == nil && n != at {
				err = io.ErrUnexpectedEOF
			}
			return n, err
		}
		if _, err := src.Seek(0, io.SeekStart); err != nil && !errors.Is(err, errors.ErrUnsupported) {
			return 0, err
		}
	}
	return 0, f.Truncate(0)
}

// place gives the file aside its name, if the condition holds.
func (s *Store) place(ctx context.Context, root *os.Root, temp, name string, cond store.If) error {
	how := syscall.LOCK_SH
	if cond.ETag != "" {
		how = syscall.LOCK_EX
	}
	unlock, err := lock(ctx, root, how)
	if err != nil {
		return s.wrap(err, name)
	}
	defer unlock()
	move := root.Rename
	switch {
	case cond.ETag != "":
		err = s.unchanged(ctx, name, cond.ETag)
	case cond.Absent:
		move = func(temp, name string) error { return linkNew(root, temp, name) }
	}
	if err != nil {
		return err
	}
	for try := 0; ; try++ {
		if err = makeFolders(root, path.Dir(name)); err == nil {
			err = move(temp, name)
		}
		// A Delete may take an emptied folder away between the two.
		if !errors.Is(err, fs.ErrNotExist) || try == 10 {
			break
		}
	}
	return s.wrap(err, name)
}

// linkNew gives the file aside its name only if the name is free, which a link does in one step and a rename does not.
func linkNew(root *os.Root, temp, name string) error {
	if info, err := root.Lstat(name); err == nil && info.IsDir() {
		return syscall.EISDIR
	}
	err := root.Link(temp, name)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%w: %s", store.ErrPrecondition, name)
	}
	if err == nil {
		err = root.Remove(temp)
	}
	return err
}

// unchanged is nil if the object has that ETag now.
func (s *Store) unchanged(ctx context.Context, name, etag string) error {
	now, err := s.Stat(ctx, name)
	if errors.Is(err, store.ErrNotFound) || err == nil && now.ETag != etag {
		return fmt.Errorf("%w: %s", store.ErrPrecondition, name)
	}
	return err
}

// makeFolders makes a folder and its parents, each of mode 0755 whatever the umask.
func makeFolders(root *os.Root, folder string) error {
	if folder == "." {
		return nil
	}
	if info, err := root.Stat(folder); err == nil {
		if info.IsDir() {
			return nil
		}
		return syscall.ENOTDIR
	}
	if err := makeFolders(root, path.Dir(folder)); err != nil {
		return err
	}
	err := root.Mkdir(folder, 0o755)
	if errors.Is(err, fs.ErrExist) { // another writer was faster, or a symbolic link leads nowhere
		_, err = root.Stat(folder)
		return err
	}
	if err != nil {
		return err
	}
	return root.Chmod(folder, 0o755)
}

// Delete removes the object and the folders that it leaves empty, as a bucket has none.
func (s *Store) Delete(ctx context.Context, name string) error {
	if check(name) != nil {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	root, err := s.open(false)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if info, err := root.Lstat(name); err == nil && info.IsDir() {
		return nil // a folder is no object
	}
	unlock, err := lock(ctx, root, syscall.LOCK_SH)
	if err != nil {
		return s.wrap(err, name)
	}
	defer unlock()
	if err := root.Remove(name); err != nil {
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
			return nil
		}
		return s.wrap(err, name)
	}
	for folder := path.Dir(name); folder != "."; folder = path.Dir(folder) {
		if root.Remove(folder) != nil {
			break // not empty
		}
	}
	return nil
}

// reader ends a copy when ctx does, and keeps the source's error apart from the destination's.
type reader struct {
	ctx context.Context
	src io.Reader
	err error

	arrived func(int64)
}

func (r *reader) Read(p []byte) (int, error) {
	if r.err = r.ctx.Err(); r.err != nil {
		return 0, r.err
	}
	n, err := r.src.Read(p)
	r.arrived(int64(n))
	if err != io.EOF {
		r.err = err
	}
	return n, err
}
