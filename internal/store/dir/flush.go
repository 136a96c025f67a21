package dir

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"syscall"
)

// placed flushes a folder in which an object was given its name, or leaves that to Flush.
func (s *Store) placed(root *os.Root, folder string, now bool) error {
	if now {
		return s.wrap(s.flush(root, folder), folder)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	// The folders above may have been made for this one.
	for ; !s.touched[folder]; folder = path.Dir(folder) {
		s.touched[folder] = true
	}
	return nil
}

// Flush flushes each folder once in which objects were given names since the last time, the deepest first.
func (s *Store) Flush(ctx context.Context) error {
	s.mu.Lock()
	folders := slices.Sorted(maps.Keys(s.touched))
	clear(s.touched)
	root := s.root
	s.mu.Unlock()
	for _, folder := range slices.Backward(folders) {
		err := ctx.Err()
		if err == nil {
			err = s.wrap(s.flush(root, folder), folder)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// flush has the names in a folder outlast a loss of power. Some file systems of networks flush no folders, and there is nothing else to be done there.
func (s *Store) flush(root *os.Root, folder string) error {
	if s.Flushed != nil {
		s.Flushed(folder)
	}
	d, err := root.Open(folder)
	if errors.Is(err, fs.ErrNotExist) { // its objects were deleted since, and it with them
		return nil
	}
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Sync(); !unsupported(err) && !errors.Is(err, syscall.EINVAL) {
		return err
	}
	return nil
}
