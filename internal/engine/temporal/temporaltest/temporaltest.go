// Package temporaltest runs a real Temporal server (the one for developers, on SQLite) on a loopback address for tests. It is a program of
// its own module, built once into the user's cache folder, so that nothing of it can be linked into filmpress.
package temporaltest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"

	"filmpress/internal/missing"
	"filmpress/internal/store/storetest/s3server"
)

// Server is a running server with the namespace "default".
type Server struct {
	Address string // 127.0.0.1:port

	t       testing.TB
	program string
	more    []string // arguments
	file    string   // of its database
	process *exec.Cmd
	over    chan struct{} // closed when the process has ended
	stdin   io.Closer
	output  *bytes.Buffer
}

// Start runs a server until the test ends. Where its program cannot be built, for want of the module proxy, the test is skipped. more are arguments for it.
func Start(t testing.TB, more ...string) *Server {
	t.Helper()
	program, err := s3server.Build("internal/engine/temporal/temporaltest/devserver")
	if err != nil {
		if text := err.Error(); strings.Contains(text, "dial tcp") || strings.Contains(text, "proxy") {
			missing.Tool(t, "the Temporal server of the tests cannot be fetched: %v", err)
		}
		t.Fatalf("the Temporal server of the tests cannot be built: %v", err)
	}
	s := &Server{t: t, program: program, more: more, file: filepath.Join(t.TempDir(), "temporal.db")}
	t.Cleanup(s.Kill)
	for range 4 { // a port that was free a moment ago may be somebody's now
		var l net.Listener
		if l, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			t.Fatal(err)
		}
		s.Address = l.Addr().String()
		l.Close()
		if err = s.run(); err == nil {
			return s
		}
	}
	t.Fatal(err)
	return nil
}

// Run starts the server on its database, and waits until it answers.
func (s *Server) Run() {
	s.t.Helper()
	if err := s.run(); err != nil {
		s.t.Fatal(err)
	}
}

func (s *Server) run() error {
	_, port, _ := strings.Cut(s.Address, ":")
	s.output = &bytes.Buffer{}
	s.process = exec.Command(s.program, "server", "start-dev", "--ip", "127.0.0.1", "--port", port, "--headless", "--db-filename", s.file, "--log-level", "error")
	s.process.Args = append(s.process.Args, s.more...)
	s.process.Stdout, s.process.Stderr = s.output, s.output
	stdin, err := s.process.StdinPipe() // its end is the server's
	if err == nil {
		err = s.process.Start()
	}
	if err != nil {
		s.process = nil
		return err
	}
	s.stdin, s.over = stdin, make(chan struct{})
	go func(process *exec.Cmd, over chan struct{}) {
		process.Wait()
		close(over)
	}(s.process, s.over)
	for end := time.After(time.Minute); ; {
		if s.answers() {
			return nil
		}
		select {
		case <-s.over:
			s.Kill()
			return fmt.Errorf("the Temporal server of the tests ended:\n%s", s.output)
		case <-end:
			s.Kill()
			return fmt.Errorf("the Temporal server of the tests does not answer:\n%s", s.output)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// answers says whether the namespace is there.
func (s *Server) answers() bool {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	c, err := client.DialContext(ctx, client.Options{HostPort: s.Address, Logger: log.NewStructuredLogger(slog.New(slog.DiscardHandler))})
	if err != nil {
		return false
	}
	defer c.Close()
	_, err = c.WorkflowService().DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: "default"})
	return err == nil
}

// Kill ends the server at once, as a crash would.
func (s *Server) Kill() {
	if s.process != nil {
		s.process.Process.Kill()
		<-s.over
		s.stdin.Close()
		s.process = nil
	}
}

// Taken is what the server has taken of its machine so far: time of its cores, bytes of memory at most, and bytes of its database.
func (s *Server) Taken() (cores time.Duration, memory, database int64, err error) {
	of := func(file string) string {
		raw, failed := os.ReadFile(fmt.Sprintf("/proc/%d/%s", s.process.Process.Pid, file))
		err = errors.Join(err, failed)
		return string(raw)
	}
	var ticks [2]int64 // hundredths of a second, of the program and of the kernel for it
	_, stat, _ := strings.Cut(of("stat"), ") ")
	fields := strings.Fields(stat)
	if err == nil && len(fields) > 12 {
		for i := range ticks {
			ticks[i], _ = strconv.ParseInt(fields[11+i], 10, 64)
		}
	}
	_, peak, _ := strings.Cut(of("status"), "VmHWM:")
	_, failed := fmt.Sscan(peak, &memory) // kB
	info, missing := os.Stat(s.file)
	if err = errors.Join(err, failed, missing); err != nil {
		return 0, 0, 0, err
	}
	return time.Duration(ticks[0]+ticks[1]) * 10 * time.Millisecond, memory << 10, info.Size(), nil
}

// Env are the variables by which filmpress reaches the server.
func (s *Server) Env() []string {
	return []string{fmt.Sprintf("TEMPORAL_ADDRESS=%s", s.Address), "TEMPORAL_CONFIG_FILE=/dev/null", "TEMPORAL_NAMESPACE=", "TEMPORAL_API_KEY="}
}
