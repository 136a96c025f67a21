package cli

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"filmpress/internal/report"
	"filmpress/internal/subtitle"
	"filmpress/internal/subtitle/bilingual"
)

// mergeOptions are the command line of subs merge.
type mergeOptions struct {
	out     string
	to      string
	stacked bool
	charset string
}

func newSubsMerge(a *app) *cobra.Command {
	var o mergeOptions
	cmd := &cobra.Command{
		Use:   "merge A B",
		Short: "Make one bilingual subtitle file of two",
		Long: `Makes a subtitle file in two languages: A at the bottom of the picture, B at the top. Each cue is shown when it was
in its own file, so cues of A and B overlap; players draw them in two places. Where a cue of A stands at the top
already, B's goes to the bottom. In WebVTT, B's text is marked with its language, which is read from the file's
name: film.ru.srt.

With --stacked both stand in one cue at the bottom, A above B. Cues are then cut where one of the two begins or
ends, so that none overlap; times that differ by less than half a second are made one.

Styles and regions of B are left out, since they would change A, too. What else is lost is said.` +
			subsExits("a file has errors, with which a part of it would be lost; nothing was written"),
		Example: `  filmpress subs merge film.en.srt film.ru.srt -o film.en-ru.vtt
  filmpress subs merge film.en.vtt film.ru.vtt --stacked --to srt > film.srt`,
		Args: takes(2, 2),
		RunE: a.settled(func(_ *cobra.Command, given []string) error { return a.subsMerge(given[0], given[1], o) }),
	}
	cmd.Flags().StringVarP(&o.out, "output", "o", "", "the file to write, .srt or .vtt; stdout without it")
	cmd.Flags().StringVar(&o.to, "to", "", "format to write: srt or vtt; else that of the output's name, else A's, or vtt where A is neither")
	cmd.Flags().BoolVar(&o.stacked, "stacked", false, "both languages in one cue, A above B")
	addCharset(cmd, &o.charset, "encoding of files that are not UTF-8: windows-1251, koi8-r; else it is found out")
	return cmd
}

func (a *app) subsMerge(nameA, nameB string, o mergeOptions) error {
	if err := checkCharset(o.charset); err != nil {
		return err
	}
	to, err := mergeFormat(o)
	if err != nil {
		return err
	}
	first, foundA, err := a.readSubtitle(nameA, o.charset)
	if err != nil {
		return err
	}
	second, foundB, err := a.readSubtitle(nameB, o.charset)
	if err != nil {
		return err
	}
	if lost := losing(slices.Concat(foundA, foundB)); len(lost) > 0 {
		return findingsError{lost}
	}
	if to == 0 {
		to = subtitle.WebVTT
		if first.Format == subtitle.SRT {
			to = subtitle.SRT
		}
	}
	layout := bilingual.Apart
	if o.stacked {
		layout = bilingual.Stacked
	}
	merged, found := bilingual.Tracks(first, second, to, layout)
	if report.Blocks(found) {
		return findingsError{found}
	}
	a.ui.Findings(slices.Concat(foundA, foundB, found))
	data := merged.WebVTT()
	if to == subtitle.SRT {
		data = merged.SRT()
	}
	return a.writeResult(o.out, data, counted(len(merged.Cues), "cue"), nameA, nameB)
}

// mergeFormat is the format that --to or the output's name says; 0 where neither does.
func mergeFormat(o mergeOptions) (subtitle.Format, error) {
	known := map[string]subtitle.Format{"srt": subtitle.SRT, "vtt": subtitle.WebVTT}
	ext := strings.TrimPrefix(strings.ToLower(filepath.Ext(o.out)), ".")
	byName, named := known[ext]
	switch to, ok := known[strings.ToLower(o.to)]; {
	case o.to != "" && !ok:
		return 0, usageError{fmt.Errorf("--to is srt or vtt, not %q", o.to)}
	case o.to != "" && named && to != byName:
		return 0, usageError{fmt.Errorf("--to says %s, but the output is called %s; leave one of them out", o.to, o.out)}
	case o.to != "":
		return to, nil
	case o.out != "" && !named:
		return 0, usageError{fmt.Errorf("the name %q does not say which format to write; end it in .srt or .vtt, or give --to", o.out)}
	}
	return byName, nil
}
