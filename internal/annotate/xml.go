package annotate

import (
	"bufio"
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"filmpress/internal/report"
	"filmpress/internal/ui"
)

// xmlText is a text for XML 1.0, which has no way to write most control characters.
func xmlText(s string) string {
	var b strings.Builder
	if err := xml.EscapeText(&b, []byte(ui.Clean(s))); err != nil {
		panic(err) // a builder takes everything
	}
	return b.String()
}

// junit writes the XML that most CI services show as tests: a suite a file, a case a rule that found something in it. A case
// fails where a finding is at or above the bar; a file without findings is one case that passes.
type junit struct{ w *bufio.Writer }

func newJUnit(w io.Writer, o Options) Writer {
	out := bufio.NewWriter(w)
	fmt.Fprintf(out, "%s<testsuites name=\"%s\">\n", xml.Header, xmlText(o.Tool.Name))
	return junit{out}
}

func (j junit) File(file File) error {
	rules, byRule := grouped(file.Findings)
	failed := 0
	for _, r := range rules {
		if fails(byRule[r], file.Bar) {
			failed++
		}
	}
	name := xmlText(file.Name)
	fmt.Fprintf(j.w, " <testsuite name=\"%s\" tests=\"%d\" failures=\"%d\" errors=\"0\" skipped=\"0\">\n", name, max(len(rules), 1), failed)
	if len(rules) == 0 {
		fmt.Fprintf(j.w, "  <testcase name=\"all rules\" classname=\"%s\"></testcase>\n", name)
	}
	for _, r := range rules {
		fs := byRule[r]
		fmt.Fprintf(j.w, "  <testcase name=\"%s\" classname=\"%s\">", xmlText(r), name)
		if fails(fs, file.Bar) {
			fmt.Fprintf(j.w, "<failure message=\"%s\" type=\"%s\">%s</failure>", xmlText(summed(fs)), xmlText(r), lines(fs))
		} else {
			fmt.Fprintf(j.w, "<system-out>%s</system-out>", lines(fs))
		}
		fmt.Fprintln(j.w, "</testcase>")
	}
	_, err := fmt.Fprintln(j.w, " </testsuite>")
	return err
}

func (j junit) Close() error {
	fmt.Fprintln(j.w, "</testsuites>")
	return j.w.Flush()
}

// grouped sorts findings by rule, rules in the order of their first finding.
func grouped(fs []report.Finding) (rules []string, byRule map[string][]report.Finding) {
	byRule = map[string][]report.Finding{}
	for _, f := range fs {
		if byRule[f.Rule] == nil {
			rules = append(rules, f.Rule)
		}
		byRule[f.Rule] = append(byRule[f.Rule], f)
	}
	return rules, byRule
}

func fails(fs []report.Finding, bar report.Severity) bool {
	return File{Findings: fs, Bar: bar}.Fails()
}

func summed(fs []report.Finding) string {
	if len(fs) == 1 {
		return fs[0].Text
	}
	return fmt.Sprintf("%s, and %d more", fs[0].Text, len(fs)-1)
}

// lines are findings as text with their lines, a finding a paragraph.
func lines(fs []report.Finding) string {
	var b strings.Builder
	for _, f := range fs {
		b.WriteString(xmlText(f.String()) + "\n")
		for line := range strings.Lines(f.Snippet()) {
			b.WriteString(xmlText(strings.TrimRight(line, "\n")) + "\n")
		}
		if f.Hint != "" {
			b.WriteString("  mend: " + xmlText(f.Hint) + "\n")
		}
	}
	return b.String()
}

// checkstyle writes the XML of the Java tool of that name, which many editors and CI services read.
type checkstyle struct {
	w    *bufio.Writer
	tool string // "filmpress.subs.check", to which a rule's ID is put
}

var checkstyleSeverities = map[report.Severity]string{report.Error: "error", report.Warn: "warning", report.Info: "info"}

func newCheckstyle(w io.Writer, o Options) Writer {
	out := bufio.NewWriter(w)
	fmt.Fprintf(out, "%s<checkstyle version=\"4.3\">\n", xml.Header)
	return checkstyle{out, strings.ReplaceAll(o.Tool.Name, " ", ".")}
}

func (c checkstyle) File(file File) error {
	fmt.Fprintf(c.w, " <file name=\"%s\">\n", xmlText(file.Name))
	for _, f := range file.Findings {
		fmt.Fprintf(c.w, "  <error line=\"%d\"", max(f.Pos.Line, 1))
		if f.Pos.Col > 0 {
			fmt.Fprintf(c.w, " column=\"%d\"", f.Pos.Col)
		}
		fmt.Fprintf(c.w, " severity=\"%s\" message=\"%s\" source=\"%s\"/>\n", checkstyleSeverities[f.Severity], xmlText(sentence(f)), xmlText(c.tool+"."+f.Rule))
	}
	_, err := fmt.Fprintln(c.w, " </file>")
	return err
}

func (c checkstyle) Close() error {
	fmt.Fprintln(c.w, "</checkstyle>")
	return c.w.Flush()
}
