package cli

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/adrg/xdg"
	"github.com/rogpeppe/go-internal/testscript"

	"filmpress/internal/cli/clitest"
	"filmpress/internal/media/ffmpeg"
	"filmpress/internal/store/storetest/s3server"
)

// TestStories runs the stories for which no process is needed. They are written as those of cmd/filmpress are, but the program runs in this
// process: to start it costs a tenth of a second, and most of what it does here is done in less. What only a process has (signals, standard
// input from a pipe, an exit code for a shell, other processes beside it) is told by cmd/filmpress, commands.txt there above all.
func TestStories(t *testing.T) {
	scripts, err := filepath.Abs(filepath.Join("testdata", "script")) // the folder of this process changes meanwhile
	if err != nil {
		t.Fatal(err)
	}
	condition := clitest.Conditions(nil)
	withoutSettings(t)
	program, _ := exec.LookPath("ffmpeg") // while PATH is none of a story's
	films, here := &clitest.Films{Dir: t.TempDir(), FFmpeg: program}, &inPlace{ctx: ffmpeg.Remember(t.Context())}
	user := clitest.User{Common: t.TempDir(), Bin: t.TempDir()}
	bucket := clitest.Bucket(sync.OnceValue(func() s3server.Server { return s3server.Start(t) }), func() s3server.Server { return s3server.Alone(t) })
	testscript.Run(t, testscript.Params{
		Dir:   scripts,
		Setup: user.Setup,
		Condition: func(name string) (holds bool, err error) {
			here.still(func() { holds, err = condition(name) })
			return holds, err
		},
		RequireUniqueNames: true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"filmpress": here.filmpress,
			"exits":     here.exits,
			"refuses":   clitest.Refuses(here.run),
			"serve":     here.serve,
			"fetch":     clitest.Fetch,
			"bucket":    func(ts *testscript.TestScript, neg bool, args []string) { here.still(func() { bucket(ts, neg, args) }) },
			"profile":   clitest.Profile,
			"spoil":     clitest.Spoil,
			"mkfilm":    films.Make,
			"cut":       clitest.Cut,
			"unhex":     clitest.Unhex,
			"nothing":   clitest.Nothing,
			"listing":   clitest.Listing,
			"changes":   clitest.Changes,
			"contract":  clitest.Contract,
			"matches":   clitest.Matches,
			"remember":  clitest.Remember,
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
	ctx     context.Context // of all stories; it remembers the ffmpeg that is installed
	mu      sync.Mutex
	servers sync.Map // func() int that ends the story's server and gives its exit code, by the story's folder
}

// variables are those of a story that the program reads, and what it starts.
var variables = []string{"HOME", "PATH", "TMPDIR", "PWD", "LACKS", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "FILMPRESS_KEPT", "FILMPRESS_S3_ENDPONIT", "FILMPRESS_PIPELINE",
	"GITHUB_ACTIONS", "GITHUB_WORKSPACE", "AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "AWS_PROFILE", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"}

// still does something while no story's command runs: in the folder and with the variables of the tests.
func (p *inPlace) still(do func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	do()
}

// within does something in the folder and with the variables of a story.
func (p *inPlace) within(ts *testscript.TestScript, do func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	back, err := os.Getwd()
	ts.Check(err)
	ts.Check(os.Chdir(ts.MkAbs(".")))
	defer func() { ts.Check(os.Chdir(back)) }()
	ts.Setenv("PWD", ts.MkAbs("."))
	defer xdg.Reload() // it reads the variables once, when a process begins
	aws := filepath.Join(ts.Getenv("HOME"), ".aws")
	for _, name := range variables {
		value := ts.Getenv(name)
		switch name { // AWS's library looks for the user's home once, when a process begins
		case "AWS_CONFIG_FILE":
			value = cmp.Or(value, filepath.Join(aws, "config"))
		case "AWS_SHARED_CREDENTIALS_FILE":
			value = cmp.Or(value, filepath.Join(aws, "credentials"))
		}
		before, had := os.LookupEnv(name)
		setOrUnset(name, value, value != "")
		defer func() { setOrUnset(name, before, had) }()
	}
	xdg.Reload()
	do()
}

func setOrUnset(name, value string, set bool) {
	if set {
		os.Setenv(name, value)
	} else {
		os.Unsetenv(name)
	}
}

// run carries out a command line; it is a clitest.Program.
func (p *inPlace) run(ts *testscript.TestScript, args []string) (code int, stdout, stderr string) {
	var in string
	if slices.Contains(args, "-") { // what the story gives on standard input, a process alone can read
		ts.Check(ts.Exec("cat"))
		in = ts.ReadFile("stdout")
	}
	var out, errs storyOutput
	p.within(ts, func() { code = Main(p.ctx, args, strings.NewReader(in), &out, &errs) })
	stdout, stderr = out.all(), errs.all()
	io.WriteString(ts.Stdout(), stdout)
	io.WriteString(ts.Stderr(), stderr)
	return code, stdout, stderr
}

// storyOutput is output that comes from several sides, as a process's can.
type storyOutput struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (w *storyOutput) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.Write(b)
}

func (w *storyOutput) all() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}

// filmpress runs a command line that must go well, or not: [!] filmpress [ARG...]
func (p *inPlace) filmpress(ts *testscript.TestScript, neg bool, args []string) {
	if code, _, _ := p.run(ts, args); (code == 0) == neg {
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
	if code, _, _ := p.run(ts, args[2:]); code != want {
		ts.Fatalf("exit code %d, want %d", code, want)
	}
}

// serve runs `filmpress serve FOLDER` until the story ends, $SERVER is its address. `! serve` ends it, and wants exit code 0.
func (p *inPlace) serve(ts *testscript.TestScript, neg bool, args []string) {
	if neg {
		end, ok := p.servers.LoadAndDelete(ts.Getenv("WORK"))
		if !ok {
			ts.Fatalf("nothing is being served")
		}
		if code := end.(func() int)(); code != 0 {
			ts.Fatalf("exit code %d", code)
		}
		return
	}
	ctx, cancel := context.WithCancel(p.ctx)
	said, out := io.Pipe()
	ended := make(chan int, 1)
	var address string
	var err error
	p.within(ts, func() { // until it listens; it holds its folder open from then on
		go func() {
			ended <- Main(ctx, append([]string{"serve", "--addr", "127.0.0.1:0"}, args...), strings.NewReader(""), out, io.Discard)
			out.Close()
		}()
		address, err = bufio.NewReader(said).ReadString('\n')
	})
	end := sync.OnceValue(func() int { cancel(); return <-ended })
	ts.Defer(func() { end() })
	ts.Check(err)
	ts.Setenv("SERVER", strings.TrimSuffix(strings.TrimSpace(address), "/"))
	p.servers.Store(ts.Getenv("WORK"), end)
}
