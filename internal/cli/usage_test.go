package cli

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

// TestUsageErrors: a command line that cannot be meant ends with exit code 2 and one sentence that says what is wrong and where help is,
// before anything is looked at or written. The stories of single commands have more of them.
func TestUsageErrors(t *testing.T) {
	withoutSettings(t)
	const secret = "a-secret-of-the-tests"
	t.Setenv("AWS_ACCESS_KEY_ID", "KEY")
	t.Setenv("AWS_SECRET_ACCESS_KEY", secret)
	t.Setenv("AWS_REGION", "us-east-1")
	t.Setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1") // where nobody answers, so nothing here may ask
	t.Chdir(t.TempDir())
	for name, text := range map[string]string{
		"library/films.json": "{}", "lib/v0/seg.ts": "segment", "film.mp4": "no film", "away.yml": "s3:\n  endpoint: http://127.0.0.1:1\n",
		"film.en.srt": "1\n00:00:01,000 --> 00:00:02,000\nThe lake is cold.\n", "other.en.srt": "1\n00:00:01,000 --> 00:00:02,000\nThe lake is cold.\n",
		"list.yml": "films:\n  - {film: film.mp4}\n",
	} {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	before := tree(t)
	for _, c := range []struct{ line, text string }{
		{"publish", "FILM is missing"},
		{"publsih film.mp4", `did you mean "publish"`},
		{"publish --batch list.yml --max-parallel 0", "--max-parallel 0: from 1 to 64 films"},
		{"publish film.mp4 --max-parallel=-1", "--max-parallel -1: from 1 to 64 films"},
		{"publish film.mp4 --silence=-1m", "--silence -1m0s is too short"},
		{"publish --batch list.yml --max-parallel 65", "--max-parallel 65: from 1 to 64 films"},
		{"publish --batch list.yml --slug one", "--title and --slug are for one film"},
		{"publish --batch list.yml --title One", "--title and --slug are for one film"},
		{"publish --batch list.yml --detach", "--detach is for one film"},
		{"publish film.mp4 --batch list.yml", ""},
		{"publish film.mp4 --detach", "--detach is for --engine temporal"},
		{"publish film.mp4 --kept s3://films/kept", "is for --engine temporal"},
		{"publish film.mp4 --engine temporal", "several machines need a place that all of them reach"},
		{"publish film.mp4 --engine temporal --kept shared --silence 10ms", "too short to notice"},
		{"publish film.mp4 --engine temporary", "temporal"},
		{"worker --no-encode --light 0", "there is nothing to do"},
		{"worker --light=-1", "--light is 0 or more, not -1"},
		{"worker --no-encode --light=-1", "--light is 0 or more, not -1"},
		{"worker --drain=-1m", "--drain is 0 or more, not -1m0s"},
		{"worker now", ""},
		{"status one two", ""},
		{"attach", ""},
		{"cancel", ""},
		{"clean", ""},
		{"clean library --grace 1m", "--grace is an hour at least"},
		{"clean library --grace soon", "--grace"},
		{"clean library --max-delete some", "--max-delete"},
		{"clean library --keep=-1", "--keep is 0 or more, not -1"},
		{"clean library --keep few", "--keep"},
		{"list library --keep=-1", "--keep is 0 or more, not -1"},
		{"clean library --yes --dry-run", "--yes does it and --dry-run only tells"},
		{"headers library --yes --dry-run", "--yes does it and --dry-run only tells"},
		{"unpublish library film --yes --dry-run", "--yes does it and --dry-run only tells"},
		{"library library --yes --dry-run", "--yes does it and --dry-run only tells"},
		{"library library --site-url films.example.org", "--site-url"},
		{"library library --site-language no_tag!", "--site-language"},
		{"list", ""},
		{"list library --keep=-1", "--keep is 0 or more, not -1"},
		{"list https://example.org/", "is no place of films"},
		{"rollback library", ""},
		{"embed library", ""},
		{"cors s3://films/p --allow https://films.example/", "write it as browsers send it"},
		{"cors s3://films/p --allow films.example", ""},
		{"cors s3://films/p --apply", "name an origin"},
		{"cors library --allow https://films.example", "is no bucket"},
		{"policy library", "is no bucket"},
		{"doctor library", "is no bucket"},
		{"doctor s3://films/p --origin films", ""},
		{"doctor --origin https://films.example", "--origin belongs to a bucket"},
		{"serve library --addr 0.0.0.0:0", "can be reached from other machines; add --public"},
		{"serve s3://films", "is a bucket"},
		{"sync lib", ""},
		{"sync lib lib/v0", "lie in each other"},
		{"sync lib ftp://x", "is neither a folder nor a bucket"},
		{"sync lib x --max-delete many", "--max-delete"},
		{"sync lib x --bandwidth fast", `--bandwidth: "fast" is no rate; write bytes a second as in 500k, 1M or 1.5M, or off`},
		{"sync lib x --exclude [", "--exclude"},
		{"sync lib x --include [", "--include"},
		{"sync lib x --parallel 0", "--parallel is 1 to 256, not 0"},
		{"sync lib x --parallel 257", "--parallel is 1 to 256, not 257"},
		{"sync lib s3://films/p --src-config away.yml", "lib is a folder, and needs no settings file"},
		{"verify film.mp4", "film.mp4 is no playlist (.m3u8) and no folder"},
		{"verify ftp://example.org/", "ftp:// is not understood"},
		{"verify library --fail-on info", "--fail-on is error or warn"},
		{"verify library --format sarf", `did you mean "sarif"`},
		{"verify https://me:" + secret + "@example.org/", "a name or a password"},
		{"verify library --allow-host example.org", "--allow-host belongs to http(s) addresses"},
		{"verify a b", ""},
		{"verify --explain htp-range", `there is no rule "htp-range"; did you mean http-range`},
		{"verify --explain hls-8.1 library", "--explain tells about a rule"},
		{"subs transcript film.en.srt --pause 0s", "--pause is more than 0"},
		{"subs diff film.en.srt other.en.srt --tolerance=-1s", "--tolerance is 0 or more"},
		{"subs merge film.en.srt other.en.srt --to ass", "--to is srt or vtt"},
		{"subs fix film.en.srt --only=", "--only names no rule"},
		{"subs convert film.en.srt -", "standard output has no name to tell its format by"},
		{"subs sync film.en.srt --against other.en.srt --json -o -", "--json and -o - both want stdout"},
		{"subs extract film.mp4 --track 0", "--track"},
	} {
		got := say(t, strings.Fields(c.line))
		lines := strings.Split(strings.TrimSuffix(got.err, "\n"), "\n")
		if got.code != exitUsage || got.out != "" || len(lines) != 1 || !strings.HasPrefix(lines[0], "filmpress: ") || !strings.HasSuffix(lines[0], " --help") || !strings.Contains(lines[0], c.text) {
			t.Errorf("%s: exit code %d, want 2 and %q; it told %q\n%s", c.line, got.code, c.text, got.out, got.err)
		}
		if strings.Contains(got.err, secret) {
			t.Errorf("%s: the secret is told: %s", c.line, got.err)
		}
	}
	if after := tree(t); after != before {
		t.Errorf("something was written:\n%s\nbefore:\n%s", after, before)
	}
}

// TestBelowNothing: no command takes a number or a time below 0; nothing was looked at when it says so.
func TestBelowNothing(t *testing.T) {
	withoutSettings(t)
	t.Chdir(t.TempDir())
	given := map[string]string{ // what stands before the flag
		"publish": "film.mp4", "clean": "library", "list": "library", "sync": "library copy", "worker": "", "subs extract": "film.mp4", "subs diff": "a.srt b.srt",
		"subs sync": "a.srt --against b.srt", "subs transcript": "a.srt",
	}
	for _, c := range allCommands(newRoot(&app{})) {
		c.Flags().VisitAll(func(f *pflag.Flag) {
			below := map[string]string{"int": "-1", "duration": "-1s"}[f.Value.Type()]
			if below == "" {
				return
			}
			name := strings.TrimPrefix(c.CommandPath(), "filmpress ")
			operands, known := given[name]
			if !known {
				t.Errorf("%s has a flag with a number or a time, --%s; say here what stands before it", name, f.Name)
			}
			got := say(t, slices.Concat(strings.Fields(name), strings.Fields(operands), []string{"--" + f.Name + "=" + below}))
			if got.code != exitUsage || got.out != "" || !strings.HasPrefix(got.err, "filmpress: --"+f.Name) || strings.Count(got.err, "\n") != 1 {
				t.Errorf("%s --%s=%s: %+v", name, f.Name, below, got)
			}
		})
	}
}

// tree is what lies in this folder, a line a file with its time.
func tree(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	err := filepath.WalkDir(".", func(path string, e os.DirEntry, err error) error {
		if err != nil || path == "." {
			return err
		}
		info, err := e.Info()
		if err == nil {
			b.WriteString(path + info.ModTime().Format(" 15:04:05.000000000\n"))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}
