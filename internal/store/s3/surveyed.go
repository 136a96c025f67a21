package s3

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"hash"
	"hash/crc32"
	"io"
	"net"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"golang.org/x/sync/errgroup"

	"filmpress/internal/store"
)

// A large object whose digest is not known, or whose upload may be gone on with, is read twice: once for the digests of the whole and of each part,
// once to be sent under them. The server compares each part, so what is stored is what was hashed.
//
// A part's digest is its CRC-32 where the server is known to compare it, and its SHA-256 where not. The second SHA-256 of every byte
// costs a third of the CPU of an upload. The CRC finds what goes wrong by accident, which is all that can happen on a connection with TLS, or within
// this machine; on others, the signature covers the SHA-256.

// survey is what was found in the first pass.
type survey struct {
	whole string
	size  int64 // of a part
	crc   bool
	parts []partSum
}

// partSum is a part's digest as the request carries it.
type partSum struct {
	length int64
	sum    string // base64 of the CRC-32, or hex of the SHA-256
}

// section is a part of the body.
func (v survey) section(src io.ReaderAt, i int) *io.SectionReader {
	return io.NewSectionReader(src, int64(i)*v.size, v.parts[i].length)
}

// survey reads the whole object once.
func (p *upload) survey(ctx context.Context, crc bool) (survey, error) {
	src := readerAt(p.src)
	v := survey{size: max(partSize, (p.size+maxParts-1)/maxParts), crc: crc}
	whole := sha256.New()
	buffer := make([]byte, 256<<10)
	var read int64
	for off := int64(0); off < p.size; off += v.size {
		if err := ctx.Err(); err != nil {
			return v, err
		}
		var part hash.Hash = sha256.New()
		if crc {
			part = crc32.NewIEEE()
		}
		n, err := io.CopyBuffer(io.MultiWriter(whole, part), struct{ io.Reader }{io.NewSectionReader(src, off, min(v.size, p.size-off))}, buffer)
		if err != nil {
			return v, err
		}
		read += n
		sum := part.Sum(nil)
		if crc {
			v.parts = append(v.parts, partSum{n, base64.StdEncoding.EncodeToString(sum)})
		} else {
			v.parts = append(v.parts, partSum{n, hex.EncodeToString(sum)})
		}
	}
	v.whole = hex.EncodeToString(whole.Sum(nil))
	return v, p.compare(read+p.beyond(src), v.whole)
}

// surveyed sends a large object in two passes. Where a note tells of an upload of the same bytes that was broken off, it goes on with it.
func (p *upload) surveyed(ctx context.Context) (store.Object, error) {
	crc, err := p.comparesCRC(ctx)
	if err != nil {
		return store.Object{}, err
	}
	v, err := p.survey(ctx, crc)
	if err != nil {
		return store.Object{}, err
	}
	n := p.noteOf()
	done := make([]types.CompletedPart, len(v.parts))
	if !n.fits(v) || !p.present(ctx, n.ID, v, done) {
		if err := p.begin(ctx, &n, v); err != nil {
			return store.Object{}, err
		}
		clear(done)
	}
	err = p.sendSurveyed(ctx, n.ID, v, done)
	if err == nil {
		in := &s3.CompleteMultipartUploadInput{Bucket: &p.bucket, Key: aws.String(p.key(p.name)), UploadId: &n.ID,
			MultipartUpload: &types.CompletedMultipartUpload{Parts: done}}
		in.IfNoneMatch, in.IfMatch = conditions(p.cond)
		var out *s3.CompleteMultipartUploadOutput
		if out, err = p.client.CompleteMultipartUpload(ctx, in, p.count); err == nil {
			p.forget()
			return p.object(p.size, aws.ToString(out.ETag), ""), nil
		}
	}
	if p.unfinished != "" && (ctx.Err() != nil || errors.Is(p.wrap(ctx, err, p.name), store.ErrUnreachable)) {
		return store.Object{}, err // the next run goes on with it
	}
	p.forget()
	abort, cancel := context.WithTimeout(context.WithoutCancel(ctx), abortDeadline)
	defer cancel()
	p.client.AbortMultipartUpload(abort, &s3.AbortMultipartUploadInput{Bucket: &p.bucket, Key: aws.String(p.key(p.name)), UploadId: &n.ID})
	return store.Object{}, err
}

// begin begins an upload and notes it.
func (p *upload) begin(ctx context.Context, n *note, v survey) error {
	in := &s3.CreateMultipartUploadInput{
		Bucket: &p.bucket, Key: aws.String(p.key(p.name)), ContentType: text(p.meta.Type), CacheControl: text(p.meta.CacheControl),
		ContentDisposition: text(p.meta.Disposition), Metadata: p.headers,
	}
	if v.crc {
		in.ChecksumAlgorithm = types.ChecksumAlgorithmCrc32
	}
	started, err := p.client.CreateMultipartUpload(ctx, in)
	if err != nil {
		return err
	}
	if aws.ToString(started.UploadId) == "" {
		return errNotS3
	}
	*n = note{ID: aws.ToString(started.UploadId), SHA256: v.whole, Size: p.size, Part: v.size, CRC: v.crc, Type: p.meta.Type, Cache: p.meta.CacheControl, Disposition: p.meta.Disposition, Writer: p.headers[writerKey]}
	p.keep(*n)
	return nil
}

// sendSurveyed sends the parts that are not there yet, a few at once.
func (p *upload) sendSurveyed(ctx context.Context, id string, v survey, done []types.CompletedPart) error {
	src := readerAt(p.src)
	group, going := errgroup.WithContext(ctx)
	group.SetLimit(partsAtOnce)
	for i, part := range v.parts {
		if going.Err() != nil {
			break
		}
		if done[i].ETag != nil {
			p.body.Arrived(part.length)
			continue
		}
		group.Go(func() error {
			in := &s3.UploadPartInput{Bucket: &p.bucket, Key: aws.String(p.key(p.name)), UploadId: &id, PartNumber: aws.Int32(int32(i + 1)),
				Body: v.section(src, i), ContentLength: &part.length}
			payload := part.sum
			if v.crc {
				in.ChecksumCRC32, payload = &part.sum, "UNSIGNED-PAYLOAD"
			}
			out, err := p.client.UploadPart(going, in, withPayloadHash(payload))
			if err != nil {
				return err
			}
			p.body.Arrived(part.length)
			done[i] = types.CompletedPart{ETag: out.ETag, PartNumber: in.PartNumber, ChecksumCRC32: in.ChecksumCRC32}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	return ctx.Err()
}

// present finds out which parts an unfinished upload has, by size and digest; false is that there is no such upload any more.
func (p *upload) present(ctx context.Context, id string, v survey, done []types.CompletedPart) bool {
	pages := s3.NewListPartsPaginator(p.client, &s3.ListPartsInput{Bucket: &p.bucket, Key: aws.String(p.key(p.name)), UploadId: &id})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return false
		}
		for _, part := range page.Parts {
			i := int(aws.ToInt32(part.PartNumber)) - 1
			if i < 0 || i >= len(v.parts) || aws.ToInt64(part.Size) != v.parts[i].length || aws.ToString(part.ETag) == "" || !p.holdsPart(v, i, part) {
				continue
			}
			done[i] = types.CompletedPart{ETag: part.ETag, PartNumber: aws.Int32(int32(i + 1))}
			if v.crc {
				done[i].ChecksumCRC32 = &v.parts[i].sum
			}
		}
	}
	return true
}

// holdsPart compares a part that is there with ours: by the CRC that the server names, else by its ETag, which is the part's MD5 but in buckets with
// keys of their own. What cannot be compared is sent again.
func (p *upload) holdsPart(v survey, i int, part types.Part) bool {
	if v.crc {
		if sum := aws.ToString(part.ChecksumCRC32); sum != "" {
			return sum == v.parts[i].sum
		}
	}
	weak := md5.New()
	if _, err := io.Copy(weak, v.section(readerAt(p.src), i)); err != nil {
		return false
	}
	return unquote(aws.ToString(part.ETag)) == hex.EncodeToString(weak.Sum(nil))
}

// comparesCRC tells whether the server compares a CRC-32 that comes with the bytes, and nobody on the way could change both. Amazon does; another
// server is asked once, by an object with a wrong one and an object with the right one.
func (s *Store) comparesCRC(ctx context.Context) (bool, error) {
	if s.endpoint.Scheme != "https" && !loopback(s.endpoint.Hostname()) {
		return false, nil
	}
	if s.aws {
		return true, nil
	}
	s.sums.Lock()
	defer s.sums.Unlock()
	if s.sumSupport == unasked {
		ok, err := s.probeCRC(ctx)
		if err != nil {
			return false, err
		}
		if s.sumSupport = missing; ok {
			s.sumSupport = good
		}
	}
	return s.sumSupport == good, nil
}

func (s *Store) probeCRC(ctx context.Context) (bool, error) {
	name := ".filmpress-check-" + rand.Text()
	content := []byte("filmpress")
	write := func(sum uint32) error {
		in := &s3.PutObjectInput{Bucket: &s.bucket, Key: aws.String(s.key(name)), Body: bytes.NewReader(content), ContentLength: aws.Int64(int64(len(content))),
			ChecksumCRC32: aws.String(base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint32(nil, sum)))}
		_, err := s.client.PutObject(ctx, in, withPayloadHash("UNSIGNED-PAYLOAD"))
		return err
	}
	defer s.Delete(context.WithoutCancel(ctx), name)
	right := crc32.ChecksumIEEE(content)
	wrong := write(right + 1)
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	switch codeOf(wrong) {
	case "BadDigest", "InvalidDigest", "XAmzContentChecksumMismatch", "ChecksumMismatch":
		return write(right) == nil, ctx.Err()
	}
	return false, nil // stored though it was wrong, or not understood
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
