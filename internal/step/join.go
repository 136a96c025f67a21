package step

import (
	"cmp"
	"io"
	"os"
	"path/filepath"
)

// join writes init section and segments of a rendition one behind the other: a file that ffmpeg reads. step is the
// input that told of the rendition.
func (j job) join(path, step string, r Rendition, segments []Segment) error {
	files := []string{j.path(cmp.Or(r.Of, step), r.Init())}
	for _, s := range segments {
		files = append(files, j.path(cmp.Or(s.Of, step), s.URI))
	}
	return concatenate(path, files)
}

// joinOwn does the same with a rendition that this step made.
func (j job) joinOwn(path string, r Rendition) error {
	files := []string{filepath.Join(j.out, filepath.FromSlash(r.Init()))}
	for _, s := range r.Segments {
		files = append(files, filepath.Join(j.out, filepath.FromSlash(s.URI)))
	}
	return concatenate(path, files)
}

func concatenate(path string, files []string) (err error) {
	out, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() {
		if e := out.Close(); err == nil {
			err = e
		}
	}()
	for _, f := range files {
		if err := appendFile(out, f); err != nil {
			return err
		}
	}
	return nil
}

func appendFile(out io.Writer, path string) error {
	in, err := os.Open(path)
	if err != nil {
		return err
	}
	defer in.Close()
	_, err = io.Copy(out, in)
	return err
}

// rung finds a rendition by its name.
func (f VideoFacts) rung(name string) Rendition {
	for _, r := range f.Renditions {
		if r.Name == name {
			return r
		}
	}
	panic("the video step made no rung " + name)
}
