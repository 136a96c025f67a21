package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"filmpress/internal/media/ffmpeg"
	"filmpress/internal/report"
	"filmpress/internal/subtitle"
	"filmpress/internal/subtitle/foreign"
	"filmpress/internal/userfile"
)

// extractOptions are the command line of subs extract.
type extractOptions struct {
	film, folder string
	track        int // counted from 1; 0 is all
	force        bool
}

// extraction is a subtitle track and the file that it becomes.
type extraction struct {
	ffmpeg.TextTrack
	number int    // from 1, in the film's order
	path   string // "" where it is no text
}

func newSubsExtract(a *app) *cobra.Command {
	var o extractOptions
	cmd := &cobra.Command{
		Use:   "extract FILM",
		Short: "Take the subtitles out of a film, as files beside it",
		Long: `Takes every text track out of a film and writes it beside the film, named so that publish finds it: film.en.srt,
film.ru.forced.srt, film.en.sdh.vtt. WebVTT stays WebVTT and ASS stays ASS; everything else becomes SRT. The paths of the
files go to standard output. Subtitles that are pictures (PGS, VobSub, DVB) are named, since only an OCR program can
read them.` + exits(exitFine, exitFailed, exitUsage, says{exitFindings, "the film has no subtitles that are text, or is not there"}, exitTool, stopped),
		Example: "  filmpress subs extract film.mkv\n  filmpress subs extract film.mkv --track 2 -o subtitles",
		Args:    takes(1, 1),
	}
	f := cmd.Flags()
	addTools(f)
	f.StringVarP(&o.folder, "output", "o", "", "the folder for the files; else that of the film")
	f.IntVar(&o.track, "track", 0, "only this subtitle track, counted from 1")
	f.BoolVar(&o.force, "force", false, "replace files that are there")
	cmd.RunE = a.settled(func(cmd *cobra.Command, given []string) error {
		o.film = given[0]
		if cmd.Flags().Changed("track") && o.track < 1 {
			return usageError{fmt.Errorf("--track %d: tracks are counted from 1", o.track)}
		}
		return a.extract(cmd.Context(), o)
	})
	return cmd
}

func (a *app) extract(ctx context.Context, o extractOptions) error {
	tools, err := a.tools(ctx)
	if err != nil {
		return err
	}
	if _, err := os.Stat(o.film); err != nil {
		return filmError{err}
	}
	tracks, why, err := tools.TextTracks(ctx, o.film)
	if err != nil {
		return err
	}
	if why != "" {
		return fmt.Errorf("%s cannot be read: %s", userfile.Shown(o.film), why)
	}
	jobs, found, err := o.plan(tracks)
	if err != nil {
		return err
	}
	if report.Blocks(found) {
		return findingsError{found}
	}
	if err := o.checkFiles(jobs); err != nil {
		return err
	}
	a.ui.Findings(found)
	for _, job := range jobs {
		if err := a.extractOne(ctx, tools, o, job); err != nil {
			return err
		}
	}
	return nil
}

// plan names the files, and says which tracks are no text.
func (o extractOptions) plan(tracks []ffmpeg.TextTrack) (jobs []extraction, found []report.Finding, err error) {
	if o.track > len(tracks) && len(tracks) > 0 {
		return nil, nil, usageError{fmt.Errorf("--track %d: the film has %s", o.track, counted(len(tracks), "subtitle track"))}
	}
	say := func(sev report.Severity, rule, text, hint string) {
		found = append(found, report.Finding{Pos: report.Pos{File: userfile.Shown(o.film)}, Severity: sev, Rule: rule, Text: text, Hint: hint})
	}
	taken := map[string]bool{}
	for i, t := range tracks {
		job := extraction{TextTrack: t, number: i + 1}
		if o.track != 0 && o.track != job.number {
			continue
		}
		switch {
		case t.Captions:
			say(report.Warn, "track-captions", fmt.Sprintf("track %d is closed captions inside the picture (CEA-608), which are not taken out here", job.number),
				"take them out with CCExtractor, and bring what it makes here: filmpress subs convert")
			continue
		case t.Picture:
			say(report.Warn, "track-picture", job.about()+" is made of pictures, not text",
				"read it with an OCR program such as Subtitle Edit, and check what it makes of it: filmpress subs check")
			continue
		case t.Format == "":
			say(report.Warn, "track-unread", job.about()+" is in a format that ffmpeg cannot read as text", "look for the same subtitles as a file")
			continue
		}
		job.path = o.pathOf(t, taken)
		jobs = append(jobs, job)
	}
	switch {
	case len(tracks) == 0:
		say(report.Error, "track-none", "the film has no subtitle tracks", "words that are part of the picture can only be read with an OCR program")
	case len(jobs) == 0:
		found[len(found)-1].Severity = report.Error // nothing is left to do
	}
	return jobs, found, nil
}

// about names a track: `track 2 (hdmv_pgs_subtitle, English, "Signs")`.
func (e extraction) about() string {
	parts := []string{e.Codec}
	if e.Codec == "" {
		parts[0] = "unknown format"
	}
	if tag, err := language.Parse(e.Language); err == nil && e.Language != "" {
		parts = append(parts, display.English.Tags().Name(tag))
	}
	if e.Title != "" {
		parts = append(parts, fmt.Sprintf("%q", e.Title))
	}
	return fmt.Sprintf("track %d (%s)", e.number, strings.Join(parts, ", "))
}

// pathOf names a track's file as publish looks for it: FILM.LANGUAGE.KIND.EXT. A second track of the same name gets a number, so
// that publish does not have two of one kind.
func (o extractOptions) pathOf(t ffmpeg.TextTrack, taken map[string]bool) string {
	base := filepath.Base(o.film)
	stem := strings.TrimSuffix(base, filepath.Ext(base))
	if t.Language != "" {
		stem += "." + t.Language
	}
	switch {
	case t.Forced:
		stem += ".forced"
	case t.SDH:
		stem += ".sdh"
	}
	name := stem + "." + t.Format
	for n := 2; taken[stem]; n++ {
		if again := fmt.Sprintf("%s.%d", stem, n); !taken[again] {
			stem, name = again, again+"."+t.Format
			break
		}
	}
	taken[stem] = true
	folder := o.folder
	if folder == "" {
		folder = filepath.Dir(o.film)
	}
	return filepath.Join(folder, name)
}

// checkFiles refuses before anything is written.
func (o extractOptions) checkFiles(jobs []extraction) error {
	if o.folder != "" {
		info, err := os.Stat(o.folder)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			if err := os.MkdirAll(o.folder, 0o755); err != nil {
				return err
			}
		case err != nil:
			return err
		case !info.IsDir():
			return usageError{fmt.Errorf("-o %s is a file, not a folder", userfile.Shown(o.folder))}
		}
	}
	for _, job := range jobs {
		info, err := os.Lstat(job.path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return err
		case !info.Mode().IsRegular():
			return fmt.Errorf("%s is there already, and no plain file", userfile.Shown(job.path))
		case !o.force:
			return fmt.Errorf("%s is there already; move it away, or add --force to replace it", userfile.Shown(job.path))
		}
	}
	return nil
}

// extractOne takes one track out, looks whether it can be read, and writes it.
func (a *app) extractOne(ctx context.Context, tools ffmpeg.Tools, o extractOptions, job extraction) error {
	text, complaint, err := tools.Text(ctx, o.film, job.TextTrack, subtitle.MaxBytes, nil)
	if errors.Is(err, ffmpeg.ErrTooMuchText) || is[*ffmpeg.ExitError](err) {
		return fmt.Errorf("%s of %s: %w", job.about(), userfile.Shown(o.film), err)
	}
	if err != nil {
		return err
	}
	if complaint != "" {
		a.ui.Findings([]report.Finding{{Pos: report.Pos{File: userfile.Shown(o.film)}, Severity: report.Warn, Rule: "track-damaged",
			Text: job.about() + " may be incomplete: " + complaint, Hint: "compare it with the film"}})
	}
	track, found := foreign.Read(userfile.Shown(job.path), text, foreign.Options{Options: subtitle.Options{Language: job.Language}})
	if len(track.Cues) == 0 {
		a.ui.Findings([]report.Finding{{Pos: report.Pos{File: userfile.Shown(o.film)}, Severity: report.Warn, Rule: "track-empty", Text: job.about() + " has no subtitles in it; no file was made of it"}})
		return nil
	}
	if _, err := replaceFile(job.path, text); err != nil {
		return err
	}
	a.ui.Findings(withoutLosses(found))
	a.ui.Note(fmt.Sprintf("%s: %s", job.about(), counted(len(track.Cues), "cue")))
	_, err = fmt.Fprintln(a.out, job.path)
	return err
}
