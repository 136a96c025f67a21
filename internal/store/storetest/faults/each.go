package faults

import (
	"fmt"
	"maps"
	"os"
	"slices"
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

// Seed is what a campaign's lots follow from. It is told, and FILMPRESS_TEST_SEED repeats one.
func Seed(t testing.TB) uint64 {
	seed := uint64(time.Now().UnixNano())
	if text := os.Getenv("FILMPRESS_TEST_SEED"); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("FILMPRESS_TEST_SEED=%d", seed)
	return seed
}

// Until is when a campaign begins nothing more, however often it was to be done: FILMPRESS_TEST_MINUTES after its beginning, or a day.
func Until() time.Time {
	return time.Now().Add(time.Duration(Times("FILMPRESS_TEST_MINUTES", 24*60)) * time.Minute)
}

// Tally is what a campaign counts: a line of its table.
type Tally struct {
	Runs, Done   int // the others failed clearly
	Looks, Links int // how often the viewer looked at everything, and how many links that were

	faults int64
	ways   map[string]Tally // of runs that are counted apart
}

// Count counts a run, and counts it apart as one of a way; met is how many faults it met.
func (a *Tally) Count(way string, done bool, met int64) {
	one := Tally{Runs: 1, faults: met}
	if done {
		one.Done = 1
	}
	a.add(Tally{Runs: one.Runs, Done: one.Done, ways: map[string]Tally{way: one}})
}

func (a *Tally) add(b Tally) {
	a.Runs, a.Done, a.Looks, a.Links, a.faults = a.Runs+b.Runs, a.Done+b.Done, a.Looks+b.Looks, a.Links+b.Links, a.faults+b.faults
	for way, more := range b.ways {
		if a.ways == nil {
			a.ways = map[string]Tally{}
		}
		sum := a.ways[way]
		sum.add(more)
		a.ways[way] = sum
	}
}

// lines are those of the table: one of a kind, and one of each way of it. What the viewer saw is known of the kind alone.
func (a Tally) lines(kind Kind) string {
	all := fmt.Sprintf("| %s | %d | %d | %d | %d | %d | %d |", kind.Name, a.Runs, a.faults, a.Done, a.Runs-a.Done, a.Looks, a.Links)
	for _, way := range slices.Sorted(maps.Keys(a.ways)) {
		one := a.ways[way]
		all += fmt.Sprintf("\n| %s: %s | %d | %d | %d | %d | | |", kind.Name, way, one.Runs, one.faults, one.Done, one.Runs-one.Done)
	}
	return all
}

// A part of a campaign is at most so many runs, and so many parts go on at once. A run waits most of its time, for answers that do not come and
// between tries: half a minute over a line that is reset. So parts of one kind go side by side too, else that kind alone would take an hour.
const (
	part  = 10
	lanes = 10
)

// Each has run meet each kind of fault: Few in a test, all of them where FILMPRESS_TEST_FAULTS says how often. Each part has a bucket of its own (see
// s3server.Anywhere), and does what bad.Runs counts. The sums are told as a table, whose second column is called runs.
func Each(t *testing.T, runs string, run func(t *testing.T, server s3server.Server, bad *Bad) Tally) {
	seed := Seed(t)
	s3server.Keys().Setenv(t)
	kinds := Kinds
	if os.Getenv("FILMPRESS_TEST_FAULTS") == "" {
		kinds = Few()
	}
	wanted, until := Times("FILMPRESS_TEST_FAULTS", 1), Until()
	var mu sync.Mutex
	sums := make([]Tally, len(kinds))
	var group errgroup.Group
	group.SetLimit(lanes)
	// A part of each kind, then the next one: those that wait and those that work come in turn.
	for begun := 0; begun < wanted; begun += part {
		for i, kind := range kinds {
			seed := seed + uint64(begun*len(kinds)+i)
			group.Go(func() error {
				if time.Now().After(until) {
					return nil
				}
				t.Run(kind.Name, func(t *testing.T) {
					server := s3server.Anywhere(t)
					bad := kind.start(t, server, seed)
					bad.wanted, bad.until = min(part, wanted-begun), until
					tally := run(t, server, bad)
					tally.faults = bad.hits.Load()
					mu.Lock()
					defer mu.Unlock()
					sums[i].add(tally)
					t.Log(sums[i].lines(kind)) // now too, for campaigns that are ended by hand
				})
				return nil
			})
		}
	}
	group.Wait()
	lines := make([]string, len(kinds))
	for i, kind := range kinds {
		lines[i] = sums[i].lines(kind)
	}
	t.Logf("| fault | %s | faults | done | failed clearly | times the viewer looked | links followed |\n|-|-|-|-|-|-|-|\n%s", runs, strings.Join(lines, "\n"))
}
