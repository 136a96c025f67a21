package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"filmpress/internal/cli/clitest"
)

// exits runs a command that must end with an exit code: exits CODE COMMAND [ARG...]
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND [ARG...]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	code := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		exit, ok := errors.AsType[*exec.ExitError](err)
		if !ok {
			ts.Fatalf("%v", err)
		}
		code = exit.ExitCode()
	}
	ts.Logf("[stdout]\n%s[stderr]\n%s", ts.ReadFile("stdout"), ts.ReadFile("stderr"))
	if code != want {
		ts.Fatalf("exit code %d, want %d", code, want)
	}
}

// refuses publishes and wants to be refused with an exit code and one sentence, before any file came into being or
// changed, kept results apart: refuses CODE FILM [ARG...]
func refuses(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: refuses CODE FILM [ARG...]")
	}
	pipeline := []string{"--pipeline", "tiny.yml"}
	if slices.Contains(args, "--pipeline") {
		pipeline = nil
	}
	before := state(ts)
	exits(ts, false, slices.Concat([]string{args[0], "filmpress", "publish"}, pipeline, args[1:]))
	if out := ts.ReadFile("stdout"); out != "" {
		ts.Fatalf("stdout is for results, but a refusal wrote there: %q", out)
	}
	oneSentence(ts, args[0] == "3")
	if after := state(ts); !slices.Equal(before, after) {
		ts.Fatalf("a refusal changed files; before:\n%s\nafter:\n%s", strings.Join(before, "\n"), strings.Join(after, "\n"))
	}
}

// state lists the story's files with their times, without what the program and the system keep for themselves.
func state(ts *testscript.TestScript) []string {
	var list []string
	work := ts.Getenv("WORK")
	for _, name := range clitest.FilesBelow(ts, work) {
		if first, _, _ := strings.Cut(name, "/"); first == ".tmp" || first == "home" || strings.HasPrefix(first, "kept") {
			continue
		}
		info, err := os.Lstat(filepath.Join(work, name))
		ts.Check(err)
		list = append(list, info.ModTime().Format("15:04:05.000000000 ")+name)
	}
	return list
}

const stopped = "filmpress: stopped by the error above; nothing was changed"

// oneSentence wants exactly one complaint on stderr, last, in plain words.
func oneSentence(ts *testscript.TestScript, finding bool) {
	text := ts.ReadFile("stderr")
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	own := slices.DeleteFunc(slices.Clone(lines), func(s string) bool { return !strings.HasPrefix(s, "filmpress: ") })
	if len(own) != 1 || lines[len(lines)-1] != own[0] {
		ts.Fatalf("the last line, and no other, tells in the program's name what is wrong; it said:\n%s", text)
	}
	errors := strings.Count(text, ": error: ")
	if finding && (errors != 1 || own[0] != stopped) || !finding && errors != 0 {
		ts.Fatalf("there must be one complaint, there are %d about files, and: %s", errors, own[0])
	}
	if ugly := regexp.MustCompile(`(?i)panic|goroutine|exit status|signal: |0x[0-9a-f]{6}|\[[a-z0-9_,]+ @ |%!|<nil>|lavf|error error`).FindString(text); ugly != "" {
		ts.Fatalf("%q is no plain word", ugly)
	}
}

// nothing wants a folder to be missing or without any file but the store's own: nothing FOLDER
func nothing(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: nothing FOLDER")
	}
	if files := clitest.FilesBelow(ts, ts.MkAbs(args[0])); len(files) > 0 {
		ts.Fatalf("nothing should have been published, but there are %v", files)
	}
}

// cut copies the first per cent of a file: cut FILE NEW PERCENT
func cut(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: cut FILE NEW PERCENT")
	}
	percent, err := strconv.Atoi(args[2])
	ts.Check(err)
	data, err := os.ReadFile(ts.MkAbs(args[0]))
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), data[:len(data)*percent/100], 0o644))
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
