package lint

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"path"
	"path/filepath"
	"slices"

	"filmpress/internal/annotate"
	"filmpress/internal/report"
)

// Baseline is the findings that are known, so that only new ones fail. A finding is known by its file, its rule and what its
// line says: it stays known when lines above it come and go, and not when its own line changes.
type Baseline struct {
	dir   string // names in it are from here on
	known map[entry]int
	left  map[entry]int // of known, those that were not met
	seen  map[entry]int // for Write
}

// entry is one line of a baseline.
type entry struct {
	File string `json:"file"`
	Rule string `json:"rule"`
	Line string `json:"line"` // annotate.LineHash
}

type counted struct {
	entry
	Count int `json:"count"`
}

type baselineFile struct {
	About    string    `json:"about"`
	Version  int       `json:"version"`
	Findings []counted `json:"findings"`
}

const baselineVersion = 1

// NewBaseline is an empty one that will lie in a file.
func NewBaseline(file string) (*Baseline, error) {
	abs, err := filepath.Abs(file)
	if err != nil {
		return nil, err
	}
	return &Baseline{dir: filepath.Dir(abs), known: map[entry]int{}, left: map[entry]int{}, seen: map[entry]int{}}, nil
}

// ReadBaseline reads what Bytes wrote.
func ReadBaseline(file string, data []byte) (*Baseline, error) {
	b, err := NewBaseline(file)
	if err != nil {
		return nil, err
	}
	var in baselineFile
	if err := json.Unmarshal(data, &in); err != nil || in.Version != baselineVersion {
		return nil, fmt.Errorf("%s is no baseline of this program; write it anew with --write-baseline", file)
	}
	for _, c := range in.Findings {
		b.known[c.entry] += c.Count
		b.left[c.entry] += c.Count
	}
	return b, nil
}

// Split takes the known findings of a file out.
func (b *Baseline) Split(fs []report.Finding) (fresh []report.Finding, known int) {
	for _, f := range fs {
		e := b.entry(f)
		b.seen[e]++
		if b.left[e] > 0 {
			b.left[e]--
			known++
			continue
		}
		fresh = append(fresh, f)
	}
	return fresh, known
}

// Mended is how many known findings were not met.
func (b *Baseline) Mended() int {
	n := 0
	for _, left := range b.left {
		n += left
	}
	return n
}

// entry is what a finding is known by.
func (b *Baseline) entry(f report.Finding) entry {
	name := f.Pos.File
	if abs, err := filepath.Abs(name); err == nil {
		if rel, err := filepath.Rel(b.dir, abs); err == nil {
			name = filepath.ToSlash(rel)
		}
	}
	return entry{path.Clean(name), f.Rule, annotate.LineHash(f)}
}

// Bytes is everything that Split met, as a file.
func (b *Baseline) Bytes() []byte {
	out := baselineFile{About: "findings that filmpress subs check --baseline keeps silent", Version: baselineVersion, Findings: []counted{}}
	for e, n := range b.seen {
		out.Findings = append(out.Findings, counted{e, n})
	}
	slices.SortFunc(out.Findings, func(x, y counted) int {
		return cmp.Or(cmp.Compare(x.File, y.File), cmp.Compare(x.Rule, y.Rule), cmp.Compare(x.Line, y.Line))
	})
	var text bytes.Buffer // a finding a line, so that a version control system shows what came and went
	fmt.Fprintf(&text, "{\"about\": %q, \"version\": %d, \"findings\": [", out.About, out.Version)
	for i, f := range out.Findings {
		raw, err := json.Marshal(f)
		if err != nil {
			panic(err) // our own plain struct
		}
		text.WriteString(map[bool]string{true: "\n", false: ",\n"}[i == 0])
		text.Write(raw)
	}
	text.WriteString("\n]}\n")
	return text.Bytes()
}
