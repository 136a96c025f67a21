package lint

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"filmpress/internal/report"
	"filmpress/internal/subtitle"
	"filmpress/internal/subtitle/rules"
)

// tree makes files in a folder of its own, which becomes the working folder. A name that ends in / is a folder, one with
// -> a link.
func tree(t *testing.T, names ...string) {
	t.Helper()
	t.Chdir(t.TempDir())
	for _, name := range names {
		if link, to, ok := strings.Cut(name, " -> "); ok {
			check(t, os.MkdirAll(filepath.Dir(link), 0o755))
			check(t, os.Symlink(to, link))
			continue
		}
		if strings.HasSuffix(name, "/") {
			check(t, os.MkdirAll(name, 0o755))
			continue
		}
		write(t, name, good)
	}
}

func write(t *testing.T, name, text string) {
	t.Helper()
	check(t, os.MkdirAll(filepath.Dir(name), 0o755))
	check(t, os.WriteFile(name, []byte(text), 0o644))
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

const (
	good = "1\n00:00:01,000 --> 00:00:04,000\nSnow on the lake.\n"
	bad  = "1\n00:00:04,000 --> 00:00:01,000\nSnow on the lake.\n"
)

func TestCollect(t *testing.T) {
	tree(t, "a.srt", "b.VTT", "film.mp4", "[1].srt", "1.srt", "-x.srt", "::error::.srt", "sub/c.srt", "sub/deep/d.vtt", "sub/notes.txt", "empty/",
		".git/e.srt", "._a.srt", "link.srt -> a.srt", "nowhere.srt -> gone.srt", "loop/up -> ..", "loop/f.srt", "{x}.srt")
	for _, c := range []struct{ args, want string }{
		{"a.srt", "a.srt"},
		{"./a.srt sub/../a.srt a.srt", "a.srt"},
		{"film.mp4", "film.mp4"},
		{"sub", "sub/c.srt sub/deep/d.vtt"},
		{"sub/", "sub/c.srt sub/deep/d.vtt"},
		{"[1].srt", "[1].srt"},
		{"[12].srt", "1.srt"},
		{"{x}.srt", "{x}.srt"},
		{"{a,1}.srt", "1.srt a.srt"},
		{"-x.srt", "-x.srt"},
		{"::error::.srt", "./::error::.srt"},
		{"s*", "sub/c.srt sub/deep/d.vtt"},
		{"sub/*", "sub/c.srt sub/deep/d.vtt"},
		{"sub/*.srt", "sub/c.srt"},
		{"sub/*.*", "sub/c.srt sub/notes.txt"},
		{"**/d.*", "sub/deep/d.vtt"},
		{"sub/**", "sub/c.srt sub/deep/d.vtt"},
		{"?.srt", "1.srt a.srt"},
		{"link.srt", "link.srt"},
		{".git/e.srt", ".git/e.srt"},
		{"empty", "| empty: warn: there is no .srt or .vtt file in this folder (folder-no-subtitles)"},
		{"gone.srt", "| gone.srt: error: there is no such file or folder (file-unreadable) unread"},
		{"*.gone a.srt", "a.srt | *.gone: error: no file matches this pattern (file-unreadable) unread"},
		{"[z.srt", "| [z.srt: error: there is no such file or folder (file-unreadable) unread"},
		{"nowhere.srt", "| nowhere.srt: error: this link leads to nothing (file-unreadable) unread"},
		{"sub sub/c.srt", "sub/c.srt sub/deep/d.vtt"},
		{"sub/c.srt sub/*.srt", "sub/c.srt"},
	} {
		got := Collect(strings.Fields(c.args))
		text := strings.Join(got.Files, " ")
		if len(got.Findings) > 0 {
			text = strings.TrimSpace(text + " | " + joined(got.Findings))
		}
		if got.Unread {
			text += " unread"
		}
		if text != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.args, text, c.want)
		}
	}
}

// TestCollectLoops: a link to a folder above is followed once, and one that leads outside as well.
func TestCollectLoops(t *testing.T) {
	tree(t, "a.srt", "loop/f.srt", "loop/up -> ..", "loop/self -> self", "far/g.srt", "loop/far -> ../far", "loop/again -> ../far")
	got := Collect([]string{"loop"})
	want := "loop/again/g.srt loop/f.srt loop/up/a.srt"
	if text := strings.Join(got.Files, " "); text != want || len(got.Findings) > 0 {
		t.Errorf("got %s %v, want %s", text, got.Findings, want)
	}
	if got := Collect([]string{"**/*.srt"}); len(got.Files) != 3 {
		t.Errorf("by pattern: %q", got.Files)
	}
}

func joined(fs []report.Finding) string {
	var out []string
	for _, f := range fs {
		out = append(out, f.String())
	}
	return strings.Join(out, "; ")
}

// run judges files, and gives the findings with the files' names.
func run(t *testing.T, over Choice, names ...string) (results []Result, wrong []report.Finding) {
	t.Helper()
	s, err := NewSettings(over, os.ReadFile)
	check(t, err)
	wrong = s.Prepare(names)
	check(t, Run(t.Context(), names, s, Options{Read: os.ReadFile}, func(r Result) error {
		results = append(results, r)
		return nil
	}))
	return results, wrong
}

// TestRunOrder: the first file takes longest, and still comes first; not more than a window of files are read ahead.
func TestRunOrder(t *testing.T) {
	tree(t)
	var names []string
	for i := range 500 {
		names = append(names, fmt.Sprintf("%03d.srt", i))
	}
	s, err := NewSettings(Choice{}, os.ReadFile)
	check(t, err)
	var ahead, most atomic.Int64
	read := func(name string) ([]byte, error) {
		if n := ahead.Add(1); n > most.Load() {
			most.Store(n)
		}
		if name == "000.srt" {
			time.Sleep(50 * time.Millisecond)
		}
		return []byte(good), nil
	}
	var got []string
	check(t, Run(t.Context(), names, s, Options{Read: read}, func(r Result) error {
		ahead.Add(-1)
		got = append(got, r.Name)
		return nil
	}))
	if !slices.Equal(got, names) {
		t.Errorf("%q", got)
	}
	if most.Load() > 100 {
		t.Errorf("%d files were held at once", most.Load())
	}
}

func TestRunStops(t *testing.T) {
	tree(t)
	names := slices.Repeat([]string{"a.srt"}, 1000)
	s, err := NewSettings(Choice{}, os.ReadFile)
	check(t, err)
	full := errors.New("disk full")
	reads := atomic.Int64{}
	read := func(string) ([]byte, error) { reads.Add(1); return []byte(good), nil }
	if err := Run(t.Context(), names, s, Options{Read: read}, func(Result) error { return full }); !errors.Is(err, full) {
		t.Errorf("the writer's error is lost: %v", err)
	}
	if reads.Load() > 200 {
		t.Errorf("%d files were read after the end", reads.Load())
	}
	ctx, cancel := context.WithCancel(t.Context())
	err = Run(ctx, names, s, Options{Read: read}, func(Result) error { cancel(); return nil })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
	_, isBug := errors.AsType[*report.Bug](Run(t.Context(), names, s, Options{Read: func(string) ([]byte, error) { panic("oh") }}, func(Result) error { return nil }))
	if !isBug {
		t.Error("a bug in a worker does not come back as one")
	}
}

// TestUnread: a file that cannot be read is told of, and the others are judged.
func TestUnread(t *testing.T) {
	tree(t, "a.srt", "dir/")
	write(t, "c.srt", bad)
	got, _ := run(t, Choice{}, "a.srt", "b.srt", "c.srt")
	if len(got) != 3 || got[0].Unread || len(got[0].Findings) > 0 || !got[1].Unread || got[1].Findings[0].Rule != "file-unreadable" || got[2].Findings[0].Rule != "cue-end-after-start" {
		t.Errorf("%+v", got)
	}
	for _, c := range []struct {
		err  error
		want string
	}{
		{&fs.PathError{Op: "open", Path: "x", Err: fs.ErrPermission}, "this user has no right to read it"},
		{&fs.PathError{Op: "read", Path: "x", Err: errors.New("input/output error")}, "it cannot be read: input/output error"},
		{errors.New("x is not a plain file"), "x is not a plain file"},
	} {
		if f := Unreadable("x", c.err); f.Text != c.want || f.Hint == "" {
			t.Errorf("%v: %+v", c.err, f)
		}
	}
}

// TestFindingsOwnTheirText: a finding keeps nothing of its file in memory.
func TestFindingsOwnTheirText(t *testing.T) {
	tree(t)
	s, err := NewSettings(Choice{}, os.ReadFile)
	check(t, err)
	data := []byte(bad + "\n2\n00:00:07,000 -> 00:00:09,000\nMore <b>snow.\n")
	var found []report.Finding
	check(t, Run(t.Context(), []string{"a.srt"}, s, Options{Read: func(string) ([]byte, error) { return data, nil }}, func(r Result) error {
		found = r.Findings
		return nil
	}))
	before := fmt.Sprint(found)
	for i := range data {
		data[i] = '#'
	}
	if len(found) < 2 || fmt.Sprint(found) != before || strings.Contains(before, "#") {
		t.Errorf("the findings changed with the file: %v", found)
	}
}

// TestAgainst: a track is held against the other one, and that one not against itself.
func TestAgainst(t *testing.T) {
	tree(t, "a.en.srt")
	text := "1\n00:00:01,000 --> 00:00:04,000\nThe snow lies on the lake until May.\n"
	write(t, "a.en.srt", text)
	write(t, "a.ru.srt", text)
	other, _ := subtitle.Read("./a.en.srt", []byte(text), subtitle.Options{Language: "en"})
	s, err := NewSettings(Choice{}, os.ReadFile)
	check(t, err)
	got := map[string]string{}
	check(t, Run(t.Context(), []string{"a.en.srt", "a.ru.srt"}, s, Options{Read: os.ReadFile, Against: &other}, func(r Result) error {
		got[r.Name] = joined(r.Findings)
		return nil
	}))
	if got["a.en.srt"] != "" || !strings.Contains(got["a.ru.srt"], "(pair-untranslated)") {
		t.Errorf("%q", got)
	}
}

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

func TestBaseline(t *testing.T) {
	tree(t)
	text := bad + "\n2\n00:00:09,000 --> 00:00:08,000\nMore snow.\n"
	write(t, "sub/a.srt", text)
	first, _ := run(t, Choice{}, "sub/a.srt")
	b, err := NewBaseline("known.json")
	check(t, err)
	if fresh, known := b.Split(first[0].Findings); known != 0 || len(fresh) != len(first[0].Findings) {
		t.Fatalf("an empty baseline knows %d", known)
	}
	saved := b.Bytes()

	again := func(text string) (fresh, known, mended int) {
		write(t, "sub/a.srt", text)
		b, err := ReadBaseline("known.json", saved)
		check(t, err)
		got, _ := run(t, Choice{}, "sub/a.srt")
		fs, known := b.Split(got[0].Findings)
		return len(fs), known, b.Mended()
	}
	all := len(first[0].Findings)
	for _, c := range []struct {
		what, text           string
		fresh, known, mended int
	}{
		{"nothing changed", text, 0, all, 0},
		{"lines moved", "\n\n" + text, 0, all, 0},
		{"one was mended", strings.Replace(text, "00:00:09,000 --> 00:00:08,000", "00:00:06,000 --> 00:00:08,000", 1), 0, all - 1, 1},
		{"a new one", text + "\n3\n00:00:12,000 --> 00:00:11,000\nNew.\n", 1, all, 0},
		{"a known one twice", text + "\n3\n00:00:09,000 --> 00:00:08,000\nNew.\n", 1, all, 0},
	} {
		fresh, known, mended := again(c.text)
		if fresh != c.fresh || known != c.known || mended != c.mended {
			t.Errorf("%s: %d new, %d known, %d mended; want %d, %d, %d", c.what, fresh, known, mended, c.fresh, c.known, c.mended)
		}
	}
	t.Chdir("sub")
	b, err = ReadBaseline("../known.json", saved)
	check(t, err)
	write(t, "a.srt", text)
	got, _ := run(t, Choice{}, "a.srt")
	if fresh, _ := b.Split(got[0].Findings); len(fresh) > 0 {
		t.Errorf("from another folder: %v", fresh)
	}
	for _, text := range []string{"", "[]", "{}", `{"version": 2}`, "\xff"} {
		if _, err := ReadBaseline("x.json", []byte(text)); err == nil || !strings.Contains(err.Error(), "x.json is no baseline") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func FuzzBaseline(f *testing.F) {
	f.Add([]byte(`{"version": 1, "findings": [{"file": "a", "rule": "b", "line": "c", "count": 1}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := ReadBaseline("x.json", data)
		if err == nil && b.Mended() < 0 {
			t.Error("fewer than none are mended")
		}
	})
}

func FuzzPattern(f *testing.F) {
	f.Add("drafts/**", "drafts/a.srt")
	f.Fuzz(func(t *testing.T, pattern, rel string) {
		var p Pattern
		if p.UnmarshalText([]byte(pattern)) == nil {
			p.matches(rel)
		}
	})
}

func BenchmarkRun(b *testing.B) {
	s, err := NewSettings(Choice{}, os.ReadFile)
	if err != nil {
		b.Fatal(err)
	}
	names := slices.Repeat([]string{"film.en.srt"}, 1000)
	data := []byte(strings.Repeat(good+"\n", 20))
	for b.Loop() {
		if err := Run(b.Context(), names, s, Options{Read: func(string) ([]byte, error) { return data, nil }}, func(Result) error { return nil }); err != nil {
			b.Fatal(err)
		}
	}
}
