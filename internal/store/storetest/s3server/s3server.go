// Package s3server runs a real S3 server (versitygw over a folder) on a loopback address for tests. It is a program of
// its own module, built once into the user's cache folder, so that nothing of it can be linked into filmpress, and a test
// can end one in the middle of a request. To start it costs as much as many small tests do, so those of a binary share
// one, in which each has a bucket of its own.
package s3server

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// Server is a bucket of a running server. Strangers may read the bucket's objects, from web pages of any origin.
type Server struct {
	Endpoint  string // http://127.0.0.1:port
	Bucket    string
	AccessKey string
	SecretKey string
	Guest     Account // another account, which may do what the bucket's policy lets it: see SetPolicy
	Dir       string  // the bucket's folder: objects are plain files in it, so that a test can damage one

	alone *process // where no other test has it
}

// Account is a pair of keys.
type Account struct{ AccessKey, SecretKey string }

// Start gives a bucket of its own, empty and gone when the test ends, in the server that all tests of the binary share. What is asked of that
// server, or put before it, by a test is its own; to count, kill or restart the server itself, or to ask which buckets it has, is for Alone.
func Start(t testing.TB) Server {
	t.Helper()
	return open(t, common, name("films"))
}

// Twin is a bucket of the same name and keys on another server, which is shared in the same way. There is one for each bucket.
func (s Server) Twin(t testing.TB) Server {
	t.Helper()
	return open(t, twin, s.Bucket)
}

// Alone runs a server that no other test has, until the test ends. Its bucket is called films.
func Alone(t testing.TB) Server {
	t.Helper()
	folder := t.TempDir()
	var own *process
	s := open(t, func() (_ *process, err error) {
		if own, err = launch(folder); err == nil {
			t.Cleanup(own.end)
		}
		return own, err
	}, "films")
	s.alone = own
	return s
}

// Another makes one more bucket in the same server, which nobody but the owner may read. It is gone when the test ends.
func (s Server) Another(t testing.TB) Server {
	t.Helper()
	s.Bucket = name("more")
	s.Dir = filepath.Join(filepath.Dir(s.Dir), s.Bucket)
	if err := s.make(t.Context()); err != nil {
		t.Fatalf("another bucket cannot be made: %v", err)
	}
	t.Cleanup(s.remove)
	return s
}

// Stop ends a server that is the test's alone at once, as a crash would.
func (s Server) Stop() {
	if s.alone == nil {
		panic("other tests have this server too; begin with s3server.Alone")
	}
	s.alone.cmd.Process.Kill()
}

// As is the server for those who have the guest's keys.
func (s Server) As(a Account) Server {
	s.AccessKey, s.SecretKey = a.AccessKey, a.SecretKey
	return s
}

// At is the place below a prefix of the bucket as commands take it; "" is the whole bucket.
func (s Server) At(prefix string) string {
	return strings.TrimSuffix("s3://"+s.Bucket+"/"+prefix, "/")
}

// Env are the variables by which AWS tools, and filmpress, reach the server.
func (s Server) Env() []string {
	return []string{"AWS_ENDPOINT_URL=" + s.Endpoint, "AWS_ACCESS_KEY_ID=" + s.AccessKey, "AWS_SECRET_ACCESS_KEY=" + s.SecretKey,
		"AWS_REGION=us-east-1", "AWS_SESSION_TOKEN=", "AWS_PROFILE=", "AWS_CONFIG_FILE=/dev/null", "AWS_SHARED_CREDENTIALS_FILE=/dev/null"}
}

// Setenv sets Env for the test's own process.
func (s Server) Setenv(t testing.TB) {
	for _, v := range s.Env() {
		name, value, _ := strings.Cut(v, "=")
		t.Setenv(name, value)
	}
}

var names atomic.Int64

// name gives a bucket's name that no other test of the binary has.
func name(kind string) string { return fmt.Sprintf("%s-%d", kind, names.Add(1)) }

// open makes a bucket that is gone when the test ends, and has it opened to readers.
func open(t testing.TB, server func() (*process, error), bucket string) Server {
	t.Helper()
	p, err := server()
	if err != nil {
		t.Fatalf("the S3 server of the tests does not start: %v", err)
	}
	s := Server{Endpoint: p.endpoint, Bucket: bucket, AccessKey: accessKey, SecretKey: secretKey, Guest: guest, Dir: filepath.Join(p.folder, bucket)}
	if err := errors.Join(s.prepare(t.Context()), p.complaint()); err != nil {
		t.Fatalf("the bucket of the tests cannot be made: %v", err)
	}
	t.Cleanup(s.remove)
	return s
}

// prepare makes the bucket and opens it to readers.
func (s Server) prepare(ctx context.Context) error {
	if err := s.make(ctx); err != nil {
		return err
	}
	if err := s.SetPolicy(ctx, s.readable()); err != nil {
		return err
	}
	_, err := s.Client().PutBucketCors(ctx, &s3.PutBucketCorsInput{Bucket: &s.Bucket, CORSConfiguration: &types.CORSConfiguration{
		CORSRules: []types.CORSRule{{AllowedMethods: []string{"GET", "HEAD"}, AllowedOrigins: []string{"*"}, AllowedHeaders: []string{"*"},
			ExposeHeaders: []string{"Content-Range", "Content-Length", "ETag"}}}}})
	return err
}

// make makes the bucket. A request that is sent again finds the bucket of the first.
func (s Server) make(ctx context.Context) error {
	_, err := s.Client().CreateBucket(ctx, &s3.CreateBucketInput{Bucket: &s.Bucket})
	if _, ours := errors.AsType[*types.BucketAlreadyOwnedByYou](err); ours {
		return nil
	}
	return err
}

// remove takes the bucket away. What the server still writes into it, for somebody who did not wait, goes with the server's folder.
func (s Server) remove() { os.RemoveAll(s.Dir) }

// readable is the statement that opens the bucket's objects to strangers.
func (s Server) readable() string {
	return fmt.Sprintf(`{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::%s/*"}`, s.Bucket)
}

// SetPolicy gives the bucket a policy of statements, in the place of the one that opens it to readers.
func (s Server) SetPolicy(ctx context.Context, statements ...string) error {
	policy := `{"Version":"2012-10-17","Statement":[` + strings.Join(statements, ",") + `]}`
	_, err := s.Client().PutBucketPolicy(ctx, &s3.PutBucketPolicyInput{Bucket: &s.Bucket, Policy: &policy})
	return err
}

// connections are those of all clients below, so that a client for one request does not leave one open.
var connections = awshttp.NewBuildableClient()

// Client is a plain SDK client with the owner's rights.
func (s Server) Client() *s3.Client {
	return s3.New(s3.Options{BaseEndpoint: &s.Endpoint, Region: "us-east-1", UsePathStyle: true, HTTPClient: connections,
		Credentials: aws.NewCredentialsCache(credentials.NewStaticCredentialsProvider(s.AccessKey, s.SecretKey, ""))})
}
