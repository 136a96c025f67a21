package dir

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"time"
)

const (
	lockName = reserved + "lock"
	tempName = reserved + "put-"
	// begunName begins the names of large files aside, which are called by their digest: what a stopped writer left is gone on with.
	begunName = tempName + "begun-"
)

const (
	resumeFrom = 16 << 20           // smaller files are written anew
	resumeDays = 7 * 24 * time.Hour // how long a file that was begun is kept
)

// lock takes the folder's lock: shared for what changes an object whatever it holds, exclusive for what first looks.
// It is held for the look and the rename only, never while bytes are copied. Flock belongs to an open file, so it holds
// between goroutines as well as between processes, and ends with a killed one. On file systems without it (some network
// and FUSE mounts) the work goes on unlocked, as two publishers at the same moment are rarer than such mounts.
func lock(ctx context.Context, root *os.Root, how int) (unlock func(), err error) {
	f, err := root.OpenFile(lockName, os.O_RDWR|os.O_CREATE, 0o644)
	if errors.Is(err, fs.ErrPermission) {
		f, err = root.Open(lockName) // another user's; enough for flock except on NFS
	}
	if err != nil {
		return nil, err
	}
	for wait := 100 * time.Microsecond; ; wait = min(2*wait, 20*time.Millisecond) {
		switch err := syscall.Flock(int(f.Fd()), how|syscall.LOCK_NB); {
		case err == nil, unsupported(err):
			return func() { f.Close() }, nil
		case err != syscall.EWOULDBLOCK && err != syscall.EINTR:
			f.Close()
			return nil, err
		}
		select {
		case <-ctx.Done():
			f.Close()
			return nil, ctx.Err()
		case <-time.After(wait):
		}
	}
}

func unsupported(err error) bool {
	return errors.Is(err, errors.ErrUnsupported) || err == syscall.ENOLCK || err == syscall.EBADF
}

// createTemp opens a new file to write aside. It holds a lock on it as long as it is open, which tells sweep that its
// writer lives.
func createTemp(root *os.Root) (f *os.File, name string, err error) {
	for {
		name = tempName + rand.Text()
		f, err := root.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o644)
		if err != nil {
			return nil, "", err
		}
		if holds(f) {
			return f, name, nil
		}
		f.Close() // a sweep came between open and lock, and took it for a leftover
	}
}

// openBegun opens the file aside of a large object, with what an earlier writer left in it. It gives no file where another writer holds it.
func openBegun(root *os.Root, sum string) (f *os.File, name string, err error) {
	name = begunName + sum
	f, err = root.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, "", err
	}
	if holds(f) {
		return f, name, nil
	}
	f.Close()
	return nil, "", nil
}

// holds takes the lock of a file that is being written and tells whether the file still has its name.
func holds(f *os.File) bool {
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return unsupported(err)
	}
	var st syscall.Stat_t
	return syscall.Fstat(int(f.Fd()), &st) == nil && st.Nlink > 0
}

// sweep removes what killed writers left: files aside that nobody holds. Errors do not matter; the next sweep tries again.
func sweep(root *os.Root) {
	top, err := root.Open(".")
	if err != nil {
		return
	}
	defer top.Close()
	entries, _ := top.ReadDir(-1)
	for _, e := range entries {
		if !e.Type().IsRegular() || !strings.HasPrefix(e.Name(), tempName) {
			continue
		}
		if info, err := e.Info(); err == nil && strings.HasPrefix(e.Name(), begunName) && time.Since(info.ModTime()) < resumeDays {
			continue
		}
		f, err := root.OpenFile(e.Name(), os.O_RDWR, 0)
		if err != nil {
			continue
		}
		if syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil {
			root.Remove(e.Name())
		}
		f.Close()
	}
}

// etag is a version of a file that cannot be mistaken: the content's digest where it is cheap, else what the file
// system knows. Size, time and inode alone would not do for a small file: two replacements within one tick of the
// file system's clock (4 ms on ext4) can give the same inode.
func etag(info fs.FileInfo, sum string) string {
	if sum != "" {
		return "sha256-" + sum
	}
	var inode uint64
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		inode = st.Ino
	}
	return fmt.Sprintf("stat-%d-%d-%d", info.Size(), info.ModTime().UnixNano(), inode)
}
