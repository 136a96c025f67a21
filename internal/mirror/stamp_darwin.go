package mirror

import (
	"io/fs"
	"syscall"
)

// stampOf is the version of a file of this system's.
func stampOf(info fs.FileInfo) stamp {
	st := info.Sys().(*syscall.Stat_t)
	return stamp{st.Mtimespec.Nano(), st.Ctimespec.Nano(), st.Ino}
}
