package rules

import (
	"fmt"
	"strings"
	"testing"

	"filmpress/internal/report"
	"filmpress/internal/subtitle"
)

// check reads and judges a file. It is called film.vtt where it begins so, else film.srt.
func check(in, lang string, s Settings) []report.Finding {
	name := "film.srt"
	if strings.HasPrefix(strings.ToUpper(in), "WEBVTT") {
		name = "film.vtt"
	}
	track, read := subtitle.Read(name, []byte(in), subtitle.Options{Language: lang})
	return Check(&track, read, s)
}

// brief is "rule line:col, rule line:col".
func brief(found []report.Finding) string {
	var out []string
	for _, f := range found {
		out = append(out, fmt.Sprintf("%s %d:%d", f.Rule, f.Pos.Line, f.Pos.Col))
	}
	return strings.Join(out, ", ")
}

// with makes settings of words: "sdh", "child", "forced", "25fps", a profile, rule=level, rule.param=value.
func with(t testing.TB, words string) Settings {
	t.Helper()
	var s Settings
	for w := range strings.FieldsSeq(words) {
		key, value, pair := strings.Cut(w, "=")
		var err error
		switch {
		case pair && strings.Contains(key, "."):
			err = s.SetValue(key, value)
		case pair:
			err = s.SetLevel(key, value)
		case w == "sdh":
			s.Kind = subtitle.SDH
		case w == "forced":
			s.Kind = subtitle.Forced
		case w == "child":
			s.Children = true
		case w == "as-read":
			s.AsRead = true
		case strings.HasSuffix(w, "fps"):
			_, err = fmt.Sscanf(w, "%ffps", &s.FrameRate)
		default:
			s, err = Profile(w)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// judged are the cases of Check: a file, what is set, its language, and what is found.
var judged = []struct{ in, set, lang, want string }{}

func TestCheck(t *testing.T) {
	for _, c := range judged {
		if got := brief(check(c.in, c.lang, with(t, c.set))); got != c.want {
			t.Errorf("%q %s %s:\n got %s\nwant %s", c.in, c.set, c.lang, got, c.want)
		}
	}
}
