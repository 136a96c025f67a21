package release

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"io"

	"filmpress/internal/store"
)

// FromBytes is a File of bytes in memory.
func FromBytes(path string, b []byte) File {
	sum, weak := sha256.Sum256(b), md5.Sum(b)
	return File{Path: path, Size: int64(len(b)), SHA256: hex.EncodeToString(sum[:]), MD5: hex.EncodeToString(weak[:]), Open: store.Bytes(b).Open}
}

// digest fills in what follows from a file's bytes.
func (f *File) digest(r io.Reader) (err error) {
	sum, weak := sha256.New(), md5.New()
	f.Size, err = io.Copy(io.MultiWriter(sum, weak), r)
	f.SHA256, f.MD5 = hex.EncodeToString(sum.Sum(nil)), hex.EncodeToString(weak.Sum(nil))
	return err
}
