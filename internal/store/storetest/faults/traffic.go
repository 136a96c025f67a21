package faults

import (
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"filmpress/internal/store/storetest/s3server"
)

// Traffic counts the bytes on the wire: those of HTTP with its headers, without those of TCP.
type Traffic struct{ Sent, Received atomic.Int64 }

// Count puts a proxy before the server that changes nothing and counts.
func Count(t testing.TB, s s3server.Server) (s3server.Server, *Traffic) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	var traffic Traffic
	target := strings.TrimPrefix(s.Endpoint, "http://")
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			go traffic.join(client, target)
		}
	}()
	s.Endpoint = "http://" + listener.Addr().String()
	return s, &traffic
}

func (t *Traffic) join(client net.Conn, target string) {
	defer client.Close()
	server, err := net.Dial("tcp", target)
	if err != nil {
		return
	}
	defer server.Close()
	var both sync.WaitGroup
	both.Go(func() {
		io.Copy(counting{server, &t.Sent}, client)
		server.(*net.TCPConn).CloseWrite()
	})
	both.Go(func() {
		io.Copy(counting{client, &t.Received}, server)
		client.(*net.TCPConn).CloseWrite()
	})
	both.Wait()
}

type counting struct {
	io.Writer
	n *atomic.Int64
}

func (c counting) Write(p []byte) (int, error) {
	n, err := c.Writer.Write(p)
	c.n.Add(int64(n))
	return n, err
}
