package store

import (
	"context"
	"iter"
	"time"
)

// What follows are powers that not every store has. Whoever wants one asks by a type assertion, and has another way, or an
// answer, where it is missing.

// Clock is a store with a clock of its own. Ages of objects are counted by it, since this machine's clock may be wrong.
type Clock interface {
	// Now is the store's time, to the second.
	Now(ctx context.Context) (time.Time, error)
}

// Copier is a store that takes objects from another one without their bytes passing this machine.
type Copier interface {
	// Reaches tells whether src lies where Copy can take from it: the same endpoint, with the same credentials.
	Reaches(src Store) bool
	// Copy stores src's object as name, with meta in the place of what stood beside it. How the bytes are packed (Gzip) goes with them; an empty
	// SHA256 of meta is what stood there. The object must still have obj's ETag, where obj has one, else ErrPrecondition. Objects of any size
	// are copied; the ETag of large ones may differ from that of the source.
	Copy(ctx context.Context, src Store, obj Object, name string, meta Meta) (Object, error)
}

// Labeller is a store that changes what stands beside an object's bytes.
type Labeller interface {
	// Relabel sets Type, CacheControl and Disposition of meta (all three; "" removes Disposition) and keeps everything else: Content-Encoding,
	// Content-Language, Expires, the object's own metadata, storage class, tags and rights. The object must still have obj's ETag, else
	// ErrPrecondition. The bytes are not moved, and the ETag of small objects stays, on servers that can replace all headers in place.
	Relabel(ctx context.Context, obj Object, meta Meta) (Object, error)
	// Rewrite is Relabel for a small object that others may replace in that moment, as a pointer is: it reads the bytes and sends them anew, if the
	// object still has obj's ETag. Servers keep no conditions on copies, so Relabel could put an old pointer over a new one. One that is too large to
	// be held in memory is ErrUnsupported.
	Rewrite(ctx context.Context, obj Object, meta Meta) (Object, error)
}

// Flusher is a store that may still lose the names of what was put when the machine's power goes. Put flushes by itself the bytes, and the names of
// what others rely on: see its implementation.
type Flusher interface {
	// Flush returns when everything that was put so far outlasts that.
	Flush(ctx context.Context) error
}

// Upload is one that was begun and neither finished nor given up. Its parts take up space, and no List shows them.
type Upload struct {
	Name  string
	ID    string
	Begun time.Time // by the store's clock
}

// Uploader is a store in which uploads of large objects can be left unfinished.
type Uploader interface {
	// Uploads gives those below a prefix, sorted by name, then by their beginning. An error ends the sequence.
	Uploads(ctx context.Context, prefix string) iter.Seq2[Upload, error]
	// Abort gives one up and frees its parts. One that is gone is no error.
	Abort(ctx context.Context, u Upload) error
}
