package rules

import (
	"filmpress/internal/report"
	"filmpress/internal/subtitle"
)

// Check judges a track by the rules that need nothing but itself. read is what subtitle.Read found; those findings come
// out at the levels in force, sorted together with the rules' own.
func Check(t *subtitle.Track, read []report.Finding, s Settings) []report.Finding {
	out := make([]report.Finding, 0, len(read))
	for _, f := range read {
		if l := s.ofReader(t, f); l != Off {
			f.Severity = l.severity()
			out = append(out, f)
		}
	}
	report.Sort(out)
	return out
}

// ofReader is the level of a finding of the reader. What is not in the catalogue keeps its severity.
func (s Settings) ofReader(t *subtitle.Track, f report.Finding) Level {
	asRead := Level(f.Severity) + Info
	if l, set := s.levels[f.Rule]; set {
		return l
	}
	r, known := Lookup(f.Rule)
	switch {
	case !known || s.AsRead:
		return asRead
	case f.Rule == "enc-not-utf8" && t.Format == subtitle.WebVTT:
		return r.Level // the reader takes what it can; players read WebVTT as UTF-8 and nothing else
	case r.Lesser != Off:
		return asRead
	}
	return r.Level
}

func (l Level) severity() report.Severity { return report.Severity(l - Info) }
