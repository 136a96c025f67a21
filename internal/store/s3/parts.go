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
	size := max(p.part, (p.size+maxParts-1)/maxParts)
	if p.body.Undigested {
		if err := p.survey(ctx, size); err != nil {
			return store.Object{}, err
		}
	}
	u, err := p.recall(ctx, size)
	if err != nil {
		return store.Object{}, err
	}
	defer u.close()
	if err := p.begin(ctx, u); err != nil {
		u.forget()
		return store.Object{}, err
	}
	send := p.sendParts
	if p.body.Undigested {
		send = p.sendSurveyed
	}
	done, err := send(ctx, u, size)
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
	p.abort(ctx, aws.String(p.key(p.name)), u.head.Upload)
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
	in := &s3.CreateMultipartUploadInput{
		Bucket: &p.bucket, Key: aws.String(p.key(p.name)), ContentType: text(p.meta.Type), CacheControl: text(p.meta.CacheControl),
		ContentDisposition: text(p.meta.Disposition), Metadata: p.headers,
	}
	if p.crc {
		in.ChecksumAlgorithm = types.ChecksumAlgorithmCrc32
	}
	started, err := p.client.CreateMultipartUpload(ctx, in)
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
func (s *Store) abort(ctx context.Context, key *string, id string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), abortDeadline)
	defer cancel()
	s.client.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: &s.bucket, Key: key, UploadId: &id})
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
	s.abort(ctx, begin.Key, aws.ToString(started.UploadId))
	return "", err
}

// plainly sends a request as it is.
func plainly(*s3.Options) {}

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
			done[i] = p.completed(number, etag, sum)
			continue
		}
		group.Go(func() (err error) {
			done[i], err = p.deliver(ctx, u, number, io.NewSectionReader(src, off, n), sum)
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

// deliver sends one part, and remembers that it arrived.
func (p *upload) deliver(ctx context.Context, u *unfinished, number int32, part *io.SectionReader, sum string) (types.CompletedPart, error) {
	done, err := p.sendPart(ctx, u.head.Upload, number, part, sum)
	if err == nil {
		p.body.Arrived(part.Size())
		u.add(number, sum, *done.ETag)
	}
	return done, err
}

// sendPart sends one part under its digest, which the server compares. Where the server gets other bytes, the part is hashed again: if it still is
// what it was, they were changed on the way, and it is sent again.
func (p *upload) sendPart(ctx context.Context, id string, number int32, part *io.SectionReader, sum string) (types.CompletedPart, error) {
	none := types.CompletedPart{}
	in := &s3.UploadPartInput{Bucket: &p.bucket, Key: aws.String(p.key(p.name)), UploadId: &id, PartNumber: &number, Body: part, ContentLength: aws.Int64(part.Size())}
	payload := sum
	if p.crc {
		in.ChecksumCRC32, payload = &sum, "UNSIGNED-PAYLOAD"
	}
	for try := 1; ; try++ {
		out, err := p.client.UploadPart(ctx, in, withPayloadHash(payload))
		switch {
		case err == nil && aws.ToString(out.ETag) == "":
			return none, errNotS3
		case err == nil:
			return p.completed(number, unquote(*out.ETag), sum), nil
		case !mangled(err):
			return none, err
		case try == mangledTries:
			return none, p.errMangled(p.name, err)
		}
		if _, err := part.Seek(0, io.SeekStart); err != nil {
			return none, err
		}
		hash := p.partHash()
		if _, err := io.Copy(hash, part); err != nil {
			return none, err
		}
		if now := p.partSum(hash); now != sum {
			return none, fmt.Errorf("%w: %s: part %d was changed while it was sent", store.ErrDamaged, p.name, number)
		}
		if _, err := part.Seek(0, io.SeekStart); err != nil {
			return none, err
		}
	}
}

// completed is a part as the last request names it.
func (p *upload) completed(number int32, etag, sum string) types.CompletedPart {
	c := types.CompletedPart{ETag: aws.String(`"` + etag + `"`), PartNumber: &number}
	if p.crc {
		c.ChecksumCRC32 = &sum
	}
	return c
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
