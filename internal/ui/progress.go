package ui

import (
	"time"

	"filmpress/internal/plan"
	"filmpress/internal/report"
)

// weights are how long each kind of step takes, in parts of the whole. Measured on a one-minute 1080p film;
// they only make the bar run evenly.
var weights = map[string]float64{plan.Chunk: 100, plan.Level: 6, plan.Peaks: 0.1, plan.Video: 0.1, plan.Audio: 6, plan.Pictures: 6, plan.MP4: 1, plan.Subtitle: 0.3, plan.Player: 0.1, plan.Package: 0.5}

// progress is how far the whole work is.
type progress struct {
	steps   map[string]*stepState
	order   []string
	started time.Time // when the first step that is not kept began
	share   float64   // the last share told; never goes back
	sent    int64     // bytes uploaded
	toSend  int64
}

type stepState struct {
	about  string
	weight float64
	share  float64 // 0 to 1
	speed  float64
	state  state
	film   int64 // milliseconds
}

type state int

const (
	waiting state = iota
	running
	done
	kept
)

func (p *progress) begin(pl plan.Plan, film time.Duration) {
	*p = progress{steps: map[string]*stepState{}}
	chunks := 0
	for _, s := range pl.Steps {
		if s.Kind == plan.Chunk {
			chunks++
		}
	}
	for _, s := range pl.Steps {
		weight := weights[s.Kind]
		if s.Kind == plan.Chunk || s.Kind == plan.Level {
			weight /= float64(chunks)
		}
		if weight == 0 {
			weight = 1
		}
		p.steps[s.ID] = &stepState{about: s.About, weight: weight, film: film.Milliseconds()}
		p.order = append(p.order, s.ID)
	}
}

// take brings the state up to an event.
func (p *progress) take(e report.Event, now time.Time) {
	switch e.Kind {
	case report.Uploading:
		p.sent, p.toSend = e.Done, max(e.Total, e.Done)
		return
	case report.StepStarted, report.StepProgress, report.StepDone, report.StepFailed:
	default:
		return
	}
	s := p.steps[e.Step]
	if s == nil { // work outside the plan, such as reading the film's facts
		s = &stepState{about: e.Text, weight: 1}
		p.steps[e.Step] = s
		p.order = append(p.order, e.Step)
	}
	switch e.Kind {
	case report.StepStarted:
		s.state = running
		if p.started.IsZero() {
			p.started = now
		}
	case report.StepProgress:
		s.state = running
		total := e.Total
		if total == 0 {
			total = s.film
		}
		if total > 0 {
			s.share = min(1, max(s.share, float64(e.Done)/float64(total)))
		}
		s.speed = e.Speed
		if e.Text != "" {
			s.about = e.Text
		}
	case report.StepFailed: // where others may do it, it waits for them
		s.state = waiting
	case report.StepDone:
		s.state, s.share = done, 1
		if e.Kept {
			s.state = kept
		}
	}
}

// whole is the share of the work that is done, 0 to 1. What was kept is no work.
func (p *progress) whole() float64 {
	var all, ready float64
	for _, s := range p.steps {
		if s.state != kept {
			all += s.weight
			ready += s.weight * s.share
		}
	}
	if all > 0 {
		p.share = max(p.share, ready/all)
	}
	return p.share
}

// left is the time until the work is done at the present pace; ok is false while it is too early to say.
func (p *progress) left(now time.Time) (d time.Duration, ok bool) {
	share, spent := p.whole(), now.Sub(p.started)
	if p.started.IsZero() || share < 0.005 || share >= 1 || spent < 2*time.Second {
		return 0, false
	}
	return time.Duration(float64(spent) * (1 - share) / share), true
}

// current is the heaviest step that runs, nil where none does.
func (p *progress) current() *stepState {
	var best *stepState
	for _, id := range p.order {
		if s := p.steps[id]; s.state == running && (best == nil || s.weight > best.weight) {
			best = s
		}
	}
	return best
}
