package rules

import (
	"os"
	"path/filepath"
	"strings"
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

// TestLanguages names clean files after other languages, and expects the check to notice.
func TestLanguages(t *testing.T) {
	for _, c := range []struct{ file, named, found string }{
		{"ru", "ky", "Russian (ru)"}, {"ky", "ru", "Kyrgyz (ky)"}, {"kk", "ky", "Kazakh (kk)"}, {"ky", "kk", "Kyrgyz (ky)"}, {"uk", "ru", "Ukrainian (uk)"}, {"ru", "uk", "Russian (ru)"},
		{"ru", "bg", "Russian (ru)"}, {"en", "fr", "English (en)"}, {"fr", "en", "French (fr)"}, {"de", "nl", "German (de)"}, {"hu", "de", "Hungarian (hu)"}, {"es", "pt", "Spanish (es)"},
		{"pl", "cs", "Polish (pl)"}, {"fi", "sv", "Finnish (fi)"}, {"tr", "hu", "Turkish (tr)"}, {"en", "ru", "English (en)"}, {"ja", "zh", "Japanese (ja)"}, {"zh", "ja", ""}, {"ar", "he", "Arabic (ar)"},
		{"fa", "ar", ""}, {"ka", "ru", "Georgian letters"}, {"en", "tg", "English (en)"}, {"en", "pcm", ""}, {"ru", "sr", "Russian (ru)"},
	} {
		data, err := os.ReadFile("testdata/clean/film." + c.file + ".srt")
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, f := range check(string(data), c.named, Settings{}) {
			if f.Rule == "lang-mismatch" {
				_, got, _ = strings.Cut(f.Text, "seems to be in ")
			}
		}
		if got != c.found {
			t.Errorf("%s named %s: found %q, want %q", c.file, c.named, got, c.found)
		}
	}
}
