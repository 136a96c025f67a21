// Package annotate writes findings in the forms that people and CI services read: text, JSON, GitHub's and GitLab's, SARIF,
// JUnit, checkstyle. It knows nothing of what was checked: findings, the tool's name and the rules come in as data.
//
// What stands in a finding may come from a hostile file. Every form escapes as its own specification wants, and control
// characters, line ends and bidirectional controls never reach a reader as themselves.
package annotate

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"filmpress/internal/report"
	"filmpress/internal/ui"
)

// Tool is who found it.
type Tool struct {
	Name    string // "filmpress subs check"
	Version string
}

// Rule describes a rule to whoever meets a finding of it.
type Rule struct {
	ID      string
	Title   string // one sentence, no full stop
	Why     string
	Mend    string
	Level   report.Severity // where nobody says otherwise
	Off     bool            // only where somebody asks for it
	HelpURI string          // absolute, or ""
}

// Options are the same for all forms.
type Options struct {
	Tool  Tool
	Rules []Rule
	Color bool // for a terminal; text alone has colours
}

// File is one checked file with what was found in it, sorted.
type File struct {
	Name     string
	Findings []report.Finding
	Bar      report.Severity // findings of this severity or a higher one fail
	Known    int             // findings that a baseline keeps silent
	Aside    bool            // none of the files to check: a settings file, a path that is not there
}

// Fails says whether a finding of the file is at or above the bar.
func (f File) Fails() bool {
	return slices.ContainsFunc(f.Findings, func(x report.Finding) bool { return x.Severity >= f.Bar })
}

// Writer takes one checked file after the other, so that findings on ten thousand files need not be held at once. Close
// ends the document; without it, it is not whole. The same files in the same order give the same bytes.
type Writer interface {
	File(f File) error
	Close() error
}

// forms are the known forms by name.
var forms = map[string]func(io.Writer, Options) Writer{
	"text": newText, "json": newJSON, "github": newGitHub, "gitlab": newGitLab, "sarif": newSARIF, "junit": newJUnit, "checkstyle": newCheckstyle,
}

// Formats are the names that New knows, text first.
func Formats() []string {
	return []string{"text", "json", "github", "gitlab", "sarif", "junit", "checkstyle"}
}

// New begins a document. format is one of Formats.
func New(format string, w io.Writer, o Options) Writer { return forms[format](w, o) }

// LineHash tells a finding apart by its rule and what its line says, wherever in the file that line stands. A finding on
// the whole file has its rule alone.
func LineHash(f report.Finding) string {
	sum := sha256.Sum256([]byte(f.Rule + "\x00" + strings.TrimSpace(f.Source)))
	return hex.EncodeToString(sum[:8])
}

// fingerprints tells equal findings of one file apart by counting them.
type fingerprints map[string]int

// of is the finding's fingerprint in a file: stable when lines move.
func (p fingerprints) of(f report.Finding) string {
	key := f.Pos.File + "\x00" + LineHash(f)
	p[key]++
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%d", key, p[key]))
	return hex.EncodeToString(sum[:16])
}

// sentence is the finding's text and mend in one line.
func sentence(f report.Finding) string {
	if f.Hint == "" {
		return ui.Clean(f.Text)
	}
	return ui.Clean(f.Text + ". Mend: " + f.Hint)
}

// columns are the first column under the caret and the first one after it, from 1; 0 where there is no place in the line.
func columns(f report.Finding) (from, to int) {
	if f.Pos.Line == 0 || f.Pos.Col == 0 {
		return 0, 0
	}
	return f.Pos.Col, f.Pos.Col + max(f.Width, 1)
}

// encode is a value as one line of JSON, without a line end.
func encode(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false) // a < in a subtitle stays readable
	if err := e.Encode(v); err != nil {
		panic(err) // our own plain structs
	}
	return escaped(bytes.TrimRight(b.Bytes(), "\n"))
}

// escaped writes what steers a terminal or turns the order of letters as \u escapes. In JSON such characters stand in
// strings alone, so the value stays the same.
func escaped(raw []byte) []byte {
	if !bytes.ContainsFunc(raw, steers) {
		return raw
	}
	var out []byte
	for _, r := range string(raw) {
		switch {
		case !steers(r):
			out = utf8.AppendRune(out, r)
		case r > 0xffff:
			a, b := utf16.EncodeRune(r)
			out = fmt.Appendf(out, `\u%04x\u%04x`, a, b)
		default:
			out = fmt.Appendf(out, `\u%04x`, r)
		}
	}
	return out
}

func steers(r rune) bool {
	return r >= 0x7f && unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp)
}

// list writes the items of a JSON array, one a line.
type list struct {
	w   io.Writer
	any bool
}

func (l *list) add(item []byte) error {
	sep := "\n"
	if l.any {
		sep = ",\n"
	}
	l.any = true
	_, err := fmt.Fprintf(l.w, "%s%s", sep, item)
	return err
}
