package s3

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/md5"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"filmpress/internal/store"
)

const (
	maxRewritten = 64 << 20 // bytes; pointers and entrances are far below
	rewriteTries = 3        // how often bytes are asked for, and sent, that break off or arrive changed
)

// Rewrite sends a small object anew, as it is stored, on the condition that it is still the same. A PUT drops all that it does not name, so what
// HEAD tells is sent again, and so are tags and rights.
func (s *Store) Rewrite(ctx context.Context, obj store.Object, meta store.Meta) (store.Object, error) {
	l, err := s.label(ctx, obj, meta)
	if err != nil || l.has(l.object) {
		return l.object, err
	}
	if l.object.Size > maxRewritten {
		return store.Object{}, fmt.Errorf("%w: %s/%s has %d bytes, and headers of what others may replace are mended up to %d; put it anew",
			store.ErrUnsupported, s, obj.Name, l.object.Size, maxRewritten)
	}
	tags, err := l.tags(ctx)
	if err != nil {
		return store.Object{}, err
	}
	b, err := l.read(ctx)
	if err != nil {
		return store.Object{}, err
	}
	guarded, err := l.conditional(ctx)
	if err != nil {
		return store.Object{}, err
	}
	if !guarded {
		if err := l.unchanged(ctx); err != nil {
			return store.Object{}, err
		}
	}
	return l.resend(ctx, b, tags, guarded)
}

// read gives the bytes as they are stored. They are held against their digest, since one digit of a pointer that changed on the way would name a release that never was.
func (l *labelling) read(ctx context.Context) ([]byte, error) {
	for try := 1; ; try++ {
		b, err := l.readOnce(ctx)
		if err == nil || ctx.Err() != nil || try == rewriteTries || !errors.Is(err, store.ErrUnreachable) && !errors.Is(err, store.ErrDamaged) {
			return b, err
		}
	}
}

func (l *labelling) readOnce(ctx context.Context) ([]byte, error) {
	out, err := l.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &l.bucket, Key: aws.String(l.key(l.name)), IfMatch: l.match()})
	if err != nil {
		return nil, l.judge(ctx, err)
	}
	defer out.Body.Close()
	if unquote(aws.ToString(out.ETag)) != l.object.ETag {
		return nil, fmt.Errorf("%w: %s/%s", store.ErrPrecondition, l.Store, l.name)
	}
	b, err := io.ReadAll(io.LimitReader(out.Body, maxRewritten+1))
	if err != nil {
		return nil, l.wrap(ctx, err, l.name)
	}
	sum, err := plainDigest(b, l.object.Gzip)
	if err != nil || int64(len(b)) != l.object.Size || l.object.SHA256 != "" && sum != l.object.SHA256 {
		return nil, fmt.Errorf("%w: %s/%s: what came is not what was stored", store.ErrDamaged, l.Store, l.name)
	}
	return b, nil
}

// plainDigest is the SHA-256 of stored bytes before they were packed.
func plainDigest(b []byte, packed bool) (string, error) {
	if !packed {
		return digest(b), nil
	}
	r, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	_, err = io.Copy(sum, r)
	return hex.EncodeToString(sum.Sum(nil)), err
}

// resend puts the bytes back under the new headers.
func (l *labelling) resend(ctx context.Context, b []byte, tags *string, guarded bool) (store.Object, error) {
	h, sum, writer := l.source, md5.Sum(b), rand.Text()
	beside := maps.Clone(h.Metadata)
	if beside == nil {
		beside = map[string]string{}
	}
	beside[writerKey] = writer
	in := &s3.PutObjectInput{
		Bucket: &l.bucket, Key: aws.String(l.key(l.name)), ContentLength: aws.Int64(int64(len(b))), ContentMD5: contentMD5(hex.EncodeToString(sum[:])),
		ContentType: text(l.meta.Type), CacheControl: text(l.meta.CacheControl), ContentDisposition: text(l.meta.Disposition),
		ContentEncoding: h.ContentEncoding, ContentLanguage: h.ContentLanguage, Metadata: beside, StorageClass: h.StorageClass, Tagging: tags,
		WebsiteRedirectLocation: h.WebsiteRedirectLocation, ServerSideEncryption: h.ServerSideEncryption, SSEKMSKeyId: h.SSEKMSKeyId, BucketKeyEnabled: h.BucketKeyEnabled,
		ObjectLockMode: h.ObjectLockMode, ObjectLockRetainUntilDate: h.ObjectLockRetainUntilDate, ObjectLockLegalHoldStatus: h.ObjectLockLegalHoldStatus,
		ACL: l.grants.canned, GrantFullControl: l.grants.full, GrantRead: l.grants.read, GrantReadACP: l.grants.readACP, GrantWriteACP: l.grants.writeACP,
	}
	if guarded {
		in.IfMatch = l.match()
	}
	var err error
	for try := 1; try <= rewriteTries; try++ {
		in.Body = bytes.NewReader(b)
		if _, err = l.client.PutObject(ctx, in, withPayloadHash(digest(b)), l.expires()); !mangled(err) {
			break
		}
	}
	if err != nil && statusOf(err) != http.StatusPreconditionFailed {
		return store.Object{}, l.judge(ctx, err)
	}
	// A first try that won and lost its reply makes the second one fail, and without conditions somebody may have written in the same moment: the
	// writer's word tells whose work is there.
	now, there, seen := l.head(ctx, l.name)
	switch {
	case seen != nil:
		return store.Object{}, l.judge(ctx, seen)
	case there[writerKey] != writer:
		return store.Object{}, fmt.Errorf("%w: %s/%s was written while its headers were mended", store.ErrPrecondition, l.Store, l.name)
	}
	return now, nil
}
