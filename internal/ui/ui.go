// Package ui shows what happens: as a bar on a terminal, as plain lines in a log, or as JSON lines for other
// programs. It has the only code that writes the story; the result goes to stdout, by cli.
//
// The rules of the house for what a user reads:
//   - The story goes to stderr, so that stdout can be given to the next program.
//   - One line says what is being done; it is redrawn in place, and nothing else moves.
//   - A complaint names the file, the place and the mend, and shows the line.
//   - A text that came from outside (a file name, a line of a subtitle) never steers the terminal; see Clean.
package ui

import (
	"encoding/json"
	"fmt"
	"io"
	"sync"
	"time"

	"filmpress/internal/plan"
	"filmpress/internal/report"
)

// Style is how the story is told.
type Style int

const (
	Plain Style = iota // a line now and then
	Bar                // one line, redrawn
	JSON               // an event a line
)

// Options say how to tell the story.
type Options struct {
	Out     io.Writer // stderr
	Style   Style
	Color   bool
	Unicode bool
	Width   func() int // columns of the terminal, for Bar
	Now     func() time.Time
	Film    string // which film of several the story is about, for JSON; "" is the only one
}

// UI tells the story of one command. Its methods may be called from several goroutines at once.
type UI struct {
	Options
	mu       sync.Mutex
	began    time.Time
	progress progress
	drawn    bool                 // the bar stands on the terminal
	last     time.Time            // when it was drawn
	said     map[string]saidState // by step, for Plain and JSON
}

// saidState is what was last told of a step.
type saidState struct {
	began time.Time
	when  time.Time
	tenth int64 // tenths of the step
}

// New makes a UI. Nothing is written before the first event.
func New(o Options) *UI {
	return &UI{Options: o, said: map[string]saidState{}, progress: progress{steps: map[string]*stepState{}}}
}

// Begin tells what will be done, so that the progress of the whole can be given. film is its duration.
func (u *UI) Begin(p plan.Plan, film time.Duration) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.began = u.Now()
	u.progress.begin(p, film)
}

// Sink takes the events; it is a report.Sink.
func (u *UI) Sink(e report.Event) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.began.IsZero() {
		u.began = u.Now()
	}
	u.progress.take(e, u.Now())
	switch u.Style {
	case JSON:
		u.jsonLine(e)
	case Bar:
		u.barEvent(e)
	default:
		u.plainEvent(e)
	}
}

// Findings shows complaints, with their lines.
func (u *UI) Findings(fs []report.Finding) {
	for _, f := range fs {
		u.Sink(report.Event{Kind: report.Found, Finding: &f})
	}
}

// Note is a line for the user.
func (u *UI) Note(text string) { u.Sink(report.Event{Kind: report.Note, Text: text}) }

// Failed says why the command ends without its result.
func (u *UI) Failed(text string) {
	u.Close()
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.Style == JSON {
		u.jsonLine(failedEvent{"failed", text})
		return
	}
	fmt.Fprintln(u.Out, u.paint(red, "filmpress:")+" "+Clean(text))
}

type failedEvent struct {
	Kind report.Kind `json:"event"`
	Text string      `json:"text"`
}

// Close takes the bar away. The UI may be used again afterwards.
func (u *UI) Close() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.wipe()
}

// jsonLine writes one event with its time. A step's progress is told once a second at most.
func (u *UI) jsonLine(event any) {
	if e, ok := event.(report.Event); ok && (e.Kind == report.StepProgress || e.Kind == report.Uploading) {
		s := u.said[e.Step]
		if u.Now().Sub(s.when) < time.Second {
			return
		}
		s.when = u.Now()
		u.said[e.Step] = s
	}
	body, err := json.Marshal(event)
	if err != nil {
		panic(err) // events are our own plain structs
	}
	stamp, film := u.Now().UTC().Format("2006-01-02T15:04:05.000Z"), ""
	if u.Film != "" {
		name, err := json.Marshal(u.Film)
		if err != nil {
			panic(err) // a string
		}
		film = `"film":` + string(name) + ","
	}
	fmt.Fprintf(u.Out, "{\"time\":%q,%s%s\n", stamp, film, body[1:])
}

// finding writes a complaint with its line and its mend.
func (u *UI) finding(f report.Finding) {
	colour := map[report.Severity]string{report.Error: red, report.Warn: yellow}[f.Severity]
	place := f.Pos.String()
	if place != "" {
		place = u.paint(bold, Clean(place)+":") + " "
	}
	rule := ""
	if f.Rule != "" {
		rule = " " + u.paint(dim, "("+Clean(f.Rule)+")")
	}
	fmt.Fprintf(u.Out, "%s%s %s%s\n", place, u.paint(colour, f.Severity.String()+":"), Clean(f.Text), rule)
	if s := f.Snippet(); s != "" {
		fmt.Fprintln(u.Out, cleanColumns(s))
	}
	if f.Hint != "" {
		fmt.Fprintf(u.Out, "  %s %s\n", u.paint(bold, "mend:"), Clean(f.Hint))
	}
}

// ANSI colours; every terminal of the last decades knows these.
const (
	bold   = "1"
	dim    = "2"
	red    = "31"
	green  = "32"
	yellow = "33"
)

func (u *UI) paint(colour, text string) string {
	if !u.Color || colour == "" {
		return text
	}
	return "\x1b[" + colour + "m" + text + "\x1b[0m"
}
