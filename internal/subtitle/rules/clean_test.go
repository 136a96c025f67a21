package rules

import (
	"os"
	"path/filepath"
	"testing"

	"filmpress/internal/report"
	"filmpress/internal/subtitle"
)

// TestCleanFiles: professional files have no finding in the default profile, not even a hint.
func TestCleanFiles(t *testing.T) {
	files, err := filepath.Glob("testdata/clean/*")
	if err != nil || len(files) < 20 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		name = filepath.Base(name)
		side, ok := subtitle.ParseSidecar("film", name)
		if !ok {
			t.Fatalf("%s is not named as it should be", name)
		}
		for _, c := range []struct{ lang, set string }{{side.Language, ""}, {"", ""}, {side.Language, "netflix dialog-hyphen=off"}, {side.Language, "none"}} {
			s := with(t, c.set)
			s.Kind = side.Kind
			track, read := subtitle.Read(name, data, subtitle.Options{Language: c.lang})
			for _, f := range Check(&track, read, s) {
				if c.set == "" && c.lang != "" || f.Severity > report.Info {
					t.Errorf("%v\n%s\nlanguage %q, settings %q", f, f.Snippet(), c.lang, c.set)
				}
			}
		}
	}
}
