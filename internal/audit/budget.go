package audit

import (
	"fmt"

	"filmpress/internal/hls"
	"filmpress/internal/report"
)

// A stranger's presentation may be made to cost as much as possible. These bound what one is given, far above what any film needs.
const (
	maxAddress   = 8 << 10   // bytes of one address
	maxAddresses = 128 << 20 // of all segments of all playlists
	maxHeld      = 512 << 20 // of playlists and subtitles that are remembered, with what is made of them
	maxText      = 4 << 20   // of one segment of subtitles
	maxCues      = 100_000   // of one rendition
	maxPairs     = 1 << 28   // of cues that are held against each other
	maxAlike     = 1000      // findings by one rule about one file
	maxFindings  = 50_000    // in all
)

// What is remembered of a segment, of a cue and of a fragment besides their texts, in bytes.
const (
	segmentWeight  = 256
	cueWeight      = 256
	fragmentWeight = 64
)

// budget is what was used of the bounds.
type budget struct {
	addresses, held, pairs int64
	full                   bool // that held is used up is told
	alike                  map[alike]int
	more                   map[alike]*more
}

// alike are the findings of which the first ones say it all. Where there are too many in all, file is "".
type alike struct{ rule, file string }

type more struct {
	n        int
	severity report.Severity
}

// tell adds a finding, or counts it where there are enough like it.
func (a *auditor) tell(f report.Finding) {
	b, key := &a.budget, alike{f.Rule, f.Pos.File}
	if len(a.findings) >= maxFindings {
		key.file = ""
	} else {
		if b.alike == nil {
			b.alike, b.more = map[alike]int{}, map[alike]*more{}
		}
		if b.alike[key]++; b.alike[key] <= maxAlike {
			a.findings = append(a.findings, f)
			return
		}
	}
	if b.more[key] == nil {
		b.more[key] = &more{severity: f.Severity}
	}
	b.more[key].n++
	b.more[key].severity = max(b.more[key].severity, f.Severity)
}

// tellMore says how many findings were only counted.
func (a *auditor) tellMore() {
	for key, m := range a.budget.more {
		where := " in this file"
		if key.file == "" {
			key.file, where = a.opt.Master, " in all files"
		}
		a.findings = append(a.findings, report.Finding{Pos: report.Pos{File: key.file}, Severity: m.severity, Rule: key.rule,
			Text: fmt.Sprintf("and %d more like this%s", m.n, where), Hint: mend(key.rule)})
	}
	a.budget.more = nil
}

// hold counts what is remembered, and tells where that is too much: then nothing more is.
func (a *auditor) hold(uri string, bytes int) bool {
	b := &a.budget
	if b.held += int64(bytes); b.held <= maxHeld {
		return true
	}
	if !b.full {
		b.full = true
		a.fail(uri, 0, "ref-many", "the playlists and subtitles up to this one need more than %d MB; no more of them are looked at", maxHeld>>20)
	}
	return false
}

// short judges the addresses of a playlist's segments. Each is resolved against the playlist's own, so together they may be far longer than what
// names them.
func (a *auditor) short(uri string, list hls.Media) bool {
	b := &a.budget
	for _, s := range list.Segments {
		n := len(s.URI)
		if s.Map != nil {
			n = max(n, len(s.Map.URI))
		}
		if n > maxAddress {
			a.fail(uri, s.Line, "ref-long", "the address of a segment has %d bytes", n)
			return false
		}
		b.addresses += int64(len(uri) + len(s.URI))
	}
	if b.addresses > maxAddresses {
		a.fail(uri, 0, "ref-long", "the addresses of its segments, and of those of the playlists before, have more than %d MB", maxAddresses>>20)
		return false
	}
	return true
}

// compare takes n pairs of cues from the budget, and says whether they are left.
func (a *auditor) compare(n int) bool {
	a.budget.pairs += int64(n)
	return a.budget.pairs <= maxPairs
}
