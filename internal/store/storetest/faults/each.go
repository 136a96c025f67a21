package faults

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"filmpress/internal/store/storetest/s3server"
)

// Times is how often a campaign does something: few times in a test, as often as the variable says else.
func Times(variable string, few int) int {
	if n, err := strconv.Atoi(os.Getenv(variable)); err == nil {
		return n
	}
	return few
}

// Tally is what a campaign counts: a line of its table.
type Tally struct {
	Runs, Done   int // the others failed clearly
	Looks, Links int // how often the viewer looked at everything, and how many links that were

	faults int64
}

func (a *Tally) add(b Tally) {
	a.Runs, a.Done, a.Looks, a.Links, a.faults = a.Runs+b.Runs, a.Done+b.Done, a.Looks+b.Looks, a.Links+b.Links, a.faults+b.faults
}

func (a Tally) line(kind Kind) string {
	return fmt.Sprintf("| %s | %d | %d | %d | %d | %d | %d |", kind.Name, a.Runs, a.faults, a.Done, a.Runs-a.Done, a.Looks, a.Links)
}

// A part of a campaign is at most so many runs, and so many parts go on at once. A run waits most of its time, for answers that do not come and
// between tries: half a minute over a line that is reset. So parts of one kind go side by side too, else that kind alone would take an hour.
const (
	part  = 10
	lanes = 10
)

// Each has run meet each kind of fault: Few in a test, all of them where FILMPRESS_FAULTS says how often. Each part has a bucket of its own, and
// does what bad.Runs counts. The sums are told as a table, whose second column is called runs.
func Each(t *testing.T, runs string, run func(t *testing.T, server s3server.Server, bad *Bad) Tally) {
	seed := uint64(time.Now().UnixNano())
	s3server.Server{AccessKey: "tester", SecretKey: "secret-of-the-tests"}.Setenv(t)
	kinds := Kinds
	if os.Getenv("FILMPRESS_FAULTS") == "" {
		kinds = Few()
	}
	wanted := Times("FILMPRESS_FAULTS", 1)
	var mu sync.Mutex
	sums := make([]Tally, len(kinds))
	var group errgroup.Group
	group.SetLimit(lanes)
	// A part of each kind, then the next one: those that wait and those that work come in turn.
	for begun := 0; begun < wanted; begun += part {
		for i, kind := range kinds {
			seed := seed + uint64(begun*len(kinds)+i)
			group.Go(func() error {
				t.Run(kind.Name, func(t *testing.T) {
					t.Logf("seed %d", seed)
					server := s3server.Start(t)
					bad := kind.start(t, server, seed)
					bad.wanted = min(part, wanted-begun)
					tally := run(t, server, bad)
					tally.faults = bad.hits.Load()
					mu.Lock()
					defer mu.Unlock()
					sums[i].add(tally)
					t.Log(sums[i].line(kind)) // now too, for campaigns that are ended by hand
				})
				return nil
			})
		}
	}
	group.Wait()
	lines := make([]string, len(kinds))
	for i, kind := range kinds {
		lines[i] = sums[i].line(kind)
	}
	t.Logf("| fault | %s | faults | done | failed clearly | times the viewer looked | links followed |\n|-|-|-|-|-|-|-|\n%s", runs, strings.Join(lines, "\n"))
}
