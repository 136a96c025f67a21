package temporal

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"

	"filmpress/internal/report"
)

// Pulse is what a heartbeat tells of a step.
type Pulse struct {
	Done  int64   `json:"done"`  // as in report.Event
	Total int64   `json:"total"` //
	Speed float64 `json:"speed"`
}

// The server takes 2 MB a message, and a publish of thousands of steps gives all their lines for the user in one: a step tells so many, of so many bytes.
// mostTold is of a whole workflow.
const (
	mostNotes = 20
	mostBytes = 4 << 10
	mostTold  = 256 << 10
)

// teller passes a step's events on, and remembers what the heartbeat and the result tell of them.
type teller struct {
	sink    report.Sink
	private string // this machine's folder, which notes do not name to the server
	mu      sync.Mutex
	pulse   Pulse
	notes   []string
	bytes   int // of the notes
	more    int // notes that found no room
}

func (t *teller) take(e report.Event) {
	t.mu.Lock()
	switch e.Kind {
	case report.StepProgress:
		t.pulse = Pulse{e.Done, e.Total, e.Speed}
	case report.Note:
		text := withoutPaths(e.Text, t.private)
		if len(t.notes) == mostNotes || t.bytes+len(text) > mostBytes {
			t.more++
			break
		}
		t.notes = append(t.notes, text)
		t.bytes += len(text)
	}
	t.mu.Unlock()
	t.sink(e)
}

func (t *teller) now() Pulse {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.pulse
}

func (t *teller) lines() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	notes := slices.Clone(t.notes)
	if t.more > 0 {
		notes = append(notes, fmt.Sprintf("and %d more, which the worker that made this tells", t.more))
	}
	return notes
}

// list is what a workflow has done.
type list struct {
	all  []Done
	told int // bytes of their notes
	full bool
}

// add appends what is done, without notes that find no room any more.
func (l *list) add(done ...Done) {
	for _, d := range done {
		n := 0
		for _, note := range d.Notes {
			n += len(note)
		}
		switch {
		case l.told+n <= mostTold:
			l.told += n
		case l.full:
			d.Notes = nil
		default:
			d.Notes, l.full = []string{"there are more notes than the server takes; the workers tell them all"}, true
		}
		l.all = append(l.all, d)
	}
}

var errTakenAway = errors.New("the server gave the step to another worker, or nobody wants it any more")

// beat tells the server, five times in the time after which it would think the step lost, that this worker has it: whether ffmpeg gets on
// or not, which is watched elsewhere. The context ends when the server wants the step no more, and when it was not reached
// for so long that it has given the step to another.
//
// The SDK's own heartbeat is not used: it cancels a healthy step when one message is not answered within the interval, so a line that is
// broken for a minute would cost an hour's encode.
func (w *Worker) beat(ctx context.Context, t *teller) (context.Context, func()) {
	info := activity.GetInfo(ctx)
	ctx, cancel := context.WithCancelCause(ctx)
	every := max(info.HeartbeatTimeout/5, 100*time.Millisecond)
	done := make(chan struct{})
	go func() {
		defer close(done)
		heard := time.Now()
		for ticks := time.NewTicker(every); ; { // not at once: a step that has just begun has nothing to tell, and each message is a write of the server's database
			select {
			case <-ticks.C:
			case <-ctx.Done():
				ticks.Stop()
				return
			}
			once, end := context.WithTimeout(ctx, every)
			err := w.client.RecordActivityHeartbeat(once, info.TaskToken, t.now())
			end()
			gone := (*serviceerror.NotFound)(nil)
			switch {
			case err == nil:
				heard = time.Now()
			case ctx.Err() != nil:
			case errors.As(err, &gone), temporal.IsCanceledError(err), time.Since(heard) > info.HeartbeatTimeout:
				cancel(errTakenAway)
			}
		}
	}()
	return ctx, func() {
		cancel(nil)
		<-done
	}
}
