package faults

import (
	"os"
	"strconv"
	"strings"
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

// Each has run meet each kind of fault: Few in a test, all of them where FILMPRESS_FAULTS says how often. Some run side by side, since most
// of the time is spent waiting. What run gives are the lines of a table, which is told with its heading; runs is how its second
// column is called.
func Each(t *testing.T, runs string, run func(t *testing.T, kind Kind, seed uint64) (line string)) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	s3server.Server{AccessKey: "tester", SecretKey: "secret-of-the-tests"}.Setenv(t)
	kinds := Kinds
	if os.Getenv("FILMPRESS_FAULTS") == "" {
		kinds = Few()
	}
	lines := make([]string, len(kinds))
	var group errgroup.Group
	group.SetLimit(6)
	for i, kind := range kinds {
		group.Go(func() error {
			t.Run(kind.Name, func(t *testing.T) {
				lines[i] = run(t, kind, seed+uint64(i))
				t.Log(lines[i]) // now too, for campaigns that are ended by hand
			})
			return nil
		})
	}
	group.Wait()
	t.Logf("| fault | %s | faults | done | failed clearly | times the viewer looked | links followed |\n|-|-|-|-|-|-|-|\n%s", runs, strings.Join(lines, "\n"))
}
