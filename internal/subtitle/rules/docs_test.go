package rules

import (
	"flag"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestPage: the page of the documentation is what the table says.
func TestPage(t *testing.T) {
	const page = "../../../docs/subtitle-rules.md"
	if *update {
		if err := os.WriteFile(page, []byte(Markdown()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != Markdown() {
		t.Errorf("%s is not what the table says; run go test ./internal/subtitle/rules -update", page)
	}
}

func TestMarkdown(t *testing.T) {
	for id, wants := range map[string][]string{
		"cue-cps": {"### cue-cps\n\n**A cue can be read in its time.**\n", "- Threshold: cue-cps.max, 17 characters a second, for adults; ja 4; zh 9; ko 12; ar and en 20; hi 22\n",
			"\n- Source: Netflix", "\nBad:\n\n    1\n    00:00:01,000 --> 00:00:02,500\n", "\nGood:\n\n    1\n"},
		"chr-zero-width": {"This is our ho⟨U+200B⟩use."}, "enc-unknown": {"Caf⟨E9⟩"}, "cue-overlap": {"- Level: error; warn in WebVTT, which allows it\n"},
		"vtt-entity": {"**&amp; and &lt; are written &amp;amp; and &amp;lt; in text.**"},
	} {
		r, _ := Lookup(id)
		for _, want := range wants {
			if !strings.Contains(r.Markdown(), want) {
				t.Errorf("%q is not in\n%s", want, r.Markdown())
			}
		}
	}
}
