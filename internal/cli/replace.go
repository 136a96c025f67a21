package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/google/renameio/v2"
)

// replaceFile puts data in the place of a file: written beside it, flushed, and renamed over it, so that a crash leaves
// the old file or the new one. Mode and owner stay. What a link points to is replaced, not the link. It gives the path
// that was written, with the link it was named by.
func replaceFile(path string, data []byte) (wrote string, err error) {
	real, mode := path, fs.FileMode(0o644)
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return "", err
	default:
		if real, err = filepath.EvalSymlinks(path); err != nil {
			return "", err
		}
		if info, err = os.Stat(real); err != nil {
			return "", err
		}
		if !info.Mode().IsRegular() {
			return "", fmt.Errorf("%s is not a plain file, so nothing is written to it", shown(path))
		}
		mode = info.Mode().Perm()
	}
	options := []renameio.Option{renameio.WithTempDir(filepath.Dir(real)), renameio.WithPermissions(mode)}
	if info != nil {
		options = append(options, renameio.IgnoreUmask())
	}
	f, err := renameio.NewPendingFile(real, options...)
	if err != nil {
		return "", beside(real, err)
	}
	defer f.Cleanup()
	if _, err := f.Write(data); err != nil {
		return "", beside(real, err)
	}
	if info != nil {
		if err := keepOwner(f.File, info); err != nil {
			return "", beside(real, err)
		}
	}
	if err := f.CloseAtomicallyReplace(); err != nil {
		return "", beside(real, err)
	}
	if real != path {
		return fmt.Sprintf("%s, to which %s is a link", shown(real), shown(path)), nil
	}
	return shown(path), nil
}

// keepOwner gives a new file the owner of the old one. Only root can, and only root has to: others replace their own.
func keepOwner(f *os.File, old fs.FileInfo) error {
	stat, ok := old.Sys().(*syscall.Stat_t)
	if !ok || os.Geteuid() != 0 {
		return nil
	}
	return f.Chown(int(stat.Uid), int(stat.Gid))
}

// beside tells of the file that was to be written, in place of the temporary one beside it.
func beside(path string, err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return &fs.PathError{Op: "write", Path: shown(path), Err: e.Err}
	}
	if e, ok := errors.AsType[*os.LinkError](err); ok {
		return &fs.PathError{Op: "write", Path: shown(path), Err: e.Err}
	}
	return err
}
