package cli

import (
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"filmpress/internal/gather"
	"filmpress/internal/media/ffmpeg"
	"filmpress/internal/report"
	"filmpress/internal/subtitle"
	"filmpress/internal/subtitle/align"
	"filmpress/internal/ui"
	"filmpress/internal/userfile"
)

// syncOptions are the command line of subs sync.
type syncOptions struct {
	film, against, language string
	out                     string
	inPlace, check, json    bool
	maxShift, tolerance     time.Duration
	charset                 string
}

func newSubsSync(a *app) *cobra.Command {
	var o syncOptions
	cmd := &cobra.Command{
		Use:   "sync FILE --film FILM | --against OTHER",
		Short: "Put a subtitle file in time with its film, or with another track",
		Long: `Finds by how much a subtitle file is early or late, whether it was timed for another frame rate, and where it breaks
because a scene is missing or too many, and says how sure it is. It goes by when somebody speaks in the film, or by the
times of another track that is in time.

Without -o and --in-place nothing is written. What is within --tolerance everywhere is left as it is. The text, the format
and the order of the cues stay; times are exact to the millisecond.

Where too few people speak, or no timing fits clearly better than all others, nothing is written, with the finding
sync-unsure: the file may be right or wrong, or belong to another film. That ends with code 1, so that a script can tell
it from 3. With --json, "verdict" is fine, off or unsure.` +
			exits(exitFine, exitFailed, exitUsage, says{exitFindings, "with --check: the file is out of time; else: the file has errors that must be mended first"}, exitTool, stopped),
		Example: `  filmpress subs sync film.en.srt --film film.mp4
  filmpress subs sync film.en.srt --film film.mp4 --in-place
  filmpress subs sync film.ru.srt --against film.en.srt -o film.new.ru.srt
  filmpress subs sync film.en.srt --film film.mp4 --check --tolerance 0.3s`,
		Args: takes(1, 1),
		RunE: a.settled(func(cmd *cobra.Command, given []string) error { return a.subsSync(cmd.Context(), given[0], o) }),
	}
	flags := cmd.Flags()
	addKept(flags)
	addTools(flags)
	flags.StringVar(&o.film, "film", "", "the film, or its sound alone")
	flags.StringVar(&o.against, "against", "", "a subtitle file of the same film that is in time")
	flags.StringVar(&o.language, "language", "", "language spoken on the film's sound track to listen to: en; else the first track")
	flags.StringVarP(&o.out, "output", "o", "", "write the file with its right times here; - is stdout")
	flags.BoolVar(&o.inPlace, "in-place", false, "write it in place of the old one")
	flags.BoolVar(&o.check, "check", false, "only tell whether it is in time, by the exit code too")
	flags.DurationVar(&o.maxShift, "max-shift", time.Minute, "how far off the times may be, up to 1h; more takes longer, and is less sure")
	flags.DurationVar(&o.tolerance, "tolerance", 500*time.Millisecond, "up to this a cue is in time")
	flags.BoolVar(&o.json, "json", false, "print what was found as one JSON object")
	addCharset(cmd, &o.charset, "encoding of files that are not UTF-8: windows-1251, koi8-r; else it is found out")
	return cmd
}

// refuse names what contradicts itself on a command line.
func (o *syncOptions) refuse(file string) error {
	var err error
	switch {
	case (o.film == "") == (o.against == ""):
		err = errors.New("give either --film FILM or --against OTHER, to say what the file is to be in time with")
	case o.out != "" && o.inPlace:
		err = errors.New("-o and --in-place say two things; give one of them")
	case file == "-" && o.inPlace:
		err = errors.New("- is standard input, which cannot be written; write the file elsewhere with -o")
	case o.check && (o.out != "" || o.inPlace):
		err = errors.New("--check only tells, and writes nothing; leave out --check, or -o and --in-place")
	case o.json && o.out == "-":
		err = errors.New("--json and -o - both want stdout; write the file elsewhere")
	case keepsFormat(file, o.out) != nil:
		err = keepsFormat(file, o.out)
	case o.maxShift <= 0 || o.maxShift > time.Hour:
		err = fmt.Errorf("--max-shift %s: write a time of up to 1h, as in 90s", o.maxShift)
	case o.tolerance < 0:
		err = fmt.Errorf("--tolerance %s: write a time, as in 0.5s", o.tolerance)
	case o.language != "" && o.film == "":
		err = errors.New("--language is for the film's sound; it needs --film")
	}
	if err != nil {
		return usageError{err}
	}
	return checkCharset(o.charset)
}

// synced is what was found, as --json tells it. Times are in seconds.
type synced struct {
	File       string        `json:"file"`
	Reference  string        `json:"reference"`
	Verdict    string        `json:"verdict"` // "fine", "off", "unsure"
	Why        string        `json:"why,omitempty"`
	Off        string        `json:"off,omitempty"` // in words
	Worst      float64       `json:"worst"`         // by how much the cue is off that is off most
	Tolerance  float64       `json:"tolerance"`
	Ratio      string        `json:"ratio"`  // "1", "25/23.976"
	Factor     float64       `json:"factor"` // right time = time x factor + shift of its piece
	Pieces     []syncedPiece `json:"pieces"`
	Doubtful   []syncedSpan  `json:"doubtful"` // stretches that may be off by themselves
	Confidence float64       `json:"confidence"`
	Coverage   float64       `json:"coverage"`
	Written    string        `json:"written,omitempty"`
}

type syncedPiece struct {
	From       float64 `json:"from"` // in the file's own times
	Cues       int     `json:"cues"`
	Shift      float64 `json:"shift"`
	Confidence float64 `json:"confidence"`
}

type syncedSpan struct {
	Start float64 `json:"start"`
	End   float64 `json:"end"`
}

// The verdicts.
const (
	inTime    = "fine"
	outOfTime = "off"
	unsure    = "unsure"
)

func (a *app) subsSync(ctx context.Context, file string, o syncOptions) error {
	if err := o.refuse(file); err != nil {
		return err
	}
	track, findings, err := a.readSubtitle(file, o.charset)
	if err != nil {
		return err
	}
	if report.Blocks(findings) { // text would be lost by writing it again
		return findingsError{findings}
	}
	r, err := a.alignTrack(ctx, &track, o)
	if err != nil {
		return err
	}
	out := describe(r, align.Cues(&track), o)
	out.File = track.Name
	if out.Verdict == unsure {
		a.ui.Findings([]report.Finding{{Pos: report.Pos{File: track.Name}, Severity: report.Error, Rule: "sync-unsure",
			Text: fmt.Sprintf("it cannot be told whether this is in time with %s: %s", out.Reference, r.Why),
			Hint: "check that the two belong together; a track of the same film that is in time (--against) is a better measure than speech"}})
		return a.endSync(out, o, exitFailed)
	}
	if out.Written, err = a.writeSynced(file, &track, r, out.Verdict, o); err != nil {
		return err
	}
	if o.check && out.Verdict == outOfTime {
		a.ui.Findings([]report.Finding{{Pos: report.Pos{File: track.Name}, Severity: report.Error, Rule: "sync-drift",
			Text: fmt.Sprintf("the track is out of time with %s: %s", out.Reference, r), Hint: "filmpress subs sync writes it with its right times: -o or --in-place"}})
		return a.endSync(out, o, exitFindings)
	}
	return a.endSync(out, o, exitFine)
}

// endSync prints the result, and ends with a code.
func (a *app) endSync(out synced, o syncOptions, code int) error {
	if err := a.showSynced(out, o); err != nil {
		return err
	}
	if code != exitFine {
		return silentError(code)
	}
	return nil
}

// alignTrack finds the right times by the film, or by the other track.
func (a *app) alignTrack(ctx context.Context, t *subtitle.Track, o syncOptions) (align.Result, error) {
	cues, opt := align.Cues(t), align.Options{MaxShift: o.maxShift}
	if o.against != "" {
		other, findings, err := a.readSubtitle(o.against, o.charset)
		if err != nil {
			return align.Result{}, err
		}
		if report.Blocks(findings) {
			return align.Result{}, findingsError{findings}
		}
		return align.ToTrack(cues, align.Cues(&other), opt), nil
	}
	tools, err := a.tools(ctx)
	if err != nil {
		return align.Result{}, err
	}
	path, err := filepath.Abs(o.film)
	if err != nil {
		return align.Result{}, err
	}
	tracks, finding, err := tools.SoundTracks(ctx, path)
	if finding != nil {
		finding.Pos.File = o.film
		return align.Result{}, findingsError{[]report.Finding{*finding}}
	}
	if err != nil {
		return align.Result{}, err
	}
	sound, ok := ffmpeg.Dialogue(tracks, o.language)
	if !ok {
		return align.ToSpeech(cues, align.Speech{}, opt), nil
	}
	kept, err := a.openKept()
	if err != nil {
		return align.Result{}, err
	}
	speech, err := gather.Hear(ctx, tools, kept.Dir(), path, sound, a.ui.Sink)
	return align.ToSpeech(cues, speech, opt), err
}

// describe puts a result into its form for users.
func describe(r align.Result, cues []align.Span, o syncOptions) synced {
	out := synced{Reference: userfile.Shown(o.film + o.against), Tolerance: o.tolerance.Seconds(), Ratio: r.Ratio.Name, Factor: round(r.Ratio.Float(), 6),
		Confidence: round(r.Confidence, 3), Coverage: round(r.Coverage, 3), Why: r.Why, Pieces: []syncedPiece{}, Doubtful: []syncedSpan{}}
	for _, p := range r.Pieces {
		out.Pieces = append(out.Pieces, syncedPiece{p.From.Seconds(), p.Cues, p.Shift.Seconds(), round(p.Confidence, 3)})
	}
	for _, d := range r.Doubtful {
		out.Doubtful = append(out.Doubtful, syncedSpan{d.Start.Seconds(), d.End.Seconds()})
	}
	if !r.Sure() {
		out.Verdict = unsure
		return out
	}
	worst := r.Worst(cues)
	out.Worst, out.Verdict = worst.Seconds(), inTime
	if worst > o.tolerance {
		out.Verdict, out.Off = outOfTime, r.String()
	}
	return out
}

func round(v float64, digits int) float64 {
	p := math.Pow10(digits)
	return math.Round(v*p) / p
}

// writeSynced writes the file to where it was asked for; wrote says where that is. A file that is in time is copied as
// it is, and left alone where it would be written over itself.
func (a *app) writeSynced(file string, t *subtitle.Track, r align.Result, verdict string, o syncOptions) (wrote string, err error) {
	if o.out == "" && !o.inPlace || o.inPlace && verdict == inTime {
		return "", nil
	}
	_, data, err := a.readInput(file)
	if err != nil {
		return "", err
	}
	if verdict == outOfTime {
		data = a.retimed(t, r)
	}
	return a.putChanged(file, o.out, o.inPlace, data)
}

// retimed is the file with its right times. What a person should look at afterwards is told.
func (a *app) retimed(t *subtitle.Track, r align.Result) []byte {
	if t.Charset != "utf-8" {
		a.ui.Note(fmt.Sprintf("%s: it was in %s, and is written in UTF-8", t.Name, t.Charset))
	}
	early, back := r.Retime(t)
	var found []report.Finding
	for _, i := range early {
		found = append(found, t.AtTiming(i, report.Finding{Severity: report.Warn, Rule: "sync-before-start",
			Text: "this cue would begin before the film; it now begins with it", Hint: "take it out if its scene is not in this film"}))
	}
	for _, i := range back {
		found = append(found, t.AtTiming(i, report.Finding{Severity: report.Warn, Rule: "sync-order",
			Text: "with its right time this cue begins before the one above it: the film lacks a scene that the subtitle has", Hint: "take out the cues of that scene, just above"}))
	}
	a.ui.Findings(found)
	if t.Format == subtitle.SRT {
		return t.SRT()
	}
	return t.WebVTT()
}

// showSynced prints the result: on stdout, unless the file itself went there.
func (a *app) showSynced(s synced, o syncOptions) error {
	a.ui.Close()
	if o.json {
		return a.printJSON(s)
	}
	lines := s.lines()
	if o.out == "-" {
		for _, line := range lines {
			a.ui.Note(line)
		}
		return nil
	}
	for _, line := range lines {
		if _, err := fmt.Fprintln(a.out, line); err != nil {
			return err
		}
	}
	return nil
}

// lines is the result in words.
func (s synced) lines() []string {
	name := ui.Clean(s.File)
	if s.Verdict == unsure {
		return []string{fmt.Sprintf("%s: cannot be told (%s); nothing was written", name, s.Why)}
	}
	sure := fmt.Sprintf("%.0f %% sure; somebody speaks during %.0f %% of the cues", 100*s.Confidence, 100*s.Coverage)
	if s.Verdict == inTime {
		sure = fmt.Sprintf("%s: in time, to within %.2f s (%s)", name, s.Worst, sure)
	} else {
		sure = fmt.Sprintf("%s: %s (%s)", name, s.Off, sure)
	}
	out := []string{sure}
	for _, d := range s.Doubtful {
		out = append(out, fmt.Sprintf("look at the cues from %s to %s: they may be off by themselves", clockOf(d.Start), clockOf(d.End)))
	}
	switch {
	case s.Written != "":
		out = append(out, "written to "+ui.Clean(s.Written))
	case s.Verdict == outOfTime:
		out = append(out, "nothing was written; -o FILE or --in-place does it")
	}
	return out
}

func clockOf(seconds float64) string {
	return subtitle.FormatTime(time.Duration(seconds*1000+0.5)*time.Millisecond, '.')
}
