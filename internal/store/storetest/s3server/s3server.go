// Package s3server runs a real S3 server (versitygw over a folder) on a loopback address for tests. It is a program of
// its own module, built once into the user's cache folder, so that nothing of it can be linked into filmpress, several
// can run at once, and a test can end one in the middle of a request.
package s3server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// Server is a running server with one bucket. Strangers may read the bucket's objects, from web pages of any origin.
type Server struct {
	Endpoint  string // http://127.0.0.1:port
	Bucket    string
	AccessKey string
	SecretKey string
	Guest     Account // another account, which may do what the bucket's policy lets it: see SetPolicy
	Dir       string  // the bucket's folder: objects are plain files in it, so that a test can damage one

	process *exec.Cmd
}

// Account is a pair of keys.
type Account struct{ AccessKey, SecretKey string }

// As is the server for those who have the guest's keys.
func (s Server) As(a Account) Server {
	s.AccessKey, s.SecretKey = a.AccessKey, a.SecretKey
	return s
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

// Stop ends the server at once, as a crash would.
func (s Server) Stop() { s.process.Process.Kill() }

// Start runs a server until the test ends.
func Start(t testing.TB) Server {
	t.Helper()
	program, err := Build("internal/store/storetest/s3server/gateway")
	if err != nil {
		t.Fatalf("the S3 server of the tests cannot be built: %v", err)
	}
	folder := t.TempDir()
	s := Server{Bucket: "films", AccessKey: "tester", SecretKey: "secret-of-the-tests", Guest: Account{"guest", "secret-of-the-guest"}, Dir: filepath.Join(folder, "films")}
	for try := 0; ; try++ {
		err := s.run(t, program, folder)
		if err == nil {
			break
		}
		if try == 3 { // a port that was free can be taken a moment later
			t.Fatalf("the S3 server of the tests does not start: %v", err)
		}
	}
	if err := s.prepare(t.Context()); err != nil {
		t.Fatalf("the bucket of the tests cannot be made: %v", err)
	}
	return s
}

// run starts the program on a free port and waits until it answers.
func (s *Server) run(t testing.TB, program, folder string) error {
	address, err := freeAddress()
	if err != nil {
		return err
	}
	s.Endpoint = "http://" + address
	var output bytes.Buffer
	s.process = exec.Command(program, address, folder)
	s.process.Env = append(os.Environ(), "ROOT_ACCESS_KEY="+s.AccessKey, "ROOT_SECRET_KEY="+s.SecretKey,
		"GUEST_ACCESS_KEY="+s.Guest.AccessKey, "GUEST_SECRET_KEY="+s.Guest.SecretKey)
	s.process.Stdout, s.process.Stderr = io.Discard, &output
	stdin, err := s.process.StdinPipe() // its end is the server's
	if err != nil {
		return err
	}
	if err := s.process.Start(); err != nil {
		return err
	}
	ended := make(chan struct{})
	go func() {
		s.process.Wait()
		close(ended)
	}()
	t.Cleanup(func() {
		stdin.Close()
		select {
		case <-ended:
		case <-time.After(3 * time.Second):
			s.process.Process.Kill()
			<-ended
		}
	})
	return s.await(ended, &output)
}

func (s *Server) await(ended <-chan struct{}, output *bytes.Buffer) error {
	for range 1500 {
		response, err := http.Get(s.Endpoint + "/healthz")
		if err == nil {
			response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-ended:
			return fmt.Errorf("it ended: %s", output)
		case <-time.After(10 * time.Millisecond):
		}
	}
	return fmt.Errorf("it does not answer at %s", s.Endpoint)
}

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// prepare makes the bucket and opens it to readers.
func (s *Server) prepare(ctx context.Context) error {
	client := s.Client()
	_, err := client.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: &s.Bucket})
	if _, ours := errors.AsType[*types.BucketAlreadyOwnedByYou](err); err != nil && !ours { // a request that is sent again finds the bucket of the first
		return err
	}
	public := fmt.Sprintf(`{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::%s/*"}`, s.Bucket)
	if err := s.SetPolicy(ctx, public); err != nil {
		return err
	}
	_, err = client.PutBucketCors(ctx, &s3.PutBucketCorsInput{Bucket: &s.Bucket, CORSConfiguration: &types.CORSConfiguration{
		CORSRules: []types.CORSRule{{AllowedMethods: []string{"GET", "HEAD"}, AllowedOrigins: []string{"*"}, AllowedHeaders: []string{"*"},
			ExposeHeaders: []string{"Content-Range", "Content-Length", "ETag"}}}}})
	return err
}

// SetPolicy gives the bucket a policy of statements, in the place of the one that opens it to readers.
func (s Server) SetPolicy(ctx context.Context, statements ...string) error {
	policy := `{"Version":"2012-10-17","Statement":[` + strings.Join(statements, ",") + `]}`
	_, err := s.Client().PutBucketPolicy(ctx, &s3.PutBucketPolicyInput{Bucket: &s.Bucket, Policy: &policy})
	return err
}

// Client is a plain SDK client with the owner's rights.
func (s Server) Client() *s3.Client {
	return s3.New(s3.Options{BaseEndpoint: &s.Endpoint, Region: "us-east-1", UsePathStyle: true,
		Credentials: aws.NewCredentialsCache(credentials.NewStaticCredentialsProvider(s.AccessKey, s.SecretKey, ""))})
}
