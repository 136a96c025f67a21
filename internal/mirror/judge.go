package mirror

import (
	"context"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"hash/fnv"
	"io"
	"sync"
	"time"

	"filmpress/internal/store"
)

// verdict says whether the two sides hold the same bytes under a name.
type verdict uint8

const (
	ask     verdict = iota // the lists do not tell
	same                   //
	differs                //
)

// byList judges by what the lists and the caches tell, without a request and without reading a file. Times never count: a checkout
// sets them anew, and a careful liar sets them back.
func (r *run) byList(it *item) verdict {
	local, remote := it.src, *it.dst
	switch {
	case r.src.folder != nil && r.dst.folder != nil:
		switch {
		case it.src.size != it.dst.size:
			return differs
		case it.src.sha == "" || it.dst.sha == "":
			return ask
		case it.src.sha == it.dst.sha:
			return same
		}
		return differs
	case r.src.folder == nil && r.dst.folder == nil:
		if it.src.etag != "" && it.src.etag == it.dst.etag && it.src.size == it.dst.size || it.src.holds(*it.dst) {
			return same
		}
		if it.src.size != it.dst.size && !packable(it.src.name) {
			return differs
		}
		return ask
	case r.src.folder == nil:
		local, remote = *it.dst, it.src
	}
	if local.holds(remote) {
		return same
	}
	// A bucket may hold a text gzipped, and then its size tells nothing. It is then smaller.
	if local.size != remote.size && !(packable(local.name) && remote.size < local.size) {
		return differs
	}
	return ask
}

// holds tells whether an object was seen to hold these bytes.
func (k known) holds(obj entry) bool {
	return k.etag != "" && k.etag == obj.etag && k.stored == obj.size
}

// packable tells whether filmpress stores objects of that name gzipped.
func packable(name string) bool { return store.Compressible(store.TypeOf(name)) }

// judge finds out whether the bytes are the same: by MD5 where the ETag is one, by the SHA-256 beside the object where not.
func (r *run) judge(ctx context.Context, it *item) (verdict, error) {
	if it.verdict != ask {
		return it.verdict, nil
	}
	switch {
	case r.src.folder != nil && r.dst.folder != nil:
		return r.judgeFolders(it)
	case r.src.folder != nil:
		return r.judgeFile(ctx, r.src, it.src, r.dst, *it.dst)
	case r.dst.folder != nil:
		return r.judgeFile(ctx, r.dst, *it.dst, r.src, it.src)
	}
	return r.judgeObjects(ctx, it)
}

// judgeFile compares a file with an object.
func (r *run) judgeFile(ctx context.Context, at end, file entry, in end, obj entry) (verdict, error) {
	if file.size == obj.size && isMD5(obj.etag) {
		sums, err := r.digest(at, file, want{md5: true})
		if err != nil {
			return ask, err
		}
		if sums.md5 == obj.etag {
			at.remember(file, known{file.sha, obj.etag, obj.size}, sums.read)
			return same, nil
		}
	}
	// Not that MD5. In a bucket with keys of its own an ETag only looks like one, and a gzipped text has that of other bytes.
	beside, err := in.Store.Stat(ctx, obj.name)
	if errors.Is(err, store.ErrNotFound) || err == nil && obj.etag != "" && beside.ETag != obj.etag {
		if in.Store == r.dst.Store {
			return ask, store.ErrPrecondition
		}
		return ask, errChanged
	}
	if err != nil {
		return ask, err
	}
	if beside.SHA256 == "" {
		return differs, nil // nobody says what it holds
	}
	sha, read := file.sha, r.Now()
	if sha == "" {
		sums, err := r.digest(at, file, want{sha: true})
		if err != nil {
			return ask, err
		}
		sha, read = sums.sha, sums.read
	}
	if sha != beside.SHA256 {
		at.remember(file, known{sha: sha}, read)
		return differs, nil
	}
	at.remember(file, known{sha, obj.etag, obj.size}, read)
	return same, nil
}

// judgeObjects compares two objects by what stands beside them.
func (r *run) judgeObjects(ctx context.Context, it *item) (verdict, error) {
	a, err := r.src.Store.Stat(ctx, it.src.name)
	if err != nil {
		return ask, err
	}
	b, err := r.dst.Store.Stat(ctx, it.dst.name)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return ask, err
	}
	if a.SHA256 == "" || a.SHA256 != b.SHA256 {
		return differs, nil
	}
	r.rememberPair(it.src, b)
	return same, nil
}

// judgeFolders compares two files.
func (r *run) judgeFolders(it *item) (verdict, error) {
	var sha [2]string
	for i, side := range []struct {
		end
		entry
	}{{r.src, it.src}, {r.dst, *it.dst}} {
		if sha[i] = side.sha; sha[i] != "" {
			continue
		}
		sums, err := r.digest(side.end, side.entry, want{sha: true})
		if err != nil {
			return ask, err
		}
		sha[i] = sums.sha
		side.remember(side.entry, known{sums.sha, side.known.etag, side.stored}, sums.read)
	}
	if sha[0] == sha[1] {
		return same, nil
	}
	return differs, nil
}

// remember keeps what a file holds.
func (e end) remember(file entry, k known, read time.Time) {
	e.cache.add(record{file.name, file.size, file.stamp, k}, read)
}

func (r *run) rememberPair(src entry, dst store.Object) {
	r.pair.add(record{src.name, src.size, pairStamp(src.etag), known{etag: dst.ETag, stored: dst.Size}}, r.Now())
}

// pairStamp stands for a bucket's object in the cache of two buckets: an ETag changes whenever the bytes do.
func pairStamp(etag string) stamp {
	h := fnv.New64a()
	io.WriteString(h, etag)
	return stamp{inode: h.Sum64()}
}

// want says which digests of a file are wanted.
type want struct{ md5, sha bool }

type sums struct {
	md5, sha string    // lower-case hex
	read     time.Time // when reading began
}

// digest reads a file once.
func (r *run) digest(at end, file entry, want want) (sums, error) {
	read := r.Now()
	f, err := at.folder.open(file)
	if err != nil {
		return sums{}, err
	}
	defer f.Close()
	weak, strong := md5.New(), sha256.New()
	var into []io.Writer
	if want.md5 {
		into = append(into, weak)
	}
	if want.sha {
		into = append(into, strong)
	}
	buffer := buffers.Get().(*[]byte)
	defer buffers.Put(buffer)
	n, err := io.CopyBuffer(io.MultiWriter(into...), onlyReader{f}, *buffer)
	if err == nil && n != file.size {
		err = errChanged
	}
	if err == nil {
		err = unchanged(f, file)
	}
	hexOf := func(h hash.Hash, wanted bool) string {
		if !wanted {
			return ""
		}
		return hex.EncodeToString(h.Sum(nil))
	}
	return sums{hexOf(weak, want.md5), hexOf(strong, want.sha), read}, err
}

// onlyReader hides a file's WriteTo, which would not use the buffer.
type onlyReader struct{ io.Reader }

// small is the size up to which an object is held in memory, and that of the buffers through which larger ones go. With all workers at work they
// take 4 MiB.
const small = 128 << 10

var buffers = sync.Pool{New: func() any { b := make([]byte, small); return &b }}
