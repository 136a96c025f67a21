package rules

import (
	"fmt"
	"slices"
	"strings"
	"sync"
)

// The groups of rules, in the order of the documentation.
const (
	structure   = "Structure"
	characters  = "Encoding and characters"
	readable    = Readability
	withFilm    = "With the film"
	betweenTwo  = "Between two tracks"
	streaming   = "HLS"
	accessible  = "Accessibility"
	conversion  = "Lost in conversion"
	otherFormat = "Other formats"
)

// Readability is the group of rules that weigh how a text reads; nothing is lost by what they find.
const Readability = "Readability"

// groups are the tables, each in a file of its own.
var groups = []struct {
	name  string
	about string
	rules []Rule
}{
	{structure, "What the format of a file asks for. Most of these are found while a file is read, which goes on where players stop.", slices.Concat(fileRules, vttRules, srtRules, cueRules)},
	{characters, "What the letters of a file are, and whether they are meant so.", characterRules},
	{readable, "Whether a viewer has the time and the room to read. The thresholds are those of the profile.", readability},
	{withFilm, "Needs `--film`.", filmRules},
	{betweenTwo, "Needs `--against`, the same film's track in another language.", pairRules},
	{streaming, "What a stream makes of a track.", hlsRules},
	{accessible, "Whether a track keeps what its name promises.", accessRules},
	{conversion, "What the format that is written cannot carry, said when a file is converted. With `--strict` each is an error.", lossyRules},
	{otherFormat, "What is wrong in files of other formats, said when they are converted.", foreignRules},
}

// Catalogue gives every rule, in the order of the documentation.
func Catalogue() []Rule { return slices.Clone(catalogue()) }

var catalogue = sync.OnceValue(func() []Rule {
	var all []Rule
	for _, g := range groups {
		for _, r := range g.rules {
			r.Group = g.name
			all = append(all, r)
		}
	}
	return all
})

// Lookup finds a rule by its ID.
func Lookup(id string) (Rule, bool) {
	r, ok := byID()[id]
	return r, ok
}

var byID = sync.OnceValue(func() map[string]Rule {
	m := map[string]Rule{}
	for _, r := range catalogue() {
		m[r.ID] = r
	}
	return m
})

// srt and vtt make the files of the examples: cues of a timing line and text, without numbers. A cue without an arrow
// is text for the usual time.
func srt(cues ...string) string {
	var b strings.Builder
	for i, c := range cues {
		if i > 0 {
			b.WriteString("\n")
		}
		fmt.Fprintf(&b, "%d\n%s\n", i+1, timed(c, i, ','))
	}
	return b.String()
}

func vtt(cues ...string) string {
	var b strings.Builder
	b.WriteString("WEBVTT\n")
	for i, c := range cues {
		b.WriteString("\n" + timed(c, i, '.') + "\n")
	}
	return b.String()
}

// timed gives text the i-th time of an example.
func timed(c string, i int, sep rune) string {
	if strings.Contains(c, "-->") {
		return c
	}
	return fmt.Sprintf("00:00:%02d%c000 --> 00:00:%02d%c000\n%s", 1+5*i, sep, 5+5*i, sep, c)
}
