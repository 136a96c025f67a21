package ui

import (
	"fmt"
	"time"

	"filmpress/internal/report"
)

// plainEvent writes a line where a step begins, at each tenth of it, and where it ends. A step that is over at
// once gets one line.
func (u *UI) plainEvent(e report.Event) {
	now := u.Now()
	s := u.said[e.Step]
	switch e.Kind {
	case report.Found:
		u.finding(*e.Finding)
	case report.Note:
		fmt.Fprintln(u.Out, Clean(e.Text))
	case report.StepStarted:
		u.said[e.Step] = saidState{began: now, when: now}
		u.say(e.Step, u.about(e))
	case report.StepProgress:
		step := u.progress.steps[e.Step]
		if tenth := int64(step.share * 10); tenth > s.tenth && tenth < 10 && now.Sub(s.when) >= time.Second {
			s.tenth, s.when = tenth, now
			u.said[e.Step] = s
			u.say(e.Step, fmt.Sprintf("%d %%%s%s", tenth*10, speed(e.Speed), u.rest()))
		}
	case report.StepDone:
		if e.Kept {
			u.say(e.Step, "kept from before")
		} else if !s.began.IsZero() {
			u.say(e.Step, "done in "+Clock(now.Sub(s.began)))
		}
	case report.Uploading:
		// Bytes go out while encoding goes on; once a minute is enough in a log.
		if s := u.said["upload"]; now.Sub(s.when) >= time.Minute {
			if !s.when.IsZero() {
				u.say("upload", fmt.Sprintf("%s of %s", Bytes(e.Done), Bytes(e.Total)))
			}
			u.said["upload"] = saidState{when: now}
		}
	}
}

func (u *UI) about(e report.Event) string {
	if e.Text != "" {
		return e.Text
	}
	return u.progress.steps[e.Step].about
}

func (u *UI) say(step, text string) { fmt.Fprintf(u.Out, "%s: %s\n", Clean(step), Clean(text)) }

func speed(x float64) string {
	if x <= 0 {
		return ""
	}
	return fmt.Sprintf(", %.1fx real time", x)
}

func (u *UI) rest() string {
	left, ok := u.progress.left(u.Now())
	if !ok {
		return ""
	}
	return ", " + Clock(left) + " left"
}
