package machine

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"

	"filmpress/internal/plan"
)

// Disk is the file system that a folder lies on.
type Disk struct{ stat syscall.Statfs_t }

// DiskOf gives the disk of a folder that is there.
func DiskOf(folder string) (d Disk, err error) {
	err = syscall.Statfs(folder, &d.stat)
	return d, err
}

// Free is what this user may still write, in bytes.
func (d Disk) Free() int64 { return int64(d.stat.Bavail) * int64(d.stat.Bsize) }

// Same tells whether two folders lie on one disk.
func (d Disk) Same(other Disk) bool { return d.stat.Fsid == other.stat.Fsid }

// Existing is the nearest folder above path, or path itself, that is there.
func Existing(path string) string {
	path, err := filepath.Abs(path)
	for err == nil {
		if _, missing := os.Stat(path); !errors.Is(missing, fs.ErrNotExist) || path == filepath.Dir(path) {
			break
		}
		path = filepath.Dir(path)
	}
	return path
}

// capOf is the highest rate of the rung that has a rung's size and a cap, in bit/s.
func capOf(rungs []plan.Rung, r plan.Rung) int64 {
	i := slices.IndexFunc(rungs, func(o plan.Rung) bool { return o.Max > 0 && o.Width == r.Width && o.Height == r.Height })
	if i < 0 {
		return 0
	}
	return rungs[i].Max
}

// Needed is the most that the results to be made can take, in bytes; kept tells of digests whose results are there.
func Needed(p plan.Plan, kept func(digest string) bool) (bytes int64) {
	for _, s := range p.Steps {
		if kept(s.Digest) {
			continue
		}
		switch s.Kind {
		case plan.Chunk:
			var c plan.ChunkParams
			s.Decode(&c)
			seconds := float64(c.Frames) / c.Rate.Float()
			most := int64(0)
			for _, r := range c.Rungs {
				rate := r.Max
				if rate == 0 { // AV1 has no cap, but the plan would do without it if it took more than H.264 of its size
					rate = capOf(c.Rungs, r)
				}
				bytes += int64(float64(rate) / 8 * seconds)
				most = max(most, rate)
			}
			bytes += int64(float64(most) / 8 * seconds / 2) // the MP4, of a rung below
		case plan.Audio:
			var a plan.AudioParams
			s.Decode(&a)
			bytes += int64(float64(a.Bitrate) / 8 * a.Duration.Float())
		}
	}
	return bytes
}
