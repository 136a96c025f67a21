package main

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"filmpress/internal/store/storetest/s3server"
)

// servers are the running `filmpress serve`, by the folder of their story.
var servers sync.Map

// serve runs `filmpress serve FOLDER` until the story ends. $SERVER is its address, $SERVER_ADDR the same as host:port.
// `! serve` presses its Ctrl-C, and wants exit code 0: that is how a server is ended.
func serve(ts *testscript.TestScript, neg bool, args []string) {
	if neg {
		cmd, ok := servers.Load(ts.Getenv("WORK"))
		if !ok {
			ts.Fatalf("nothing is being served")
		}
		ts.Check(cmd.(*exec.Cmd).Process.Signal(os.Interrupt))
		ts.Check(cmd.(*exec.Cmd).Wait())
		return
	}
	if len(args) == 0 {
		ts.Fatalf("usage: serve FOLDER [FLAG...]")
	}
	cmd := exec.Command(filepath.Join(ts.Getenv("BIN"), "filmpress"), append([]string{"serve", "--addr", "127.0.0.1:0"}, args...)...)
	cmd.Dir, cmd.Env = ts.MkAbs("."), environment(ts)
	out, err := cmd.StdoutPipe()
	ts.Check(err)
	ts.Check(cmd.Start())
	ts.Defer(func() { cmd.Process.Kill() })
	line, err := bufio.NewReader(out).ReadString('\n')
	ts.Check(err)
	address := strings.TrimSuffix(strings.TrimSpace(line), "/")
	ts.Setenv("SERVER", address)
	ts.Setenv("SERVER_ADDR", strings.TrimPrefix(address, "http://"))
	servers.Store(ts.Getenv("WORK"), cmd)
}

// awaits gets a page again and again until it holds some text: awaits URL TEXT
func awaits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: awaits URL TEXT")
	}
	client := http.Client{Timeout: 10 * time.Second}
	var last string
	for end := time.Now().Add(2 * time.Minute); time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
		response, err := client.Get(args[0])
		if err != nil {
			continue
		}
		b, err := io.ReadAll(response.Body)
		response.Body.Close()
		if last = string(b); err == nil && strings.Contains(last, args[1]) {
			return
		}
	}
	ts.Fatalf("%s has no %q:\n%.2000s", args[0], args[1], last)
}

// fetch gets a page and writes it to stdout: [!] fetch URL. With ! the server must refuse.
func fetch(ts *testscript.TestScript, neg bool, args []string) {
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

// useBucket gives the story a place of its own in a real bucket, $BUCKET, and the variables by which AWS tools reach it. With -own it is
// in a bucket of its own, for stories that change what all in a bucket share; $GUEST_KEY and $GUEST_SECRET are another account's there.
func useBucket(shared, own func() s3server.Server) func(*testscript.TestScript, bool, []string) {
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

// profile moves the keys and the endpoint of the story into a profile of the files that AWS tools share: profile NAME
func profile(ts *testscript.TestScript, neg bool, args []string) {
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
