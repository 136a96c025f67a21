package cli

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

const oddFiles = "../../testdata/subtitles"

// run runs a command line as a user does.
func run(t *testing.T, line ...string) (code int, out, err string) {
	t.Helper()
	var o, e bytes.Buffer
	code = Main(t.Context(), line, strings.NewReader(""), &o, &e)
	return code, o.String(), e.String()
}

// Every odd file there is gives one object of the shape that users are promised, whatever the exit code.
func TestCuesSchema(t *testing.T) {
	schema, err := jsonschema.NewCompiler().Compile(filepath.Join("..", "..", "docs", "cues.schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	files, err := os.ReadDir(oddFiles)
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 80 {
		t.Fatalf("there are %d files only", len(files))
	}
	for _, f := range files {
		code, out, _ := run(t, "subs", "cues", "--json", filepath.Join(oddFiles, f.Name()))
		value, err := jsonschema.UnmarshalJSON(strings.NewReader(out))
		if err != nil {
			t.Errorf("%s: %v in %q", f.Name(), err, out)
			continue
		}
		if err := schema.Validate(value); err != nil {
			t.Errorf("%s: %v", f.Name(), err)
		}
		if ok := value.(map[string]any)["ok"]; ok != (code == exitFine) {
			t.Errorf("%s: ok %v, exit code %d", f.Name(), ok, code)
		}
	}
}

// TestCues states a file, and what of its object is not as usual.
func TestCues(t *testing.T) {
	const usual = `"vertical":"","line":"auto","lineAlign":"start","snapToLines":true,"position":"auto","positionAlign":"auto","size":100,"align":"center","region":null`
	one := func(cue string) string { return `{"ok":true,"error":"","cues":[{` + cue + `}]}` }
	for _, c := range []struct {
		name, in string
		code     int
		want     string
	}{
		{"a.vtt", "WEBVTT\n\nid\n00:00.001 --> 100:00:00.100\n<b>a</b>&amp;\n<00:01.000>b\n", 0,
			one(`"id":"id","start":0.001,"end":360000.1,"text":"<b>a</b>&amp;\n<00:01.000>b","plain":"a&\nb","tree":"#document-fragment\n| <b>\n|   \"a\"\n| \"&\n\"\n| <?timestamp 00:00:01.000>\n| \"b\"",` + usual)},
		{"a.srt", "7\n00:00:01,100 --> 00:00:02,200\n{\\an8}<i>a</i>\nb\n", 0,
			one(`"id":"7","start":1.1,"end":2.2,"text":"{\\an8}<i>a</i>\nb","plain":"a\nb","tree":"#document-fragment\n| <i>\n|   \"a\"\n| \"\nb\"",` + strings.Replace(usual, `"auto"`, "0", 1))},
		{"a.vtt", "WEBVTT\n\nREGION\nid:r width:40% scroll:up\n\n00:00.000 --> 00:01.000 region:r align:end\na\n", 0,
			one(`"id":"","start":0,"end":1,"text":"a","plain":"a","tree":"#document-fragment\n| \"a\"",` +
				strings.NewReplacer(`"center"`, `"end"`, "null", `{"id":"r","width":40,"lines":3,"regionAnchorX":0,"regionAnchorY":100,"viewportAnchorX":0,"viewportAnchorY":100,"scroll":"up"}`).Replace(usual))},
		{"a.vtt", "WEBVTT\n\n00:00.000 --> 00:01.000\n\n", 0, one(`"id":"","start":0,"end":1,"text":"","plain":"","tree":"#document-fragment",` + usual)},
		{"a.vtt", "WEBVTT\n", 0, `{"ok":true,"error":"","cues":[]}`},
		{"a.vtt", "1\n00:00:01,000 --> 00:00:02,000\na\n", 3, `{"ok":false,"error":"a WebVTT file begins with the line WEBVTT; players refuse this one","cues":[]}`},
		{"a.vtt", "", 3, `{"ok":false,"error":"a WebVTT file begins with the line WEBVTT; players refuse this one","cues":[]}`},
		{"a.srt", "", 1, `{"ok":false,"error":"the file is empty","cues":[]}`},
		{"a.srt", "1\n", 0, `{"ok":true,"error":"","cues":[]}`},
	} {
		path := filepath.Join(t.TempDir(), c.name)
		if err := os.WriteFile(path, []byte(c.in), 0o644); err != nil {
			t.Fatal(err)
		}
		code, out, stderr := run(t, "subs", "cues", "--json", path)
		var got bytes.Buffer
		if err := json.Compact(&got, []byte(out)); err != nil {
			t.Errorf("%q: %v", c.in, err)
		}
		if code != c.code || got.String() != c.want {
			t.Errorf("%q: exit code %d, want %d\n got %s\nwant %s\n%s", c.in, code, c.code, got.String(), c.want, stderr)
		}
	}
}
