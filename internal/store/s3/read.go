package s3

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"filmpress/internal/store"
)

// Get opens an object, unzipped where it was stored gzipped.
func (s *Store) Get(ctx context.Context, name string) (io.ReadCloser, store.Object, error) {
	if err := findable(name); err != nil {
		return nil, store.Object{}, err
	}
	out, err := s.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &s.bucket, Key: aws.String(s.key(name))})
	if err == nil && aws.ToString(out.ETag) == "" {
		out.Body.Close()
		err = errNotS3
	}
	if err != nil {
		return nil, store.Object{}, s.wrap(ctx, err, name)
	}
	obj := store.Object{Name: name, Size: aws.ToInt64(out.ContentLength), ETag: unquote(aws.ToString(out.ETag)), Meta: store.Meta{
		Type: aws.ToString(out.ContentType), CacheControl: aws.ToString(out.CacheControl), Disposition: aws.ToString(out.ContentDisposition),
		SHA256: out.Metadata[shaKey], Gzip: aws.ToString(out.ContentEncoding) == "gzip"}, Modified: aws.ToTime(out.LastModified)}
	body := &reading{s: s, ctx: ctx, name: name, raw: out.Body}
	body.plain = &body.wire
	body.wire.Reader = out.Body
	if obj.Gzip {
		if body.plain, err = gzip.NewReader(&body.wire); err != nil {
			out.Body.Close()
			return nil, store.Object{}, body.judge(err)
		}
	}
	return body, obj, nil
}

// GetFrom opens the stored bytes of obj from an offset on, as they are. An object that has another ETag now is ErrPrecondition.
func (s *Store) GetFrom(ctx context.Context, obj store.Object, offset int64) (io.ReadCloser, error) {
	in := &s3.GetObjectInput{Bucket: &s.bucket, Key: aws.String(s.key(obj.Name)), Range: aws.String(fmt.Sprintf("bytes=%d-", offset)), IfMatch: aws.String(`"` + obj.ETag + `"`)}
	out, err := s.client.GetObject(ctx, in)
	if err != nil {
		return nil, s.wrap(ctx, err, obj.Name)
	}
	if unquote(aws.ToString(out.ETag)) != obj.ETag || aws.ToInt64(out.ContentLength) != obj.Size-offset {
		out.Body.Close() // a server that passes over the condition, or the range
		return nil, fmt.Errorf("%w: %s/%s", store.ErrPrecondition, s, obj.Name)
	}
	body := &reading{s: s, ctx: ctx, name: obj.Name, raw: out.Body}
	body.plain, body.wire.Reader = &body.wire, out.Body
	return body, nil
}

// Stat tells of an object.
func (s *Store) Stat(ctx context.Context, name string) (store.Object, error) {
	if err := findable(name); err != nil {
		return store.Object{}, err
	}
	obj, _, err := s.head(ctx, name)
	return obj, s.wrap(ctx, err, name)
}

// head is Stat with all that is kept beside the object, and with the SDK's error.
func (s *Store) head(ctx context.Context, name string) (store.Object, map[string]string, error) {
	out, err := s.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &s.bucket, Key: aws.String(s.key(name))})
	if err == nil && aws.ToString(out.ETag) == "" {
		err = errNotS3
	}
	if err != nil {
		return store.Object{}, nil, err
	}
	return described(name, out), out.Metadata, nil
}

// described is what an answer to HEAD tells of an object.
func described(name string, out *s3.HeadObjectOutput) store.Object {
	return store.Object{Name: name, Size: aws.ToInt64(out.ContentLength), ETag: unquote(aws.ToString(out.ETag)), Meta: store.Meta{
		Type: aws.ToString(out.ContentType), CacheControl: aws.ToString(out.CacheControl), Disposition: aws.ToString(out.ContentDisposition),
		SHA256: out.Metadata[shaKey], Gzip: aws.ToString(out.ContentEncoding) == "gzip"}, Modified: aws.ToTime(out.LastModified)}
}

func findable(name string) error {
	if store.CheckName(name) != nil {
		return fmt.Errorf("%w: %q", store.ErrNotFound, name)
	}
	return nil
}

// List asks for 1,000 keys at a time. Keys that are no names ("folder/", as consoles make them) are passed over. A server whose list does not go on
// key by key is refused: whoever relies on it would take what is there for missing, or never come to its end.
func (s *Store) List(ctx context.Context, prefix string) iter.Seq2[store.Object, error] {
	return func(yield func(store.Object, error) bool) {
		if i := strings.LastIndexByte(prefix, '/'); i >= 0 && store.CheckName(prefix[:i]) != nil && ctx.Err() == nil {
			return // no name begins so, and MinIO refuses the question
		}
		asked := s.key(prefix)
		pages := s3.NewListObjectsV2Paginator(s.client, &s3.ListObjectsV2Input{Bucket: &s.bucket, Prefix: text(asked)})
		order, token := store.Order{Place: s.String() + " at " + s.endpoint.Host, Prefix: asked}, ""
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err == nil && !isListing(page) {
				err = errNotS3
			}
			if err != nil {
				yield(store.Object{}, s.wrap(ctx, err, ""))
				return
			}
			for _, o := range page.Contents {
				key := aws.ToString(o.Key)
				if err := order.Take(key); err != nil {
					yield(store.Object{}, s.unlisted(err))
					return
				}
				name := key[len(s.prefix):]
				if store.CheckName(name) != nil {
					s.strange(name, aws.ToInt64(o.Size))
					continue
				}
				if !yield(store.Object{Name: name, Size: aws.ToInt64(o.Size), ETag: unquote(aws.ToString(o.ETag)), Modified: aws.ToTime(o.LastModified)}, nil) {
					return
				}
			}
			next := aws.ToString(page.NextContinuationToken)
			if more := aws.ToBool(page.IsTruncated); more && (next == "" || next == token) {
				yield(store.Object{}, &failure{store.ErrRefused, s.String() + " at " + s.endpoint.Host + ": the server says that its list goes on, and not from where; ask its maker", nil})
				return
			}
			token = next
		}
	}
}

// unlisted says of a bucket that is meant to list in no order that no server is at fault.
func (s *Store) unlisted(err error) error {
	if wrong, ok := errors.AsType[*store.OrderError](err); !ok || wrong.Strange() || !strings.HasSuffix(s.bucket, directoryBucket) {
		return err
	}
	return &failure{store.ErrRefused, s.String() + " at " + s.endpoint.Host +
		": this is a directory bucket, which lists its objects in no order and shows them to nobody without a key; take a general purpose bucket", nil}
}

// directoryBucket ends the names of Amazon's directory buckets, and of no others.
const directoryBucket = "--x-s3"

// isListing tells a listing of nothing from a page of somebody's web server, which the SDK reads as such. It would pass for an empty bucket.
func isListing(out *s3.ListObjectsV2Output) bool {
	return out.Name != nil || out.KeyCount != nil || out.MaxKeys != nil || out.IsTruncated != nil
}

// reading is the body of a Get.
type reading struct {
	s     *Store
	ctx   context.Context
	name  string
	plain io.Reader
	wire  wire
	raw   io.ReadCloser
}

// wire remembers how the answer ended, so that one that broke off can be told from an object that was stored cut.
type wire struct {
	io.Reader
	err error
}

func (w *wire) Read(p []byte) (n int, err error) {
	n, err = w.Reader.Read(p)
	if err != nil && err != io.EOF {
		w.err = err
	}
	return n, err
}

func (r *reading) Read(p []byte) (int, error) {
	n, err := r.plain.Read(p)
	if err != nil && err != io.EOF {
		err = r.judge(err)
	}
	return n, err
}

func (r *reading) judge(err error) error {
	if r.wire.err != nil {
		return r.s.wrap(r.ctx, r.wire.err, r.name)
	}
	if errors.Is(err, gzip.ErrHeader) || errors.Is(err, gzip.ErrChecksum) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%w: %s/%s", store.ErrDamaged, r.s, r.name)
	}
	return r.s.wrap(r.ctx, err, r.name)
}

func (r *reading) Close() error { return r.raw.Close() }
