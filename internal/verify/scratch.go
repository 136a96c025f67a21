package verify

import (
	"os"
	"path/filepath"
	"syscall"
	"time"
)

const (
	scratchName = "filmpress-verify-"
	scratchLock = ".lock" // held by its verify as long as that lives
	// unlocked is how old a folder without a lock must be to be a leftover: one that was made this moment has none yet.
	unlocked = 24 * time.Hour
)

// Scratch makes a folder for what is decoded, and removes those that verifies left which were killed: a rendition of a film has gigabytes.
func Scratch() (dir string, remove func(), err error) {
	sweepScratch(os.TempDir())
	if dir, err = os.MkdirTemp("", scratchName); err != nil {
		return "", nil, err
	}
	lock, err := os.OpenFile(filepath.Join(dir, scratchLock), os.O_RDWR|os.O_CREATE, 0o600)
	if err == nil {
		// On file systems without locks the folder looks like a leftover after a day.
		_ = syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	}
	return dir, func() {
		os.RemoveAll(dir)
		if lock != nil {
			lock.Close()
		}
	}, err
}

// sweepScratch removes leftovers of this user. Errors do not matter; the next one tries again.
func sweepScratch(temp string) {
	list, err := filepath.Glob(filepath.Join(temp, scratchName+"*"))
	if err != nil {
		return
	}
	for _, dir := range list {
		if left(dir) {
			os.RemoveAll(dir)
		}
	}
}

// left tells whether a folder is one of ours whose verify does not live.
func left(dir string) bool {
	info, err := os.Lstat(dir)
	if err != nil || !info.IsDir() {
		return false
	}
	if st, ok := info.Sys().(*syscall.Stat_t); !ok || int(st.Uid) != os.Getuid() {
		return false
	}
	lock, err := os.OpenFile(filepath.Join(dir, scratchLock), os.O_RDWR|syscall.O_NOFOLLOW, 0)
	if err != nil {
		return os.IsNotExist(err) && time.Since(info.ModTime()) > unlocked
	}
	defer lock.Close()
	return syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil && time.Since(info.ModTime()) > time.Minute
}
