package campaign

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"filmpress/internal/release"
)

// Right compares every object of a film with what was to be published, in the folder in which the server keeps its objects. The set
// must be the current release.
func Right(folder string, set release.Set) error {
	film := filepath.Join(folder, set.Slug)
	raw, err := os.ReadFile(filepath.Join(film, release.PointerName))
	if err != nil {
		return err
	}
	pointer, err := release.ParsePointer(raw)
	if err != nil {
		return err
	}
	entrances, err := set.Entrances(pointer.Release)
	if err != nil {
		return err
	}
	return errors.Join(Whole(folder, set, pointer.Release), compare(film, entrances))
}

// Whole compares what a release consists of, whether it is the current one or not.
func Whole(folder string, set release.Set, id string) error {
	film := filepath.Join(folder, set.Slug)
	files := append(append([]release.File{}, set.Media...), set.Tracks...)
	for _, f := range set.Pages {
		f.Path = "r/" + id + "/" + f.Path
		files = append(files, f)
	}
	if _, err := os.Stat(filepath.Join(film, "r", id, release.ManifestName)); err != nil {
		return err
	}
	return compare(film, files)
}

func compare(film string, files []release.File) error {
	var wrong []error
	for _, f := range files {
		b, err := os.ReadFile(filepath.Join(film, filepath.FromSlash(f.Path)))
		if err != nil {
			wrong = append(wrong, err)
			continue
		}
		if zipped, err := gzip.NewReader(bytes.NewReader(b)); err == nil {
			if b, err = io.ReadAll(zipped); err != nil {
				wrong = append(wrong, fmt.Errorf("%s: %w", f.Path, err))
			}
		}
		if release.FromBytes("", b).SHA256 != f.SHA256 {
			wrong = append(wrong, fmt.Errorf("%s/%s holds other bytes", film, f.Path))
		}
	}
	return errors.Join(wrong...)
}
