package release

import (
	"context"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"iter"
	"slices"
	"strings"

	"filmpress/internal/store"
)

// inventory is what lies below <slug>/, by path.
type inventory map[string]store.Object

// list takes the inventory of a film: one request for a thousand objects, and none for a single one.
func list(ctx context.Context, st store.Store, slug string) (inventory, error) {
	there := inventory{}
	for obj, err := range st.List(ctx, slug+"/") {
		if err != nil {
			return nil, err
		}
		there[strings.TrimPrefix(obj.Name, slug+"/")] = obj
	}
	return there, nil
}

// verdict says whether an object holds a file's bytes.
type verdict int

const (
	unknown verdict = iota
	same
	differs
)

// byList judges by what a list tells: size, and an ETag that is the MD5 of the stored bytes, which may be gzipped. Only
// equality proves anything: buckets with their own encryption have ETags that only look like an MD5, and another
// version of Go may gzip differently.
func byList(obj store.Object, f File) verdict {
	if obj.Size == f.Size {
		if obj.ETag == "" || hexOf(obj.ETag, 32) && obj.ETag == f.MD5 {
			return same // a folder knows sizes only
		}
		return unknown
	}
	if !f.meta().Gzip || obj.Size > f.Size || !hexOf(obj.ETag, 32) {
		return unknown
	}
	plain, err := readFile(f)
	if err != nil {
		return unknown
	}
	packed := store.Gzip(plain)
	sum := md5.Sum(packed)
	if obj.Size == int64(len(packed)) && obj.ETag == hex.EncodeToString(sum[:]) {
		return same
	}
	return unknown
}

// byObject asks for the digest that is kept beside the object, and reads the object where there is none.
func byObject(ctx context.Context, st store.Store, name string, f File) (store.Object, verdict, error) {
	obj, err := st.Stat(ctx, name)
	if err == nil && obj.SHA256 == "" {
		obj.SHA256, err = SumOf(ctx, st, name)
	}
	switch {
	case err != nil:
		return obj, unknown, err
	case obj.SHA256 == f.SHA256:
		return obj, same, nil
	}
	return obj, differs, nil
}

// SumOf is the SHA-256 of an object's plain bytes.
func SumOf(ctx context.Context, st store.Store, name string) (string, error) {
	r, _, err := st.Get(ctx, name)
	if err != nil {
		return "", err
	}
	defer r.Close()
	hash := sha256.New()
	if _, err := io.Copy(hash, r); err != nil {
		return "", err
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}

// missing strikes from the inventory what is not as it should be, and counts what must be sent. Immutable names below
// o/ that hold other bytes are an error, as films that are being watched may use them; below r/ the name is the digest
// of all the bytes, so other bytes there are damage, and are replaced.
func (p *publisher) missing(ctx context.Context, barriers [][]File) error {
	var listed []File
	for f := range filesOf(barriers) {
		if p.has(f.Path) {
			listed = append(listed, f)
		}
	}
	var wrong []string
	err := p.each(ctx, listed, func(ctx context.Context, f File) error {
		p.mu.Lock()
		obj := p.there[f.Path]
		p.mu.Unlock()
		ok, err := holds(ctx, p.st, obj, f)
		if ok || err != nil {
			return err
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.there, f.Path)
		if strings.HasPrefix(f.Path, "o/") {
			wrong = append(wrong, f.Path)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if slices.Sort(wrong); len(wrong) > 0 {
		return &DiffersError{wrong}
	}
	for f := range filesOf(barriers) {
		if !p.has(f.Path) {
			p.bytes.total.Add(f.Size)
		}
	}
	return nil
}

// holds tells whether a listed object holds a file's bytes.
func holds(ctx context.Context, st store.Store, obj store.Object, f File) (bool, error) {
	v := byList(obj, f)
	if v == unknown {
		var err error
		if _, v, err = byObject(ctx, st, obj.Name, f); err != nil {
			return false, err
		}
	}
	return v == same, nil
}

func filesOf(barriers [][]File) iter.Seq[File] {
	return func(yield func(File) bool) {
		for _, files := range barriers {
			for _, f := range files {
				if !yield(f) {
					return
				}
			}
		}
	}
}

func readFile(f File) ([]byte, error) {
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}
