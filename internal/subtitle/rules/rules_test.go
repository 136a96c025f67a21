package rules

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"filmpress/internal/report"
	"filmpress/internal/subtitle"
)

func TestSettings(t *testing.T) {
	for _, c := range []struct{ key, word, err string }{
		{"cue-cps", "off", ""},
		{"cue-cpss", "off", `no rule is called "cue-cpss"; the nearest is cue-cps`},
		{"CUE-OVERLAP", "off", `no rule is called "CUE-OVERLAP"; the nearest is cue-overlap`},
		{"cue-cps", "warning", `a rule is set to error, warn, info or off, not to "warning"; the nearest is warn`},
		{"cue-cps.max", "20", ""},
		{"dialog-hyphen.space", "-1", ""},
		{"cue-cps.mex", "20", `no threshold is called "cue-cps.mex"; the nearest is cue-cps.max`},
		{"cue-cps.max", "fast", `cue-cps.max is set to a number of 0 or more, not to "fast"`},
		{"cue-cps.max", "-1", `cue-cps.max is set to a number of 0 or more, not to "-1"`},
		{"cue-cps.max", "NaN", `cue-cps.max is set to a number of 0 or more, not to "NaN"`},
	} {
		var s Settings
		set := s.SetLevel
		if strings.Contains(c.key, ".") {
			set = s.SetValue
		}
		got := ""
		if err := set(c.key, c.word); err != nil {
			got = err.Error()
		}
		if got != c.err {
			t.Errorf("%s %s: %q, want %q", c.key, c.word, got, c.err)
		}
	}
	if _, err := Profile("netflicks"); err == nil || err.Error() != `no profile is called "netflicks"; the nearest is netflix` {
		t.Error(err)
	}
}

func TestValues(t *testing.T) {
	for _, c := range []struct {
		set, rule, param, lang string
		want                   float64
	}{
		{"", "cue-cps", "max", "", 17}, {"", "cue-cps", "max", "ru", 17}, {"", "cue-cps", "max", "en-GB", 20}, {"", "cue-cps", "max", "eng", 20}, {"", "cue-cps", "max", "zh-Hant", 9},
		{"", "cue-cps", "max-sdh", "en", 20}, {"", "cue-cps", "max-child", "hi", 18}, {"", "line-length", "max", "th", 35}, {"", "line-length", "max", "ru", 42},
		{"netflix", "line-length", "max", "ru", 39}, {"netflix", "line-length", "max", "en", 42}, {"netflix line-length.max=45", "line-length", "max", "ru", 45},
		{"bbc", "line-length", "max", "en", 37}, {"dcmp", "line-length", "max", "en", 32}, {"cue-cps.max=20", "cue-cps", "max", "ja", 20}, {"", "cue-cps", "min", "en", 0},
	} {
		if got := with(t, c.set).Value(c.rule, c.param, c.lang); got != c.want {
			t.Errorf("%s: %s.%s of %q is %v, want %v", c.set, c.rule, c.param, c.lang, got, c.want)
		}
	}
}

// TestProfilesAreTheirOwn: what is set on one copy of a profile does not reach the next.
func TestProfilesAreTheirOwn(t *testing.T) {
	for _, name := range ProfileNames() {
		s, err := Profile(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.SetLevel("cue-cps", "error"); err != nil {
			t.Fatal(err)
		}
		if again, _ := Profile(name); again.Level("cue-cps") == Error {
			t.Errorf("%s keeps what was set", name)
		}
		for key := range s.levels {
			if _, known := Lookup(key); !known {
				t.Errorf("%s sets %s, which is no rule", name, key)
			}
		}
		for key := range s.values {
			if key, _, _ = strings.Cut(key, "@"); !slices.Contains(keys(), key) {
				t.Errorf("%s sets %s, which is no threshold", name, key)
			}
		}
	}
}

// TestLevels: a rule's milder cases, and what replaces both levels.
func TestLevels(t *testing.T) {
	overlap := []string{"00:00:01.000 --> 00:00:04.000\nA", "00:00:03.000 --> 00:00:06.000\nB"}
	for _, c := range []struct{ in, set, want string }{
		{"1\n00:00:01.000 --> 00:00:03,000\nA\n", "", "warn srt-timestamp"},
		{"1\n00:00:01.000 --> 00:00:03,000\nA\n", "srt-timestamp=error", "error srt-timestamp"},
		{"1\n00:00:01.000 --> 00:00:03,000\nA\n", "srt-timestamp=off", ""},
		{"1\n00:00:01,000 --> soon 0:0\nA\n", "", "error srt-timestamp"},
		{"1\n00:00:01,000 --> soon 0:0\nA\n", "srt-timestamp=warn", "warn srt-timestamp"},
		{vtt(overlap...), "", "warn cue-overlap"},
		{vtt(overlap...), "cue-overlap=error", "error cue-overlap"},
		{strings.ReplaceAll(srt(overlap...), ".", ","), "", "error cue-overlap"},
		{strings.ReplaceAll(srt(overlap...), ".", ","), "cue-overlap=info", "info cue-overlap"},
		{vtt("a < b"), "", "error vtt-entity"},
		{vtt("a & b"), "", "warn vtt-entity"},
		{vtt("<i>a"), "", "error vtt-tag-unclosed"},
		{vtt("<i>a"), "as-read", "warn vtt-tag-unclosed"},
		{vtt("<i>a"), "as-read vtt-tag-unclosed=info", "info vtt-tag-unclosed"},
		{vtt("\xdd\xf2\xee \xed\xe0\xf8 \xe4\xee\xec. \xc2\xf5\xee\xe4\xe8\xf2\xe5, \xe7\xe4\xe5\xf1\xfc \xed\xe5 \xe7\xe0\xef\xe5\xf0\xf2\xee."), "", "error enc-not-utf8"},
		{srt("\xdd\xf2\xee \xed\xe0\xf8 \xe4\xee\xec. \xc2\xf5\xee\xe4\xe8\xf2\xe5, \xe7\xe4\xe5\xf1\xfc \xed\xe5 \xe7\xe0\xef\xe5\xf0\xf2\xee."), "", "warn enc-not-utf8"},
		{"\ufeff" + srt("a"), "", "info enc-bom"},
		{srt("a\ufeffb"), "", "error enc-bom"},
		{srt("\u202bשלום"), "", "info chr-bidi"},
		{srt("a \u202bשלום"), "", "error chr-bidi"},
		{"[Script Info]", "none", "error format-unsupported"},
	} {
		var out []string
		for _, f := range check(c.in, "", with(t, c.set)) {
			out = append(out, f.Severity.String()+" "+f.Rule)
		}
		if got := strings.Join(out, ", "); got != c.want {
			t.Errorf("%q %s: %s, want %s", c.in, c.set, got, c.want)
		}
	}
}

// TestHugeExamples are the rules whose examples do not fit on a few lines.
func TestHugeExamples(t *testing.T) {
	long := srt(strings.Repeat("a", subtitle.MaxLine+1))
	var many strings.Builder
	for i := range 1500 {
		at := time.Duration(i) * 2 * time.Second
		fmt.Fprintf(&many, "%d\n%s --> %s\nYes\n\n", i+1, subtitle.FormatTime(at, ','), subtitle.FormatTime(at+time.Second/2, ','))
	}
	for _, c := range []struct{ name, in, set, want string }{
		{"film.srt", long, "", "line-too-long 3:0"},
		{"film.srt", string(make([]byte, subtitle.MaxBytes+1)), "", "file-too-large 0:0"},
		{"film.vtt", srt("a"), "", "file-format 1:1"},
		{"film.srt", vtt("a"), "", "file-format 0:0"},
		{"film.srt", many.String(), "", "file-findings 0:0 ..."},
		{"film.srt", many.String(), "cue-min-duration=off", ""},
		{"film.en.forced.srt", many.String(), "forced cue-min-duration=off", "hls-forced 0:0"},
	} {
		track, read := subtitle.Read(c.name, []byte(c.in), subtitle.Options{})
		found := Check(&track, read, with(t, c.set))
		got := brief(found[:min(len(found), 3)])
		if want, more := strings.CutSuffix(c.want, " ..."); !more && got != want || more && (!strings.HasPrefix(got, want) || len(found) != maxPerRule+1) {
			t.Errorf("%s %s: %s (%d), want %s", c.name, c.set, got, len(found), c.want)
		}
	}
}

// TestEveryRuleHasCases: each rule that Check or CheckPair judges is found by a case, and stays silent in another one of
// the same table.
func TestEveryRuleHasCases(t *testing.T) {
	bad := map[string]bool{"line-too-long": true, "file-too-large": true, "file-format": true, "file-findings": true, "hls-forced": true} // TestHugeExamples
	bad["enc-not-utf8"], bad["enc-unknown"] = true, true                                                                                  // TestLevels, TestExamples
	for _, c := range judged {
		note(bad, c.want)
	}
	for _, c := range paired {
		note(bad, c.want)
	}
	for _, r := range Catalogue() {
		if r.Group != withFilm && r.Group != otherFormat && r.Group != conversion && !bad[r.ID] {
			t.Errorf("no case finds %s", r.ID)
		}
	}
	for id := range bad {
		if _, known := Lookup(id); !known {
			t.Errorf("a case finds %s, which is not in the catalogue", id)
		}
	}
}

func note(bad map[string]bool, want string) {
	for rule := range strings.SplitSeq(want, ", ") {
		if id, _, ok := strings.Cut(rule, " "); ok {
			bad[id] = true
		}
	}
}

// TestCatalogue: IDs are unique, and what the reader finds is in it.
func TestCatalogue(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range Catalogue() {
		if seen[r.ID] || r.ID != strings.ToLower(r.ID) || strings.ContainsAny(r.ID, " .=@") {
			t.Errorf("%q is twice there, or no ID", r.ID)
		}
		seen[r.ID] = true
		if strings.HasSuffix(r.Title, ".") || !strings.HasSuffix(r.Why, ".") || !strings.HasSuffix(r.Mend, ".") {
			t.Errorf("%s: a title has no full stop, a reason and a mend have one", r.ID)
		}
	}
}

func TestSnippets(t *testing.T) {
	found := check(srt("Это нaш дом."), "ru", Settings{})
	want := "film.srt:3:5: error: the word \"нaш\" has Latin and Cyrillic letters: a is Latin (chr-homoglyph)\n  3 | Это нaш дом.\n    |     ^^^"
	if len(found) != 1 || found[0].String()+"\n"+found[0].Snippet() != want || found[0].Hint != `type it again as "наш", in one keyboard layout` {
		t.Errorf("%v\n%s", found, found[0].Snippet())
	}
	if s := found[0].Severity; s != report.Error {
		t.Error(s)
	}
}
