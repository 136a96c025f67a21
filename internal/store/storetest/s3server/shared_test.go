package s3server_test

import (
	"bufio"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"filmpress/internal/store/storetest/s3server"
)

func put(t *testing.T, s s3server.Server, key string) {
	t.Helper()
	if _, err := s.Client().PutObject(t.Context(), &s3.PutObjectInput{Bucket: &s.Bucket, Key: aws.String(key), Body: strings.NewReader(key)}); err != nil {
		t.Fatal(err)
	}
}

func keys(t *testing.T, s s3server.Server) (keys []string) {
	t.Helper()
	out, err := s.Client().ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: &s.Bucket})
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range out.Contents {
		keys = append(keys, *o.Key)
	}
	return keys
}

// TestShared: tests share a server and nothing in it. A twin is somewhere else, and one that is a test's alone can be ended.
func TestShared(t *testing.T) {
	one := s3server.Start(t)
	put(t, one, "a")
	var gone []string
	t.Run("another test", func(t *testing.T) {
		two, more := s3server.Start(t), one.Another(t)
		if two.Endpoint != one.Endpoint || two.Bucket == one.Bucket || two.Dir == one.Dir || more.Bucket == one.Bucket || more.Bucket == two.Bucket {
			t.Errorf("%+v, %+v, %+v", one, two, more)
		}
		put(t, two, "b")
		if got := fmt.Sprint(keys(t, one), keys(t, two), keys(t, more)); got != "[a] [b] []" {
			t.Error(got)
		}
		gone = []string{two.Dir, more.Dir}
	})
	for _, dir := range gone {
		if _, err := os.Stat(dir); !os.IsNotExist(err) {
			t.Errorf("left: %s, %v", dir, err)
		}
	}
	twin := one.Twin(t)
	if twin.Endpoint == one.Endpoint || twin.Bucket != one.Bucket || len(keys(t, twin)) > 0 {
		t.Errorf("%+v, %+v", one, twin)
	}
	alone := s3server.Alone(t)
	if alone.Endpoint == one.Endpoint || alone.Endpoint == twin.Endpoint {
		t.Errorf("%+v, %+v", one, alone)
	}
	alone.Stop()
	put(t, one, "c")
	if got := fmt.Sprint(keys(t, one)); got != "[a c]" {
		t.Error(got)
	}
}

// TestKilled: a test binary that is killed, by itself or with all that it started, as Ctrl-C does it, leaves neither a server nor its folder.
func TestKilled(t *testing.T) {
	if os.Getenv("FILMPRESS_TEST_KILLED") != "" { // it is the binary that is killed
		s := s3server.Start(t)
		fmt.Println(s.Endpoint, s.Dir)
		time.Sleep(time.Hour)
	}
	for signal, group := range map[syscall.Signal]bool{syscall.SIGKILL: false, syscall.SIGINT: true, syscall.SIGTERM: true} {
		t.Run(signal.String(), func(t *testing.T) { killed(t, signal, group) })
	}
}

func killed(t *testing.T, signal syscall.Signal, group bool) {
	cmd := exec.Command(os.Args[0], "-test.run=^TestKilled$")
	cmd.Env = append(os.Environ(), "FILMPRESS_TEST_KILLED=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer cmd.Process.Kill()
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	var endpoint, dir string
	if _, err := fmt.Sscan(line, &endpoint, &dir); err != nil {
		t.Fatalf("%q: %v", line, err)
	}
	if _, err := os.Stat(dir); err != nil {
		t.Fatal(err)
	}
	to := cmd.Process.Pid
	if group {
		to = -to
	}
	if err := syscall.Kill(to, signal); err != nil {
		t.Fatal(err)
	}
	for range 1000 {
		response, err := http.Get(endpoint + "/healthz")
		if err == nil {
			response.Body.Close()
		}
		_, there := os.Stat(filepath.Dir(dir))
		if err != nil && os.IsNotExist(there) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("%s answers or %s is there, seconds after the tests were killed", endpoint, dir)
}
