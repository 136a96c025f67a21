package s3

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"filmpress/internal/store"
)

// Probe looks at what a server and a pair of keys really do, by small objects of its own. Each request is tried twice at most. Whoever
// makes one closes it, which takes the objects away.
type Probe struct {
	st     *Store
	stem   string // of the names of all its objects
	names  []string
	upload string // that was begun
}

// NewProbe makes a Probe. Nothing is written yet.
func (s *Store) NewProbe() *Probe {
	few := func(o *s3.Options) { o.Retryer = retry.AddWithMaxAttempts(o.Retryer, 2) }
	return &Probe{stem: checkName + rand.Text(), st: &Store{client: s3.New(s.client.Options(), few), bucket: s.bucket, prefix: s.prefix, endpoint: s.endpoint,
		path: s.path, public: s.public, region: s.region, aws: s.aws, server: s.server, account: s.account, part: s.part, copyPart: s.copyPart, warn: func(string) {}, strange: func(string, int64) {}}}
}

// Close deletes what the probe wrote.
func (p *Probe) Close(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), abortDeadline)
	defer cancel()
	for _, name := range p.names {
		p.st.Delete(ctx, name) // without the right to delete, tiny objects stay; Rights tells of that
	}
}

// Region is where the bucket says it is; "" where the server does not tell.
func (p *Probe) Region(ctx context.Context) (string, error) {
	out, err := p.st.client.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &p.st.bucket})
	if err != nil {
		return "", p.st.wrap(ctx, err, "")
	}
	return aws.ToString(out.BucketRegion), nil
}

// Skew is by how much the server's clock is ahead of this machine's, in seconds and as exact as a header is.
func (p *Probe) Skew(ctx context.Context) (time.Duration, error) {
	server, err := p.st.Now(ctx)
	if err != nil {
		return 0, err
	}
	const half = time.Second / 2 // a header drops the fraction
	d := time.Until(server.Add(half)).Round(time.Second)
	if d >= -time.Second && d <= time.Second {
		d = 0
	}
	return d, nil
}

// Right is a right at Amazon's, and what came of using it.
type Right struct {
	Name string // "s3:PutObject"
	Err  error
}

// Rights uses each right that publish needs, in an order in which one makes the next possible. An error that is not a refusal ends it.
func (p *Probe) Rights(ctx context.Context) ([]Right, error) {
	content := []byte("filmpress looks whether it can write here\n")
	name := p.stem + ".txt"
	p.names = append(p.names, name)
	steps := []struct {
		right string
		use   func() error
	}{
		{"s3:ListBucket", func() error { _, err := p.st.Now(ctx); return ignore(err, store.ErrUnsupported) }},
		{"s3:PutObject", func() error {
			_, err := p.st.put(ctx, name, store.Bytes(content), store.Meta{SHA256: digest(content)}, store.If{})
			return err
		}},
		{"s3:GetObject", func() error { return p.get(ctx, name, content) }},
		{"s3:ListMultipartUploadParts", func() error { return p.listParts(ctx, name) }},
		{"s3:AbortMultipartUpload", func() error { return p.abort(ctx, name) }},
		{"s3:ListBucketMultipartUploads", func() error {
			_, err := p.st.uploads(ctx, p.stem)
			return err
		}},
		{"s3:DeleteObject", func() error { return p.st.Delete(ctx, name) }},
	}
	var rights []Right
	for _, step := range steps {
		err := step.use()
		if err != nil && !errors.Is(err, store.ErrRefused) && !errors.Is(err, store.ErrUnsupported) {
			return rights, err
		}
		rights = append(rights, Right{step.right, err})
		if step.right == "s3:PutObject" && err != nil {
			break // there is nothing to read or delete
		}
	}
	if last := rights[len(rights)-1]; last.Name == "s3:DeleteObject" && last.Err == nil {
		p.names = nil // where versions are kept, a second deletion leaves one more mark
	}
	return rights, nil
}

func ignore(err, kind error) error {
	if errors.Is(err, kind) {
		return nil
	}
	return err
}

func (p *Probe) get(ctx context.Context, name string, want []byte) error {
	r, _, err := p.st.Get(ctx, name)
	if err != nil {
		return err
	}
	defer r.Close()
	got, err := io.ReadAll(r)
	if err == nil && !bytes.Equal(got, want) {
		err = fmt.Errorf("%w: %s answers with other bytes than were written", store.ErrUnreachable, p.st.endpoint.Host)
	}
	return err
}

// listParts begins a large upload and asks what it holds.
func (p *Probe) listParts(ctx context.Context, name string) error {
	begun, err := p.st.client.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: &p.st.bucket, Key: aws.String(p.st.key(name))})
	if err != nil {
		return p.st.wrap(ctx, err, name)
	}
	p.upload = aws.ToString(begun.UploadId)
	_, err = p.st.client.ListParts(ctx, &s3.ListPartsInput{Bucket: &p.st.bucket, Key: aws.String(p.st.key(name)), UploadId: &p.upload})
	return p.st.wrap(ctx, err, name)
}

// abort gives that upload up.
func (p *Probe) abort(ctx context.Context, name string) error {
	_, err := p.st.client.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: &p.st.bucket, Key: aws.String(p.st.key(name)), UploadId: &p.upload})
	return p.st.wrap(ctx, err, name)
}

// Beyond tells what the keys can do that no command needs, as far as that can be seen without changing anything: an answer other than
// "denied" is a right.
func (p *Probe) Beyond(ctx context.Context) []string {
	var found []string
	if out, err := p.st.client.ListBuckets(ctx, &s3.ListBucketsInput{}); err == nil && slices.ContainsFunc(out.Buckets, p.another) {
		found = append(found, "list the account's other buckets")
	}
	if p.st.prefix == "" {
		return found
	}
	one := int32(1)
	outside := aws.String(p.stem) // a name that nobody has, beside the prefix
	if _, err := p.st.client.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: &p.st.bucket, Prefix: outside, MaxKeys: &one}); err == nil {
		found = append(found, "list objects outside the prefix")
	}
	// A part for an upload that does not exist is refused in any case; what matters is the reason.
	_, err := p.st.client.UploadPart(ctx, &s3.UploadPartInput{Bucket: &p.st.bucket, Key: outside, UploadId: aws.String("no-such-upload"), PartNumber: aws.Int32(1), Body: bytes.NewReader(nil)})
	if codeOf(err) == "NoSuchUpload" {
		found = append(found, "write outside the prefix")
	}
	return found
}

// Conditions tells whether a server keeps conditions on writes: an object that is there is not written again "if it is absent", nor if
// its ETag is another one.
func (p *Probe) Conditions(ctx context.Context) (bool, error) {
	name := p.stem + "-condition"
	p.names = append(p.names, name)
	write := func(content string, cond store.If) error {
		_, err := p.st.put(ctx, name, store.Bytes([]byte(content)), store.Meta{SHA256: digest([]byte(content))}, cond)
		return err
	}
	if err := write("1", store.If{}); err != nil {
		return false, err
	}
	for _, cond := range []store.If{{Absent: true}, {ETag: "00000000000000000000000000000000"}} {
		err := write("2", cond)
		if err == nil || unknownCondition(err) {
			return false, nil
		}
		if !errors.Is(err, store.ErrPrecondition) {
			return false, err
		}
	}
	return true, nil
}

// Digests tells what a server compares of the digests that are sent along (SHA-256 in the signature, MD5 in Content-MD5), and whether it
// keeps ours beside the object.
type Digests struct{ SHA256, MD5, Kept bool }

// Digests sends bytes under wrong digests, which a server that compares refuses.
func (p *Probe) Digests(ctx context.Context) (Digests, error) {
	name := p.stem + "-digest"
	p.names = append(p.names, name)
	wrong := func(md5 *string, sum string) (bool, error) {
		_, err := p.st.client.PutObject(ctx, &s3.PutObjectInput{Bucket: &p.st.bucket, Key: aws.String(p.st.key(name)), Body: strings.NewReader("sent"), ContentMD5: md5}, withPayloadHash(sum))
		if err == nil {
			return false, nil
		}
		if status := statusOf(err); status >= 400 && status < 500 && status != http.StatusForbidden {
			return true, nil
		}
		return false, p.st.wrap(ctx, err, name)
	}
	var d Digests
	var err error
	if d.SHA256, err = wrong(nil, digest([]byte("meant"))); err != nil {
		return d, err
	}
	if d.MD5, err = wrong(contentMD5("00000000000000000000000000000000"), digest([]byte("sent"))); err != nil {
		return d, err
	}
	sum := digest([]byte("right"))
	if _, err := p.st.put(ctx, name, store.Bytes([]byte("right")), store.Meta{SHA256: sum}, store.If{}); err != nil {
		return d, err
	}
	now, err := p.st.Stat(ctx, name)
	d.Kept = now.SHA256 == sum
	return d, err
}

// Served is an object as a viewer's browser gets it.
type Served struct {
	Name      string // its kind: "a playlist (.m3u8)"
	URL       string
	Status    int    // of a GET of four bytes by a stranger
	Err       error  // there was no answer
	Range     bool   // the four bytes came
	Want, Got string // Content-Type and Cache-Control
	Allowed   bool   // pages of the origin may read it: Access-Control-Allow-Origin fits
	Preflight bool   // and may ask for a range of it
}

// Serve writes an object of each kind and gets it as a stranger's page would, with Origin and Range.
func (p *Probe) Serve(ctx context.Context, origin string) ([]Served, error) {
	var all []Served
	for _, kind := range []struct{ name, ext string }{{"a segment", ".m4s"}, {"a playlist", ".m3u8"}, {"subtitles", ".vtt"}, {"a page", ".html"}} {
		name := p.stem + kind.ext
		p.names = append(p.names, name)
		content := bytes.Repeat([]byte("#filmpress looks how this is served\n"), 20)
		meta := store.Meta{Type: store.TypeOf(name), CacheControl: "max-age=60", SHA256: digest(content), Gzip: true}
		if _, err := p.st.put(ctx, name, store.Bytes(content), meta, store.If{}); err != nil {
			return nil, err
		}
		served := p.visit(ctx, name, origin)
		served.Name, served.Want = kind.name+" ("+kind.ext+")", meta.Type+", "+meta.CacheControl
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		all = append(all, served)
	}
	return all, nil
}

func (p *Probe) visit(ctx context.Context, name, origin string) Served {
	seen := Served{URL: p.st.URL(name)}
	ask := func(method string, headers map[string]string) (*http.Response, []byte, error) {
		request, err := http.NewRequestWithContext(ctx, method, seen.URL, nil)
		if err != nil {
			return nil, nil, err
		}
		request.Header.Set("Origin", origin)
		for k, v := range headers {
			request.Header.Set(k, v)
		}
		response, err := p.st.client.Options().HTTPClient.Do(request)
		if err != nil {
			return nil, nil, err
		}
		defer response.Body.Close()
		body, err := io.ReadAll(io.LimitReader(response.Body, 1<<16))
		return response, body, err
	}
	response, body, err := ask(http.MethodGet, map[string]string{"Range": "bytes=2-5", "Accept-Encoding": "identity"})
	if err != nil {
		seen.Err = p.st.wrap(ctx, err, name)
		return seen
	}
	seen.Status = response.StatusCode
	seen.Range = seen.Status == http.StatusPartialContent && len(body) == 4
	seen.Got = response.Header.Get("Content-Type") + ", " + response.Header.Get("Cache-Control")
	seen.Allowed = allows(response, origin)
	if response, _, err = ask(http.MethodOptions, map[string]string{"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "range"}); err == nil {
		seen.Preflight = response.StatusCode < 300 && allows(response, origin)
	}
	return seen
}

func allows(r *http.Response, origin string) bool {
	allowed := r.Header.Get("Access-Control-Allow-Origin")
	return allowed == "*" || allowed == origin
}

// another tells of a bucket that is not ours.
func (p *Probe) another(b types.Bucket) bool { return aws.ToString(b.Name) != p.st.bucket }
