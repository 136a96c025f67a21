package mirror

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"time"

	"filmpress/internal/store"
)

// ranger is a store that gives an object from some byte on.
type ranger interface {
	// GetFrom opens the stored bytes of obj from offset on; an object that has another ETag now is store.ErrPrecondition.
	GetFrom(ctx context.Context, obj store.Object, offset int64) (io.ReadCloser, error)
}

// resumes is how often reading an object goes on after its connection broke.
const resumes = 5

// remote is the plain bytes of an object, as it was listed. When the connection breaks it goes on where it was. It can seek, so that a store can
// go on with what it has of a large object.
type remote struct {
	ctx  context.Context
	st   store.Store
	want entry
	obj  store.Object
	body io.ReadCloser // nil: to be opened at off
	off  int64
	left int
	sum  hash.Hash // of an object with an MD5 and without a recorded SHA-256; nil is not taken
}

func openRemote(ctx context.Context, st store.Store, want entry) (*remote, error) {
	r := &remote{ctx: ctx, st: st, want: want, left: resumes}
	if err := r.open(); err != nil {
		return nil, err
	}
	return r, nil
}

// open begins at the first byte.
func (r *remote) open() error {
	body, obj, err := r.st.Get(r.ctx, r.want.name)
	if err != nil {
		return gone(err)
	}
	if r.want.etag != "" && obj.ETag != r.want.etag {
		body.Close()
		return errChanged
	}
	r.body, r.obj, r.off, r.sum = body, obj, 0, nil
	if obj.SHA256 == "" && isMD5(obj.ETag) && !obj.Gzip {
		r.sum = md5.New()
	}
	return nil
}

// reopen goes on at an offset.
func (r *remote) reopen(at int64) error {
	if from, ok := r.st.(ranger); ok && at > 0 && !r.obj.Gzip {
		body, err := from.GetFrom(r.ctx, r.obj, at)
		if errors.Is(err, store.ErrPrecondition) {
			return errChanged
		}
		if err != nil {
			return err
		}
		if r.off != at {
			r.sum = nil // what it would be taken of was not read
		}
		r.body, r.off = body, at
		return nil
	}
	if err := r.open(); err != nil {
		return err
	}
	_, err := io.CopyN(io.Discard, r.readThrough(), at)
	return err
}

func (r *remote) readThrough() io.Reader {
	return readerFunc(func(p []byte) (int, error) {
		n, err := r.body.Read(p)
		r.took(p[:n])
		return n, err
	})
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func (r *remote) took(p []byte) {
	r.off += int64(len(p))
	if r.sum != nil {
		r.sum.Write(p)
	}
}

func (r *remote) Read(p []byte) (int, error) {
	for {
		var err error
		n := 0
		if r.body == nil {
			err = r.reopen(r.off)
		} else if n, err = r.body.Read(p); n > 0 || err == nil {
			r.took(p[:n])
			return n, nil // an error comes again
		}
		switch {
		case err == nil:
			continue
		case err == io.EOF:
			return 0, r.ended()
		case r.ctx.Err() != nil:
			return 0, r.ctx.Err()
		case errors.Is(err, errChanged) || errors.Is(err, store.ErrRefused) || errors.Is(err, store.ErrName) || r.left == 0:
			return 0, err
		}
		r.left--
		r.closeBody()
		select {
		case <-r.ctx.Done():
			return 0, r.ctx.Err()
		case <-time.After(time.Duration(resumes-r.left) * 200 * time.Millisecond):
		}
	}
}

// ended judges the end: all bytes must have come, and be those of the MD5 where nothing better is recorded.
func (r *remote) ended() error {
	if !r.obj.Gzip && r.off != r.obj.Size {
		return fmt.Errorf("%w: %d of %d bytes came", store.ErrUnreachable, r.off, r.obj.Size)
	}
	if r.sum != nil && hex.EncodeToString(r.sum.Sum(nil)) != r.obj.ETag {
		return fmt.Errorf("%w: what came has not the MD5 that the server names", store.ErrDamaged)
	}
	return io.EOF
}

// Seek goes to a place from the start, or from the end. Nothing is asked of the server before the next Read.
func (r *remote) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += r.off
	case io.SeekEnd:
		offset += r.obj.Size
	}
	if offset != r.off {
		r.closeBody()
		r.off, r.sum = offset, nil
	}
	return offset, nil
}

func (r *remote) rewind() { r.Seek(0, io.SeekStart) }

func (r *remote) closeBody() {
	if r.body != nil {
		r.body.Close()
		r.body = nil
	}
}

func (r *remote) Close() error { r.closeBody(); return nil }
