package audit

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"filmpress/internal/report"
)

// fired are the rules that broken presentations really broke in this run.
var fired struct {
	sync.Mutex
	rules map[string]bool
}

// proved notes what was found, and gives it on.
func proved(findings []report.Finding) []report.Finding {
	fired.Lock()
	defer fired.Unlock()
	if fired.rules == nil {
		fired.rules = map[string]bool{}
	}
	for _, f := range findings {
		fired.rules[f.Rule] = true
	}
	return findings
}

// TestMain fails where all tests passed, and a rule about what this package's tests break was never told: it may be one that
// cannot be. The rules of other groups are broken in other packages; that these have a test for each, TestEveryRuleIsProved looks up.
func TestMain(m *testing.M) {
	code := m.Run()
	if whole := flag.Lookup("test.run").Value.String() == "" && flag.Lookup("test.skip").Value.String() == "" && flag.Lookup("test.fuzz").Value.String() == "" && flag.Lookup("test.list").Value.String() == ""; code == 0 && whole {
		if never := unproved(fired.rules); len(never) > 0 {
			fmt.Fprintf(os.Stderr, "no test breaks %s\n", strings.Join(never, ", "))
			code = 1
		}
	}
	os.Exit(code)
}

// unproved are the rules of this package's own groups that are not among those that were told, and groups of others that there are not.
func unproved(told map[string]bool) (never []string) {
	elsewhere := map[string]bool{"The playlists as text": true, "Delivery": true, "Where references lead": true, "Releases of filmpress": true, "The library": true, "Metadata": true}
	for _, g := range Groups() {
		for _, r := range g.Rules {
			if !elsewhere[g.Title] && !told[r.ID] {
				never = append(never, r.ID)
			}
		}
	}
	for _, g := range Groups() {
		delete(elsewhere, g.Title)
	}
	return append(never, slices.Sorted(maps.Keys(elsewhere))...)
}

func TestUnproved(t *testing.T) {
	if got := unproved(nil); !slices.Contains(got, "hls-8.2") || slices.Contains(got, "ref-host") {
		t.Errorf("%q", got)
	}
	if got := unproved(map[string]bool{"hls-8.2": true}); slices.Contains(got, "hls-8.2") {
		t.Errorf("%q", got)
	}
}
