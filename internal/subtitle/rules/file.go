package rules

import (
	"fmt"
	"slices"
	"strings"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"filmpress/internal/report"
	"filmpress/internal/subtitle"
)

// file judges the track as a whole.
func (j *judge) file(spoken subtitle.Spoken) {
	t := j.t
	if t.BOM && t.Format == subtitle.SRT && t.Charset == "utf-8" {
		if f, ok := j.milder("enc-bom", "the file begins with a byte order mark, over which old players lose the first cue", "save it as UTF-8 without a byte order mark"); ok {
			f.Pos = report.Pos{File: t.Name, Line: 1, Col: 1}
			j.add(f)
		}
	}
	if t.Language != "" {
		j.tag()
		if j.s.Kind != subtitle.Forced { // signs and foreign words are in any language
			j.language(spoken)
		}
	}
	if j.on.sounds && !j.sounds {
		j.atFile(j.finding("sdh-no-sounds", "the file is named for the deaf, but no sound and no speaker is written out in it",
			"write sounds in brackets and speakers before their words, or rename the file without sdh"))
	}
	if j.s.Kind == subtitle.Forced {
		j.forced()
	}
}

// forced finds a whole dialogue in a track that everyone is shown.
func (j *judge) forced() {
	n := len(j.t.Cues)
	last := slices.MaxFunc(j.t.Cues, func(a, b subtitle.Cue) int { return int(a.Start/1e6 - b.Start/1e6) })
	minutes := max(last.End.Minutes(), 1)
	if rate := float64(n) / minutes; float64(n) >= j.s.Value("hls-forced", "cues", "") && rate > j.s.Value("hls-forced", "rate", "") {
		j.atFile(j.finding("hls-forced", fmt.Sprintf("the file is named forced, but has %d cues, %.1f a minute, as a whole dialogue has", n, rate),
			"keep only signs and foreign words in it, or rename it without forced"))
	}
}

// tag judges how the language is written.
func (j *judge) tag() {
	t, err := language.Parse(j.t.Language)
	if err != nil {
		j.atFile(j.finding("hls-lang", fmt.Sprintf("%q is no language tag", j.t.Language), "name the file after a language: film.en.srt, film.pt-BR.srt"))
		return
	}
	if short := t.String(); !strings.EqualFold(short, j.t.Language) {
		j.atFile(j.finding("hls-lang", fmt.Sprintf("the language %q is written %q in streams", j.t.Language, short), "name the file so"))
	}
}

// What a text needs before its language can be doubted.
const (
	enoughLetters = 40  // for its script
	enoughWords   = 25  // for its words
	clearly       = 0.2 // of the words are known
)

// language compares the language that the file is named after with its text.
func (j *judge) language(s subtitle.Spoken) {
	declared := base(j.t.Language)
	if declared == "" || declared == "und" || declared == "mul" || declared == "zxx" || declared == "mis" {
		return
	}
	hint := "rename the file, or put the right text into it"
	if s.Letters >= enoughLetters && s.ScriptShare >= 0.8 && !subtitle.WrittenIn(j.t.Language, s.Script) {
		seems := scriptName(s.Script) + " letters"
		if l := s.Likely(); l != "" {
			seems = languageName(l)
		}
		j.atFile(j.finding("lang-mismatch", fmt.Sprintf("the file is named after %s, but its text seems to be in %s", languageName(declared), seems), hint))
		return
	}
	if s.Words < enoughWords || len(s.Languages) == 0 {
		return
	}
	best := s.Languages[0]
	if best.Known < clearly {
		return
	}
	own, known := s.Fit(declared)
	switch {
	case known && (own.Language == best.Language || best.Score()-own.Score() < 0.15 || own.Score() > 0.6*best.Score()):
		return
	case !known && (best.Known < 0.35 || related(declared, best.Language) || !subtitle.WrittenIn(declared, s.Script)):
		return
	}
	j.atFile(j.finding("lang-mismatch", fmt.Sprintf("the file is named after %s, but its text seems to be in %s", languageName(declared), languageName(best.Language)), hint))
}

// families are languages that share so many words that one is easily taken for another. It is asked only where the
// words of the one that was named are not known.
var families = []string{
	"fr es it pt ro ca gl oc ast an la lb co sc fur rm ht pap lad eo ia lmo vec nap scn wa br",
	"de nl sv da nb nn no is fo af fy lb yi en sco pcm nds li gsw bar jam tpi bi srn",
	"ru uk be bg sr mk rue cu",
	"pl cs sk hr sr bs sl hsb dsb mk szl csb cnr sh",
	"ky kk tt ba uz tk ug kaa nog az tr cv sah crh kum alt",
	"id ms jv su min bug ace ban tl tet",
	"fi et vep krl liv se",
}

func related(a, b string) bool {
	return slices.ContainsFunc(families, func(f string) bool {
		words := strings.Fields(f)
		return slices.Contains(words, a) && slices.Contains(words, b)
	})
}

// languageName is a language's English name and its tag.
func languageName(tag string) string {
	t, err := language.Parse(tag)
	if err != nil {
		return tag
	}
	if name := display.English.Languages().Name(t); name != "" {
		return fmt.Sprintf("%s (%s)", name, tag)
	}
	return tag
}

func scriptName(script string) string {
	if s, err := language.ParseScript(script); err == nil {
		if name := display.English.Scripts().Name(s); name != "" {
			return name
		}
	}
	return script
}
