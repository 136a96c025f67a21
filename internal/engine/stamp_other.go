//go:build !darwin

package engine

import (
	"io/fs"
	"syscall"
)

func stampOf(info fs.FileInfo) Stamp {
	st := info.Sys().(*syscall.Stat_t)
	return Stamp{info.Size(), st.Mtim.Nano(), st.Ctim.Nano(), uint64(st.Dev), st.Ino}
}
