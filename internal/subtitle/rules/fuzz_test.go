package rules

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filmpress/internal/report"
	"filmpress/internal/subtitle"
)

// FuzzCheck judges anything by all rules, and insists that findings are whole, have a place in the file, and come out
// the same each time.
func FuzzCheck(f *testing.F) {
	for _, dir := range []string{"testdata/clean/*", "../../../testdata/subtitles/*"} {
		files, err := filepath.Glob(dir)
		if err != nil || len(files) == 0 {
			f.Fatal(dir, err)
		}
		for _, name := range files {
			data, err := os.ReadFile(name)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(data, "en", strings.HasSuffix(name, ".vtt"))
		}
	}
	for _, c := range judged {
		f.Add([]byte(c.in), c.lang, strings.HasPrefix(c.in, "WEBVTT"))
	}
	var all Settings
	for _, r := range Catalogue() {
		if err := all.SetLevel(r.ID, "warn"); err != nil {
			f.Fatal(err)
		}
	}
	all.Kind = subtitle.SDH
	f.Fuzz(func(t *testing.T, data []byte, lang string, vtt bool) {
		name := "f.srt"
		if vtt {
			name = "f.vtt"
		}
		track, read := subtitle.Read(name, data, subtitle.Options{Language: lang})
		for _, s := range []Settings{all, {}} {
			found := Check(&track, read, s)
			complete(t, found, len(data))
			if again := Check(&track, read, s); brief(again) != brief(found) {
				t.Errorf("once %s\nthen %s", brief(found), brief(again))
			}
		}
		if len(data) > 2000 {
			return
		}
		other, _ := subtitle.Read("g.srt", data, subtitle.Options{Language: "ru"})
		for i := range other.Cues {
			if i%3 == 0 {
				other.Cues[i].Start += 700e6
				other.Cues[i].Raw += " 1984"
			}
		}
		complete(t, CheckPair(&track, &other, all), len(data))
		complete(t, CheckPair(&other, &track, all), len(data))
	})
}

func complete(t *testing.T, found []report.Finding, size int) {
	t.Helper()
	for _, f := range found {
		if _, known := Lookup(f.Rule); !known || f.Text == "" || f.Pos.Line < 0 || f.Pos.Col < 0 || f.Pos.Offset > int64(size) || f.Pos.Line > 0 && f.Pos.Col > 1+len([]rune(f.Source)) {
			t.Errorf("a finding that is not whole: %+v", f)
		}
		f.Snippet()
	}
}
