package lint

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
	"golang.org/x/text/language"

	"filmpress/internal/report"
	"filmpress/internal/strictyaml"
	"filmpress/internal/subtitle"
	"filmpress/internal/subtitle/rules"
)

// SettingsName is the settings file of a folder and of those below it, down to the next one.
const SettingsName = ".filmpress-subs.yml"

// Choice is what is known of the wishes of the user: the command line's, or a settings file's.
type Choice struct {
	Profile   Profile   `yaml:"profile"`
	Language  Language  `yaml:"language"`   // of files whose names do not say
	FailOn    Bar       `yaml:"fail-on"`    // findings of this severity or a higher one fail
	Children  bool      `yaml:"children"`   // the viewers are children, who read more slowly
	FrameRate float64   `yaml:"frame-rate"` // frames a second, for thresholds in frames
	Rules     Levels    `yaml:"rules"`      // level by rule
	Set       Values    `yaml:"set"`        // number by threshold
	Languages Languages `yaml:"languages"`  // language by pattern, for files whose names do not say
	Kinds     Kinds     `yaml:"kinds"`      // kind by pattern, for files whose names do not say
	Ignore    []Pattern `yaml:"ignore"`     // files to leave out
}

// Settings finds the settings of files: those of the command line, over those of the nearest folder with a settings file.
// It is for one goroutine.
type Settings struct {
	over     Choice
	fallback Profile // where neither names a profile
	read     func(string) ([]byte, error)
	here     string
	folders  map[string]*folder
	asRead   bool
	findings []report.Finding
}

// NewSettings takes the command line's choice, and what reads a settings file.
func NewSettings(over Choice, read func(name string) ([]byte, error)) (*Settings, error) {
	here, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	return &Settings{over: over, read: read, here: filepath.ToSlash(here), folders: map[string]*folder{}}, nil
}

// ForPublish takes a profile for files beside which none is named, and leaves the reader's findings as they are: a
// publish writes files anew, so what could be read tolerantly does no harm.
func (s *Settings) ForPublish(profile Profile) *Settings {
	s.fallback, s.asRead = profile, true
	return s
}

// Prepare reads the settings files of all the files, and gives what is wrong with those, each told once. What could be
// understood of a broken one is in force all the same.
func (s *Settings) Prepare(names []string) []report.Finding {
	for _, name := range names {
		s.of(name)
	}
	return s.findings
}

// Any says whether something holds of the rules in force in a folder that was looked at.
func (s *Settings) Any(holds func(rules.Settings) bool) bool {
	for _, f := range s.folders {
		if holds(f.rules) {
			return true
		}
	}
	return false
}

// For gives the rules in force for a file, and what is wrong with a settings file that was not read before.
func (s *Settings) For(name string) (rules.Settings, []report.Finding) {
	known := len(s.findings)
	f, _ := s.of(name)
	return f.rules, s.findings[known:]
}

// folder is what is in force in a folder, worked out once.
type folder struct {
	dir      string // of the settings file, "" where there is none
	choice   Choice
	rules    rules.Settings
	language string
	bar      report.Severity
}

// of gives what is in force for a file, and the file's whole path.
func (s *Settings) of(name string) (f *folder, abs string) {
	abs = name
	if !filepath.IsAbs(name) {
		abs = path.Join(s.here, name)
	}
	return s.in(path.Dir(abs)), abs
}

// in gives what is in force in a folder, and remembers it for the folder and those above it.
func (s *Settings) in(dir string) *folder {
	if f := s.folders[dir]; f != nil {
		return f
	}
	choice, found := s.load(dir)
	up := path.Dir(dir)
	var f *folder
	switch {
	case found:
		f = s.settle(dir, choice)
	case up == dir:
		f = s.settle("", Choice{})
	default:
		f = s.in(up)
	}
	s.folders[dir] = f
	return f
}

// load reads the settings file of a folder. What is wrong with it becomes findings; the rest of it is in force.
func (s *Settings) load(dir string) (c Choice, found bool) {
	file := path.Join(dir, SettingsName)
	if _, err := os.Lstat(file); errors.Is(err, fs.ErrNotExist) {
		return c, false
	}
	shown := file
	if rel, err := filepath.Rel(s.here, file); err == nil && filepath.IsLocal(rel) {
		shown = filepath.ToSlash(rel)
	}
	data, err := s.read(file)
	if err != nil {
		f := Unreadable(shown, err)
		f.Rule = "settings-file"
		s.findings = append(s.findings, f)
		return c, true
	}
	for _, f := range strictyaml.Decode(shown, data, 1, &c) {
		f.Rule = "settings-file"
		s.findings = append(s.findings, f)
	}
	return c, true
}

// settle puts the command line's choice over a settings file's.
func (s *Settings) settle(dir string, c Choice) *folder {
	f := &folder{dir: dir, choice: c, bar: report.Error}
	for _, p := range []Profile{s.over.Profile, c.Profile, s.fallback, "default"} {
		if p != "" {
			f.rules = must(rules.Profile(string(p)))
			break
		}
	}
	f.rules.Children = c.Children || s.over.Children
	f.rules.AsRead = s.asRead
	for _, o := range []Choice{c, s.over} {
		for _, l := range o.Rules {
			must(0, f.rules.SetLevel(l[0], l[1]))
		}
		for _, v := range o.Set {
			must(0, f.rules.SetValue(v[0], v[1]))
		}
		if o.Language != "" {
			f.language = string(o.Language)
		}
		f.bar = o.FailOn.Or(f.bar)
		if o.FrameRate > 0 {
			f.rules.FrameRate = o.FrameRate
		}
	}
	return f
}

// must gives a value that was judged when it came in.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// ignores says whether the settings file leaves a file out.
func (f *folder) ignores(abs string) bool {
	if len(f.choice.Ignore) == 0 {
		return false
	}
	rel := f.rel(abs)
	for _, p := range f.choice.Ignore {
		if p.matches(rel) {
			return true
		}
	}
	return false
}

// rel is a file's path from the settings file on.
func (f *folder) rel(abs string) string {
	return strings.TrimPrefix(strings.TrimPrefix(abs, f.dir), "/")
}

// name says of a file what its name and its place say: the name goes before patterns, which go before the folder's language.
func (f *folder) name(abs string) (lang string, kind subtitle.Kind) {
	said := subtitle.ParseName(path.Base(abs))
	lang, kind = said.Language, said.Kind
	if lang == "" {
		lang = f.language
		for _, l := range f.choice.Languages {
			if l.pattern.matches(f.rel(abs)) {
				lang = l.language
			}
		}
	}
	if kind == subtitle.Plain {
		for _, k := range f.choice.Kinds {
			if k.pattern.matches(f.rel(abs)) {
				kind = k.kind
			}
		}
	}
	return lang, kind
}

// Pattern is a pattern for files, from the settings file's folder on. Without a / it is the name of a file or of a folder,
// wherever it lies; a folder stands for all that is below it.
type Pattern string

// UnmarshalText judges a pattern.
func (p *Pattern) UnmarshalText(b []byte) error {
	if *p = Pattern(b); !wellFormed(string(*p)) {
		return fmt.Errorf("%q is no pattern; write drafts/**, *.old.srt or {a,b}/*.vtt", b)
	}
	return nil
}

// wellFormed says whether a pattern can be used. Braces are few, since each doubles the time that a match can take, and a
// settings file may come with a stranger's pull request.
func wellFormed(pattern string) bool {
	return pattern != "" && len(pattern) < 1000 && strings.Count(pattern, "{") <= 4 && doublestar.ValidatePattern(pattern)
}

func (p Pattern) matches(rel string) bool {
	pattern := strings.TrimSuffix(string(p), "/")
	if !strings.Contains(pattern, "/") {
		for part := range strings.SplitSeq(rel, "/") {
			if doublestar.MatchUnvalidated(pattern, part) {
				return true
			}
		}
		return false
	}
	pattern = strings.TrimPrefix(pattern, "/")
	return doublestar.MatchUnvalidated(pattern, rel) || doublestar.MatchUnvalidated(pattern+"/**", rel)
}

// Profile is the name of a profile of rules.
type Profile string

// UnmarshalText judges the name.
func (p *Profile) UnmarshalText(b []byte) error {
	if _, err := rules.Profile(string(b)); err != nil {
		return err
	}
	*p = Profile(b)
	return nil
}

// Language is a BCP 47 tag in its canonical form.
type Language string

// UnmarshalText judges the tag.
func (l *Language) UnmarshalText(b []byte) error {
	tag, err := language.Parse(string(b))
	if err != nil || tag == language.Und {
		return fmt.Errorf("%q is not a language tag; write en, ru, ky or pt-BR", b)
	}
	*l = Language(tag.String())
	return nil
}

// Bar is the severity from which on findings fail; the zero value is not set.
type Bar struct {
	report.Severity
	set bool
}

// Or is the bar, or another one where it is not set.
func (b Bar) Or(other report.Severity) report.Severity {
	if b.set {
		return b.Severity
	}
	return other
}

// UnmarshalText reads "error" or "warn".
func (b *Bar) UnmarshalText(text []byte) error {
	word := string(text)
	if word != "error" && word != "warn" {
		return fmt.Errorf("a check fails on error or on warn, not on %q", word)
	}
	b.set = true
	return b.Severity.UnmarshalText(text)
}

// Levels are rules and their levels, in the order given.
type Levels [][2]string

// Key judges a rule's ID.
func (l *Levels) Key(rule string) error { return new(rules.Settings).SetLevel(rule, "off") }

// Put takes a level.
func (l *Levels) Put(rule, level string) error {
	if err := new(rules.Settings).SetLevel(rule, level); err != nil {
		return err
	}
	*l = append(*l, [2]string{rule, level})
	return nil
}

// Values are thresholds and their numbers, in the order given.
type Values [][2]string

// Key judges the name of a threshold.
func (v *Values) Key(threshold string) error { return new(rules.Settings).SetValue(threshold, "1") }

// Put takes a number.
func (v *Values) Put(threshold, number string) error {
	if err := new(rules.Settings).SetValue(threshold, number); err != nil {
		return err
	}
	*v = append(*v, [2]string{threshold, number})
	return nil
}

// Languages are languages by pattern; the last pattern that matches counts.
type Languages []struct {
	pattern  Pattern
	language string
}

// Key judges a pattern.
func (l *Languages) Key(pattern string) error { return new(Pattern).UnmarshalText([]byte(pattern)) }

// Put takes a language.
func (l *Languages) Put(pattern, tag string) error {
	var lang Language
	if err := lang.UnmarshalText([]byte(tag)); err != nil {
		return err
	}
	*l = append(*l, struct {
		pattern  Pattern
		language string
	}{Pattern(pattern), string(lang)})
	return nil
}

// Kinds are kinds by pattern; the last pattern that matches counts.
type Kinds []struct {
	pattern Pattern
	kind    subtitle.Kind
}

// Key judges a pattern.
func (k *Kinds) Key(pattern string) error { return new(Pattern).UnmarshalText([]byte(pattern)) }

// Put takes a kind.
func (k *Kinds) Put(pattern, kind string) error {
	if kind := subtitle.Kind(kind); kind != subtitle.SDH && kind != subtitle.Forced {
		return fmt.Errorf("a kind is sdh or forced, not %q", kind)
	}
	*k = append(*k, struct {
		pattern Pattern
		kind    subtitle.Kind
	}{Pattern(pattern), subtitle.Kind(kind)})
	return nil
}
