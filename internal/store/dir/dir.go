// Package dir is a folder that behaves like a bucket: whole objects or nothing, conditions that hold between processes,
// names checked, nothing outside the folder touched. Its objects are plain files that any web server can serve as
// they lie, so nothing is stored beside the bytes: Content-Type is told by store.TypeOf, and nothing is gzipped.
package dir

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"filmpress/internal/store"
)

// reserved begins the names of our own files in the folder: the lock, and what is being written. They are no objects.
const reserved = ".filmpress-"

// Store is a folder of objects. The zero value is not usable; see New.
type Store struct {
	given string // as the user wrote it
	path  string // absolute

	// Clock tells the time in the place of the folder's own, unless it is nil.
	Clock func() time.Time
	// Flushed hears of each folder whose names are flushed to the disk; nil is nobody.
	Flushed func(folder string)

	mu      sync.Mutex
	root    *os.Root // nil until the folder is needed and there
	swept   bool
	touched map[string]bool // folders in which objects were given names that are not flushed yet
}

var _ interface {
	store.Store
	store.Clock
	store.Copier
	store.Flusher
	store.Uploader
} = (*Store)(nil)

// New is the store in the folder path. The folder need not exist; the first Put makes it.
func New(path string) (*Store, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %v", store.ErrUnreachable, path, err)
	}
	s := &Store{given: path, path: abs, touched: map[string]bool{}}
	if info, err := os.Stat(abs); err == nil && !info.IsDir() {
		return nil, fmt.Errorf("%w: %s is a file, not a folder; name a folder", store.ErrRefused, path)
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, s.wrap(err, "")
	}
	return s, nil
}

// String is the folder as the user wrote it.
func (s *Store) String() string { return s.given }

// URL is the absolute path of an object.
func (s *Store) URL(name string) string { return filepath.Join(s.path, filepath.FromSlash(name)) }

// Check tells whether objects can be written here. Where the folder is not there yet, its nearest parent is asked.
func (s *Store) Check(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	folder := s.path
	for {
		probe, err := os.CreateTemp(folder, reserved+"put-check")
		if err == nil {
			probe.Close()
			return s.wrap(os.Remove(probe.Name()), "")
		}
		if _, there := os.Stat(folder); there == nil && errors.Is(err, fs.ErrNotExist) { // a folder of the kernel's own, such as /proc
			return fmt.Errorf("%w: %s: nothing can be written there; choose another folder", store.ErrRefused, s.given)
		}
		if !errors.Is(err, fs.ErrNotExist) || filepath.Dir(folder) == folder {
			return s.wrap(err, "")
		}
		folder = filepath.Dir(folder)
	}
}

// open gives the folder, made if create is set. Where it is not there, the error is store.ErrNotFound.
func (s *Store) open(create bool) (*os.Root, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.root == nil {
		root, err := openRoot(s.path, create)
		if err != nil {
			return nil, s.wrap(err, "")
		}
		s.root = root // open until the program ends, as a client of a bucket is
	}
	if create && !s.swept {
		s.swept = true
		sweep(s.root)
	}
	return s.root, nil
}

// openRoot opens a folder. Folders that it makes get mode 0755 whatever the umask, for the web server.
func openRoot(path string, create bool) (*os.Root, error) {
	root, err := os.OpenRoot(path)
	if !create || !errors.Is(err, fs.ErrNotExist) {
		return root, err
	}
	var missing []string
	for p := path; ; p = filepath.Dir(p) {
		if _, err := os.Stat(p); err == nil || filepath.Dir(p) == p {
			break
		}
		missing = append(missing, p)
	}
	if err := os.MkdirAll(path, 0o755); err != nil {
		return nil, err
	}
	for _, p := range missing {
		if err := os.Chmod(p, 0o755); err != nil {
			return nil, err
		}
	}
	return os.OpenRoot(path)
}

// check is store.CheckName, and refuses our own files.
func check(name string) error {
	if strings.HasPrefix(name, reserved) {
		return fmt.Errorf("%w: %q is kept for the folder's own use", store.ErrName, name)
	}
	return store.CheckName(name)
}
