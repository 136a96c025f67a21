// Package clitest is what the stories of internal/cli and those of cmd/filmpress have in common: a user of their own, and commands
// by which scripts make films and files, look at what was published, and reach a server.
package clitest

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// Program carries out a command line of filmpress, in the folder and with the variables of a story. It gives the exit code and what was
// written, which is then the story's standard output and error, too.
type Program func(ts *testscript.TestScript, args []string) (code int, stdout, stderr string)

// User is what a story finds.
type User struct {
	Common string // a folder for kept results that several stories share
	Bin    string // a PATH that has no ffmpeg
}

// Setup gives a story a user of its own: no settings, no credentials, nothing kept. Stories that are not about encoding may take COMMON for their
// kept results, where the same film is encoded once for all of them.
func (u User) Setup(e *testscript.Env) error {
	e.Vars = slices.DeleteFunc(e.Vars, func(v string) bool {
		return strings.HasPrefix(v, "AWS_") || strings.HasPrefix(v, "FILMPRESS_") || strings.HasPrefix(v, "XDG_")
	})
	for name, value := range map[string]string{
		"HOME":            filepath.Join(e.WorkDir, "home"),
		"XDG_CONFIG_HOME": filepath.Join(e.WorkDir, "home", "config"),
		"XDG_CACHE_HOME":  filepath.Join(e.WorkDir, "home", "cache"),
		"FILMPRESS_KEPT":  filepath.Join(e.WorkDir, "kept"),
		"COMMON":          u.Common,
		"BIN":             u.Bin,
		"NEWLINE":         "\n",
		"QUOTE":           "'",
	} {
		e.Setenv(name, value)
	}
	for _, name := range []string{"tiny.yml", "modern.yml"} {
		pipeline, err := os.ReadFile(filepath.Join(pipelines, name))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(e.WorkDir, name), pipeline, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// Folders of the checkout, seen from where the tests of both packages begin: those that run filmpress in their own process are elsewhere by turns.
var (
	pipelines = absolute("../../cmd/filmpress/testdata")
	docs      = absolute("../../docs")
)

func absolute(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}
