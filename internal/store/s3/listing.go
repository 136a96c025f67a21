package s3

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// Most of what a list of many objects costs the SDK is encoding/xml, with an allocation for each token. So pages in the few forms that servers
// write are read here; of whatever is otherwise, and of every error, the SDK makes what it always does.

// pageLimit is how many bytes of a page are looked at here. A thousand keys of 1,024 bytes take 6 MB where each byte is written as an entity.
const pageLimit = 16 << 20

// plainLists puts our reader before the SDK's.
func plainLists(o *s3.Options) {
	const id = "OperationDeserializer"
	o.APIOptions = append(o.APIOptions, func(stack *middleware.Stack) error {
		sdk, found := stack.Deserialize.Get(id)
		if stack.ID() != "ListObjectsV2" || !found {
			return nil
		}
		_, err := stack.Deserialize.Swap(id, middleware.DeserializeMiddlewareFunc(id,
			func(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (middleware.DeserializeOutput, middleware.Metadata, error) {
				out, meta, err := next.HandleDeserialize(ctx, in)
				if page := plainAnswer(out, err); page != nil {
					out.Result = page
					return out, meta, nil
				}
				return sdk.HandleDeserialize(ctx, in, answered{out, meta, err})
			}))
		return err
	})
}

// answered gives an answer that has come already.
type answered struct {
	out  middleware.DeserializeOutput
	meta middleware.Metadata
	err  error
}

func (a answered) HandleDeserialize(context.Context, middleware.DeserializeInput) (middleware.DeserializeOutput, middleware.Metadata, error) {
	return a.out, a.meta, a.err
}

// plainAnswer reads an answer's body, and puts it back where it is not what we read; that is nil.
func plainAnswer(out middleware.DeserializeOutput, err error) *s3.ListObjectsV2Output {
	r, ok := out.RawResponse.(*smithyhttp.Response)
	if err != nil || !ok || r.StatusCode != http.StatusOK {
		return nil
	}
	var body bytes.Buffer
	if r.ContentLength > 0 {
		body.Grow(int(min(r.ContentLength, pageLimit)) + bytes.MinRead)
	}
	_, broken := body.ReadFrom(io.LimitReader(r.Body, pageLimit))
	if broken == nil {
		if page := plainPage(body.Bytes()); page != nil {
			r.Body.Close()
			return page
		}
	}
	rest := io.Reader(r.Body)
	if broken != nil {
		rest = failing{broken}
	}
	r.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(&body, rest), r.Body}
	return nil
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// plainPage reads a page of ListObjectsV2 (Amazon S3 API Reference, ListBucketResult), as far as List needs it. It is nil for anything that is not
// plain: attributes but for the root's name space, comments, CDATA, entities that are not XML's own, raw carriage returns, elements
// inside of values, common prefixes, what is missing or there twice.
func plainPage(body []byte) *s3.ListObjectsV2Output {
	p := plainXML{rest: body}
	if p.declaration(); !p.root("ListBucketResult") {
		return nil
	}
	out := &s3.ListObjectsV2Output{}
	var seen names
	for {
		name, opens := p.tag()
		switch {
		case p.bad:
			return nil
		case !opens:
			if name != "ListBucketResult" || !p.ended() {
				return nil
			}
			return out
		case name == "Contents":
			o, ok := p.object()
			if !ok {
				return nil
			}
			out.Contents = append(out.Contents, o)
			continue
		case seen.again(name):
			return nil
		}
		value := p.value(name)
		var err error
		switch name {
		case "Name":
			out.Name = &value
		case "NextContinuationToken":
			out.NextContinuationToken = &value
		case "KeyCount":
			out.KeyCount, err = small(value)
		case "MaxKeys":
			out.MaxKeys, err = small(value)
		case "IsTruncated":
			var more bool
			more, err = strconv.ParseBool(value)
			out.IsTruncated = &more
		case "Prefix", "ContinuationToken", "StartAfter", "EncodingType": // what was asked for
		default:
			return nil
		}
		if p.bad || err != nil {
			return nil
		}
	}
}

func small(value string) (*int32, error) {
	n, err := strconv.ParseInt(value, 10, 32)
	m := int32(n)
	return &m, err
}

// object reads what stands in Contents.
func (p *plainXML) object() (o types.Object, ok bool) {
	one := &struct {
		key, etag string
		size      int64
		modified  time.Time
	}{}
	var seen names
	for {
		name, opens := p.tag()
		switch {
		case p.bad:
			return o, false
		case !opens:
			return o, name == "Contents"
		case name == "Owner":
			p.skipOwner()
			continue
		case name != "ChecksumAlgorithm" && seen.again(name):
			return o, false
		}
		var err error
		switch name {
		case "Key":
			one.key = p.value(name)
			o.Key = &one.key
		case "ETag":
			one.etag = p.value(name)
			o.ETag = &one.etag
		case "Size":
			one.size, err = strconv.ParseInt(p.value(name), 10, 64)
			o.Size = &one.size
		case "LastModified":
			// The SDK takes more than this; what ends in anything but Z it is left to judge.
			one.modified, err = time.Parse("2006-01-02T15:04:05Z", p.value(name))
			o.LastModified = &one.modified
		case "StorageClass", "ChecksumAlgorithm", "ChecksumType":
			p.value(name)
		default:
			return o, false
		}
		if err != nil {
			return o, false
		}
	}
}

// skipOwner passes over an owner's number and name.
func (p *plainXML) skipOwner() {
	for {
		switch name, opens := p.tag(); {
		case p.bad || !opens && name == "Owner":
			return
		case opens && (name == "ID" || name == "DisplayName"):
			p.value(name)
		default:
			p.bad = true
			return
		}
	}
}
