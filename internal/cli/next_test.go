package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"filmpress/internal/engine/temporal"
	"filmpress/internal/userfile"
)

// A name in a command that is printed as the next one comes back from the shell as it was, and is taken for no flag.
func TestQuoted(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("no bash")
	}
	for _, name := range []string{"film.mp4", "a b.srt", "it's.srt", "фильм.srt", `a\n.srt`, "a\nb.srt", "a\n'b\\c'.srt", "tab\t.srt", "\x1b[31m.srt", "film\u202e4pm.srt", "$(id).srt", "a%b\"c.srt", "~.srt"} {
		got, err := exec.Command(bash, "-c", "LC_ALL=C.UTF-8; printf %s "+userfile.Quote(name)).Output()
		if err != nil || string(got) != name {
			t.Errorf("%q is quoted as %s, which is %q (%v)", name, userfile.Quote(name), got, err)
		}
	}
	for name, want := range map[string]string{"-x.srt": "./-x.srt", "-": "-", "- a.srt": "'./- a.srt'", "a-b.srt": "a-b.srt"} {
		if got := userfile.Quote(userfile.WithoutHyphen(name)); got != want {
			t.Errorf("%q is written %s, want %s", name, got, want)
		}
	}
}

// A file whose name begins with a hyphen is taken for flags; how to name it is told where it is there.
func TestHyphen(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("-x y.srt", nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if got := say(t, []string{"subs", "cues", "-x y.srt"}); got.code != exitUsage || got.err != "filmpress: -x y.srt is taken for a flag; write the file as './-x y.srt'. See filmpress subs cues --help\n" {
		t.Errorf("%+v", got)
	}
	if got := say(t, []string{"subs", "cues", "-z.srt"}); got.code != exitUsage || !strings.HasPrefix(got.err, "filmpress: there is no flag -z; ") {
		t.Errorf("%+v", got)
	}
}

// A folder of films that this user may not open ends as a bucket does that refuses.
func TestRefusedFolder(t *testing.T) {
	err := refused(&fs.PathError{Op: "open", Path: "films", Err: syscall.EACCES})
	if code := exitCode(t.Context(), err); code != exitStore || userfile.Sentence(err) != "the store refused: films: this user has no right to open it" {
		t.Errorf("got %d, %q", code, userfile.Sentence(err))
	}
	if os.Geteuid() == 0 {
		return // who may open everything
	}
	t.Chdir(t.TempDir())
	if err := os.Mkdir("films", 0); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"serve", "films"}, {"sync", "films", "copy"}, {"list", "films"}, {"verify", "films"}} {
		if got := say(t, args); got.code != exitStore || !strings.Contains(got.err, "refused: films: ") {
			t.Errorf("%q: %+v", args, got)
		}
	}
}

// What subs check prints as the next command finds the same file, and reads it in the same way.
func TestNextFix(t *testing.T) {
	t.Chdir(t.TempDir())
	const broken = "1\n00:00:01,000 --> 00:00:02,000\n<i>Hello there.\n"
	for _, name := range []string{"film.en.srt", "-x.en.srt", "a\nb.en.srt"} {
		if err := os.WriteFile(name, []byte(broken), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"film.en.srt"}, "next: filmpress subs fix film.en.srt --dry-run"},
		{[]string{"--charset", "windows-1252", "--language", "en", "film.en.srt"}, "next: filmpress subs fix film.en.srt --dry-run --charset windows-1252 --language en"},
		{[]string{"--", "-x.en.srt"}, "next: filmpress subs fix ./-x.en.srt --dry-run"},
		{[]string{"a\nb.en.srt"}, `next: filmpress subs fix $'a\nb.en.srt' --dry-run`},
		{[]string{"-"}, "next: filmpress subs fix - --dry-run"},
		{[]string{"-", "--stdin-name", "elsewhere/film.en.srt"}, "next: filmpress subs fix - --dry-run"},
	} {
		var out, story bytes.Buffer
		Main(t.Context(), append([]string{"subs", "check"}, c.args...), strings.NewReader(broken), &out, &story)
		if !strings.Contains(story.String(), c.want) {
			t.Errorf("%q: %s", c.args, &story)
		}
	}
}

// A mend that is a command names the place at hand, and the flags by which it was found.
func TestMendsNameThePlace(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.MkdirAll("our films", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("our films/films.json", []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	got := say(t, []string{"list", "our films"})
	if !strings.Contains(got.err, "mend: filmpress library 'our films' tells what a new list would change, and --yes writes it") {
		t.Errorf("%+v", got)
	}
	root := newRoot(&app{})
	cmd, rest, err := root.Find([]string{"list", "s3://films", "--endpoint", "http://127.0.0.1:9000"})
	if err == nil {
		err = cmd.ParseFlags(rest)
	}
	if err != nil {
		t.Fatal(err)
	}
	a := &app{cmd: cmd}
	const mend = "publish the film again, or write its entrances anew with filmpress rollback TARGET the-lake 1a0b"
	want := "publish the film again, or write its entrances anew with filmpress rollback s3://films --endpoint http://127.0.0.1:9000 the-lake 1a0b"
	if got := atPlace(mend, "s3://films", a.command); got != want {
		t.Errorf("got %s", got)
	}
	if got := atPlace("publish the film again", "s3://films", a.command); got != "publish the film again" {
		t.Errorf("got %s", got)
	}
}

// A publish of another version of a film is waited for, or ended, where it was found.
func TestOtherPublish(t *testing.T) {
	root := newRoot(&app{})
	cmd, rest, err := root.Find([]string{"publish", "film.mp4", "--kept", "s3://films-work/kept", "--address", "t:7233"})
	if err == nil {
		err = cmd.ParseFlags(rest)
	}
	if err != nil {
		t.Fatal(err)
	}
	a, _ := quiet()
	a.cmd = cmd
	const flags = " --kept s3://films-work/kept --address t:7233"
	want := "another version of lake is being made already; wait for it with filmpress attach lake" + flags + ", or end it with filmpress cancel lake" + flags
	if got := a.tell(&temporal.OtherError{Slug: "lake"}); got != want {
		t.Errorf("got %s", got)
	}
}

// pressed is a story whose reader presses Ctrl-C when something is told.
type pressed struct {
	bytes.Buffer
	when string
	stop context.CancelFunc
}

func (p *pressed) Write(b []byte) (int, error) {
	n, err := p.Buffer.Write(b)
	if strings.Contains(p.String(), p.when) {
		p.stop()
	}
	return n, err
}

// TestBatchInterrupted: of a list that is interrupted, each film is told to be that, or not to be begun, and none to have failed; the same list again does
// what is left.
func TestBatchInterrupted(t *testing.T) {
	publish := tinyFilm(t)
	film, err := os.ReadFile(publish[1])
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	for name, data := range map[string][]byte{"one.mp4": film, "two.mp4": film, "list.yml": []byte("films:\n  - {film: one.mp4}\n  - {film: two.mp4}\n")} {
		if err := os.WriteFile(name, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	batch := append([]string{"publish", "--batch", "list.yml"}, publish[2:len(publish)-1]...)
	batch = append(batch, filepath.Join(t.TempDir(), "kept"))
	interrupted := func(more ...string) (code int, out string, story *pressed) {
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		story = &pressed{when: "chunk-000: ", stop: stop}
		if len(more) > 0 {
			story.when = `"event":"step-started","step":"chunk`
		}
		var result bytes.Buffer
		code = Main(ctx, append(batch, more...), strings.NewReader(""), &result, story)
		return code, result.String(), story
	}
	code, out, story := interrupted()
	if code != exitInterrupted || !strings.Contains(out, "one.mp4  interrupted  what was finished is kept\n") || !strings.Contains(out, "two.mp4  interrupted  not begun\n") ||
		!strings.Contains(story.String(), "2 of 2 films were not come to, or not finished\n") || !strings.HasSuffix(story.String(), "the same command again goes on from there\n") ||
		strings.Contains(story.String()+out, "mend ") || strings.Contains(story.String()+out, "cancel") {
		t.Errorf("%d %s\n%s", code, out, story)
	}
	code, out, story = interrupted("--json", "--log-format", "json")
	var all []outcome
	if err := json.Unmarshal([]byte(out), &all); err != nil || code != exitInterrupted || len(all) != 2 || all[0].Exit != exitInterrupted || all[0].Error != "interrupted; what was finished is kept" || all[1].Error != "not begun" {
		t.Errorf("%v: %d %s\n%s", err, code, out, story)
	}
	if got := say(t, batch); got.code != 0 || strings.Count(got.out, "  published  ") != 2 || !strings.Contains(got.err, "all 2 films are published\n") {
		t.Errorf("%+v", got)
	}
	if err := os.WriteFile("list.yml", []byte("films:\n  - {film: one.mp4}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if got := say(t, batch); got.code != 0 || !strings.Contains(got.err, "the only film is published\n") {
		t.Errorf("%+v", got)
	}
}
