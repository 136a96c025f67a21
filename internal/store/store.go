// Package store is the contract for a place that holds named objects: a bucket, or a folder that behaves
// like one. The comments here are the contract; package storetest proves it for every implementation.
package store

import (
	"bytes"
	"context"
	"errors"
	"io"
	"iter"
	"time"
)

// The ways in which a store refuses. Implementations wrap these, so use errors.Is.
var (
	ErrNotFound     = errors.New("no such object")
	ErrPrecondition = errors.New("the object changed meanwhile")       // an If of Put did not hold
	ErrDamaged      = errors.New("the bytes differ from their digest") // Body did not hash to Meta.SHA256; nothing was stored
	ErrRefused      = errors.New("the store refused")                  // rights, missing bucket, bad credentials
	ErrUnreachable  = errors.New("the store cannot be reached")
	ErrFull         = errors.New("no space left")
	ErrName         = errors.New("the store cannot hold that name")
	ErrUnsupported  = errors.New("the store cannot do that") // a service of S3 that this server does not have
)

// Meta is what is stored beside an object's bytes.
type Meta struct {
	Type         string // Content-Type
	CacheControl string
	SHA256       string // lower-case hex of the plain bytes (before gzip); required by Put, unless the Body is Undigested
	MD5          string // lower-case hex of the plain bytes; "" is unknown. Only Put reads it, to send it along
	Gzip         bool   // Put: the store may keep and serve the bytes gzipped (Content-Encoding: gzip). Else: it does. Get undoes it
	Disposition  string // Content-Disposition, for downloads; "" is none
}

// Object is a stored object as Stat, List, Get and Put tell of it.
type Object struct {
	Name string
	Size int64  // bytes as stored
	ETag string // opaque, for Put's If; "" where List does not know it. 32 hex digits are the MD5 of the stored bytes
	Meta        // List may leave Meta empty where the store does not list it
	// Modified is when the object was last written, by the store's own clock; zero where that is not told. It never decides whether
	// bytes are the same, only how long something has lain there.
	Modified time.Time
}

// Body gives an object's plain bytes, as often as asked (a retry reads again). Size is their length.
type Body struct {
	Size int64
	Open func() (io.ReadSeekCloser, error)
	// Sent, unless nil, hears of every n plain bytes that have arrived; after a Put that went well they sum up to Size.
	// It may be called from several goroutines at once.
	Sent func(n int64)
	// Undigested says that nobody has taken the bytes' SHA-256 yet and Meta.SHA256 is "". Put takes it, stores what it took it of, and tells
	// it. So whoever only copies reads and hashes once.
	Undigested bool
}

// Arrived tells Sent of n bytes.
func (b Body) Arrived(n int64) {
	if b.Sent != nil && n > 0 {
		b.Sent(n)
	}
}

// Bytes is the Body of bytes in memory.
func Bytes(b []byte) Body {
	return Body{Size: int64(len(b)), Open: func() (io.ReadSeekCloser, error) { return memory{bytes.NewReader(b)}, nil }}
}

// memory is a reader with nothing to close.
type memory struct{ *bytes.Reader }

func (memory) Close() error { return nil }

// If is a condition on Put. The zero value is none. Of several writers with the same condition, in this process or
// in others, one wins and the rest meet ErrPrecondition. An ETag of an object that is gone is ErrPrecondition too.
type If struct {
	Absent bool   // only if there is no object of that name yet
	ETag   string // only if the object has this ETag
}

// Store is a place for named objects. Names are slash-separated, relative, without empty, "." or ".."
// segments; see CheckName. Other names are ErrName in Put and ErrNotFound elsewhere. All methods may be called from several
// goroutines at once and stop early when ctx ends, with an error that wraps ctx's.
type Store interface {
	// Check tells early, before long work, whether the store can be reached, read and written. It leaves nothing behind.
	Check(ctx context.Context) error
	// Put stores a whole object or nothing: a reader sees the old bytes or the new ones, never a part.
	// It checks the body against meta.SHA256 and its Size and fails with ErrDamaged before anything becomes visible.
	// The Object it returns has at least Name, Size, ETag and SHA256.
	Put(ctx context.Context, name string, body Body, meta Meta, cond If) (Object, error)
	// Get opens an object's plain bytes. The caller closes it.
	Get(ctx context.Context, name string) (io.ReadCloser, Object, error)
	// Stat tells of an object without its bytes.
	Stat(ctx context.Context, name string) (Object, error)
	// List gives all objects whose names begin with prefix (a string, not a folder: "a" gives "a/b" and "ab"), sorted
	// by name, byte by byte. An error ends the sequence.
	List(ctx context.Context, prefix string) iter.Seq2[Object, error]
	// Delete removes an object; one that is not there is no error.
	Delete(ctx context.Context, name string) error
	// URL is where a viewer, or the user of this machine, opens an object: an absolute path or a URL.
	URL(name string) string
	// String names the place for messages, without credentials: "./library", "s3://bucket/prefix".
	String() string
}
