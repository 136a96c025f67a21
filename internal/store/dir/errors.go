package dir

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"syscall"

	"filmpress/internal/store"
)

// kinds says which of the store's errors a system error is, and the mend. The first that matches counts.
var kinds = []struct {
	sys  error
	kind error
	mend string
}{
	{fs.ErrNotExist, store.ErrNotFound, ""},
	{syscall.ENOSPC, store.ErrFull, "the disk is full; free some space and run again"},
	{syscall.EDQUOT, store.ErrFull, "the disk quota is used up; free some space and run again"},
	{syscall.EFBIG, store.ErrFull, "the file system cannot hold a file of that size"},
	{syscall.EROFS, store.ErrRefused, "the file system is read-only; choose another folder"},
	{fs.ErrPermission, store.ErrRefused, "no permission; give this user the right to read and write the folder, or choose another"},
	{syscall.ENAMETOOLONG, store.ErrName, "the path is too long for this file system"},
	{syscall.EILSEQ, store.ErrName, "the file system cannot hold that name"},
	{syscall.ENOTDIR, store.ErrName, "a part of the path is a file, not a folder"},
	{syscall.EISDIR, store.ErrName, "there is a folder of that name"},
	{syscall.ENOTEMPTY, store.ErrName, "there is a folder of that name"},
	{syscall.EEXIST, store.ErrName, "there is a folder of that name"},
	{syscall.ELOOP, store.ErrRefused, "its symbolic links go round in a circle"},
	{syscall.EIO, store.ErrUnreachable, "the disk reports an error"},
	{syscall.ESTALE, store.ErrUnreachable, "the network folder went away; mount it again"},
}

// Words say what a system error about a file means, and the mend; "" where it is none that is known.
func Words(err error) string {
	for _, k := range kinds {
		if errors.Is(err, k.sys) {
			return k.mend
		}
	}
	return ""
}

// wrap turns a system error about the object name, or about the folder itself, into one of the store's errors.
func (s *Store) wrap(err error, name string) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, store.ErrPrecondition) {
		return err
	}
	place := filepath.Join(s.given, filepath.FromSlash(name))
	for _, k := range kinds {
		switch {
		case !errors.Is(err, k.sys):
		case k.mend == "":
			return fmt.Errorf("%w: %s", k.kind, place)
		default:
			return fmt.Errorf("%w: %s: %s", k.kind, place, k.mend)
		}
	}
	// os.Root has no exported error for this.
	if strings.Contains(err.Error(), "path escapes from parent") {
		return fmt.Errorf("%w: %s: a symbolic link leads out of the folder; put a folder in its place", store.ErrRefused, place)
	}
	return fmt.Errorf("%s: %w", place, err)
}
