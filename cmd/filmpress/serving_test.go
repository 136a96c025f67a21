package main

import (
	"bufio"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
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
