package config

import (
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"filmpress/internal/report"
	"filmpress/internal/strictyaml"
)

// secret finds keys that hold a credential, however they are written.
var secret = regexp.MustCompile(`(?i)secret|password|passwd|token|access[-_]?key|api[-_]?key|credential`)

// check reads the file strictly, for findings with a place: viper knows neither places nor, without
// UnmarshalExact, typos. Viper reads the same bytes again afterwards, for the merge.
func (f file) check() []report.Finding {
	var c Config
	found := strictyaml.Decode(f.name, f.data, 1, &c)
	for i := range found {
		if found[i].Rule == "yaml-key" && secret.MatchString(found[i].Text) {
			found[i].Rule = "config-secret"
			found[i].Text = "credentials do not belong in a settings file"
			found[i].Hint = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a profile of ~/.aws in s3.profile; Temporal's stands in TEMPORAL_API_KEY"
		}
	}
	if len(found) == 0 {
		found = f.checkValues()
	}
	if secret.Match(f.data) || userInfo.Match(f.data) { // a snippet could show the credential itself
		for i := range found {
			found[i].Source = ""
		}
	}
	return found
}

// userInfo finds a URL that holds a name or a password.
var userInfo = regexp.MustCompile(`://[^/\s]*@`)

// checkValues gives a finding for each value that its setting's check refuses.
func (f file) checkValues() []report.Finding {
	return f.judge("config-value", func(k setting, value string) (string, string) {
		if err := k.check(value); err != nil {
			return k.key + ": " + err.Error(), ""
		}
		return "", ""
	})
}

// placeholder finds what a sample leaves for its user to fill in: words in capitals, and hosts of example.org.
var placeholder = regexp.MustCompile(`\b(ACCOUNT|BUCKET)\b|\bexample\.org\b`)

// placeholders gives a finding for each value that still is a sample's; without is asked for settings that need none.
func (f file) placeholders(without func(setting) bool) []report.Finding {
	mend := "write your own"
	if name, sample := strings.CutPrefix(strings.TrimSuffix(f.name, ".yml"), samples); sample && slices.Contains(Names(), name) {
		mend = "filmpress settings " + name + " > our-" + name + ".yml prints a copy; fill it in, and name it: --config ./our-" + name + ".yml"
	}
	return f.judge("config-placeholder", func(k setting, value string) (string, string) {
		word := placeholder.FindString(value)
		if word == "" || !slices.Contains([]string{"to", "kept", "s3.endpoint", "s3.public-url", "temporal.address"}, k.key) || without(k) {
			return "", ""
		}
		return k.key + ": " + word + " stands for your own", mend
	})
}

// judge gives a finding for each value of which wrong says something, with its mend.
func (f file) judge(rule string, wrong func(k setting, value string) (text, mend string)) []report.Finding {
	lines := strings.Split(string(f.data), "\n")
	var found []report.Finding
	root := f.root()
	for _, k := range settings {
		n := lookup(root, strings.Split(k.key, "."))
		if n == nil || n.Tag == "!!null" {
			continue
		}
		text, mend := wrong(k, n.Value)
		if text == "" {
			continue
		}
		bad := report.Finding{Pos: report.Pos{File: f.name, Line: n.Line, Col: n.Column}, Severity: report.Error, Rule: rule, Text: text, Hint: mend, Width: len([]rune(n.Value))}
		if n.Line <= len(lines) { // YAML counts a lone carriage return as a line, Split does not
			bad.Source = lines[n.Line-1]
		}
		found = append(found, bad)
	}
	report.Sort(found)
	return found
}

// root is the file's mapping; nil where it is empty, or cannot be read, which was told of before.
func (f file) root() *yaml.Node {
	var doc yaml.Node
	if err := yaml.Unmarshal(f.data, &doc); err != nil || len(doc.Content) == 0 {
		return nil
	}
	return doc.Content[0]
}

// lookup finds the value at a path of keys, or nil.
func lookup(n *yaml.Node, path []string) *yaml.Node {
	if len(path) == 0 || n == nil {
		return n
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == path[0] {
			return lookup(n.Content[i+1], path[1:])
		}
	}
	return nil
}
