package rules

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"filmpress/internal/report"
	"filmpress/internal/subtitle"
)

// maxPerRule is how many findings of one rule are listed. A file with more is wrong in one way many times over.
const maxPerRule = 1000

// Check judges a track by the rules that need nothing but itself. read is what subtitle.Read found; those findings come
// out at the levels in force, sorted together with the rules' own. The track's Language is what the file is named after.
func Check(t *subtitle.Track, read []report.Finding, s Settings) []report.Finding {
	j := judge{t: t, s: s, out: make([]report.Finding, 0, len(read))}
	for _, f := range read {
		if l := s.ofReader(t, f); l != Off {
			f.Severity = l.severity()
			j.out = append(j.out, f)
		}
		j.known(f)
	}
	if len(t.Cues) > 0 {
		j.track()
	}
	return j.result()
}

// ofReader is the level of a finding of the reader. What is not in the catalogue keeps its severity.
func (s Settings) ofReader(t *subtitle.Track, f report.Finding) Level {
	asRead := Level(f.Severity) + Info
	if l, set := s.levels[f.Rule]; set {
		return l
	}
	r, known := Lookup(f.Rule)
	switch {
	case !known || s.AsRead:
		return asRead
	case f.Rule == "enc-not-utf8" && t.Format == subtitle.WebVTT:
		return r.Level // the reader takes what it can; players read WebVTT as UTF-8 and nothing else
	case r.Lesser != Off:
		return asRead
	}
	return r.Level
}

func (l Level) severity() report.Severity { return report.Severity(l - Info) }

// judge is one check of one track.
type judge struct {
	t     *subtitle.Track
	s     Settings
	lang  string // base of the language by which the text is measured; "" where it is not known
	limit limits
	on    switches
	out   []report.Finding
	count map[string]int // findings a rule

	broken map[int]bool // lines on which the reader has already named a lost character

	active  []int // cues that are still shown when the next one begins
	text    visible
	chars   charPass
	dialogs []dialogLine
	sounds  bool // a sound or a speaker is written out somewhere
}

// switches are rules that cost something even where they find nothing.
type switches struct {
	chars, lines, speed, wpm, dialog, sounds bool
}

// known remembers what the reader has found, so that it is not found twice.
func (j *judge) known(f report.Finding) {
	if f.Pos.Line > 0 && (f.Rule == "enc-not-utf8" || f.Rule == "chr-replacement") {
		if j.broken == nil {
			j.broken = map[int]bool{}
		}
		j.broken[f.Pos.Line] = true
	}
}

// track runs all rules, each cue once.
func (j *judge) track() {
	spoken := j.t.Spoken()
	if j.lang = base(j.t.Language); j.lang == "" {
		j.lang = spoken.Likely()
	}
	j.limit = newLimits(j.s, j.lang)
	j.on = j.switches()
	j.chars.cyrillic = spoken.Script == "Cyrl"
	j.inTime()
	for i := range j.t.Cues {
		j.cue(i)
	}
	j.resolveChars()
	j.resolveDialogs()
	j.file(spoken)
}

func (j *judge) switches() switches {
	on := func(rules ...string) bool {
		return slices.ContainsFunc(rules, func(r string) bool { return j.s.Level(r) != Off })
	}
	return switches{
		chars: on("enc-bom", "chr-control", "chr-replacement", "chr-bidi", "chr-zero-width", "chr-mojibake", "chr-homoglyph", "chr-ellipsis"),
		lines: on("line-length", "cue-lines", "line-balance", "line-fits-one"),
		speed: on("cue-cps"), wpm: on("cue-wpm"), dialog: on("dialog-hyphen"),
		sounds: on("sdh-no-sounds") && j.s.Kind == subtitle.SDH,
	}
}

// cue judges what can be seen of one cue alone, its times excepted.
func (j *judge) cue(i int) {
	c := &j.t.Cues[i]
	if j.on.chars {
		j.characters(i, c.Raw)
	}
	if !j.on.lines && !j.on.speed && !j.on.wpm && !j.on.dialog && !j.on.sounds {
		return
	}
	j.text.read(c, j.limit.width)
	if j.text.chars == 0 {
		return // the reader has a finding on it
	}
	j.speed(i, c)
	j.lines(i, c)
	if j.on.dialog {
		j.dialog(i)
	}
	if j.on.sounds && !j.sounds {
		j.sounds = hasSound(c, &j.text)
	}
}

// finding is a finding of a rule at its level, without a place; ok is false where the rule is off, or has enough.
func (j *judge) finding(rule, text, hint string) (report.Finding, bool) {
	return j.atLevel(j.s.Level(rule), rule, text, hint)
}

// milder is finding for a rule's milder cases.
func (j *judge) milder(rule, text, hint string) (report.Finding, bool) {
	return j.atLevel(j.s.lesser(rule), rule, text, hint)
}

func (j *judge) atLevel(l Level, rule, text, hint string) (report.Finding, bool) {
	if l == Off {
		return report.Finding{}, false
	}
	if j.count == nil {
		j.count = map[string]int{}
	}
	j.count[rule]++
	return report.Finding{Severity: l.severity(), Rule: rule, Text: text, Hint: hint}, j.count[rule] <= maxPerRule
}

// atTiming adds a finding on the timing line of a cue.
func (j *judge) atTiming(i int, f report.Finding, ok bool) {
	if ok {
		j.out = append(j.out, j.t.AtTiming(i, f))
	}
}

// atText adds a finding on bytes of a cue's Raw.
func (j *judge) atText(i, from, to int, f report.Finding, ok bool) {
	if ok {
		j.out = append(j.out, j.t.AtText(i, from, to, f))
	}
}

// atFile adds a finding on the whole file.
func (j *judge) atFile(f report.Finding, ok bool) {
	if ok {
		f.Pos = report.Pos{File: j.t.Name}
		j.out = append(j.out, f)
	}
}

func (j *judge) result() []report.Finding {
	for _, rule := range slices.Sorted(maps.Keys(j.count)) {
		n, l := j.count[rule], j.s.Level(rule)
		if set, ok := j.s.levels["file-findings"]; ok {
			l = set
		}
		if n > maxPerRule && l != Off {
			j.out = append(j.out, report.Finding{Pos: report.Pos{File: j.t.Name}, Severity: l.severity(), Rule: "file-findings",
				Text: fmt.Sprintf("%d more findings of %s are not listed", n-maxPerRule, rule), Hint: "mend the first ones and check again"})
		}
	}
	report.Sort(j.out)
	return j.out
}

// noFinding is for a place alone.
var noFinding report.Finding

// seconds writes a time in seconds, to the millisecond.
func seconds(d time.Duration) string {
	return strconv.FormatFloat(float64(d.Milliseconds())/1000, 'f', -1, 64)
}
