package s3

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"hash/crc32"
	"io"
	"net"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"golang.org/x/sync/errgroup"
)

// A large object whose digest is not known is read twice: once for the digests of the whole and of each part, once to be sent under them. The server
// compares each part, so what is stored is what was hashed.
//
// A part's digest is its CRC-32 where the server is known to compare it, and its SHA-256 where not. The second SHA-256 of every byte
// costs a third of the CPU of an upload. The CRC finds what goes wrong by accident, which is all that can happen on a connection with TLS, or within
// this machine; on others, the signature covers the SHA-256.

// survey reads the whole object once, for its digest and those of its parts.
func (p *upload) survey(ctx context.Context, size int64) (err error) {
	if p.crc, err = p.comparesCRC(ctx); err != nil {
		return err
	}
	src := readerAt(p.src)
	whole := sha256.New()
	buffer := make([]byte, 256<<10)
	var read int64
	for off := int64(0); off < p.size; off += size {
		if err := ctx.Err(); err != nil {
			return err
		}
		part := p.partHash()
		n, err := io.CopyBuffer(io.MultiWriter(whole, part), struct{ io.Reader }{io.NewSectionReader(src, off, min(size, p.size-off))}, buffer)
		if err != nil {
			return err
		}
		read += n
		p.sums = append(p.sums, p.partSum(part))
	}
	return p.compare(read+p.beyond(src), hex.EncodeToString(whole.Sum(nil)))
}

func (p *upload) partHash() hash.Hash {
	if p.crc {
		return crc32.NewIEEE()
	}
	return sha256.New()
}

// partSum is a part's digest as the request carries it.
func (p *upload) partSum(h hash.Hash) string {
	if p.crc {
		return base64.StdEncoding.EncodeToString(h.Sum(nil))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// sendSurveyed sends the parts that the server lacks, a few at once.
func (p *upload) sendSurveyed(ctx context.Context, u *unfinished, size int64) ([]types.CompletedPart, error) {
	src := readerAt(p.src)
	done := make([]types.CompletedPart, len(p.sums))
	group, going := errgroup.WithContext(ctx)
	group.SetLimit(partsAtOnce)
	for i, sum := range p.sums {
		if going.Err() != nil {
			break
		}
		off, number := int64(i)*size, int32(i+1)
		part := io.NewSectionReader(src, off, min(size, p.size-off))
		if etag, ok := u.has(number, sum); ok {
			p.body.Arrived(part.Size())
			done[i] = p.completed(number, etag, sum)
			continue
		}
		group.Go(func() (err error) {
			done[i], err = p.deliver(going, u, number, part, sum)
			return err
		})
	}
	return done, firstError(group.Wait(), ctx.Err())
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
