package missing

import (
	"runtime"
	"testing"
)

// ended is a test that is told to end.
type ended struct {
	testing.TB
	how string
}

func (e *ended) Helper()               {}
func (e *ended) Fatalf(string, ...any) { e.how = "failed"; runtime.Goexit() }
func (e *ended) Skip(...any)           { e.how = "skipped"; runtime.Goexit() }

func TestTool(t *testing.T) {
	for set, want := range map[string]string{"": "skipped", "1": "failed"} {
		t.Setenv(All, set)
		e, over := &ended{TB: t}, make(chan bool)
		go func() {
			defer close(over)
			Tool(e, "%s is not installed", "node")
		}()
		if <-over; e.how != want {
			t.Errorf("%s=%q: the test %s, want %s", All, set, e.how, want)
		}
	}
}
