package mirror

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"filmpress/internal/report"
	"filmpress/internal/store"
)

const (
	large     = 16 << 20 // from here on an object is sent in parts, several at once, by itself
	largeOnes = 3        // large objects at once
	giveUp    = 10       // failures without a success between them, after which the store is not asked any more
)

// carryOut copies rank after rank, then deletes.
func (r *run) carryOut(ctx context.Context) error {
	r.findEntrances()
	for rank := range ranks {
		if rank == playlists {
			if err := r.findMasters(ctx); err != nil {
				return err
			}
		}
		if rank == pointers { // after a loss of power, none of them is there without what it names
			if err := r.flush(ctx); err != nil {
				return err
			}
		}
		if err := r.copyRank(ctx, rank); err != nil {
			return err
		}
	}
	if err := r.flush(ctx); err != nil {
		return err
	}
	return r.deleteAll(ctx)
}

// flush has what was copied outlast a loss of power, where the destination does not see to that by itself.
func (r *run) flush(ctx context.Context) error {
	if f, ok := r.dst.Store.(store.Flusher); ok && !r.DryRun {
		return f.Flush(ctx)
	}
	return nil
}

// copyRank brings up what is in a rank. When something before it failed, it waits: who followed its links would not find all.
func (r *run) copyRank(ctx context.Context, at rank) error {
	list := r.items[at]
	if waits := at > media && r.result.Failed > 0; r.DryRun || waits {
		settle := r.decide
		if at == pointers && !waits {
			settle = r.mayPoint
		}
		if err := r.each(ctx, list, settle); err != nil {
			return err
		}
		for _, it := range list {
			switch {
			case it.verdict != differs:
			case waits:
				r.result.Waiting++
			default:
				r.act(Action{Copy, it.src.name, it.src.size, why(it)})
			}
		}
		return nil
	}
	if at == pointers {
		return r.each(ctx, list, r.point)
	}
	return r.each(ctx, list, r.bring)
}

func why(it *item) string {
	if it.dst != nil {
		return "changed"
	}
	return "new"
}

// decide settles of one object what the lists did not tell, and mends the headers of one that is the same where that is wanted.
func (r *run) decide(ctx context.Context, it *item) error {
	unknown := it.verdict == ask
	v, err := r.judge(ctx, it)
	if err != nil {
		return err
	}
	it.verdict = v
	switch {
	case v == differs && unknown:
		r.expect(it.src.size)
	case v == same:
		r.count(&r.result.Same, 1)
		if r.Headers {
			return r.label(ctx, it)
		}
	}
	return nil
}

// expect counts an object that is to be copied.
func (r *run) expect(size int64) {
	r.todo.Add(1)
	r.total.Add(size)
}

// bring makes the destination hold one object.
func (r *run) bring(ctx context.Context, it *item) error {
	if err := r.decide(ctx, it); err != nil || it.verdict == same {
		return err
	}
	return r.send(ctx, it)
}

// send copies an object that was judged to differ, and tells of it.
func (r *run) send(ctx context.Context, it *item) error {
	if err := r.prove(ctx, it); err != nil {
		return err
	}
	if err := r.copy(ctx, it); err != nil {
		return err
	}
	r.act(Action{Copy, it.src.name, it.src.size, why(it)})
	return nil
}

// each does one thing with each object, several at once. A failure is a finding about that object, and the rest goes on; what makes going on
// pointless ends it. Large objects have workers of their own, and few: each is sent in several parts at once. The workers stay for all objects, since a goroutine
// for each would grow its stack anew down to the depth of the SDK.
func (r *run) each(ctx context.Context, list []*item, do func(context.Context, *item) error) error {
	var turns [2][]int32
	for i, it := range list {
		turns[map[bool]int{true: 1}[it.src.size > large]] = append(turns[map[bool]int{true: 1}[it.src.size > large]], int32(i))
	}
	group, ctx := errgroup.WithContext(ctx)
	for kind, workers := range []int{r.Workers, largeOnes} {
		var next atomic.Int64
		turn := turns[kind]
		for range min(workers, len(turn)) {
			group.Go(func() error {
				for ctx.Err() == nil {
					i := int(next.Add(1)) - 1
					if i >= len(turn) {
						return nil
					}
					it := list[turn[i]]
					if err := r.survive(ctx, it, report.Caught(func() error { return do(ctx, it) })); err != nil {
						return err
					}
				}
				return ctx.Err()
			})
		}
	}
	return group.Wait()
}

// survive makes a finding of an error that concerns one object; what it gives ends the sync.
func (r *run) survive(ctx context.Context, it *item, err error) error {
	var bug *report.Bug
	switch {
	case err == nil:
		r.inARow.Store(0)
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &bug), errors.Is(err, store.ErrFull):
		return err
	}
	it.verdict = ask
	r.find(r.failure(it.src.name, err))
	if n := r.inARow.Add(1); n >= giveUp && (errors.Is(err, store.ErrUnreachable) || errors.Is(err, store.ErrRefused)) {
		return fmt.Errorf("given up after %d failures in a row: %w", n, err)
	}
	return nil
}

// failure puts an error about an object into a finding.
func (r *run) failure(name string, err error) report.Finding {
	f := report.Finding{Pos: report.Pos{File: r.src.at(name)}, Severity: report.Error, Rule: "sync-failed",
		Text: "it was not copied: " + err.Error(), Hint: "run the same command again; what was copied stays"}
	switch {
	case errors.Is(err, errChanged):
		f.Rule, f.Text, f.Hint = "sync-changed", err.Error()+", and was not copied", "run the same command again when nobody writes it"
	case errors.Is(err, store.ErrDamaged):
		f.Rule, f.Hint = "sync-damaged", "run the same command again; if that does not help, the bytes at the source are not what they were, and filmpress verify tells more"
	case errors.Is(err, store.ErrPrecondition):
		f.Rule, f.Text, f.Hint = "sync-conflict", "somebody else changed it at the destination meanwhile, and it was left as it is", "look who else writes there, then run the same command again"
	case errors.Is(err, store.ErrName):
		f.Rule, f.Hint = "sync-name", "rename it, or leave it out with --exclude"
	}
	return f
}

// at names an object for messages.
func (e end) at(name string) string {
	return strings.TrimSuffix(e.Store.String(), "/") + "/" + name
}

// findEntrances moves playlists and manifests that lie beside a pointer: viewers' addresses name them, so they come last.
func (r *run) findEntrances() {
	for _, e := range r.gone[pointers] {
		r.heads[path.Dir(e.name)] = true
	}
	for _, at := range []rank{playlists, masters} {
		var stay []*item
		for _, it := range r.items[at] {
			if settle(at, r.heads[path.Dir(it.src.name)]) == entrances {
				r.items[entrances] = append(r.items[entrances], it)
			} else {
				stay = append(stay, it)
			}
		}
		r.items[at] = stay
		var stays []entry
		for _, e := range r.gone[at] {
			if settle(at, r.heads[path.Dir(e.name)]) == entrances {
				r.gone[entrances] = append(r.gone[entrances], e)
			} else {
				stays = append(stays, e)
			}
		}
		r.gone[at] = stays
	}
}
