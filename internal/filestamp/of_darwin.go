package filestamp

import (
	"io/fs"
	"syscall"
)

// Of is the version of a file that was looked at. macOS has other names for the times.
func Of(info fs.FileInfo) Stamp {
	st := info.Sys().(*syscall.Stat_t)
	return Stamp{info.Size(), st.Mtimespec.Nano(), st.Ctimespec.Nano(), uint64(st.Dev), st.Ino}
}
