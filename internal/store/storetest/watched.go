package storetest

import (
	"context"
	"io"
	"iter"
	"strings"
	"sync"

	"filmpress/internal/store"
)

// Watched is a store whose operations can be counted, looked at, or made to fail. It keeps the contract, and hides what a store can do beyond it.
type Watched struct {
	store.Store
	Before func(n int, op, name string) error // an error keeps the n-th operation, from 1, from being done
	After  func(n int, op, name string) error // an error says that it failed though it was done: a lost reply
	Ops    []string                           // "put name" and the like, in their order

	mu sync.Mutex
}

// Count is how many operations of a kind there were: "put", "get", "stat", "delete", "list".
func (w *Watched) Count(op string) (n int) {
	for _, o := range w.Ops {
		if strings.HasPrefix(o, op+" ") {
			n++
		}
	}
	return n
}

func (w *Watched) around(op, name string, do func() error) error {
	w.mu.Lock()
	w.Ops = append(w.Ops, op+" "+name)
	n := len(w.Ops)
	w.mu.Unlock()
	if w.Before != nil {
		if err := w.Before(n, op, name); err != nil {
			return err
		}
	}
	err := do()
	if err == nil && w.After != nil {
		err = w.After(n, op, name)
	}
	return err
}

func (w *Watched) Put(ctx context.Context, name string, body store.Body, meta store.Meta, cond store.If) (obj store.Object, err error) {
	err = w.around("put", name, func() error { obj, err = w.Store.Put(ctx, name, body, meta, cond); return err })
	return obj, err
}

func (w *Watched) Get(ctx context.Context, name string) (r io.ReadCloser, obj store.Object, err error) {
	err = w.around("get", name, func() error { r, obj, err = w.Store.Get(ctx, name); return err })
	return r, obj, err
}

func (w *Watched) Stat(ctx context.Context, name string) (obj store.Object, err error) {
	err = w.around("stat", name, func() error { obj, err = w.Store.Stat(ctx, name); return err })
	return obj, err
}

func (w *Watched) Delete(ctx context.Context, name string) error {
	return w.around("delete", name, func() error { return w.Store.Delete(ctx, name) })
}

func (w *Watched) List(ctx context.Context, prefix string) iter.Seq2[store.Object, error] {
	return func(yield func(store.Object, error) bool) {
		if err := w.around("list", prefix, func() error { return nil }); err != nil {
			yield(store.Object{}, err)
			return
		}
		w.Store.List(ctx, prefix)(yield)
	}
}
