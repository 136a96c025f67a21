package main

import (
	"errors"
	"os"
	"sync"
	"syscall"

	"github.com/rogpeppe/go-internal/testscript"
)

// watch asks the kernel to remember whether a file is opened: watch FILE. See opened.
func watch(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: watch FILE")
	}
	fd, err := syscall.InotifyInit1(syscall.IN_NONBLOCK | syscall.IN_CLOEXEC)
	ts.Check(err)
	ts.Defer(func() { syscall.Close(fd) })
	_, err = syscall.InotifyAddWatch(fd, ts.MkAbs(args[0]), syscall.IN_OPEN)
	ts.Check(err)
	watched.Store(ts.MkAbs(args[0]), fd)
}

var watched sync.Map // path -> inotify descriptor

// opened wants a watched file to have been opened since it was last asked: [!] opened FILE
func opened(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: [!] opened FILE")
	}
	fd, ok := watched.Load(ts.MkAbs(args[0]))
	if !ok {
		ts.Fatalf("%s is not watched", args[0])
	}
	events := make([]byte, 4096)
	n, err := syscall.Read(fd.(int), events)
	if err != nil && !errors.Is(err, syscall.EAGAIN) {
		ts.Fatalf("%v", err)
	}
	if was := n > 0; was == neg {
		ts.Fatalf("opened: %t", was)
	}
}

// mayMount tries to mount a disk.
var mayMount = sync.OnceValue(func() bool {
	dir, err := os.MkdirTemp("", "filmpress-disk-")
	if err != nil {
		return false
	}
	defer os.Remove(dir)
	if err := mountMemory(dir, "64k"); err != nil {
		return false
	}
	return syscall.Unmount(dir, 0) == nil
})

func mountMemory(dir, size string) error {
	return syscall.Mount("tmpfs", dir, "tmpfs", 0, "size="+size)
}

// smalldisk mounts an empty disk of a size, such as 100k, over a folder; given a second time, the disk gets that
// size: smalldisk FOLDER SIZE
func smallDisk(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: smalldisk FOLDER SIZE")
	}
	dir := ts.MkAbs(args[0])
	if _, err := os.Stat(dir); err == nil {
		ts.Check(syscall.Mount("tmpfs", dir, "tmpfs", syscall.MS_REMOUNT, "size="+args[1]))
		return
	}
	ts.Check(os.Mkdir(dir, 0o755))
	ts.Check(mountMemory(dir, args[1]))
	ts.Defer(func() { syscall.Unmount(dir, syscall.MNT_DETACH) })
}
