package rules

import (
	"strings"
	"testing"
)

// exampleNeeds is what an example needs to be told besides its text.
var exampleNeeds = map[string]struct{ set, lang string }{
	"cue-wpm": {"cue-wpm=warn", ""}, "lang-mismatch": {"", "en"}, "sdh-no-sounds": {"sdh", "en"}, "hls-lang": {"", "eng"},
}

// notHere are rules whose examples cannot be judged by Check from a few lines.
var notHere = map[string]string{
	"file-too-large": "needs 10 MiB", "line-too-long": "needs a long line", "file-findings": "needs many findings", "file-format": "goes by the file's name",
	"hls-forced": "needs many cues",
}

func TestExamples(t *testing.T) {
	for _, r := range Catalogue() {
		if r.Title == "" || r.Why == "" || r.Source == "" || r.Mend == "" || r.Bad == "" || r.Good == "" || r.Lesser != Off && r.When == "" {
			t.Errorf("%s is not whole: %+v", r.ID, r)
		}
		if r.Group == withFilm || r.Group == betweenTwo || r.Group == otherFormat || r.Group == conversion || notHere[r.ID] != "" {
			continue
		}
		need := exampleNeeds[r.ID]
		lang := need.lang
		bad := brief(check(example(r.Bad), lang, with(t, need.set)))
		if !strings.Contains(bad, r.ID+" ") {
			t.Errorf("the bad example of %s finds %q", r.ID, bad)
		}
		for rule := range strings.SplitSeq(bad, ", ") {
			if !strings.HasPrefix(rule, r.ID+" ") {
				t.Logf("the bad example of %s also finds %s", r.ID, rule)
			}
		}
		if r.ID == "lang-mismatch" {
			lang = "ru"
		}
		if r.ID == "hls-lang" {
			lang = "en"
		}
		if good := brief(check(example(r.Good), lang, with(t, need.set))); good != "" {
			t.Errorf("the good example of %s finds %q", r.ID, good)
		}
	}
}

// example is an example without the remark in parentheses above it.
func example(s string) string {
	if strings.HasPrefix(s, "(called") {
		_, s, _ = strings.Cut(s, "\n")
	}
	return s
}
