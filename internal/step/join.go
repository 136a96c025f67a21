package step

import (
	"io"
	"os"
	"path/filepath"
)

// join writes init section and segments of a rendition one behind the other: a file that ffmpeg reads.
func join(path, dir string, r Rendition, segments []Segment) (err error) {
	out, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() {
		if e := out.Close(); err == nil {
			err = e
		}
	}()
	if err := appendFile(out, filepath.Join(dir, filepath.FromSlash(r.Init()))); err != nil {
		return err
	}
	for _, s := range segments {
		if err := appendFile(out, filepath.Join(dir, filepath.FromSlash(s.URI))); err != nil {
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
