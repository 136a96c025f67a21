package faults

import (
	"io"
	"strings"
	"sync/atomic"
	"testing"

	"filmpress/internal/store/storetest/s3server"
)

// Traffic counts the bytes on the wire: those of HTTP with its headers, without those of TCP.
type Traffic struct{ Sent, Received atomic.Int64 }

// Count puts a proxy before the server that changes nothing and counts.
func Count(t testing.TB, s s3server.Server) (s3server.Server, *Traffic) {
	var traffic Traffic
	s.Endpoint = "http://" + forward(t, strings.TrimPrefix(s.Endpoint, "http://"),
		func(w io.Writer) io.Writer { return counting{w, &traffic.Sent} }, func(w io.Writer) io.Writer { return counting{w, &traffic.Received} })
	return s, &traffic
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
