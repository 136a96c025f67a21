package mirror

import (
	"context"
	"iter"

	"filmpress/internal/report"
	"filmpress/internal/store"
)

// entry is one object or file of a side.
type entry struct {
	name    string
	size    int64  // as it is stored
	etag    string // of a bucket's object
	stamp          // of a file
	known          // of a file
	blocked bool   // it is there, but cannot be looked at; a name with a slash at its end stands for all below it
}

// feed gives the entries of one side in order, read ahead in a goroutine of its own so that both sides are listed at once. They come in batches,
// since handing over each by itself costs more than reading it.
type feed struct {
	batches chan []entry
	free    chan []entry // batches that were taken, to be filled again
	err     error        // set before batches is closed
	batch   []entry
	taken   int
}

const batch = 500

// newFeed runs walk, which gives entries until emit is false.
func newFeed(ctx context.Context, place string, walk func(emit func(entry) bool) error) *feed {
	f := &feed{batches: make(chan []entry, 4), free: make(chan []entry, 4)}
	go func() {
		defer close(f.batches)
		order := store.Order{Place: place}
		some := make([]entry, 0, batch)
		var wrong error
		send := func() bool {
			select {
			case f.batches <- some:
				select {
				case used := <-f.free:
					some = used[:0]
				default:
					some = make([]entry, 0, batch)
				}
				return true
			case <-ctx.Done():
				wrong = ctx.Err()
				return false
			}
		}
		err := report.Caught(func() error {
			return walk(func(e entry) bool {
				if wrong = order.Take(e.name); wrong != nil { // two lists are compared as they come
					return false
				}
				some = append(some, e)
				return len(some) < batch || send()
			})
		})
		if wrong == nil && err == nil && len(some) > 0 {
			send()
		}
		if f.err = err; wrong != nil {
			f.err = wrong
		}
	}()
	return f
}

// peek gives the next entry without taking it; nil is the end, or an error.
func (f *feed) peek() *entry {
	for f.taken == len(f.batch) {
		if f.batch != nil {
			select {
			case f.free <- f.batch:
			default:
			}
		}
		b, more := <-f.batches
		if f.batch, f.taken = b, 0; !more {
			return nil
		}
	}
	return &f.batch[f.taken]
}

func (f *feed) take() { f.taken++ }

// listing gives a store's objects as entries.
func listing(objects iter.Seq2[store.Object, error], filter Filter) func(emit func(entry) bool) error {
	return func(emit func(entry) bool) error {
		for obj, err := range objects {
			if err != nil {
				return err
			}
			if len(obj.Name) > len(reserved) && obj.Name[:len(reserved)] == reserved || !filter.Takes(obj.Name) {
				continue
			}
			if !emit(entry{name: obj.Name, size: obj.Size, etag: obj.ETag}) {
				return nil
			}
		}
		return nil
	}
}
