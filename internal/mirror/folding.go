package mirror

import (
	"crypto/rand"
	"path/filepath"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// folding finds names that a disk does not tell apart: many do not look at the case of letters (macOS, Windows, USB sticks), and some not at how
// an accent is written. On other disks it does nothing.
type folding struct{ taken map[string]string }

// newFolding asks the disk: a file is made under one name and looked for under the other.
func newFolding(dst end) *folding {
	if dst.folder == nil || dst.root == nil {
		return &folding{} // a folder that is not there yet is empty; its disk is asked when something was written, by the next run
	}
	name := reserved + "put-a" + rand.Text()
	f, err := dst.root.Create(name)
	if err != nil {
		return &folding{} // nothing can be written; that is told later
	}
	f.Close()
	defer dst.root.Remove(name)
	if _, err := dst.root.Lstat(strings.ToUpper(name)); err != nil {
		return &folding{}
	}
	return &folding{taken: map[string]string{}}
}

// fold is what two names have in common that such a disk takes for one.
func fold(name string) string { return strings.ToLower(norm.NFC.String(filepath.ToSlash(name))) }

// take gives the name that is taken already in the place of this one.
func (f *folding) take(name string) (other string, taken bool) {
	if f == nil || f.taken == nil {
		return "", false
	}
	key := fold(name)
	if other, taken = f.taken[key]; !taken {
		f.taken[key] = name
	}
	return other, taken
}

// has tells whether a file of that name is one of the source's, under another name.
func (f *folding) has(name string) bool {
	if f == nil || f.taken == nil {
		return false
	}
	_, ok := f.taken[fold(name)]
	return ok
}
