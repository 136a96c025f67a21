package cli

import (
	"os"
	"slices"
	"strings"

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

// formatUsage is the help of --format.
func formatUsage() string {
	return "form of the findings: " + strings.Join(annotate.Formats(), ", ") + "; else github where GITHUB_ACTIONS=true, else text"
}

// findingsFormat is the form of --format. Without it, a step of a workflow gets the one that GitHub shows on lines, unless a file is written.
func findingsFormat(given, output string) (string, error) {
	if given == "" {
		given = "text"
		if os.Getenv("GITHUB_ACTIONS") == "true" && output == "" {
			given = "github"
		}
	}
	if !slices.Contains(annotate.Formats(), given) {
		return "", usagef("there is no format %q%s There are %s", given, ended(didYouMean(given, annotate.Formats())), strings.Join(annotate.Formats(), ", "))
	}
	return given, nil
}

// openDocument begins the document: on stdout, or in a file that comes into being when it is whole.
func (a *app) openDocument(format, output string, o annotate.Options) (*document, error) {
	fine := func() error { return nil }
	if output == "" {
		o.Color = ui.Detect(a.out, "auto", os.Getenv).Color
		return &document{annotate.New(format, a.out, o), fine, fine}, nil
	}
	f, err := createOutput(output, true)
	if err != nil {
		return nil, err
	}
	place := func() error { _, err := f.place(); return err }
	return &document{annotate.New(format, f, o), place, f.drop}, nil
}
