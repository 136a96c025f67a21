package annotate

import (
	"bufio"
	"fmt"
	"io"

	"filmpress/internal/report"
)

// jsonForm writes one object. Its shape is a contract: docs/findings.schema.json.
type jsonForm struct {
	w      *bufio.Writer
	items  list
	prints fingerprints
	totals totals
}

type totals struct {
	OK       bool `json:"ok"` // nothing at or above the bar
	Files    int  `json:"files"`
	Errors   int  `json:"errors"`
	Warnings int  `json:"warnings"`
	Infos    int  `json:"infos"`
	Known    int  `json:"known"`
}

// count adds a file.
func (t *totals) count(f File) {
	if !f.Aside {
		t.Files++
	}
	t.Known += f.Known
	t.OK = t.OK && !f.Fails()
	for _, x := range f.Findings {
		switch x.Severity {
		case report.Error:
			t.Errors++
		case report.Warn:
			t.Warnings++
		default:
			t.Infos++
		}
	}
}

type jsonFinding struct {
	File        string          `json:"file"`
	Line        int             `json:"line,omitempty"`
	Column      int             `json:"column,omitempty"`
	EndColumn   int             `json:"end_column,omitempty"`
	Severity    report.Severity `json:"severity"`
	Rule        string          `json:"rule"`
	Text        string          `json:"text"`
	Mend        string          `json:"mend,omitempty"`
	Source      string          `json:"source,omitempty"`
	Fingerprint string          `json:"fingerprint"`
}

func newJSON(w io.Writer, o Options) Writer {
	out := bufio.NewWriter(w)
	fmt.Fprintf(out, "{\"tool\": %s, \"version\": %s, \"findings\": [", encode(o.Tool.Name), encode(o.Tool.Version))
	return &jsonForm{w: out, items: list{w: out}, totals: totals{OK: true}}
}

func (j *jsonForm) File(file File) error {
	j.totals.count(file)
	j.prints = fingerprints{}
	for _, f := range file.Findings {
		from, to := columns(f)
		err := j.items.add(encode(jsonFinding{f.Pos.File, f.Pos.Line, from, to, f.Severity, f.Rule, f.Text, f.Hint, f.Source, j.prints.of(f)}))
		if err != nil {
			return err
		}
	}
	return nil
}

func (j *jsonForm) Close() error {
	fmt.Fprintf(j.w, "\n], \"summary\": %s}\n", encode(j.totals))
	return j.w.Flush()
}

// gitlab writes a Code Quality report.
// https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
type gitlab struct {
	w     *bufio.Writer
	items list
}

type gitlabIssue struct {
	Description string         `json:"description"`
	CheckName   string         `json:"check_name"`
	Fingerprint string         `json:"fingerprint"`
	Severity    string         `json:"severity"`
	Location    gitlabLocation `json:"location"`
}

type gitlabLocation struct {
	Path  string      `json:"path"`
	Lines gitlabLines `json:"lines"`
}

type gitlabLines struct {
	Begin int `json:"begin"`
}

var gitlabSeverities = map[report.Severity]string{report.Error: "major", report.Warn: "minor", report.Info: "info"}

func newGitLab(w io.Writer, _ Options) Writer {
	out := bufio.NewWriter(w)
	fmt.Fprint(out, "[")
	return &gitlab{out, list{w: out}}
}

func (g *gitlab) File(file File) error {
	prints := fingerprints{}
	for _, f := range file.Findings {
		place := gitlabLocation{f.Pos.File, gitlabLines{max(f.Pos.Line, 1)}}
		if err := g.items.add(encode(gitlabIssue{sentence(f), f.Rule, prints.of(f), gitlabSeverities[f.Severity], place})); err != nil {
			return err
		}
	}
	return nil
}

func (g *gitlab) Close() error {
	fmt.Fprint(g.w, "\n]\n")
	return g.w.Flush()
}
