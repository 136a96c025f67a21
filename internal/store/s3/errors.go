package s3

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"strings"
	"syscall"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"

	"filmpress/internal/store"
)

// failure is one of the store's errors with its story in our words. The SDK's error stays within reach of errors.As but
// is never printed: it can hold request headers, and headers hold signatures.
type failure struct {
	kind  error
	text  string
	cause error
}

func (f *failure) Error() string   { return f.kind.Error() + ": " + f.text }
func (f *failure) Unwrap() []error { return []error{f.kind, f.cause} }

// sourceError is an error of the body that was to be sent, not of the store.
type sourceError struct{ Err error }

func (e *sourceError) Error() string { return e.Err.Error() }

// source is a body whose errors can be told from the network's.
type source struct{ io.ReadSeekCloser }

func (s source) Read(p []byte) (int, error) {
	n, err := s.ReadSeekCloser.Read(p)
	if err != nil && err != io.EOF {
		err = &sourceError{err}
	}
	return n, err
}

// errNotS3 is an answer that no S3 server gives.
var errNotS3 = errors.New("not an answer of S3")

// problem is what an answer of the server means, and the mend.
type problem struct {
	kind error
	mend string
}

// denied begins the mend of a refusal; what follows is the right that is missing.
const denied = "these credentials have no right to do that"

// rights are what an operation asks for, where that is one right. To tell of an object that is not there, Amazon wants the right to list, too.
var rights = map[string]string{
	"ListObjectsV2": "s3:ListBucket", "HeadBucket": "s3:ListBucket", "ListObjects": "s3:ListBucket",
	"GetObject": "s3:GetObject, and s3:ListBucket for what may not be there", "HeadObject": "s3:GetObject, and s3:ListBucket for what may not be there",
	"PutObject": "s3:PutObject", "CreateMultipartUpload": "s3:PutObject", "UploadPart": "s3:PutObject", "CompleteMultipartUpload": "s3:PutObject",
	"CopyObject": "s3:PutObject", "UploadPartCopy": "s3:PutObject",
	"DeleteObject": "s3:DeleteObject", "DeleteObjects": "s3:DeleteObject", "AbortMultipartUpload": "s3:AbortMultipartUpload",
	"ListParts": "s3:ListMultipartUploadParts", "ListMultipartUploads": "s3:ListBucketMultipartUploads",
	"GetObjectAcl": "s3:GetObjectAcl", "PutObjectAcl": "s3:PutObjectAcl", "GetObjectTagging": "s3:GetObjectTagging", "PutObjectTagging": "s3:PutObjectTagging",
	"GetBucketCors": "s3:GetBucketCORS", "PutBucketCors": "s3:PutBucketCORS", "GetBucketPolicy": "s3:GetBucketPolicy", "PutBucketPolicy": "s3:PutBucketPolicy",
	"GetBucketLocation": "s3:GetBucketLocation",
}

// lacking names the right that was missing, and no other: whoever follows a mend should not give more than is needed.
func lacking(err error) string {
	var op *smithy.OperationError
	if errors.As(err, &op) && rights[op.OperationName] != "" {
		return denied + "; they need " + rights[op.OperationName] + " here"
	}
	return denied + "; they need s3:ListBucket and s3:GetObject here, and to write s3:PutObject, s3:DeleteObject and s3:AbortMultipartUpload"
}

// codes are the error codes of S3 (API reference, "Error responses") and of servers that speak it.
var codes = map[string]problem{
	"NoSuchKey":                    {store.ErrNotFound, "there is no such object"},
	"NoSuchBucket":                 {store.ErrRefused, "there is no such bucket; create it, or correct the name or the endpoint"},
	"AccessDenied":                 {store.ErrRefused, denied},
	"InvalidAccessKeyId":           {store.ErrRefused, "the server does not know this access key; check AWS_ACCESS_KEY_ID or the profile"},
	"XAdminUserNotFound":           {store.ErrRefused, "the server does not know this access key; check AWS_ACCESS_KEY_ID or the profile"}, // versitygw
	"SignatureDoesNotMatch":        {store.ErrRefused, "the secret key does not fit the access key; check AWS_SECRET_ACCESS_KEY or the profile"},
	"ExpiredToken":                 {store.ErrRefused, "the session has expired; log in again"},
	"InvalidToken":                 {store.ErrRefused, "the session token is not valid; log in again or unset AWS_SESSION_TOKEN"},
	"RequestTimeTooSkewed":         {store.ErrRefused, "this machine's clock and the server's are too far apart; set the clock"},
	"AuthorizationHeaderMalformed": {store.ErrRefused, "the region is wrong; set AWS_REGION to the bucket's region"},
	"PermanentRedirect":            {store.ErrRefused, "the bucket is in another region; set AWS_REGION to it"},
	"InvalidBucketName":            {store.ErrRefused, "a bucket cannot be called that; correct the name"},
	"AccountProblem":               {store.ErrRefused, "the account has a problem; ask the provider"},
	"AllAccessDisabled":            {store.ErrRefused, "the bucket is disabled; ask the provider"},
	"InvalidObjectState":           {store.ErrRefused, "the object is in an archive class; restore it first"},

	"PreconditionFailed":         {store.ErrPrecondition, "somebody else wrote it"},
	"ConditionalRequestConflict": {store.ErrPrecondition, "somebody else writes it at this moment"},

	"BadDigest":                 {store.ErrDamaged, "the bytes changed on the way or while they were read; run again"},
	"InvalidDigest":             {store.ErrDamaged, "the bytes changed on the way or while they were read; run again"},
	"XAmzContentSHA256Mismatch": {store.ErrDamaged, "the bytes changed on the way or while they were read; run again"},
	"IncompleteBody":            {store.ErrDamaged, "the bytes changed on the way or while they were read; run again"},

	"QuotaExceeded":        {store.ErrFull, "the bucket's quota is used up; free some space or raise it"},
	"InsufficientStorage":  {store.ErrFull, "the server's disk is full"},
	"NoSpaceLeftOnDevice":  {store.ErrFull, "the server's disk is full"},
	"XMinioStorageFull":    {store.ErrFull, "the server's disk is full"},
	"StorageQuotaExceeded": {store.ErrFull, "the bucket's quota is used up; free some space or raise it"},

	"KeyTooLongError":           {store.ErrName, "the name is too long for this server"},
	"InvalidObjectName":         {store.ErrName, "the server cannot hold that name"},
	"XMinioInvalidObjectName":   {store.ErrName, "the server cannot hold that name"},
	"ObjectParentIsFile":        {store.ErrName, "on this server an object cannot have another's name as its folder"},
	"ExistingObjectIsDirectory": {store.ErrName, "on this server an object cannot have a folder's name"},
	"XMinioParentIsObject":      {store.ErrName, "on this server an object cannot have another's name as its folder"},
}

// statuses are for answers without a code: those to HEAD have no body.
var statuses = map[int]problem{
	http.StatusNotFound:            codes["NoSuchKey"],
	http.StatusForbidden:           codes["AccessDenied"],
	http.StatusUnauthorized:        codes["AccessDenied"],
	http.StatusMovedPermanently:    codes["PermanentRedirect"],
	http.StatusTemporaryRedirect:   codes["PermanentRedirect"],
	http.StatusPreconditionFailed:  codes["PreconditionFailed"],
	http.StatusConflict:            codes["ConditionalRequestConflict"],
	http.StatusInsufficientStorage: codes["InsufficientStorage"],
}

// wrap turns an error of the SDK about an object, or about the bucket where name is "", into one of the store's.
func (s *Store) wrap(ctx context.Context, err error, name string) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var source *sourceError
	if errors.As(err, &source) {
		return source.Err
	}
	if told, ok := err.(*failure); ok {
		return told
	}
	for _, own := range []error{store.ErrDamaged, store.ErrPrecondition, store.ErrNotFound} {
		if errors.Is(err, own) {
			return err
		}
	}
	if s.vague(err) {
		if clear := s.ask(ctx); clear != nil {
			err = clear
		}
	}
	place := s.String()
	if name != "" {
		place = "s3://" + s.bucket + "/" + s.key(name)
	}
	p := s.judge(err)
	if name == "" && p.kind == store.ErrNotFound { // every server that has no such bucket says so by its code, but to HEAD
		if p = codes["NoSuchBucket"]; !toHead(err) {
			p = problem{store.ErrUnreachable, "what answers there is no S3 server; check the endpoint"}
		}
	}
	if p.mend == denied {
		p.mend = lacking(err)
	}
	return &failure{p.kind, place + " at " + s.endpoint.Host + ": " + p.mend, err}
}

// vague tells of a refused HEAD, whose answer has no body and so no reason: wrong keys, a wrong clock and a missing right look alike.
func (s *Store) vague(err error) bool {
	switch statusOf(err) {
	case http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusMovedPermanently, http.StatusTemporaryRedirect:
		return toHead(err)
	}
	return false
}

func toHead(err error) bool {
	var response *awshttp.ResponseError
	return errors.As(err, &response) && response.Response != nil && response.Response.Request != nil && response.Response.Request.Method == http.MethodHead
}

// ask lists one key for the reason of a refusal. Nil is that there is none for a listing.
func (s *Store) ask(ctx context.Context) error {
	one := int32(1)
	_, err := s.client.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: &s.bucket, Prefix: text(s.prefix), MaxKeys: &one}, func(o *s3.Options) {
		o.Retryer = retry.AddWithMaxAttempts(o.Retryer, 2)
	})
	if Denied(err) {
		return nil
	}
	return err
}

// judge says what an error of the SDK means.
func (s *Store) judge(err error) problem {
	status := statusOf(err)
	region := regionOf(err)
	// Some servers name a region of theirs in every answer; it is the cause only of these.
	elsewhere := status == http.StatusMovedPermanently || status == http.StatusTemporaryRedirect || status == http.StatusBadRequest
	if elsewhere && region != "" && region != s.region {
		return problem{store.ErrRefused, "the bucket is in the region " + region + "; set AWS_REGION to it"}
	}
	var api smithy.APIError
	if errors.As(err, &api) {
		if p, ok := codes[api.ErrorCode()]; ok {
			return p
		}
	}
	// A 404 with a code of its own is not about an object.
	if p, ok := statuses[status]; ok && (status != http.StatusNotFound || codeOf(err) == "NotFound" || codeOf(err) == "") {
		return p
	}
	if errors.Is(err, errNotS3) {
		status = http.StatusOK
	}
	code := http.StatusText(status)
	if api != nil && isWord(api.ErrorCode()) {
		code = api.ErrorCode()
	}
	switch {
	case status >= 500:
		return problem{store.ErrUnreachable, fmt.Sprintf("it keeps answering %d (%s); try again later", status, code)}
	case status >= 400 && api != nil:
		return problem{store.ErrRefused, fmt.Sprintf("it answers %d (%s)", status, code)}
	case status > 0 && late(err): // an answer that began, and went silent
		return unreached(err)
	case status > 0 && brokenAnswer(err):
		return problem{store.ErrUnreachable, "its answers break off or arrive changed; check the network, then run again"}
	case status > 0:
		return problem{store.ErrUnreachable, "what answers there is no S3 server; check the endpoint"}
	}
	return unreached(err)
}

// plainHTTP is how net/http calls an answer without TLS; it has no exported error for it.
const plainHTTP = "server gave HTTP response to HTTPS client"

func late(err error) bool {
	timeout, ok := errors.AsType[net.Error](err)
	return ok && timeout.Timeout()
}

// brokenAnswer tells an answer of S3 that cannot be read from a web page.
func brokenAnswer(err error) bool {
	broken, ok := errors.AsType[*smithy.DeserializationError](err)
	return ok && len(broken.Snapshot) > 0 && !bytes.Contains(bytes.ToLower(broken.Snapshot), []byte("html"))
}

// unreached judges errors on the way to the server.
func unreached(err error) problem {
	var (
		dns       *net.DNSError
		authority x509.UnknownAuthorityError
		hostname  x509.HostnameError
		invalid   x509.CertificateInvalidError
	)
	mend := "the connection broke; check network and endpoint"
	switch {
	case errors.As(err, &authority), errors.As(err, &invalid):
		mend = "its TLS certificate is not trusted; name the authority's file in AWS_CA_BUNDLE"
	case errors.As(err, &hostname):
		mend = "its TLS certificate is for another host; check the endpoint, or set path style"
	case errors.As(err, &dns):
		mend = "there is no host of that name; check the endpoint and the network"
	case errors.Is(err, syscall.ECONNREFUSED):
		mend = "nothing listens there; check the endpoint, and that the server runs"
	case strings.Contains(err.Error(), plainHTTP):
		mend = "it speaks plain HTTP; write http:// in the endpoint"
	case late(err):
		mend = "it does not answer in time; check network and endpoint"
	}
	return problem{store.ErrUnreachable, mend}
}

// statusOf is the HTTP status that an error came with, or 0.
func statusOf(err error) int {
	var response *awshttp.ResponseError
	if errors.As(err, &response) && response.Response != nil {
		return response.HTTPStatusCode()
	}
	return 0
}

// regionOf is the bucket's region where the answer names it, or "".
func regionOf(err error) string {
	var response *awshttp.ResponseError
	if errors.As(err, &response) && response.Response != nil {
		if region := response.Response.Header.Get("X-Amz-Bucket-Region"); isWord(strings.ReplaceAll(region, "-", "")) {
			return region
		}
	}
	return ""
}

// codeOf is the S3 error code that an error came with, or "".
func codeOf(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}

// Denied tells whether a server knows the keys and gives them no right to what was asked, in the error's last cause.
func Denied(err error) bool {
	return codeOf(err) == "AccessDenied" || codeOf(err) == "" && statusOf(err) == http.StatusForbidden
}

// isWord keeps whatever a strange server sends as its code from being printed.
func isWord(code string) bool {
	return code != "" && len(code) < 60 && !strings.ContainsFunc(code, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9')
	})
}

// settingsError is for settings that cannot be read.
func settingsError(err error) error {
	var profile config.SharedConfigProfileNotExistError
	var path *fs.PathError
	switch {
	case errors.As(err, &profile):
		return &failure{store.ErrRefused, fmt.Sprintf("there is no profile %q in ~/.aws/config or ~/.aws/credentials", profile.Profile), err}
	case errors.As(err, &path):
		return &failure{store.ErrRefused, path.Path + ", which an AWS setting names, cannot be read", err}
	}
	return &failure{store.ErrRefused, "the AWS settings cannot be read; check ~/.aws/config, ~/.aws/credentials and the AWS_ variables", err}
}

// text gives a pointer for an optional field of the SDK: nil for "".
func text(s string) *string {
	if s == "" {
		return nil
	}
	return aws.String(s)
}
