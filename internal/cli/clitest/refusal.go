package clitest

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// Refuses publishes and wants to be refused with an exit code and one sentence, before any file came into being or
// changed, kept results apart: refuses CODE FILM [ARG...]
func Refuses(run Program) func(ts *testscript.TestScript, neg bool, args []string) {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		if neg || len(args) < 2 {
			ts.Fatalf("usage: refuses CODE FILM [ARG...]")
		}
		want, err := strconv.Atoi(args[0])
		ts.Check(err)
		pipeline := []string{"--pipeline", "tiny.yml"}
		if slices.Contains(args, "--pipeline") {
			pipeline = nil
		}
		before := state(ts)
		code, stdout, stderr := run(ts, slices.Concat([]string{"publish"}, pipeline, args[1:]))
		if code != want {
			ts.Fatalf("exit code %d, want %d", code, want)
		}
		if stdout != "" {
			ts.Fatalf("stdout is for results, but a refusal wrote there: %q", stdout)
		}
		oneSentence(ts, stderr, code == 3)
		if after := state(ts); !slices.Equal(before, after) {
			ts.Fatalf("a refusal changed files; before:\n%s\nafter:\n%s", strings.Join(before, "\n"), strings.Join(after, "\n"))
		}
	}
}

// state lists the story's files with their times, without what the program and the system keep for themselves.
func state(ts *testscript.TestScript) []string {
	var list []string
	work := ts.Getenv("WORK")
	for _, name := range FilesBelow(ts, work) {
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
func oneSentence(ts *testscript.TestScript, text string, finding bool) {
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
