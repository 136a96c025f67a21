package s3

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"golang.org/x/sync/errgroup"

	"filmpress/internal/store"
)

const (
	maxParts      = 10_000 // of S3
	partsAtOnce   = 4
	abortDeadline = 20 * time.Second
	mangledTries  = 3 // how often bytes are sent that arrive changed
)

// parts sends a large object in parts. Each part is read once for its digest and the whole's, and once to be sent under
// that digest, so what arrives is what the whole's digest was taken of. Nothing is held in memory but the sockets' buffers.
// Parts that an earlier run sent are read for the whole's digest, and not sent again.
func (p *upload) parts(ctx context.Context) (store.Object, error) {
	size := max(partSize, (p.size+maxParts-1)/maxParts)
	u, err := p.recall(ctx, size)
	if err != nil {
		return store.Object{}, err
	}
	defer u.close()
	if err := p.begin(ctx, u); err != nil {
		u.forget()
		return store.Object{}, err
	}
	done, err := p.sendParts(ctx, u, size)
	if err == nil {
		in := &s3.CompleteMultipartUploadInput{Bucket: &p.bucket, Key: aws.String(p.key(p.name)), UploadId: &u.head.Upload,
			MultipartUpload: &types.CompletedMultipartUpload{Parts: done}}
		in.IfNoneMatch, in.IfMatch = conditions(p.cond)
		var out *s3.CompleteMultipartUploadOutput
		if out, err = p.client.CompleteMultipartUpload(ctx, in); err == nil {
			u.forget()
			return p.object(p.size, aws.ToString(out.ETag), ""), nil
		}
	}
	if u.file != nil && resumable(ctx, err) {
		return store.Object{}, err
	}
	u.forget()
	p.abort(ctx, u.head.Upload)
	return store.Object{}, err
}

// begin starts an upload, unless one is gone on with.
func (p *upload) begin(ctx context.Context, u *unfinished) error {
	resumed := u.head.Upload != ""
	if p.cond != (store.If{}) {
		if u.head.Writer == "" {
			u.head.Writer = p.headers[writerKey]
		}
		p.headers[writerKey] = u.head.Writer
	}
	if resumed {
		return nil
	}
	started, err := p.client.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{
		Bucket: &p.bucket, Key: aws.String(p.key(p.name)), ContentType: text(p.meta.Type), CacheControl: text(p.meta.CacheControl),
		ContentDisposition: text(p.meta.Disposition), Metadata: p.headers,
	})
	if err != nil {
		return err
	}
	if aws.ToString(started.UploadId) == "" {
		return errNotS3
	}
	u.begin(*started.UploadId)
	return nil
}

// abort gives an upload up: parts of one that nobody ends are paid for and seen by nobody. It must go out after a cancel, too.
func (p *upload) abort(ctx context.Context, id string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), abortDeadline)
	defer cancel()
	p.client.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: &p.bucket, Key: aws.String(p.key(p.name)), UploadId: &id})
}

// sendParts hashes part after part and sends them a few at once.
func (p *upload) sendParts(ctx context.Context, u *unfinished, size int64) ([]types.CompletedPart, error) {
	src := readerAt(p.src)
	done := make([]types.CompletedPart, (p.size+size-1)/size)
	whole := sha256.New()
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(partsAtOnce)
	var read int64
	for i := range done {
		if ctx.Err() != nil {
			break
		}
		off := int64(i) * size
		section := io.NewSectionReader(src, off, min(size, p.size-off))
		part := sha256.New()
		n, err := io.Copy(io.MultiWriter(whole, part), section)
		if err != nil {
			return nil, firstError(group.Wait(), err)
		}
		read += n
		if n < section.Size() { // shorter than it was said to be
			return nil, firstError(group.Wait(), p.compare(read, hex.EncodeToString(whole.Sum(nil))))
		}
		number, sum := int32(i+1), hex.EncodeToString(part.Sum(nil))
		if etag, ok := u.has(number, sum); ok {
			p.body.Arrived(n)
			done[i] = completed(number, etag)
			continue
		}
		group.Go(func() error {
			etag, err := p.sendPart(ctx, u.head.Upload, number, io.NewSectionReader(src, off, n), sum)
			if err == nil {
				p.body.Arrived(n)
				u.add(number, sum, etag)
				done[i] = completed(number, etag)
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil && read < p.size {
		return nil, err
	}
	return done, p.compare(read+p.beyond(src), hex.EncodeToString(whole.Sum(nil)))
}

func completed(number int32, etag string) types.CompletedPart {
	return types.CompletedPart{ETag: aws.String(`"` + etag + `"`), PartNumber: &number}
}

// sendPart sends one part. Where the server gets other bytes, the part is hashed again: if it still is what it was, they were
// changed on the way, and it is sent again.
func (p *upload) sendPart(ctx context.Context, id string, number int32, part *io.SectionReader, sum string) (etag string, err error) {
	for try := 1; ; try++ {
		out, err := p.client.UploadPart(ctx, &s3.UploadPartInput{Bucket: &p.bucket, Key: aws.String(p.key(p.name)), UploadId: &id,
			PartNumber: &number, Body: part, ContentLength: aws.Int64(part.Size())}, withPayloadHash(sum))
		switch {
		case err == nil && aws.ToString(out.ETag) == "":
			return "", errNotS3
		case err == nil:
			return unquote(*out.ETag), nil
		case !mangled(err):
			return "", err
		case try == mangledTries:
			return "", p.errMangled(p.name, err)
		}
		if _, err := part.Seek(0, io.SeekStart); err != nil {
			return "", err
		}
		hash := sha256.New()
		if _, err := io.Copy(hash, part); err != nil {
			return "", err
		}
		if now := hex.EncodeToString(hash.Sum(nil)); now != sum {
			return "", fmt.Errorf("%w: %s: part %d was changed while it was sent", store.ErrDamaged, p.name, number)
		}
		if _, err := part.Seek(0, io.SeekStart); err != nil {
			return "", err
		}
	}
}

// beyond is 1 where the source is longer than it was said to be.
func (p *upload) beyond(src io.ReaderAt) int64 {
	n, _ := src.ReadAt(make([]byte, 1), p.size)
	return int64(n)
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// readerAt reads a source at several places at once: directly, as files can, or in turn.
func readerAt(src io.ReadSeeker) io.ReaderAt {
	if r, ok := src.(io.ReaderAt); ok {
		return r
	}
	return &seeking{src: src}
}

// sourceAt is a source that can be read at several places at once.
type sourceAt struct {
	source
	at io.ReaderAt
}

func (s sourceAt) ReadAt(p []byte, off int64) (int, error) {
	n, err := s.at.ReadAt(p, off)
	if err != nil && err != io.EOF {
		err = &sourceError{err}
	}
	return n, err
}

type seeking struct {
	mu  sync.Mutex
	src io.ReadSeeker
}

func (s *seeking) ReadAt(b []byte, off int64) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.src.Seek(off, io.SeekStart); err != nil {
		return 0, err
	}
	n, err := io.ReadFull(s.src, b)
	if err == io.ErrUnexpectedEOF {
		err = io.EOF
	}
	return n, err
}
