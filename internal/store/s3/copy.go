package s3

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"golang.org/x/sync/errgroup"

	"filmpress/internal/store"
)

// copyPart is the size above which an object is copied in parts, and the size of a part. S3 copies up to 5 GiB at once, but some
// servers read and write every byte before they answer, and we wait two minutes for an answer to begin.
const copyPart = 256 << 20

// Reaches is true for a store at the same address that was opened with the same access key: a server copies for one account, and
// within itself. The bucket may be another one.
func (s *Store) Reaches(src store.Store) bool {
	from, ok := src.(*Store)
	return ok && from.server == s.server && from.region == s.region && from.account == s.account
}

// Copy has the server copy an object. The ETag is compared before, and sent along (x-amz-copy-source-if-match). A server that passes
// over that header could copy what somebody wrote in between; so it is looked at again, and what does not belong there is taken
// away. Such a copy can be seen for a moment, then.
func (s *Store) Copy(ctx context.Context, src store.Store, obj store.Object, name string, meta store.Meta) (store.Object, error) {
	if !s.Reaches(src) {
		return store.Object{}, fmt.Errorf("%w: %s cannot take objects from %s by itself", store.ErrUnsupported, s, src)
	}
	if err := s.storable(name); err != nil {
		return store.Object{}, err
	}
	c := copying{Store: s, from: src.(*Store), name: name, meta: meta}
	if err := c.look(ctx, obj); err != nil {
		return store.Object{}, err
	}
	var tag string
	var err error
	if c.object.Size > s.copyPart {
		tag, err = c.inParts(ctx, store.If{})
	} else {
		tag, err = c.whole(ctx)
	}
	if err != nil {
		return store.Object{}, err
	}
	return c.result(tag), nil
}

// copying is one copy under way.
type copying struct {
	*Store
	from   *Store
	name   string
	meta   store.Meta
	object store.Object // the source
	source *s3.HeadObjectOutput
}

// look reads what stands beside the source's bytes, and compares its ETag.
func (c *copying) look(ctx context.Context, want store.Object) error {
	if err := findable(want.Name); err != nil {
		return err
	}
	source, err := c.from.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &c.from.bucket, Key: aws.String(c.from.key(want.Name))})
	if err == nil && aws.ToString(source.ETag) == "" {
		err = errNotS3
	}
	if err != nil {
		err = c.from.wrap(ctx, err, want.Name)
		if want.ETag != "" && errors.Is(err, store.ErrNotFound) {
			return fmt.Errorf("%w: %s/%s is gone", store.ErrPrecondition, c.from, want.Name)
		}
		return err
	}
	c.source, c.object = source, described(want.Name, source)
	if want.ETag != "" && c.object.ETag != want.ETag {
		return fmt.Errorf("%w: %s/%s", store.ErrPrecondition, c.from, want.Name)
	}
	if c.meta.SHA256 == "" {
		c.meta.SHA256 = c.object.SHA256
	} else if c.object.SHA256 != "" && c.object.SHA256 != c.meta.SHA256 {
		return fmt.Errorf("%w: %s/%s has sha256 %s beside it, want %s", store.ErrDamaged, c.from, want.Name, c.object.SHA256, c.meta.SHA256)
	}
	return nil
}

// whole copies in one request.
func (c *copying) whole(ctx context.Context) (tag string, err error) {
	out, err := c.client.CopyObject(ctx, &s3.CopyObjectInput{
		Bucket: &c.bucket, Key: aws.String(c.key(c.name)), CopySource: c.place(), CopySourceIfMatch: c.match(), MetadataDirective: types.MetadataDirectiveReplace,
		ContentType: text(c.meta.Type), CacheControl: text(c.meta.CacheControl), ContentDisposition: text(c.meta.Disposition),
		ContentEncoding: c.source.ContentEncoding, Metadata: c.beside(""),
	})
	if err != nil {
		return "", c.judge(ctx, err)
	}
	if out.CopyObjectResult == nil || aws.ToString(out.CopyObjectResult.ETag) == "" {
		return "", c.wrap(ctx, errNotS3, c.name)
	}
	tag = unquote(aws.ToString(out.CopyObjectResult.ETag))
	if tag == c.object.ETag { // the MD5 of the bytes, so it is these that were copied
		return tag, nil
	}
	if err := c.unchanged(ctx); err != nil {
		if errors.Is(err, store.ErrPrecondition) {
			err = errors.Join(err, c.Delete(context.WithoutCancel(ctx), c.name))
		}
		return "", err
	}
	return tag, nil
}

// inParts copies part by part. Nothing is visible before the source was looked at once more.
func (c *copying) inParts(ctx context.Context, cond store.If) (tag string, err error) {
	writer := rand.Text()
	begin := c.begin()
	begin.Metadata = c.beside(writer)
	return c.finish(ctx, begin, cond, writer, plainly)
}

// begin says what the copy will have beside it.
func (c *copying) begin() *s3.CreateMultipartUploadInput {
	return &s3.CreateMultipartUploadInput{
		Bucket: &c.bucket, Key: aws.String(c.key(c.name)), ContentType: text(c.meta.Type), CacheControl: text(c.meta.CacheControl),
		ContentDisposition: text(c.meta.Disposition), ContentEncoding: c.source.ContentEncoding,
	}
}

// finish copies the parts, and understands a lost reply to the last request by the writer's word.
func (c *copying) finish(ctx context.Context, begin *s3.CreateMultipartUploadInput, cond store.If, writer string, first func(*s3.Options)) (tag string, err error) {
	tag, err = c.multipart(ctx, begin, cond, c.sendParts, first, plainly)
	if err == nil {
		return unquote(tag), nil
	}
	if codeOf(err) == "NoSuchUpload" || statusOf(err) == http.StatusPreconditionFailed {
		if now, beside, e := c.head(ctx, c.name); e == nil && beside[writerKey] == writer {
			return now.ETag, nil
		}
	}
	return "", c.judge(ctx, err)
}

// sendParts has the server copy a few parts at once.
func (c *copying) sendParts(ctx context.Context, id *string) ([]types.CompletedPart, error) {
	size := max(c.copyPart, (c.object.Size+maxParts-1)/maxParts)
	done := make([]types.CompletedPart, max(1, (c.object.Size+size-1)/size))
	group, within := errgroup.WithContext(ctx)
	group.SetLimit(partsAtOnce)
	for i := range done {
		off := int64(i) * size
		number := aws.Int32(int32(i + 1))
		in := &s3.UploadPartCopyInput{Bucket: &c.bucket, Key: aws.String(c.key(c.name)), UploadId: id, PartNumber: number,
			CopySource: c.place(), CopySourceIfMatch: c.match()}
		if len(done) > 1 {
			in.CopySourceRange = aws.String(fmt.Sprintf("bytes=%d-%d", off, min(off+size, c.object.Size)-1))
		}
		group.Go(func() error {
			out, err := c.client.UploadPartCopy(within, in)
			if err != nil {
				return err
			}
			if out.CopyPartResult == nil {
				return errNotS3
			}
			done[i] = types.CompletedPart{ETag: out.CopyPartResult.ETag, PartNumber: number}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return done, c.unchanged(ctx)
}

// unchanged is nil if the source still has its ETag.
func (c *copying) unchanged(ctx context.Context) error {
	now, err := c.from.Stat(ctx, c.object.Name)
	if errors.Is(err, store.ErrNotFound) || err == nil && now.ETag != c.object.ETag {
		return fmt.Errorf("%w: %s/%s was written while it was copied", store.ErrPrecondition, c.from, c.object.Name)
	}
	return err
}

// place is the source as x-amz-copy-source names it, escaped as in a URL.
func (c *copying) place() *string {
	return aws.String(escape(c.from.bucket) + "/" + escape(c.from.key(c.object.Name)))
}

func (c *copying) match() *string { return aws.String(`"` + c.object.ETag + `"`) }

// beside is what the copy has as x-amz-meta-.
func (c *copying) beside(writer string) map[string]string {
	headers := map[string]string{}
	if c.meta.SHA256 != "" {
		headers[shaKey] = c.meta.SHA256
	}
	if writer != "" {
		headers[writerKey] = writer
	}
	return headers
}

// judge is wrap, and knows that a condition in a copy is about the source.
func (c *copying) judge(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case statusOf(err) == http.StatusPreconditionFailed, codeOf(err) == "NoSuchKey":
		return &failure{store.ErrPrecondition, c.from.String() + "/" + c.object.Name + " was written while it was copied", err}
	}
	return c.wrap(ctx, err, c.name)
}

// result is what a copy answers.
func (c *copying) result(tag string) store.Object {
	meta := c.meta
	meta.Gzip, meta.MD5 = c.object.Gzip, ""
	return store.Object{Name: c.name, Size: c.object.Size, ETag: tag, Meta: meta}
}
