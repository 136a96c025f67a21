package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// exits runs a command that must end with an exit code: exits CODE COMMAND [ARG...]
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND [ARG...]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	if code := exitCode(ts, args[1], args[2:]); code != want {
		ts.Fatalf("exit code %d, want %d", code, want)
	}
}

// exitCode starts a program and gives its exit code.
func exitCode(ts *testscript.TestScript, program string, args []string) int {
	err := ts.Exec(program, args...)
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.ExitCode()
	}
	ts.Check(err)
	return 0
}

// process runs filmpress as a process; it is a clitest.Program.
func process(ts *testscript.TestScript, args []string) (code int, stdout, stderr string) {
	code = exitCode(ts, "filmpress", args)
	return code, ts.ReadFile("stdout"), ts.ReadFile("stderr")
}

// interrupt runs a command and presses Ctrl-C at the first line on stderr that matches: interrupt REGEXP COMMAND [ARG...].
// The command must end with exit code 130, soon, and leave no process behind.
func interrupt(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: interrupt REGEXP COMMAND [ARG...]")
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(ts.Getenv("BIN"), args[1]), args[2:]...)
	cmd.Dir = ts.MkAbs(".")
	cmd.Env = environment(ts)
	said := &alarm{want: regexp.MustCompile(args[0]), found: make(chan struct{})}
	cmd.Stderr = said
	ts.Check(cmd.Start())
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case <-said.found:
	case err := <-ended:
		ts.Fatalf("it ended (%v) before it said %q:\n%s", err, args[0], said.text.String())
	}
	if len(working(ts)) == 0 {
		ts.Fatalf("no ffmpeg is at work, so there is nothing to interrupt")
	}
	pressed := time.Now()
	ts.Check(cmd.Process.Signal(syscall.SIGINT))
	<-ended
	ts.Stderr().Write(said.text.Bytes())
	if took := time.Since(pressed); took > 10*time.Second {
		ts.Fatalf("it took %v to stop", took)
	}
	if code := cmd.ProcessState.ExitCode(); code != 130 {
		ts.Fatalf("exit code %d, want 130; it said:\n%s", code, said.text.String())
	}
	if left := working(ts); len(left) > 0 {
		ts.Fatalf("still at work: %v", left)
	}
}

// alarm collects text and tells once when it matches. Only the goroutine that copies a process's output writes to it.
type alarm struct {
	want  *regexp.Regexp
	found chan struct{}
	rang  bool
	text  bytes.Buffer
}

func (a *alarm) Write(p []byte) (int, error) {
	a.text.Write(p)
	if !a.rang && a.want.Match(a.text.Bytes()) {
		a.rang = true
		close(a.found)
	}
	return len(p), nil
}

// environment is the story's, as its commands see it.
func environment(ts *testscript.TestScript) []string {
	env := []string{"PWD=" + ts.MkAbs(".")}
	for _, name := range []string{"PATH", "HOME", "TMPDIR", "WORK", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "FILMPRESS_KEPT"} {
		env = append(env, name+"="+ts.Getenv(name))
	}
	return env
}

// working lists the processes that work on this story's files, other than filmpress itself.
func working(ts *testscript.TestScript) []string {
	var list []string
	lines, err := filepath.Glob("/proc/[0-9]*/cmdline")
	ts.Check(err)
	for _, name := range lines {
		line, err := os.ReadFile(name)
		if err == nil && bytes.Contains(line, []byte(ts.MkAbs(".")+"/")) && bytes.Contains(line, []byte("ffmpeg")) {
			list = append(list, string(bytes.ReplaceAll(line, []byte{0}, []byte{' '})))
		}
	}
	return list
}
