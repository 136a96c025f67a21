package sandbox

import (
	"fmt"
	"runtime"
	"sync"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// machines are the kernel's names of the processors that the filter below is written for (linux/audit.h).
var machines = map[string]uint32{"amd64": unix.AUDIT_ARCH_X86_64, "arm64": unix.AUDIT_ARCH_AARCH64}

// x32 marks the system calls of an interface of amd64 that counts them anew.
const x32 = 0x40000000

// canFilter says whether the kernel filters system calls by a program that it is given (seccomp, from 3.17 on), and this
// processor is known here.
var canFilter = sync.OnceValue(func() bool {
	action := uint32(unix.SECCOMP_RET_ERRNO)
	_, _, failed := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_GET_ACTION_AVAIL, 0, uintptr(unsafe.Pointer(&action)))
	return failed == 0 && machines[runtime.GOARCH] != 0
})

// withoutSockets forbids the calling thread, and what it starts, to make a socket of any kind. Landlock guards TCP alone, and from
// Linux 6.7 on. A network namespace would do the same, but needs root or what many containers forbid. io_uring could make sockets
// past the filter, so it is forbidden too, as are calls that the filter cannot read: those of other processors' interfaces, which go-seccomp-bpf lets through.
func withoutSockets() error {
	load := func(offset uint32) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: offset}
	}
	jump := func(test uint16, k uint32, yes, no uint8) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_JMP | test | unix.BPF_K, K: k, Jt: yes, Jf: no}
	}
	answer := func(k uint32) unix.SockFilter { return unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: k} }
	filter := []unix.SockFilter{
		load(4), // of struct seccomp_data: the machine
		jump(unix.BPF_JEQ, machines[runtime.GOARCH], 0, 5),
		load(0), // the call's number
		jump(unix.BPF_JGE, x32, 3, 0),
		jump(unix.BPF_JEQ, unix.SYS_SOCKET, 2, 0),
		jump(unix.BPF_JEQ, unix.SYS_IO_URING_SETUP, 1, 0),
		answer(unix.SECCOMP_RET_ALLOW),
		answer(unix.SECCOMP_RET_ERRNO | uint32(unix.EACCES)),
	}
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	set := func(flags uintptr) syscall.Errno {
		_, _, failed := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, flags, uintptr(unsafe.Pointer(&program)))
		return failed
	}
	// Kernels before 5.16 slow every filtered process down against guesses of the processor (SSBD), which an encoder has no need of.
	failed := set(unix.SECCOMP_FILTER_FLAG_SPEC_ALLOW)
	if failed == unix.EINVAL { // a kernel before 4.17 does not know the flag
		failed = set(0)
	}
	if failed != 0 {
		return fmt.Errorf("system calls cannot be filtered: %w", failed)
	}
	return nil
}
