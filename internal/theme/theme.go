// Package theme is the look that a team gives its pages: a style sheet, a logo and a footer. It reads them from the bytes of a folder, and lets
// nothing through that runs, or that asks another host for anything: pages must not tell strangers who watches. docs/theme.md is the contract.
package theme

import (
	"bytes"
	"embed"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/png"
	"strings"
	"unicode/utf8"

	"filmpress/internal/report"
	"filmpress/internal/watch"
)

// Theme is what goes into the pages. The zero value is filmpress's own look.
type Theme = watch.Theme

// The files of a theme's folder; all of them may be missing, but not all at once.
const (
	CSSName    = "theme.css"
	SVGName    = "logo.svg"
	PNGName    = "logo.png"
	FooterName = "footer.md"
)

// Names are the files that a theme is made of.
var Names = []string{CSSName, SVGName, PNGName, FooterName}

const (
	// MaxBytes bounds theme.json, and each file of a folder.
	MaxBytes = 512 << 10
	// maxPart bounds what a theme adds to every page: a page without its player stays below 100 kB for thin networks.
	maxPart = 24 << 10
)

// Starter is a theme to begin with, for `filmpress theme init`.
//
//go:embed starter
var Starter embed.FS

// Read makes a theme of a folder's files, by their names. Complaints are findings with their places; with an error among them there is no theme.
func Read(dir string, files map[string][]byte) (Theme, []report.Finding) {
	var t Theme
	var found []report.Finding
	at := func(name string) string { return dir + "/" + name }
	whole := func(name, text, hint string) {
		found = append(found, report.Finding{Pos: report.Pos{File: at(name)}, Severity: report.Error, Rule: "theme-file", Text: text, Hint: hint})
	}
	for _, name := range Names {
		data, ok := files[name]
		switch {
		case !ok:
			continue
		case name != PNGName && (!utf8.Valid(data) || bytes.IndexByte(data, 0) >= 0):
			whole(name, "this is not text in UTF-8", "save it as UTF-8")
			continue
		case len(data) > maxPart:
			whole(name, fmt.Sprintf("it has more than %d kB, and goes into every page, also on thin networks", maxPart>>10), "make it smaller")
			continue
		}
		switch name {
		case CSSName:
			t.CSS = string(data)
			found = append(found, checkCSS(at(name), t.CSS)...)
		case SVGName:
			svg, bad := cleanSVG(at(name), data)
			t.Logo = dataURI("image/svg+xml", []byte(svg))
			found = append(found, bad...)
		case PNGName:
			if t.Logo != "" {
				whole(name, "there is a logo.svg as well", "leave one of them")
				continue
			}
			picture, err := readPNG(data)
			if err != nil {
				whole(name, "the logo cannot be read as PNG, or has more than 4000 pixels on a side", "export it again")
				continue
			}
			var clean bytes.Buffer // the pixels alone, without what the file tells of its making
			if err := png.Encode(&clean, picture); err != nil {
				whole(name, err.Error(), "export it again")
				continue
			}
			t.Logo = dataURI("image/png", clean.Bytes())
		case FooterName:
			a, bad := watch.ParseArticle(at(name), data)
			if a.HTML != "" {
				t.Footer = string(data)
			}
			found = append(found, bad...)
		}
	}
	if t == (Theme{}) && len(found) == 0 {
		whole("", "there is none of "+strings.Join(Names, ", ")+" in the theme's folder", "filmpress theme init "+dir+" writes a theme to begin with")
	}
	report.Sort(found)
	if worst, any := report.Worst(found); any && worst == report.Error {
		return Theme{}, found
	}
	return t, found
}

// maxSide bounds a logo, in pixels.
const maxSide = 4000

// readPNG looks at the size first: decoding takes memory for all pixels that a file says it has, and a hundred bytes can say that they are a terabyte.
func readPNG(data []byte) (image.Image, error) {
	size, err := png.DecodeConfig(bytes.NewReader(data))
	if err == nil && (size.Width > maxSide || size.Height > maxSide) {
		err = errors.New("it is too large")
	}
	if err != nil {
		return nil, err
	}
	return png.Decode(bytes.NewReader(data))
}

func dataURI(kind string, data []byte) string {
	return "data:" + kind + ";base64," + base64.StdEncoding.EncodeToString(data)
}

// Bytes is the theme as it is kept beside the library: theme.json.
func Bytes(t Theme) []byte {
	b, err := json.Marshal(t)
	if err != nil {
		panic(err) // strings
	}
	return append(b, '\n')
}

// Parse reads theme.json. It lies where others may write, so what it holds passes the same checks as a folder's files; the footer is
// Markdown there too.
func Parse(b []byte) (Theme, error) {
	var t Theme
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&t); err != nil {
		return Theme{}, err
	}
	if len(checkCSS(CSSName, t.CSS)) > 0 {
		return Theme{}, errors.New("its style sheet is not safe")
	}
	kind, _, _ := strings.Cut(t.Logo, ",")
	if t.Logo != "" && (kind != "data:image/svg+xml;base64" && kind != "data:image/png;base64" || strings.ContainsAny(t.Logo, "\"'<> ")) {
		return Theme{}, errors.New("its logo is not safe")
	}
	return t, nil
}
