//go:build unix && !linux

package ffmpeg

import "syscall"

// attributes puts a process into a group of its own, so that Ctrl-C in the terminal reaches us alone and the
// whole group can be ended.
func attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
