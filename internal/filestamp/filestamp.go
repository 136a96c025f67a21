// Package filestamp tells versions of a file apart without reading it.
package filestamp

import (
	"os"
	"time"
)

// Stamp is a version of a file, as the file system tells it. Whoever gives a file other bytes changes its ctime, even if the mtime is set back.
type Stamp struct {
	Size         int64
	Mtime, Ctime int64 // nanoseconds
	Dev, Ino     uint64
}

// At looks at a file, through links.
func At(path string) (Stamp, error) {
	info, err := os.Stat(path)
	if err != nil {
		return Stamp{}, err
	}
	return Of(info), nil
}

// Settled says whether a change, with these times in nanoseconds, is old enough at a moment for them to tell the bytes. Within a tick of the file
// system's clock a file can change twice and show one ctime. Ticks are 10 ms at most, but for file systems that count whole seconds.
func Settled(mtime, ctime int64, now time.Time) bool {
	tick := 50 * time.Millisecond
	if mtime%1e9 == 0 && ctime%1e9 == 0 {
		tick = 2100 * time.Millisecond
	}
	return now.Sub(time.Unix(0, max(ctime, mtime))) > tick
}
