package annotate

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"filmpress/internal/report"
)

var update = flag.Bool("update", false, "write the golden files anew")

var options = Options{Tool: Tool{"filmpress subs check", "1.2.3"}, Rules: []Rule{
	{ID: "cue-cps", Title: "Text is shown long enough to be read", Why: "Viewers miss what they cannot read.", Mend: "show it longer", Level: report.Warn, HelpURI: "https://example.org/rules#cue-cps"},
	{ID: "srt-timestamp", Title: "Times are well formed", Level: report.Error},
	{ID: "cue-wpm", Level: report.Warn, Off: true},
}}

// plain are two files with findings and one without.
func plain() []File {
	at := func(file string, line, col int) report.Pos { return report.Pos{File: file, Line: line, Col: col} }
	return []File{
		{Name: "a.srt", Bar: report.Error},
		{Name: "film.en.srt", Bar: report.Error, Known: 2, Findings: []report.Finding{
			{Pos: at("film.en.srt", 2, 1), Severity: report.Warn, Rule: "cue-cps", Text: "25.0 characters a second, over 20", Hint: "show it longer", Source: "00:00:01,000 --> 00:00:02,000", Width: 29},
			{Pos: at("film.en.srt", 6, 1), Severity: report.Warn, Rule: "cue-cps", Text: "30.0 characters a second, over 20", Hint: "show it longer", Source: "00:00:03,000 --> 00:00:04,000", Width: 29},
			{Pos: at("film.en.srt", 9, 17), Severity: report.Error, Rule: "srt-timestamp", Text: "a time is expected here", Hint: "write it as 00:01:02,345", Source: "00:00:02,000 -->"},
			{Pos: at("film.en.srt", 12, 1), Severity: report.Info, Rule: "line-balance", Text: "the lines are of unequal length"},
		}},
		{Name: ".settings.yml", Bar: report.Error, Aside: true, Findings: []report.Finding{{Pos: at(".settings.yml", 1, 3), Severity: report.Error, Rule: "settings-file", Text: "unknown key"}}},
		{Name: "dir/пример 1.srt", Bar: report.Warn, Findings: []report.Finding{
			{Pos: at("dir/пример 1.srt", 0, 0), Severity: report.Error, Rule: "file-no-cues", Text: "the file is empty", Hint: "export it again"},
		}},
	}
}

const hostileText = "\x1b[31mred\x07\x00 ]]> <b>&amp;\"' 100% a:b,c\r\n::error::own\u202Egnp.\u2028\xff\xfe \U000E0041"

// hostile is what a file of an enemy could bring into each field.
func hostile() []File {
	name := "a:b,c%0A\n]]>\u202E\xff.srt"
	return []File{{Name: name, Bar: report.Error, Findings: []report.Finding{{Pos: report.Pos{File: name, Line: 3, Col: 2},
		Severity: report.Error, Rule: "x\"'<>\n", Text: hostileText, Hint: hostileText, Source: hostileText, Width: 4}}}}
}

func written(t *testing.T, format string, files []File) string {
	t.Helper()
	var b bytes.Buffer
	w := New(format, &b, options)
	for _, f := range files {
		if err := w.File(f); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestGolden(t *testing.T) {
	for _, format := range Formats() {
		t.Run(format, func(t *testing.T) {
			got := written(t, format, plain())
			file := filepath.Join("testdata", "plain."+format)
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// TestHostile: no form lets through what steers a terminal, and each stays well formed.
func TestHostile(t *testing.T) {
	for _, format := range Formats() {
		t.Run(format, func(t *testing.T) {
			got := written(t, format, hostile())
			if !utf8.ValidString(got) {
				t.Error("it is not UTF-8")
			}
			if i := strings.IndexFunc(got, func(r rune) bool { return r != '\n' && unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) }); i >= 0 {
				t.Errorf("%q came through:\n%s", got[i], got)
			}
			wellFormed(t, format, got)
		})
	}
}

// TestNothing: a document on no files, and on clean ones, is whole.
func TestNothing(t *testing.T) {
	for _, format := range Formats() {
		wellFormed(t, format, written(t, format, nil))
		wellFormed(t, format, written(t, format, []File{{Name: "a.srt"}, {Name: "b.srt"}}))
	}
}

func wellFormed(t *testing.T, format, doc string) {
	t.Helper()
	switch format {
	case "json":
		fitsSchema(t, doc)
	case "gitlab":
		var issues []gitlabIssue
		strictJSON(t, doc, &issues)
	case "sarif":
		fitsSARIF(t, doc)
	case "junit", "checkstyle":
		d := xml.NewDecoder(strings.NewReader(doc))
		d.Strict = true
		for {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				return
			} else if err != nil {
				t.Fatalf("%v in\n%s", err, doc)
			}
		}
	case "github":
		for line := range strings.Lines(doc) {
			if !command.MatchString(line) {
				t.Errorf("%q is no workflow command", line)
			}
		}
	}
}

// command is what GitHub's runner takes: one line, properties without : and ,.
var command = regexp.MustCompile(`^::(error|warning|notice) file=[^:,]*(,line=\d+)?(,col=\d+,endColumn=\d+)?,title=[^:,]*::[^\r\n]*\n$`)

func strictJSON(t *testing.T, doc string, into any) {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(doc))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		t.Fatalf("%v in\n%s", err, doc)
	}
}

// fitsSARIF holds a log against the official schema, which the library carries, and against the library's types, which
// know every key of the specification and no other.
func fitsSARIF(t *testing.T, doc string) {
	t.Helper()
	strictJSON(t, doc, new(sarif.Report))
	fits(t, officialSchema(t), doc)
}

// officialSchema is the schema of OASIS out of the source of the library, which does not export it.
var officialSchema = func() func(t *testing.T) *jsonschema.Schema {
	made := sync.OnceValues(func() (*jsonschema.Schema, error) {
		dir, err := exec.Command("go", "list", "-f", "{{.Dir}}", "github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif").Output()
		if err != nil {
			return nil, err
		}
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(strings.TrimSpace(string(dir)), "schema.go"), nil, 0)
		if err != nil {
			return nil, err
		}
		text := file.Scope.Objects["schema"].Decl.(*ast.ValueSpec).Values[0].(*ast.BasicLit).Value
		doc, err := jsonschema.UnmarshalJSON(strings.NewReader(strings.Trim(text, "`")))
		if err != nil {
			return nil, err
		}
		c := jsonschema.NewCompiler()
		if err := c.AddResource(sarifSchema, doc); err != nil {
			return nil, err
		}
		return c.Compile(sarifSchema)
	})
	return func(t *testing.T) *jsonschema.Schema {
		t.Helper()
		s, err := made()
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
}()

func fitsSchema(t *testing.T, doc string) {
	t.Helper()
	s, err := jsonschema.NewCompiler().Compile("../../docs/findings.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	fits(t, s, doc)
}

func fits(t *testing.T, s *jsonschema.Schema, doc string) {
	t.Helper()
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(doc))
	if err != nil {
		t.Fatalf("%v in\n%s", err, doc)
	}
	if err := s.Validate(value); err != nil {
		t.Errorf("%v in\n%s", err, doc)
	}
}

// TestSchemaJudges: the schema from the library is the real one, and says no to what SARIF does not allow.
func TestSchemaJudges(t *testing.T) {
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(`{"version": "2.1.0", "runs": [{"results": []}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if officialSchema(t).Validate(value) == nil {
		t.Error("a run without a tool passes")
	}
}

// TestJSONKeepsText: what JSON escapes, its reader has back.
func TestJSONKeepsText(t *testing.T) {
	var doc struct{ Findings []struct{ Text string } }
	if err := json.Unmarshal([]byte(written(t, "json", hostile())), &doc); err != nil {
		t.Fatal(err)
	}
	if want := strings.ToValidUTF8(hostileText, "\uFFFD\uFFFD"); doc.Findings[0].Text != want {
		t.Errorf("got %q, want %q", doc.Findings[0].Text, want)
	}
}

// TestGitHubTakenBack: the runner's unescaping gives the words back.
func TestGitHubTakenBack(t *testing.T) {
	got := written(t, "github", plain()[1:2])
	first, _, _ := strings.Cut(got, "\n")
	back := strings.NewReplacer("%0A", "\n", "%0D", "\r", "%25", "%").Replace(first)
	want := "::warning file=film.en.srt,line=2,col=1,endColumn=30,title=cue-cps::25.0 characters a second, over 20\nmend: show it longer\n(cue-cps at film.en.srt:2:1)"
	if back != want {
		t.Errorf("got  %q\nwant %q", back, want)
	}
}

func TestJUnitParsesBack(t *testing.T) {
	var doc struct {
		Suites []struct {
			Name     string `xml:"name,attr"`
			Tests    int    `xml:"tests,attr"`
			Failures int    `xml:"failures,attr"`
			Cases    []struct {
				Name    string  `xml:"name,attr"`
				Failure *string `xml:"failure"`
				Out     string  `xml:"system-out"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	if err := xml.Unmarshal([]byte(written(t, "junit", plain())), &doc); err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	for _, s := range doc.Suites {
		fmt.Fprintf(&got, "%s %d/%d", s.Name, s.Failures, s.Tests)
		for _, c := range s.Cases {
			fmt.Fprintf(&got, " %s:%v", c.Name, c.Failure != nil)
		}
		fmt.Fprintln(&got)
	}
	want := "a.srt 0/1 all rules:false\nfilm.en.srt 1/3 cue-cps:false srt-timestamp:true line-balance:false\n.settings.yml 1/1 settings-file:true\ndir/пример 1.srt 1/1 file-no-cues:true\n"
	if got.String() != want {
		t.Errorf("got\n%s\nwant\n%s", got.String(), want)
	}
	if out := doc.Suites[1].Cases[0].Out; !strings.Contains(out, "film.en.srt:6:1: warn") || !strings.Contains(out, "^^^") {
		t.Errorf("the findings below the bar are not told: %q", out)
	}
}

func TestCheckstyleParsesBack(t *testing.T) {
	var doc struct {
		Files []struct {
			Name   string `xml:"name,attr"`
			Errors []struct {
				Line     int    `xml:"line,attr"`
				Severity string `xml:"severity,attr"`
				Message  string `xml:"message,attr"`
				Source   string `xml:"source,attr"`
			} `xml:"error"`
		} `xml:"file"`
	}
	if err := xml.Unmarshal([]byte(written(t, "checkstyle", plain())), &doc); err != nil {
		t.Fatal(err)
	}
	if len(doc.Files) != 4 || len(doc.Files[1].Errors) != 4 {
		t.Fatalf("%+v", doc)
	}
	got := fmt.Sprintf("%+v", doc.Files[1].Errors[2])
	if want := "{Line:9 Severity:error Message:a time is expected here. Mend: write it as 00:01:02,345 Source:filmpress.subs.check.srt-timestamp}"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestFingerprints: they are stable where lines move, and tell equal lines apart.
func TestFingerprints(t *testing.T) {
	f := report.Finding{Pos: report.Pos{File: "a.srt", Line: 3}, Rule: "cue-cps", Source: "Hello.", Text: "21 over 20"}
	moved := f
	moved.Pos.Line, moved.Text, moved.Source = 90, "22 over 20", "  Hello. "
	other := f
	other.Source = "Hello!"
	p, q := fingerprints{}, fingerprints{}
	first := p.of(f)
	if q.of(moved) != first {
		t.Error("a line that moved has another fingerprint")
	}
	if p.of(f) == first || p.of(other) == first {
		t.Error("two findings have one fingerprint")
	}
}

func TestURI(t *testing.T) {
	for _, c := range []struct{ name, want string }{
		{"a/b.srt", "a/b.srt"},
		{"a b/[1].srt", "a%20b/%5B1%5D.srt"},
		{"c:x.srt", "c%3Ax.srt"},
		{"100%.srt", "100%25.srt"},
		{"при\xff.srt", "%D0%BF%D1%80%D0%B8%FF.srt"},
		{"/srv/x.srt", "file:///srv/x.srt"},
		{"https://example.org/f/a b.m3u8", "https://example.org/f/a%20b.m3u8"},
		{"s3://films/f/a.m3u8", "s3://films/f/a.m3u8"},
		{"http:x.srt", "http%3Ax.srt"},
	} {
		if got := uri(c.name); got != c.want {
			t.Errorf("%q: got %q, want %q", c.name, got, c.want)
		}
	}
}

// TestClosedPipe: a writer that fails is told of.
func TestClosedPipe(t *testing.T) {
	for _, format := range Formats() {
		w := New(format, broken{}, options)
		err := w.File(plain()[1])
		if err == nil {
			err = w.Close()
		}
		if !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("%s: %v", format, err)
		}
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func FuzzWrite(f *testing.F) {
	f.Add("a.srt", "rule", hostileText, "mend", "line", 1, 1, 1)
	f.Fuzz(func(t *testing.T, name, rule, text, hint, source string, line, col, width int) {
		files := []File{{Name: name, Findings: []report.Finding{{Pos: report.Pos{File: name, Line: max(line, 0), Col: max(col, 0)}, Rule: rule, Text: text, Hint: hint, Source: source, Width: min(width, 1000)}}}}
		for _, format := range Formats() {
			got := written(t, format, files)
			if format == "sarif" || format == "json" { // their schemas take milliseconds each
				var v any
				strictJSON(t, got, &v)
				continue
			}
			wellFormed(t, format, got)
		}
	})
}
