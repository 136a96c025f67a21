// Package origin gives the files of a presentation from where they lie: a folder, a bucket, the web. Each is an
// audit.Source. What a stranger's playlist names is followed within that place alone: no other host, no file of this
// machine, no file of a length that nobody agreed to.
package origin

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"

	"filmpress/internal/audit"
	"filmpress/internal/store"
)

// Store is a folder or a bucket. Addresses are names of objects.
type Store struct {
	store.Store
	Heads bool // objects have heads, as in a bucket
}

// Read gets an object, or a part of it.
func (s Store) Read(ctx context.Context, r audit.Request) (audit.File, error) {
	if err := inside(r.URI); err != nil {
		return audit.File{}, err
	}
	body, obj, err := s.Get(ctx, r.URI)
	if err != nil {
		return audit.File{}, bare(err)
	}
	defer body.Close()
	f := s.file(obj)
	if f.Size >= 0 && r.Offset > f.Size {
		return f, nil
	}
	if err := skip(body, r.Offset); err != nil {
		return audit.File{}, err
	}
	plain, rest := io.Reader(body), obj.Size-r.Offset
	if obj.Gzip {
		if rest = -1; r.Media {
			plain = &packed{plain: body, wire: func() int64 { return obj.Size }}
		}
	}
	f.Data, err = capped(plain, r, rest)
	if r.Length == 0 {
		f.Size = int64(len(f.Data))
	}
	return f, err
}

// skip goes to an offset: a file is seeked in, a bucket's object is read up to there.
func skip(r io.Reader, offset int64) error {
	if offset == 0 {
		return nil
	}
	if seeker, ok := r.(io.Seeker); ok {
		_, err := seeker.Seek(offset, io.SeekStart)
		return err
	}
	_, err := io.CopyN(io.Discard, r, offset)
	if errors.Is(err, io.EOF) {
		return nil // nothing follows, which the auditor tells
	}
	return err
}

// believed is how much memory is taken for bytes that were announced and have not come.
const believed = 64 << 20

// capped reads what was asked for, and no more than its limit. rest is how much there is, below 0 where nobody knows: what is too long is then not
// begun, and all else is read into memory of its size, which growing step by step would take several times.
func capped(r io.Reader, want audit.Request, rest int64) ([]byte, error) {
	size := rest
	if want.Length > 0 && (rest < 0 || want.Length < rest) {
		size = want.Length
	}
	limit := want.Limit
	if size > limit {
		return nil, &audit.LongError{Limit: limit, Size: size}
	}
	if want.Length > 0 {
		limit = min(limit, want.Length)
	}
	var b bytes.Buffer
	if rest >= 0 {
		b.Grow(int(min(size, believed)) + bytes.MinRead)
	}
	_, err := b.ReadFrom(io.LimitReader(r, limit+1))
	switch {
	case err != nil:
		return nil, err
	case int64(b.Len()) <= limit:
		return b.Bytes(), nil
	case want.Length > 0 && limit == want.Length:
		return b.Bytes()[:limit], nil
	}
	return nil, &audit.LongError{Limit: limit}
}

// packed is media that a place has packed.
type packed struct {
	plain io.Reader
	wire  func() int64 // bytes that came, or will
	n     int64
}

// Media are packed already. What a place packs once more becomes hardly shorter, and never by a half; small ones are let be.
const (
	fairFrom  = 1 << 20
	fairTimes = 4
)

func (p *packed) Read(b []byte) (int, error) {
	n, err := p.plain.Read(b)
	if p.n += int64(n); p.n > fairFrom && p.n > fairTimes*p.wire() {
		return n, errors.New("it is packed, and unpacks to many times its size, as no media do")
	}
	return n, err
}

// Open gives an object as a stream.
func (s Store) Open(ctx context.Context, uri string) (io.ReadCloser, error) {
	if err := inside(uri); err != nil {
		return nil, err
	}
	r, _, err := s.Get(ctx, uri)
	return r, bare(err)
}

// Stat tells of an object.
func (s Store) Stat(ctx context.Context, uri string) (audit.File, error) {
	if err := inside(uri); err != nil {
		return audit.File{}, err
	}
	obj, err := s.Store.Stat(ctx, uri)
	if err != nil {
		return audit.File{}, bare(err)
	}
	return s.file(obj), nil
}

func (s Store) file(obj store.Object) audit.File {
	f := audit.File{Size: obj.Size}
	if !s.Heads {
		return f
	}
	f.SHA256 = obj.SHA256
	f.Head = &audit.Head{Type: obj.Type, CacheControl: obj.CacheControl}
	if obj.Gzip {
		f.Head.Encoding, f.Size = "gzip", -1
	}
	return f
}

// inside refuses what is no name in the place.
func inside(uri string) error {
	if u, err := url.Parse(uri); err == nil && u.Host != "" {
		return &audit.RefusedError{Rule: "ref-host", Text: fmt.Sprintf("%q leads to the host %s, which is not followed", uri, u.Host)}
	} else if err == nil && u.Scheme != "" {
		return &audit.RefusedError{Rule: "ref-scheme", Text: fmt.Sprintf("%q is an address of the kind %s:, which players do not follow", uri, u.Scheme)}
	}
	if strings.HasPrefix(uri, "/") || uri == ".." || strings.HasPrefix(uri, "../") {
		return &audit.RefusedError{Rule: "ref-outside", Text: fmt.Sprintf("%q lies outside of the place that is verified", uri)}
	}
	return nil
}

// bare takes the name out of a common error, since the finding has it.
func bare(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return store.ErrNotFound
	}
	return err
}
