package cli

import (
	"net"
	"strings"
	"sync/atomic"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// counting counts who comes.
type counting struct {
	net.Listener
	n atomic.Int32
}

func (c *counting) Accept() (net.Conn, error) {
	connection, err := c.Listener.Accept()
	if err == nil {
		c.n.Add(1)
	}
	return connection, err
}

// TestOneConnection: a publish asks for the Temporal server before it reads the film, and goes on with that connection when it was read. The server
// is none of Temporal's: what it would do with the film is not what this is about.
func TestOneConnection(t *testing.T) {
	withoutSettings(t)
	publish := tinyFilm(t)
	t.Chdir(t.TempDir())
	t.Setenv("TEMPORAL_CONFIG_FILE", "/dev/null")
	loopback, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener := &counting{Listener: loopback}
	server := grpc.NewServer(grpc.UnknownServiceHandler(func(_ any, stream grpc.ServerStream) error {
		if method, _ := grpc.MethodFromServerStream(stream); strings.HasSuffix(method, "/DescribeWorkflowExecution") {
			return status.Error(codes.InvalidArgument, "the film was read")
		}
		return status.Error(codes.Unimplemented, "") // as old servers say to questions about themselves
	}))
	go server.Serve(listener)
	t.Cleanup(server.Stop)
	got := say(t, append(publish, "--to", "library", "--engine", "temporal", "--address", loopback.Addr().String(), "--kept", "ours", "--cache", "cache"))
	if got.code != exitFailed || !strings.Contains(got.err, "the film was read") || listener.n.Load() != 1 {
		t.Errorf("%d connections: %+v", listener.n.Load(), got)
	}
}
