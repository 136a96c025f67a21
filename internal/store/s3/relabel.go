package s3

import (
	"context"
	"crypto/rand"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"filmpress/internal/store"
)

// wholeCopy is the largest object that S3 copies in one request.
const wholeCopy = 5 << 30

// Relabel copies an object onto itself. A copy that names new headers (MetadataDirective REPLACE) drops all others, so everything
// that HEAD tells is sent again; tags stay by themselves; rights are granted in the same request, so that there is no moment in
// which a viewer is refused.
//
// The ETag is compared before, and sent along. Where a server passes over that header, an object that somebody writes in the same
// moment can get the headers of the one before it. That is noticed, and told as ErrPrecondition.
func (s *Store) Relabel(ctx context.Context, obj store.Object, meta store.Meta) (store.Object, error) {
	l, err := s.label(ctx, obj, meta)
	if err != nil || l.has(l.object) {
		return l.object, err
	}
	if l.object.Size <= wholeCopy {
		if now, err := l.inPlace(ctx); err != nil || l.has(now) {
			return now, err
		}
		// Some servers (versitygw) keep a header that the copy leaves out. An object of copied parts has none but those it was begun with.
	}
	return l.anew(ctx)
}

// labelling is one Relabel or Rewrite under way.
type labelling struct {
	copying
	grants grants
}

// label reads what must be sent again with the new headers, where there is anything to do.
func (s *Store) label(ctx context.Context, obj store.Object, meta store.Meta) (*labelling, error) {
	l := &labelling{copying: copying{Store: s, from: s, name: obj.Name, meta: store.Meta{Type: meta.Type, CacheControl: meta.CacheControl, Disposition: meta.Disposition}}}
	if err := l.look(ctx, obj); err != nil || l.has(l.object) {
		return l, err
	}
	if n := aws.ToInt32(l.source.MissingMeta); n > 0 {
		return l, fmt.Errorf("%w: %s/%s has %d headers that cannot be read over HTTP, and would lose them; put it anew", store.ErrUnsupported, s, obj.Name, n)
	}
	return l, l.readGrants(ctx)
}

// has tells whether an object has the headers.
func (l *labelling) has(o store.Object) bool {
	return o.Type == l.meta.Type && o.CacheControl == l.meta.CacheControl && o.Disposition == l.meta.Disposition
}

// inPlace copies the object onto itself in one request, and reads what became of it.
func (l *labelling) inPlace(ctx context.Context) (store.Object, error) {
	h := l.source
	in := &s3.CopyObjectInput{
		Bucket: &l.bucket, Key: aws.String(l.key(l.name)), CopySource: l.place(), CopySourceIfMatch: l.match(), MetadataDirective: types.MetadataDirectiveReplace,
		ContentType: text(l.meta.Type), CacheControl: text(l.meta.CacheControl), ContentDisposition: text(l.meta.Disposition),
		ContentEncoding: h.ContentEncoding, ContentLanguage: h.ContentLanguage, Metadata: h.Metadata, StorageClass: h.StorageClass,
		WebsiteRedirectLocation: h.WebsiteRedirectLocation, ServerSideEncryption: h.ServerSideEncryption, SSEKMSKeyId: h.SSEKMSKeyId, BucketKeyEnabled: h.BucketKeyEnabled,
		ObjectLockMode: h.ObjectLockMode, ObjectLockRetainUntilDate: h.ObjectLockRetainUntilDate, ObjectLockLegalHoldStatus: h.ObjectLockLegalHoldStatus,
		ACL: l.grants.canned, GrantFullControl: l.grants.full, GrantRead: l.grants.read, GrantReadACP: l.grants.readACP, GrantWriteACP: l.grants.writeACP,
	}
	if l.aws {
		in.IfMatch = l.match() // others may refuse a header that is newer than they are
	}
	out, err := l.client.CopyObject(ctx, in, l.expires())
	if err != nil {
		return store.Object{}, l.judge(ctx, err)
	}
	now, err := l.Stat(ctx, l.name)
	if err != nil {
		return store.Object{}, err
	}
	if r := out.CopyObjectResult; r != nil && unquote(aws.ToString(r.ETag)) != now.ETag || now.Size != l.object.Size {
		return store.Object{}, fmt.Errorf("%w: %s/%s was written while its headers were mended", store.ErrPrecondition, l.Store, l.name)
	}
	return now, nil
}

// anew makes the object of its own parts, in the place of the old one.
func (l *labelling) anew(ctx context.Context) (store.Object, error) {
	ok, err := l.conditional(ctx)
	if err != nil {
		return store.Object{}, err
	}
	cond := store.If{ETag: l.object.ETag}
	if !ok {
		cond = store.If{}
	}
	h, begin, writer := l.source, l.begin(), rand.Text()
	begin.Metadata = maps.Clone(h.Metadata)
	if begin.Metadata == nil {
		begin.Metadata = map[string]string{}
	}
	begin.Metadata[writerKey] = writer
	begin.ContentLanguage, begin.StorageClass, begin.WebsiteRedirectLocation = h.ContentLanguage, h.StorageClass, h.WebsiteRedirectLocation
	begin.ServerSideEncryption, begin.SSEKMSKeyId, begin.BucketKeyEnabled = h.ServerSideEncryption, h.SSEKMSKeyId, h.BucketKeyEnabled
	begin.ObjectLockMode, begin.ObjectLockRetainUntilDate, begin.ObjectLockLegalHoldStatus = h.ObjectLockMode, h.ObjectLockRetainUntilDate, h.ObjectLockLegalHoldStatus
	begin.ACL = l.grants.canned
	begin.GrantFullControl, begin.GrantRead, begin.GrantReadACP, begin.GrantWriteACP = l.grants.full, l.grants.read, l.grants.readACP, l.grants.writeACP
	if begin.Tagging, err = l.tags(ctx); err != nil {
		return store.Object{}, err
	}
	if _, err := l.finish(ctx, begin, cond, writer, l.expires()); err != nil {
		return store.Object{}, err
	}
	now, err := l.Stat(ctx, l.name)
	if err == nil && !l.has(now) {
		err = fmt.Errorf("%w: %s does not take new headers for an object that is there; put %s anew", store.ErrUnsupported, l.endpoint.Host, l.name)
	}
	return now, err
}

// expires sends Expires as it is; the SDK's field holds a time only, and "0" is a value that is met.
func (l *labelling) expires() func(*s3.Options) {
	value := aws.ToString(l.source.ExpiresString)
	if value == "" {
		return plainly
	}
	return s3.WithAPIOptions(smithyhttp.SetHeaderValue("Expires", value))
}

// tags are an object's tags as a header writes them. A server without tags has none.
func (l *labelling) tags(ctx context.Context) (*string, error) {
	out, err := l.client.GetObjectTagging(ctx, &s3.GetObjectTaggingInput{Bucket: &l.bucket, Key: aws.String(l.key(l.name))})
	switch {
	case err == nil:
	case unheardOf(err):
		return nil, nil
	case statusOf(err) == http.StatusForbidden:
		return nil, l.hidden("its tags cannot be seen", "s3:GetObjectTagging", err)
	default:
		return nil, l.judge(ctx, err)
	}
	values := url.Values{}
	for _, t := range out.TagSet {
		values.Set(aws.ToString(t.Key), aws.ToString(t.Value))
	}
	return text(values.Encode()), nil
}

// grants are rights to one object, as the headers x-amz-acl and x-amz-grant- write them. All empty is the owner's alone. That everybody may
// read has a word of its own, which servers know that take no lists (Backblaze, where it is the bucket's and told of each object).
type grants struct {
	canned                        types.ObjectCannedACL
	full, read, readACP, writeACP *string
}

// readGrants finds who has rights to the object. In a bucket without lists of rights (all new ones at Amazon) it is the owner alone; a
// server that has no such lists says so.
func (l *labelling) readGrants(ctx context.Context) error {
	out, err := l.client.GetObjectAcl(ctx, &s3.GetObjectAclInput{Bucket: &l.bucket, Key: aws.String(l.key(l.name))})
	switch {
	case err == nil:
	case unheardOf(err):
		return nil
	case statusOf(err) == http.StatusForbidden:
		return l.hidden("who may read it cannot be seen", "s3:GetObjectAcl", err)
	default:
		return l.judge(ctx, err)
	}
	if len(out.Grants) == 1 && isOwner(out.Grants[0], out.Owner) {
		return nil // as every new object has it
	}
	if len(out.Grants) == 2 && slices.ContainsFunc(out.Grants, func(g types.Grant) bool { return isOwner(g, out.Owner) }) && slices.ContainsFunc(out.Grants, readsForAll) {
		l.grants.canned = types.ObjectCannedACLPublicRead
		return nil
	}
	lists := map[types.Permission][]string{}
	for _, g := range out.Grants {
		if word := grantee(g.Grantee); word != "" {
			lists[g.Permission] = append(lists[g.Permission], word)
		}
	}
	list := func(p types.Permission) *string { return text(strings.Join(lists[p], ", ")) }
	l.grants = grants{"", list(types.PermissionFullControl), list(types.PermissionRead), list(types.PermissionReadAcp), list(types.PermissionWriteAcp)}
	return nil
}

// hidden says what would be lost, since these credentials may not look at it.
func (l *labelling) hidden(what, right string, err error) error {
	return &failure{store.ErrRefused, "s3://" + l.bucket + "/" + l.key(l.name) + " at " + l.endpoint.Host + ": " + what +
		", so it could not be kept; these credentials need " + right + " here", err}
}

func isOwner(g types.Grant, owner *types.Owner) bool {
	return g.Permission == types.PermissionFullControl && g.Grantee != nil && owner != nil && g.Grantee.URI == nil && aws.ToString(g.Grantee.ID) == aws.ToString(owner.ID)
}

func readsForAll(g types.Grant) bool {
	return g.Permission == types.PermissionRead && g.Grantee != nil && aws.ToString(g.Grantee.URI) == "http://acs.amazonaws.com/groups/global/AllUsers"
}

// grantee writes one as the headers do; "" is one that cannot be written.
func grantee(g *types.Grantee) string {
	switch {
	case g == nil:
	case g.URI != nil:
		return `uri="` + *g.URI + `"`
	case aws.ToString(g.ID) != "":
		return `id="` + *g.ID + `"`
	}
	return ""
}

// unheardOf tells whether a server does not have an operation at all.
func unheardOf(err error) bool {
	switch codeOf(err) {
	case "NotImplemented", "MethodNotAllowed", "UnsupportedOperation", "AccessControlListNotSupported", "NoSuchTagSet", "NoSuchTagSetError":
		return true
	}
	return statusOf(err) == http.StatusNotImplemented || statusOf(err) == http.StatusMethodNotAllowed
}
