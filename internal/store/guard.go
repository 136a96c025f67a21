package store

import "context"

// Guard is a store that knows whether the conditions of Put have one winner. One that is no Guard keeps them always.
type Guard interface {
	// Guarded is false where the server keeps no conditions, so that Put looks, writes and reads back: two writers in the same instant can
	// then both believe that they won.
	Guarded(ctx context.Context) (bool, error)
}
