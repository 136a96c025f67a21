package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"filmpress/internal/report"
	"filmpress/internal/subtitle"
	"filmpress/internal/subtitle/compare"
	"filmpress/internal/ui"
)

// diffOptions are the command line of subs diff.
type diffOptions struct {
	json      bool
	tolerance time.Duration
	charset   string
}

func newSubsDiff(a *app) *cobra.Command {
	var o diffOptions
	cmd := &cobra.Command{
		Use:   "diff A B",
		Short: "Compare two subtitle files cue by cue",
		Long: `Compares two subtitle files, of the same format or not, and tells of every cue that differs what was done to it:

  moved      it is shown at another time, for as long as before
  retimed    it is shown for longer or shorter
  rewritten  it has other words
  restyled   it has the same words with other tags, or in another place
  missing    only A has it
  added      only B has it

Cues are paired by their words and their times. Where all of B is shifted, that is said once, and what is told
of each cue is what remains. --json prints one object, whose shape docs/diff.md describes.` +
			subsExits("the files differ, or a part of one cannot be read"),
		Example: `  filmpress subs diff film.en.srt from-anna/film.en.srt
  filmpress subs diff film.en.srt film.en.vtt --tolerance 40ms`,
		Args: takes(2, 2),
		RunE: a.settled(func(_ *cobra.Command, given []string) error { return a.subsDiff(given[0], given[1], o) }),
	}
	cmd.Flags().BoolVar(&o.json, "json", false, "print one JSON object: docs/diff.md")
	cmd.Flags().DurationVar(&o.tolerance, "tolerance", 0, "take times for the same that differ by no more than this: 40ms, 0.5s")
	addCharset(cmd, &o.charset, "encoding of files that are not UTF-8: windows-1251, koi8-r; else it is found out")
	return cmd
}

func (a *app) subsDiff(nameA, nameB string, o diffOptions) error {
	if err := checkCharset(o.charset); err != nil {
		return err
	}
	if o.tolerance < 0 {
		return usageError{fmt.Errorf("--tolerance is 0 or more, not %v", o.tolerance)}
	}
	trackA, foundA, err := a.readSubtitle(nameA, o.charset)
	if err != nil {
		return err
	}
	trackB, foundB, err := a.readSubtitle(nameB, o.charset)
	if err != nil {
		return err
	}
	d := diffOf(&trackA, &trackB, o.tolerance)
	if o.json {
		err = a.printJSON(d)
	} else {
		err = d.write(a.out)
	}
	if err != nil {
		return err
	}
	lost := losing(slices.Concat(foundA, foundB))
	a.ui.Findings(lost)
	switch {
	case len(lost) > 0:
		a.ui.Note("a part of the files could not be compared: see the errors above")
		return silentError(exitFindings)
	case !d.Same:
		return silentError(exitFindings)
	}
	return nil
}

// diff is the result of subs diff as --json prints it. The shape is a contract: docs/diff.md.
type diff struct {
	Same    bool                 `json:"same"`
	A       diffFile             `json:"a"`
	B       diffFile             `json:"b"`
	Shift   float64              `json:"shift"`  // seconds; B as a whole is later
	Counts  map[compare.Kind]int `json:"counts"` // every kind; a cue may be of several
	Changes []diffChange         `json:"changes"`
}

type diffFile struct {
	File string `json:"file"`
	Cues int    `json:"cues"`
}

type diffChange struct {
	Kinds   []compare.Kind `json:"kinds"`
	A       *diffCue       `json:"a"`       // nil where it is added
	B       *diffCue       `json:"b"`       // nil where it is missing
	StartBy float64        `json:"startBy"` // seconds that the start is later, without shift; 0 where one is nil
	EndBy   float64        `json:"endBy"`
}

type diffCue struct {
	Cue   int     `json:"cue"` // counted from 1, in the file's order
	Line  int     `json:"line"`
	Start float64 `json:"start"` // seconds
	End   float64 `json:"end"`
	Text  string  `json:"text"` // as written, lines joined by \n
}

func diffOf(a, b *subtitle.Track, tolerance time.Duration) diff {
	r := compare.Tracks(a, b, tolerance)
	d := diff{Same: r.Same(), A: diffFile{a.Name, len(a.Cues)}, B: diffFile{b.Name, len(b.Cues)}, Shift: seconds(r.Shift),
		Counts: map[compare.Kind]int{}, Changes: []diffChange{}}
	for _, k := range compare.Kinds {
		d.Counts[k] = 0
	}
	for _, p := range r.Pairs {
		if len(p.Kinds) == 0 {
			continue
		}
		for _, k := range p.Kinds {
			d.Counts[k]++
		}
		c := diffChange{Kinds: p.Kinds, A: diffCueOf(a, p.A), B: diffCueOf(b, p.B)}
		if p.A >= 0 && p.B >= 0 {
			c.StartBy = seconds(b.Cues[p.B].Start - a.Cues[p.A].Start - r.Shift)
			c.EndBy = seconds(b.Cues[p.B].End - a.Cues[p.A].End - r.Shift)
		}
		d.Changes = append(d.Changes, c)
	}
	return d
}

func diffCueOf(t *subtitle.Track, i int) *diffCue {
	if i < 0 {
		return nil
	}
	c := &t.Cues[i]
	return &diffCue{Cue: i + 1, Line: t.AtTiming(i, report.Finding{}).Pos.Line, Start: seconds(c.Start), End: seconds(c.End), Text: c.Raw}
}

// write tells the differences the way diff does: nothing where there are none.
func (d diff) write(out io.Writer) error {
	if d.Same {
		return nil
	}
	var b strings.Builder
	fmt.Fprintf(&b, "--- %s: %s\n+++ %s: %s\n", ui.Clean(d.A.File), counted(d.A.Cues, "cue"), ui.Clean(d.B.File), counted(d.B.Cues, "cue"))
	if d.Shift != 0 {
		fmt.Fprintf(&b, "%s as a whole is %s\n", ui.Clean(d.B.File), laterBy(d.Shift))
	}
	for _, c := range d.Changes {
		fmt.Fprintf(&b, "\n@@ %s @@ %s\n", c.place(d), c.words())
		c.writeTexts(&b)
	}
	if s := d.summary(); s != "" {
		fmt.Fprintf(&b, "\n%s\n", s)
	}
	_, err := io.WriteString(out, b.String())
	return err
}

// place is where a cue stands in the files: "film.en.srt:5 00:00:03.000".
func (c diffChange) place(d diff) string {
	file, cue := d.A.File, c.A
	if cue == nil {
		file, cue = d.B.File, c.B
	}
	return fmt.Sprintf("%s %s", ui.Clean(report.Pos{File: file, Line: cue.Line}.String()), stamp(cue.Start))
}

func stamp(seconds float64) string {
	return subtitle.FormatTime(time.Duration(seconds*1000+0.5)*time.Millisecond, '.')
}

// words say what was done to a cue.
func (c diffChange) words() string {
	var out []string
	for _, k := range c.Kinds {
		switch k {
		case compare.Moved:
			out = append(out, "moved: "+laterBy(c.StartBy))
		case compare.Retimed:
			out = append(out, "retimed: "+c.retimed())
		default:
			out = append(out, string(k))
		}
	}
	return strings.Join(out, ", ")
}

func (c diffChange) retimed() string {
	var out []string
	if c.StartBy != 0 {
		out = append(out, "begins "+laterBy(c.StartBy))
	}
	if c.EndBy != 0 {
		out = append(out, "ends "+laterBy(c.EndBy))
	}
	return strings.Join(out, ", ")
}

func laterBy(seconds float64) string {
	if seconds < 0 {
		return fmt.Sprintf("%.3f s earlier", -seconds)
	}
	return fmt.Sprintf("%.3f s later", seconds)
}

// writeTexts writes the text once where it is the same, else both.
func (c diffChange) writeTexts(b *strings.Builder) {
	lines := func(mark string, cue *diffCue) {
		if cue == nil {
			return
		}
		for line := range strings.SplitSeq(cue.Text, "\n") {
			b.WriteString(strings.TrimRight(mark+ui.Clean(line), " ") + "\n")
		}
	}
	if c.A != nil && c.B != nil && c.A.Text == c.B.Text {
		lines("  ", c.A)
		return
	}
	lines("- ", c.A)
	lines("+ ", c.B)
}

// summary counts what differs: "1 moved, 2 missing".
func (d diff) summary() string {
	var out []string
	for _, k := range compare.Kinds {
		if n := d.Counts[k]; n > 0 {
			out = append(out, fmt.Sprintf("%d %s", n, k))
		}
	}
	return strings.Join(out, ", ")
}
