package s3

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
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
)

// parts sends a large object in parts. Each part is read once for its digest and the whole's, and once to be sent under
// that digest, so what arrives is what the whole's digest was taken of. Nothing is held in memory but the sockets' buffers.
func (p *upload) parts(ctx context.Context) (store.Object, error) {
	begin := &s3.CreateMultipartUploadInput{
		Bucket: &p.bucket, Key: aws.String(p.key(p.name)), ContentType: text(p.meta.Type), CacheControl: text(p.meta.CacheControl),
		ContentDisposition: text(p.meta.Disposition), Metadata: p.headers,
	}
	tag, err := p.multipart(ctx, begin, p.cond, p.sendParts, plainly, p.count)
	if err != nil {
		return store.Object{}, err
	}
	return p.object(p.size, tag, ""), nil
}

// multipart makes an object of the parts that send gives, or leaves nothing. The object appears when the last request, the one
// that carries the condition, is answered; its ETag is what comes back. first and last are options of the two requests.
func (s *Store) multipart(ctx context.Context, begin *s3.CreateMultipartUploadInput, cond store.If,
	send func(ctx context.Context, id *string) ([]types.CompletedPart, error), first, last func(*s3.Options)) (tag string, err error) {
	started, err := s.client.CreateMultipartUpload(ctx, begin, first)
	if err != nil {
		return "", err
	}
	done, err := send(ctx, started.UploadId)
	if err == nil {
		in := &s3.CompleteMultipartUploadInput{Bucket: begin.Bucket, Key: begin.Key, UploadId: started.UploadId,
			MultipartUpload: &types.CompletedMultipartUpload{Parts: done}}
		in.IfNoneMatch, in.IfMatch = conditions(cond)
		var out *s3.CompleteMultipartUploadOutput
		if out, err = s.client.CompleteMultipartUpload(ctx, in, last); err == nil {
			return aws.ToString(out.ETag), nil
		}
	}
	// Parts of an upload that nobody ends are paid for and seen by nobody. This must go out after a cancel, too.
	abort, cancel := context.WithTimeout(context.WithoutCancel(ctx), abortDeadline)
	defer cancel()
	s.client.AbortMultipartUpload(abort, &s3.AbortMultipartUploadInput{Bucket: begin.Bucket, Key: begin.Key, UploadId: started.UploadId})
	return "", err
}

// plainly sends a request as it is.
func plainly(*s3.Options) {}

// sendParts hashes part after part and sends them a few at once.
func (p *upload) sendParts(ctx context.Context, id *string) ([]types.CompletedPart, error) {
	src := readerAt(p.src)
	size := max(partSize, (p.size+maxParts-1)/maxParts)
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
		sum := hex.EncodeToString(part.Sum(nil))
		group.Go(func() error {
			number := aws.Int32(int32(i + 1))
			out, err := p.client.UploadPart(ctx, &s3.UploadPartInput{Bucket: &p.bucket, Key: aws.String(p.key(p.name)), UploadId: id,
				PartNumber: number, Body: io.NewSectionReader(src, off, n), ContentLength: &n}, withPayloadHash(sum))
			if err == nil {
				p.body.Arrived(n)
				done[i] = types.CompletedPart{ETag: out.ETag, PartNumber: number}
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
