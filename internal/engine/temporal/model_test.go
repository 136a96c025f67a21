package temporal

import (
	"container/heap"
	"slices"
	"testing"
	"time"

	"filmpress/internal/plan"
)

// taking is what steps take in the model: of a chunk, about what a small pipeline takes of a core for a minute of film; guesses for what is small beside it.
var taking = map[string]time.Duration{
	plan.Chunk: time.Minute, plan.Level: 10 * time.Second, plan.Peaks: 2 * time.Second, plan.Video: 20 * time.Second, plan.Audio: 3 * time.Minute,
	plan.Subtitle: time.Second, plan.Pictures: time.Minute, plan.MP4: 2 * time.Minute, plan.Package: 20 * time.Second,
}

// modelled is what a model of many machines tells. Times count from the publish of all films.
type modelled struct {
	steps      int
	ends       []time.Duration // of films
	begin, end []time.Duration // how long steps waited that begin a film, and those that end one; sorted
}

// modelStep is a step of a film that waits, or is at work.
type modelStep struct {
	film, group int
	kind        string
	at          time.Duration // when it began to wait, or when it will be done
}

// finishing are steps at work, the next to be done first.
type finishing []modelStep

func (f finishing) Len() int           { return len(f) }
func (f finishing) Less(i, j int) bool { return f[i].at < f[j].at }
func (f finishing) Swap(i, j int)      { f[i], f[j] = f[j], f[i] }
func (f *finishing) Push(x any)        { *f = append(*f, x.(modelStep)) }
func (f *finishing) Pop() any {
	last := (*f)[len(*f)-1]
	*f = (*f)[:len(*f)-1]
	return last
}

// model publishes films of one plan at once to machines that have so many slots together, with a server that costs no time: what is ready waits in the order in which it
// became so, and, where the server knows priorities, behind what is more urgent.
func model(films int, p plan.Plan, slots Slots, priorities bool) (m modelled) {
	groups := Outline(p, isHeavy)
	type queue struct {
		slots   int
		waiting [2][]modelStep // urgent ones, and others
	}
	queues := map[bool]*queue{true: {slots: slots.Heavy}, false: {slots: slots.Light}}
	var work finishing
	var now time.Duration
	left := make([][]int, films)   // of each group: steps
	needed := make([][]int, films) // and groups that it waits for
	ready := func(film, g int) {
		urgent := 1
		if priorities && (Order{}).options(0, groups[g]).Priority.PriorityKey == 2 {
			urgent = 0
		}
		q := queues[groups[g].Heavy]
		for _, i := range groups[g].Steps {
			q.waiting[urgent] = append(q.waiting[urgent], modelStep{film, g, p.Steps[i].Kind, now})
		}
	}
	for film := range films {
		for _, g := range groups {
			left[film] = append(left[film], len(g.Steps))
			needed[film] = append(needed[film], len(g.After))
		}
		for g := range groups {
			if len(groups[g].After) == 0 {
				ready(film, g)
			}
		}
	}
	m.ends = make([]time.Duration, films)
	for {
		for _, q := range queues {
			for u := range q.waiting {
				for ; q.slots > 0 && len(q.waiting[u]) > 0; q.slots-- {
					s := q.waiting[u][0]
					q.waiting[u] = q.waiting[u][1:]
					if len(groups[s.group].After) == 0 {
						m.begin = append(m.begin, now-s.at)
					} else {
						m.end = append(m.end, now-s.at)
					}
					s.at = now + taking[s.kind]
					heap.Push(&work, s)
				}
			}
		}
		if len(work) == 0 {
			slices.Sort(m.begin)
			slices.Sort(m.end)
			return m
		}
		s := heap.Pop(&work).(modelStep)
		now = s.at
		m.steps++
		m.ends[s.film] = now
		queues[groups[s.group].Heavy].slots++
		if left[s.film][s.group]--; left[s.film][s.group] > 0 {
			continue
		}
		for g := range groups {
			if slices.Contains(groups[g].After, s.group) {
				if needed[s.film][g]--; needed[s.film][g] == 0 {
					ready(s.film, g)
				}
			}
		}
	}
}

// middle is the median of what is sorted.
func middle(all []time.Duration) time.Duration { return all[len(all)/2] }

// TestPriorities: of many films that are published at once, the first is done while most have not begun, and all of them no later for it.
func TestPriorities(t *testing.T) {
	p := filmPlan("f", 20)
	with, without := model(50, p, Slots{Heavy: 8, Light: 4}, true), model(50, p, Slots{Heavy: 8, Light: 4}, false)
	first, last := slices.Min(with.ends), slices.Max(with.ends)
	if first > last/10 || slices.Min(without.ends) < last/2 {
		t.Errorf("of %v, the first film takes %v with priorities and %v without", last, first, slices.Min(without.ends))
	}
	if last > slices.Max(without.ends)*21/20 {
		t.Errorf("all films take %v with priorities, %v without", last, slices.Max(without.ends))
	}
}
