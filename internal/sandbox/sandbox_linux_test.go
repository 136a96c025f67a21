package sandbox

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	lsys "github.com/landlock-lsm/go-landlock/landlock/syscall"
)

func TestMain(m *testing.M) {
	Enter()
	os.Exit(m.Run())
}

// run starts a shell line in the sandbox.
func run(t *testing.T, p Policy, line string, args ...string) (string, error) {
	t.Helper()
	path, argv := Command(p, "/bin/sh", append([]string{"sh", "-c", line, "sh"}, args...))
	cmd := exec.Command(path, argv[1:]...)
	cmd.Args = argv
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// TestSandbox: a program reads the files it was given and writes in the folder it was given, and can do nothing else
// with the user's files.
func TestSandbox(t *testing.T) {
	if _, why := On(); why != "" {
		t.Skip("skipped: " + why)
	}
	dir := t.TempDir()
	film, secret, work := filepath.Join(dir, "film, with \"odd\" name"), filepath.Join(dir, "secret"), filepath.Join(dir, "work")
	link := filepath.Join(work, "link")
	for _, err := range []error{os.WriteFile(film, []byte("pictures"), 0o644), os.WriteFile(secret, []byte("names"), 0o644), os.Mkdir(work, 0o755), os.Symlink(secret, link)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	p := Policy{Read: []string{film}, Write: []string{work}}
	for _, c := range []struct {
		what, line string
		holds      bool
	}{
		{"reads the film", `test "$(cat "$1")" = pictures`, true},
		{"writes in its folder", `echo x > "$3/new" && mv "$3/new" "$3/newer" && rm "$3/newer"`, true},
		{"throws away", `echo x > /dev/null`, true},
		{"reads another file", `cat "$2"`, false},
		{"reads through a link", `cat "$3/link"`, false},
		{"lists a folder", `ls "$(dirname "$2")"`, false},
		{"writes over the film", `echo x > "$1"`, false},
		{"writes beside it", `echo x > "$2.new"`, false},
		{"reads the user's home", `cat /root/.bashrc /etc/passwd`, false},
		{"signals another process", `kill -0 "$PPID"`, false},
	} {
		out, err := run(t, p, c.line, film, secret, work)
		if strings.HasPrefix(c.what, "signals") && !scoped() {
			continue
		}
		if (err == nil) != c.holds {
			t.Errorf("%s: %v, %s", c.what, err, out)
		}
	}
	if data, err := os.ReadFile(film); err != nil || string(data) != "pictures" {
		t.Errorf("the film holds %q, %v", data, err)
	}
}

// scoped says whether the kernel keeps signals inside (Landlock 6).
func scoped() bool {
	abi, err := lsys.LandlockGetABIVersion()
	return err == nil && abi >= 6
}

func TestSandboxConnectsNowhere(t *testing.T) {
	if network, why := On(); why != "" || !network {
		t.Skip("skipped: this kernel guards no connections")
	}
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("skipped: bash is not installed")
	}
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	line := "exec 5<>/dev/tcp/127.0.0.1/" + port
	if out, err := exec.Command(bash, "-c", line).CombinedOutput(); err != nil {
		t.Fatalf("outside: %v %s", err, out)
	}
	path, argv := Command(Policy{}, bash, []string{"bash", "-c", line})
	cmd := exec.Command(path, argv[1:]...)
	cmd.Args = argv
	if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(out), "denied") {
		t.Errorf("inside: %v %s", err, out)
	}
}

func TestParse(t *testing.T) {
	for _, argv := range [][]string{nil, {"r:/a"}, {"r:/a", "--"}} {
		if _, _, err := parse(argv); err == nil {
			t.Errorf("%q is taken", argv)
		}
	}
	p, program, err := parse([]string{"r:/a", "w:/b", "--", "/usr/bin/ffmpeg", "-i", "r:/c", "--"})
	if err != nil || len(p.Read) != 1 || len(p.Write) != 1 || len(program) != 4 {
		t.Errorf("%+v %q %v", p, program, err)
	}
}
