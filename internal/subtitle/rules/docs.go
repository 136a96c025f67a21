package rules

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Markdown is the page on all rules, docs/subtitle-rules.md, made of the same table that judges.
func Markdown() string {
	var b strings.Builder
	b.WriteString("# Subtitle rules\n\n" +
		"What `filmpress subs check` looks at. `filmpress subs check --explain ID` prints one of these.\n\n" +
		"`--rule ID=error|warn|info|off` sets a rule's level, `--set ID.NAME=VALUE` a threshold, `--profile NAME` both for a house:\n\n")
	for _, p := range profiles {
		fmt.Fprintf(&b, "- `%s`: %s\n", p.name, p.title)
	}
	b.WriteString("\nWhere a rule has two levels, `error or warn`, the milder one is for the cases that it names. A level that you set, or a\n" +
		"profile, replaces both.\n\nThis page is made by the program (`go test ./internal/subtitle/rules -update`); it is not edited by hand.\n")
	for _, g := range groups {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\n| rule | level | mended by `fix` | what it asks for |\n|-|-|-|-|\n", g.name, g.about)
		for _, r := range g.rules {
			fmt.Fprintf(&b, "| [`%s`](#%s) | %s | %s | %s |\n", r.ID, r.ID, r.levels(), yes(r.Fixable), strings.ReplaceAll(markdownText(r.Title), "|", "\\|"))
		}
	}
	for _, r := range Catalogue() {
		b.WriteString("\n" + r.Markdown())
	}
	return b.String()
}

// levels is the rule's level, or both.
func (r Rule) levels() string {
	if r.Lesser == Off {
		return r.Level.String()
	}
	return r.Level.String() + " or " + r.Lesser.String()
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return ""
}

// Markdown is one rule as a section of the page.
func (r Rule) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "### %s\n\n**%s.**\n%s\n\n", r.ID, markdownText(r.Title), markdownText(r.Why))
	for _, line := range r.facts() {
		fmt.Fprintf(&b, "- %s: %s\n", line[0], markdownText(line[1]))
	}
	fmt.Fprintf(&b, "\nBad:\n\n%s\nGood:\n\n%s", indented(r.Bad), indented(r.Good))
	return b.String()
}

// facts are the lines of a rule, each with its name.
func (r Rule) facts() [][2]string {
	level := r.Level.String()
	if r.Lesser != Off {
		level += "; " + r.Lesser.String() + " " + r.When
	}
	facts := [][2]string{{"Level", level}, {"Mend", r.Mend}}
	if r.Fixable {
		facts[1][1] += " `filmpress subs fix` does it."
	}
	for _, p := range r.Params {
		facts = append(facts, [2]string{"Threshold", p.describe(r.ID)})
	}
	return append(facts, [2]string{"Source", r.Source})
}

// describe is a threshold in words: "cue-cps.max, 17 characters a second; ar and en 20".
func (p Param) describe(rule string) string {
	s := fmt.Sprintf("%s.%s, %s", rule, p.Name, number(p.Default))
	if p.Unit != "" {
		s += " " + p.Unit
	}
	if p.Meaning != "" {
		s += ", " + p.Meaning
	}
	by := map[float64][]string{}
	for lang, v := range p.ByLanguage {
		by[v] = append(by[v], lang)
	}
	for _, v := range slices.Sorted(maps.Keys(by)) {
		s += fmt.Sprintf("; %s %s", strings.Join(slices.Sorted(slices.Values(by[v])), " and "), number(v))
	}
	return s
}

// indented is an example as Markdown's code, with what cannot be seen written out.
func indented(s string) string {
	var b strings.Builder
	for line := range strings.Lines(strings.TrimSuffix(s, "\n")) {
		b.WriteString("    " + Shown(strings.TrimSuffix(line, "\n")) + "\n")
	}
	return strings.ReplaceAll(b.String(), "    \n", "\n")
}

// Shown writes characters that show nothing as their numbers: "ho⟨U+200B⟩use".
func Shown(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, "⟨%02X⟩", s[i])
		case r == '\t':
			b.WriteString("⟨tab⟩")
		case hidden(r) || unicode.IsControl(r):
			fmt.Fprintf(&b, "⟨U+%04X⟩", r)
		default:
			b.WriteRune(r)
		}
		i += n
	}
	return b.String()
}

// markdownText keeps tags and entities of a sentence from being taken for those of the page.
func markdownText(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", "*", "\\*").Replace(s)
}
