package config

import (
	"regexp"
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
	var doc yaml.Node
	if err := yaml.Unmarshal(f.data, &doc); err != nil || len(doc.Content) == 0 {
		return nil // an empty file; a broken one was found before
	}
	lines := strings.Split(string(f.data), "\n")
	var found []report.Finding
	for _, k := range settings {
		n := lookup(doc.Content[0], strings.Split(k.key, "."))
		if n == nil || n.Tag == "!!null" {
			continue
		}
		if err := k.check(n.Value); err != nil {
			bad := report.Finding{
				Pos: report.Pos{File: f.name, Line: n.Line, Col: n.Column}, Severity: report.Error, Rule: "config-value",
				Text: k.key + ": " + err.Error(), Width: len([]rune(n.Value)),
			}
			if n.Line <= len(lines) { // YAML counts a lone carriage return as a line, Split does not
				bad.Source = lines[n.Line-1]
			}
			found = append(found, bad)
		}
	}
	report.Sort(found)
	return found
}

// lookup finds the value at a path of keys, or nil.
func lookup(n *yaml.Node, path []string) *yaml.Node {
	if len(path) == 0 {
		return n
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == path[0] {
			return lookup(n.Content[i+1], path[1:])
		}
	}
	return nil
}
