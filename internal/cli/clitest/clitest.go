// Package clitest is what the stories of internal/cli and those of cmd/filmpress have in common: a user of their own, and commands
// by which scripts make files and look at folders.
package clitest

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// Setup gives a story a user of its own: no settings, no credentials, nothing kept.
func Setup(e *testscript.Env) {
	e.Vars = slices.DeleteFunc(e.Vars, func(v string) bool {
		return strings.HasPrefix(v, "AWS_") || strings.HasPrefix(v, "FILMPRESS_") || strings.HasPrefix(v, "XDG_")
	})
	e.Setenv("HOME", filepath.Join(e.WorkDir, "home"))
	e.Setenv("XDG_CONFIG_HOME", filepath.Join(e.WorkDir, "home", "config"))
	e.Setenv("XDG_CACHE_HOME", filepath.Join(e.WorkDir, "home", "cache"))
	e.Setenv("FILMPRESS_KEPT", filepath.Join(e.WorkDir, "kept"))
}
