package cli

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"filmpress/internal/annotate"
	"filmpress/internal/lint"
	"filmpress/internal/report"
	"filmpress/internal/subtitle/rules"
	"filmpress/internal/userfile"
)

// openDocument begins the document of the check.
func (c *subsCheck) openDocument() (*document, error) {
	return c.app.openDocument(c.format, c.output, annotate.Options{Tool: annotate.Tool{Name: "filmpress subs check", Version: thisBuild().Version}, Rules: described()})
}

// described are all rules, for the forms that describe them.
func described() []annotate.Rule {
	var out []annotate.Rule
	for _, r := range checkRules() {
		level := max(r.Level, rules.Info)
		out = append(out, annotate.Rule{ID: r.ID, Title: r.Title, Why: r.Why, Mend: r.Mend, Off: r.Level == rules.Off,
			Level: report.Severity(level - rules.Info), HelpURI: helpURI(r)})
	}
	return out
}

// checkRules are the rules on subtitles, and those on what lies around them.
func checkRules() []rules.Rule { return append(rules.Catalogue(), lint.Rules()...) }

// helpURI is the page of a rule's source where there is one that can be linked to. The guidelines of houses move too often.
func helpURI(r rules.Rule) string {
	if strings.HasPrefix(r.ID, "vtt-") {
		return "https://www.w3.org/TR/webvtt1/"
	}
	return ""
}

// rooted gives the names that a CI service looks for: from the root of the repository on, wherever the check runs in it.
func rooted(format string) func(string) string {
	root := ""
	switch format {
	case "github", "sarif":
		root = os.Getenv("GITHUB_WORKSPACE")
	case "gitlab":
		root = os.Getenv("CI_PROJECT_DIR")
	}
	return func(name string) string {
		abs, err := filepath.Abs(name)
		if root == "" || err != nil {
			return name
		}
		if rel, err := filepath.Rel(root, abs); err == nil && filepath.IsLocal(rel) {
			return filepath.ToSlash(rel)
		}
		return name
	}
}

// tally counts what is told at the end.
type tally struct {
	files, unread, ignored  int
	errors, warnings, notes int
	bad                     int // files with findings
	known                   int
	fails                   bool
	astray                  bool // a settings file is wrong
	rules                   map[string]int
	file                    string // the file that can be mended, where there is one only
	fixable                 int    // files in which something can be mended by the program
}

func newTally() tally { return tally{rules: map[string]int{}} }

func (s *tally) count(f annotate.File) {
	s.known += f.Known
	s.fails = s.fails || f.Fails()
	if len(f.Findings) > 0 {
		s.bad++
	}
	fixable, refused := false, false
	for _, x := range f.Findings {
		s.rules[x.Rule]++
		switch x.Severity {
		case report.Error:
			s.errors++
		case report.Warn:
			s.warnings++
		default:
			s.notes++
		}
		r, _ := rules.Lookup(x.Rule)
		fixable = fixable || r.Fixable
		refused = refused || x.Severity == report.Error && x.Pos.Line == 0 && !r.Fixable // it is a film, or empty
	}
	if fixable && !refused {
		s.fixable++
		s.file = f.Name
	}
}

// summarize tells what was checked, what was found most often, and what to do next.
func (c *subsCheck) summarize() {
	s := &c.sum
	found := "nothing is wrong"
	if n := s.errors + s.warnings + s.notes; n > 0 {
		found = fmt.Sprintf("%s and %s", counted(s.errors, "error"), counted(s.warnings, "warning"))
		if s.notes > 0 {
			found = fmt.Sprintf("%s, %s and %s", counted(s.errors, "error"), counted(s.warnings, "warning"), counted(s.notes, "note"))
		}
		found += " in " + counted(s.bad, "file")
	} else if s.known > 0 {
		found = "nothing new is wrong"
	}
	c.ui.Note(fmt.Sprintf("%s checked: %s", counted(s.files, "file"), found))
	if s.ignored > 0 {
		c.ui.Note(fmt.Sprintf("%s left out, as %s says", counted(s.ignored, "file"), lint.SettingsName))
	}
	if s.unread > 0 {
		c.ui.Note(fmt.Sprintf("%s could not be read, and so not checked", counted(s.unread, "file")))
	}
	c.tellBaseline()
	if len(s.rules) == 0 {
		return
	}
	often := slices.SortedStableFunc(slices.Values(slices.Sorted(maps.Keys(s.rules))), func(a, b string) int { return s.rules[b] - s.rules[a] })
	var words []string
	for _, r := range often[:min(len(often), 5)] {
		words = append(words, fmt.Sprintf("%s (%d)", r, s.rules[r]))
	}
	c.ui.Note("most often: " + strings.Join(words, ", "))
	switch {
	case s.astray:
		c.ui.Note("next: correct the settings file, and check again")
	case s.fixable == 1:
		if s.file == c.stdin {
			s.file = "-"
		}
		c.ui.Note("next: " + c.command("subs", "fix", userfile.WithoutHyphen(s.file), "--dry-run") + " shows what can be mended by itself")
	case s.fixable > 1:
		c.ui.Note(fmt.Sprintf("next: filmpress subs fix FILE... --dry-run shows what can be mended by itself, in %d of the files", s.fixable))
	default:
		c.ui.Note("next: filmpress subs check --explain " + often[0] + " tells more about a rule")
	}
}

// tellBaseline tells what the baseline did.
func (c *subsCheck) tellBaseline() {
	switch {
	case c.base == nil:
	case c.writeBaseline:
		c.ui.Note(fmt.Sprintf("wrote %s into %s; with --baseline %s only new ones count from now on", counted(c.sum.known, "finding"), c.baseline, userfile.Quote(c.baseline)))
	case c.base.Mended() > 0:
		c.ui.Note(fmt.Sprintf("%d known from %s; %d that stand there are mended: --write-baseline takes them out", c.sum.known, c.baseline, c.base.Mended()))
	default:
		c.ui.Note(fmt.Sprintf("%d known from %s", c.sum.known, c.baseline))
	}
}
