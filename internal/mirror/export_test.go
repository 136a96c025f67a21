package mirror

import "io/fs"

// OnDisk has a disk asked for files by lstat.
func (o Options) OnDisk(lstat func(path string) (fs.FileInfo, error)) Options {
	o.lstat = lstat
	return o
}
