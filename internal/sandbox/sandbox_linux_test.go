package sandbox

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// run runs a program in the sandbox.
func run(t *testing.T, p Policy, program string, args ...string) (out string, err error) {
	t.Helper()
	OnThread(func() {
		if err = Confine(p, program); err != nil {
			return
		}
		var data []byte
		data, err = exec.Command(program, args...).CombinedOutput()
		out = string(data)
	})
	return out, err
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
		out, err := run(t, p, "/bin/sh", "-c", c.line, "sh", film, secret, work)
		if strings.HasPrefix(c.what, "signals") && abi() < 6 {
			continue
		}
		if (err == nil) != c.holds {
			t.Errorf("%s: %v, %s", c.what, err, out)
		}
	}
	for file, holds := range map[string]string{film: "pictures", secret: "names"} { // this process itself is not confined
		if data, err := os.ReadFile(file); err != nil || string(data) != holds {
			t.Errorf("%s holds %q, %v", file, data, err)
		}
	}
	if out, err := run(t, Policy{Read: []string{filepath.Join(dir, "gone")}}, "/bin/true"); err == nil || !strings.Contains(err.Error(), "gone: no such file") {
		t.Errorf("a file that is not there: %v %s", err, out)
	}
}

// TestLimit: a program cannot take more memory and files than this package's limits, and leaves no core.
func TestLimit(t *testing.T) {
	cmd := exec.Command("/bin/sh", "-c", "read line; ulimit -v; ulimit -n; ulimit -c")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	cmd.Stdout = &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if err := Limit(cmd.Process.Pid); err != nil {
		t.Error(err)
	}
	io.WriteString(in, "go on\n")
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	if want := fmt.Sprintf("%d\n%d\n0\n", maxMemory>>10, maxFiles); out.String() != want {
		t.Errorf("%q, want %q", out.String(), want)
	}
	if err := Limit(cmd.Process.Pid); err != nil {
		t.Errorf("a program that has ended: %v", err)
	}
}

// TestSandboxConnectsNowhere: a program makes no socket, so it reaches no server, by no protocol, not even on this machine.
func TestSandboxConnectsNowhere(t *testing.T) {
	if network, why := On(); why != "" || !network {
		t.Skip("skipped: this kernel guards no connections")
	}
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("skipped: bash is not installed")
	}
	tcp, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer tcp.Close()
	udp, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer udp.Close()
	for protocol, address := range map[string]string{"tcp": tcp.Addr().String(), "udp": udp.LocalAddr().String()} {
		_, port, _ := net.SplitHostPort(address)
		line := "exec 5<>/dev/" + protocol + "/127.0.0.1/" + port
		if out, err := exec.Command(bash, "-c", line).CombinedOutput(); err != nil {
			t.Fatalf("%s outside: %v %s", protocol, err, out)
		}
		if out, err := run(t, Policy{}, bash, "-c", line); err == nil || !strings.Contains(out, "denied") {
			t.Errorf("%s inside: %v %s", protocol, err, out)
		}
	}
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("this process itself is not confined: %v", err)
	}
	l.Close()
}
