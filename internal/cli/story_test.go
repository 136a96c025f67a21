package cli

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/adrg/xdg"
	"github.com/rogpeppe/go-internal/testscript"

	"filmpress/internal/cli/clitest"
)

// TestStories runs the stories of commands that are done in a millisecond: those about subtitle files, help and settings. They are written as those
// of cmd/filmpress are, but the program runs in this process: to start it takes a hundred times as long as what is looked at here. What only a
// process has (signals, standard input from a pipe, an exit code for a shell) is told by cmd/filmpress, subs.txt there above all.
func TestStories(t *testing.T) {
	scripts, err := filepath.Abs(filepath.Join("testdata", "script")) // the folder of this process changes meanwhile
	if err != nil {
		t.Fatal(err)
	}
	withoutSettings(t)
	films, here := &clitest.Films{Dir: t.TempDir()}, &inPlace{t: t}
	testscript.Run(t, testscript.Params{
		Dir:                scripts,
		Setup:              func(e *testscript.Env) error { clitest.Setup(e); return nil },
		Condition:          func(name string) (bool, error) { return name == "root" && os.Geteuid() == 0, nil },
		RequireUniqueNames: true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"filmpress": here.filmpress,
			"exits":     here.exits,
			"mkfilm":    films.Make,
			"listing":   clitest.Listing,
			"unhex":     clitest.Unhex,
		},
	})
}

// withoutSettings takes from a test what filmpress and the tools of AWS read in the environment, and what tells of a CI service.
func withoutSettings(t *testing.T) {
	t.Helper()
	for _, pair := range os.Environ() {
		name, _, _ := strings.Cut(pair, "=")
		for _, prefix := range []string{"FILMPRESS_", "AWS_", "XDG_", "GITHUB_", "GITLAB_", "CI"} {
			if strings.HasPrefix(name, prefix) {
				t.Setenv(name, "") // and so it comes back behind the test
				os.Unsetenv(name)
			}
		}
	}
}

// inPlace runs filmpress in this process, in the folder and with the variables of a story: one story at a time, since all have but one process.
type inPlace struct {
	t  *testing.T
	mu sync.Mutex
}

// variables are those of a story that the program reads.
var variables = []string{"HOME", "TMPDIR", "PWD", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "FILMPRESS_KEPT", "FILMPRESS_S3_ENDPONIT", "AWS_ENDPOINT_URL", "GITHUB_ACTIONS", "GITHUB_WORKSPACE"}

// run carries out a command line and gives its exit code.
func (p *inPlace) run(ts *testscript.TestScript, args []string) (code int) {
	var in string
	if slices.Contains(args, "-") { // what the story gives on standard input, a process alone can read
		ts.Check(ts.Exec("cat"))
		in = ts.ReadFile("stdout")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	back, err := os.Getwd()
	ts.Check(err)
	ts.Check(os.Chdir(ts.MkAbs(".")))
	defer func() { ts.Check(os.Chdir(back)) }()
	ts.Setenv("PWD", ts.MkAbs("."))
	defer xdg.Reload() // it reads the variables once, when a process begins
	for _, name := range variables {
		before, had := os.LookupEnv(name)
		setOrUnset(name, ts.Getenv(name), ts.Getenv(name) != "")
		defer func() { setOrUnset(name, before, had) }()
	}
	xdg.Reload()
	return Main(p.t.Context(), args, strings.NewReader(in), ts.Stdout(), ts.Stderr())
}

func setOrUnset(name, value string, set bool) {
	if set {
		os.Setenv(name, value)
	} else {
		os.Unsetenv(name)
	}
}

// filmpress runs a command line that must go well, or not: [!] filmpress [ARG...]
func (p *inPlace) filmpress(ts *testscript.TestScript, neg bool, args []string) {
	if code := p.run(ts, args); (code == 0) == neg {
		ts.Fatalf("exit code %d", code)
	}
}

// exits runs a command line that must end with an exit code: exits CODE filmpress [ARG...]
func (p *inPlace) exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 || args[1] != "filmpress" {
		ts.Fatalf("usage: exits CODE filmpress [ARG...]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	if code := p.run(ts, args[2:]); code != want {
		ts.Fatalf("exit code %d, want %d", code, want)
	}
}
