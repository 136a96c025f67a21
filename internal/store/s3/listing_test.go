package s3

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

const plainHead = `<?xml version="1.0" encoding="UTF-8"?>` + "\n" + `<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">`

// listings are pages as servers write them, and near misses. plain says which of them the SDK is spared.
var listings = []struct {
	name, body string
	plain      bool
}{
	{"Amazon", plainHead + `<Name>films</Name><Prefix></Prefix><KeyCount>2</KeyCount><MaxKeys>1000</MaxKeys><IsTruncated>true</IsTruncated>` +
		`<NextContinuationToken>1ueGcxLPRx1Tr/XYExHnhbYLgveDs2J/wm36Hy4vbOwM=</NextContinuationToken>` +
		`<Contents><Key>a/b.m4s</Key><LastModified>2026-11-30T10:00:00.000Z</LastModified><ETag>&quot;d41d8cd98f00b204e9800998ecf8427e&quot;</ETag><ChecksumAlgorithm>CRC32</ChecksumAlgorithm>` +
		`<ChecksumType>FULL_OBJECT</ChecksumType><Size>12</Size><StorageClass>STANDARD</StorageClass></Contents>` +
		`<Contents><Key>б &amp; ы&#x41;&#66;</Key><LastModified>2026-11-30T10:00:01Z</LastModified><ETag>"x-2"</ETag><Size>5368709120</Size>` +
		`<Owner><ID>1</ID><DisplayName>x</DisplayName></Owner></Contents></ListBucketResult>`, true},
	{"an empty bucket", plainHead + `<Name>films</Name><KeyCount>0</KeyCount><IsTruncated>false</IsTruncated></ListBucketResult>` + "\n", true},
	{"indented", "<ListBucketResult>\n  <Name>films</Name>\n  <Contents>\n    <Key>a</Key>\n  </Contents>\n</ListBucketResult>", true},
	{"a comment", plainHead + `<!-- x --><Name>films</Name></ListBucketResult>`, false},
	{"CDATA", plainHead + `<Contents><Key><![CDATA[a]]></Key></Contents></ListBucketResult>`, false},
	{"an element in a value", plainHead + `<Contents><Key>a<b/>c</Key></Contents></ListBucketResult>`, false},
	{"an attribute", plainHead + `<Contents><Key x="y">a</Key></Contents></ListBucketResult>`, false},
	{"a tag that closes itself", plainHead + `<Prefix/><Name>films</Name></ListBucketResult>`, false},
	{"a key twice", plainHead + `<Contents><Key>a</Key><Key>b</Key></Contents></ListBucketResult>`, false},
	{"common prefixes", plainHead + `<CommonPrefixes><Prefix>a/</Prefix></CommonPrefixes></ListBucketResult>`, false},
	{"cut off", plainHead + `<Contents><Key>a</Key></Contents>`, false},
	{"cut off in a tag", plainHead + `<Contents><Key>a</Key></Conte`, false},
	{"another element's end", plainHead + `<Contents><Key>a</ETag></Contents></ListBucketResult>`, false},
	{"a foreign entity", plainHead + `<Contents><Key>&eacute;</Key></Contents></ListBucketResult>`, false},
	{"a forbidden character", plainHead + `<Contents><Key>&#1;</Key></Contents></ListBucketResult>`, false},
	{"a carriage return", plainHead + "<Contents><Key>a\r\nb</Key></Contents></ListBucketResult>", false},
	{"not UTF-8", plainHead + "<Contents><Key>\xff</Key></Contents></ListBucketResult>", false},
	{"another encoding", `<?xml version="1.0" encoding="windows-1251"?><ListBucketResult><Name>x</Name></ListBucketResult>`, false},
	{"a size that is none", plainHead + `<Contents><Key>a</Key><Size>many</Size></Contents></ListBucketResult>`, false},
	{"something behind", plainHead + `</ListBucketResult><x>`, false},
	{"a web page", `<!doctype html><html><body>films</body></html>`, false},
	{"nothing", ``, false},
}

// seenBySDK reads a page as the SDK alone does.
func seenBySDK(t testing.TB, answer answering, options ...func(*s3.Options)) (*s3.ListObjectsV2Output, error) {
	t.Helper()
	client := s3.New(s3.Options{Region: "us-east-1", BaseEndpoint: aws.String("http://127.0.0.1:1"), UsePathStyle: true, Credentials: credentials.NewStaticCredentialsProvider("k", "s", ""),
		Retryer: aws.NopRetryer{}, HTTPClient: answer}, options...)
	return client.ListObjectsV2(context.Background(), &s3.ListObjectsV2Input{Bucket: aws.String("films")})
}

// answering is a transport that gives one body to all, and then an error.
type answering struct {
	body []byte
	end  error
}

func (a answering) Do(r *http.Request) (*http.Response, error) {
	body := io.MultiReader(bytes.NewReader(a.body), iotest.ErrReader(a.end))
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(body), ContentLength: int64(len(a.body)), Request: r}, nil
}

func whole(body []byte) answering { return answering{body, io.EOF} }

// said is what List makes of a page.
func said(out *s3.ListObjectsV2Output, err error) string {
	if err != nil {
		return "an error"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "listing %t, more %t from %q\n", isListing(out), aws.ToBool(out.IsTruncated), aws.ToString(out.NextContinuationToken))
	for _, o := range out.Contents {
		fmt.Fprintf(&b, "%q %d %q %s\n", aws.ToString(o.Key), aws.ToInt64(o.Size), aws.ToString(o.ETag), aws.ToTime(o.LastModified).Format(time.RFC3339Nano))
	}
	return b.String()
}

// TestListings: our reader takes what servers write, leaves all else to the SDK, and says the same as the SDK either way.
func TestListings(t *testing.T) {
	for _, c := range listings {
		if got := plainPage([]byte(c.body)) != nil; got != c.plain {
			t.Errorf("%s: read here %t, want %t", c.name, got, c.plain)
		}
		want, got := said(seenBySDK(t, whole([]byte(c.body)))), said(seenBySDK(t, whole([]byte(c.body)), plainLists))
		if got != want {
			t.Errorf("%s: %s\nthe SDK: %s", c.name, got, want)
		}
	}
	out, err := seenBySDK(t, whole([]byte(listings[0].body)), plainLists)
	if err != nil || len(out.Contents) != 2 || aws.ToString(out.Contents[1].Key) != "б & ыAB" || aws.ToInt64(out.Contents[1].Size) != 5<<30 {
		t.Errorf("%v, %v", out, err)
	}
}

// FuzzListing: a page that is read here says what the SDK makes of it.
func FuzzListing(f *testing.F) {
	for _, c := range listings {
		f.Add([]byte(c.body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		page := plainPage(body)
		if page == nil {
			return
		}
		if got, want := said(page, nil), said(seenBySDK(t, whole(body))); got != want {
			t.Errorf("%q: %s\nthe SDK: %s", body, got, want)
		}
	})
}

// TestListingBreaksOff: what came of a page is put back, and the SDK tells of the rest.
func TestListingBreaksOff(t *testing.T) {
	body := []byte(listings[0].body)
	for _, size := range []int{0, 10, len(body) / 2, len(body) - 1, len(body)} {
		for _, end := range []error{io.EOF, io.ErrUnexpectedEOF} {
			out, wantErr := seenBySDK(t, answering{body[:size], end})
			want := said(out, wantErr)
			out, err := seenBySDK(t, answering{body[:size], end}, plainLists)
			if got := said(out, err); got != want || fmt.Sprint(err) != fmt.Sprint(wantErr) {
				t.Errorf("%d bytes, %v: %s %v\nthe SDK: %s %v", size, end, got, err, want, wantErr)
			}
		}
	}
}

func BenchmarkPage(b *testing.B) {
	var body bytes.Buffer
	body.WriteString(plainHead + `<Name>films</Name><KeyCount>1000</KeyCount><IsTruncated>false</IsTruncated>`)
	for i := range 1000 {
		fmt.Fprintf(&body, `<Contents><Key>film/o/0123456789abcdef/%06d.m4s</Key><LastModified>2026-11-30T10:00:00.000Z</LastModified>`+
			`<ETag>&quot;d41d8cd98f00b204e9800998ecf8427e&quot;</ETag><Size>%d</Size><StorageClass>STANDARD</StorageClass></Contents>`, i, i)
	}
	body.WriteString(`</ListBucketResult>`)
	for _, c := range []struct {
		name string
		with []func(*s3.Options)
	}{{"SDK", nil}, {"here", []func(*s3.Options){plainLists}}} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if out, err := seenBySDK(b, whole(body.Bytes()), c.with...); err != nil || len(out.Contents) != 1000 {
					b.Fatal(err)
				}
			}
		})
	}
}
