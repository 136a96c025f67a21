package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync"
	"text/tabwriter"

	"golang.org/x/sync/errgroup"

	"filmpress/internal/gather"
	"filmpress/internal/machine"
	"filmpress/internal/report"
	"filmpress/internal/ui"
)

// batchFlags are those of --batch.
type batchFlags struct {
	list     string
	parallel int
}

// outcome is what became of one film.
type outcome struct {
	Film  string          `json:"film"`
	Exit  int             `json:"exit"`             // as publish alone would have ended
	Error string          `json:"error,omitempty"`  // one sentence
	Out   json.RawMessage `json:"result,omitempty"` // of publish --json
	Plan  json.RawMessage `json:"plan,omitempty"`   // of plan --json, with --dry-run

	page string
}

// publishBatch publishes a list of films. A film that fails does not stop the others; what is published and unchanged costs a look.
func (a *app) publishBatch(ctx context.Context, o publishOptions) error {
	if o.detach {
		return usagef("--detach is for one film; a batch waits for its films, and can be run again")
	}
	if o.film.Title+o.film.Slug != "" {
		return usagef("--title and --slug are for one film; in a batch they stand in the list")
	}
	films, found, err := gather.ReadList(o.batch.list)
	if err != nil {
		return err
	}
	if len(found) == 0 {
		found = gather.SameSlugs(films, o.film)
	}
	if len(found) > 0 {
		return findingsError{found}
	}
	if o.batch.parallel > 1 {
		a.memory = machine.FreeMemory() // before films are made: what they take is not taken from them again
	}
	all := make([]outcome, len(films))
	var mu sync.Mutex
	var group errgroup.Group
	group.SetLimit(o.batch.parallel)
	for i, f := range films {
		all[i] = outcome{Film: f.Film, Exit: exitInterrupted, Error: "not begun"}
		group.Go(func() error {
			if ctx.Err() == nil {
				all[i] = a.publishOne(ctx, o, f, &prefixed{to: a.err, mu: &mu, prefix: fmt.Sprintf("[%d/%d %s] ", i+1, len(films), ui.Clean(f.Film))})
			}
			return nil
		})
	}
	group.Wait() // nothing fails here
	return a.summarise(all, o)
}

// publishOne publishes one film of a list; its story has its name before each line.
func (a *app) publishOne(ctx context.Context, o publishOptions, f gather.Listed, story io.Writer) outcome {
	var out bytes.Buffer
	one := &app{in: a.in, out: &out, err: story, config: a.config, turns: a.turns, memory: a.memory, telemetry: a.telemetry, cmd: a.cmd}
	options := a.ui.Options
	options.Out, options.Color, options.Film = story, false, f.Film
	if options.Style == ui.Bar {
		options.Style = ui.Plain
	}
	one.ui = ui.New(options)
	own := o
	own.batch, own.name, own.json, own.film = batchFlags{}, f.Path(), true, f.Wishes(o.film)
	err := report.Caught(func() error { return one.publish(ctx, own) })
	one.ui.Close()
	result := outcome{Film: f.Film, Exit: exitCode(ctx, err)}
	if err != nil {
		if result.Error = one.tell(err); result.Exit == exitInterrupted { // whatever that broke
			result.Error = "interrupted; what was finished is kept"
		}
		one.ui.Failed(result.Error)
		return result
	}
	var p published
	switch {
	case o.dryRun:
		result.Plan = out.Bytes()
	case json.Unmarshal(out.Bytes(), &p) == nil:
		result.Out, result.page = out.Bytes(), p.Page
	}
	return result
}

// summarise tells what became of each film. The exit code is the worst that a film had.
func (a *app) summarise(all []outcome, o publishOptions) error {
	a.ui.Close()
	bad, stopped, worst := 0, 0, exitFine
	for _, one := range all {
		if one.Exit != exitFine {
			bad++
			worst = max(worst, one.Exit)
		}
		if one.Exit == exitInterrupted {
			stopped++
		}
	}
	if o.json {
		if err := a.printJSON(all); err != nil {
			return err
		}
	} else {
		table := tabwriter.NewWriter(a.out, 0, 4, 2, ' ', 0)
		for _, one := range all {
			state, rest := "published", one.page
			switch {
			case one.Exit == exitInterrupted:
				state, rest = "interrupted", strings.TrimPrefix(one.Error, "interrupted; ")
			case one.Exit != exitFine:
				state, rest = "failed", one.Error
			case o.dryRun:
				state, rest = "planned", "filmpress plan tells more"
			}
			fmt.Fprintf(table, "%s\t%s\t%s\n", ui.Clean(one.Film), state, ui.Clean(rest))
		}
		if err := table.Flush(); err != nil {
			return err
		}
	}
	switch {
	case bad == 0 && o.dryRun:
		a.ui.Note(allOf(len(all), "can be published; nothing was, as --dry-run asks"))
		return nil
	case bad == 0:
		a.ui.Note(allOf(len(all), "are published"))
		return nil
	case stopped == bad:
		a.ui.Note(fmt.Sprintf("%d of %d films were not come to, or not finished", bad, len(all))) // how to go on is told by who ends the command
	case o.dryRun:
		a.ui.Failed(fmt.Sprintf("%d of %d films cannot be published; mend what is told above", bad, len(all)))
	default:
		a.ui.Failed(fmt.Sprintf("%d of %d films were not published; mend what is told above and run the same command again, which does what is left", bad, len(all)))
	}
	return silentError(worst)
}

// allOf says something of all films of a list, of which there may be one.
func allOf(n int, what string) string {
	if n == 1 {
		return "the only film " + strings.Replace(what, "are ", "is ", 1)
	}
	return fmt.Sprintf("all %d films %s", n, what)
}

// prefixed writes whole lines, each with what it is about before it.
type prefixed struct {
	to     io.Writer
	mu     *sync.Mutex // of all that write to the same place
	prefix string
	line   []byte
}

func (p *prefixed) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.line = append(p.line, b...)
	for {
		line, rest, whole := bytes.Cut(p.line, []byte("\n"))
		if !whole {
			return len(b), nil
		}
		if bytes.HasPrefix(line, []byte("{")) { // an event for a program
			fmt.Fprintf(p.to, "%s\n", line)
		} else {
			fmt.Fprintf(p.to, "%s%s\n", p.prefix, line)
		}
		p.line = append([]byte{}, rest...)
	}
}
