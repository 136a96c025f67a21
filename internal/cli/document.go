package cli

import (
	"os"

	"github.com/google/renameio/v2"

	"filmpress/internal/annotate"
	"filmpress/internal/ui"
)

// document is where the findings go.
type document struct {
	annotate.Writer
	place, drop func() error
}

// finish ends the document and puts it in its place.
func (d *document) finish() error {
	if err := d.Close(); err != nil {
		return err
	}
	return d.place()
}

// openDocument begins the document: on stdout, or in a file that comes into being when it is whole.
func (a *app) openDocument(format, output string, o annotate.Options) (*document, error) {
	fine := func() error { return nil }
	if output == "" {
		o.Color = ui.Detect(a.out, "auto", os.Getenv).Color
		return &document{annotate.New(format, a.out, o), fine, fine}, nil
	}
	if info, err := os.Stat(output); err == nil && !info.Mode().IsRegular() { // a pipe, a terminal: /dev/stdout
		f, err := os.OpenFile(output, os.O_WRONLY, 0)
		if err != nil {
			return nil, err
		}
		return &document{annotate.New(format, f, o), f.Close, f.Close}, nil
	}
	f, err := renameio.NewPendingFile(output, renameio.WithPermissions(0o644))
	if err != nil {
		return nil, err
	}
	return &document{annotate.New(format, f, o), f.CloseAtomicallyReplace, f.Cleanup}, nil
}
