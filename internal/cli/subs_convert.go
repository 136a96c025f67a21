package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"filmpress/internal/gather"
	"filmpress/internal/report"
	"filmpress/internal/subtitle"
	"filmpress/internal/subtitle/foreign"
	"filmpress/internal/userfile"
)

// convertOptions are the command line of subs convert.
type convertOptions struct {
	in, out, to       string
	charset, language string
	shift, scale, fps string
	strict, force     bool
	keepGoing         bool
}

// retiming is what happens to every time: t becomes t * scale + shift.
type retiming struct {
	scale float64
	shift time.Duration
}

func newSubsConvert(a *app) *cobra.Command {
	var o convertOptions
	cmd := &cobra.Command{
		Use:   "convert IN OUT",
		Short: "Convert a subtitle file to another format, and move its times",
		Long: `Reads SRT, WebVTT, ASS and SSA, TTML (IMSC, DFXP, EBU-TT), EBU STL, SCC, and teletext in a transport stream; writes
SRT, WebVTT, ASS, TTML (IMSC 1.1) and EBU STL. The format of IN is told by its content, that of OUT by its name or by --to.
OUT is written in UTF-8. - is standard input, and standard output. As with cp, an OUT that is there is replaced, but IN never without --force.

What OUT cannot hold is named, cue by cue, as a lossy-* warning; with --strict it is an error, and nothing is written.
Where a part of IN cannot be read, nothing is written either, unless --keep-going says that the rest will do.
A clean file converted to its own format comes out byte for byte.` +
			subsExits("a part of IN cannot be read, or --strict and something would be lost; nothing was written"),
		Example: `  filmpress subs convert film.ass film.vtt
  filmpress subs convert film.srt film.ttml --charset windows-1251 --language ru
  filmpress subs convert film.srt later.srt --shift -1.5s --scale 25/23.976
  filmpress subs convert film.stl - --to srt --strict`,
		Args: takes(2, 2),
	}
	f := cmd.Flags()
	f.StringVar(&o.to, "to", "", "format of OUT: srt, vtt, ass, ttml, stl; else its extension says")
	addCharset(cmd, &o.charset, "encoding of IN where it is not UTF-8: windows-1251, koi8-r")
	f.StringVar(&o.language, "language", "", "language of the subtitles: en, ru, pt-BR; else the name of IN says, or IN itself")
	f.StringVar(&o.shift, "shift", "", "move all times: 1.5s is later, -00:00:01.500 is earlier")
	f.StringVar(&o.scale, "scale", "", "multiply all times, before they are moved: 25/23.976")
	f.StringVar(&o.fps, "fps", "", "frames a second where times are counted in frames: of IN (STL, SCC, TTML), and of an OUT in STL")
	f.BoolVar(&o.strict, "strict", false, "write nothing where anything is lost")
	f.BoolVar(&o.keepGoing, "keep-going", false, "write what could be read, though a part of IN could not")
	f.BoolVar(&o.force, "force", false, "let OUT be the same file as IN")
	cmd.RunE = a.settled(func(_ *cobra.Command, given []string) error {
		o.in, o.out = given[0], given[1]
		return a.convert(o)
	})
	return cmd
}

func (a *app) convert(o convertOptions) error {
	to, err := targetFormat(o)
	if err != nil {
		return err
	}
	timing, rate, err := o.times(to)
	if err != nil {
		return err
	}
	opt := foreign.Options{FrameRate: rate, Options: subtitle.Options{Charset: o.charset}}
	if opt.Language, err = o.tag(); err != nil {
		return err
	}
	if err := o.checkOut(); err != nil {
		return err
	}
	name, data, err := a.readInput(o.in)
	if err != nil {
		return err
	}
	track, found := foreign.Read(name, data, opt)
	if report.Blocks(found) && (!o.keepGoing || len(track.Cues) == 0) {
		return findingsError{found}
	}
	track.Retime(timing.apply)
	out, lost := foreign.Write(track, to, foreign.WriteOptions{FrameRate: rate})
	if own := to == subtitle.SRT || to == subtitle.WebVTT; track.Format == to && timing == (retiming{1, 0}) && rate == 0 &&
		(own || to == subtitle.STL || track.Charset == "utf-8") { // nothing is to be done, so nothing can be lost
		found, lost = withoutLosses(found), nil
		if !own {
			out = data
		}
	}
	found = o.judge(append(found, lost...))
	if report.Blocks(found) {
		return findingsError{found}
	}
	a.ui.Findings(found)
	if o.out == "-" {
		_, err := a.out.Write(out)
		return err
	}
	if _, err := replaceFile(o.out, out); err != nil {
		return err
	}
	a.ui.Note(fmt.Sprintf("%s: %s, %s from %s", userfile.Shown(o.out), counted(len(track.Cues), "cue"), foreign.Name(to), foreign.Name(track.Format)))
	return nil
}

// judge gives findings the weight that the command line asks for.
func (o convertOptions) judge(found []report.Finding) []report.Finding {
	for i := range found {
		f := &found[i]
		switch lossy := strings.HasPrefix(f.Rule, "lossy-"); {
		case lossy && o.strict:
			f.Severity = report.Error
		case f.Severity == report.Error && o.keepGoing:
			f.Severity = report.Warn
		}
	}
	report.Sort(found)
	return found
}

func withoutLosses(found []report.Finding) []report.Finding {
	var kept []report.Finding
	for _, f := range found {
		if !strings.HasPrefix(f.Rule, "lossy-") {
			kept = append(kept, f)
		}
	}
	return kept
}

// targetFormat is the format of OUT.
func targetFormat(o convertOptions) (subtitle.Format, error) {
	var words []string
	for _, f := range foreign.Writable() {
		words = append(words, f.String())
	}
	list := strings.Join(words, ", ")
	f := foreign.FormatNamed(o.to)
	switch {
	case o.to != "" && f == 0:
		return 0, usageError{fmt.Errorf("--to %q is no format of subtitles; there are %s", o.to, list)}
	case o.to == "" && o.out == "-":
		return 0, usageError{fmt.Errorf("standard output has no name to tell its format by; add --to with one of %s", list)}
	case o.to == "":
		if f = foreign.FormatOf(o.out); f == 0 {
			return 0, usageError{fmt.Errorf("the name %q tells no format of subtitles; add --to with one of %s", o.out, list)}
		}
	}
	if f == subtitle.SCC || f == subtitle.Teletext {
		return 0, usageError{fmt.Errorf("%s can be read, but not written; OUT can be in %s", foreign.Name(f), list)}
	}
	return f, nil
}

// tag is the language, from the flag or from the name of IN.
func (o convertOptions) tag() (string, error) {
	if o.language == "" {
		base := filepath.Base(o.in)
		return subtitle.ParseName(strings.TrimSuffix(base, filepath.Ext(base)) + ".srt").Language, nil
	}
	return gather.LanguageTag(o.language)
}

// times reads --shift, --scale and --fps.
func (o convertOptions) times(to subtitle.Format) (t retiming, rate float64, err error) {
	t.scale = 1
	if o.shift != "" {
		d, ok := parseShift(o.shift)
		if !ok {
			return t, 0, usageError{fmt.Errorf("--shift %q is no time; write 1.5s, -250ms or -00:00:01.500", o.shift)}
		}
		t.shift = d
	}
	if o.scale != "" {
		n, ok := parseRatio(o.scale)
		if !ok || n < 0.1 || n > 10 {
			return t, 0, usageError{fmt.Errorf("--scale %q is no ratio between 1/10 and 10; write it as 25/23.976", o.scale)}
		}
		t.scale = n
	}
	if o.fps != "" {
		n, ok := parseRatio(o.fps)
		if !ok || n < 10 || n > 120 {
			return t, 0, usageError{fmt.Errorf("--fps %q is no frame rate; write 25, 29.97 or 30000/1001", o.fps)}
		}
		rate = n
	}
	if to == subtitle.STL && rate != 0 && rate != 24 && rate != 25 && rate != 30 {
		return t, 0, usageError{fmt.Errorf("EBU STL has 24, 25 or 30 frames a second, not the %s of --fps", o.fps)}
	}
	return t, rate, nil
}

// apply moves one time. It stays exact to the millisecond.
func (r retiming) apply(d time.Duration) time.Duration {
	if r.scale != 1 {
		d = time.Duration(math.Round(float64(d.Milliseconds())*r.scale)) * time.Millisecond
	}
	return d + r.shift
}

// parseShift reads a duration as Go writes it, or hours, minutes and seconds; either with a sign.
func parseShift(s string) (time.Duration, bool) {
	const most = 100 * time.Hour
	if d, err := time.ParseDuration(s); err == nil {
		return d.Round(time.Millisecond), d.Abs() <= most
	}
	clock := strings.Replace(strings.TrimLeft(s, "+-"), ",", ".", 1)
	parts := strings.Split(clock, ":")
	if len(s)-len(strings.TrimLeft(s, "+-")) > 1 || len(parts) < 2 || len(parts) > 3 {
		return 0, false
	}
	seconds := 0.0
	for i, p := range parts {
		n, err := strconv.ParseFloat(p, 64)
		last := i == len(parts)-1
		if err != nil || strings.Trim(p, "0123456789.") != "" || !last && strings.Contains(p, ".") || i > 0 && n >= 60 {
			return 0, false
		}
		seconds = seconds*60 + n
	}
	d := time.Duration(math.Round(seconds*1000)) * time.Millisecond
	if s[0] == '-' {
		d = -d
	}
	return d, seconds <= most.Seconds()
}

// ntsc are the rates that people write short, as they truly are.
var ntsc = map[string]float64{"23.976": 24000.0 / 1001, "23.98": 24000.0 / 1001, "29.97": 30000.0 / 1001, "47.952": 48000.0 / 1001, "59.94": 60000.0 / 1001}

// parseRatio reads a number, or two with a stroke between.
func parseRatio(s string) (float64, bool) {
	a, b, two := strings.Cut(s, "/")
	if !two {
		b = "1"
	}
	read := func(s string) float64 {
		s = strings.TrimSpace(s)
		if n, ok := ntsc[s]; ok {
			return n
		}
		n, err := strconv.ParseFloat(s, 64)
		if err != nil || strings.Trim(s, "0123456789.") != "" {
			return 0
		}
		return n
	}
	n, d := read(a), read(b)
	return n / d, n > 0 && d > 0
}

// checkOut refuses an OUT that must not or cannot be replaced.
func (o convertOptions) checkOut() error {
	if o.out == "-" {
		return nil
	}
	out, err := os.Stat(o.out)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case out.IsDir():
		return fmt.Errorf("%s is a folder; name the file that is to be written", userfile.Shown(o.out))
	case !out.Mode().IsRegular():
		return fmt.Errorf("%s is not a plain file; write to - and redirect it", userfile.Shown(o.out))
	}
	if in, err := os.Stat(o.in); err == nil && os.SameFile(in, out) && !o.force {
		return usageError{fmt.Errorf("%s is IN itself; name another file, or add --force to replace it", userfile.Shown(o.out))}
	}
	return nil
}
