package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"filmpress/internal/clean"
	"filmpress/internal/config"
	"filmpress/internal/engine/temporal"
	"filmpress/internal/gather"
	"filmpress/internal/library"
	"filmpress/internal/media/ffmpeg"
	"filmpress/internal/mirror"
	"filmpress/internal/release"
	"filmpress/internal/report"
	"filmpress/internal/store"
	"filmpress/internal/store/s3"
	"filmpress/internal/userfile"
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

// exitWords are what the codes mean where a command says nothing else. What was named on the command line and is not there
// ends with 2 where it says how (settings, a pipeline, a theme, rules, a list), with 3 where it is the film or a file of the
// film's, and with 4 where it is a place of films.
var exitWords = map[int]string{
	exitFine:        "fine",
	exitFailed:      "anything else went wrong",
	exitUsage:       "the command line or a settings file is wrong, or a file is not there that says how",
	exitFindings:    "something is wrong with the film, a file beside it, or what was made of them; nothing was published",
	exitStore:       "the folder or bucket is not there, refused, is full, or cannot be reached",
	exitTool:        "ffmpeg or ffprobe is missing, too old, or lacks a part that is needed",
	exitInterrupted: "interrupted; the same command again goes on from there",
}

// says is an exit code in a command's own words.
type says struct {
	code  int
	words string
}

// stopped is an interrupt of what leaves nothing to go on with.
var stopped = says{exitInterrupted, "interrupted"}

// exits is the part of a help text that lists exit codes: each is a code, or says.
func exits(codes ...any) string {
	var b strings.Builder
	b.WriteString("\n\nExit codes:")
	for _, c := range codes {
		own, ok := c.(says)
		if !ok {
			own = says{c.(int), exitWords[c.(int)]}
		}
		fmt.Fprintf(&b, "\n  %-4d %s", own.code, own.words)
	}
	return b.String()
}

// goesOn tells whether an interrupted command left something with which the same command goes on; its help says so.
func goesOn(cmd *cobra.Command) bool {
	return !strings.Contains(cmd.Long+"\n", fmt.Sprintf("\n  %-4d %s\n", stopped.code, stopped.words))
}

// usageError is a command line that cannot be carried out.
type usageError struct{ err error }

func (e usageError) Error() string { return e.err.Error() }
func (e usageError) Unwrap() error { return e.err }

// unreadable is a file that a flag names and that says how: it cannot be read.
func unreadable(flag string, err error) error { return usagef("%s %s", flag, userfile.Sentence(err)) }

// filmError is the film, or a file that belongs to it, that cannot be read.
type filmError struct{ err error }

func (e filmError) Error() string { return e.err.Error() }
func (e filmError) Unwrap() error { return e.err }

// settingsError carries what is wrong with a settings file: where to, and with what. Nothing was looked at yet.
type settingsError struct{ findings []report.Finding }

func (e settingsError) Error() string { return findingsError(e).Error() }

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
	case is[usageError](err), is[*gather.FlagError](err), is[settingsError](err), is[*config.ValueError](err), is[*config.NameError](err), is[*config.ReadError](err):
		return exitUsage
	case is[findingsError](err), is[*verify.UnsoundError](err), is[filmError](err):
		return exitFindings
	case is[*ffmpeg.ErrMissing](err), is[*ffmpeg.ErrTooOld](err), is[*ffmpeg.ErrLacks](err):
		return exitTool
	case is[*verify.NothingError](err), isAny(err, store.ErrRefused, store.ErrUnreachable, store.ErrFull, store.ErrPrecondition, store.ErrName, store.ErrNotFound, store.ErrUnsupported,
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
	if code == exitFine {
		return code
	}
	text := a.tell(err)
	switch {
	case code == exitInterrupted && goesOn(cmd):
		text = "interrupted. What was finished is kept: the same command again goes on from there"
	case code == exitInterrupted:
		text = "interrupted"
	case code == exitUsage && !is[settingsError](err):
		text = ended(text) + " See " + cmd.CommandPath() + " --help"
	}
	a.ui.Failed(text)
	return code
}

// tell shows the findings that an error carries, and gives its sentence with the mend.
func (a *app) tell(err error) string {
	if found, ok := errors.AsType[findingsError](err); ok {
		a.ui.Findings(found.findings)
	}
	if found, ok := errors.AsType[settingsError](err); ok {
		a.ui.Findings(found.findings)
	}
	if unsound, ok := errors.AsType[*verify.UnsoundError](err); ok {
		a.ui.Findings(unsound.Findings)
	}
	if other, ok := errors.AsType[*temporal.OtherError](err); ok { // it knows no flags
		return other.Told(a.command)
	}
	switch {
	case is[*ffmpeg.ErrLacks](err):
		return err.Error() + "; install one that has it (Debian's and Ubuntu's has), or name it with --ffmpeg and --ffprobe, or choose another pipeline, such as --pipeline documentary"
	case is[*ffmpeg.ErrMissing](err), is[*ffmpeg.ErrTooOld](err):
		return ended(err.Error()) + " Install it (Debian, Ubuntu: apt install ffmpeg) or name another with --ffmpeg and --ffprobe; filmpress doctor tells more"
	}
	return userfile.Sentence(err)
}

// refused is an error at a folder of films: one that this user may not open refuses, as a bucket does.
func refused(err error) error {
	if errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("%w: %w", store.ErrRefused, err)
	}
	return err
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
