package origin

import (
	"context"
	"errors"
	"io"

	"filmpress/internal/audit"
	"filmpress/internal/store"
)

// Files are files by address that are opened one by one, as those of a release before it is published.
type Files map[string]Local

// Local is one of them.
type Local struct {
	Size int64
	Open func() (io.ReadSeekCloser, error)
}

// Read gives a file, or a part of it.
func (f Files) Read(_ context.Context, r audit.Request) (audit.File, error) {
	body, err := f.open(r.URI)
	if err != nil {
		return audit.File{}, err
	}
	defer body.Close()
	if _, err := body.Seek(r.Offset, io.SeekStart); err != nil {
		return audit.File{}, err
	}
	out := audit.File{Size: f[r.URI].Size}
	n := max(out.Size-r.Offset, 0)
	if r.Length > 0 {
		n = min(n, r.Length)
	}
	if n > r.Limit {
		return out, &audit.LongError{Limit: r.Limit, Size: n}
	}
	out.Data = make([]byte, n)
	if _, err := io.ReadFull(body, out.Data); errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return out, errors.New("the file became shorter meanwhile")
	} else if err != nil {
		return out, err
	}
	return out, nil
}

// Open gives a file as a stream.
func (f Files) Open(_ context.Context, uri string) (io.ReadCloser, error) { return f.open(uri) }

// Stat tells of a file.
func (f Files) Stat(_ context.Context, uri string) (audit.File, error) {
	local, ok := f[uri]
	if !ok {
		return audit.File{}, store.ErrNotFound
	}
	return audit.File{Size: local.Size}, nil
}

func (f Files) open(uri string) (io.ReadSeekCloser, error) {
	if err := inside(uri); err != nil {
		return nil, err
	}
	local, ok := f[uri]
	if !ok {
		return nil, store.ErrNotFound
	}
	return local.Open()
}
