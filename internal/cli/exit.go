package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"filmpress/internal/clean"
	"filmpress/internal/config"
	"filmpress/internal/library"
	"filmpress/internal/media/ffmpeg"
	"filmpress/internal/mirror"
	"filmpress/internal/release"
	"filmpress/internal/report"
	"filmpress/internal/store"
	"filmpress/internal/store/s3"
	"filmpress/internal/verify"
)

// The exit codes. They are a contract with scripts: each command's help lists those it gives.
const (
	exitFine        = 0
	exitFailed      = 1
	exitUsage       = 2
	exitFindings    = 3
	exitStore       = 4
	exitTool        = 5
	exitInterrupted = 130 // 128 + SIGINT, as shells count
)

var exitWords = map[int]string{
	exitFine:        "fine",
	exitFailed:      "failed",
	exitUsage:       "the command line is wrong",
	exitFindings:    "something is wrong with the film, a file beside it, or what was made of them; nothing was published",
	exitStore:       "the folder or bucket refused, is full, or cannot be reached",
	exitTool:        "ffmpeg or ffprobe is missing, too old, or lacks a part that is needed",
	exitInterrupted: "interrupted; the same command again goes on from there",
}

// exits is the part of a help text that lists exit codes.
func exits(codes ...int) string {
	var b strings.Builder
	b.WriteString("\n\nExit codes:")
	for _, c := range codes {
		fmt.Fprintf(&b, "\n  %-4d %s", c, exitWords[c])
	}
	return b.String()
}

// usageError is a command line that cannot be carried out.
type usageError struct{ err error }

func (e usageError) Error() string { return e.err.Error() }
func (e usageError) Unwrap() error { return e.err }

// findingsError carries complaints about the user's files, of which at least one is an error. They are shown
// by whoever ends the command, so that no command has to.
type findingsError struct{ findings []report.Finding }

func (e findingsError) Error() string {
	bad := 0
	for _, f := range e.findings {
		if f.Severity == report.Error {
			bad++
		}
	}
	if bad == 1 {
		return "stopped by the error above; nothing was changed"
	}
	return fmt.Sprintf("stopped by the %d errors above; nothing was changed", bad)
}

// exitCode maps every kind of failure. This switch is the only place that does.
func exitCode(ctx context.Context, err error) int {
	switch {
	case err == nil:
		return exitFine
	case ctx.Err() != nil: // whatever it broke, the user asked for it
		return exitInterrupted
	case is[usageError](err), is[*config.ValueError](err), is[*config.NameError](err):
		return exitUsage
	case is[findingsError](err), is[*verify.UnsoundError](err):
		return exitFindings
	case is[*ffmpeg.ErrMissing](err), is[*ffmpeg.ErrTooOld](err), is[*ffmpeg.ErrLacks](err):
		return exitTool
	case isAny(err, store.ErrRefused, store.ErrUnreachable, store.ErrFull, store.ErrPrecondition, store.ErrName, store.ErrNotFound, store.ErrUnsupported,
		s3.ErrChanged, mirror.ErrPartly, library.ErrBroken, library.ErrBusy, clean.ErrMore,
		release.ErrConflict, release.ErrDiffers, release.ErrIncomplete, release.ErrMalformed, release.ErrNoRelease):
		return exitStore
	}
	return exitFailed
}

func is[T error](err error) bool { var as T; return errors.As(err, &as) }

func isAny(err error, kinds ...error) bool {
	for _, k := range kinds {
		if errors.Is(err, k) {
			return true
		}
	}
	return false
}

// finish tells why a command failed, in one sentence and its mend, and gives the exit code.
func (a *app) finish(ctx context.Context, cmd *cobra.Command, err error) int {
	code := exitCode(ctx, err)
	defer a.ui.Close()
	if silent, ok := errors.AsType[silentError](err); ok && code != exitInterrupted {
		return int(silent)
	}
	if found, ok := errors.AsType[findingsError](err); ok {
		a.ui.Findings(found.findings)
	}
	if unsound, ok := errors.AsType[*verify.UnsoundError](err); ok {
		a.ui.Findings(unsound.Findings)
	}
	switch code {
	case exitFine:
	case exitInterrupted:
		a.ui.Failed("interrupted. What was finished is kept: the same command again goes on from there")
	case exitUsage:
		a.ui.Failed(ended(err.Error()) + " See " + cmd.CommandPath() + " --help")
	case exitTool:
		if is[*ffmpeg.ErrLacks](err) {
			a.ui.Failed(err.Error() + "; install one that has it (Debian's and Ubuntu's has), or name it with --ffmpeg and --ffprobe, or choose another pipeline, such as --pipeline documentary")
			break
		}
		a.ui.Failed(ended(err.Error()) + " Install it (Debian, Ubuntu: apt install ffmpeg) or name another with --ffmpeg and --ffprobe; filmpress doctor tells more")
	default:
		a.ui.Failed(sentence(err))
	}
	return code
}

// ended is a sentence with its full stop.
func ended(s string) string {
	if strings.HasSuffix(s, "?") || strings.HasSuffix(s, ".") {
		return s
	}
	return s + "."
}

// silentError is an exit code alone, for a command whose result tells the rest.
type silentError int

func (e silentError) Error() string { return exitWords[int(e)] }

// sentence puts the system's errors about files into words. Other errors are sentences already.
func sentence(err error) string {
	path, ok := errors.AsType[*fs.PathError](err)
	switch {
	case !ok:
		return err.Error()
	case errors.Is(err, fs.ErrNotExist):
		return path.Path + ": there is no such file or folder"
	case errors.Is(err, fs.ErrPermission):
		return path.Path + ": this user has no right to " + path.Op + " it"
	case errors.Is(err, syscall.ENOSPC):
		return path.Path + ": the disk is full; free some space and run the same command again"
	}
	return err.Error()
}

// crashed ends the program after a bug of ours: one sentence for the user, the details in a file.
func (a *app) crashed(args []string, bug *report.Bug) int {
	text := fmt.Sprintf("%s\nfilmpress %q\n\n%v\n\n%s", versionText(), args, bug, bug.Stack)
	where := "the details could not be written"
	if f, err := os.CreateTemp("", "filmpress-crash-*.txt"); err == nil {
		if _, err := f.WriteString(text); err == nil {
			where = "the details are in " + f.Name()
		}
		f.Close()
	}
	a.ui.Failed(fmt.Sprintf("this is a bug in filmpress, not your fault (%v); %s", bug, where))
	return exitFailed
}
