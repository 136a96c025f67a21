package ffmpeg

import "syscall"

// attributes puts a process into a group of its own, so that Ctrl-C in the terminal reaches us alone and the
// whole group can be ended; and lets the kernel end it when we are killed.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
