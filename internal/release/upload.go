package release

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"filmpress/internal/report"
	"filmpress/internal/store"
)

// meta is what is stored beside a file's bytes. Text is gzipped where the store can; the pointer is not, so that the
// simplest tool can read it.
func (f File) meta() store.Meta {
	m := store.Meta{Type: f.Type, CacheControl: f.CacheControl, SHA256: f.SHA256, MD5: f.MD5, Disposition: f.Disposition}
	if m.Type == "" {
		m.Type = store.TypeOf(f.Path)
	}
	if m.CacheControl == "" {
		m.CacheControl = store.Immutable
	}
	m.Gzip = store.Compressible(m.Type) && f.Path != PointerName
	return m
}

// progress counts plain bytes on their way.
type progress struct {
	done, total atomic.Int64
}

// send uploads those of the files that are missing, several at once, and waits for all: a barrier.
func (p *publisher) send(ctx context.Context, files []File) (n int, err error) {
	var absent []File
	streamed := 0 // by this very run, and counted already
	for _, f := range files {
		if !p.has(f.Path) {
			absent = append(absent, f)
		} else if p.opt.Stream != nil && p.opt.Stream.fresh[f.Path] {
			streamed++
		}
	}
	p.result.Present += len(files) - len(absent) - streamed
	return len(absent), p.each(ctx, absent, func(ctx context.Context, f File) error {
		if strings.HasPrefix(f.Path, "o/") {
			return p.putShared(ctx, f)
		}
		return p.put(ctx, f, store.If{})
	})
}

// each does one thing with each file, several at once, until the first error. The workers stay for all files: a
// goroutine for each grows its stack anew down to the depth of the SDK, which cost 14 % of a publish.
func (p *publisher) each(ctx context.Context, files []File, do func(context.Context, File) error) error {
	var next atomic.Int64
	group, ctx := errgroup.WithContext(ctx)
	for range min(p.opt.Workers, len(files)) {
		group.Go(func() error {
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= len(files) {
					return nil
				}
				if err := report.Caught(func() error { return do(ctx, files[i]) }); err != nil {
					return err
				}
			}
			return ctx.Err()
		})
	}
	return group.Wait()
}

func (p *publisher) has(path string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, ok := p.there[path]
	return ok
}

// putShared uploads a file below o/, where another publisher may have been faster since the list was taken: the same
// bytes are welcome, others are not overwritten.
func (p *publisher) putShared(ctx context.Context, f File) error {
	err := p.put(ctx, f, store.If{Absent: true})
	if !errors.Is(err, store.ErrPrecondition) {
		return err
	}
	obj, v, err := byObject(ctx, p.st, p.set.Slug+"/"+f.Path, f)
	if err != nil {
		return err
	}
	if v != same {
		return &DiffersError{[]string{f.Path}}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.there[f.Path] = obj
	p.result.Present++
	return nil
}

// put uploads one file below <slug>/ and tells of it.
func (p *publisher) put(ctx context.Context, f File, cond store.If) error {
	name := p.set.Slug + "/" + f.Path
	body := store.Body{Size: f.Size, Open: f.Open}
	if strings.Contains(f.Path, "/") { // the pointer and the entrances are not in the total
		body.Sent = func(n int64) {
			p.sink(report.Event{Kind: report.Uploading, Done: p.bytes.done.Add(n), Total: p.bytes.total.Load()})
		}
	}
	obj, err := p.st.Put(ctx, name, body, f.meta(), cond)
	if err != nil {
		return err
	}
	p.sink(report.Event{Kind: report.Uploaded, Object: name, Total: f.Size})
	p.mu.Lock()
	defer p.mu.Unlock()
	p.there[f.Path] = obj
	p.result.Uploaded++
	p.result.UploadedBytes += f.Size
	return nil
}
