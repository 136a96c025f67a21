package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/google/renameio/v2"
)

// writeResult writes a command's result to a file, whole or not at all, or to stdout where it has no name or is called -.
// The inputs are never written over: they would be gone.
func (a *app) writeResult(out string, data []byte, inputs ...string) error {
	if out == "" || out == "-" {
		_, err := a.out.Write(data)
		return err
	}
	for _, in := range inputs {
		if same, err := sameFile(in, out); err == nil && same {
			return usageError{fmt.Errorf("%s would be written over; give the output another name", shown(in))}
		}
	}
	info, err := os.Stat(out)
	switch {
	case err == nil && info.IsDir():
		return usageError{fmt.Errorf("%s is a folder; name a file", shown(out))}
	case err == nil && !info.Mode().IsRegular(): // /dev/stdout, say: it cannot be replaced
		return os.WriteFile(out, data, 0o644)
	}
	err = renameio.WriteFile(out, data, 0o644)
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		path.Path = filepath.Dir(out) // and not the file it was to be written to first
	}
	return err
}
