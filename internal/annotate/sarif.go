package annotate

import (
	"bufio"
	"fmt"
	"io"
	"net/url"
	"strings"

	"filmpress/internal/report"
	"filmpress/internal/ui"
)

// sarifSchema is the schema of SARIF 2.1.0 with its errata.
const sarifSchema = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

// sarifForm writes a SARIF 2.1.0 log (OASIS). The structs hold what is written and no more: the one Go library for SARIF puts a
// dozen empty lists into every result and brings a schema validator into the program; tests use it to judge what comes out.
type sarifForm struct {
	w     *bufio.Writer
	items list
	index map[string]int // of a rule in the list of rules
}

type sarifText struct {
	Text     string `json:"text"`
	Markdown string `json:"markdown,omitempty"`
}

// sarifRule is a reportingDescriptor (3.49).
type sarifRule struct {
	ID      string      `json:"id"`
	Short   *sarifText  `json:"shortDescription,omitempty"`
	Full    *sarifText  `json:"fullDescription,omitempty"`
	Help    *sarifText  `json:"help,omitempty"`
	HelpURI string      `json:"helpUri,omitempty"`
	Default sarifConfig `json:"defaultConfiguration"`
}

type sarifConfig struct {
	Enabled bool   `json:"enabled"`
	Level   string `json:"level"`
}

// sarifResult is a result (3.27).
type sarifResult struct {
	Rule      string            `json:"ruleId"`
	Index     *int              `json:"ruleIndex,omitempty"`
	Level     string            `json:"level"`
	Message   sarifText         `json:"message"`
	Locations []sarifLocation   `json:"locations"`
	Prints    map[string]string `json:"partialFingerprints"`
}

type sarifLocation struct {
	Physical struct {
		Artifact struct {
			URI string `json:"uri"`
		} `json:"artifactLocation"`
		Region *sarifRegion `json:"region,omitempty"`
	} `json:"physicalLocation"`
}

// sarifRegion is a region (3.30); its columns count code points, which the run says.
type sarifRegion struct {
	Line    int        `json:"startLine"`
	From    int        `json:"startColumn,omitempty"`
	To      int        `json:"endColumn,omitempty"`
	Snippet *sarifText `json:"snippet,omitempty"`
}

var sarifLevels = map[report.Severity]string{report.Error: "error", report.Warn: "warning", report.Info: "note"}

func newSARIF(w io.Writer, o Options) Writer {
	s := &sarifForm{w: bufio.NewWriter(w), index: map[string]int{}}
	s.items.w = s.w
	rules := []sarifRule{} // never null
	for i, r := range o.Rules {
		s.index[r.ID] = i
		rules = append(rules, describe(r))
	}
	driver := struct {
		Name    string      `json:"name"`
		Version string      `json:"version,omitempty"`
		Rules   []sarifRule `json:"rules"`
	}{o.Tool.Name, o.Tool.Version, rules}
	fmt.Fprintf(s.w, "{\"$schema\": %s, \"version\": \"2.1.0\", \"runs\": [{\n\"tool\": {\"driver\": %s},\n\"columnKind\": \"unicodeCodePoints\",\n\"results\": [",
		encode(sarifSchema), encode(driver))
	return s
}

func describe(r Rule) sarifRule {
	out := sarifRule{ID: r.ID, HelpURI: r.HelpURI, Default: sarifConfig{!r.Off, sarifLevels[r.Level]}}
	if r.Title != "" {
		out.Short = &sarifText{Text: r.Title}
	}
	if r.Why != "" {
		out.Full = &sarifText{Text: r.Why}
	}
	if r.Mend != "" {
		help := strings.TrimSpace(r.Why + "\n\nMend: " + r.Mend)
		out.Help = &sarifText{help, strings.TrimSpace(r.Why + "\n\n**Mend:** " + r.Mend)}
	}
	return out
}

func (s *sarifForm) File(file File) error {
	prints := fingerprints{}
	for _, f := range file.Findings {
		r := sarifResult{Rule: f.Rule, Level: sarifLevels[f.Severity], Message: sarifText{Text: sentence(f)},
			Locations: make([]sarifLocation, 1), Prints: map[string]string{"lineHash/v1": prints.of(f)}}
		if i, known := s.index[f.Rule]; known {
			r.Index = &i
		}
		place := &r.Locations[0].Physical
		place.Artifact.URI = uri(f.Pos.File)
		if f.Pos.Line > 0 {
			from, to := columns(f)
			place.Region = &sarifRegion{Line: f.Pos.Line, From: from, To: to}
			if f.Source != "" {
				place.Region.Snippet = &sarifText{Text: ui.Clean(f.Source)}
			}
		}
		if err := s.items.add(encode(r)); err != nil {
			return err
		}
	}
	return nil
}

func (s *sarifForm) Close() error {
	fmt.Fprint(s.w, "\n]}]}\n")
	return s.w.Flush()
}

// uri is a file's name as a URI reference (RFC 3986): percent-encoded, bytes that are not UTF-8 too. An address stays one.
func uri(name string) string {
	if u, err := url.Parse(name); err == nil && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http" || u.Scheme == "s3") {
		return u.String()
	}
	parts := strings.Split(name, "/")
	for i, p := range parts {
		parts[i] = strings.ReplaceAll(url.PathEscape(p), ":", "%3A") // a: would be a scheme
	}
	joined := strings.Join(parts, "/")
	if strings.HasPrefix(name, "/") {
		return "file://" + joined
	}
	return joined
}
