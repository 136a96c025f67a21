package lint

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	"filmpress/internal/report"
	"filmpress/internal/subtitle/rules"
)

const settingsFile = `profile: netflix
language: ru
fail-on: warn
children: true
frame-rate: 25
rules: {cue-cps: off, cue-overlap: warn}
set: {line-length.max: 30}
ignore: [drafts/, "*.old.srt", sub/x.srt]
languages: {"en/**": en}
kinds: {"deaf/*.srt": sdh}
`

func TestSettings(t *testing.T) {
	tree(t)
	write(t, SettingsName, settingsFile)
	write(t, "near/"+SettingsName, "profile: none\n")
	s, err := NewSettings(Choice{}, os.ReadFile)
	check(t, err)
	if wrong := s.Prepare([]string{"a.srt", "near/b.srt"}); len(wrong) > 0 {
		t.Fatal(wrong)
	}
	f, _ := s.of("some/deep/place/a.srt")
	if f.rules.Level("cue-cps") != rules.Off || f.rules.Level("cue-overlap") != rules.Warn || f.rules.Level("chr-ellipsis") != rules.Warn ||
		f.rules.Value("line-length", "max", "ru") != 30 || !f.rules.Children || f.rules.FrameRate != 25 || f.bar != report.Warn {
		t.Errorf("%+v", f)
	}
	if near, _ := s.of("near/b.srt"); near.rules.Level("line-length") != rules.Off || near.bar != report.Error {
		t.Errorf("the nearest file does not count: %+v", near)
	}
	for _, c := range []struct {
		name, want string
	}{
		{"a.srt", "ru|"}, {"a.de.srt", "de|"}, {"en/a.srt", "en|"}, {"en/a.fr.sdh.srt", "fr|sdh"}, {"deaf/a.srt", "ru|sdh"}, {"deaf/x/a.srt", "ru|"},
	} {
		f, abs := s.of(c.name)
		lang, kind := f.name(abs)
		if got := lang + "|" + string(kind); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	for name, want := range map[string]bool{"a.srt": false, "drafts/a.srt": true, "x/drafts/y/a.srt": true, "a.old.srt": true, "x/a.old.srt": true,
		"sub/x.srt": true, "y/sub/x.srt": false, "near/drafts/a.srt": false} {
		if f, abs := s.of(name); f.ignores(abs) != want {
			t.Errorf("%s is left out: %v, want %v", name, !want, want)
		}
	}
}

// TestFlagsGoFirst: the command line is over a settings file, and a pipeline's profile is under it.
func TestFlagsGoFirst(t *testing.T) {
	tree(t)
	write(t, SettingsName, settingsFile)
	var over Choice
	check(t, over.Profile.UnmarshalText([]byte("bbc")))
	check(t, over.FailOn.UnmarshalText([]byte("error")))
	check(t, over.Rules.Put("cue-overlap", "off"))
	check(t, over.Set.Put("line-length.max", "50"))
	s, err := NewSettings(over, os.ReadFile)
	check(t, err)
	f, _ := s.of("a.srt")
	if f.bar != report.Error || f.rules.Level("cue-overlap") != rules.Off || f.rules.Level("cue-cps") != rules.Off || f.rules.Value("line-length", "max", "") != 50 || f.rules.Level("cue-wpm") != rules.Warn {
		t.Errorf("%+v", f)
	}
	s, err = NewSettings(Choice{}, os.ReadFile)
	check(t, err)
	inForce, _ := s.ForPublish("none").For("a.srt")
	if !inForce.AsRead || inForce.Level("chr-ellipsis") != rules.Warn {
		t.Error("the settings file's own profile must go before the pipeline's")
	}
	check(t, os.Remove(SettingsName))
	s, err = NewSettings(Choice{}, os.ReadFile)
	check(t, err)
	if inForce, _ := s.ForPublish("none").For("a.srt"); inForce.Level("line-length") != rules.Off {
		t.Error("the pipeline's profile is not in force")
	}
}

func TestSettingsComplain(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"profil: bbc", SettingsName + `:1:1: error: unknown key "profil" (settings-file)`},
		{"profile: netfix", SettingsName + `:1:10: error: "profile": no profile is called "netfix"; the nearest is netflix (settings-file)`},
		{"rules:\n  cue-cpz: off", SettingsName + `:2:3: error: no rule is called "cue-cpz"; the nearest is cue-cps (settings-file)`},
		{"rules: {cue-cps: of}", SettingsName + `:1:18: error: a rule is set to error, warn, info or off, not to "of"; the nearest is off (settings-file)`},
		{"set: {cue-cps.mx: 3}", SettingsName + `:1:7: error: no threshold is called "cue-cps.mx"; the nearest is cue-cps.max (settings-file)`},
		{"set: {cue-cps.max: many}", SettingsName + `:1:20: error: cue-cps.max is set to a number`},
		{"fail-on: never", SettingsName + `:1:10: error: "fail-on": a check fails on error or on warn, not on "never" (settings-file)`},
		{"language: klingonese", SettingsName + `:1:11: error: "language": "klingonese" is not a language tag; write en, ru, ky or pt-BR (settings-file)`},
		{"ignore: ['[a']", SettingsName + `:1:10: error: "ignore[0]": "[a" is no pattern`},
		{"ignore: ['{a,b}{a,b}{a,b}{a,b}{a,b}']", SettingsName + `:1:10: error: "ignore[0]": "{a,b}{a,b}`},
		{"kinds: {'*': deaf}", SettingsName + `:1:14: error: a kind is sdh or forced, not "deaf" (settings-file)`},
		{"languages: {'*': x1}", SettingsName + `:1:18: error: "x1" is not a language tag`},
		{"rules: [a]\nprofile: bbc", SettingsName + `:1:8: error: "rules" must be a list of keys and values (settings-file)`},
		{"\tprofile: bbc", SettingsName + `:1: error: `},
	} {
		tree(t)
		write(t, SettingsName, c.text)
		write(t, "sub/a.srt", bad)
		got, wrong := run(t, Choice{}, "sub/a.srt", "sub/a.srt")
		if len(wrong) != 1 || !strings.HasPrefix(wrong[0].String(), c.want) {
			t.Errorf("%q: got %v, want %s", c.text, wrong, c.want)
		}
		if len(got) != 2 || len(got[0].Findings) == 0 {
			t.Errorf("%q: the files were not judged: %+v", c.text, got)
		}
	}
}

// TestSettingsReadOnce: a folder's settings are looked for once, however many files lie in it.
func TestSettingsReadOnce(t *testing.T) {
	tree(t)
	write(t, SettingsName, "profile: bbc\n")
	var mu sync.Mutex
	reads := 0
	s, err := NewSettings(Choice{}, func(name string) ([]byte, error) {
		mu.Lock()
		defer mu.Unlock()
		reads++
		return os.ReadFile(name)
	})
	check(t, err)
	for i := range 1000 {
		s.of(fmt.Sprintf("%d/a%d.srt", i%10, i))
	}
	if reads != 1 {
		t.Errorf("read %d times", reads)
	}
}

func TestSettingsUnreadable(t *testing.T) {
	tree(t)
	check(t, os.Mkdir(SettingsName, 0o755))
	_, wrong := run(t, Choice{}, "a.srt")
	if len(wrong) != 1 || wrong[0].Rule != "settings-file" || wrong[0].Pos.File != SettingsName {
		t.Errorf("%v", wrong)
	}
}
