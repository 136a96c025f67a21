package mirror

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path"
	"time"

	"filmpress/internal/store"
)

// copy makes the destination hold one object, by the shortest way.
func (r *run) copy(ctx context.Context, it *item) error {
	if r.src.folder != nil {
		return r.upload(ctx, it)
	}
	// Servers pass over conditions on a copy's destination, so what needs one comes through this machine. It is small.
	if c, ok := r.dst.Store.(store.Copier); ok && r.cond(it) == (store.If{}) && c.Reaches(r.src.Store) {
		return r.serverCopy(ctx, it, c)
	}
	return r.download(ctx, it)
}

// guarded tells of what viewers' addresses name, or leads to it: pointers, entrances, the library. A publisher may be at work on them at the
// destination. Playlists beside a pointer are among them.
func (r *run) guarded(name string) bool {
	at := settle(rankOf(name), r.heads[path.Dir(name)])
	return at == pointers || at == entrances || at == libraries
}

// cond is the condition under which an object is written. What is guarded is replaced only as it was listed. A folder's list has no ETags, so
// there is none there.
func (r *run) cond(it *item) store.If {
	if r.dst.folder != nil || !r.guarded(it.src.name) {
		return store.If{}
	}
	if it.dst == nil {
		return store.If{Absent: true}
	}
	return store.If{ETag: it.dst.etag}
}

// upload sends a file. A small one is read once, into memory; a larger one once for its digest and once to be sent, and the store compares. In
// either case it must be, when its last byte was read, the file that was looked at.
func (r *run) upload(ctx context.Context, it *item) error {
	read := r.Now()
	f, err := r.src.folder.open(it.src)
	if err != nil {
		return err
	}
	defer f.Close()
	body := store.Body{Size: it.src.size, Open: func() (io.ReadSeekCloser, error) { return r.reopen(it.src) }, Sent: r.sent, Undigested: true}
	if it.src.size <= small {
		buffer := buffers.Get()
		defer buffers.Put(buffer)
		b := (*buffer)[:it.src.size]
		if _, err := io.ReadFull(f, b); err != nil && err != io.EOF {
			return shorter(err)
		}
		if err := unchanged(f, it.src); err != nil {
			return err
		}
		body.Open = store.Bytes(b).Open
	}
	obj, err := r.dst.Store.Put(ctx, it.src.name, body, r.Rules.Meta(it.src.name), r.cond(it))
	if err != nil {
		return err
	}
	if r.dst.folder != nil {
		r.src.remember(it.src, known{obj.SHA256, it.src.known.etag, it.src.stored}, read)
		return r.arrived(it.src.name, known{sha: obj.SHA256})
	}
	r.src.remember(it.src, known{obj.SHA256, obj.ETag, obj.Size}, read)
	return nil
}

// shorter says of a file that ended early that it changed.
func shorter(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return errChanged
	}
	return err
}

// reopen opens a file to be sent.
func (r *run) reopen(e entry) (io.ReadSeekCloser, error) {
	f, err := r.src.folder.open(e)
	if err != nil {
		return nil, err
	}
	return &watchedFile{f, e}, nil
}

// watchedFile is a file whose end is reached only if it is still the one that was looked at, so that no mixture of two versions is ever whole.
type watchedFile struct {
	*os.File
	entry entry
}

// WriteTo is hidden, as it would pass Read by.
func (w *watchedFile) WriteTo(to io.Writer) (int64, error) {
	return io.Copy(to, onlyReader{w})
}

func (w *watchedFile) Read(p []byte) (int, error) {
	n, err := w.File.Read(p)
	if err == io.EOF {
		if e := unchanged(w.File, w.entry); e != nil {
			return n, e
		}
	}
	return n, err
}

func (w *watchedFile) ReadAt(p []byte, off int64) (int, error) {
	n, err := w.File.ReadAt(p, off)
	if off+int64(n) >= w.entry.size {
		if e := unchanged(w.File, w.entry); e != nil {
			return 0, e
		}
	}
	return n, err
}

// arrived remembers what a file that was just written at the destination holds.
func (r *run) arrived(name string, k known) error {
	if r.dst.root == nil { // the folder came into being with its first file
		return nil
	}
	size, at, err := r.dst.folder.look(name)
	if err == nil {
		r.dst.remember(entry{name: name, size: size, stamp: at}, k, r.Now().Add(time.Hour))
	}
	return nil
}

// serverCopy has the server copy an object within itself.
func (r *run) serverCopy(ctx context.Context, it *item, c store.Copier) error {
	beside, err := r.src.Store.Stat(ctx, it.src.name)
	if err != nil {
		return gone(err)
	}
	meta := r.Rules.Over(it.src.name, beside.Meta)
	obj, err := c.Copy(ctx, r.src.Store, store.Object{Name: it.src.name, ETag: it.src.etag, Size: it.src.size, Meta: beside.Meta}, it.src.name, meta)
	if errors.Is(err, store.ErrPrecondition) {
		return errChanged
	}
	if err != nil {
		return err
	}
	r.rememberPair(it.src, obj)
	r.sent(it.src.size)
	return nil
}

// gone says of an object that was listed and is not there that it changed.
func gone(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("%w (it is gone)", errChanged)
	}
	return err
}

// download brings an object through this machine.
func (r *run) download(ctx context.Context, it *item) error {
	rd, err := openRemote(ctx, r.src.Store, it.src)
	if err != nil {
		return err
	}
	defer rd.Close()
	meta := store.Meta{Type: rd.obj.Type, CacheControl: rd.obj.CacheControl, Disposition: rd.obj.Disposition, Gzip: rd.obj.Gzip, SHA256: rd.obj.SHA256}
	if r.dst.folder == nil {
		meta = r.Rules.Over(it.src.name, meta)
	}
	body := store.Body{Size: rd.obj.Size, Open: func() (io.ReadSeekCloser, error) { return rd, nil }, Sent: r.sent, Undigested: rd.obj.SHA256 == ""}
	switch {
	case r.dst.folder != nil && !rd.obj.Gzip:
	case rd.obj.Size <= small/2:
		buffer := buffers.Get()
		defer buffers.Put(buffer)
		b, whole, err := fill(rd, *buffer)
		if err != nil {
			return err
		}
		if whole {
			body.Size, body.Open = int64(len(b)), store.Bytes(b).Open
			break
		}
		rd.rewind()
		fallthrough
	default:
		spooled, drop, err := r.spool(rd)
		if err != nil {
			return err
		}
		defer drop()
		body.Size, body.Open = spooled.Size, spooled.Open
	}
	obj, err := r.dst.Store.Put(ctx, it.src.name, body, meta, r.cond(it))
	if err != nil {
		return err
	}
	if r.dst.folder == nil {
		r.rememberPair(it.src, obj)
		return nil
	}
	return r.arrived(it.src.name, known{obj.SHA256, it.src.etag, it.src.size})
}

// fill reads all of r into a buffer; whole is false where it does not fit, as a gzipped text may not.
func fill(r io.Reader, buffer []byte) (b []byte, whole bool, err error) {
	n, err := io.ReadFull(r, buffer)
	switch {
	case err == io.EOF || err == io.ErrUnexpectedEOF:
		return buffer[:n], true, nil
	case err != nil:
		return nil, false, err
	}
	var one [1]byte
	if m, err := r.Read(one[:]); m == 0 && err == io.EOF {
		return buffer, true, nil
	}
	return nil, false, nil
}

// What a packed object may be unpacked to: texts become forty times shorter, and short ones of much the same lines hundreds of times.
const (
	mostPacked = 64
	shortPlain = 64 << 20
	longPlain  = 8 << 30
)

// unpacked is how long the plain bytes of an object may be.
func unpacked(obj store.Object) int64 {
	if !obj.Gzip {
		return math.MaxInt64 - 1
	}
	return min(max(mostPacked*obj.Size, shortPlain), longPlain)
}

// spool writes an object into a file of this machine. A server must be told the digest and the size of what it gets before the bytes, and large
// objects are sent in several parts at once; neither can be done with bytes that come by once. The file has no name any more once it is open, so
// none is left behind, whatever ends this program.
func (r *run) spool(rd *remote) (store.Body, func(), error) {
	f, err := os.CreateTemp(r.Spool, "filmpress-sync-*")
	if err != nil {
		return store.Body{}, nil, err
	}
	if err := os.Remove(f.Name()); err != nil {
		f.Close()
		return store.Body{}, nil, err
	}
	buffer := buffers.Get()
	defer buffers.Put(buffer)
	most := unpacked(rd.obj)
	n, err := io.CopyBuffer(struct{ io.Writer }{f}, io.LimitReader(onlyReader{rd}, most+1), *buffer)
	if err == nil && n > most {
		err = fmt.Errorf("%w: it is packed, and unpacks to more than %d times its size, which fills this machine's disk", store.ErrRefused, mostPacked)
	}
	if err != nil {
		f.Close()
		return store.Body{}, nil, err
	}
	open := func() (io.ReadSeekCloser, error) { return section{io.NewSectionReader(f, 0, n)}, nil }
	return store.Body{Size: n, Open: open}, func() { f.Close() }, nil
}

// section is a part of a file that somebody else closes.
type section struct{ *io.SectionReader }

func (section) Close() error { return nil }
