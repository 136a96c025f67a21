package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
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

// putChanged writes what was made of a file to where the user wants it: to stdout (-), over the file itself, or elsewhere.
// wrote says where it is now.
func (a *app) putChanged(file, out string, inPlace bool, data []byte) (wrote string, err error) {
	switch {
	case out == "-":
		_, err = a.out.Write(data)
		return "stdout", err
	case inPlace:
		return replaceFile(file, data)
	}
	if same, err := sameFile(file, out); err != nil {
		return "", err
	} else if same {
		return "", usageError{fmt.Errorf("-o names %s itself; write --in-place to change it", shown(file))}
	}
	return replaceFile(out, data)
}

// keepsFormat refuses an -o whose extension says another format than the file's.
func keepsFormat(file, out string) error {
	if out == "" || out == "-" || strings.EqualFold(filepath.Ext(out), filepath.Ext(file)) {
		return nil
	}
	return fmt.Errorf("-o %s has another extension than %s, and a file keeps its format here; filmpress subs convert makes another of it", out, file)
}

// writeAside writes a file that need not be there yet.
func writeAside(path string, data []byte) error {
	_, err := replaceFile(path, data)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("the folder %s is not there; make it first", shown(filepath.Dir(path)))
	}
	return err
}

// sameFile says whether two paths are one file. The second need not be there.
func sameFile(path, other string) (bool, error) {
	a, err := os.Stat(path)
	if err != nil {
		return false, err
	}
	b, err := os.Stat(other)
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	return err == nil && os.SameFile(a, b), err
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
