package sandbox

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"syscall"

	"github.com/landlock-lsm/go-landlock/landlock"
	lsys "github.com/landlock-lsm/go-landlock/landlock/syscall"
	"golang.org/x/sys/unix"
)

// Limits of every sandboxed program. A picture of 60,000 x 60,000 declares 14 GB a frame; a 2160p ladder maps 8.
const (
	maxMemory = 24 << 30 // bytes of address space
	maxFiles  = 256      // open at once
)

// On says what the kernel can do: files are guarded from 5.13 on, TCP from 6.7 on. why is "" where it can guard files.
func On() (network bool, why string) {
	if !ready {
		return false, "this executable cannot start itself again"
	}
	return kernel()
}

var kernel = sync.OnceValues(func() (network bool, why string) {
	abi, err := lsys.LandlockGetABIVersion()
	if err != nil || abi < 1 {
		return false, "this kernel has no Landlock, or it is switched off"
	}
	return abi >= 4, ""
})

// system are the folders that programs and their libraries lie in. Nothing of the user's is in them.
var system = []string{"/usr", "/lib", "/lib64", "/lib32", "/bin", "/sbin", "/etc/ld.so.cache", "/etc/ld.so.preload", "/etc/alternatives", "/etc/fonts",
	"/nix/store", "/gnu/store", "/opt", "/proc", "/sys/devices/system", "/dev/null", "/dev/zero", "/dev/urandom", "/dev/random"}

// become restricts this process and becomes the program: argv is what stands behind word. It comes back only with an exit
// code, for what could not be done.
func become(argv []string, stderr io.Writer) int {
	p, program, err := parse(argv)
	if err == nil {
		err = enter(p, program[0])
	}
	if err == nil {
		err = syscall.Exec(program[0], program, os.Environ())
	}
	fmt.Fprintln(stderr, "[error] the sandbox could not be set up:", err)
	return 126
}

func enter(p Policy, program string) error {
	for _, l := range []struct {
		what int
		max  uint64
	}{{unix.RLIMIT_AS, maxMemory}, {unix.RLIMIT_NOFILE, maxFiles}, {unix.RLIMIT_CORE, 0}} {
		var now unix.Rlimit
		if err := unix.Getrlimit(l.what, &now); err != nil {
			return err
		}
		if now.Max > l.max {
			now.Max = l.max
		}
		now.Cur = min(now.Cur, now.Max)
		if err := unix.Setrlimit(l.what, &now); err != nil {
			return err
		}
	}
	var rules []landlock.Rule
	for _, s := range append(system, homeOf(program)...) {
		info, err := os.Stat(s)
		switch {
		case err != nil:
		case info.IsDir():
			rules = append(rules, landlock.RODirs(s))
		case info.Mode()&os.ModeDevice != 0:
			rules = append(rules, landlock.RWFiles(s))
		default:
			rules = append(rules, landlock.ROFiles(s))
		}
	}
	rules = append(rules, landlock.ROFiles(p.Read...), landlock.RWDirs(p.Write...))
	all := landlock.V9.BestEffort()
	if err := all.RestrictPaths(rules...); err != nil {
		return err
	}
	if err := all.RestrictNet(); err != nil {
		return err
	}
	return all.RestrictScoped()
}

// homeOf are the folders of a program that lies elsewhere than the system's: its own, and that of what it links to.
func homeOf(program string) []string {
	dirs := []string{filepath.Dir(program)}
	if real, err := filepath.EvalSymlinks(program); err == nil {
		dirs = append(dirs, filepath.Dir(real), filepath.Join(filepath.Dir(filepath.Dir(real)), "lib"))
	}
	return dirs
}
