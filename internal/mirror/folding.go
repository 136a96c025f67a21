package mirror

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"filmpress/internal/report"
)

// folding finds names that a disk does not tell apart: many do not look at the case of letters (macOS, Windows, USB sticks), and some not at how
// an accent is written. On other disks it does nothing.
type folding struct {
	taken map[string]string // names of the source
	there map[string]string // names of the destination that take part in nothing
}

// newFolding asks the disk of a folder, or where it is not there yet that of its nearest parent, in which it will be made.
func (o Options) newFolding(folder string) *folding {
	if o.lstat == nil {
		o.lstat = os.Lstat
	}
	there := absolute(folder)
	for {
		if info, err := os.Stat(there); err == nil && info.IsDir() || there == filepath.Dir(there) {
			break
		}
		there = filepath.Dir(there)
	}
	folds, known := o.foldsExisting(there)
	switch {
	case known:
	case o.DryRun:
		folds, _ = o.foldsName(there) // the best guess that writes nothing; a disk may be mounted there
	default:
		folds = o.foldsNew(there)
	}
	if !folds {
		return &folding{}
	}
	return &folding{taken: map[string]string{}, there: map[string]string{}}
}

// spelled tells of new names whose file is there already in other letters. Written, it would keep its letters, and be written again in every run.
func (r *run) spelled() {
	if r.fold == nil || len(r.fold.there) == 0 {
		return
	}
	for rank, items := range r.items {
		r.items[rank] = slices.DeleteFunc(items, func(it *item) bool {
			other, there := r.fold.there[fold(it.src.name)]
			if it.dst == nil && there {
				r.find(report.Finding{Pos: report.Pos{File: r.src.at(it.src.name)}, Severity: report.Error, Rule: "sync-name",
					Text: fmt.Sprintf("that disk has this name as %q, in other letters", other), Hint: "rename that file to the source's name, and sync again"})
			}
			return it.dst == nil && there
		})
	}
}

// foldsExisting looks for what is in a folder under a name in other letters, which writes nothing. It is not known where nothing there has letters.
func (o Options) foldsExisting(folder string) (folds, known bool) {
	d, err := os.Open(folder)
	if err != nil {
		return false, false
	}
	defer d.Close()
	names, _ := d.Readdirnames(100) // one is enough
	for _, name := range names {
		if folds, known = o.foldsName(filepath.Join(folder, name)); known {
			return folds, true
		}
	}
	return false, false
}

// foldsNew makes a file and looks for it under a name in other letters.
func (o Options) foldsNew(folder string) bool {
	f, err := os.CreateTemp(folder, reserved+"put-a")
	if err != nil {
		return false // nothing can be written; that is told later
	}
	f.Close()
	defer os.Remove(f.Name())
	folds, _ := o.foldsName(f.Name())
	return folds
}

func (o Options) foldsName(path string) (folds, known bool) {
	other := otherCase(filepath.Base(path))
	if other == filepath.Base(path) {
		return false, false
	}
	it, err := o.lstat(path)
	if err != nil {
		return false, false // gone meanwhile
	}
	same, err := o.lstat(filepath.Join(filepath.Dir(path), other))
	return err == nil && os.SameFile(it, same), true
}

// otherCase turns small letters of ASCII into capitals, and the other way round: those are what every such disk folds.
func otherCase(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r > unicode.MaxASCII:
			return r
		case unicode.IsUpper(r):
			return unicode.ToLower(r)
		}
		return unicode.ToUpper(r)
	}, name)
}

// fold is what two names have in common that such a disk takes for one: Unicode's own folding, by which "ς" and "Σ" are one, which they are not in
// small letters.
func fold(name string) string {
	return norm.NFC.String(cases.Fold().String(norm.NFD.String(filepath.ToSlash(name))))
}

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

// leave notes a name that the destination has, and that no object of the source is compared with.
func (f *folding) leave(name string) {
	if f != nil && f.there != nil {
		f.there[fold(name)] = name
	}
}

// has tells whether a file of that name is one of the source's, under another name.
func (f *folding) has(name string) bool {
	if f == nil || f.taken == nil {
		return false
	}
	_, ok := f.taken[fold(name)]
	return ok
}

// lstat is how a disk is asked for a file.
type lstat func(path string) (fs.FileInfo, error)
