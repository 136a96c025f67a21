//go:build !darwin

package mirror

import (
	"io/fs"
	"syscall"
)

// stampOf is the version of a file of this system's. macOS has other names for the times.
func stampOf(info fs.FileInfo) stamp {
	st := info.Sys().(*syscall.Stat_t)
	return stamp{st.Mtim.Nano(), st.Ctim.Nano(), st.Ino}
}
