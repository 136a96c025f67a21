package userfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
	"testing"
)

// Errors of the system become sentences, and keep what was said before them.
func TestSentences(t *testing.T) {
	at := func(op string, err error) error { return &fs.PathError{Op: op, Path: "a", Err: err} }
	for _, c := range []struct {
		err  error
		want string
	}{
		{at("mkdir", syscall.EACCES), "a: this user has no right to make it"},
		{at("openat", syscall.EACCES), "a: this user has no right to open it"},
		{at("lstat", syscall.EACCES), "a: this user has no right to look at it"},
		{at("statat", syscall.EACCES), "a: this user has no right to look at it"},
		{at("unlinkat", syscall.EACCES), "a: this user has no right to remove it"},
		{at("read", syscall.EISDIR), "a: there is a folder of that name"},
		{at("open", syscall.ENOTDIR), "a: a part of the path is a file, not a folder"},
		{at("write", syscall.EROFS), "a: the file system is read-only; choose another folder"},
		{at("open", syscall.EMFILE), "a: too many files are open; raise the limit of open files (ulimit -n)"},
		{at("open", syscall.ENAMETOOLONG), "a: the path is too long for this file system"},
		{&os.LinkError{Op: "rename", Old: ".a123", New: "a", Err: syscall.EACCES}, "a: this user has no right to write it"},
		{fmt.Errorf("the folder for kept results: %w", at("mkdir", syscall.EACCES)), "the folder for kept results: a: this user has no right to make it"},
		{errors.New("a sentence"), "a sentence"},
		{at("ioctl", syscall.ENOTTY), "ioctl a: inappropriate ioctl for device"},
	} {
		if got := Sentence(c.err); got != c.want {
			t.Errorf("%v: %q, want %q", c.err, got, c.want)
		}
	}
}
