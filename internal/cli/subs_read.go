package cli

import (
	"fmt"
	"io"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"filmpress/internal/report"
	"filmpress/internal/subtitle"
	"filmpress/internal/subtitle/foreign"
	"filmpress/internal/ui"
	"filmpress/internal/userfile"
)

// unreadError is a file that is no subtitle file at all: a film, a folder's worth of bytes, something binary. A fault inside a
// subtitle file is a finding instead.
type unreadError struct{ finding report.Finding }

func (e unreadError) Error() string {
	return e.finding.Pos.File + ": " + e.finding.Text + "; " + e.finding.Hint
}

// stdin is what is read of standard input, and how it is called.
const stdin = "stdin"

// readInput reads a subtitle file, or standard input, which is -. name is what to call it.
func (a *app) readInput(path string) (name string, data []byte, err error) {
	if path != "-" {
		data, err = userfile.Read(path, subtitle.MaxBytes+1)
		return userfile.Shown(path), data, err
	}
	data, err = a.readStdin()
	return stdin, data, err
}

// readStdin reads standard input, once for all who ask.
func (a *app) readStdin() ([]byte, error) {
	if a.piped == nil {
		if ui.Interactive(a.in) {
			a.ui.Note("reading standard input; Ctrl-D ends it")
		}
		data, err := io.ReadAll(io.LimitReader(a.in, subtitle.MaxBytes+1))
		if err != nil {
			return nil, err
		}
		a.piped = append([]byte{}, data...)
	}
	return a.piped, nil
}

// readSubtitle reads a subtitle file, or standard input. The error is one sentence: the file cannot be opened, or is no subtitle
// file. Everything else that is wrong is in the findings.
func (a *app) readSubtitle(path, charset string) (subtitle.Track, []report.Finding, error) {
	return a.readSubtitleBy(readAnyFormat, path, charset)
}

// readAnyFormat reads every format that is known, as well as can be.
func readAnyFormat(name string, data []byte, opt subtitle.Options) (subtitle.Track, []report.Finding) {
	return foreign.Read(name, data, foreign.Options{Options: opt})
}

// readSubtitleBy reads a file with one of the readers of package subtitle.
func (a *app) readSubtitleBy(read func(string, []byte, subtitle.Options) (subtitle.Track, []report.Finding), path, charset string) (subtitle.Track, []report.Finding, error) {
	name, data, err := a.readInput(path)
	if err != nil {
		return subtitle.Track{}, nil, err
	}
	track, findings := read(name, data, subtitle.Options{Charset: charset, Language: subtitle.ParseName(filepath.Base(path)).Language})
	if track.Format == 0 {
		return track, nil, unreadError{worst(findings)}
	}
	return track, findings, nil
}

// worst is the first of the gravest findings.
func worst(findings []report.Finding) report.Finding {
	var w report.Finding
	for _, f := range findings {
		if w.Text == "" || f.Severity > w.Severity {
			w = f
		}
	}
	return w
}

// harmless are the errors with which all text is read all the same: players would not show it, but we have it.
var harmless = []string{"cue-end-after-start", "vtt-signature"}

// losing are the errors with which a part of a file's text is lost.
func losing(findings []report.Finding) []report.Finding {
	return slices.DeleteFunc(slices.Clone(findings), func(f report.Finding) bool {
		return f.Severity < report.Error || slices.Contains(harmless, f.Rule)
	})
}

// addCharset gives a command on subtitle files the flag that names their encoding.
func addCharset(cmd *cobra.Command, charset *string, usage string) {
	cmd.Flags().StringVar(charset, "charset", "", usage)
}

// checkCharset refuses a name that no encoding has.
func checkCharset(name string) error {
	if name == "" {
		return nil
	}
	if _, err := subtitle.CharsetName(name); err != nil {
		return usageError{fmt.Errorf("--charset: %w; use a name such as utf-8, windows-1251, koi8-r or iso-8859-2", err)}
	}
	return nil
}

// subsExits is the list of exit codes of a command on subtitle files, with what 3 means for this one.
func subsExits(findings string) string {
	return exits(exitFine, exitFailed, exitUsage, says{exitFindings, findings}, stopped)
}
