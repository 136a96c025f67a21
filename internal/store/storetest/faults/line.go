package faults

import (
	"io"
	"net"
	"sync"
	"testing"
)

// Line is a way to a server that can break. What is sent over a broken line arrives when it is mended, as after a break of a network that
// TCP sits out; nobody is told of the break.
type Line struct {
	Address string // host:port of this end
	broken  sync.RWMutex
}

// NewLine leads to the target, a host:port, until the test ends.
func NewLine(t testing.TB, target string) *Line {
	l := &Line{}
	hold := func(w io.Writer) io.Writer { return held{w, l} }
	l.Address = forward(t, target, hold, hold)
	return l
}

// Break holds everything until Mend.
func (l *Line) Break() { l.broken.Lock() }

// Mend lets everything pass that was held.
func (l *Line) Mend() { l.broken.Unlock() }

type held struct {
	io.Writer
	line *Line
}

func (h held) Write(p []byte) (int, error) {
	h.line.broken.RLock()
	defer h.line.broken.RUnlock()
	return h.Writer.Write(p)
}

// forward joins each connection to a port of its own with one to the target, and gives the port's address. up and down stand
// before what is written to the target and to the client.
func forward(t testing.TB, target string, up, down func(io.Writer) io.Writer) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			go join(client, target, up, down)
		}
	}()
	return listener.Addr().String()
}

func join(client net.Conn, target string, up, down func(io.Writer) io.Writer) {
	defer client.Close()
	server, err := net.Dial("tcp", target)
	if err != nil {
		return
	}
	defer server.Close()
	var both sync.WaitGroup
	both.Go(func() {
		io.Copy(up(server), client)
		server.(*net.TCPConn).CloseWrite()
	})
	both.Go(func() {
		io.Copy(down(client), server)
		client.(*net.TCPConn).CloseWrite()
	})
	both.Wait()
}
