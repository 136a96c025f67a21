package releasetest

import (
	"context"
	"fmt"
	"io"
	"iter"
	"sync/atomic"
	"time"

	"filmpress/internal/store"
)

// Actor is a store as one of several commands sees it that take turns: each of its operations waits until the schedule
// lets it go. An operation that the command would have given up by then is not done: it fails.
type Actor struct {
	store.Store
	Clock *Clock
	// Before is called before each operation with its number from 1, After behind one that was done.
	Before, After func(n int, op, name string) error
	// Patience is how long this command waits for one operation.
	Patience time.Duration
	// Stutters is a client whose deletions are done and answered, but the answer is lost, so that they are done once more.
	Stutters bool
	n        atomic.Int64
}

func (a *Actor) around(op, name string, do func() error) error {
	n := int(a.n.Add(1))
	asked := a.Clock.Now()
	if a.Before != nil {
		if err := a.Before(n, op, name); err != nil {
			return err
		}
	}
	if late := a.Clock.Now().Sub(asked); a.Patience > 0 && late > a.Patience {
		return fmt.Errorf("%s %s: %w after %v", op, name, context.DeadlineExceeded, late)
	}
	err := do()
	if err == nil && a.After != nil {
		err = a.After(n, op, name)
	}
	return err
}

// Put stores an object in turn.
func (a *Actor) Put(ctx context.Context, name string, body store.Body, meta store.Meta, cond store.If) (obj store.Object, err error) {
	err = a.around("put", name, func() error { obj, err = a.Store.Put(ctx, name, body, meta, cond); return err })
	return obj, err
}

// Get reads an object in turn.
func (a *Actor) Get(ctx context.Context, name string) (r io.ReadCloser, obj store.Object, err error) {
	err = a.around("get", name, func() error { r, obj, err = a.Store.Get(ctx, name); return err })
	return r, obj, err
}

// Stat tells of an object in turn.
func (a *Actor) Stat(ctx context.Context, name string) (obj store.Object, err error) {
	err = a.around("stat", name, func() error { obj, err = a.Store.Stat(ctx, name); return err })
	return obj, err
}

// Delete removes an object in turn.
func (a *Actor) Delete(ctx context.Context, name string) error {
	asked := a.Clock.Now()
	err := a.around("delete", name, func() error { return a.Store.Delete(ctx, name) })
	if err == nil && a.Stutters {
		err = a.around("delete", name+" (again)", func() error {
			if late := a.Clock.Now().Sub(asked); a.Patience > 0 && late > a.Patience {
				return fmt.Errorf("delete %s: %w after %v", name, context.DeadlineExceeded, late)
			}
			return a.Store.Delete(ctx, name)
		})
	}
	return err
}

// Now asks the store's clock in turn.
func (a *Actor) Now(ctx context.Context) (now time.Time, err error) {
	err = a.around("now", "", func() error { now, err = a.Store.(store.Clock).Now(ctx); return err })
	return now, err
}

// List lists in two turns, as a bucket of more than one page is listed: what lies below r/ and after is seen later. It tells no
// ETags, as a folder does not, so that what is listed with the right size is believed without a further look.
func (a *Actor) List(ctx context.Context, prefix string) iter.Seq2[store.Object, error] {
	return func(yield func(store.Object, error) bool) {
		var first, second []store.Object
		collect := func(into *[]store.Object, want func(name string) bool) func() error {
			return func() error {
				for obj, err := range a.Store.List(ctx, prefix) {
					if err != nil {
						return err
					}
					if want(obj.Name) {
						obj.ETag = ""
						*into = append(*into, obj)
					}
				}
				return nil
			}
		}
		border := Slug + "/r/"
		err := a.around("list", prefix, collect(&first, func(name string) bool { return name < border }))
		for _, obj := range first {
			if !yield(obj, nil) {
				return
			}
		}
		if err == nil {
			err = a.around("list", prefix+" (more)", collect(&second, func(name string) bool { return name >= border }))
		}
		for _, obj := range second {
			if !yield(obj, nil) {
				return
			}
		}
		if err != nil {
			yield(store.Object{}, err)
		}
	}
}

// Turns lets actors run one at a time. Next says which of those that want to go on does; it is called with their
// numbers, in order, whenever one operation has ended and all have come to their next one, or ended.
type Turns struct {
	Next    func(waiting []int) int
	arrive  chan int
	ended   chan int
	release []chan struct{}
}

// Run runs the commands, each with its own number's wait, and returns when all have ended.
func (t *Turns) Run(commands ...func(wait func())) {
	t.arrive, t.ended = make(chan int), make(chan int)
	for i, command := range commands {
		turn := make(chan struct{})
		t.release = append(t.release, turn)
		go func() {
			command(func() {
				t.arrive <- i
				<-turn
			})
			t.ended <- i
		}()
	}
	waiting, running, left := map[int]bool{}, len(commands), len(commands)
	for left > 0 {
		for running > 0 {
			select {
			case i := <-t.arrive:
				waiting[i] = true
			case <-t.ended:
				left--
			}
			running--
		}
		if left == 0 {
			return
		}
		var list []int
		for i := range commands {
			if waiting[i] {
				list = append(list, i)
			}
		}
		next := t.Next(list)
		delete(waiting, next)
		running = 1
		t.release[next] <- struct{}{}
	}
}
