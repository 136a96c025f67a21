package temporal

import (
	"fmt"
	"runtime"
	"slices"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"filmpress/internal/store/storetest/faults"
)

// TestSimulation has the plans of many films of three hours carried out without a server: the workflows' real code walks each of them, and a model of many machines tells
// how long steps wait when all are published at once. FILMPRESS_TEST_FILMS is how many.
func TestSimulation(t *testing.T) {
	films := faults.Times("FILMPRESS_TEST_FILMS", 0)
	if films == 0 {
		t.Skip("skipped: set FILMPRESS_TEST_FILMS, as make simulate-cluster does")
	}
	began := time.Now()
	all := make([]walked, films)
	var walking errgroup.Group
	walking.SetLimit(2 * runtime.GOMAXPROCS(0))
	for i := range all {
		walking.Go(func() error {
			all[i] = walk(t, filmPlan(fmt.Sprint("film", i), 180))
			return nil
		})
	}
	walking.Wait()
	var steps, histories, least, most int
	for _, w := range all {
		from, to := w.events()
		steps, histories, least, most = steps+w.steps, histories+w.children+1, least+from, most+to
	}
	t.Logf("%d films walked in %v: %d steps, %d histories, %d to %d events; each took %v with a slot for each step",
		films, time.Since(began).Round(time.Second), steps, histories, least, most, all[0].length)
	p := filmPlan("film", 180)
	var work time.Duration
	for _, s := range p.Steps {
		work += taking[s.Kind]
	}
	t.Logf("a film takes %v of slots, %v a step", work, (work / time.Duration(len(p.Steps))).Round(time.Second))
	for _, machines := range []int{20, 250} {
		for _, priorities := range []bool{false, true} {
			m := model(films, p, Slots{Heavy: 4 * machines, Light: 2 * machines}, priorities)
			if m.steps != steps {
				t.Errorf("%d steps in the model, %d walked", m.steps, steps)
			}
			slices.Sort(m.ends)
			last := m.ends[films-1]
			t.Logf("%d machines of 4 and 2 slots, priorities %v: films done after %s (the first), %s (the middle one), %s (all), %.1f steps a second; steps that begin a film wait %s in the middle and %s at most, later ones %s and %s",
				machines, priorities, hours(m.ends[0]), hours(middle(m.ends)), hours(last), float64(steps)/last.Seconds(),
				hours(middle(m.begin)), hours(m.begin[len(m.begin)-1]), hours(middle(m.end)), hours(m.end[len(m.end)-1]))
		}
	}
}

func hours(d time.Duration) string { return fmt.Sprintf("%.2f h", d.Hours()) }
