package temporal

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"filmpress/internal/plan"
)

// filmPlan has the steps and the inputs of a real plan, for a film of so many chunks.
func filmPlan(name string, chunks int) plan.Plan {
	var p plan.Plan
	add := func(id, kind string, inputs ...string) {
		s := plan.Step{ID: id, Kind: kind, Digest: name + "-" + id, Params: json.RawMessage(`{}`)}
		for _, in := range inputs {
			s.Inputs = append(s.Inputs, plan.Input{Name: in, Step: in, Digest: name + "-" + in})
		}
		p.Steps = append(p.Steps, s)
	}
	var parts []string
	for k := range chunks {
		add(fmt.Sprintf("chunk-%03d", k), plan.Chunk)
		parts = append(parts, p.Steps[len(p.Steps)-1].ID)
	}
	add("peaks", plan.Peaks, parts...)
	for k := range chunks {
		add(fmt.Sprintf("level-%03d", k), plan.Level, fmt.Sprintf("chunk-%03d", k), "peaks")
		parts = append(parts, p.Steps[len(p.Steps)-1].ID)
	}
	add("video", plan.Video, parts...)
	add("audio-0", plan.Audio)
	add("subtitle-en", plan.Subtitle)
	add("subtitle-ru", plan.Subtitle)
	add("pictures", plan.Pictures, append([]string{"video"}, parts...)...)
	add("mp4", plan.MP4, append([]string{"video", "audio-0"}, parts...)...)
	var all []string
	for _, s := range p.Steps {
		all = append(all, s.ID)
	}
	add("package", plan.Package, all...)
	return p
}

func isHeavy(s plan.Step) bool { return s.Kind == plan.Chunk || s.Kind == plan.Level }

// factsOnly is what step.FactsOnly says of a real plan.
func factsOnly(s plan.Step) bool { return s.Kind == plan.Peaks || s.Kind == plan.Package }

// TestOutline: every step is in one group; what a step needs is in groups that its own waits for; no group is too large.
func TestOutline(t *testing.T) {
	for _, chunks := range []int{1, 2, 50, 51, 180, 1800} {
		p := filmPlan("f", chunks)
		groups := Outline(p, isHeavy)
		of := map[string]int{}
		n := 0
		for g, group := range groups {
			if len(group.Steps) > groupSize {
				t.Errorf("%d chunks: a group of %d", chunks, len(group.Steps))
			}
			for _, i := range group.Steps {
				if i != n {
					t.Fatalf("%d chunks: step %d in the place of %d", chunks, i, n)
				}
				n++
				s := p.Steps[i]
				of[s.ID] = g
				if isHeavy(s) != group.Heavy {
					t.Errorf("%s: heavy is %v", s.ID, group.Heavy)
				}
				for _, in := range s.Inputs {
					if !slices.Contains(group.After, of[in.Step]) {
						t.Errorf("%d chunks: %s does not wait for %s", chunks, s.ID, in.Step)
					}
				}
			}
		}
		if n != len(p.Steps) {
			t.Errorf("%d chunks: %d of %d steps", chunks, n, len(p.Steps))
		}
	}
}
