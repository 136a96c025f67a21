package clitest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Changes tells on stdout what changed from one listing to a later one: "+ path", "- path", "~ path" where bytes
// or time differ: changes OLD NEW
func Changes(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: changes OLD NEW")
	}
	read := func(name string) map[string]string {
		files := map[string]string{}
		for line := range strings.Lines(ts.ReadFile(name)) {
			parts := strings.SplitN(strings.TrimSuffix(line, "\n"), " ", 3)
			files[parts[2]] = parts[0] + parts[1]
		}
		return files
	}
	before, after := read(args[0]), read(args[1])
	names := maps.Clone(before)
	maps.Copy(names, after)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		was, had := before[name]
		is, has := after[name]
		switch {
		case !had:
			fmt.Fprintf(ts.Stdout(), "+ %s\n", name)
		case !has:
			fmt.Fprintf(ts.Stdout(), "- %s\n", name)
		case was != is:
			fmt.Fprintf(ts.Stdout(), "~ %s\n", name)
		}
	}
}

// promised is the shape of --json that scripts rely on, written down a second time: a field that is renamed in the
// program alone breaks here.
type promised struct {
	Release    *string  `json:"release"`
	Slug       *string  `json:"slug"`
	Page       *string  `json:"page"`
	Master     *string  `json:"master"`
	Dash       *string  `json:"dash"`
	Library    *string  `json:"library"`
	Target     *string  `json:"target"`
	Duration   *float64 `json:"duration"`
	Renditions *[]struct {
		Width            int     `json:"width"`
		Height           int     `json:"height"`
		Codecs           string  `json:"codecs"`
		Bandwidth        int64   `json:"bandwidth"`
		AverageBandwidth int64   `json:"average_bandwidth"`
		FrameRate        float64 `json:"frame_rate"`
		Playlist         string  `json:"playlist"`
	} `json:"renditions"`
	Subtitles *[]struct {
		Language string `json:"language"`
		Name     string `json:"name"`
		Kind     string `json:"kind"`
		File     string `json:"file"`
	} `json:"subtitles"`
	Steps *struct {
		Done *int `json:"done"`
		Kept *int `json:"kept"`
	} `json:"steps"`
	Findings *[]json.RawMessage `json:"findings"`
}

// Contract checks stdout, the result of publish --json: it is one object of the promised shape, and every path in
// it can be opened as it stands.
func Contract(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: contract")
	}
	out := ts.ReadFile("stdout")
	var p promised
	d := json.NewDecoder(strings.NewReader(out))
	d.DisallowUnknownFields()
	ts.Check(d.Decode(&p))
	if p.Release == nil || p.Slug == nil || p.Page == nil || p.Master == nil || p.Dash == nil || p.Library == nil || p.Target == nil || p.Duration == nil || p.Renditions == nil ||
		p.Subtitles == nil || p.Steps == nil || p.Steps.Done == nil || p.Steps.Kept == nil || p.Findings == nil {
		ts.Fatalf("a field of the contract is missing or null:\n%s", out)
	}
	paths := []string{*p.Page, *p.Master, *p.Dash, *p.Library}
	for _, r := range *p.Renditions {
		paths = append(paths, r.Playlist)
	}
	for _, s := range *p.Subtitles {
		paths = append(paths, s.File)
	}
	for _, path := range paths {
		if info, err := os.Stat(path); !filepath.IsAbs(path) || err != nil || !info.Mode().IsRegular() || info.Size() == 0 {
			ts.Fatalf("%q cannot be opened as it stands (%v)", path, err)
		}
	}
	schema(ts, out)
}

// schema checks a result against the schema that users are given.
func schema(ts *testscript.TestScript, result string) {
	s, err := jsonschema.NewCompiler().Compile(filepath.Join(docs, "result.schema.json"))
	ts.Check(err)
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader([]byte(result)))
	ts.Check(err)
	ts.Check(s.Validate(value))
}

// Matches checks stdout against a part of a schema that users are given: matches FILE NAME is docs/FILE#/$defs/NAME.
func Matches(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: matches SCHEMA NAME")
	}
	ts.Check(Fits(ts.ReadFile("stdout"), args[0], args[1]))
}

// Fits holds what was printed against docs/FILE#/$defs/NAME.
func Fits(printed, file, name string) error {
	s, err := jsonschema.NewCompiler().Compile(filepath.Join(docs, file) + "#/$defs/" + name)
	if err != nil {
		return err
	}
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(printed))
	if err != nil {
		return err
	}
	return s.Validate(value)
}
