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

// maxPerRule is how many findings of one rule are listed, and maxPerCue how many findings on one cue's text. A file with
// more is wrong in one way many times over, and finding the place of each would take too long.
const (
	maxPerRule = 1000
	maxPerCue  = 100
)

// Check judges a track by the rules that need nothing but itself. read is what subtitle.Read found; those findings come
// out at the levels in force, sorted together with the rules' own. The track's Language is what the file is named after.
func Check(t *subtitle.Track, read []report.Finding, s Settings) []report.Finding {
	j := judge{t: t, s: s}
	for _, f := range read {
		if l := s.ofReader(t, f); l != Off {
			f.Severity = l.severity()
			j.add(f)
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
	out   [][]report.Finding // in pieces: a list that grows leaves its smaller selves behind as garbage
	count map[string]int     // findings a rule, also those that are not listed
	left  map[string]int     // those
	full  [2]int             // the cue that has the latest findings on its text, and how many

	broken map[int]bool // lines on which the reader has already named a lost character

	active  []int // cues that are still shown when the next one begins
	text    visible
	chars   charPass
	dialogs map[dialogStyle]int // lines that mark one of several speakers of a cue
	sounds  bool                // a sound or a speaker is written out somewhere
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
		j.dialog()
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
		j.count, j.left = map[string]int{}, map[string]int{}
	}
	if j.count[rule]++; j.count[rule] > maxPerRule {
		j.left[rule]++
		return report.Finding{}, false
	}
	return report.Finding{Severity: l.severity(), Rule: rule, Text: text, Hint: hint}, true
}

// listed says whether a finding of a rule would be listed. It is asked before the sentence is made, where a rule may
// find something in every cue: sentences for nobody would be most of the memory that a check takes.
func (j *judge) listed(rule string) bool {
	if j.count[rule] < maxPerRule {
		return j.s.Level(rule) != Off
	}
	j.left[rule]++
	return false
}

// atTiming adds a finding on the timing line of a cue.
func (j *judge) atTiming(i int, f report.Finding, ok bool) {
	if ok {
		j.add(j.t.AtTiming(i, f))
	}
}

// atText adds a finding on bytes of a cue's Raw.
func (j *judge) atText(i, from, to int, f report.Finding, ok bool) {
	if ok && j.room(i, f.Rule) {
		j.add(j.t.AtText(i, from, to, f))
	}
}

// atLine adds a finding on a line of a cue's text, from 0.
func (j *judge) atLine(i, number int, f report.Finding, ok bool) {
	if ok && j.room(i, f.Rule) {
		from, to := rawLine(j.t.Cues[i].Raw, number)
		j.add(j.t.AtText(i, from, to, f))
	}
}

// room says whether one more finding on a cue's text is listed.
func (j *judge) room(i int, rule string) bool {
	if j.full[0] != i {
		j.full = [2]int{i, 0}
	}
	if j.full[1]++; j.full[1] > maxPerCue {
		j.left[rule]++
		return false
	}
	return true
}

// atFile adds a finding on the whole file.
func (j *judge) atFile(f report.Finding, ok bool) {
	if ok {
		f.Pos = report.Pos{File: j.t.Name}
		j.add(f)
	}
}

func (j *judge) result() []report.Finding {
	for _, rule := range slices.Sorted(maps.Keys(j.left)) {
		l := j.s.Level(rule)
		if set, ok := j.s.levels["file-findings"]; ok {
			l = set
		}
		if l != Off {
			j.add(report.Finding{Pos: report.Pos{File: j.t.Name}, Severity: l.severity(), Rule: "file-findings",
				Text: fmt.Sprintf("%d more findings of %s are not listed", j.left[rule], rule), Hint: "mend the first ones and check again"})
		}
	}
	var out []report.Finding
	switch len(j.out) {
	case 0:
	case 1:
		out = j.out[0]
	default:
		out = slices.Concat(j.out...)
	}
	report.Sort(out)
	return out
}

// add adds a finding to the last piece, or begins a new one. The first has room for those of nearly every file: what is not
// used of it is not touched, and costs nothing but addresses, while joining pieces needs every finding twice.
func (j *judge) add(f report.Finding) {
	n := len(j.out)
	if n == 0 {
		j.out = append(j.out, make([]report.Finding, 0, min(8+len(j.t.Cues)/4, 5*maxPerRule)))
	} else if last := j.out[n-1]; len(last) == cap(last) {
		j.out = append(j.out, make([]report.Finding, 0, 256))
	}
	last := &j.out[len(j.out)-1]
	*last = append(*last, f)
}

// noFinding is for a place alone.
var noFinding report.Finding

// seconds writes a time in seconds, to the millisecond.
func seconds(d time.Duration) string {
	return strconv.FormatFloat(float64(d.Milliseconds())/1000, 'f', -1, 64)
}
