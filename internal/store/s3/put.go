package s3

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/middleware"

	"filmpress/internal/store"
)

// partSize is the size above which an object is sent in parts, and the size of a part, unless Options.Part says otherwise (S3 demands at least 5 MiB).
const partSize = 16 << 20

// lookFirst is the size from which a condition is looked at before the bytes are sent for nothing.
const lookFirst = 1 << 20

// What is kept beside an object: the SHA-256 of its plain bytes (x-amz-meta-sha256), and for a conditional write a word
// that only its writer knows, by which it recognises its own work after a lost reply.
const (
	shaKey    = "sha256"
	writerKey = "writer"
)

// Put sends the object, if the condition holds.
func (s *Store) Put(ctx context.Context, name string, body store.Body, meta store.Meta, cond store.If) (store.Object, error) {
	if err := s.storable(name); err != nil {
		return store.Object{}, err
	}
	if cond != (store.If{}) {
		ok, err := s.conditional(ctx)
		if err != nil {
			return store.Object{}, err
		}
		if !ok {
			return s.putUnguarded(ctx, name, body, meta, cond)
		}
		// A server that refuses a large body breaks the connection, which looks like a fault of the network.
		if body.Size > lookFirst {
			if err := s.holds(ctx, name, cond); err != nil {
				return store.Object{}, err
			}
		}
	}
	return s.put(ctx, name, body, meta, cond)
}

// storable refuses, with store.ErrName, what the bucket cannot hold.
func (s *Store) storable(name string) error {
	if err := store.CheckName(name); err != nil {
		return err
	}
	if len(s.key(name)) > 1024 {
		return fmt.Errorf("%w: with its prefix it is longer than 1024 bytes: it begins %.60q", store.ErrName, s.key(name))
	}
	return nil
}

// put sends the object with its condition, and understands a reply that was lost.
func (s *Store) put(ctx context.Context, name string, body store.Body, meta store.Meta, cond store.If) (store.Object, error) {
	opened, err := body.Open()
	if err != nil {
		return store.Object{}, err
	}
	defer opened.Close()
	src := io.ReadSeeker(source{opened})
	if at, ok := opened.(io.ReaderAt); ok {
		src = sourceAt{source{opened}, at}
	}
	p := upload{Store: s, name: name, src: src, body: body, size: body.Size, meta: meta, cond: cond, headers: map[string]string{shaKey: meta.SHA256}}
	if cond != (store.If{}) {
		p.headers[writerKey] = rand.Text()
	}
	obj, err := p.once(ctx)
	for try := 1; body.Size <= s.part && mangled(err); try++ { // it is hashed again, so a body that changed is told from the network
		if try == mangledTries {
			return store.Object{}, s.errMangled(name, err)
		}
		if _, err := p.src.Seek(0, io.SeekStart); err != nil {
			return store.Object{}, s.wrap(ctx, err, name)
		}
		obj, err = p.once(ctx)
	}
	if err == nil {
		p.arrived()
		return obj, nil
	}
	// A first attempt that won but whose reply was lost makes the second one fail: read back before calling it a conflict. The
	// second one need not be ours; proxies repeat requests, too.
	if errors.Is(s.judge(err).kind, store.ErrPrecondition) && cond != (store.If{}) || codeOf(err) == "NoSuchUpload" {
		if now, headers, e := s.head(ctx, name); e == nil && headers[shaKey] == p.meta.SHA256 && headers[writerKey] == p.headers[writerKey] {
			p.arrived()
			return now, nil
		}
	}
	// If-Match on an object that is gone is answered with 404.
	if cond.ETag != "" && statusOf(err) == http.StatusNotFound && codeOf(err) == "NoSuchKey" {
		return store.Object{}, &failure{store.ErrPrecondition, s.String() + "/" + name + " is gone", err}
	}
	return store.Object{}, s.wrap(ctx, err, name)
}

// upload is one Put under way.
type upload struct {
	*Store
	name    string
	body    store.Body
	src     io.ReadSeeker // the body, opened
	size    int64
	meta    store.Meta
	cond    store.If
	headers map[string]string // x-amz-meta-
	sums    []string          // of a large body that was surveyed: its parts' digests
	crc     bool              // these are CRC-32, base64; else SHA-256, hex
}

// once sends the object in the way that suits it.
func (p *upload) once(ctx context.Context) (store.Object, error) {
	switch {
	case p.size > p.part:
		return p.parts(ctx)
	case p.meta.Gzip && store.Compressible(p.meta.Type):
		return p.compressed(ctx)
	}
	return p.plain(ctx)
}

// arrived tells of a small object; a large one told part by part.
func (p *upload) arrived() {
	if p.size <= p.part {
		p.body.Arrived(p.size)
	}
}

// plain sends a small object as it is. It is read twice, once for its digest; the second time from memory's cache.
func (p *upload) plain(ctx context.Context) (store.Object, error) {
	hash := sha256.New()
	n, err := io.Copy(hash, p.src)
	if err != nil {
		return store.Object{}, err
	}
	if err := p.compare(n, hex.EncodeToString(hash.Sum(nil))); err != nil {
		return store.Object{}, err
	}
	if _, err := p.src.Seek(0, io.SeekStart); err != nil {
		return store.Object{}, err
	}
	return p.send(ctx, p.src, p.size, p.meta.SHA256, p.meta.MD5, "")
}

// compressed sends a small text gzipped, if that makes it smaller. The same text always gives the same bytes.
func (p *upload) compressed(ctx context.Context) (store.Object, error) {
	plain, err := io.ReadAll(p.src)
	if err != nil {
		return store.Object{}, err
	}
	if err := p.compare(int64(len(plain)), digest(plain)); err != nil {
		return store.Object{}, err
	}
	packed := store.Gzip(plain)
	if len(packed) >= len(plain) {
		return p.send(ctx, bytes.NewReader(plain), p.size, p.meta.SHA256, p.meta.MD5, "")
	}
	sum := md5.Sum(packed)
	return p.send(ctx, bytes.NewReader(packed), int64(len(packed)), digest(packed), hex.EncodeToString(sum[:]), "gzip")
}

// compare holds what was read against what was said of it. A digest that nobody said is the one that was found.
func (p *upload) compare(size int64, sum string) error {
	if p.meta.SHA256 == "" && p.body.Undigested {
		p.meta.SHA256 = sum
	}
	p.headers[shaKey] = p.meta.SHA256
	if size != p.size || sum != p.meta.SHA256 {
		return fmt.Errorf("%w: %s: %d bytes with sha256 %s, want %d with %s", store.ErrDamaged, p.name, size, sum, p.size, p.meta.SHA256)
	}
	return nil
}

// send puts bytes whose SHA-256 is known. The signature covers the digest, so the server compares it.
func (p *upload) send(ctx context.Context, body io.Reader, size int64, sum, md5Hex, encoding string) (store.Object, error) {
	in := &s3.PutObjectInput{
		Bucket: &p.bucket, Key: aws.String(p.key(p.name)), Body: body, ContentLength: &size,
		ContentType: text(p.meta.Type), CacheControl: text(p.meta.CacheControl), ContentDisposition: text(p.meta.Disposition),
		ContentEncoding: text(encoding), ContentMD5: contentMD5(md5Hex), Metadata: p.headers,
	}
	in.IfNoneMatch, in.IfMatch = conditions(p.cond)
	out, err := p.client.PutObject(ctx, in, withPayloadHash(sum))
	if err != nil {
		return store.Object{}, err
	}
	if aws.ToString(out.ETag) == "" {
		return store.Object{}, errNotS3 // a page that greets every request with 200
	}
	return p.object(size, aws.ToString(out.ETag), encoding), nil
}

// object is what a Put answers.
func (p *upload) object(size int64, tag, encoding string) store.Object {
	meta := p.meta
	meta.Gzip = encoding == "gzip"
	return store.Object{Name: p.name, Size: size, ETag: unquote(tag), Meta: meta}
}

// conditions gives a condition as If-None-Match and If-Match.
func conditions(cond store.If) (noneMatch, match *string) {
	if cond.Absent {
		noneMatch = aws.String("*")
	}
	if cond.ETag != "" {
		match = aws.String(`"` + cond.ETag + `"`)
	}
	return noneMatch, match
}

func unquote(tag string) string { return strings.Trim(tag, `"`) }

// contentMD5 gives a digest as the header Content-MD5 wants it (RFC 1864).
func contentMD5(hexDigest string) *string {
	raw, err := hex.DecodeString(hexDigest)
	if err != nil || len(raw) != md5.Size {
		return nil
	}
	return aws.String(base64.StdEncoding.EncodeToString(raw))
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// withPayloadHash tells the SDK the SHA-256 of a body that was hashed already; it would read it once more otherwise.
func withPayloadHash(sum string) func(*s3.Options) {
	return s3.WithAPIOptions(func(stack *middleware.Stack) error {
		return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("filmpress.PayloadHash",
			func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
				return next.HandleInitialize(v4.SetPayloadHash(ctx, sum), in)
			}), middleware.Before)
	})
}

// Delete removes an object.
func (s *Store) Delete(ctx context.Context, name string) error {
	if store.CheckName(name) != nil {
		return nil
	}
	_, err := s.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &s.bucket, Key: aws.String(s.key(name))})
	if err = s.wrap(ctx, err, name); errors.Is(err, store.ErrNotFound) {
		return nil
	}
	return err
}
