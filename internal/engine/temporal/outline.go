package temporal

import (
	"slices"

	"filmpress/internal/plan"
)

// groupSize is how many steps one child workflow has at most. A film of three hours in parts of a minute has 180 of a kind. An activity takes
// about six events of a history, and a history should stay far below the server's 51,200, and below the 10,240 from which it warns.
const groupSize = 50

// Group are steps that need nothing of each other: they begin together, when the groups that they need are done.
type Group struct {
	Steps []int `json:"steps"`           // places in the plan, from 0
	After []int `json:"after,omitempty"` // places in the list of groups
	Heavy bool  `json:"heavy,omitempty"` // the steps keep several cores busy
}

// Outline is all that a workflow knows of a plan: neighbours of one kind that need nothing of each other are a group. The same plan gives the
// same outline.
func Outline(p plan.Plan, heavy func(plan.Step) bool) []Group {
	within := map[string]int{} // of a step: its group
	var groups []Group
	kind := ""
	for i, s := range p.Steps {
		last := len(groups) - 1
		needs := func(g int) bool {
			return slices.ContainsFunc(s.Inputs, func(in plan.Input) bool { return in.Step != "" && within[in.Step] == g })
		}
		if last < 0 || s.Kind != kind || len(groups[last].Steps) == groupSize || needs(last) {
			groups = append(groups, Group{Heavy: heavy(s)})
			last++
		}
		g := &groups[last]
		g.Steps = append(g.Steps, i)
		for _, in := range s.Inputs {
			if in.Step != "" && !slices.Contains(g.After, within[in.Step]) {
				g.After = append(g.After, within[in.Step])
			}
		}
		within[s.ID], kind = last, s.Kind
	}
	for i := range groups {
		slices.Sort(groups[i].After)
	}
	return groups
}
