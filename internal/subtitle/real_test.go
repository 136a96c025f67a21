package subtitle

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"filmpress/internal/report"
)

// clip reads one of the real files that lie outside the project.
func clip(t testing.TB, name string) []byte {
	t.Helper()
	dir := cmp.Or(os.Getenv("FILMPRESS_TEST_CLIPS"), filepath.Join("..", "..", "..", "shared", "media"))
	data, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
	if err != nil {
		t.Skipf("the real files are not here (set FILMPRESS_TEST_CLIPS): %v", err)
	}
	return data
}

func TestRealFiles(t *testing.T) {
	for _, c := range []struct {
		file  string
		cues  int
		clean bool // no finding at all, and written back byte for byte
	}{
		{"readbeyond+aeneas/sonnet001.srt", 15, true},
		{"readbeyond+aeneas/sonnet001.vtt", 15, true},
		{"sannies+mp4parser/Tears_Of_Steel_rus.vtt", 76, true},
		{"gpac+testsuite/overlapping.vtt", 6, true},
		{"gpac+testsuite/invalid1.vtt", 1, false},
		{"mediaelement+mediaelement-files/mediaelement.srt", 15, false},
		{"Zulko+moviepy/subtitles-unicode.srt", 1, false},
	} {
		t.Run(filepath.Base(c.file), func(t *testing.T) {
			data := clip(t, c.file)
			track, found := Read(c.file, data, Options{})
			for _, f := range found {
				t.Log(f)
			}
			if len(track.Cues) != c.cues {
				t.Errorf("%d cues, want %d", len(track.Cues), c.cues)
			}
			if worst, _ := report.Worst(found); worst == report.Error {
				t.Error("a usable file has an error")
			}
			if !c.clean {
				if len(found) == 0 {
					t.Error("an odd file has no finding")
				}
				return
			}
			if len(found) > 0 {
				t.Error("a clean file has findings")
			}
			again := track.WebVTT()
			if track.Format == SRT {
				again = track.SRT()
			}
			if string(again) != string(data) {
				t.Errorf("written back it differs:\n%s", again)
			}
		})
	}
}

// tally counts findings: "warn srt-index, warn srt-timestamp x5", sorted.
func tally(fs []report.Finding) string {
	count := map[string]int{}
	for _, f := range fs {
		count[f.Severity.String()+" "+f.Rule]++
	}
	var out []string
	for _, k := range slices.Sorted(maps.Keys(count)) {
		if count[k] > 1 {
			k += fmt.Sprintf(" x%d", count[k])
		}
		out = append(out, k)
	}
	return strings.Join(out, ", ")
}
