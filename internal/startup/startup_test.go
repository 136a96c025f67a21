package startup

import (
	"os"
	"runtime"
	"runtime/metrics"
	"testing"
	"time"
)

func percent() uint64 {
	sample := []metrics.Sample{{Name: "/gc/gogc:percent"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// TestUsual: behind the first collection, memory is used as in every program of Go.
func TestUsual(t *testing.T) {
	if os.Getenv("GOGC") != "" {
		t.Skip("skipped: GOGC is set")
	}
	for end := time.Now().Add(30 * time.Second); percent() != usual; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("GOGC is %d", percent())
		}
		runtime.GC()
	}
}
