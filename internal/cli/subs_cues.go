package cli

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"filmpress/internal/report"
	"filmpress/internal/subtitle"
	"filmpress/internal/subtitle/foreign"
	"filmpress/internal/ui"
)

// cuesOptions are the command line of subs cues.
type cuesOptions struct {
	json    bool
	charset string
}

func newSubsCues(a *app) *cobra.Command {
	var o cuesOptions
	cmd := &cobra.Command{
		Use:   "cues FILE",
		Short: "Show what is read from a subtitle file",
		Long: `Shows the cues of a subtitle file as they are read: their times, their text without tags, and where on the
picture they stand. What is doubtful in the file is said on stderr; the other commands of subs check and mend it.

A WebVTT file is read exactly as browsers read it: as UTF-8, by the parsing algorithm of the W3C and by nothing
more tolerant. So a file that is called .vtt and has no signature is refused, whatever else is in it.

--json prints one object, whose shape docs/cues.md describes; it is printed for a refused file, too.` +
			subsExits("the file has a bad signature: players refuse it, and so it has no cues"),
		Example: `  filmpress subs cues film.en.srt
  filmpress subs cues film.en.vtt --json | jq '.cues[0].text'
  filmpress subs cues old.srt --charset windows-1251`,
		Args: takes(1, 1),
		RunE: a.settled(func(_ *cobra.Command, given []string) error { return a.subsCues(given[0], o) }),
	}
	cmd.Flags().BoolVar(&o.json, "json", false, "print one JSON object: docs/cues.md")
	addCharset(cmd, &o.charset, "encoding of a file that is not UTF-8: windows-1251, koi8-r; else it is found out, and WebVTT is UTF-8")
	return cmd
}

func (a *app) subsCues(path string, o cuesOptions) error {
	if err := checkCharset(o.charset); err != nil {
		return err
	}
	track, findings, err := a.readSubtitleBy(readAsPlayers, path, o.charset)
	if err != nil {
		if unread, ok := errors.AsType[unreadError](err); ok && o.json {
			return errors.Join(a.printJSON(readCues{Error: unread.finding.Text, Cues: []readCue{}}), err)
		}
		return err
	}
	if o.json {
		err = a.printJSON(cuesOf(&track, findings))
	} else if !track.Refused {
		err = writeCues(a.out, &track)
	}
	switch {
	case err != nil:
		return err
	case track.Refused:
		return findingsError{findings}
	}
	a.ui.Findings(findings)
	return nil
}

// readAsPlayers reads WebVTT as browsers do, and everything else as well as can be.
func readAsPlayers(name string, data []byte, opt subtitle.Options) (subtitle.Track, []report.Finding) {
	if subtitle.IsWebVTT(name, data) {
		return subtitle.ReadWebVTT(name, data, opt)
	}
	return readAnyFormat(name, data, opt)
}

// readCues is the result of subs cues as --json prints it. The shape is a contract: docs/cues.md.
type readCues struct {
	OK    bool      `json:"ok"`    // false where the file is refused
	Error string    `json:"error"` // why; "" where it is not
	Cues  []readCue `json:"cues"`  // in the file's order
}

type readCue struct {
	ID    string  `json:"id"`
	Start float64 `json:"start"` // seconds
	End   float64 `json:"end"`
	Text  string  `json:"text"`  // as written, lines joined by \n
	Plain string  `json:"plain"` // without tags, entities decoded
	Tree  string  `json:"tree"`  // subtitle.Node.Dump
	subtitle.Settings
}

func cuesOf(t *subtitle.Track, findings []report.Finding) readCues {
	out := readCues{OK: !t.Refused, Cues: make([]readCue, 0, len(t.Cues))}
	if t.Refused {
		out.Error = worst(findings).Text
		return out
	}
	for i := range t.Cues {
		c := &t.Cues[i]
		tree := c.Tree()
		out.Cues = append(out.Cues, readCue{ID: c.ID, Start: seconds(c.Start), End: seconds(c.End), Text: c.Raw,
			Plain: tree.Plain(), Tree: tree.Dump(), Settings: c.Settings()})
	}
	return out
}

// seconds is the number nearest to a time of whole milliseconds, so that its shortest form is exact: 0.1, not 0.1000001.
func seconds(d time.Duration) float64 { return float64(d.Milliseconds()) / 1000 }

// writeCues writes the track as a table: a line a cue, its further lines of text below it.
func writeCues(out io.Writer, t *subtitle.Track) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s, %s, %s\n", ui.Clean(t.Name), foreign.Name(t.Format), t.Charset, counted(len(t.Cues), "cue"))
	number := len(fmt.Sprint(len(t.Cues)))
	for i := range t.Cues {
		c := &t.Cues[i]
		head := fmt.Sprintf("%*d  %s  %s  %6.3f s  ", number, i+1, subtitle.FormatTime(c.Start, '.'), subtitle.FormatTime(c.End, '.'), seconds(c.End-c.Start))
		b.WriteString(head)
		for k, line := range cueNotes(t, c) {
			if k > 0 {
				b.WriteString(strings.Repeat(" ", len(head)))
			}
			b.WriteString(ui.Clean(line) + "\n")
		}
	}
	_, err := io.WriteString(out, b.String())
	return err
}

// cueNotes are the lines of a cue's text; then, in brackets, what else is known of it.
func cueNotes(t *subtitle.Track, c *subtitle.Cue) []string {
	lines := strings.Split(c.Plain(), "\n")
	if c.ID != "" && t.Format == subtitle.WebVTT {
		lines = append(lines, "[id "+c.ID+"]")
	}
	if s := c.Settings().String(); s != "" {
		lines = append(lines, "["+s+"]")
	}
	return lines
}
