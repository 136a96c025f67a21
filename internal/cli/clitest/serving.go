package clitest

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"filmpress/internal/store/storetest/s3server"
)

// Fetch gets a page and writes it to stdout: [!] fetch URL. With ! the server must refuse.
func Fetch(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: [!] fetch URL")
	}
	client := http.Client{Timeout: 10 * time.Second}
	response, err := client.Get(args[0])
	ts.Check(err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	ts.Check(err)
	if ok := response.StatusCode == http.StatusOK; ok == neg {
		ts.Fatalf("%s: %s", args[0], response.Status)
	}
	_, err = ts.Stdout().Write(body)
	ts.Check(err)
}

// Bucket gives the story a place of its own in a real bucket, $BUCKET, and the variables by which AWS tools reach it. With -own it is
// on a server of its own, for stories that change what all in a bucket share, or see which buckets there are; $GUEST_KEY and $GUEST_SECRET are another account's there.
func Bucket(shared, own func() s3server.Server) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		if neg || len(args) > 1 || len(args) == 1 && args[0] != "-own" {
			ts.Fatalf("usage: bucket [-own]")
		}
		server := shared
		if len(args) == 1 {
			server = own
		}
		s := server()
		ts.Setenv("GUEST_KEY", s.Guest.AccessKey)
		ts.Setenv("GUEST_SECRET", s.Guest.SecretKey)
		for _, pair := range s.Env() {
			name, value, _ := strings.Cut(pair, "=")
			ts.Setenv(name, value)
		}
		ts.Setenv("BUCKET", "s3://"+s.Bucket+"/"+filepath.Base(ts.Getenv("WORK")))
	}
}

// Profile moves the keys and the endpoint of the story into a profile of the files that AWS tools share: profile NAME
func Profile(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: profile NAME")
	}
	folder := filepath.Join(ts.Getenv("HOME"), ".aws")
	ts.Check(os.MkdirAll(folder, 0o700))
	for file, text := range map[string]string{
		"credentials": fmt.Sprintf("[%s]\naws_access_key_id = %s\naws_secret_access_key = %s\n", args[0], ts.Getenv("AWS_ACCESS_KEY_ID"), ts.Getenv("AWS_SECRET_ACCESS_KEY")),
		"config":      fmt.Sprintf("[profile %s]\nregion = %s\nendpoint_url = %s\n", args[0], ts.Getenv("AWS_REGION"), ts.Getenv("AWS_ENDPOINT_URL")),
	} {
		ts.Check(os.WriteFile(filepath.Join(folder, file), []byte(text), 0o600))
	}
	for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "AWS_ENDPOINT_URL", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"} {
		ts.Setenv(name, "")
	}
}
