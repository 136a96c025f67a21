package s3

import (
	"context"
	"net/http"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/middleware"
)

// throttle halves the number of requests under way when a server asks to slow down, and lets it grow again by one for each round
// that went well. Waiting before the next try, which the SDK does, is not enough: with all workers at it, a small server answers
// SlowDown until the tries are used up.
type throttle struct {
	mu      sync.Mutex
	limit   int // of requests under way; 0 is none, as long as nobody asked
	running int
	round   int // how often it was halved: who started before the last time has nothing new to tell
	good    int // answers since limit changed
	free    chan struct{}
}

// start waits for a place. The round goes to done.
func (t *throttle) start(ctx context.Context) (round int, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for t.limit > 0 && t.running >= t.limit {
		if t.free == nil {
			t.free = make(chan struct{})
		}
		free := t.free
		t.mu.Unlock()
		select {
		case <-free:
		case <-ctx.Done():
		}
		t.mu.Lock()
		if err := ctx.Err(); err != nil {
			return 0, err
		}
	}
	t.running++
	return t.round, nil
}

// done gives the place back.
func (t *throttle) done(round int, slow bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.running--
	switch {
	case slow && round == t.round:
		t.limit, t.good = max(1, (t.running+1)/2), 0
		t.round++
	case !slow && t.limit > 0:
		if t.good++; t.good >= t.limit {
			t.limit, t.good = t.limit+1, 0
		}
	}
	if t.free != nil {
		close(t.free)
		t.free = nil
	}
}

// slowly puts the throttle around each try of a request.
func (t *throttle) slowly(o *s3.Options) {
	o.APIOptions = append(o.APIOptions, func(stack *middleware.Stack) error {
		return stack.Finalize.Insert(middleware.FinalizeMiddlewareFunc("filmpress.Throttle",
			func(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (out middleware.FinalizeOutput, meta middleware.Metadata, err error) {
				round, err := t.start(ctx)
				if err != nil {
					return out, meta, err
				}
				defer func() { t.done(round, slowDown(err)) }()
				return next.HandleFinalize(ctx, in)
			}), "Retry", middleware.After)
	})
}

// slowDown tells whether a server asks for less.
func slowDown(err error) bool {
	if err == nil {
		return false
	}
	status := statusOf(err)
	return status == http.StatusServiceUnavailable || status == http.StatusTooManyRequests || codeOf(err) == "SlowDown"
}
