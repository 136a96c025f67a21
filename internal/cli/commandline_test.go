package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// Wrong flags and arguments are told in our words, with an example.
func TestWrongCommandLines(t *testing.T) {
	for _, c := range []struct{ line, want string }{
		{"list library --keep many", `--keep "many" is no whole number; write it as in --keep 3. See filmpress list --help`},
		{"subs diff a.srt b.srt --tolerance 5", `--tolerance "5" is no time; write it with its unit, as in --tolerance 5s, 500ms or 2m. See filmpress subs diff --help`},
		{"list library --json=perhaps", `--json "perhaps" is neither true nor false; --json alone says true`},
		{"publish film.mp4 --to", `--to is given with nothing behind it; say what, or leave it out`},
		{"publish film.mp4 -x", `there is no flag -x; flags of more than one letter begin with --`},
		{"publish film.mp4 --titel Lake", `there is no flag --titel; did you mean --title? See`},
		{"publish film.mp4 --=x", `"--=x" is no flag; write --NAME or --NAME=VALUE`},
		{"publish", `FILM is missing; write filmpress publish FILM [SUBTITLE...]. See`},
		{"publish film.mp4 --batch list.yml", `--batch names the films, and "film.mp4" is named besides; give one of the two`},
		{"rollback library", `SLUG is missing; write filmpress rollback TARGET SLUG [RELEASE]`},
		{"sync a b c", `"c" is one argument too many; write filmpress sync SRC DST`},
		{"subs merge a.srt", `B is missing; write filmpress subs merge A B`},
		{"embed library", `SLUG is missing`},
		{"worker --silence 1m", `there is no flag --silence`},
		{"embed library the-lake --theme look", `there is no flag --theme`},
		{"list library --kept kept", `there is no flag --kept`},
		{"version now", `"now" is one argument too many; write filmpress version`},
	} {
		got := say(t, strings.Fields(c.line))
		if got.code != exitUsage || got.out != "" || !strings.HasPrefix(got.err, "filmpress: "+c.want) || strings.Count(got.err, "\n") != 1 {
			t.Errorf("%s: %+v, want %s", c.line, got, c.want)
		}
	}
}

// What is named on the command line and is not there: 2 where it says how, 3 where it belongs to the film, 4 where it is a place.
func TestNotThere(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	t.Setenv("FILMPRESS_KEPT", filepath.Join(dir, "kept"))
	needFFmpeg(t)
	for name, text := range map[string]string{"film.mp4": "no film", "film.en.srt": "1\n00:00:01,000 --> 00:00:02,000\nHello.\n", "bad.yml": "tto: x\n", "rules.yml": "rulez: []\n"} {
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		line string
		code int
		want string // in the story
	}{
		{"list library --config nowhere", exitUsage, "no settings named"},
		{"list library --config nowhere.yml", exitUsage, "nowhere.yml: there is no such file or folder. See"},
		{"list library --config .", exitUsage, "there is a folder of that name"},
		{"list library --config bad.yml", exitUsage, `bad.yml:1:1: error: unknown key "tto"`},
		{"sync library copy --check --config bad.yml", exitUsage, "bad.yml:1:1: error"},
		{"sync . s3://b --dst-config nowhere.yml", exitUsage, "nowhere.yml: there is no such file"},
		{"sync . copy --rules nowhere.yml", exitUsage, "--rules nowhere.yml: there is no such file or folder"},
		{"sync . copy --check --rules rules.yml", exitUsage, "rules.yml:1:1: error"},
		{"publish film.mp4 --language en --pipeline nowhere", exitUsage, `there is no pipeline "nowhere"`},
		{"publish film.mp4 --language en --pipeline nowhere.yml", exitUsage, "--pipeline nowhere.yml: there is no such file or folder"},
		{"library . --theme nowhere", exitUsage, "--theme nowhere: there is no such folder"},
		{"publish --batch nowhere.yml", exitUsage, "--batch nowhere.yml: there is no such file or folder"},
		{"publish nowhere.mp4 --language en", exitFindings, "nowhere.mp4: error: there is no such file"},
		{"publish film.mp4 --language en --subs en=nowhere.srt", exitFindings, "nowhere.srt: error: there is no such file or folder"},
		{"publish film.mp4 nowhere.en.srt --language en", exitFindings, "nowhere.en.srt: error: there is no such file or folder"},
		{"subs extract nowhere.mkv", exitFindings, "nowhere.mkv: there is no such file or folder"},
		{"serve . --watch nowhere.mp4", exitFindings, "nowhere.mp4: there is no such file or folder"},
		{"list nowhere", exitStore, "nowhere: there is no such folder"},
		{"clean nowhere", exitStore, "nowhere: there is no such folder"},
		{"verify nowhere", exitStore, "nowhere: there is no such file or folder"},
		{"verify . --slug nowhere", exitStore, `there is no film "nowhere"`},
		{"list . nowhere", exitStore, `there is no film "nowhere"`},
		{"clean . nowhere", exitStore, `there is no film "nowhere"`},
		{"serve nowhere", exitStore, "nowhere: there is no such folder"},
		{"serve film.mp4", exitStore, "film.mp4 is a file, and serve shows a folder of published films; filmpress serve --watch film.mp4 publishes a film first"},
		{"sync nowhere copy", exitStore, "nowhere: there is no such file or folder"},
		{"subs check nowhere.srt", exitFailed, ""},
		{"subs cues nowhere.srt", exitFailed, "nowhere.srt: there is no such file or folder"},
		{"subs merge film.en.srt film.en.srt -o nowhere/out.srt", exitFailed, "the folder nowhere is not there; make it first"},
		{"subs check film.en.srt -o nowhere/out.json", exitFailed, "filmpress: the folder nowhere is not there; make it first"},
		{"subs fix film.en.srt -o nowhere/out.srt", exitFailed, "the folder nowhere is not there; make it first"},
	} {
		if got := say(t, strings.Fields(c.line)); got.code != c.code || !strings.Contains(got.err, c.want) {
			t.Errorf("%s: got %d %q, want %d and %q", c.line, got.code, got.err, c.code, c.want)
		}
	}
}

// A system call's words are put into ours, with the mend and with what was said before.
func TestFolders(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	if err := os.WriteFile("file", nil, 0o644); err != nil {
		t.Fatal(err)
	}
	needFFmpeg(t)
	got := say(t, []string{"publish", "film.mp4", "--language", "en", "--kept", "file/kept"})
	if want := "filmpress: the folder for kept results: file/kept: a part of the path is a file, not a folder; name another folder with --kept\n"; got.code != exitFailed || !strings.HasSuffix(got.err, strings.Replace(want, "file/kept", "file", 1)) && !strings.HasSuffix(got.err, want) {
		t.Errorf("got %+v", got)
	}
}

// The command that is printed as the next one finds the same place.
func TestNextCommand(t *testing.T) {
	root := newRoot(&app{})
	for _, c := range []struct{ line, next, want string }{
		{"publish film.mp4 --kept s3://films-work/kept --endpoint http://127.0.0.1:9000 --address t:7233 --to s3://films", "attach the-lake",
			"filmpress attach the-lake --kept s3://films-work/kept --endpoint http://127.0.0.1:9000 --address t:7233"},
		{"policy s3://films --config ./ours.yml --path-style=false", "doctor s3://films", "filmpress doctor s3://films --config ./ours.yml --path-style=false"},
		{"publish film.mp4 --kept kept --config ./ours.yml", "serve library", "filmpress serve library --config ./ours.yml"},
		{"publish film.mp4 --kept kept --endpoint http://127.0.0.1:9000 --to s3://films", "doctor s3://films", "filmpress doctor s3://films --endpoint http://127.0.0.1:9000"},
		{"publish film.mp4 --engine temporal --detach --kept kept --keep-source --site-url https://films.example.net --language en", "attach the-lake",
			"filmpress attach the-lake --kept kept --site-url https://films.example.net --keep-source"},
		{"publish film.mp4 --engine temporal --kept kept --queue ours --pipeline draft", "worker", "filmpress worker --kept kept --queue ours"},
		{"plan film.mp4 --kept kept --pipeline two.yml --audio 0=ru --audio 2=off --subs en=the(1).srt --tolerant --json=false --log-format plain", "publish film.mp4",
			"filmpress publish film.mp4 --kept kept --pipeline two.yml --tolerant --audio 0=ru --audio 2=off --subs 'en=the(1).srt'"},
		{"status --kept kept --json", "publish FILM --engine temporal", "filmpress publish FILM --engine temporal --kept kept"},
		{"subs check a.srt --charset koi8-r --fail-on warn", "subs fix a.srt --dry-run", "filmpress subs fix a.srt --dry-run --charset koi8-r"},
		{"publish film.mp4 --kept kept --engine temporal", "embed library the-lake", "filmpress embed library the-lake"},
		{"list library", "rollback library the-lake", "filmpress rollback library the-lake"},
	} {
		cmd, rest, err := root.Find(strings.Fields(c.line))
		if err == nil {
			err = cmd.ParseFlags(rest)
		}
		if err != nil {
			t.Fatal(err)
		}
		a := &app{cmd: cmd}
		if got := a.command(strings.Fields(c.next)...); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.line, got, c.want)
		}
		root = newRoot(&app{})
	}
}

// Closed sets of values are completed.
func TestValues(t *testing.T) {
	for _, c := range []struct{ line, want string }{
		{"publish --pipeline ", "documentary\n"}, {"publish --config ", "minio\n"}, {"publish --log-format ", "json\n"}, {"publish --engine ", "temporal\n"},
		{"verify --format ", "sarif\n"}, {"verify --explain ", "hls-8.1\n"}, {"verify --fail-on ", "warn\n"}, {"subs check --explain ", "cue-cps\n"}, {"subs check --profile ", "netflix\n"},
		{"subs convert --to ", "ttml\n"}, {"subs transcript --to ", "md\n"}, {"settings ", "r2\n"}, {"list ", ":16\n"}, {"subs diff ", "vtt\n"}, {"publish --to ", ":16\n"},
	} {
		words := strings.Split(c.line, " ")
		if got := say(t, append([]string{"__complete"}, words...)); got.code != 0 || !strings.Contains(got.out, c.want) {
			t.Errorf("%s: %+v", c.line, got)
		}
	}
}

// Each command has a man page and a group, and tells nothing of who built it.
func TestManPages(t *testing.T) {
	dir := t.TempDir()
	if got := say(t, []string{"man", dir}); got.code != 0 {
		t.Fatalf("%+v", got)
	}
	for _, name := range []string{"filmpress", "filmpress-subs-check", "filmpress-subs-sync", "filmpress-theme-init", "filmpress-worker"} {
		text, err := os.ReadFile(filepath.Join(dir, name+".1"))
		if err != nil {
			t.Fatal(err)
		}
		if home, err := os.UserCacheDir(); err == nil && strings.Contains(string(text), strings.ReplaceAll(home, "-", `\-`)) {
			t.Errorf("%s names a folder of whoever built it", name)
		}
	}
	for _, c := range newRoot(&app{}).Commands() {
		if c.GroupID == "" && c.Name() != "help" {
			t.Errorf("%s is in no group", c.Name())
		}
	}
}

// The help of a command lists its flags and codes; an interrupt of what leaves nothing behind promises nothing.
func TestGoesOn(t *testing.T) {
	for _, c := range allCommands(newRoot(&app{})) {
		want := map[string]bool{"publish": true, "plan": true, "attach": true, "clean": true, "sync": true, "library": true, "rollback": true, "unpublish": true, "forget": true, "headers": true, "cancel": true}
		if strings.Contains(c.Long, "\n  130 ") && goesOn(c) != (want[c.Name()] && c.Parent().Parent() == nil) {
			t.Errorf("%s: goesOn is %v", c.CommandPath(), goesOn(c))
		}
	}
	if !goesOn(&cobra.Command{}) {
		t.Error("without a help, nothing is known")
	}
}
