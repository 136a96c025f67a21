package s3

import (
	"context"
	"net"
	"time"
)

type dialer = func(ctx context.Context, network, address string) (net.Conn, error)

// impatient ends connections on which nothing moves. Go's client limits the wait for an answer's headers, but neither a body that
// stops arriving nor a server that stops reading: without this, a cable that is pulled out is waited for until the end of days.
func impatient(dial dialer, patience time.Duration) dialer {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return &patientConn{Conn: c, patience: patience}, nil
	}
}

// patientConn is a connection that fails when nothing moved for a while, in either direction.
type patientConn struct {
	net.Conn
	patience time.Duration
}

func (c *patientConn) Read(p []byte) (int, error) {
	if err := c.SetReadDeadline(time.Now().Add(c.patience)); err != nil {
		return 0, err
	}
	return c.Conn.Read(p)
}

// Write moves the deadline of reads, too: the client reads all the while, and a request takes as long as its body.
func (c *patientConn) Write(p []byte) (int, error) {
	if err := c.SetDeadline(time.Now().Add(c.patience)); err != nil {
		return 0, err
	}
	return c.Conn.Write(p)
}
