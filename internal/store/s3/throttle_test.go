package s3

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"
)

// TestThrottle: answers of one round halve once, a good round lets one more in, and waiting ends with the context.
func TestThrottle(t *testing.T) {
	var th throttle
	enter := func() int {
		round, err := th.start(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return round
	}
	rounds := make([]int, 16)
	for i := range rounds {
		rounds[i] = enter()
	}
	for i, r := range rounds {
		th.done(r, i < 8) // eight of sixteen are asked to slow down, at once
	}
	if th.limit != 9 || th.round != 1 { // 8, and one more for the eight that went well
		t.Fatalf("limit %d after round %d, want 9 after 1", th.limit, th.round)
	}
	for range th.limit {
		rounds = append(rounds, enter())
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := th.start(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("a tenth was let in: %v", err)
	}
	var waiting sync.WaitGroup
	waiting.Go(func() { th.done(enter(), false) })
	th.done(rounds[len(rounds)-1], true)
	for range 8 { // it is let in when the limit of 4 has room
		th.done(1, false)
	}
	waiting.Wait()
	if th.running != 0 || th.limit < 4 || th.limit > 6 {
		t.Errorf("%d under way, limit %d", th.running, th.limit)
	}
	for range 20 { // never below one
		th.done(enter(), true)
	}
	if th.limit != 1 {
		t.Errorf("limit %d", th.limit)
	}
}
