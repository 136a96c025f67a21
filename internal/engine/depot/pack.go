package depot

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"filmpress/internal/engine"
	"filmpress/internal/store"
)

// packed is a file that is about to be sent.
type packed struct {
	path string
	size int64
	sum  string // SHA-256, lower-case hex
}

func (p packed) body() store.Body {
	return store.Body{Size: p.size, Open: func() (io.ReadSeekCloser, error) { return os.Open(p.path) }}
}

// written makes a file in a folder, and takes its digest on the way.
func written(dir string, write func(io.Writer) error) (p packed, err error) {
	f, err := os.CreateTemp(dir, "packed-")
	if err != nil {
		return p, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	hash := sha256.New()
	count := &counter{}
	if err := write(io.MultiWriter(f, hash, count)); err != nil {
		return p, err
	}
	return packed{f.Name(), count.n, hex.EncodeToString(hash.Sum(nil))}, nil
}

type counter struct{ n int64 }

func (c *counter) Write(p []byte) (int, error) { c.n += int64(len(p)); return len(p), nil }

// pack puts a result's files into one. The same result gives the same bytes: no times, no owners. Where they are not those of its record (a disk lost
// some), it is store.ErrDamaged: who fetches them would find that out, and nobody could mend it there.
func pack(r engine.Result, dir string) (packed, error) {
	return written(dir, func(w io.Writer) error {
		t := tar.NewWriter(w)
		for _, f := range r.Files {
			if err := t.WriteHeader(&tar.Header{Name: f.Path, Size: f.Size, Mode: 0o644, Format: tar.FormatPAX}); err != nil {
				return err
			}
			hash := sha256.New()
			if err := copyFile(io.MultiWriter(t, hash), filepath.Join(r.Dir, filepath.FromSlash(f.Path))); err != nil {
				return err
			}
			if hex.EncodeToString(hash.Sum(nil)) != f.SHA256 {
				return fmt.Errorf("%w: the kept result %s", store.ErrDamaged, r.Digest)
			}
		}
		return t.Close()
	})
}

func copyFile(w io.Writer, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(w, f)
	return err
}

// unpack writes the files of a record below out, and no others: names come from the record, not from the object.
func (d *Depot) unpack(ctx context.Context, rec Record, out string) error {
	body, _, err := d.Store.Get(ctx, rec.Object)
	if err != nil {
		return err
	}
	defer body.Close()
	t := tar.NewReader(body)
	for _, f := range rec.Files {
		header, err := t.Next()
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil || header.Name != f.Path || header.Size != f.Size || !filepath.IsLocal(filepath.FromSlash(f.Path)) {
			return d.torn(rec, err)
		}
		if err := writeFile(filepath.Join(out, filepath.FromSlash(f.Path)), t); err != nil {
			return d.torn(rec, err)
		}
	}
	return nil
}

// torn says what it means that an object ends early or is not what it should be. A line that broke is the store's own error.
func (d *Depot) torn(rec Record, err error) error {
	if err == nil || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, tar.ErrHeader) {
		return fmt.Errorf("%w: %s in %s", store.ErrDamaged, rec.Object, d.Store)
	}
	return err
}

func writeFile(path string, from io.Reader) (err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	_, err = io.Copy(f, from)
	return err
}

// facts are the bytes of the one file that the record tells.
func (d *Depot) facts(r engine.Result) ([]byte, error) {
	for _, f := range r.Files {
		if f.Path == d.Facts {
			return os.ReadFile(filepath.Join(r.Dir, filepath.FromSlash(f.Path)))
		}
	}
	return nil, nil
}

// FetchFacts writes the facts of a result into a folder, for a step that reads nothing else of it.
func (d *Depot) FetchFacts(ctx context.Context, digest, dir string) error {
	rec, ok, err := d.Look(ctx, digest)
	if err != nil {
		return err
	}
	if !ok {
		return d.gone(digest)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil || rec.Facts == nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, d.Facts), rec.Facts, 0o644)
}
