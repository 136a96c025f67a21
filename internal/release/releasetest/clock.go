package releasetest

import (
	"sync"
	"time"
)

// Clock is a clock that goes when it is told to.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock begins on an autumn day.
func NewClock() *Clock { return &Clock{now: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)} }

// Now is its time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Go lets time pass.
func (c *Clock) Go(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}
