// Package userfile reads files as people name them or lay them beside each other, and speaks of them, and of what went wrong with them, as people do.
package userfile

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Read reads a plain file, but never more than max bytes: what is larger is for the reader to refuse. Links are followed: who names a link means what it
// leads to.
func Read(path string, max int64) ([]byte, error) {
	return readPlain(os.Stat, os.Open, path, max)
}

// readPlain is Read for a place with its own ways to look and to open, such as an os.Root.
func readPlain(stat func(string) (fs.FileInfo, error), open func(string) (*os.File, error), path string, max int64) ([]byte, error) {
	info, err := stat(path) // before opening: a fifo would wait for its writer
	switch {
	case err != nil:
		return nil, err
	case info.IsDir():
		return nil, fmt.Errorf("%s is a folder, not a file", Shown(path))
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is not a plain file", Shown(path))
	}
	f, err := open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var b bytes.Buffer
	b.Grow(int(min(info.Size(), max)) + bytes.MinRead) // the whole file at once: growing step by step would take twice the memory
	_, err = b.ReadFrom(io.LimitReader(f, max))
	return b.Bytes(), err
}

// ReadInside reads at most max bytes of a plain file by its name, with slashes, in a folder, which no link leads out of.
func ReadInside(dir, name string, max int64) ([]byte, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	return readPlain(root.Stat, root.Open, name, max)
}

// ReadBeside reads at most max bytes of a file that nobody named, but that lies where such files lie. A link in its place may lead to a file of the same
// folder: what else it leads to, keys or a list of names, would be published, and nobody meant that.
func ReadBeside(path string, max int64) ([]byte, error) {
	dir, name := filepath.Split(path)
	info, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	link := info.Mode()&os.ModeSymlink != 0
	data, err := ReadInside(cmp.Or(dir, "."), name, max)
	switch {
	case err == nil || errors.Is(err, os.ErrNotExist):
		return data, err
	case link:
		return nil, fmt.Errorf("%s is a link that leads out of its folder, and what it leads to would be published; put the file itself there, or take the link away", Shown(path))
	case errors.Is(err, os.ErrPermission): // a folder that nobody may list cannot be opened as a root
		return Read(path, max)
	}
	if at, ok := errors.AsType[*os.PathError](err); ok {
		err = &os.PathError{Op: at.Op, Path: path, Err: at.Err}
	}
	return nil, err
}
