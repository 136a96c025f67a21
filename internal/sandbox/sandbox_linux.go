package sandbox

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"

	landlock "github.com/landlock-lsm/go-landlock/landlock/syscall"
	"golang.org/x/sys/unix"
)

// Limits of every program that was confined. A picture of 60,000 x 60,000 declares 14 GB a frame; a 2160p ladder maps 8.
const (
	maxMemory = 24 << 30 // bytes of address space
	maxFiles  = 256      // open at once
)

// abi is the kernel's version of Landlock, 0 where there is none (Documentation/userspace-api/landlock.rst).
var abi = sync.OnceValue(func() int {
	version, err := landlock.LandlockGetABIVersion()
	if err != nil {
		return 0
	}
	return version
})

// On says what the kernel can do: files are guarded from 5.13 on. network tells whether it forbids all sockets, too. why is ""
// where it can guard files.
func On() (network bool, why string) {
	if abi() < 1 {
		return false, "this kernel has no Landlock, or it is switched off"
	}
	return canFilter(), ""
}

// Rights on files and in folders.
const (
	readFile  = landlock.AccessFSExecute | landlock.AccessFSReadFile
	readDir   = readFile | landlock.AccessFSReadDir
	device    = landlock.AccessFSReadFile | landlock.AccessFSWriteFile
	writeDir  = readDir | landlock.AccessFSWriteFile | landlock.AccessFSTruncate | landlock.AccessFSMakeReg | landlock.AccessFSMakeDir | landlock.AccessFSRemoveFile | landlock.AccessFSRemoveDir
	allScopes = landlock.ScopeAbstractUnixSocket | landlock.ScopeSignal
)

// guarded is all that a kernel of this version can forbid; what no rule then allows is forbidden.
func guarded(abi int) (a landlock.RulesetAttr) {
	bits := func(since map[int]int) (all uint64) {
		for version, n := range since {
			if abi >= version {
				all = max(all, 1<<n-1)
			}
		}
		return all
	}
	a.HandledAccessFS = bits(map[int]int{1: 13, 2: 14, 3: 15, 5: 16, 9: 17})
	a.HandledAccessNet = bits(map[int]int{4: 2, 10: 4})
	if abi >= 6 {
		a.Scoped = allScopes
	}
	return a
}

// system are the folders that programs and their libraries lie in. Nothing of the user's is in them. glibc asks the kernel there whether it has large pages.
var system = []string{"/usr", "/lib", "/lib64", "/lib32", "/bin", "/sbin", "/etc/ld.so.cache", "/etc/ld.so.preload", "/etc/alternatives", "/etc/fonts",
	"/nix/store", "/gnu/store", "/opt", "/proc", "/sys/devices/system", "/sys/kernel/mm/transparent_hugepage", "/dev/null", "/dev/zero", "/dev/urandom", "/dev/random"}

// OnThread calls f on a thread that nothing else runs on and that ends with f, and waits for that. It is never the process's first
// thread: that one does not end, and stands for the whole process where signals are guarded.
func OnThread(f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()
		if unix.Gettid() == unix.Getpid() {
			OnThread(f) // while this goroutine holds the first thread, the next gets another
			runtime.UnlockOSThread()
			return
		}
		f() // the goroutine ends without unlocking, and so does the thread
	}()
	<-done
}

// Confine restricts the calling thread, which is one of OnThread, and the program, which it may start then, for good.
func Confine(p Policy, program string) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("the sandbox could not be set up: %w", err)
		}
	}()
	handled := guarded(abi())
	rules, err := landlock.LandlockCreateRuleset(&handled, 0)
	if err != nil {
		return err
	}
	defer unix.Close(rules)
	allow := func(path string, rights uint64) error {
		fd, err := unix.Open(path, unix.O_PATH|unix.O_CLOEXEC, 0)
		if err != nil {
			return &os.PathError{Op: "open", Path: path, Err: err}
		}
		defer unix.Close(fd)
		return landlock.LandlockAddPathBeneathRule(rules, &landlock.PathBeneathAttr{ParentFd: fd, AllowedAccess: rights & handled.HandledAccessFS}, 0)
	}
	for _, s := range append(homeOf(program), system...) {
		info, err := os.Stat(s)
		if err != nil {
			continue // not every system has all of them
		}
		rights := uint64(readFile)
		if info.IsDir() {
			rights = readDir
		} else if info.Mode()&os.ModeDevice != 0 {
			rights = device
		}
		if err := allow(s, rights); err != nil {
			return err
		}
	}
	for _, file := range p.Read {
		err = errors.Join(err, allow(file, readFile))
	}
	for _, dir := range p.Write {
		err = errors.Join(err, allow(dir, writeDir))
	}
	if err != nil {
		return err
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil { // Landlock asks for it
		return err
	}
	if err := landlock.LandlockRestrictSelf(rules, 0); err != nil || !canFilter() {
		return err
	}
	return withoutSockets()
}

// Limit holds a program that runs to this package's limits. It may have ended already.
func Limit(pid int) error {
	for _, l := range []struct {
		what int
		max  uint64
	}{{unix.RLIMIT_AS, maxMemory}, {unix.RLIMIT_NOFILE, maxFiles}, {unix.RLIMIT_CORE, 0}} {
		var now unix.Rlimit
		err := unix.Prlimit(pid, l.what, nil, &now)
		if err == nil {
			now.Max = min(now.Max, l.max)
			now.Cur = min(now.Cur, now.Max)
			err = unix.Prlimit(pid, l.what, &now, nil)
		}
		if err != nil && !errors.Is(err, unix.ESRCH) {
			return fmt.Errorf("its limits could not be set: %w", err)
		}
	}
	return nil
}

// homeOf are the folders of a program that lies elsewhere than the system's: its own, and that of what it links to.
func homeOf(program string) []string {
	dirs := []string{filepath.Dir(program)}
	if real, err := filepath.EvalSymlinks(program); err == nil {
		dirs = append(dirs, filepath.Dir(real), filepath.Join(filepath.Dir(filepath.Dir(real)), "lib"))
	}
	return dirs
}
