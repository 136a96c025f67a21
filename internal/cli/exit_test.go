package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"filmpress/internal/config"
	"filmpress/internal/gather"
	"filmpress/internal/media/ffmpeg"
	"filmpress/internal/release"
	"filmpress/internal/report"
	"filmpress/internal/store"
	"filmpress/internal/ui"
)

// Each kind of failure has its exit code and one line for the user.
func TestFailures(t *testing.T) {
	bad := report.Finding{Pos: report.Pos{File: "film.srt", Line: 3}, Severity: report.Error, Rule: "r", Text: "broken"}
	for _, c := range []struct {
		err  error
		code int
		line string // the last one
	}{
		{nil, 0, ""},
		{errors.New("it broke"), 1, "filmpress: it broke"},
		{usageError{errors.New("which one?")}, 2, "filmpress: which one? See filmpress publish --help"},
		{gather.NotALanguage("x"), 2, `filmpress: --language "x" is not a language tag`},
		{&config.NameError{Name: "x"}, 2, "filmpress: no settings named"},
		{&config.ValueError{Where: "--endpoint", Err: errors.New("bad")}, 2, "filmpress: --endpoint: bad. See filmpress publish --help"},
		{findingsError{[]report.Finding{bad}}, 3, "filmpress: stopped by the error above; nothing was changed"},
		{findingsError{[]report.Finding{bad, bad, {Severity: report.Warn}}}, 3, "filmpress: stopped by the 2 errors above; nothing was changed"},
		{fmt.Errorf("wrapped: %w", store.ErrRefused), 4, "filmpress: wrapped: the store refused"},
		{store.ErrUnreachable, 4, "filmpress: the store cannot be reached"},
		{store.ErrFull, 4, "filmpress: no space left"},
		{release.ErrConflict, 4, "filmpress: somebody else published"},
		{&ffmpeg.ErrMissing{Program: "ffmpeg"}, 5, "filmpress: ffmpeg is not installed (not in PATH). Install it"},
		{&ffmpeg.ErrTooOld{Have: "4.4", Need: "5.1"}, 5, "filmpress: ffmpeg is version 4.4"},
		{silentError(5), 5, ""},
		{&fs.PathError{Op: "open", Path: "a", Err: fs.ErrNotExist}, 1, "filmpress: a: there is no such file or folder"},
		{&fs.PathError{Op: "open", Path: "a", Err: fs.ErrPermission}, 1, "filmpress: a: this user has no right to open it"},
		{&fs.PathError{Op: "write", Path: "a", Err: syscall.ENOSPC}, 1, "filmpress: a: the disk is full"},
	} {
		var story bytes.Buffer
		a := &app{err: &story, ui: ui.New(ui.Options{Out: &story, Now: time.Now})}
		cmd := &cobra.Command{Use: "publish"}
		(&cobra.Command{Use: "filmpress"}).AddCommand(cmd)
		code := a.finish(t.Context(), cmd, c.err)
		lines := strings.Split(strings.TrimSuffix(story.String(), "\n"), "\n")
		last := lines[len(lines)-1]
		if code != c.code || !strings.HasPrefix(last, c.line) || c.line == "" && last != "" {
			t.Errorf("%v: got %d %q, want %d %q", c.err, code, last, c.code, c.line)
		}
	}
}

// Whatever broke because the user interrupted is an interruption.
func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var story bytes.Buffer
	a := &app{err: &story, ui: ui.New(ui.Options{Out: &story, Now: time.Now})}
	if code := a.finish(ctx, &cobra.Command{}, store.ErrUnreachable); code != 130 || !strings.Contains(story.String(), "goes on from there") {
		t.Errorf("got %d %q", code, story.String())
	}
}

// A bug of ours: one sentence for the user, the details in a file, exit 1.
func TestCrashed(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	var story bytes.Buffer
	a := &app{err: &story, ui: ui.New(ui.Options{Out: &story, Now: time.Now})}
	bug, ok := errors.AsType[*report.Bug](report.Caught(func() error { panic("nil map") }))
	if !ok {
		t.Fatal("the panic was not caught")
	}
	if code := a.crashed([]string{"publish", "film.mp4"}, bug); code != 1 || strings.Count(story.String(), "\n") != 1 {
		t.Errorf("got %d %q", code, story.String())
	}
	files, err := filepath.Glob(filepath.Join(os.Getenv("TMPDIR"), "filmpress-crash-*.txt"))
	if err != nil || len(files) != 1 || !strings.Contains(story.String(), files[0]) {
		t.Fatalf("got %v, %v, %q", files, err, story.String())
	}
	details, err := os.ReadFile(files[0])
	if err != nil || !strings.Contains(string(details), "nil map") || !strings.Contains(string(details), "goroutine") {
		t.Errorf("got %q, %v", details, err)
	}
}

// Every exit code has its words, and every command's help lists its own; so does that of each command below another.
func TestHelpListsExitCodes(t *testing.T) {
	seen := 0
	var look func(parent *cobra.Command)
	look = func(parent *cobra.Command) {
		for _, cmd := range parent.Commands() {
			if cmd.Name() == "settings" || cmd.Name() == "help" {
				continue
			}
			seen++
			if !strings.Contains(cmd.Long, "Exit codes:\n  0    fine\n") || cmd.Example == "" {
				t.Errorf("%s: its help has no exit codes or no example", cmd.CommandPath())
			}
			look(cmd)
		}
	}
	look(newRoot(&app{out: &bytes.Buffer{}, err: &bytes.Buffer{}}))
	if seen < 30 {
		t.Errorf("only %d commands were looked at", seen)
	}
}

func TestRoff(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"--to DIR", `\-\-to DIR`},
		{".hidden\n'quoted'", "\\&.hidden\n\\&'quoted'"},
		{`a\b`, `a\eb`},
	} {
		if got := roff(c.in); got != c.want {
			t.Errorf("roff(%q) = %q, want %q", c.in, got, c.want)
		}
	}
}
