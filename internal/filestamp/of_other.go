//go:build !darwin

package filestamp

import (
	"io/fs"
	"syscall"
)

// Of is the version of a file that was looked at.
func Of(info fs.FileInfo) Stamp {
	st := info.Sys().(*syscall.Stat_t)
	return Stamp{info.Size(), st.Mtim.Nano(), st.Ctim.Nano(), uint64(st.Dev), st.Ino}
}
