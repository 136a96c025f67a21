package releasetest

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"

	"filmpress/internal/release"
)

// FromDisk is a File of a file on disk, which is read once for its digests.
func FromDisk(path, disk string) (release.File, error) {
	r, err := os.Open(disk)
	if err != nil {
		return release.File{}, err
	}
	defer r.Close()
	sum, weak := sha256.New(), md5.New()
	size, err := io.Copy(io.MultiWriter(sum, weak), r)
	return release.File{Path: path, Size: size, SHA256: hex.EncodeToString(sum.Sum(nil)), MD5: hex.EncodeToString(weak.Sum(nil)),
		Open: func() (io.ReadSeekCloser, error) { return os.Open(disk) }}, err
}
