package audit

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write docs/verify-rules.md anew")

// TestRulesPage holds docs/verify-rules.md to the catalogue.
func TestRulesPage(t *testing.T) {
	var b bytes.Buffer
	b.WriteString("# Rules of filmpress verify\n\nMade from the catalogue in `internal/audit` by `go test ./internal/audit -update`; do not edit by hand.\n\n" +
		"Numbers of rules that begin with `hls-` are those of Apple's *HLS Authoring Specification for Apple Devices*; `rfc-` is RFC 8216. A level is the highest\n" +
		"with which a rule is told: what the specifications demand is an error, what they advise a warning, what could not be checked an info.\n")
	for _, g := range Groups() {
		fmt.Fprintf(&b, "\n## %s\n", g.Title)
		for _, r := range g.Rules {
			fmt.Fprintf(&b, "\n### %s\n\n%s. *%s; %s.*\n\n- Why: %s\n- Mend: %s\n", r.ID, r.Title, r.Level, r.Source, r.Why, r.Mend)
		}
	}
	b.WriteString("\n## What is not checked\n\nRules of the authoring specification about films, beside what `not-checked` tells of a presentation:\n\n")
	for _, o := range Omissions {
		fmt.Fprintf(&b, "- %s, %s: %s.\n", o.Number, o.What, o.Why)
	}
	page := filepath.Join("..", "..", "docs", "verify-rules.md")
	if *update {
		if err := os.WriteFile(page, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(have, b.Bytes()) {
		t.Error("docs/verify-rules.md is not what the catalogue says; go test ./internal/audit -update writes it")
	}
}

// TestCatalogue holds each rule to its form.
func TestCatalogue(t *testing.T) {
	seen := map[string]bool{}
	form := regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9.]+)+$`)
	for _, r := range Catalogue() {
		if !form.MatchString(r.ID) || seen[r.ID] {
			t.Errorf("%q is twice there, or no ID", r.ID)
		}
		seen[r.ID] = true
		if r.Title == "" || r.Source == "" || r.Why == "" || r.Mend == "" || strings.HasSuffix(r.Title, ".") || strings.HasSuffix(r.Mend, ".") || !strings.HasSuffix(r.Why, ".") {
			t.Errorf("%s: something is missing, or a full stop is wrong", r.ID)
		}
		if got, ok := Lookup(r.ID); !ok || got != r {
			t.Errorf("%s is not found", r.ID)
		}
	}
	if _, ok := Lookup("hls-0.0"); ok {
		t.Error("a rule is found that there is not")
	}
}

// sources are the program's files, or the tests', of the packages that make findings.
func sources(t *testing.T, tests bool, packages ...string) string {
	t.Helper()
	var all strings.Builder
	for _, p := range packages {
		files, err := filepath.Glob(filepath.Join("..", p, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %v", p, err)
		}
		for _, f := range files {
			if strings.HasSuffix(f, "_test.go") != tests || strings.HasPrefix(filepath.Base(f), "rules_") || strings.HasSuffix(f, "catalogue_test.go") {
				continue
			}
			b, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			all.Write(b)
		}
	}
	return all.String()
}

var ruleForm = regexp.MustCompile(`"((?:m3u8|hls|av1|rfc|http|ref|release|page|library|subs|dash|privacy|deep)-[a-z0-9.-]+|not-checked)"`)

// TestEveryRuleIsInTheCatalogue finds the rules that the program tells of.
func TestEveryRuleIsInTheCatalogue(t *testing.T) {
	told := map[string]bool{}
	for _, m := range ruleForm.FindAllStringSubmatch(sources(t, false, "audit", "hls", "dash", "privacy", "origin", "verify", "library"), -1) {
		told[m[1]] = true
		if _, known := Lookup(m[1]); !known {
			t.Errorf("%s is told of, and is not in the catalogue", m[1])
		}
	}
	for _, r := range Catalogue() {
		if !told[r.ID] {
			t.Errorf("nothing tells of %s", r.ID)
		}
	}
}

// TestEveryRuleIsProved: a rule that no test has seen broken may be one that cannot be. Of this package's own rules TestMain knows which
// were really told; of the others, whose tests lie elsewhere, this looks for their names there.
func TestEveryRuleIsProved(t *testing.T) {
	tests := sources(t, true, "audit", "hls", "dash", "privacy", "origin", "verify", "library")
	words := strings.FieldsFunc(tests, func(r rune) bool { return strings.ContainsRune("\" \t\n,;:(){}`", r) })
	slices.Sort(words)
	for _, r := range Catalogue() {
		if _, found := slices.BinarySearch(words, r.ID); !found {
			t.Errorf("no test breaks %s", r.ID)
		}
	}
}
