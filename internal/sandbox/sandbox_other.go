//go:build !linux

package sandbox

import (
	"errors"
	"runtime"
)

// On says that there is no sandbox here.
func On() (network bool, why string) { return false, "there is one on Linux only" }

// OnThread calls f on a thread that nothing else runs on meanwhile.
func OnThread(f func()) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	f()
}

// Confine is never asked for.
func Confine(Policy, string) error { return errors.New("there is no sandbox on this system") }

// Limit limits nothing.
func Limit(int) error { return nil }
