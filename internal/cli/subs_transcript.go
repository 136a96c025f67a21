package cli

import (
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"filmpress/internal/subtitle"
	"filmpress/internal/subtitle/prose"
)

// transcriptOptions are the command line of subs transcript.
type transcriptOptions struct {
	out      string
	to       string
	title    string
	language string
	times    bool
	pause    time.Duration
	charset  string
}

// transcriptWriters are the formats of a transcript, by their names and extensions.
var transcriptWriters = map[string]func([]prose.Paragraph, prose.Options) string{
	"txt": prose.Text, "md": prose.Markdown, "markdown": prose.Markdown, "html": prose.HTML, "htm": prose.HTML,
}

func newSubsTranscript(a *app) *cobra.Command {
	var o transcriptOptions
	cmd := &cobra.Command{
		Use:   "transcript FILE",
		Short: "Make reading matter of a subtitle file",
		Long: `Puts the text of a subtitle file together in paragraphs. A new one begins after a pause, with another speaker (of
WebVTT's <v Anna>), at the dashes of a dialogue, and at the end of a sentence where it has grown long. Lines that
rolling captions show again are told once.

A web page stands on its own. Its paragraphs take their direction from their letters, so Arabic and Hebrew read
from the right.` + subsExits("the file has errors, with which a part of its text would be lost; nothing was written"),
		Example: `  filmpress subs transcript film.en.vtt
  filmpress subs transcript film.en.srt -o film.html --title "The Lake" --times
  filmpress subs transcript film.ru.srt --to md > film.md`,
		Args: takes(1, 1),
		RunE: a.settled(func(_ *cobra.Command, given []string) error { return a.subsTranscript(given[0], o) }),
	}
	flags := cmd.Flags()
	flags.StringVarP(&o.out, "output", "o", "", "the file to write, .txt, .md or .html; stdout without it")
	flags.StringVar(&o.to, "to", "", "txt, md or html; else that of the output's name, else txt")
	flags.StringVar(&o.title, "title", "", "a heading; a web page without it takes the file's name")
	flags.StringVar(&o.language, "language", "", "language of the text: en, ru, pt-BR; else that of the file's name")
	flags.BoolVar(&o.times, "times", false, "begin each paragraph with its time")
	flags.DurationVar(&o.pause, "pause", prose.Pause, "after how long a silence a new paragraph begins")
	addCharset(cmd, &o.charset, "encoding of a file that is not UTF-8: windows-1251, koi8-r; else it is found out")
	return cmd
}

func (a *app) subsTranscript(path string, o transcriptOptions) error {
	write, err := transcriptWriter(o)
	if err = errors.Join(err, checkCharset(o.charset)); err != nil {
		return err
	}
	if o.pause <= 0 {
		return usageError{fmt.Errorf("--pause is more than 0, not %v", o.pause)}
	}
	track, findings, err := a.readSubtitle(path, o.charset)
	if err != nil {
		return err
	}
	if lost := losing(findings); len(lost) > 0 {
		return findingsError{lost}
	}
	a.ui.Findings(findings)
	options := prose.Options{Title: o.title, Language: o.language, Times: o.times}
	if options.Language == "" {
		options.Language = track.Language
	}
	if html := write.name == "html" || write.name == "htm"; html && o.title == "" {
		options.Title = titleOf(path)
	}
	paragraphs := prose.Paragraphs(track, o.pause)
	return a.writeResult(o.out, []byte(write.to(paragraphs, options)), counted(len(paragraphs), "paragraph"), path)
}

// titleOf is a file's name without its extension and language: "film.en.srt" is "film".
func titleOf(path string) string {
	base := filepath.Base(path)
	for i := range len(base) {
		if base[i] != '.' || i == 0 {
			continue
		}
		if s, ok := subtitle.ParseSidecar(base[:i], base); ok && s.Language != "" {
			return base[:i]
		}
	}
	return strings.TrimSuffix(base, filepath.Ext(base))
}

type transcriptFormat struct {
	name string
	to   func([]prose.Paragraph, prose.Options) string
}

func transcriptWriter(o transcriptOptions) (transcriptFormat, error) {
	word := strings.ToLower(o.to)
	if word == "" {
		word = strings.TrimPrefix(strings.ToLower(filepath.Ext(o.out)), ".")
	}
	write, ok := transcriptWriters[word]
	switch {
	case ok:
		return transcriptFormat{word, write}, nil
	case o.to != "":
		return transcriptFormat{}, usageError{fmt.Errorf("--to is txt, md or html, not %q%s", o.to, didYouMean(o.to, slices.Sorted(maps.Keys(transcriptWriters))))}
	case word == "":
		return transcriptFormat{"txt", prose.Text}, nil
	}
	return transcriptFormat{}, usageError{fmt.Errorf("the name %q does not say which format to write; end it in .txt, .md or .html, or give --to", o.out)}
}
