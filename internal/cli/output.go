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

	"filmpress/internal/userfile"
)

// output is a file in the making: it is written beside the one that it will replace, so that a crash leaves the old file or the
// new one.
type output struct {
	*os.File
	path    string      // as it was named
	real    string      // what is written: where a link leads
	old     fs.FileInfo // nil where nothing is there yet
	pending *renameio.PendingFile
}

// createOutput begins a file. Mode and owner of one that is there stay, and what a link points to is replaced, not the link.
// A pipe or a terminal (/dev/stdout) cannot be replaced: through says to write it as it is, else it is refused. The caller
// calls place when all is written, and drop in any case.
func createOutput(path string, through bool) (*output, error) {
	o := &output{path: path, real: path}
	switch _, err := os.Lstat(path); {
	case errors.Is(err, fs.ErrNotExist):
		return o, o.begin(0o644)
	case err != nil:
		return nil, err
	}
	var err error
	if o.real, err = filepath.EvalSymlinks(path); err != nil {
		return nil, err
	}
	info, err := os.Stat(o.real)
	if err != nil {
		return nil, err
	}
	switch {
	case info.IsDir() && through:
		return nil, usagef("%s is a folder; name a file", userfile.Shown(path))
	case info.Mode().IsRegular():
		o.old = info
		return o, o.begin(info.Mode().Perm())
	case through:
		o.File, err = os.OpenFile(path, os.O_WRONLY, 0)
		return o, err
	}
	return nil, fmt.Errorf("%s is not a plain file, so nothing is written to it", userfile.Shown(path))
}

func (o *output) begin(mode fs.FileMode) (err error) {
	options := []renameio.Option{renameio.WithTempDir(filepath.Dir(o.real)), renameio.WithPermissions(mode)}
	if o.old != nil {
		options = append(options, renameio.IgnoreUmask())
	}
	if o.pending, err = renameio.NewPendingFile(o.real, options...); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("the folder %s is not there; make it first", userfile.Shown(filepath.Dir(o.real)))
	} else if err != nil {
		return beside(o.real, err)
	}
	o.File = o.pending.File
	return nil
}

func (o *output) Write(b []byte) (int, error) {
	n, err := o.File.Write(b)
	return n, beside(o.real, err)
}

// place flushes the file and puts it where it belongs. It gives the path that was written, with the link it was named by.
func (o *output) place() (wrote string, err error) {
	if o.pending == nil {
		return userfile.Shown(o.path), o.File.Close()
	}
	if o.old != nil {
		if err := keepOwner(o.File, o.old); err != nil {
			return "", beside(o.real, err)
		}
	}
	if err := o.pending.CloseAtomicallyReplace(); err != nil {
		return "", beside(o.real, err)
	}
	if o.real != o.path {
		return fmt.Sprintf("%s, to which %s is a link", userfile.Shown(o.real), userfile.Shown(o.path)), nil
	}
	return userfile.Shown(o.path), nil
}

// drop takes back what was not placed.
func (o *output) drop() error {
	if o.pending == nil {
		return o.File.Close()
	}
	return o.pending.Cleanup()
}

// replaceFile puts data in the place of a file, whole or not at all, and says where it is now.
func replaceFile(path string, data []byte) (wrote string, err error) {
	return writeOutput(path, data, false)
}

func writeOutput(path string, data []byte, through bool) (wrote string, err error) {
	o, err := createOutput(path, through)
	if err != nil {
		return "", err
	}
	defer o.drop()
	if _, err := o.Write(data); err != nil {
		return "", err
	}
	return o.place()
}

// writeResult writes a command's result to a file, whole or not at all, or to stdout where it has no name or is called -.
// The inputs are never written over: they would be gone. about is what was written, for a word on success.
func (a *app) writeResult(out string, data []byte, about string, inputs ...string) error {
	if out == "" || out == "-" {
		_, err := a.out.Write(data)
		return err
	}
	for _, in := range inputs {
		if same, err := sameFile(in, out); err == nil && same {
			return usageError{fmt.Errorf("%s would be written over; give the output another name", userfile.Shown(in))}
		}
	}
	wrote, err := writeOutput(out, data, true)
	if err == nil {
		a.ui.Note(wrote + ": " + about)
	}
	return err
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
	if file == "-" {
		return replaceFile(out, data)
	}
	if same, err := sameFile(file, out); err != nil {
		return "", err
	} else if same {
		return "", usageError{fmt.Errorf("-o names %s itself; write --in-place to change it", userfile.Shown(file))}
	}
	return replaceFile(out, data)
}

// keepsFormat refuses an -o whose extension says another format than the file's.
func keepsFormat(file, out string) error {
	if out == "" || out == "-" || file == "-" || strings.EqualFold(filepath.Ext(out), filepath.Ext(file)) {
		return nil
	}
	return fmt.Errorf("-o %s has another extension than %s, and a file keeps its format here; filmpress subs convert makes another of it", out, file)
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
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return &fs.PathError{Op: "write", Path: userfile.Shown(path), Err: e.Err}
	}
	if e, ok := errors.AsType[*os.LinkError](err); ok {
		return &fs.PathError{Op: "write", Path: userfile.Shown(path), Err: e.Err}
	}
	return err
}
